"""What a model makes of the same draws, again and again: the sample grid of a run at every step it was kept.

The grid shows the places (0, 0), (1, 0), (2, 0) ... of the plane GRID_SEED, so sample k is a point that can be sent
to a slot of Arithmetic or visited in Latent. Before there is a run it shows the model that is explored. A model that
takes pictures apart shows, too or instead, what becomes of the first of the data: each beside its reconstruction.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import ClassVar

from PySide6.QtCore import QPoint, Qt, QTimer, Slot
from PySide6.QtGui import QAction, QImage, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QApplication,
    QBoxLayout,
    QComboBox,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

import engine
from engine import Event, Frame, GridDrawn, Point
from explorer.explored import conditions_of_run, grouped, run_is_explored, snapshot_title
from explorer.panel import Desk, Panel
from explorer.provenance import pairs_facts, points_facts, scatter_facts
from explorer.state import Action, ChooseSnapshot, SendToSlot, State, VisitPoint
from explorer.stored import stored_samples
from explorer.text import mark, tr
from explorer.theme import GRID, SMALL
from explorer.widgets.calm_combo import CalmComboBox
from explorer.widgets.canvas import to_qimage
from explorer.widgets.elided import ElidedLabel
from explorer.widgets.image_grid import ImageGrid
from explorer.widgets.point_view import PointView
from explorer.widgets.slider import ValueSlider
from explorer.widgets.tool_button import ToolButton

GRID_AT, GRID_BEFORE, DRAWN, DATA = "samples.grid", "samples.compare", "samples.points", "samples.data"  # channels
DATA_SHOWN = 1000  # points of the data behind the samples, the first ones, as Decision and the command line have them
PICTURES, POINTS = 36, 256  # samples of a model that has no run
SLOTS = ("A", "B", "C", "D", "E", "F")
ONE_ROW = 620  # px: from this width on the tools stand in one row
PAIRS = "reconstructions"  # a kind of grid, as the engine names it
KINDS = {"samples": mark("Samples"), PAIRS: mark("Reconstructions")}


class SamplesPanel(Panel):
    """The sample grid: newest, at the scrubber's step, or two steps against each other."""

    key: ClassVar[str] = "samples"
    title: ClassVar[str] = mark("Samples")

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(desk, parent)
        self._shown: tuple[str, int, str] | None = None  # the run, step and kind of the grid in view
        self._wanted = ""  # the kind of grid that a person chose
        self._drawn: Frame | None = None  # the samples of a model without a run
        self._pairs = False  # whether reconstructions are in view
        self._asked: tuple[str, int, str] | None = None  # run, step and kind of the newest grid that was asked for
        self._compared: int | None = None
        self._newest: dict[str, int] = {}
        self._data: tuple[engine.DataRef | None, int] = (None, 0)  # behind the points, and the number of its request
        self._marks: dict[int, str] = {}  # the slot that a sample was sent to
        self._waiting = -1  # a click that may still become a double click
        self._click = QTimer(self, singleShot=True, interval=QApplication.doubleClickInterval())
        self._click.timeout.connect(self._send_clicked)
        self._build()

    # ---------------------------------------------------------------------------------------------- layout

    def _build(self) -> None:
        self._grid = ImageGrid(letters="ABC", text=tr("Start a run or open one: its samples appear here."))
        self._grid.setAccessibleName(tr("Samples"))
        self._grid.chosen.connect(self._clicked)
        self._grid.opened.connect(self._visit)
        self._grid.menuWanted.connect(self._menu)
        self._grid.typed.connect(self._send)
        self._points = PointView()
        self._points.chosen.connect(self._clicked)
        self._stack = QStackedWidget()
        for page in (self._grid, self._points):
            self._stack.addWidget(page)
        self._caption = ElidedLabel(size=SMALL, muted=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GRID, GRID, GRID, GRID)
        layout.setSpacing(4)
        layout.addWidget(self._stack, 1)
        self._tools = QWidget()
        self._rows = QBoxLayout(QBoxLayout.Direction.TopToBottom, self._tools)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(4)
        self._rows.addLayout(self._build_compare(), 1)
        self._rows.addLayout(self._build_sending())
        layout.addWidget(self._tools)
        self._hint(pairs=False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        ways = QBoxLayout.Direction
        self._rows.setDirection(ways.LeftToRight if self.width() >= ONE_ROW else ways.TopToBottom)

    def _build_compare(self) -> QHBoxLayout:
        self._compare = ToolButton("compare", tr("Compare with another step of the run"), checkable=True)
        self._compare.toggled.connect(self._toggle_compare)
        self._before = QComboBox()
        self._before.setAccessibleName(tr("Step to compare with"))
        self._before.activated.connect(self._choose_before)
        self._wipe = ValueSlider(0.0, 1.0, 0.5, 2)
        self._wipe.setAccessibleName(tr("Wipe between the two steps"))
        self._wipe.setToolTip(tr("Left of the line the step below, right of it the step in view"))
        self._wipe.valueChanged.connect(self._grid.set_wipe)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        self._kinds = CalmComboBox()
        self._kinds.setAccessibleName(tr("What is shown of the run"))
        self._kinds.setToolTip(tr("Samples of draws from the latent space, or pictures beside their reconstructions"))
        for kind, title in KINDS.items():
            self._kinds.addItem(tr(title), kind)
        self._kinds.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self._kinds.activated.connect(self._choose_kind)
        self._kinds.hide()
        row.addWidget(self._kinds)
        row.addWidget(self._caption, 2)
        row.addWidget(self._before)
        row.addWidget(self._wipe, 1)
        row.addWidget(self._compare)
        for widget in (self._before, self._wipe, self._compare):
            widget.hide()
        return row

    def _build_sending(self) -> QHBoxLayout:
        self._slot = QComboBox()
        self._slot.setAccessibleName(tr("Slot that a click sends to"))
        self._slot.setToolTip(tr("A click sends the sample to this slot of Arithmetic; the keys A, B, C do it at once"))
        self._slot.addItem(tr("Click: last slot"), "")
        for name in SLOTS:
            self._slot.addItem(tr("Click: slot {name}", name=name), name)
        self._said = ElidedLabel(size=SMALL, muted=True)
        self._explore = QPushButton(tr("Explore this run"))
        self._explore.clicked.connect(self._explore_run)
        self._explore.hide()
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addWidget(self._said, 1)
        row.addWidget(self._slot)
        row.addWidget(self._explore)
        return row

    # ---------------------------------------------------------------------------------------------- what is shown

    def show_state(self, state: State, changed: frozenset[str]) -> None:
        if changed & {"run", "at_step", "explored", "snapshots", "ready", "grid_kinds"}:
            self._offer_kinds(state)
            self._choose_view(state)
        if changed & {"run", "grid_steps"}:
            self._offer_steps(state)
        if changed & {"run", "explored", "at_step", "training", "snapshot_steps"}:
            self._show_explore_button(state)

    def _choose_view(self, state: State) -> None:
        """The grid of the run that is shown, else samples of what is explored, else a stored sheet."""
        if state.run is None and self._shown is not None:  # it went into the trash
            self._leave()
        if state.run is not None:
            self._show_run(state, state.run.path)
        elif state.explored_info is not None:
            self._request_samples(state)
        elif self._shown is None and self._drawn is None:
            self._show_stored(state)

    def _show_run(self, state: State, path: str) -> None:
        if self._drawn is not None or (self._shown is not None and self._shown[0] != path):
            self._leave()
        if state.at_step is not None:
            self._ask_grid(path, state.at_step)
            return
        self._asked = None
        history = self.desk.stores.runs.get(path)
        newest = history.grids.get(self._kind(state)) if history is not None else None
        if newest is not None:
            self._show_grid(newest)
            return
        steps = state.grid_steps.get(path, ())
        if steps:
            self._ask_grid(path, steps[-1])
        elif self._shown is None:
            self._grid.set_text(tr("The first pictures of this run appear with its first steps."))
            self._show_samples(None)
            self._caption.setText(tr("{name}: no samples yet", name=state.run.name if state.run else path))

    def _leave(self) -> None:
        """The samples of another model come: what was said of these is over."""
        self._shown, self._asked, self._drawn = None, None, None
        self._marks.clear()
        self._grid.set_marks(self._marks)
        self._said.setText("")
        self._compare.setChecked(False)

    def _ask_grid(self, path: str, step: int) -> None:
        kind = self._kind(self.desk.state())
        if self._asked != (path, step, kind):
            self._asked = (path, step, kind)
            self.desk.post(engine.ReadGrid(GRID_AT, self.desk.number(), path, step, kind))

    # ---------------------------------------------------------------------------------------------- kinds of grid

    def _kind(self, state: State) -> str:
        """The kind of grid that is shown of the run: the one that was chosen, where it has that, else its first."""
        kinds = state.grid_kinds.get(state.run.path, ()) if state.run is not None else ()
        return self._wanted if self._wanted in kinds else next(iter(kinds), "")

    def _offer_kinds(self, state: State) -> None:
        kinds = state.grid_kinds.get(state.run.path, ()) if state.run is not None else ()
        self._kinds.setVisible(len(kinds) > 1)
        self._kinds.setCurrentIndex(max(self._kinds.findData(self._kind(state)), 0))

    @Slot(int)
    def _choose_kind(self, index: int) -> None:
        self._wanted = str(self._kinds.itemData(index))
        self._compare.setChecked(False)
        self._choose_view(self.desk.state())

    def _show_pairs(self, pairs: bool) -> None:
        """Reconstructions belong to pictures of the data, not to places: there is nothing to send or to visit."""
        if pairs == self._pairs:
            return
        self._pairs = pairs
        self._click.stop()
        self._waiting = -1
        self._grid.set_pairs(pairs)
        self._grid.set_index(-1)
        self._grid.set_marks({} if pairs else self._marks)
        self._said.setText("")
        self._slot.setVisible(not pairs)
        self._hint(pairs=pairs)

    def _hint(self, *, pairs: bool) -> None:
        self._grid.set_hint(
            tr(
                "Picture {index}: the original left, its reconstruction right. It is no place in a latent space, so no "
                "slot can take it."
            )
            if pairs
            else tr("Sample {index}: a click sends it to the slot, a double click shows it in Latent")
        )
        self._explore.setToolTip(
            tr("The other panels show another model; choose this one")
            if pairs
            else tr("Arithmetic and Latent explore another model, in which the same draw looks different")
        )

    def _request_samples(self, state: State) -> None:
        info = state.explored_info
        snapshot = state.explored
        if info is None or not self.isVisible():
            return
        if info.latent is None:
            self._show_none(info)
            return
        if self._drawn is None or self._drawn.snapshot != snapshot:
            self._leave()
            count = POINTS if len(info.shape) == 1 else PICTURES
            points = tuple(_draw(k) for k in range(count))
            self.desk.post(engine.DrawPoints(DRAWN, self.desk.number(), snapshot, points))

    def _show_none(self, info: engine.SnapshotInfo) -> None:
        """A model that makes nothing by itself."""
        self._leave()
        self._grid.set_text(tr("This model draws no samples. Compare shows its reconstructions of pictures."))
        self._show_samples(None)
        self._caption.setText(info.title)

    def _show_stored(self, state: State) -> None:
        """What the bundled model made when it was trained, until the engine can draw."""
        if state.ready is None and self._grid.count() == 0:
            stored = stored_samples()
            self._show_samples(None if stored is None else stored[:PICTURES])
            self._caption.setText(tr("Stored samples; the engine is starting") if stored is not None else "")

    def _show_samples(self, samples: engine.Samples | None) -> None:
        if samples is not None and samples.ndim == 2:
            self._ask_for_data()
            self._points.set_points(samples)
            self._stack.setCurrentWidget(self._points)
        else:
            self._show_pairs(samples is not None and self._shown is not None and self._shown[2] == PAIRS)
            self._grid.set_samples(samples)
            self._stack.setCurrentWidget(self._grid)

    def _ask_for_data(self) -> None:
        """The data that points should be like: their range is that of the view, however the samples lie."""
        state = self.desk.state()
        info = state.explored_info
        data = state.run.data if state.run is not None else info.data if info is not None else None
        if data == self._data[0]:
            return
        self._data = (data, self.desk.number())
        self._points.set_data(None)
        if data is not None:
            self.desk.post(engine.ReadDataPage(DATA, self._data[1], data, 0, DATA_SHOWN))

    def _show_grid(self, grid: GridDrawn) -> None:
        self._shown = (grid.path, grid.step, grid.kind)
        self._show_samples(grid.samples)
        self._caption.setText(self._words(len(grid.samples)))
        if self._compare.isChecked():
            self._ask_before()

    def _words(self, count: int) -> str:
        """What is in view: the run, its step, and that the draws are fixed."""
        state = self.desk.state()
        path, step, kind = self._shown or ("", 0, "")
        run = state.opened.get(path)
        name = run.name if run is not None else Path(path).name
        if kind == PAIRS:
            words = tr("{name} · step {step} · {count} pictures, each left of its reconstruction",
                       name=name, step=grouped(step), count=count // 2)  # fmt: skip
        else:
            words = tr("{name} · step {step} · {count} fixed draws", name=name, step=grouped(step), count=count)
        if self._compared is not None:
            words += " · " + tr("left of the line: step {step}", step=grouped(self._compared))
        return words

    def _offer_steps(self, state: State) -> None:
        steps = state.grid_steps.get(state.run.path, ()) if state.run is not None else ()
        self._compare.setVisible(len(steps) > 1)
        if self._compare.isChecked() and self._before.count() != len(steps):
            self._fill_steps(steps)

    def _fill_steps(self, steps: tuple[int, ...]) -> None:
        chosen = self._before.currentData()
        self._before.clear()
        for step in steps:
            self._before.addItem(tr("Step {step}", step=grouped(step)), step)
        self._before.setCurrentIndex(max(self._before.findData(chosen), 0))

    def _show_explore_button(self, state: State) -> None:
        elsewhere = state.run is not None and not run_is_explored(state, state.run.path)
        can = state.run is not None and bool(
            state.training == state.run.path or state.snapshot_steps.get(state.run.path, ())
        )
        self._explore.setVisible(elsewhere and can)

    # ---------------------------------------------------------------------------------------------- answers

    def take(self, event: Event | Action) -> None:
        if isinstance(event, GridDrawn):
            self._take_grid(event)
        elif isinstance(event, Frame) and event.channel == DRAWN:
            self._take_samples(event)
        elif isinstance(event, engine.DataPage) and (event.channel, event.number) == (DATA, self._data[1]):
            self._points.set_data(event.samples)
        elif isinstance(event, engine.LiveChanged):
            state = self.desk.state()
            if state.run is None and state.explored == engine.LIVE:
                self._drawn = None
                self._request_samples(state)
        elif isinstance(event, engine.Failed) and event.channel in (GRID_AT, GRID_BEFORE, DRAWN, DATA):
            self._caption.setText(event.reason)

    def _take_grid(self, event: GridDrawn) -> None:
        state = self.desk.state()
        if state.run is None or event.path != state.run.path or not self._is_fresh(event):
            return
        if event.channel == GRID_BEFORE:
            self._take_before(event)
        elif event.channel == GRID_AT:
            if self._asked is not None and (event.path, event.kind) == (self._asked[0], self._asked[2] or event.kind):
                self._show_grid(event)
        elif not event.channel and event.kind == self._kind(state) and state.at_step is None and self.isVisible():
            self._show_grid(event)

    def _is_fresh(self, event: GridDrawn | Frame) -> bool:
        if event.number < self._newest.get(event.channel, 0):
            return False
        self._newest[event.channel] = event.number
        return True

    def _take_samples(self, frame: Frame) -> None:
        state = self.desk.state()
        if state.run is not None or frame.snapshot != state.explored or not self._is_fresh(frame):
            return
        self._drawn = frame
        self._show_samples(frame.samples)
        title = snapshot_title(state, frame.snapshot)
        self._caption.setText(tr("{model} · {count} draws", model=title, count=len(frame.samples)))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._choose_view(self.desk.state())

    # ---------------------------------------------------------------------------------------------- compare

    @Slot(bool)
    def _toggle_compare(self, on: bool) -> None:
        self._before.setVisible(on)
        self._wipe.setVisible(on)
        if on:
            state = self.desk.state()
            self._fill_steps(state.grid_steps.get(state.run.path, ()) if state.run is not None else ())
            self._ask_before()
        else:
            self._compared = None
            self._show_against(None)

    @Slot(int)
    def _choose_before(self, _index: int) -> None:
        self._ask_before()

    def _ask_before(self) -> None:
        state = self.desk.state()
        step = self._before.currentData()
        if state.run is not None and step is not None:
            number = self.desk.number()
            self.desk.post(engine.ReadGrid(GRID_BEFORE, number, state.run.path, int(step), self._kind(state)))

    def _take_before(self, event: GridDrawn) -> None:
        kind = self._shown[2] if self._shown is not None else ""
        if self._compare.isChecked() and event.samples.ndim == 4 and event.kind == kind:
            self._compared = event.step
            self._show_against(event.samples)

    def _show_against(self, earlier: engine.Samples | None) -> None:
        """Left of the line the earlier step, right of it the one in view."""
        history = self._grid.second() if self._grid.second() is not None else self._grid.samples()
        if earlier is not None and history is not None:
            self._grid.set_samples(earlier)
            self._grid.set_second(history)
        elif self._grid.second() is not None:
            self._grid.set_samples(self._grid.second())
        if self._shown is not None:
            self._caption.setText(self._words(self._grid.count()))

    # ---------------------------------------------------------------------------------------------- hands

    @Slot(int)
    def _clicked(self, index: int) -> None:
        """A click sends; but it waits for the double click that it may be the start of."""
        if self._pairs:
            return
        self._waiting = index
        self._click.start()

    @Slot()
    def _send_clicked(self) -> None:
        if self._waiting >= 0:
            self._send(self._waiting, str(self._slot.currentData()))

    @Slot(int, str)
    def _send(self, index: int, slot: str) -> None:
        if self._pairs:
            return
        self.desk.act(SendToSlot(self._sample(index), slot))
        name = slot or self.desk.state().last_slot
        self._marks[index] = name
        self._grid.set_marks(self._marks)
        self._said.setText(tr("Sample {index} sent to slot {name}", index=index, name=name))

    @Slot(int)
    def _visit(self, index: int) -> None:
        self._click.stop()
        self._waiting = -1
        if self._pairs:
            return
        self.desk.act(VisitPoint(self._sample(index)))
        self._said.setText(tr("Sample {index} shown in Latent", index=index))

    @Slot(int, object)
    def _menu(self, index: int, place: QPoint) -> None:
        if not self._pairs:
            self.make_menu(index).popup(place)

    def make_menu(self, index: int) -> QMenu:
        """Where a sample can go: Latent, or a slot of Arithmetic."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        visit = QAction(tr("Show in Latent"), menu)
        visit.setData((index, ""))
        menu.addAction(visit)
        for name in SLOTS:
            send = QAction(tr("Send to slot {name}", name=name), menu)
            send.setData((index, name))
            menu.addAction(send)
        menu.triggered.connect(self._follow_menu)
        return menu

    @Slot(QAction)
    def _follow_menu(self, action: QAction) -> None:
        index, slot = action.data()
        if slot:
            self._send(index, slot)
        else:
            self._visit(index)

    @Slot()
    def _explore_run(self) -> None:
        state = self.desk.state()
        if state.run is None:
            return
        training = state.training == state.run.path
        newest = state.snapshot_steps.get(state.run.path, (0,))[-1]
        snapshot = engine.LIVE if training else engine.run_snapshot(state.run.path, newest)
        if snapshot not in state.snapshots:
            self.desk.post(engine.OpenSnapshot(snapshot))
        self.desk.act(ChooseSnapshot(snapshot))

    # ---------------------------------------------------------------------------------------------- keys of the window

    def present(self, on: bool) -> None:
        """On a projector only the samples."""
        self._tools.setVisible(not on)

    def reset_view(self) -> None:
        self._points.reset_view()

    def save_picture(self) -> tuple[QImage, dict[str, str]] | None:
        """The chosen sample where there is one and the grid has the focus, else the whole grid; points as a scatter."""
        if self._stack.currentWidget() is self._points and self._points.count():
            snapshot, step, stored = self._source()
            points = [self._sample(k) for k in range(self._points.count())]
            return self._points.grab().toImage(), scatter_facts(snapshot, step, points, stored=stored)
        if self._stack.currentWidget() is not self._grid or self._grid.count() == 0:
            return None
        snapshot, step, stored = self._source()
        if self._pairs:
            image = self._grid.image()
            return (
                None
                if image is None
                else (image, pairs_facts(snapshot, step, self._grid.count(), self._grid.columns()))
            )
        chosen = self._grid.picture(self._grid.index()) if self._grid.hasFocus() else None
        if chosen is not None:
            return to_qimage(chosen), points_facts(snapshot, step, [self._sample(self._grid.index())], stored=stored)
        image = self._grid.image()
        points = [self._sample(k) for k in range(self._grid.count())]
        facts = points_facts(snapshot, step, points, self._grid.columns(), stored=stored)
        return None if image is None else (image, facts)

    def _sample(self, index: int) -> Point:
        """Sample k of the grid in view, with the condition that a run of a conditional model gives it."""
        state = self.desk.state()
        columns = conditions_of_run(state, state.run.path) if state.run is not None else {}
        condition = tuple(
            (name, values[engine.grid_label(column, index, len(values))])
            for column, (name, values) in enumerate(columns.items())
            if values
        )
        return dataclasses.replace(_draw(index), condition=condition)

    def _source(self) -> tuple[str, int, bool]:
        """The snapshot and step that the samples in view come from, and whether a run keeps the samples themselves."""
        if self._shown is None:
            return (self._drawn.snapshot, self._drawn.step, False) if self._drawn is not None else ("", 0, False)
        path, step, _ = self._shown
        return engine.run_snapshot(path, step), step, True


def _draw(index: int) -> Point:
    """Draw k of every grid."""
    return Point(seed=engine.GRID_SEED, x=float(index))
