"""The table of runs: two lines for each, so that what it is, how far and how it stands is seen in a narrow panel."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import QEvent, QSize, Qt, Signal, Slot
from PySide6.QtGui import QIcon, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from engine import RunFacts
from explorer import theme
from explorer.explored import grouped
from explorer.text import mark, tr
from explorer.widgets.curve_box import value_text
from explorer.widgets.thumbnail import thumbnail
from explorer.widgets.two_lines import ALARM, BELOW, TwoLines, row_height

ICON = 36  # side of a thumbnail, px
NAME = 300  # room that the name has at least before other columns are shown, px
HEADS = (mark("Run"), mark("Step"), mark("Latest loss"), mark("Begun"))
RUN, STEP, LOSS, BEGUN = range(4)
BROKEN = mark("broken")
STATES = (
    BROKEN,
    mark("running"),
    mark("paused"),
    mark("loading"),
    mark("ended"),
    mark("failed"),
    mark("interrupted"),
)


class RunTable(QTableWidget):
    """Rows of runs. `named(path, name)` follows a name that was typed."""

    named = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, len(HEADS), parent)
        self._runs: tuple[RunFacts, ...] = ()
        self.setItemDelegate(TwoLines(self))
        self.setHorizontalHeaderLabels([tr(head) for head in HEADS])
        self.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(tr("Runs"))
        plain(self)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(RUN, QHeaderView.ResizeMode.Stretch)
        self.itemChanged.connect(self._take_name)

    def runs(self) -> tuple[RunFacts, ...]:
        return self._runs

    def selected(self) -> tuple[RunFacts, ...]:
        rows = sorted({index.row() for index in self.selectedIndexes()})
        return tuple(self._runs[row] for row in rows if row < len(self._runs))

    def show_runs(self, runs: Sequence[RunFacts], describe: Callable[[RunFacts], str]) -> None:
        """Show these runs, what `describe` says below their names; what was selected stays so."""
        kept = {run.path for run in self.selected()}
        self._runs = tuple(runs)
        self.blockSignals(True)
        self.setRowCount(len(self._runs))
        for row, run in enumerate(self._runs):
            self._fill_row(row, run, describe(run))
        self.blockSignals(False)
        self._draw_thumbnails()
        self.clearSelection()
        for row, run in enumerate(self._runs):
            if run.path in kept:
                self.selectRow(row)
        self._fit()

    def show_standing(self, row: int, run: RunFacts, *, shown: bool) -> None:
        """The step and status of this moment, and whether it is the run that is shown."""
        font = self.font()
        font.setBold(shown)
        self.blockSignals(True)
        self.item(row, RUN).setFont(font)
        state = run.status if run.family else BROKEN
        step = self.item(row, STEP)
        step.setText(grouped(run.step) if run.family else "\u2013")
        step.setData(BELOW, tr(state) if state in STATES else state)
        step.setData(ALARM, state in ("failed", BROKEN))
        step.setToolTip(run.problem)
        self.blockSignals(False)
        if self.sizeHintForColumn(STEP) + theme.GRID > self.columnWidth(STEP):
            self._fit()
        self.viewport().update()

    def rename(self) -> None:
        """Type another name for the first selected run."""
        rows = sorted({index.row() for index in self.selectedIndexes()})
        if rows:
            self.edit(self.model().index(rows[0], RUN))

    # ---------------------------------------------------------------------------------------------- how it is done

    def _fill_row(self, row: int, run: RunFacts, description: str) -> None:
        begun = time.localtime(run.created)
        lines = [
            (run.name, description if run.family else run.problem),
            ("", ""),
            losses(run.metrics),
            (time.strftime("%Y-%m-%d", begun), time.strftime("%H:%M", begun)) if run.created else ("", ""),
        ]
        for column, (above, below) in enumerate(lines):
            item = QTableWidgetItem(above)
            item.setData(BELOW, below)
            known = (above, below, run.problem if run.family else "", run.path) if column == RUN else (above, below)
            item.setToolTip("\n".join(part for part in known if part))
            if column != RUN or not run.family:
                item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEditable)
            self.setItem(row, column, item)
        self.show_standing(row, run, shown=False)

    def _icon(self) -> int:
        return round(ICON * theme.scale())

    def _draw_thumbnails(self) -> None:
        """In the colours of the theme, as large as the lines beside them."""
        look, ratio, side = theme.colours(self.palette()), self.devicePixelRatioF(), self._icon()
        self.setIconSize(QSize(side, side))
        self.blockSignals(True)
        for row, run in enumerate(self._runs):
            self.item(row, RUN).setIcon(QIcon(thumbnail(run.thumbnail, side, look, ratio)))
        self.blockSignals(False)

    def _fit(self) -> None:
        """As many columns as leave room for the name."""
        self.verticalHeader().setDefaultSectionSize(row_height(self.font(), self._icon()))
        left = self.viewport().width() - NAME * theme.scale()
        for column in (STEP, LOSS, BEGUN):
            width = max(self.sizeHintForColumn(column), self.horizontalHeader().sectionSizeHint(column)) + theme.GRID
            left -= width
            self.setColumnHidden(column, column != STEP and left < 0)
            self.setColumnWidth(column, width)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if not hasattr(self, "_runs"):
            return
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self._draw_thumbnails()
            self._fit()

    @Slot(QTableWidgetItem)
    def _take_name(self, item: QTableWidgetItem) -> None:
        run = self._runs[item.row()]
        name = item.text().strip()
        if item.column() == RUN and name and name != run.name:
            self.named.emit(run.path, name)


def plain(table: QTableWidget) -> None:
    """Rows without lines between them, whole rows selected, a quiet head."""
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setFrameShape(QTableWidget.Shape.NoFrame)
    table.setShowGrid(False)
    table.setWordWrap(False)
    table.verticalHeader().hide()
    header = table.horizontalHeader()
    header.setHighlightSections(False)
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    header.setTextElideMode(Qt.TextElideMode.ElideMiddle)
    theme.set_type(header, theme.SMALL)


def losses(metrics: Mapping[str, float]) -> tuple[str, str]:
    """The latest losses in two lines; no loss of a game between two networks is ever a best one."""
    names = sorted(name for name in metrics if name == "loss" or name.startswith("loss/"))
    told = [f"{name.rpartition('/')[2]} {value_text(metrics[name])}" for name in names]
    return (told[0] if told else "", "  ".join(told[1:3]))
