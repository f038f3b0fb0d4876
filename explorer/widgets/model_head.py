"""The head of a column that shows a model: which one it is, and a button that takes the column away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from explorer import theme
from explorer.text import tr
from explorer.widgets.calm_combo import CalmComboBox
from explorer.widgets.elided import ElidedLabel
from explorer.widgets.tool_button import ToolButton


@dataclass(frozen=True)
class Offered:
    """A line of the list; with `why` it cannot be chosen, for that reason."""

    key: str
    title: str
    why: str = ""


class ModelHead(QWidget):
    """`picked(column, key)` and `removed(column)` come from the hands."""

    picked = Signal(int, str)
    removed = Signal(int)

    def __init__(self, column: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._column = column
        self._offered: tuple[Offered, ...] = ()
        self.combo = CalmComboBox()
        self.combo.setMinimumContentsLength(4)
        self.combo.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.combo.setAccessibleName(tr("Model of column {column}", column=column + 1))
        theme.set_type(self.combo, theme.SMALL)
        self.combo.activated.connect(self._pick)
        self.close_button = ToolButton("close", tr("Take this column away"))
        theme.set_icon(self.close_button, "close", 12)
        self.close_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.close_button.clicked.connect(self._remove)
        self._name = ElidedLabel(size=theme.SMALL, bold=True)
        self._name.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._name.hide()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self._name, 1)
        layout.addWidget(self.combo, 1)
        layout.addWidget(self.close_button)

    def offer(self, offered: Sequence[Offered], chosen: str, short: str) -> None:
        """The models that there are, and the one that is shown; `short` is what a projector calls it."""
        with QSignalBlocker(self.combo):
            if tuple(offered) != self._offered:
                self._offered = tuple(offered)
                self.combo.clear()
                for each in offered:
                    self.combo.addItem(each.title, each.key)
                    last = self.combo.count() - 1
                    self.combo.setItemData(last, each.why or each.title, Qt.ItemDataRole.ToolTipRole)
                    rows = self.combo.model()
                    if each.why and isinstance(rows, QStandardItemModel):
                        rows.item(last).setEnabled(False)
                self.combo.view().setMinimumWidth(self.combo.view().sizeHintForColumn(0) + 3 * theme.GRID)
            self.combo.setCurrentIndex(self.combo.findData(chosen))
        self.combo.setToolTip(self.combo.currentText())
        self._name.setText(short)

    def present(self, on: bool) -> None:
        """Only the name, or what a hand needs."""
        self._name.setVisible(on)
        self.combo.setVisible(not on)
        self.close_button.setVisible(not on)

    @Slot(int)
    def _pick(self, index: int) -> None:
        self.picked.emit(self._column, str(self.combo.itemData(index)))

    @Slot()
    def _remove(self) -> None:
        self.removed.emit(self._column)
