"""The seed plane from above: a dot for every draw from the prior, a cross where the hand is; drag to walk.

Every dot (whole x and y) is one sample; between them is interpolated. The plane has no end.
"""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from explorer.text import tr

SPACING = 24.0  # screen points between two draws
SIDE = 96
KEY_STEP, FINE_STEP = 0.25, 0.05


class PlanePad(QWidget):
    """Shows a place (x, y) of the plane; `dragged(dx, dy)` says how far a hand wants to go, in draws.

    `dragStarted` and `dragEnded` enclose one gesture. Arrow keys walk, Shift makes them fine.
    """

    dragStarted = Signal()
    dragged = Signal(float, float)
    dragEnded = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._x, self._y = 0.0, 0.0
        self._grip: QPointF | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Seed plane"))
        self.setToolTip(
            tr("The seed plane: each dot is one draw, between dots is interpolated. Drag or use the arrows.")
        )

    def set_place(self, x: float, y: float) -> None:
        """Show where the hand is."""
        if (x, y) != (self._x, self._y):
            self._x, self._y = x, y
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(SIDE, SIDE)

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            palette = self.palette()
            painter.fillRect(self.rect(), palette.color(QPalette.ColorRole.Base))
            centre = QPointF(self.width() / 2, self.height() / 2)
            reach = math.ceil(max(self.width(), self.height()) / SPACING / 2) + 1
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(palette.color(QPalette.ColorRole.PlaceholderText))
            for row in range(math.floor(self._y) - reach, math.floor(self._y) + reach + 1):
                for column in range(math.floor(self._x) - reach, math.floor(self._x) + reach + 1):
                    dot = centre + QPointF((column - self._x) * SPACING, (row - self._y) * SPACING)
                    painter.drawEllipse(dot, 1.5, 1.5)
            accent = palette.color(QPalette.ColorRole.Highlight)
            painter.setPen(QPen(accent, 2))
            painter.drawLine(centre - QPointF(7, 0), centre + QPointF(7, 0))
            painter.drawLine(centre - QPointF(0, 7), centre + QPointF(0, 7))
            painter.setPen(QPen(accent if self.hasFocus() else palette.color(QPalette.ColorRole.Mid), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            super().mousePressEvent(event)
            return
        self._grip = event.position()
        self.setCursor(Qt.CursorShape.ClosedHandCursor)
        self.dragStarted.emit()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grip is not None:
            moved, self._grip = event.position() - self._grip, event.position()
            # The plane moves with the hand, as a map does.
            self.dragged.emit(-moved.x() / SPACING, -moved.y() / SPACING)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._grip is not None:
            self._grip = None
            self.setCursor(Qt.CursorShape.OpenHandCursor)
            self.dragEnded.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Left: (-1, 0),
            Qt.Key.Key_Right: (1, 0),
            Qt.Key.Key_Up: (0, -1),
            Qt.Key.Key_Down: (0, 1),
        }
        step = steps.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
            return
        length = FINE_STEP if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else KEY_STEP
        self.dragStarted.emit()
        self.dragged.emit(step[0] * length, step[1] * length)
        self.dragEnded.emit()
