"""A card in the corner that says one sentence: what could not be done and what to do, with details to copy.

What was said before is kept, so that a card that went away by itself can be read again.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QGuiApplication, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from explorer import theme
from explorer.text import tr

NOTICE_MS, FAILURE_MS = 8000, 12000  # so long a card stays that goes by itself, while the mouse is not over it
KEPT = 20  # sentences
WIDTH = 420


@dataclass(frozen=True)
class Said:
    """A sentence of the card, with the time of day at which it was said."""

    at: str
    text: str
    details: str
    failed: bool


class Card(QFrame):
    """Floats over the lower right corner of its parent, clear of `above`; the newest sentence replaces the last.

    `kept` comes with every sentence; `history` has the last ones, the newest first."""

    kept = Signal()

    def __init__(self, parent: QWidget, *, above: QWidget | None = None) -> None:
        super().__init__(parent)
        self._details = ""
        self._failed = False
        self.history: deque[Said] = deque(maxlen=KEPT)
        self._ground, self._above = parent, above
        self.setAutoFillBackground(True)
        self.setBackgroundRole(QPalette.ColorRole.Button)
        self._text = theme.label()
        self._text.setWordWrap(True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._copy = _button(tr("Copy details"), "content-copy")
        self._copy.clicked.connect(self._copy_details)
        self._copy.setToolTip(tr("The sentence and what the program knows of it, for a report"))
        self._close = _button(tr("Close"), "close")
        self._close.setToolTip(tr("Close (Esc)"))
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
        self._timer.timeout.connect(self._go)
        parent.installEventFilter(self)
        self.hide()

    def say(self, text: str) -> None:
        """A sentence that goes by itself."""
        self._keep(text, "", failed=False)
        self._timer.start(NOTICE_MS)

    def fail(self, doing: str, reason: str, details: str = "", *, passing: bool = False) -> None:
        """What could not be done, and why. It stays until it is closed, or goes by itself where it is `passing`."""
        self._keep(f"{doing}\n{reason}" if doing else reason, details, failed=True)
        if passing:
            self._timer.start(FAILURE_MS)
        else:
            self._timer.stop()

    def repeat(self, said: Said) -> None:
        """Show a sentence of the history again, until it is closed."""
        self._timer.stop()
        self._show(said.text, said.details, failed=said.failed)

    def _keep(self, text: str, details: str, *, failed: bool) -> None:
        if not self.history or self.history[0].text != text:
            self.history.appendleft(Said(time.strftime("%H:%M"), text, details, failed))
        self._show(text, details, failed=failed)
        self.kept.emit()

    @Slot()
    def _go(self) -> None:
        """Away, unless somebody is reading."""
        if self.underMouse():
            self._timer.start(NOTICE_MS)
        else:
            self.hide()

    def text(self) -> str:
        return self._text.text()

    def _show(self, text: str, details: str, *, failed: bool) -> None:
        self._failed = failed
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
        with QPainter(self) as painter:
            painter.setPen(self.palette().color(QPalette.ColorRole.Mid))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
            role = QPalette.ColorRole.BrightText if self._failed else QPalette.ColorRole.Highlight
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
