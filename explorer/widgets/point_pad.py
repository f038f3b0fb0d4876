"""Draw one's own data in the plane: a brush that sprinkles points, to see which shapes a model can learn."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QVBoxLayout, QWidget

from explorer import theme
from explorer.text import tr

EXTENT = 2.0  # the pad shows -EXTENT .. EXTENT on both axes
SPRINKLE = 6  # points for each movement of the mouse
BRUSH = 0.06  # their standard deviation
FEWEST, MOST = 20, 4000

Rows = tuple[tuple[float, float], ...]


class PointPad(QWidget):
    """A square to draw on. `changed` follows every movement."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._points: list[tuple[float, float]] = []
        self._rng = np.random.default_rng(0)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setMinimumSize(240, 240)
        self.setAccessibleName(tr("Draw points here"))

    def sizeHint(self) -> QSize:
        return QSize(420, 420)

    def points(self) -> Rows:
        return tuple(self._points)

    @Slot()
    def clear(self) -> None:
        self._points.clear()
        self.update()
        self.changed.emit()

    def sprinkle(self, x: float, y: float) -> None:
        """Add some points around a place of the plane."""
        room = min(SPRINKLE, MOST - len(self._points))
        scattered = np.clip(self._rng.normal((x, y), BRUSH, (max(room, 0), 2)), -EXTENT, EXTENT)
        self._points += [(round(float(a), 4), round(float(b), 4)) for a, b in scattered]
        self.update()
        self.changed.emit()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._draw(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._draw(event)

    def _draw(self, event: QMouseEvent) -> None:
        square = self._square()
        place = (event.position() - square.center()) / (square.width() / 2) * EXTENT
        self.sprinkle(place.x(), -place.y())

    def _square(self) -> QRectF:
        side = min(self.width(), self.height())
        return QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)

    def paintEvent(self, event: QPaintEvent) -> None:
        square, palette = self._square(), self.palette()
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.fillRect(square, palette.color(QPalette.ColorRole.Base))
            painter.setPen(palette.color(QPalette.ColorRole.Mid))
            painter.drawLine(QPointF(square.left(), square.center().y()), QPointF(square.right(), square.center().y()))
            painter.drawLine(QPointF(square.center().x(), square.top()), QPointF(square.center().x(), square.bottom()))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(palette.color(QPalette.ColorRole.Highlight))
            scale = square.width() / 2 / EXTENT
            for x, y in self._points:
                painter.drawEllipse(QPointF(square.center().x() + x * scale, square.center().y() - y * scale), 1.5, 1.5)


class DrawDialog(QDialog):
    """A pad with Clear, Cancel and Use. `drawn(rows)` hands the points over."""

    drawn = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Draw points"))
        self.pad = PointPad()
        self.pad.changed.connect(self._count)
        self._said = theme.label(muted=True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        clear = buttons.addButton(tr("Clear"), QDialogButtonBox.ButtonRole.ResetRole)
        self._use = buttons.addButton(tr("Use these points"), QDialogButtonBox.ButtonRole.AcceptRole)
        clear.clicked.connect(self.pad.clear)
        buttons.accepted.connect(self._take)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self.pad, 1)
        layout.addWidget(self._said)
        layout.addWidget(buttons)
        self._count()

    @Slot()
    def _count(self) -> None:
        number = len(self.pad.points())
        self._use.setEnabled(number >= FEWEST)
        if number < FEWEST:
            self._said.setText(tr("Drag to sprinkle points; at least {fewest} are needed.", fewest=FEWEST))
        elif number >= MOST:
            self._said.setText(tr("{number} points; the pad is full.", number=number))
        else:
            self._said.setText(tr("{number} points", number=number))

    @Slot()
    def _take(self) -> None:
        self.drawn.emit(self.pad.points())
        self.accept()
