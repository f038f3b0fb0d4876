"""V(G, D) as a number and a mark on a short scale, with the place that theory names: -log 4."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from explorer import theme
from explorer.text import tr
from explorer.widgets.short_numbers import MINUS

OPTIMUM = -math.log(4.0)
LOW, HIGH = -2.0, 0.0  # V is 0 where D tells everything apart
SCALE = 84.0  # px
GAP = 8.0
DIAMOND = (QPointF(-5, 0), QPointF(0, -5), QPointF(5, 0), QPointF(0, 5))  # px


class ValueBar(QWidget):
    """Shows V(G, D). `set_value(None)` shows that there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._value: float | None = None
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setToolTip(
            tr("V(G, D): 0 where D tells data and samples apart, -log 4 where it cannot; below that D is mistaken.")
        )

    def set_value(self, value: float | None) -> None:
        self._value = value
        self.setAccessibleName(self.text())
        self.update()

    def text(self) -> str:
        """The number in words."""
        if self._value is None:
            return tr("V(G, D): none")
        return tr("V(G, D) = {value}", value=f"{self._value:.3f}".replace("-", MINUS))

    def sizeHint(self) -> QSize:
        metrics = QFontMetricsF(self.font())
        number = metrics.horizontalAdvance(tr("V(G, D) = {value}", value="-0.000"))
        width = number + SCALE * theme.scale() + metrics.horizontalAdvance(self._goal()) + 4 * GAP
        return QSize(math.ceil(width), max(math.ceil(metrics.height()) + 4, 24))

    def _goal(self) -> str:
        return tr("-log 4 = -1.386").replace("-", MINUS)

    def paintEvent(self, event: QPaintEvent) -> None:
        look, metrics = theme.colours(self.palette()), QFontMetricsF(self.font())
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(look.ink)
            painter.drawText(QRectF(0, 0, self.width(), self.height()), Qt.AlignmentFlag.AlignVCenter, self.text())
            goal_width = metrics.horizontalAdvance(self._goal())
            unit = theme.scale()
            length, thick = SCALE * unit, 4 * unit
            top = (self.height() - thick) / 2
            scale = QRectF(self.width() - goal_width - 2 * GAP - length, top, length, thick)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.hairline)
            painter.drawRoundedRect(scale, thick / 2, thick / 2)
            goal = _place(scale, OPTIMUM)
            painter.setPen(QPen(look.ink, 1.5 * unit))
            painter.drawLine(QPointF(goal, scale.top() - thick), QPointF(goal, scale.bottom() + thick))
            painter.setPen(look.muted)
            box = QRectF(self.width() - goal_width - GAP, 0, goal_width + GAP, self.height())
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, self._goal())
            if self._value is not None and math.isfinite(self._value):
                x = _place(scale, self._value)
                painter.setPen(QPen(look.base, 1.0))
                painter.setBrush(look.accent)
                tip = QPointF(x, scale.center().y())
                corners = [tip + unit * each for each in DIAMOND]
                painter.drawPolygon(QPolygonF(corners))


def _place(scale: QRectF, value: float) -> float:
    share = (min(max(value, LOW), HIGH) - LOW) / (HIGH - LOW)
    return scale.left() + share * scale.width()
