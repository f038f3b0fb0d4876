"""A card in the corner that says one sentence: what could not be done and what to do, with details to copy."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QTimer, Slot
from PySide6.QtGui import QGuiApplication, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from explorer import theme
from explorer.text import tr

NOTICE_MS = 8000  # a notice goes by itself; a failure stays until it is read
WIDTH = 420


class Card(QFrame):
    """Floats over the lower right corner of its parent, clear of `above`; the newest sentence replaces the last."""

    def __init__(self, parent: QWidget, *, above: QWidget | None = None) -> None:
        super().__init__(parent)
        self._details = ""
        self._ground, self._above = parent, above
        self.setAutoFillBackground(True)
        self.setBackgroundRole(QPalette.ColorRole.Button)
        self._text = theme.label()
        self._text.setWordWrap(True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._copy = _button(tr("Copy details"), "content-copy")
        self._copy.clicked.connect(self._copy_details)
        self._close = _button(tr("Close"), "close")
        self._close.clicked.connect(self.hide)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self._copy)
        buttons.addWidget(self._close)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(2 * theme.GRID, 2 * theme.GRID, theme.GRID, theme.GRID)
        self._column.addWidget(self._text)
        self._column.addLayout(buttons)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(NOTICE_MS)
        self._timer.timeout.connect(self.hide)
        parent.installEventFilter(self)
        self.hide()

    def say(self, text: str) -> None:
        """A sentence that goes by itself."""
        self._show(text, "")
        self._timer.start()

    def fail(self, doing: str, reason: str, details: str = "") -> None:
        """A sentence that stays: what could not be done, and why."""
        self._timer.stop()
        self._show(f"{doing}\n{reason}" if doing else reason, details)

    def text(self) -> str:
        return self._text.text()

    def _show(self, text: str, details: str) -> None:
        self._text.setText(text)
        self._details = details
        self._copy.setVisible(bool(details))
        self.show()
        self._settle()
        self.raise_()

    def _settle(self) -> None:
        width = min(WIDTH, self._ground.width() - 4 * theme.GRID)
        self.setFixedWidth(width)
        height = self._column.totalHeightForWidth(width)
        self.resize(width, height)
        lift = self._above.height() if self._above is not None and self._above.isVisible() else 0
        corner = self._ground.rect().bottomRight()
        self.move(corner - QPoint(width + 2 * theme.GRID, height + 2 * theme.GRID + lift))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._settle()
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setPen(self.palette().color(QPalette.ColorRole.Mid))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        role = QPalette.ColorRole.Highlight if self._timer.isActive() else QPalette.ColorRole.BrightText
        painter.fillRect(0, 0, 3, self.height(), self.palette().color(role))

    @Slot()
    def _copy_details(self) -> None:
        QGuiApplication.clipboard().setText(f"{self._text.text()}\n\n{self._details}")


def _button(text: str, icon: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setAutoRaise(True)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    theme.set_icon(button, icon)
    return button
