"""All metrics of a run, live: what belongs together in one plot, over it the runs that were chosen for comparison.

Redrawing is paced: only when there is something new, only what is in view, at most some twelve times a second, and
never more than a small share of the time, so that looking on does not slow the training down.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QSize, Qt, QTimer, Slot
from PySide6.QtGui import QImage, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFileDialog, QGridLayout, QMenu, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

import engine
from engine import Event, RunFacts
from explorer import theme
from explorer.panel import Desk, Panel
from explorer.panels import curve_offer
from explorer.panels.curve_groups import Group, curve_title, grouped
from explorer.panels.curve_runs import MOST_RUNS, DrawnRuns
from explorer.state import Action, Scrub, State
from explorer.text import mark, tr
from explorer.widgets import curve_drawing
from explorer.widgets.curve_box import CurveBox
from explorer.widgets.curve_export import CsvWriter
from explorer.widgets.curve_legend import CurveLegend, Entry
from explorer.widgets.curve_plot import CurvePlot
from explorer.widgets.curve_tools import CurveTools
from explorer.widgets.curve_view import Curve, PlotView
from explorer.widgets.offer import Offer
from explorer.widgets.plot_overlay import EventMark

PERIOD_S = 0.08  # a redraw at most this often
SHARE = 0.1  # of the time of one core may go into drawing curves
SMOOTHING_MS = 10  # pause between two slices of smoothing
NOTE_MS = 10_000  # a note is read by then
BOX_WIDTH, BOX_HEIGHT = 430, 160  # the room of a plot at least, px


class CurvesPanel(Panel):
    """The curves of the run that is shown, and of the other open runs that were ticked."""

    key = "curves"
    title = mark("Curves")

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(desk, parent)
        self._runs = DrawnRuns(desk)
        self._boxes: dict[str, CurveBox] = {}
        self._metrics: frozenset[str] = frozenset()
        self._drawn: set[tuple[str, str]] = set()  # the runs and metrics that have a curve
        self._over_each_other: tuple[str, ...] = ()  # the runs that the ranges were chosen for
        self._closed: set[str] = set()  # plots that are not shown
        self._fresh = True  # something is new since the last redraw
        self._due = 0.0  # when the next redraw may be
        self._scrubbed_from: int | None = None  # where the scrubber stood before the last click
        self._menu_plot: CurvePlot | None = None  # whose menu was opened last
        self._pace = QTimer(self)
        self._pace.setSingleShot(True)
        self._pace.timeout.connect(self._redraw)
        self._note_over = QTimer(self, singleShot=True, interval=NOTE_MS)
        self._writer = CsvWriter(self)
        self._writer.said.connect(self._say)
        self._tools = CurveTools()
        self._tools.changed.connect(self._view_chosen)
        self._tools.runToggled.connect(self.toggle_run)
        self._tools.plotToggled.connect(self.toggle_plot)
        self._tools.fitWanted.connect(self.reset_view)
        self._tools.csvWanted.connect(self.ask_for_csv)
        self._run_names = CurveLegend(share_lines=True)
        self._run_names.toggled.connect(self.toggle_run)
        self._lay_out()
        self.show_state(desk.state(), frozenset(State.__dataclass_fields__))

    def _lay_out(self) -> None:
        self._sheet = QWidget()
        self._grid = QGridLayout(self._sheet)
        self._grid.setContentsMargins(theme.GRID // 2, 0, theme.GRID // 2, 0)
        self._grid.setSpacing(theme.GRID)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        self._scroll.setWidget(self._sheet)
        self._scroll.verticalScrollBar().valueChanged.connect(self._draw_soon)
        self._empty = Offer()
        self._empty.taken.connect(self.fill)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._empty)
        self._pages.addWidget(self._scroll)
        self._note = theme.label(size=theme.SMALL, muted=True)
        self._note.setWordWrap(True)
        self._note.hide()
        self._note_over.timeout.connect(self._note.hide)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.GRID // 2)
        layout.addWidget(self._tools)
        names = QVBoxLayout()
        names.setContentsMargins(theme.GRID, 0, theme.GRID, 0)
        names.addWidget(self._run_names)
        names.addWidget(self._note)
        layout.addLayout(names)
        layout.addWidget(self._pages, 1)

    def sizeHint(self) -> QSize:
        return QSize(420, 480)

    # ---------------------------------------------------------------------------------------------- what is told

    def show_state(self, state: State, changed: frozenset[str]) -> None:
        if changed & {"run", "opened"}:
            self._runs.stay()
            self._arrange()
        elif changed & {"ready", "train", "training"} and not self._boxes:
            self._show_empty()
        if changed & {"run", "at_step"}:
            self._place_cursor()

    def take(self, event: Event | Action) -> None:
        if isinstance(event, engine.Progress) and event.path in {run.path for run in self.runs()}:
            if any((event.path, name) not in self._drawn for name in event.values):
                self._arrange()
            self._draw_soon()
        elif isinstance(event, engine.Marked):
            self._place_marks()
        elif isinstance(event, engine.RunOpened):
            self._arrange()

    def remember(self) -> Mapping[str, Any]:
        """What a session keeps of this panel: the runs that were ticked."""
        return {"runs": self._runs.ticked()}

    def recall(self, kept: Mapping[str, Any]) -> None:
        """Bring back what `remember` gave."""
        runs = kept.get("runs")
        self._runs.tick(str(path) for path in (runs if isinstance(runs, list) else ()))
        self._arrange()

    def reset_view(self) -> None:
        """Everything in view again."""
        for box in self._boxes.values():
            box.plot.fit()
        self._draw_soon()

    def save_picture(self) -> tuple[QImage, dict[str, str]] | None:
        state = self.desk.state()
        if state.run is None or not self._boxes:
            return None
        self._redraw()
        facts = {
            "latent-explorer:command": f"python -m engine follow {state.run.path}",
            "latent-explorer:run": state.run.path,
            "latent-explorer:step": str(state.last_step if state.at_step is None else state.at_step),
            "latent-explorer:seed": str(state.run.seed),
        }
        return self._sheet.grab().toImage(), facts

    # ---------------------------------------------------------------------------------------------- runs and plots

    def runs(self) -> list[RunFacts]:
        """The runs that are drawn: the one that is shown, and those that were ticked."""
        return self._runs.drawn()

    def boxes(self) -> dict[str, CurveBox]:
        """The plots, by the key of their kind."""
        return dict(self._boxes)

    @Slot(str)
    def toggle_run(self, path: str) -> None:
        """Draw a run over the one that is shown, or no longer."""
        self._note.hide()
        if not self._runs.toggle(path):
            self._say(tr("{count} runs lie over each other; leave one out first.", count=MOST_RUNS))
        self._arrange()

    @Slot(str)
    def toggle_plot(self, key: str) -> None:
        """Close a plot, or open it again."""
        self._note.hide()
        self._closed ^= {key}
        self._arrange()

    def _arrange(self) -> None:
        """Bring plots and curves in line with the runs and metrics that there are."""
        runs = self.runs()
        self._drawn = {(run.path, name) for run in runs for name in self._runs.series(run.path)}
        self._metrics = frozenset(name for _, name in self._drawn)
        groups = grouped(self._metrics)
        wanted = {group.kind.key: group for group in groups if group.kind.key not in self._closed}
        for key in [key for key in self._boxes if key not in wanted]:
            self._boxes.pop(key).deleteLater()
        self._boxes = {key: self._boxes.get(key) or self._new_box(group) for key, group in wanted.items()}
        for key, group in wanted.items():
            self._boxes[key].set_curves(list(self._curves(group, runs)))
            self._boxes[key].plot.set_lines(group.kind.lines_of(runs))
        shown = self.desk.state().run
        self._tools.set_runs(
            [(run.path, run.name, run in runs) for run in self._runs.candidates()], "" if shown is None else shown.path
        )
        self._tools.set_plots([(g.kind.key, tr(g.kind.title), g.kind.key in wanted) for g in groups])
        self._name_runs(runs)
        self._place_boxes()
        self._show_empty()
        self._place_marks()
        self._place_cursor()
        over_each_other = tuple(run.path for run in runs)
        if over_each_other != self._over_each_other:  # other runs have other lengths and heights
            self._over_each_other = over_each_other
            self.reset_view()
        self._draw_soon()

    def _new_box(self, group: Group) -> CurveBox:
        box = CurveBox(tr(group.kind.title), log=group.kind.log)
        plot = box.plot
        if group.kind.height is not None:
            plot.set_fixed_y(*group.kind.height)
        box.set_view(self._tools.view())
        plot.clicked.connect(self._scrub_to)
        plot.unclicked.connect(self._scrub_back)
        plot.fitted.connect(self.reset_view)
        plot.hovered.connect(self.hover)
        plot.rangeChosen.connect(self._share_range)
        plot.menuWanted.connect(self._show_menu)
        box.hiddenChanged.connect(self._draw_soon)
        return box

    def _curves(self, group: Group, runs: list[RunFacts]) -> Iterator[Curve]:
        """With one run a metric has its colour and dashes; with several a run has its colour and number, a metric its
        dashes, and the legend names each metric once."""
        named: set[str] = set()
        inks = theme.colours(self.palette()).series
        for r, run in enumerate(runs):
            series = self._runs.series(run.path)
            for m, name in enumerate(group.metrics):
                if name in series:
                    several = len(runs) > 1
                    title = f"{r + 1} {curve_title(name)}" if several else curve_title(name)
                    ink = curve_drawing.ink(inks[(r if several else m) % len(inks)], m)
                    yield Curve(f"{run.path}\n{name}", title, series[name], ink, name, quiet=name in named)
                    named.add(name)

    def _name_runs(self, runs: list[RunFacts]) -> None:
        """Say which number and colour is which run, where there are several."""
        inks = theme.colours(self.palette()).series
        ink = [curve_drawing.ink(inks[r % len(inks)], 0) for r in range(len(runs))]
        entries = [Entry(run.path, f"{r + 1} {run.name}", ink[r]) for r, run in enumerate(runs)]
        self._run_names.set_entries(entries if len(runs) > 1 else ())
        self._run_names.setVisible(len(runs) > 1)

    def _place_boxes(self) -> None:
        """As many plots beside each other as fit."""
        count = len(self._boxes)
        rows = -(-count // max(1, self.width() // BOX_WIDTH))
        columns = -(-count // rows) if rows else 1
        while self._grid.count():
            self._grid.takeAt(0)
        for index, box in enumerate(self._boxes.values()):
            self._grid.addWidget(box, index // columns, index % columns)
            box.setMinimumHeight(BOX_HEIGHT)
            box.show()

    def _show_empty(self) -> None:
        """Say what would fill the panel, and offer it."""
        state = self.desk.state()
        if self._metrics:
            self._empty.say(tr("All plots are closed."), tr("Open all plots"))
        else:
            self._empty.say(*curve_offer.offer(state), able=state.ready is not None)
        self._pages.setCurrentWidget(self._scroll if self._boxes else self._empty)

    @Slot()
    def fill(self) -> None:
        """Do what the empty panel offers."""
        if self._metrics:
            self._closed.clear()
            self._arrange()
        else:
            self.desk.post(curve_offer.command(self.desk.state()))

    # ---------------------------------------------------------------------------------------------- the x axis

    def _x_of(self, steps: list[int]) -> list[float]:
        """Steps on the axis that is chosen."""
        axis, reference = self._tools.view().axis, self._runs.reference()
        if axis == "step" or reference is None:
            return [float(step) for step in steps]
        at = np.minimum(np.searchsorted(reference.steps, steps), len(reference) - 1)
        return [float(x) for x in reference.x(axis)[at]]

    def _step_of(self, x: float) -> int:
        """The step at a place of the axis."""
        axis, reference = self._tools.view().axis, self._runs.reference()
        at = reference.nearest(x, axis) if reference is not None and axis != "step" else None
        return round(x) if at is None or reference is None else int(reference.steps[at])

    def _place_marks(self) -> None:
        """The events of the run that is shown, on all plots."""
        run = self.desk.state().run
        history = self.desk.stores.runs.get(run.path) if run is not None else None
        events = sorted(history.marks) if history is not None else []
        places = self._x_of([step for step, _ in events])
        texts = [tr("Step {step}: {what}", step=step, what=what) for step, what in events]
        marks = [EventMark(x, text) for x, text in zip(places, texts, strict=True)]
        for box in self._boxes.values():
            box.plot.set_marks(marks)

    def _place_cursor(self) -> None:
        at = self.desk.state().at_step
        x = None if at is None else self._x_of([at])[0]
        for box in self._boxes.values():
            box.set_cursor(x)

    # ---------------------------------------------------------------------------------------------- drawing

    def set_view(self, view: PlotView) -> None:
        """Look at all curves in another way."""
        self._tools.set_view(view)

    @Slot()
    def _view_chosen(self) -> None:
        self._note.hide()
        view = self._tools.view()
        for box in self._boxes.values():
            box.set_view(view)
        self._place_marks()
        self._place_cursor()
        self._due = 0.0  # a hand does not wait
        self._draw_soon()

    @Slot()
    def _draw_soon(self) -> None:
        """Redraw at the next due time."""
        self._fresh = True
        if self.isVisible() and not self._pace.isActive():
            self._pace.start(max(0, round((self._due - time.perf_counter()) * 1000)))

    @Slot()
    def _redraw(self) -> None:
        """Draw what is new in the plots that are in view; the others follow when they are scrolled to."""
        if not self._fresh:
            return
        began = time.perf_counter()
        self._fresh = False
        in_view = [box for box in self._boxes.values() if not box.visibleRegion().isEmpty()]
        done = [box.refresh() for box in in_view]
        now = time.perf_counter()
        cost = now - began + sum(box.plot.paint_s for box in in_view)
        self._due = began + max(PERIOD_S, cost / SHARE)
        if not all(done):
            self._fresh = True
            self._pace.start(SMOOTHING_MS)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._draw_soon()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_boxes()
        self._draw_soon()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_pages"):
            self._arrange()  # the curves have the colours of the theme

    # ---------------------------------------------------------------------------------------------- hands

    @Slot(float)
    def _scrub_to(self, x: float) -> None:
        state = self.desk.state()
        if state.run is not None:
            self._scrubbed_from = state.at_step
            self.desk.act(Scrub(min(max(self._step_of(x), 0), state.last_step)))

    @Slot()
    def _scrub_back(self) -> None:
        """The click was the first half of a double click: the scrubber goes back."""
        self.desk.act(Scrub(self._scrubbed_from))

    @Slot(object)
    def hover(self, x: float | None) -> None:
        """Show the values of all curves at x; None: the newest."""
        for box in self._boxes.values():
            box.set_hover(x)

    @Slot(float, float)
    def _share_range(self, x0: float, x1: float) -> None:
        """All plots show the same steps."""
        for box in self._boxes.values():
            if box.plot is not self.sender():
                box.plot.set_x_range(x0, x1)

    @Slot(object)
    def _show_menu(self, place: QPoint) -> None:
        self._menu_plot = self.sender()
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(tr("Fit everything (double-click)"), self.reset_view)
        menu.addSeparator()
        menu.addAction(tr("Save the points in view (CSV)…"), self.ask_for_csv)
        menu.addAction(tr("Save this plot (PNG)…"), self.ask_for_png)
        menu.popup(place)

    # ---------------------------------------------------------------------------------------------- files

    @Slot()
    def ask_for_csv(self) -> None:
        self._ask(tr("Save the points in view"), "curves.csv", tr("CSV (*.csv)"), self.export_csv)

    @Slot()
    def ask_for_png(self) -> None:
        self._ask(tr("Save this plot"), "curves.png", tr("PNG (*.png)"), self.export_png)

    def _ask(self, title: str, name: str, kinds: str, then: Callable[[str], None]) -> None:
        dialog = QFileDialog(self, title, name, kinds)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(name.rsplit(".", 1)[-1])
        dialog.fileSelected.connect(then)
        dialog.open()

    @Slot(str)
    def export_png(self, file: str) -> None:
        """Save the plot whose menu was opened, as it is seen."""
        plot = self._menu_plot or next((box.plot for box in self._boxes.values()), None)
        if plot is not None and plot.grab().save(file, "PNG"):
            self._say(tr("Saved {file}.", file=file))
        else:
            self._say(tr("{file} could not be written; choose another folder.", file=file))

    @Slot(str)
    def export_csv(self, file: str) -> None:
        """Write the points in view of all curves that are shown, unsmoothed, while the window goes on."""
        boxes = list(self._boxes.values())
        if boxes:
            curves = [curve for box in boxes for curve in box.plot.curves()]
            self._writer.write(Path(file), curves, self._tools.view().axis, *boxes[0].plot.x_range())

    @Slot(str)
    def _say(self, text: str) -> None:
        """Say something for a while, or until the next change."""
        self._note.setText(text)
        self._note.show()
        self._note_over.start()
