"""A group that folds: a line with its name, and what belongs to it below.

superqt's QCollapsible is not used: it sets a style sheet, which makes Qt leave the palette of the theme.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QSizePolicy, QToolButton, QVBoxLayout, QWidget

from explorer import theme
from explorer.text import tr


class Section(QWidget):
    """A named group of widgets; a click on its name folds it."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._button = QToolButton()
        self._button.setText(title)
        self._button.setToolTip(tr("Fold or open this group"))
        self._button.setAutoRaise(True)
        self._button.setArrowType(Qt.ArrowType.DownArrow)
        self._button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.set_type(self._button, theme.SMALL, bold=True)
        self._button.clicked.connect(self._toggle)
        self._body = QWidget()
        self._rows = QVBoxLayout(self._body)
        self._rows.setContentsMargins(theme.GRID, 0, 0, 0)
        self._rows.setSpacing(theme.GRID // 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.GRID // 2)
        layout.addWidget(self._button)
        layout.addWidget(self._body)

    def add(self, widget: QWidget) -> None:
        self._rows.addWidget(widget)

    def is_open(self) -> bool:
        return not self._body.isHidden()

    @Slot()
    def _toggle(self) -> None:
        self.set_open(not self.is_open())

    def set_open(self, open_: bool) -> None:
        self._button.setArrowType(Qt.ArrowType.DownArrow if open_ else Qt.ArrowType.RightArrow)
        self._body.setVisible(open_)
