"""What the discriminator thinks: over the whole line or plane for points, under every sample for pictures.

References: Goodfellow et al. 2014 (arXiv 1406.2661) for D* and V(G, D); Jolicoeur-Martineau 2018 (arXiv 1807.00734) for
relativistic critics, whose scores mean something only in comparison.
"""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Slot
from PySide6.QtGui import QAction, QImage, QShowEvent
from PySide6.QtWidgets import QMenu, QStackedWidget, QToolButton, QVBoxLayout, QWidget
from superqt.utils import QFlowLayout

import engine
from engine import Decision, Event, Point, Scores
from explorer import theme
from explorer.explored import grouped
from explorer.panel import Desk, Panel
from explorer.panels.decision_subject import Subject, followed_points, run_of, subject_of
from explorer.provenance import decision_facts
from explorer.state import Action, ChooseSnapshot, State
from explorer.text import mark, tr
from explorer.widgets.decision_line import DecisionLine
from explorer.widgets.decision_plane import DecisionPlane
from explorer.widgets.modes import Modes, find_modes, reached
from explorer.widgets.scored_grid import ScoredGrid
from explorer.widgets.short_numbers import MINUS
from explorer.widgets.snapshot_chooser import SnapshotChooser
from explorer.widgets.value_bar import ValueBar

DECISION, SCORES, SAMPLES, GRID = "decision", "decision.scores", "decision.samples", "decision.grid"
POINTS_S, PICTURES_S = 0.1, 0.5  # between two requests
LINE_RESOLUTION, PLANE_RESOLUTION = 256, 64
POINTS = 1000  # of the data, and samples of G
OWN_SAMPLES = 36  # drawn where a snapshot has no run with grids
MOST_SAMPLES = 64

PARTS = (
    ("data", mark("Data"), mark("Points of the data")),
    ("samples", mark("Samples"), mark("Samples of G")),
    ("arrows", mark("Arrows"), mark("How the gradient of D would move samples")),
    ("modes", mark("Modes"), mark("Rings around the modes of the data: broken where G does not reach them")),
)


