"""All runs on this machine: what they are, how far, how good; open, resume, rename, compare, put into the trash."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable

from PySide6.QtCore import QPoint, QSize, Qt, Slot
from PySide6.QtGui import QIcon, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QMenu,
    QSizePolicy,
    QStackedWidget,
    QTableWidget,
    QTableWidgetItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

import engine
from engine import Event, RunFacts
from explorer import theme
from explorer.panel import Desk, Panel
from explorer.state import Action, ChooseData, ChooseSnapshot, PlanRun, ShowRun, State
from explorer.text import mark, tr
from explorer.widgets.thumbnail import thumbnail

ICON = 40
NARROWEST, WIDEST = (120, 48, 56, 80, 72, 80, 100), (280, 90, 84, 190, 170, 170, 130)  # of the columns, px
HEADS = (mark("Run"), mark("Step"), mark("Status"), mark("Family"), mark("Data"), mark("Best"), mark("Begun"))
STEP, STATUS = 1, 2
FACTS = (mark("Family"), mark("Preset"), mark("Data"), mark("Seed"), mark("Step"), mark("Status"))


class RunsPanel(Panel):
    """A table of runs; two that are selected can be compared side by side."""

    key = "runs"
    title = mark("Runs")

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(desk, parent)
        self._runs: tuple[RunFacts, ...] = ()
        self._fitted: tuple[str, ...] = ()  # the names that the columns are as wide as
        self._table = _table([tr(head) for head in HEADS])
        self._table.setIconSize(QSize(ICON, ICON))
        self._table.verticalHeader().setDefaultSectionSize(ICON + 6)
        self._table.cellDoubleClicked.connect(self._open_row)
        self._table.itemSelectionChanged.connect(self._show_buttons)
        self._table.itemChanged.connect(self._take_name)
        self._table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._table.customContextMenuRequested.connect(self._show_menu)
        self._comparison = _table([tr("Setting")])
        self._empty = theme.label(tr("No runs yet. Space starts one."), muted=True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
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
        rows = sorted({index.row() for index in self._table.selectedIndexes()})
        return tuple(self._runs[row] for row in rows if row < len(self._runs))

    def clear_selection(self) -> bool:
        """The key Esc; True where there was something to clear."""
        had = bool(self.selected()) or self._view.currentWidget() is self._comparison
        self._table.clearSelection()
        if self._view.currentWidget() is self._comparison:
            self._buttons["compare"].setChecked(False)
            self._view.setCurrentWidget(self._table)
        return had

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
            self.desk.act(ChooseData(run.data))

    @Slot()
    def rename(self) -> None:
        rows = sorted({index.row() for index in self._table.selectedIndexes()})
        if rows:
            self._table.edit(self._table.model().index(rows[0], 0))

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
        """The settings of the selected runs side by side; what differs is bold."""
        if not on:
            self._view.setCurrentWidget(self._table)
            return
        _fill_comparison(self._comparison, tuple(_as_it_stands(run, self.desk.state()) for run in self.selected()))
        self._view.setCurrentWidget(self._comparison)

    @Slot(int, int)
    def _open_row(self, row: int, _column: int) -> None:
        self._table.selectRow(row)
        self.open()

    @Slot(QTableWidgetItem)
    def _take_name(self, item: QTableWidgetItem) -> None:
        run = self._runs[item.row()]
        name = item.text().strip()
        if item.column() == 0 and name and name != run.name:
            self.desk.post(engine.RenameRun(run.path, name))

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
        if "runs" in changed:
            self._fill(state.runs)
        if changed & {"runs", "run", "training", "train", "followed"}:
            self._show_standing(state)
        if changed & {"runs", "training", "ready"}:
            self._show_buttons()

    def _fill(self, runs: tuple[RunFacts, ...]) -> None:
        kept = {run.path for run in self.selected()}
        self._runs = tuple(sorted(runs, key=_begun, reverse=True))
        self._table.blockSignals(True)
        self._table.setRowCount(len(self._runs))
        for row, run in enumerate(self._runs):
            self._fill_row(row, run)
        self._table.blockSignals(False)
        self._table.clearSelection()
        for row, run in enumerate(self._runs):
            if run.path in kept:
                self._table.selectRow(row)
        if self._view.currentWidget() is not self._comparison:
            self._view.setCurrentWidget(self._table if self._runs else self._empty)
        self._fit_columns()
        self._show_buttons()

    def _fit_columns(self) -> None:
        """As wide as what is in them, within limits; a width that a person chose stays while the names are the same."""
        names = tuple(run.name for run in self._runs)
        if names == self._fitted:
            return
        self._fitted = names
        for column, (narrowest, widest) in enumerate(zip(NARROWEST, WIDEST, strict=True)):
            wanted = max(self._table.sizeHintForColumn(column), self._table.horizontalHeader().sectionSizeHint(column))
            self._table.setColumnWidth(column, min(max(wanted + theme.GRID, narrowest), widest))

    def _fill_row(self, row: int, run: RunFacts) -> None:
        look = theme.colours(self.palette())
        preset = f" · {run.preset}" if run.preset else ""
        metrics = "  ".join(f"{name} {value:.4g}" for name, value in sorted(run.metrics.items())[:2])
        begun = time.strftime("%Y-%m-%d %H:%M", time.localtime(run.created)) if run.created else ""
        texts = (run.name, _spaced(run.step), run.status, run.family + preset, run.data_title, metrics, begun)
        for column, text in enumerate(texts):
            item = QTableWidgetItem(text)
            item.setToolTip(run.problem or (run.path if column == 0 else text))
            if column:
                item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEditable)
            if run.problem:
                item.setForeground(look.muted)
            if column == 0:
                item.setIcon(QIcon(thumbnail(run.thumbnail, ICON, look, self.devicePixelRatioF())))
            self._table.setItem(row, column, item)

    def _show_standing(self, state: State) -> None:
        """The step and status of the run that trains, and which run is shown."""
        self._table.blockSignals(True)
        for row, run in enumerate(self._runs):
            font = self._table.font()
            font.setBold(state.run is not None and run.path == state.run.path)
            cells = [self._table.item(row, column) or QTableWidgetItem() for column in range(3)]
            cells[0].setFont(font)
            now = _as_it_stands(run, state)
            if now is not run:
                cells[STEP].setText(_spaced(now.step))
                cells[STATUS].setText(now.status)
        self._table.blockSignals(False)

    @Slot()
    def _show_buttons(self) -> None:
        chosen, training = self.selected(), self.desk.state().training
        whole = [run for run in chosen if not run.problem]
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
        self._width = sum(button.sizeHint().width() + row.spacing() for button in buttons)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> QSize:
        return QSize(len(self._buttons) * self._buttons[0].sizeHint().height(), self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        styles = Qt.ToolButtonStyle
        style = styles.ToolButtonTextBesideIcon if self._width <= self.width() else styles.ToolButtonIconOnly
        for button in self._buttons:
            button.setToolButtonStyle(style)


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


def _table(heads: list[str]) -> QTableWidget:
    table = QTableWidget(0, len(heads))
    table.setHorizontalHeaderLabels(heads)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
    table.setFrameShape(QTableWidget.Shape.NoFrame)
    table.setShowGrid(False)
    table.setWordWrap(False)
    table.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # runs of a kind differ at the end of their names
    table.verticalHeader().hide()
    header = table.horizontalHeader()
    header.setHighlightSections(False)
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
    header.setStretchLastSection(True)
    return table


def _fill_comparison(table: QTableWidget, runs: tuple[RunFacts, ...]) -> None:
    """A row for each setting that any of the runs has; those that differ come first and are bold."""
    facts = [_settings_of(run) for run in runs]
    names = list(dict.fromkeys(name for each in facts for name in each))
    names.sort(key=lambda name: len({each.get(name, "") for each in facts}) == 1)
    table.setColumnCount(1 + len(runs))
    table.setHorizontalHeaderLabels([tr("Setting"), *(run.name for run in runs)])
    table.setRowCount(len(names))
    for row, name in enumerate(names):
        values = [each.get(name, "") for each in facts]
        font = table.font()
        font.setBold(len(set(values)) > 1)
        for column, text in enumerate((name, *values)):
            item = QTableWidgetItem(text)
            item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEditable)
            item.setFont(font)
            table.setItem(row, column, item)
    table.resizeColumnsToContents()


def _as_it_stands(run: RunFacts, state: State) -> RunFacts:
    """The run with the step and status of this moment, where it trains here or is followed."""
    followed = state.followed.get(run.path)
    if followed is not None:
        return dataclasses.replace(run, step=followed.step, status=followed.status)
    if state.train is None or run.path != state.train.path:
        return run
    return dataclasses.replace(run, step=state.train.step, status=state.train.phase)


def _settings_of(run: RunFacts) -> dict[str, str]:
    values = (run.family, run.preset, run.data_title, str(run.seed), _spaced(run.step), run.status)
    facts = {tr(name): value for name, value in zip(FACTS, values, strict=True)}
    return facts | {
        name: f"{value:g}" if isinstance(value, float) else str(value) for name, value in run.values.items()
    }


def _begun(run: RunFacts) -> float:
    return run.created


def _spaced(number: int) -> str:
    return f"{number:,}".replace(",", " ")
