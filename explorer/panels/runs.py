"""All runs on this machine: what they are, how far, how good; open, resume, rename, compare, put into the trash."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from PySide6.QtCore import QEvent, QPoint, QSize, Qt, Slot
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QMenu,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

import engine
from engine import Event, RunFacts
from explorer import theme
from explorer.launch import card_of, start_command
from explorer.panel import Desk, Panel
from explorer.state import Action, ChooseData, ChooseSnapshot, PlanRun, ShowRun, State
from explorer.text import mark, tr
from explorer.widgets.offer import Offer
from explorer.widgets.run_comparison import RunComparison
from explorer.widgets.run_table import RunTable


class RunsPanel(Panel):
    """A table of runs; two that are selected can be compared side by side."""

    key = "runs"
    title = mark("Runs")

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(desk, parent)
        self._table = RunTable()
        self._table.cellDoubleClicked.connect(self._open_row)
        self._table.itemSelectionChanged.connect(self._show_buttons)
        self._table.named.connect(self._give_name)
        self._table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._table.customContextMenuRequested.connect(self._show_menu)
        self._comparison = RunComparison()
        self._empty = Offer(tr("No runs yet. Space starts one."), tr("Start new run"))
        self._empty.taken.connect(self.start)
        self._view = QStackedWidget()
        for widget in (self._empty, self._table, self._comparison):
            self._view.addWidget(widget)
        self._buttons = {name: _button(*facts) for name, facts in _BUTTONS.items()}
        for name, slot in self._slots().items():
            self._buttons[name].clicked.connect(slot)
        self._lay_out()
        self.show_state(desk.state(), frozenset(State.__dataclass_fields__))

    def _slots(self) -> dict[str, Callable[..., None]]:
        return {
            "open": self.open,
            "resume": self.resume,
            "explore": self.explore,
            "again": self.plan_again,
            "rename": self.rename,
            "compare": self.compare,
            "trash": self.trash,
            "folder": self.ask_for_folder,
        }

    def _lay_out(self) -> None:
        bar = _ButtonRow(list(self._buttons.values()))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.GRID, theme.GRID // 2, theme.GRID, theme.GRID)
        layout.setSpacing(theme.GRID // 2)
        layout.addWidget(bar)
        layout.addWidget(self._view, 1)

    def sizeHint(self) -> QSize:
        return QSize(480, 240)

    # ---------------------------------------------------------------------------------------------- hands

    def selected(self) -> tuple[RunFacts, ...]:
        return self._table.selected()

    def clear_selection(self) -> bool:
        """The key Esc; True where there was something to clear."""
        had = bool(self.selected()) or self._view.currentWidget() is self._comparison
        self._table.clearSelection()
        if self._view.currentWidget() is self._comparison:
            self._buttons["compare"].setChecked(False)
            self._view.setCurrentWidget(self._table)
        return had

    @Slot()
    def start(self) -> None:
        """Begin a first run by the plan."""
        self.desk.post(start_command(self.desk.state()))

    @Slot()
    def open(self) -> None:
        """Show the run's curves and pictures, and follow it while somebody writes it."""
        for run in self.selected()[:1]:
            if run.path == self.desk.state().training:  # everything of it is here
                self.desk.act(ShowRun(run.path))
            else:
                self.desk.post(engine.OpenRun(run.path))

    @Slot()
    def resume(self) -> None:
        for run in self.selected()[:1]:
            self.desk.post(engine.ResumeRun(run.path))

    @Slot()
    def explore(self) -> None:
        """Explore the run's newest snapshot in Arithmetic, Latent and Decision."""
        for run in self.selected()[:1]:
            snapshot = engine.run_snapshot(run.path)
            self.desk.post(engine.OpenSnapshot(snapshot))
            self.desk.act(ChooseSnapshot(snapshot))

    @Slot()
    def plan_again(self) -> None:
        """Put the run's settings and data into the plan for the next run."""
        for run in self.selected()[:1]:
            self.desk.act(PlanRun(run.family, run.preset, dict(run.values)))
            self.desk.act(ChooseData(run.data, tried=True))

    @Slot()
    def rename(self) -> None:
        self._table.rename()

    @Slot()
    def trash(self) -> None:
        """Put the selected runs into the trash; the one that trains stays."""
        for run in self.selected():
            if run.path != self.desk.state().training:
                self.desk.post(engine.TrashRun(run.path))

    @Slot()
    def ask_for_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, tr("Open a run folder"))
        if folder:
            self.desk.post(engine.OpenRun(folder))

    @Slot(bool)
    def compare(self, on: bool = True) -> None:
        """The settings of the selected runs side by side; what differs stands first."""
        if not on:
            self._view.setCurrentWidget(self._table)
            return
        state = self.desk.state()
        cards = {card.name: card for card in state.ready.families} if state.ready is not None else {}
        self._comparison.show_runs([_as_it_stands(run, state) for run in self.selected()], cards)
        self._view.setCurrentWidget(self._comparison)

    @Slot(int, int)
    def _open_row(self, row: int, _column: int) -> None:
        self._table.selectRow(row)
        self.open()

    @Slot(str, str)
    def _give_name(self, path: str, name: str) -> None:
        self.desk.post(engine.RenameRun(path, name))

    @Slot(QPoint)
    def _show_menu(self, place: QPoint) -> None:
        if self._table.itemAt(place) is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for name in ("open", "resume", "explore", "again", "rename", "trash"):
            action = menu.addAction(self._buttons[name].icon(), self._buttons[name].text())
            action.setEnabled(self._buttons[name].isEnabled())
            action.triggered.connect(self._buttons[name].click)
        menu.popup(self._table.viewport().mapToGlobal(place))

    # ---------------------------------------------------------------------------------------------- what is shown

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._refresh()

    def take(self, event: Event | Action) -> None:
        rests = isinstance(event, engine.TrainState) and event.phase in ("ended", "failed", "paused")
        if rests or isinstance(event, engine.RunOpened | engine.Ready):
            self._refresh()

    def _refresh(self) -> None:
        if self.isVisible() and self.desk.state().ready is not None:
            self.desk.post(engine.ListRuns())

    def show_state(self, state: State, changed: frozenset[str]) -> None:
        if changed & {"runs", "opened"}:
            listed = {run.path for run in state.runs}
            self._fill((*state.runs, *(run for path, run in state.opened.items() if path not in listed)))
        if changed & {"runs", "opened", "run", "training", "train", "followed"}:
            self._show_standing(state)
        if changed & {"runs", "opened", "training", "ready"}:
            self._show_buttons()
            self._empty.button().setEnabled(state.ready is not None)

    def _fill(self, runs: tuple[RunFacts, ...]) -> None:
        self._table.show_runs(sorted(runs, key=_begun, reverse=True), self._describe)
        if self._view.currentWidget() is not self._comparison:
            self._view.setCurrentWidget(self._table if runs else self._empty)
        self._show_buttons()

    def _describe(self, run: RunFacts) -> str:
        """Family, preset and data in words."""
        card = card_of(self.desk.state(), run.family)
        if card is None:
            return f"{run.family} · {run.preset}, {run.data_title}"
        preset = next((each.title for each in card.presets if each.name == run.preset), run.preset)
        return f"{card.title} · {preset}, {run.data_title}"

    def _show_standing(self, state: State) -> None:
        """The step and status of the run that trains, and which run is shown."""
        for row, run in enumerate(self._table.runs()):
            shown = state.run is not None and run.path == state.run.path
            self._table.show_standing(row, _as_it_stands(run, state), shown=shown)

    @Slot()
    def _show_buttons(self) -> None:
        chosen, training = self.selected(), self.desk.state().training
        whole = [run for run in chosen if run.family]  # a run that cannot be read says nothing of itself
        for name in ("open", "explore", "again"):
            self._buttons[name].setEnabled(len(chosen) == 1 and bool(whole))
        self._buttons["resume"].setEnabled(len(chosen) == 1 and bool(whole) and chosen[0].path != training)
        self._buttons["rename"].setEnabled(len(chosen) == 1 and bool(whole))
        self._buttons["compare"].setEnabled(len(whole) >= 2 or self._buttons["compare"].isChecked())
        self._buttons["trash"].setEnabled(bool(chosen) and any(run.path != training for run in chosen))
        self._buttons["folder"].setEnabled(self.desk.state().ready is not None)