class DecisionPanel(Panel):
    """D of what is explored; of the run that trains, while that learns points."""

    key = "decision"
    title = mark("Decision")
    needs = ("critic",)

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(desk, parent)
        self._subject: Subject | None = None
        self._declined = ""  # the run on points instead of which something else was chosen
        self._grid_step: int | None = None  # of the run's sample grid in view; None where the samples were drawn for it
        self._asked_about: Subject | None = None  # whose facts were asked for
        self._awaits: dict[str, int] = {}  # channel -> the number that is in flight
        self._stale = True  # there is something newer to ask for
        self._due = 0.0
        self._answer: Decision | Scores | None = None
        self._modes: tuple[NDArray[np.float32], Modes] | None = None  # of the data that was seen last
        self._pace = QTimer(self)
        self._pace.setSingleShot(True)
        self._pace.timeout.connect(self._ask)
        self._chooser = SnapshotChooser(self.needs)
        self._chooser.picked.connect(self._choose)
        self._value = ValueBar()
        self._numbers = theme.label()
        self._numbers.setToolTip(
            tr(
                "Reached: the part of the data that has a sample close by. Covered: the modes of the data that get at "
                "least a quarter of the samples that would be their share."
            )
        )
        self._note = theme.label(size=theme.SMALL, muted=True)
        self._note.setWordWrap(True)
        self._empty = theme.label(muted=True)
        self._empty.setWordWrap(True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setMargin(2 * theme.GRID)
        self._line, self._plane, self._grid = DecisionLine(), DecisionPlane(), ScoredGrid()
        self._grid.chosen.connect(self._sample_chosen)
        self._show_menu = QToolButton()
        self._show_menu.setText(tr("Show"))
        self._show_menu.setToolTip(tr("What is drawn over the fields"))
        self._show_menu.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._show_menu.setMenu(QMenu(self._show_menu))
        self._parts = {name: self._part(tr(title), tr(hint)) for name, title, hint in PARTS}
        self._lay_out()
        self._show_subject()
        self.show_state(desk.state(), frozenset(State.__dataclass_fields__))

    def _part(self, title: str, hint: str) -> QAction:
        action = self._show_menu.menu().addAction(title)
        action.setToolTip(hint)
        action.setCheckable(True)
        action.setChecked(True)
        action.toggled.connect(self._show_parts)
        return action

    def _lay_out(self) -> None:
        bar = QWidget()
        flow = QFlowLayout(bar)
        flow.setContentsMargins(theme.GRID, theme.GRID // 2, theme.GRID, 0)
        flow.setHorizontalSpacing(theme.GRID)
        flow.setVerticalSpacing(theme.GRID // 2)
        for widget in (self._chooser, self._show_menu, self._value, self._numbers):
            flow.addWidget(widget)
        self._chooser.setMinimumWidth(200)
        self._fit()
        self._views = QStackedWidget()
        for view in (self._empty, self._line, self._plane, self._grid):
            self._views.addWidget(view)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, theme.GRID // 2)
        layout.setSpacing(theme.GRID // 2)
        layout.addWidget(bar)
        layout.addWidget(self._views, 1)
        note = QVBoxLayout()
        note.setContentsMargins(theme.GRID, 0, theme.GRID, 0)
        note.addWidget(self._note)
        layout.addLayout(note)

    def _fit(self) -> None:
        """One row for the eye, whatever the size of the type."""
        for widget in (self._value, self._numbers):
            widget.setMinimumHeight(self._chooser.sizeHint().height())

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and hasattr(self, "_views"):
            self._fit()

    def sizeHint(self) -> QSize:
        return QSize(560, 420)

    # ---------------------------------------------------------------------------------------------- what is told

    def snapshot(self, state: State) -> str:
        """Of the run on points that is at hand, unless it was declined; else what is explored."""
        followed = followed_points(state)
        return followed if followed and run_of(state, followed) != self._declined else super().snapshot(state)

    def show_state(self, state: State, changed: frozenset[str]) -> None:
        if not changed & {"explored", "at_step", "run", "opened", "training", "snapshots", "snapshot_steps", "ready"}:
            return
        followed = followed_points(state)
        subject = subject_of(state, self.snapshot(state))
        self._chooser.show_state(state)
        if subject is not None and subject.snapshot == followed:  # it came unasked
            self._chooser.setCurrentIndex(self._chooser.findData(followed))
        if subject != self._subject:
            self._subject = subject
            if not self._keeps_view(subject):
                self._answer = None
                self._awaits.clear()  # what is on its way does not fit any more
            self._show_subject()
        self._ask_soon()

    def take(self, event: Event | Action) -> None:
        subject = self._subject
        if isinstance(event, ChooseSnapshot):
            followed = followed_points(self.desk.state())
            self._declined = "" if event.snapshot == followed else run_of(self.desk.state(), followed)
            self.show_state(self.desk.state(), frozenset({"explored"}))
        elif isinstance(event, engine.LiveChanged):
            if subject is not None and subject.snapshot == engine.LIVE:
                self._ask_soon()
        elif isinstance(event, engine.GridDrawn) and not event.channel:
            if subject is not None and event.path == subject.grids_of and not subject.dims:
                self._ask_soon()
        elif isinstance(event, engine.Decision | engine.Scores):
            if self._is_wanted(event):
                self._show_answer(event)
        elif isinstance(event, engine.GridDrawn | engine.Frame):
            if self._is_wanted(event):
                self._take_samples(event.samples, event.step if isinstance(event, engine.GridDrawn) else None)
        elif isinstance(event, engine.Failed) and event.channel in self._awaits:
            del self._awaits[event.channel]
            self._note.setText(event.reason)

    def _is_wanted(self, answer: Decision | Scores | engine.GridDrawn | engine.Frame) -> bool:
        """Whether an answer is to the newest request of its channel; it is awaited no longer."""
        wanted = self._awaits.get(answer.channel) == answer.number
        if wanted:
            del self._awaits[answer.channel]
        return wanted

    def present(self, on: bool) -> None:
        """On a projector only D and its numbers."""
        self._chooser.setVisible(not on)
        self._show_menu.setVisible(not on and self._subject is not None and self._subject.dims > 0)
        self._note.setVisible(not on)

    def reset_view(self) -> None:
        """All parts shown, no sample chosen."""
        for action in self._parts.values():
            action.setChecked(True)
        if self._grid.index() >= 0:
            self._grid.choose(self._grid.index())

    def save_picture(self) -> tuple[QImage, dict[str, str]] | None:
        if self._answer is None or self._subject is None:
            return None
        answer = self._answer
        numbers: dict[str, float | list[float]] = {}
        if isinstance(answer, Decision):
            options = ["--count", str(len(answer.samples_ND)), "--resolution", str(len(answer.d))]
            for name in ("data", "samples", "arrows"):
                options += [] if self._parts[name].isChecked() else ["--hide", name]
            numbers["value"] = answer.value
        else:
            pictures, chosen = self._grid.samples(), self._grid.index()
            options = ["--count", str(0 if pictures is None else len(pictures))]
            options += [] if self._grid_step is None else ["--grid", str(self._grid_step)]
            options += ["--look", str(chosen)] if chosen >= 0 else []
            if self._grid.texts():  # else the scores of these pictures are on their way
                numbers["scores"] = [round(float(logit), 5) for logit in answer.logits_N]
        facts = decision_facts(answer.snapshot, answer.step, options, numbers)
        return self._views.currentWidget().grab().toImage(), facts

    # ---------------------------------------------------------------------------------------------- asking

    def _ask_soon(self) -> None:
        """Ask for what is new, at most so often, one request at a time, and only while somebody looks."""
        self._stale = True
        if self.isVisible() and not self._awaits and not self._pace.isActive():
            self._pace.start(max(0, round((self._due - time.perf_counter()) * 1000)))

    @Slot()
    def _ask(self) -> None:
        subject = self._subject
        if subject is None or not self._stale or self._awaits or not self.isVisible():
            return
        if subject.lacks_facts and self._asked_about != subject:
            self._asked_about = subject
            self.desk.post(engine.OpenSnapshot(subject.snapshot))
        self._stale = False
        self._due = time.perf_counter() + (POINTS_S if subject.dims else PICTURES_S)
        if subject.dims and subject.data is not None:
            resolution = LINE_RESOLUTION if subject.dims == 1 else PLANE_RESOLUTION
            number = self._await(DECISION)
            self.desk.post(engine.DrawDecision(DECISION, number, subject.snapshot, subject.data, resolution, POINTS))
        elif not subject.dims:
            self._ask_for_samples(subject)

    def _await(self, channel: str) -> int:
        number = self._awaits[channel] = self.desk.number()
        return number

    def _ask_for_samples(self, subject: Subject) -> None:
        """The sample grid of the run at the step that is looked at, or samples of the snapshot itself."""
        history = self.desk.stores.runs.get(subject.grids_of)
        at = self.desk.state().at_step
        if at is not None and subject.grids_of:
            self.desk.post(engine.ReadGrid(GRID, self._await(GRID), subject.grids_of, at))
        elif history is not None and history.grid is not None:
            self._take_samples(history.grid.samples, history.grid.step)
        else:
            points = tuple(Point(seed=engine.GRID_SEED, x=float(k)) for k in range(OWN_SAMPLES))
            self.desk.post(engine.DrawPoints(SAMPLES, self._await(SAMPLES), subject.snapshot, points))

    def _take_samples(self, samples: engine.Samples, grid_step: int | None) -> None:
        """Show samples, those of a run's grid or drawn for this, and ask what D thinks of them."""
        if self._subject is None or samples.ndim != 4:
            return
        self._grid_step = grid_step
        pictures = np.ascontiguousarray(samples[:MOST_SAMPLES], np.uint8)
        shown = self._grid.samples()
        if shown is None or not np.array_equal(shown, pictures):
            self._grid.set_samples(pictures)
        self._views.setCurrentWidget(self._grid)
        self._ask_for_scores()

    def _ask_for_scores(self) -> None:
        pictures = self._grid.samples()
        if self._subject is not None and pictures is not None:
            heat = self._grid.index() >= 0
            number = self._await(SCORES)
            self.desk.post(engine.ScoreSamples(SCORES, number, self._subject.snapshot, pictures, heat))

    @Slot(int)
    def _sample_chosen(self, index: int) -> None:
        if index >= 0:
            self._ask_for_scores()

    # ---------------------------------------------------------------------------------------------- showing

    def _keeps_view(self, subject: Subject | None) -> bool:
        """Another step of the same model: the last answer stays until the new one is there."""
        shown = {DecisionLine: 1, DecisionPlane: 2, ScoredGrid: 0}.get(type(self._views.currentWidget()))
        return subject is not None and subject.dims == shown and self._answer is not None

    def _show_subject(self) -> None:
        """What can be said before an answer is there."""
        subject = self._subject
        points = subject is not None and subject.dims > 0
        self._value.setVisible(points)
        self._numbers.setVisible(points)
        self._show_menu.setVisible(points)
        for name, action in self._parts.items():
            action.setVisible(name == "arrows" or (points and subject.dims == 2))
        self._note.setText(_caption(subject))
        if self._answer is not None:
            return
        self._value.set_value(None)
        self._numbers.setText("")
        self._empty.setText(_emptiness(subject))
        self._views.setCurrentWidget(self._empty)

    def _show_answer(self, answer: Decision | Scores) -> None:
        self._answer = answer
        self._note.setText(_caption(self._subject))
        if isinstance(answer, Scores):
            self._show_scores(answer)
        elif len(answer.extent) == 1:
            self._line.set_decision(answer)
            self._value.set_value(answer.value)
            self._numbers.setText(tr("step {step}", step=grouped(answer.step)))
            self._views.setCurrentWidget(self._line)
        else:
            self._show_plane(answer)
        if self._stale:
            self._ask_soon()

    def _show_plane(self, answer: Decision) -> None:
        modes = self._modes_of(answer)
        self._plane.set_decision(answer, modes)
        self._value.set_value(answer.value)
        share = round(100 * reached(answer.reals_ND, answer.samples_ND, answer.extent))
        said = tr("step {step} · reaches {share} % of the data", step=grouped(answer.step), share=share)
        if modes is not None:
            covered = int(modes.covered(answer.samples_ND).sum())
            said += " · " + tr("modes covered: {covered} of {count}", covered=covered, count=len(modes))
        self._numbers.setText(said)
        self._views.setCurrentWidget(self._plane)

    def _modes_of(self, answer: Decision) -> Modes | None:
        """The modes of the data; found once for the same data."""
        if self._modes is None or not np.array_equal(self._modes[0], answer.reals_ND):
            self._modes = (answer.reals_ND, find_modes(answer.reals_ND, answer.extent))
        modes = self._modes[1]
        return modes if len(modes) else None

    def _show_scores(self, answer: Scores) -> None:
        pictures = self._grid.samples()
        if pictures is None or len(pictures) != len(answer.logits_N):
            return
        relative = self._subject is not None and self._subject.scale == "difference"
        levels, texts = score_texts(answer.logits_N, relative=relative)
        self._grid.set_scores(levels, texts, answer.saliency_NHW, answer.peaks_N)
        said = [tr("D of step {step}.", step=grouped(answer.step)), _caption(self._subject)]
        if answer.saliency_NHW is not None and self._grid.index() >= 0:
            said.append(
                tr(
                    "The bar says how much D's logit rises per unit of brightness; black is {low}, white +1.",
                    low=MINUS + "1",
                )
            )
        self._note.setText(" ".join(said))
        self._views.setCurrentWidget(self._grid)

    # ---------------------------------------------------------------------------------------------- hands

    @Slot(str)
    def _choose(self, snapshot: str) -> None:
        self.desk.act(ChooseSnapshot(snapshot))
        if snapshot not in self.desk.state().snapshots:
            self.desk.post(engine.OpenSnapshot(snapshot))

    @Slot()
    def _show_parts(self) -> None:
        parts = frozenset(name for name, action in self._parts.items() if action.isChecked())
        self._plane.show_parts(parts)
        self._line.show_parts(parts)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale:
            self._ask_soon()


def score_texts(logits_N: NDArray[np.float32], *, relative: bool) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Bars (0..1) and texts of scores: D(x), or, for a relativistic critic, the logit above or below the middle one."""
    logits = logits_N.astype(np.float64)
    finite = logits[np.isfinite(logits)]
    if relative:
        logits = logits - (float(np.median(finite)) if len(finite) else 0.0)
    levels = 1.0 / (1.0 + np.exp(-np.clip(logits, -50, 50)))
    levels[~np.isfinite(logits)] = np.nan
    shown = logits if relative else levels
    form = "{:+.1f}" if relative else "{:.2f}"
    shown = np.where(np.abs(shown) < (0.05 if relative else 0.005), 0.0, shown)  # no "-0.0"
    return levels, tuple(form.format(v).replace("-", MINUS) if np.isfinite(v) else tr("NaN") for v in shown)


def _caption(subject: Subject | None) -> str:
    """What the numbers mean and do not mean."""
    if subject is None:
        return ""
    if subject.scale == "difference":
        return tr(
            "This D was trained to compare (relativistic loss): only differences of scores count, so a score says more "
            "or less real than the others here, not how likely it is real. Click one to see where D looks."
        )
    if subject.dims:
        return tr("Hatched: neither data nor samples are there, so D* has no value.") if subject.dims == 2 else ""
    return tr("Under each sample D(x), the probability that it is data. Click one to see where D looks.")


def _emptiness(subject: Subject | None) -> str:
    if subject is None:
        return tr("D appears here once a GAN is open. Start one with Space, or choose one above.")
    if subject.dims > 2:
        return tr("D is drawn for points on a line or in the plane, and for pictures; this data has {dims} dimensions.",
                  dims=subject.dims)  # fmt: skip
    return tr("D appears here with the first weights.")
