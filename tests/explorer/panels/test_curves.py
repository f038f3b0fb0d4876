"""The Curves panel: plots by meaning, runs over each other, live at low cost, and the scrubber's step."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

import engine
from engine import Series
from explorer.panel import Panel
from explorer.panels.curve_runs import MOST_RUNS
from explorer.panels.curves import CurvesPanel
from explorer.state import Scrub, ShowRun
from explorer.theme import Theme
from explorer.widgets.curve_view import PlotView
from tests.explorer.conftest import train_state
from tests.explorer.panels.stage import Stage, ready, run_facts

LEFT = Qt.MouseButton.LeftButton
NAMES = ("loss/D", "loss/G", "D(real)", "D(fake)", "V(G,D)", "gradient norm/D")


def columns(first: int, last: int, level: float = 0.5) -> tuple[np.ndarray, ...]:
    n = np.arange(first, last, dtype=np.float64)
    return n, n * 0.5, n * 64, level + np.sin(n / 20) / 10


def progress(path: str, first: int, last: int, names: tuple[str, ...] = NAMES) -> engine.Progress:
    return engine.Progress(path, {name: columns(first, last, 0.5 + k / 20) for k, name in enumerate(names)})


def opened(path: str = "runs/one", last: int = 500, *, training: bool = True) -> engine.RunOpened:
    series = {}
    for name in NAMES if last else ():
        series[name] = Series(name)
        series[name].extend(*columns(0, last))
    facts = run_facts(path, name=path[5:], step=last, seed=7)
    return engine.RunOpened(facts, training, series, ((100, "lr_d 0.1"), (101, "lr_g 0.2")), (), ())


@pytest.fixture
def panel(put: Callable[[type[Panel]], Panel]) -> CurvesPanel:
    made = put(CurvesPanel)
    assert isinstance(made, CurvesPanel)
    return made


def redraw(panel: CurvesPanel) -> None:
    """What the timer does when it is due."""
    panel._pace.stop()
    panel._redraw()


def values(panel: CurvesPanel, key: str = "loss") -> dict[str, str | None]:
    return {entry.title: " / ".join(entry.values) for entry in panel.boxes()[key].legend.entries()}


def test_an_empty_panel_offers_what_would_fill_it(panel: CurvesPanel, stage: Stage) -> None:
    assert "Space" in panel._empty.text()
    assert not panel._empty.button().isEnabled()  # the engine is not there yet
    assert panel.save_picture() is None
    stage.tell(ready())
    panel._empty.button().click()
    stage.tell(opened(last=0, training=False))
    assert "first steps" in panel._empty.text()
    assert panel._pages.currentWidget() is panel._empty
    panel._empty.button().click()
    stage.tell(opened(last=0), train_state("runs/one", "paused"))
    panel._empty.button().click()
    assert [type(command) for command in stage.posted] == [engine.StartRun, engine.ResumeRun, engine.SetRunning]
    stage.tell(train_state("runs/one", "running"))
    assert panel._empty.button().isHidden()


def test_curves_fall_into_plots_with_the_values_of_now(panel: CurvesPanel, stage: Stage) -> None:
    stage.tell(opened())
    redraw(panel)
    assert [box.title for box in panel.boxes().values()] == ["Loss", "D on real and fake", "V(G, D)", "Gradient norm"]
    assert list(values(panel)) == ["D", "G"]
    assert values(panel)["D"] == f"{0.5 + np.sin(499 / 20) / 10:.4g}"
    panel.hover(100.0)
    assert values(panel)["D"] == f"{0.5 + np.sin(5) / 10:.4g}"
    panel.hover(None)
    assert values(panel)["D"] == f"{0.5 + np.sin(499 / 20) / 10:.4g}"


def test_progress_is_drawn_at_the_due_time_and_only_while_it_is_seen(panel: CurvesPanel, stage: Stage) -> None:
    stage.tell(opened())
    redraw(panel)
    stage.tell(progress("runs/one", 500, 600))
    assert panel._pace.isActive()
    assert 0 < panel._pace.interval() <= 1000
    redraw(panel)
    assert values(panel)["D"] == f"{0.5 + np.sin(599 / 20) / 10:.4g}"
    panel.window().hide()
    panel._pace.stop()
    stage.tell(progress("runs/one", 600, 700))
    assert not panel._pace.isActive()
    panel.window().show()
    assert panel._pace.isActive()


def test_a_new_metric_gets_its_plot(panel: CurvesPanel, stage: Stage) -> None:
    stage.tell(opened())
    stage.tell(progress("runs/one", 500, 510, ("R1",)))
    assert "penalty" in panel.boxes()


def test_a_click_scrubs_and_a_double_click_takes_it_back(panel: CurvesPanel, stage: Stage, qtbot: QtBot) -> None:
    stage.tell(opened())
    redraw(panel)
    plot = panel.boxes()["loss"].plot
    plot.grab()
    frame = plot._frame()
    place = QPoint(round(float(frame.px(250.0))), round(frame.rect.center().y()))
    QTest.mouseClick(plot.viewport(), LEFT, pos=place)
    assert isinstance(stage.acted[-1], Scrub)
    assert stage.state.at_step == pytest.approx(250, abs=4)
    assert panel.boxes()["value"].plot._cursor == stage.state.at_step
    stage.act(Scrub(77))
    plot.clicked.emit(300.0)
    assert stage.state.at_step == 300
    plot.unclicked.emit()
    assert stage.state.at_step == 77


def test_scrubbing_knows_the_step_on_every_axis(panel: CurvesPanel, stage: Stage) -> None:
    stage.tell(opened())
    panel.set_view(PlotView(axis="seconds"))
    panel.boxes()["loss"].plot.clicked.emit(100.0)
    assert stage.state.at_step == 200
    assert panel.boxes()["loss"].plot._cursor == 100.0
    panel.set_view(PlotView(axis="images"))
    assert panel.boxes()["loss"].plot._cursor == 200 * 64
    assert panel.boxes()["loss"].plot._marks[0].x == 100 * 64


def test_only_the_run_that_is_shown_is_drawn_until_another_is_ticked(panel: CurvesPanel, stage: Stage) -> None:
    stage.tell(opened("runs/one", 500, training=False))
    redraw(panel)
    loss = panel.boxes()["loss"].plot
    stage.tell(opened("runs/wild", 900, training=False))
    assert {curve.key.split("\n")[0] for curve in loss.curves()} == {"runs/wild"}
    assert loss.x_range()[1] > 850
    stage.act(ShowRun("runs/one"))
    assert loss.x_range()[1] < 550
    panel.toggle_run("runs/wild")
    assert loss.x_range()[1] > 850
    assert [(a.text(), a.isChecked(), a.isEnabled()) for a in panel._tools._runs.menu().actions()] == [
        ("one", True, False),
        ("wild", True, True),
    ]
    stage.tell(opened("runs/three", 100, training=False))
    assert {curve.key.split("\n")[0] for curve in loss.curves()} == {"runs/three", "runs/wild"}


def run_folder(tmp_path: Path, name: str) -> str:
    (tmp_path / name).mkdir()
    (tmp_path / name / "run.json").write_text("{}")
    return str(tmp_path / name)


def test_ticks_of_a_session_open_their_runs_beside_the_one_that_is_shown(
    panel: CurvesPanel, stage: Stage, tmp_path: Path
) -> None:
    beside = run_folder(tmp_path, "beside")
    stage.tell(opened("runs/one", training=False))
    panel.recall({"runs": [beside, str(tmp_path / "gone")]})
    assert stage.of(engine.OpenRun) == [engine.OpenRun(beside)]
    stage.tell(opened(beside, training=False))
    assert stage.state.run is not None
    assert stage.state.run.path == "runs/one"
    assert [run.path for run in panel.runs()] == ["runs/one", beside]
    assert panel.remember() == {"runs": [beside]}
    stage.tell(opened(beside, training=False))  # by hand, later
    assert stage.state.run.path == beside


def test_ticks_that_cannot_be_read_are_none(panel: CurvesPanel, stage: Stage) -> None:
    for kept in ({}, {"runs": 3}, {"runs": ["nowhere", None]}):
        panel.recall(kept)
        assert panel.remember() == {"runs": []}
    assert not stage.of(engine.OpenRun)


def test_no_more_runs_than_can_be_told_apart(panel: CurvesPanel, stage: Stage) -> None:
    for k in range(7):
        stage.tell(opened(f"runs/r{k}", training=False))
    for k in range(6):
        panel.toggle_run(f"runs/r{k}")
    assert len(panel.runs()) == MOST_RUNS
    assert "leave one out" in panel._note.text()


def test_runs_lie_over_each_other_and_can_be_left_out(panel: CurvesPanel, stage: Stage) -> None:
    stage.tell(opened("runs/one", training=False), opened("runs/two", 900))
    panel.toggle_run("runs/one")
    redraw(panel)
    assert list(values(panel)) == ["D", "G"]  # each metric once: the runs have their colours
    assert all(value.count(" / ") == 1 for value in values(panel).values())
    (first, _) = panel.boxes()["loss"].legend.entries()
    assert "2 D" in first.reading
    curves = panel.boxes()["loss"].plot.curves()
    assert curves[0].ink.color == curves[1].ink.color != curves[2].ink.color
    assert curves[0].ink.dash != curves[1].ink.dash
    assert [entry.title for entry in panel._run_names.entries()] == ["1 two", "2 one"]
    panel.toggle_run("runs/one")
    assert list(values(panel)) == ["D", "G"]
    panel.toggle_run("runs/one")
    assert len(panel.boxes()["loss"].plot.curves()) == 4
    panel.boxes()["loss"].toggle(curves[0].key)
    assert {curve.title for curve in panel.boxes()["loss"].plot.curves()} == {"1 G", "2 G"}


def test_the_first_points_of_a_second_run_get_their_curves(panel: CurvesPanel, stage: Stage) -> None:
    stage.tell(opened("runs/one", training=False), opened("runs/two", 0))
    panel.toggle_run("runs/one")
    assert [curve.title for curve in panel.boxes()["loss"].plot.curves()] == ["2 D", "2 G"]
    stage.tell(progress("runs/two", 0, 10))
    assert [curve.title for curve in panel.boxes()["loss"].plot.curves()] == ["1 D", "1 G", "2 D", "2 G"]


def test_plots_can_be_closed_and_curves_hidden(panel: CurvesPanel, stage: Stage) -> None:
    stage.tell(opened())
    panel.toggle_plot("value")
    assert "value" not in panel.boxes()
    panel.toggle_plot("value")
    assert "value" in panel.boxes()
    box = panel.boxes()["loss"]
    box.legend.toggled.emit("runs/one\nloss/G")
    assert [curve.title for curve in box.plot.curves()] == ["D"]
    assert [entry.shown for entry in box.legend.entries()] == [True, False]
    for key in list(panel.boxes()):
        panel.toggle_plot(key)
    assert "closed" in panel._empty.text()
    panel._empty.button().click()
    assert set(panel.boxes()) == {"loss", "opinion", "value", "gradient"}


def test_all_plots_share_the_steps_that_a_hand_chose(panel: CurvesPanel, stage: Stage) -> None:
    stage.tell(opened())
    redraw(panel)
    loss, value = panel.boxes()["loss"].plot, panel.boxes()["value"].plot
    loss.setFocus()
    QTest.keyClick(loss, Qt.Key.Key_Plus)
    assert value.x_range() == pytest.approx(loss.x_range())
    assert not value.follows()
    panel.reset_view()
    assert value.follows()
    assert loss.follows()


def test_values_that_are_not_finite_are_counted_in_words(panel: CurvesPanel, stage: Stage) -> None:
    stage.tell(opened())
    n = np.array([500.0, 501.0, 502.0])
    stage.tell(engine.Progress("runs/one", {"loss/D": (n, n, n * 64, np.array([np.nan, np.inf, np.nan]))}))
    redraw(panel)
    entry = panel.boxes()["loss"].legend.entries()[0]
    assert entry.note == "2 NaN, 1 infinite"
    assert entry.values == ("NaN",)


def test_marks_are_on_every_plot(panel: CurvesPanel, stage: Stage) -> None:
    stage.tell(opened())
    stage.tell(engine.Marked("runs/one", 400, "checkpoint"))
    marks = panel.boxes()["value"].plot._marks
    assert [mark.text for mark in marks] == ["Step 100: lr_d 0.1", "Step 101: lr_g 0.2", "Step 400: checkpoint"]


def test_smoothing_reaches_all_plots(panel: CurvesPanel, stage: Stage) -> None:
    stage.tell(opened())
    raw = values(panel)
    panel.set_view(PlotView(span=200))
    redraw(panel)
    assert values(panel) != raw
    assert panel._tools.view().span == 200


def test_the_theme_and_the_size_may_change(panel: CurvesPanel, stage: Stage, theme: Theme) -> None:
    stage.tell(opened())
    for choice in ("dark", "light"):
        theme.choose(choice)
        for size in ((420, 300), (1600, 900)):
            panel.window().resize(*size)
            redraw(panel)
            assert not panel.grab().isNull()
    assert panel._grid.columnCount() >= 2


def test_the_picture_says_what_it_is(panel: CurvesPanel, stage: Stage) -> None:
    stage.tell(opened())
    stage.act(Scrub(120))
    saved = panel.save_picture()
    assert saved is not None
    image, facts = saved
    assert isinstance(image, QImage)
    assert facts["latent-explorer:run"] == "runs/one"
    assert facts["latent-explorer:step"] == "120"
    assert facts["latent-explorer:seed"] == "7"
    assert "follow" in facts["latent-explorer:command"]


def test_curves_and_plots_can_be_saved(panel: CurvesPanel, stage: Stage, qtbot: QtBot, tmp_path: Path) -> None:
    stage.tell(opened())
    redraw(panel)
    panel.export_csv(str(tmp_path / "curves.csv"))
    qtbot.waitUntil(lambda: panel._note.text().startswith("Saved"))
    lines = (tmp_path / "curves.csv").read_text().splitlines()
    assert len(lines) == 1 + 500 * len(NAMES)
    panel.export_png(str(tmp_path / "plot.png"))
    assert not QImage(str(tmp_path / "plot.png")).isNull()
    panel.export_png(str(tmp_path / "missing" / "plot.png"))
    assert "could not be written" in panel._note.text()
    panel._note_over.timeout.emit()
    assert panel._note.isHidden()
    panel.export_png(str(tmp_path / "plot.png"))
    assert panel._note.isVisible()
    panel.toggle_plot("value")
    assert panel._note.isHidden()