# icon, text, help, stays down
_BUTTONS = {
    "open": ("chart-line", mark("Open"), mark("Show its curves and pictures, and follow it while it grows"), False),
    "resume": ("play", mark("Resume"), mark("Train on from its last checkpoint"), False),
    "explore": ("image-search-outline", mark("Explore"), mark("Explore its newest snapshot"), False),
    "again": ("content-duplicate", mark("Settings"), mark("Take its settings and data for the next run"), False),
    "rename": ("pencil-outline", mark("Rename"), mark("Give it another name (F2)"), False),
    "compare": (
        "compare-horizontal",
        mark("Compare"),
        mark("Settings of two or more selected runs side by side"),
        True,
    ),
    "trash": ("trash-can-outline", mark("Trash"), mark("Put it into the trash"), False),
    "folder": ("folder-open-outline", mark("Folder"), mark("Open a run folder elsewhere"), False),
}


class _ButtonRow(QWidget):
    """Buttons in one row: with their words where all have room, else icons whose tooltips say the words."""

    def __init__(self, buttons: list[QToolButton]) -> None:
        super().__init__()
        self._buttons = buttons
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        for button in buttons:
            row.addWidget(button)
        row.addStretch(1)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._measure()

    def minimumSizeHint(self) -> QSize:
        return QSize(len(self._buttons) * self._buttons[0].sizeHint().height(), self.sizeHint().height())

    def _measure(self) -> None:
        """The width that the words take."""
        self._set_style(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._width = sum(button.sizeHint().width() + self.layout().spacing() for button in self._buttons)

    def _fit(self) -> None:
        styles = Qt.ToolButtonStyle
        self._set_style(styles.ToolButtonTextBesideIcon if self._width <= self.width() else styles.ToolButtonIconOnly)

    def _set_style(self, style: Qt.ToolButtonStyle) -> None:
        for button in self._buttons:
            button.setToolButtonStyle(style)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._measure()
            self._fit()


def _button(icon: str, text: str, tip: str, checkable: bool) -> QToolButton:
    button = QToolButton()
    button.setText(tr(text))
    button.setToolTip(f"{tr(text)}: {tr(tip)}")
    button.setCheckable(checkable)
    button.setAutoRaise(True)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    theme.set_icon(button, icon)
    return button


def _as_it_stands(run: RunFacts, state: State) -> RunFacts:
    """The run with the step and status of this moment, where it trains here or is followed."""
    followed = state.followed.get(run.path)
    if followed is not None:
        return dataclasses.replace(run, step=followed.step, status=followed.status)
    if state.train is None or run.path != state.train.path:
        return run
    return dataclasses.replace(run, step=state.train.step, status=state.train.phase)


def _begun(run: RunFacts) -> float:
    return run.created
