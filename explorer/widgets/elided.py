"""A text in one line that ends in "…" where there is no room; the whole text is its tooltip then."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Slot
from PySide6.QtGui import QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QToolTip, QWidget

from explorer import theme

FEWEST = 4  # letters that there is always room for
READABLE_MS = 250  # between two texts that follow each other


class ElidedLabel(QLabel):
    """A label of the type scale that never asks for more room than it gets. `text()` is the whole text."""

    def __init__(
        self,
        text: str = "",
        size: int = theme.BODY,
        *,
        bold: bool = False,
        muted: bool = False,
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(text, parent)
        self._mode = mode
        self._said = text
        self._pause = QTimer(self, singleShot=True, interval=READABLE_MS)
        self._pause.timeout.connect(self._show_said)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        theme.set_type(self, size, bold=bold, muted=muted)

    def setText(self, text: str) -> None:
        """Show a text now."""
        self._said = text
        super().setText(text)

    def say(self, text: str) -> None:
        """Show a text that changes with every picture: at most four times a second, and the last one in any case.

        A label that changes makes the whole window lay itself out anew, which would cost each picture some 3 ms."""
        self._said = text
        if not self._pause.isActive():
            self._show_said()

    @Slot()
    def _show_said(self) -> None:
        if self._said != self.text():
            super().setText(self._said)
            self._pause.start()

    def shown(self) -> str:
        """The text as there is room for it."""
        return self.fontMetrics().elidedText(self.text(), self._mode, self.contentsRect().width())

    def minimumSizeHint(self) -> QSize:
        few = self.fontMetrics().horizontalAdvance(self.text()[:FEWEST] + "…")
        return QSize(min(few, super().sizeHint().width()), super().sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setPen(self.palette().color(self.foregroundRole()))
            painter.drawText(self.contentsRect(), self.alignment() | Qt.TextFlag.TextSingleLine, self.shown())

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and not self.toolTip() and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.text() if self.shown() != self.text() else "", self)
            return True
        return super().event(event)
