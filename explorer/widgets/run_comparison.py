"""The settings of several runs side by side: what differs first, then what only one has; what is the same is muted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QTableWidget, QTableWidgetItem, QWidget

from engine import FamilyCard, RunFacts
from explorer import theme
from explorer.explored import grouped
from explorer.forms import shown, title_of
from explorer.text import mark, tr
from explorer.widgets.run_table import plain

WHAT = (mark("Family"), mark("Preset"), mark("Data"))
HOW_FAR = (mark("Seed"), mark("Step"), mark("Status"))
NAMES = 0.34  # share of the width that the names of the settings may take
NARROWEST = 100  # column of a run; narrower ones are scrolled, px


class RunComparison(QTableWidget):
    """A column for each run, as wide as each other."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, 1, parent)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setAccessibleName(tr("Settings of the selected runs"))
        plain(self)

    def show_runs(self, runs: Sequence[RunFacts], cards: Mapping[str, FamilyCard]) -> None:
        """Show these runs; `cards` know the families by name."""
        facts = [_facts(run, cards.get(run.family)) for run in runs]
        names = list(dict.fromkeys(name for each in facts for name in each))
        differing = {name for name in names if len({each.get(name, "") for each in facts}) > 1}
        last = {tr(name) for name in HOW_FAR}
        names.sort(key=lambda name: (name not in differing, name in last, any(name not in each for each in facts)))
        self.setColumnCount(1 + len(runs))
        self.setHorizontalHeaderLabels([tr("Setting"), *(run.name for run in runs)])
        self.setRowCount(len(names))
        for row, name in enumerate(names):
            for column, text in enumerate((name, *(each.get(name, "\u2013") for each in facts))):
                item = QTableWidgetItem(text)
                item.setToolTip(text)
                font = self.font()
                font.setBold(name in differing and column == 0)
                item.setFont(font)
                item.setData(Qt.ItemDataRole.UserRole, name in differing)
                self.setItem(row, column, item)
        for column, run in enumerate(runs, 1):
            self.horizontalHeaderItem(column).setToolTip(run.name)
        self._dress()
        self._fit()
        self.scrollToTop()

    def _dress(self) -> None:
        """What is the same steps back."""
        look = theme.colours(self.palette())
        for row in range(self.rowCount()):
            for column in range(self.columnCount()):
                item = self.item(row, column)
                item.setForeground(look.ink if item.data(Qt.ItemDataRole.UserRole) else look.muted)

    def _fit(self) -> None:
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + theme.GRID)
        runs, room = self.columnCount() - 1, self.viewport().width()
        if runs < 1:
            return
        names = min(self.sizeHintForColumn(0) + theme.GRID, round(NAMES * room))
        self.setColumnWidth(0, names)
        for column in range(1, runs + 1):
            self.setColumnWidth(column, max((room - names) // runs, NARROWEST))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._dress()


def _facts(run: RunFacts, card: FamilyCard | None) -> dict[str, str]:
    """What is known of a run, in words, by the name of the setting."""
    knobs = {knob.name: knob for knob in card.knobs} if card is not None else {}
    preset = next((each.title for each in card.presets if each.name == run.preset), "") if card is not None else ""
    what = (card.title if card is not None else run.family, preset or run.preset, run.data_title)
    how_far = (str(run.seed), grouped(run.step), run.status)
    settings = {
        title_of(knobs[name]) if name in knobs else name: shown(knobs[name], value) if name in knobs else str(value)
        for name, value in run.values.items()
    }
    return (
        {tr(name): text for name, text in zip(WHAT, what, strict=True)}
        | settings
        | {tr(name): text for name, text in zip(HOW_FAR, how_far, strict=True)}
    )
