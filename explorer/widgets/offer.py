"""What an empty panel says: a sentence about what would fill it, and a button that does it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from explorer import theme


class Offer(QWidget):
    """`taken` comes from the button."""

    taken = Signal()

    def __init__(self, text: str = "", button: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = theme.label(muted=True)
        self._text.setWordWrap(True)
        self._text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._button = QPushButton()
        self._button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._button.clicked.connect(self.taken)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * theme.GRID, 2 * theme.GRID, 2 * theme.GRID, 2 * theme.GRID)
        layout.setSpacing(theme.GRID)
        layout.addStretch(1)
        layout.addWidget(self._text)
        layout.addWidget(self._button, 0, Qt.AlignmentFlag.AlignCenter)
        layout.addStretch(1)
        self.say(text, button)

    def say(self, text: str, button: str = "", *, able: bool = True) -> None:
        """Say `text`; without words for the button there is none."""
        self._text.setText(text)
        self._button.setText(button)
        self._button.setVisible(bool(button))
        self._button.setEnabled(able)

    def text(self) -> str:
        return self._text.text()

    def button(self) -> QPushButton:
        return self._button
