"""A GAN on points of a line, drawn like figure 1 of Goodfellow et al. 2014 (arXiv 1406.2661).

The data's density dotted, that of the samples solid, D dashed with the best D against this G behind it; below, where G
takes the places of its latent space.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from engine import Decision
from explorer import theme
from explorer.text import tr
from explorer.theme import Colours, faded
from explorer.widgets.curve_drawing import pieces, polygon
from explorer.widgets.decision_plane import sample_color
from explorer.widgets.decision_view import DecisionView
from explorer.widgets.field_drawing import arrow, best_where_known, readout
from explorer.widgets.short_numbers import MINUS, short_number

Floats = NDArray[np.float32]

LEFT, RIGHT = 40.0, 34.0  # room for the numbers of the two scales, px
SAMPLE, GAP = 24.0, 5.0  # of a curve in the legend: its piece of line, and what lies between that and its name, px
ROW = 54.0  # the height over which z is taken to x, px at most
PATHS = 36  # at most
ARROWS = 24
HEADROOM = 1.08


class DecisionLine(DecisionView):
    """Shows a `Decision` of one dimension. `show_parts` chooses whether arrows are drawn.

    Where the pointer is, and where the arrow keys lead, the numbers of the curves are read out below.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("D over the line, beside the best D"), parent)
        self._peak = 0.0  # of the density scale
        self._plot = QRectF()  # where the curves were drawn

    def minimumSizeHint(self) -> QSize:
        return QSize(240, 200)

    def set_decision(self, decision: Decision) -> None:
        """Show this."""
        highest = float(np.nanmax([*decision.p_data, *decision.p_g, 1e-9]))
        if highest > self._peak or highest < 0.5 * self._peak or self._decision is None:
            self._peak = highest * 1.15  # a scale that does not tremble
        self._decision = decision
        self.update()

    # ---------------------------------------------------------------------------------------------- paint

    def paintEvent(self, event: QPaintEvent) -> None:
        decision = self._decision
        if decision is None:
            return
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setFont(self._font())
            look, metrics = theme.colours(self.palette()), QFontMetricsF(painter.font())
            line = metrics.height()
            legend = self._paint_legend(painter, look)
            unit = theme.scale()
            row = min(ROW * unit, 0.16 * self.height())
            below = row + 2.5 * line + 14
            left, width = LEFT * unit, self.width() - (LEFT + RIGHT) * unit
            plot = QRectF(left, legend + 4, width, max(self.height() - legend - below - 4, 40.0))
            self._plot = plot
            self._paint_scales(painter, plot, look)
            self._paint_curves(painter, plot, decision, look)
            if "arrows" in self._parts:
                self._paint_arrows(painter, plot, decision, look)
            self._paint_paths(
                painter, QRectF(plot.left(), plot.bottom() + line + 10, plot.width(), row), decision, look
            )

    def _styles(self, look: Colours) -> tuple[tuple[str, QPen, str], ...]:
        """The curves as (name, pen, what it is)."""
        unit = theme.scale()
        dotted, dashed, fine = (
            QPen(look.ink, 2.0 * unit),
            QPen(look.series[0], 2.0 * unit),
            QPen(look.series[0], unit),
        )
        dotted.setCapStyle(Qt.PenCapStyle.RoundCap)
        dotted.setDashPattern([0.1, 2.0])
        dashed.setDashPattern([4.0, 2.5])
        return (
            ("p_data", dotted, tr("p data")),
            ("p_g", QPen(sample_color(look), 2.0 * unit), tr("p of G")),
            ("d", dashed, tr("D(x)")),
            ("d_star", fine, tr("D*(x), the best D")),
        )

    def _paint_legend(self, painter: QPainter, look: Colours) -> float:
        """The names of the curves in as many rows as they need; returns where they end."""
        metrics, unit = QFontMetricsF(painter.font()), theme.scale()
        left, sample, gap = LEFT * unit, SAMPLE * unit, GAP * unit
        x, y, height = left, 2.0, metrics.height() + 2
        for _, pen, text in self._styles(look):
            width = sample + gap + metrics.horizontalAdvance(text)
            if x > left and x + width > self.width() - 4:
                x, y = left, y + height
            painter.setPen(pen)
            painter.drawLine(QPointF(x, y + height / 2), QPointF(x + sample, y + height / 2))
            painter.setPen(look.muted)
            painter.drawText(QRectF(x + sample + gap, y, width, height), Qt.AlignmentFlag.AlignVCenter, text)
            x += width + 3 * gap
        return y + height

    def _paint_scales(self, painter: QPainter, plot: QRectF, look: Colours) -> None:
        """Density at the left, D at the right, and the level D = 1/2."""
        painter.fillRect(plot, look.base)
        painter.setPen(QPen(look.hairline, 1.0))
        painter.drawRect(plot)
        middle = QPen(faded(look.ink, 0.5), theme.scale())
        middle.setDashPattern([7.0, 4.0])
        painter.setPen(middle)
        half = plot.bottom() - 0.5 / HEADROOM * plot.height()
        painter.drawLine(QPointF(plot.left(), half), QPointF(plot.right(), half))
        height = QFontMetricsF(painter.font()).height()
        for share, text in ((0.0, "0"), (0.5, "½"), (1.0, "1")):
            y = plot.bottom() - share / HEADROOM * plot.height()
            box = QRectF(plot.right() + 5, y - height / 2, self.width() - plot.right(), height)
            painter.setPen(look.series[0])
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, text)
        painter.setPen(look.muted)
        step = _nice(self._peak / 3)
        for value in np.arange(0.0, self._peak, step):
            y = plot.bottom() - value / self._peak / HEADROOM * plot.height()
            box = QRectF(0, y - height / 2, plot.left() - 5, height)
            painter.drawText(
                box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, short_number(value, step)
            )
        self._paint_x(painter, plot, look)

    def _paint_x(self, painter: QPainter, plot: QRectF, look: Colours) -> None:
        low, high = self._extent()
        step = _nice((high - low) / 5)
        height, half = QFontMetricsF(painter.font()).height(), 30.0 * theme.scale()
        painter.setPen(look.muted)
        for value in np.arange(np.ceil(low / step) * step, high, step):
            x = plot.left() + (value - low) / (high - low) * plot.width()
            text = short_number(value, step).replace("-", MINUS)
            painter.drawLine(QPointF(x, plot.bottom()), QPointF(x, plot.bottom() + 3))
            box = QRectF(x - half, plot.bottom() + 4, 2 * half, height)
            painter.drawText(box, Qt.AlignmentFlag.AlignHCenter, text)

    def _extent(self) -> tuple[float, float]:
        return self._decision.extent[0] if self._decision is not None else (0.0, 1.0)

    def _paint_curves(self, painter: QPainter, plot: QRectF, decision: Decision, look: Colours) -> None:
        values = {
            "p_data": decision.p_data / self._peak,
            "p_g": decision.p_g / self._peak,
            "d": decision.d,
            "d_star": best_where_known(decision),
        }
        x = np.linspace(plot.left(), plot.right(), len(decision.d))
        painter.save()
        painter.setClipRect(plot.adjusted(0, -1, 0, 1))
        for name, pen, _ in reversed(self._styles(look)):
            y = plot.bottom() - values[name].astype(np.float64) / HEADROOM * plot.height()
            painter.setPen(pen)
            for piece in pieces(y, np.zeros(len(y) - 1, np.bool_)):
                painter.drawPolyline(polygon(x[piece], y[piece]))
        painter.restore()

    def _paint_arrows(self, painter: QPainter, plot: QRectF, decision: Decision, look: Colours) -> None:
        """Along the foot of the plot: which way D's gradient would move a sample, longer where it is steeper."""
        gradient = decision.gradient.reshape(-1).astype(np.float64)
        steepest = float(np.abs(gradient[np.isfinite(gradient)]).max(initial=0.0))
        if steepest <= 0:
            return
        painter.save()
        painter.setClipRect(plot)
        painter.setPen(QPen(look.ink, 1.2 * theme.scale()))
        y, count = plot.bottom() - 7 * theme.scale(), len(gradient)
        room = plot.width() / ARROWS * 0.9
        for i in range(count // ARROWS // 2, count, max(count // ARROWS, 1)):
            if np.isfinite(gradient[i]):
                x = plot.left() + i / (count - 1) * plot.width()
                length = room * np.sign(gradient[i]) * np.sqrt(abs(gradient[i]) / steepest)
                arrow(painter, QPointF(x - length / 2, y), QPointF(x + length / 2, y), 4.0)
        painter.restore()

    def _paint_paths(self, painter: QPainter, area: QRectF, decision: Decision, look: Colours) -> None:
        """From z below to x = G(z) above, for places spread evenly over z."""
        low, high = self._extent()
        z, x = decision.z_NZ[:, 0].astype(np.float64), decision.samples_ND[:, 0].astype(np.float64)
        order = np.argsort(z)[:: max(len(z) // PATHS, 1)]
        height = QFontMetricsF(painter.font()).height()
        top, bottom = area.top(), area.bottom()
        unit = theme.scale()
        painter.setPen(QPen(look.muted, unit))
        for y, name in ((top, "x"), (bottom, "z")):
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            box = QRectF(area.left() - 16 * unit, y - height / 2, 12 * unit, height)
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, name)
        ends = float(z.min()), float(z.max())
        painter.setPen(QPen(faded(sample_color(look), 0.85), unit))
        painter.save()
        painter.setClipRect(area.adjusted(-4, -4, 4, 4))
        for i in order.tolist():
            if np.isfinite(x[i]):
                start = area.left() + (z[i] - ends[0]) / max(ends[1] - ends[0], 1e-9) * area.width()
                end = area.left() + (x[i] - low) / (high - low) * area.width()
                arrow(painter, QPointF(start, bottom), QPointF(min(max(end, -1e4), 1e4), top + 1), 4.0)
        painter.restore()
        said = tr("G takes z to x") if decision.z_NZ.shape[1] == 1 else tr("G takes the first number of z to x")
        if self._cell is not None:
            said = readout(decision, self._cell)
            x = self._plot.left() + self._cell[0] / max(len(decision.d) - 1, 1) * self._plot.width()
            painter.setPen(QPen(faded(look.ink, 0.6), unit))
            painter.drawLine(QPointF(x, self._plot.top()), QPointF(x, self._plot.bottom()))
        painter.setPen(QColor(look.ink if self._cell is not None else look.muted))
        painter.drawText(QRectF(area.left(), bottom + 2, area.width(), height), Qt.AlignmentFlag.AlignHCenter, said)

    # ---------------------------------------------------------------------------------------------- hands

    def cell_at(self, place: QPointF) -> tuple[int, ...] | None:
        if self._decision is None or not self._plot.contains(place):
            return None
        share = (place.x() - self._plot.left()) / max(self._plot.width(), 1.0)
        return (round(share * (len(self._decision.d) - 1)),)


def _nice(value: float) -> float:
    """The nearest 1, 2 or 5 times a power of ten at or above `value`."""
    power = 10.0 ** np.floor(np.log10(max(value, 1e-12)))
    return float(next(power * m for m in (1, 2, 5, 10) if power * m >= value * 0.999))
