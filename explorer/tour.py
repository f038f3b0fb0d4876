"""The tour: drives the real window through the whole demo, offscreen or on a screen, and writes what it saw.

`run_tour(OUT)` leaves screenshots and `tour.json` in OUT and prints the figures. Everything goes through the event loop
and through mouse and key events, so that the figures are those of a person at the window.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import QEvent, QEventLoop, QPointF, QSettings, QSize, Qt, QTimer
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget

import engine
from engine import DataRef, Event
from explorer.app import App
from explorer.launch import BUNDLED, DEFAULT_DATA
from explorer.panels.latent import LatentPanel
from explorer.state import ChooseSnapshot
from explorer.stopwatch import Stopwatch, TimedDoor, percentiles
from explorer.text import tr
from explorer.widgets.slider import ValueSlider
from explorer.widgets.slider_bank import SliderBank

if TYPE_CHECKING:
    from explorer.panels.codes import CodesPanel

SIZES = (QSize(1280, 800), QSize(2560, 1440))
THEMES = ("light", "dark")
MOVE_MS = 25  # between two movements of the hand
IDLE_MOVES, TRAINING_MOVES, LARGE_MOVES = 160, 240, 160
LARGE, LARGE_MODEL = 64, "portraits-64"  # px
QUIET_S, DRAG_S, HEADLESS_S, SETTLE_S = 18.0, 8.0, 20.0, 2.5
POINTS_S = 10.0
STROKES, STROKE_MOVES = 8, 16
MOST_CODES, REDRAWS, HEATMAP = 8192, 60, QSize(600, 400)
POINT_RUNS = (("decision", "gan_2014", "points", "mixture"), ("collapse", "gan_2014", "demo_mode_collapse", "grid"))

E = TypeVar("E", bound=Event)


class TourError(RuntimeError):
    """The tour could not go on; the message says what did not come."""


def run_tour(out: Path, *, device: str | None = None) -> int:
    """Make the tour into the folder `out`; returns the exit status."""
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="tour-") as folder:
        tour = Tour(out, Path(folder), device)
        try:
            tour.make()
        except TourError as error:
            print(f"The tour stopped: {error}", file=sys.stderr)
            return 1
        finally:
            tour.close()
    figures = out / "tour.json"
    figures.write_text(json.dumps(tour.figures, indent=2) + "\n", encoding="utf-8")
    print(_report(tour.figures))
    print(f"{len(tour.figures['screenshots'])} pictures and the figures lie in {out}/ (tour.json).")
    return 0


class Tour:
    """One tour: the app, its stopwatch, and what has been measured so far."""

    def __init__(self, out: Path, folder: Path, device: str | None) -> None:
        self.out, self.folder, self.device = out, folder, device
        self.figures: dict[str, Any] = {"screenshots": {}}
        self.began = time.perf_counter() - engine.process_age()
        settings = QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat)
        self.app = App(self._make_engine, settings=settings)
        self.window, self.bridge = self.app.window, self.app.bridge
        self.window.painted.connect(self._note_first_paint)

    def _make_engine(self) -> TimedDoor:
        door = TimedDoor(engine.Engine(device=self.device, home=self.folder / "home"))
        self.door, self.watch = door, Stopwatch(door)
        self.bridge.listen(self.watch)
        return door

    def _note_first_paint(self) -> None:
        self.figures["first_window_s"] = round(time.perf_counter() - self.began, 3)

    def close(self) -> None:
        self.window.close()

    def make(self) -> None:
        self.first_seconds()
        self.explore_idle()
        self.train()
        self.large()
        self.codes()
        self.points()
        self.screens()
        self.ratio()

    # ------------------------------------------------------------------------------------------------------ the demo

    def first_seconds(self) -> None:
        """Launch: the window with stored pictures, then the first live picture, moving."""
        self.app.theme.choose("dark")
        self.window.resize(SIZES[0])
        self.app.show()
        self.wait(lambda: self.bridge.running, 20, "the first paint")
        self.shot("first-window")
        self.wait(lambda: engine.Frame in self.watch.first, 60, "the first live picture")
        self.figures["machine"] = engine.machine_facts()
        self.figures["first_picture_s"] = round(self.watch.first[engine.Frame] - self.began, 3)
        self.wait(lambda: bool(self.bridge.state.directions), 60, "directions of the bundled model")
        self.wait(lambda: not self.bridge.state.jobs, 60, "the end of the first jobs")
        self.pause(SETTLE_S)
        self.shot("explore-first")

    def explore_idle(self) -> None:
        """A hand on a slider while nothing trains."""
        self.key(Qt.Key.Key_2)
        self.bridge.clear_lateness()
        self.watch.forget()
        self.drag_slider(IDLE_MOVES)
        self.figures["slider_to_picture_ms"] = {"idle": percentiles(self.watch.latencies_ms)}
        self.figures["event_loop_late_ms_idle"] = percentiles(self.bridge.lateness_ms())

    def train(self) -> None:
        """Space: a new run; new samples appear while sliders stay smooth."""
        self.watch.forget()
        pressed = time.perf_counter()
        self.key(Qt.Key.Key_Space)
        self.wait(lambda: self._grid_step() >= 1, 60, "the first new sample")
        self.figures["first_new_sample_s"] = round(time.perf_counter() - pressed, 3)
        self.pause(SETTLE_S)
        self.bridge.clear_lateness()
        self.watch.forget()
        self.drag_slider(TRAINING_MOVES)
        self.figures["slider_to_picture_ms"]["training"] = percentiles(self.watch.latencies_ms)
        self.figures["event_loop_late_ms"] = percentiles(self.bridge.lateness_ms())
        self.shot("explore-training")

        begin = self._progress()
        self.pause(QUIET_S)
        self.figures["images_per_s_window"] = round(self._speed(begin), 2)
        begin = self._progress()
        self.drag_slider(int(DRAG_S * 1000 / MOVE_MS))
        self.figures["images_per_s_dragging"] = round(self._speed(begin), 2)
        self.key(Qt.Key.Key_1)
        self.pause(1.0)
        self.shot("train-training")
        self.bridge.post(engine.EndRun())
        self.wait(lambda: not self.bridge.state.training, 60, "the end of the run")

    def large(self) -> None:
        """A hand on a slider of the bundled model at 64x64, beside a run at 64x64 that is paused, then trains."""
        self.bridge.post(engine.StartRun("gan_modern", "modern", DataRef(DEFAULT_DATA.name, size=LARGE)))
        self.wait(lambda: self._grid_step() >= 1 and bool(self.bridge.state.training), 60, "the run at 64x64")
        large = engine.bundled_snapshot(LARGE_MODEL)
        self.bridge.post(engine.OpenSnapshot(large))
        self.bridge.act(ChooseSnapshot(large))
        self.key(Qt.Key.Key_2)
        self.wait(lambda: large in self.bridge.state.snapshots, 30, "the model at 64x64")
        figures = self.figures["slider_to_picture_64_ms"] = {}
        for name, running in (("idle", False), ("training", True)):
            self.bridge.post(engine.SetRunning(running))
            self.pause(SETTLE_S)
            self.watch.forget()
            self.drag_slider(LARGE_MOVES)
            figures[name] = percentiles(self.watch.latencies_ms)
        self.shot("explore-64")
        self.bridge.act(ChooseSnapshot(engine.bundled_snapshot(BUNDLED)))
        self.bridge.post(engine.EndRun())
        self.wait(lambda: not self.bridge.state.training, 60, "the end of the run")

    def codes(self) -> None:
        """A hand that paints codes of the bundled codec, alone and beside a run; a codebook that collapses, mended."""
        from explorer.panels.codes import CodesPanel  # not before: the first window does without it
        from explorer.widgets.code_map import CodeMap, redraw_ms

        self.key(Qt.Key.Key_3)
        panel = self.window.panels["codes"]
        assert isinstance(panel, CodesPanel)
        self.wait(lambda: panel.shown_codes() is not None, 60, "the codes of a picture")
        self.pause(SETTLE_S)
        self.shot("codes")
        figures = self.figures["paint_to_picture_ms"] = {}
        self.watch.forget()
        self.paint_codes(panel)
        figures["idle"] = percentiles(self.watch.latencies_ms)
        self.shot("codes-painted")
        self.bridge.post(engine.StartRun("vqvae", "demo_collapse", DEFAULT_DATA, {"width": 16, "blocks": 1}))
        self.wait(lambda: self._grid_step() >= 1 and bool(self.bridge.state.training), 60, "the run with codes")
        self.pause(SETTLE_S)
        self.watch.forget()
        self.paint_codes(panel)
        figures["training"] = percentiles(self.watch.latencies_ms)
        self.shot("codebook-collapsed")
        book = self.window.panels["codebook"]
        revive = next(each for each in book.findChildren(QAbstractButton) if each.text() == tr("Revive all dead"))
        revive.click()
        self.pause(2 * SETTLE_S)
        self.shot("codebook-revived")
        heatmap = CodeMap()
        heatmap.resize(HEATMAP)
        heatmap.show()
        self.wait(heatmap.isVisible, 5, "the heatmap")
        self.pause(0.3)
        self.figures["codebook_frame_ms"] = percentiles(redraw_ms(heatmap, MOST_CODES, REDRAWS))
        heatmap.close()
        self.window.docks.show_panel("compare")
        self.pause(SETTLE_S)
        self.shot("compare")
        self.bridge.post(engine.EndRun())
        self.wait(lambda: not self.bridge.state.training, 60, "the end of the run")

    def paint_codes(self, panel: CodesPanel) -> None:
        """Strokes over the grid of codes, each with another code."""
        from explorer.widgets.code_palette import CodePalette
        from explorer.widgets.code_squares import CodeSquares

        codes = panel.shown_codes()
        assert codes is not None
        grid, palette = panel.findChild(CodeSquares).codes, panel.findChild(CodePalette)
        for stroke in range(STROKES):
            palette.set_code(37 * stroke + 5)
            cells = [((stroke + move) % codes.shape[0], move % codes.shape[1]) for move in range(STROKE_MOVES)]
            places = [grid.cell_rect(cell).center() for cell in cells]
            self._send(grid, QEvent.Type.MouseButtonPress, places[0])
            for place in places[1:]:
                self.pause(MOVE_MS / 1000)
                self._send(grid, QEvent.Type.MouseMove, place)
            self._send(grid, QEvent.Type.MouseButtonRelease, places[-1])
        self.pause(0.3)

    def points(self) -> None:
        """A GAN in the plane that converges, and one that collapses."""
        self.window.docks.show_workspace("theory")
        for name, family, preset, data in POINT_RUNS:
            self.bridge.post(engine.StartRun(family, preset, DataRef(data)))
            self.wait(lambda: bool(self.bridge.state.training), 60, f"the run {name}")
            self.pause(POINTS_S)
            self.shot(f"theory-{name}")
            decision = self.watch.last.get(engine.Decision)
            if isinstance(decision, engine.Decision):
                self.figures[f"value_{name}"] = round(decision.value, 4)
            self.bridge.post(engine.EndRun())
            self.wait(lambda: not self.bridge.state.training, 60, "the end of the run")

    def screens(self) -> None:
        """Every workspace at both sizes and every panel, in both themes."""
        portraits = next((run for run in self.bridge.state.opened.values() if run.data.name == "portraits"), None)
        if portraits is not None:
            self.bridge.post(engine.OpenRun(portraits.path))
            self.pause(1.0)
        for theme in THEMES:
            self.window.docks.forget()
            self.app.theme.choose(theme)
            for size in SIZES:
                self.window.resize(size)
                for workspace in ("train", "explore", "codes", "theory"):
                    self.window.docks.show_workspace(workspace)
                    self.pause(0.8)
                    self.shot(f"{workspace}-{theme}-{size.width()}x{size.height()}")
            self.window.resize(SIZES[0])
            for key, panel in self.window.panels.items():
                self.window.docks.show_panel(key)
                self.pause(0.3)
                self.shot(f"panel-{key}-{theme}", panel)

    def ratio(self) -> None:
        """The same training in a process of its own without a window, for as long."""
        self.window.close()
        run = self.folder / "headless"
        command = [sys.executable, "-m", "engine", "train", "gan_modern:modern", "--data", DEFAULT_DATA.name]
        command += ["--size", str(DEFAULT_DATA.size), "--minutes", str(HEADLESS_S / 60), "--run", str(run), "--json"]
        command += [] if self.device is None else ["--device", self.device]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[1])
        if done.returncode != 0:
            raise TourError(f"the headless training failed: {done.stderr.strip()}")
        headless = float(json.loads(done.stdout)["images_per_s"])
        self.figures["images_per_s_headless"] = round(headless, 2)
        self.figures["training_ratio_window"] = round(self.figures["images_per_s_window"] / headless, 3)
        self.figures["training_ratio_dragging"] = round(self.figures["images_per_s_dragging"] / headless, 3)

    # -------------------------------------------------------------------------------------------------- how it is done

    def wait(self, until: Callable[[], bool], seconds: float, what: str) -> None:
        """Live in the event loop until something holds. Raises TourError where it does not come."""
        if not self._live(until, seconds):
            raise TourError(f"{what} did not come within {seconds:.0f} s.")

    def pause(self, seconds: float) -> None:
        """Live in the event loop for a while."""
        self._live(lambda: False, seconds)

    def _live(self, until: Callable[[], bool], seconds: float) -> bool:
        loop, ticks = QEventLoop(), QTimer()
        deadline = time.perf_counter() + seconds

        def look() -> None:
            if until() or time.perf_counter() >= deadline:
                loop.quit()

        ticks.timeout.connect(look)
        ticks.start(5)
        loop.exec()
        ticks.stop()
        return until()

    def key(self, key: Qt.Key) -> None:
        """Press and release a key in the window, as a hand does."""
        self.window.activateWindow()
        QTest.keyClick(self.window, key)
        self.pause(0.05)

    def drag_slider(self, moves: int) -> None:
        """Drag a coordinate slider of the Latent panel to and fro."""
        panel = self.window.panels["latent"]
        assert isinstance(panel, LatentPanel)
        self.window.docks.show_panel("latent")
        panel.play(False)
        coordinates = panel.findChildren(SliderBank)[-1]
        slider = next(each for each in coordinates.findChildren(ValueSlider) if each.isVisible())
        with self._held(slider):
            for move in range(moves):
                along = 0.5 + 0.4 * (abs((move * 0.02) % 2.0 - 1.0) * 2.0 - 1.0)
                self._mouse(slider, QEvent.Type.MouseMove, along)
                self.pause(MOVE_MS / 1000)
        self.pause(0.3)

    @contextmanager
    def _held(self, slider: ValueSlider) -> Iterator[None]:
        self._mouse(slider, QEvent.Type.MouseButtonPress, 0.5)
        yield
        self._mouse(slider, QEvent.Type.MouseButtonRelease, 0.5)

    def _mouse(self, slider: ValueSlider, kind: QEvent.Type, along: float) -> None:
        self._send(slider, kind, QPointF(slider.width() * 0.7 * along, slider.height() / 2))

    def _send(self, widget: QWidget, kind: QEvent.Type, place: QPointF) -> None:
        """A mouse event as a hand makes it, with the left button."""
        held = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else Qt.MouseButton.LeftButton
        button = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else Qt.MouseButton.LeftButton
        event = QMouseEvent(kind, place, widget.mapToGlobal(place), button, held, Qt.KeyboardModifier.NoModifier)
        self.door.input_time = time.perf_counter()
        QApplication.sendEvent(widget, event)
        self.door.input_time = 0.0

    def shot(self, name: str, widget: QWidget | None = None) -> None:
        """Keep a picture of the window or of one panel."""
        file = f"{name}.png"
        (self.window if widget is None else widget).grab().save(str(self.out / file))
        self.figures["screenshots"][name] = file

    def _grid_step(self) -> int:
        drawn = self.watch.last.get(engine.GridDrawn)
        return drawn.step if isinstance(drawn, engine.GridDrawn) else -1

    def _progress(self) -> tuple[float, int]:
        state = self.bridge.state.train
        return time.perf_counter(), 0 if state is None else state.images

    def _speed(self, begin: tuple[float, int]) -> float:
        now, images = self._progress()
        return (images - begin[1]) / (now - begin[0])


def _report(figures: dict[str, Any]) -> str:
    slider, large = figures["slider_to_picture_ms"], figures["slider_to_picture_64_ms"]
    paint = figures["paint_to_picture_ms"]
    late = figures["event_loop_late_ms"]
    lines = [
        ("first window", figures["first_window_s"], "s", "< 1"),
        ("first live picture", figures["first_picture_s"], "s", "< 3"),
        ("first new sample after Space", figures["first_new_sample_s"], "s", "< 2"),
        ("slider to picture, idle, p95", slider["idle"]["p95"], "ms", "<= 12"),
        ("slider to picture, training, p95", slider["training"]["p95"], "ms", "<= 20"),
        ("the same at 64x64, paused, p95", large["idle"]["p95"], "ms", "<= 25"),
        ("the same at 64x64, training, p95", large["training"]["p95"], "ms", "<= 40"),
        ("paint to picture, idle, p95", paint["idle"]["p95"], "ms", ""),
        ("paint to picture, training, p95", paint["training"]["p95"], "ms", "<= 33"),
        ("codebook of 8192 codes, a frame, p95", figures["codebook_frame_ms"]["p95"], "ms", "<= 16"),
        ("event loop late, p99", late["p99"], "ms", "<= 16"),
        ("event loop late, max", late["max"], "ms", "<= 100"),
        ("training with the window, over headless", figures["training_ratio_window"], "", ">= 0.85"),
        ("the same while dragging", figures["training_ratio_dragging"], "", ""),
    ]
    return "\n".join(f"{what:<42}{value:>9} {unit:<3}{goal:>9}" for what, value, unit, goal in lines)
