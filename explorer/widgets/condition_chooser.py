"""What a conditional model is asked for: one list per column, each with "any" for the frequencies of the data."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QComboBox, QFormLayout, QWidget

from explorer.text import tr

Condition = tuple[tuple[str, str], ...]  # (column, value) pairs, as a point carries them


class ConditionChooser(QWidget):
    """Columns and values of a condition; hidden for models without one. `picked(condition)` comes from the hands."""

    picked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._columns: Mapping[str, tuple[str, ...]] = {}
        self._lists: dict[str, QComboBox] = {}
        self._form = QFormLayout(self)
        self._form.setContentsMargins(0, 0, 0, 0)
        self.hide()

    def set_columns(self, columns: Mapping[str, tuple[str, ...]]) -> None:
        """Offer other columns."""
        if dict(columns) == dict(self._columns):
            return
        self._columns = dict(columns)
        while self._form.rowCount():
            self._form.removeRow(0)
        self._lists = {}
        for name, values in self._columns.items():
            chooser = QComboBox()
            chooser.addItem(tr("any"), "")
            for value in values:
                chooser.addItem(value, value)
            chooser.setAccessibleName(name)
            chooser.activated.connect(self._picked)
            self._form.addRow(name.replace("_", " ").capitalize(), chooser)
            self._lists[name] = chooser
        self.setVisible(bool(self._lists))

    def set_condition(self, condition: Condition) -> None:
        """Show a condition without a signal."""
        wanted = dict(condition)
        for name, chooser in self._lists.items():
            chooser.setCurrentIndex(max(chooser.findData(wanted.get(name, "")), 0))

    def condition(self) -> Condition:
        values = ((name, str(chooser.currentData())) for name, chooser in self._lists.items())
        return tuple((name, value) for name, value in values if value)

    @Slot()
    def _picked(self) -> None:
        self.picked.emit(self.condition())
