"""How one curve gets onto the screen: a pale band from its lowest to its highest value, and a line.

The band and the line come from a `Window` of a few hundred buckets, however long the curve is; nothing in here looks
at single points. A line stops where a value is not finite and where the data has a hole, and both are marked at the
foot of the plot.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pyqtgraph.functions import arrayToQPolygonF
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from engine import Window
from explorer.theme import scale

Floats = NDArray[np.float64]

DASHES: tuple[tuple[float, ...], ...] = ((), (5, 3), (1.5, 2.5), (8, 3, 1.5, 3), (3, 2, 3, 5))
FAR = 20_000.0  # px; what lies further outside is brought to this, or the painter overflows
HOLE = 10  # a hole is this many times wider than the spacing on either side
HOLE_PX = 20.0  # and at least this wide
MANY = 64  # points; a line of more is painted as hairlines
FOOT = 4.0  # height of the brackets at the foot, px
WEDGE = (QPointF(0, -7), QPointF(-3.5, 0), QPointF(3.5, 0))  # at the foot, px


@dataclass(frozen=True)
class Frame:
    """Where data lies on the screen: the rectangle, and the coordinates of its edges (logarithms on a log axis)."""

    rect: QRectF
    x0: float
    x1: float
    y0: float
    y1: float
    log_x: bool = False
    log_y: bool = False

    def px(self, x: Floats | float) -> Floats:
        """The place of x, in pixels from the left."""
        values = np.asarray(x, np.float64)
        if self.log_x:
            values = np.log10(np.maximum(values, 1e-300))
        place = self.rect.left() + (values - self.x0) * (self.rect.width() / (self.x1 - self.x0))
        return np.clip(place, -FAR, FAR)

    def py(self, y: Floats | float) -> Floats:
        """The place of y, in pixels from the top. NaN stays NaN; what a log axis cannot show is below the picture."""
        values = np.asarray(y, np.float64)
        if self.log_y:
            values = np.log10(np.where(values > 0, values, np.where(np.isnan(values), np.nan, 1e-300)))
        place = self.rect.bottom() - (values - self.y0) * (self.rect.height() / (self.y1 - self.y0))
        return np.clip(place, -FAR, FAR)

    def data_x(self, px: float) -> float:
        """The inverse of `px`."""
        x = self.x0 + (px - self.rect.left()) / self.rect.width() * (self.x1 - self.x0)
        return float(10.0**x) if self.log_x else float(x)

    def data_y(self, py: float) -> float:
        """The inverse of `py`."""
        y = self.y0 + (self.rect.bottom() - py) / self.rect.height() * (self.y1 - self.y0)
        return float(10.0**y) if self.log_y else float(y)


@dataclass(frozen=True)
class Ink:
    """How a curve is drawn."""

    color: QColor
    dash: tuple[float, ...] = ()

    def pen(self, width: float = 0.0) -> QPen:
        """A pen of `width` px; 0 is a hairline of one screen pixel, which Qt draws some thirty times faster."""
        pen = QPen(self.color, width or 1.0)
        pen.setCosmetic(not width)
        pen.setJoinStyle(Qt.PenJoinStyle.BevelJoin)
        if self.dash:
            pen.setCapStyle(Qt.PenCapStyle.FlatCap)
            pen.setDashPattern([max(each / (width or 1.0), 0.5) for each in self.dash])
        return pen

    def mixed(self, ground: QColor, share: float) -> Ink:
        """The same ink with only `share` (0..1) of its colour left over the ground. Opaque: cheaper than alpha."""
        mix = [share * a + (1 - share) * b for a, b in zip(self.color.getRgbF()[:3], ground.getRgbF()[:3], strict=True)]
        return Ink(QColor.fromRgbF(*mix), self.dash)


def ink(color: QColor, index: int) -> Ink:
    """The ink of curve number `index`: neighbours differ in their dashes too, never in colour alone."""
    return Ink(color, DASHES[index % len(DASHES)])


def holes(px: Floats) -> NDArray[np.bool_]:
    """Where points at increasing places `px` (n,) leave a hole, as (n - 1,): True between i and i + 1."""
    width = np.diff(px)
    if not (width > HOLE_PX).any():
        return np.zeros(len(width), np.bool_)
    before, after = np.concatenate((width[1:2], width[:-1])), np.concatenate((width[1:], width[-2:-1]))
    if len(width) == 1:
        return np.zeros(1, np.bool_)
    return (width > HOLE_PX) & (width > HOLE * np.maximum(before, after))


def pieces(y: Floats, broken: NDArray[np.bool_]) -> list[slice]:
    """The stretches of y (n,) that a line can run through: finite, and not `broken` (n - 1,) between neighbours."""
    finite = np.isfinite(y)
    if finite.all() and not broken.any():
        return [slice(0, len(y))] if len(y) else []
    joined = finite[:-1] & finite[1:] & ~broken
    starts = np.flatnonzero(finite & np.concatenate(([True], ~joined)))
    ends = np.flatnonzero(finite & np.concatenate((~joined, [True]))) + 1
    return [slice(a, b) for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]


@dataclass(frozen=True)
class Trace:
    """A curve in pixels, ready to be painted."""

    band: tuple[QPolygonF, ...]
    lines: tuple[QPolygonF, ...]
    dots: tuple[QPointF, ...]
    wrong: tuple[float, ...]  # where values are not finite
    missing: tuple[tuple[float, float], ...]  # where points are missing


def trace(frame: Frame, window: Window, *, whole: bool) -> Trace:
    """Bring the buckets of a curve onto the screen.

    The line runs through the last value of each bucket, or, with `whole`, through its lowest and highest, so that
    nothing is lost. A value between two gaps becomes a dot. The band is a line through lowest and highest, too: a
    bucket is one pixel wide, so hairlines fill the band at a third of the cost of a polygon.
    """
    px, low, high = frame.px(window.x), frame.py(window.lo), frame.py(window.hi)
    broken = holes(px)
    thick = bool((high < low).any())  # pixels count downwards
    band: list[QPolygonF] = []
    lines: list[QPolygonF] = []
    dots: list[QPointF] = []
    for piece in pieces(low, broken) if thick else []:
        spikes = polygon(np.repeat(px[piece], 2), np.stack((low[piece], high[piece]), axis=1).reshape(-1))
        (lines if whole else band).append(spikes)
    if not (whole and thick):
        last = frame.py(window.last)
        for piece in pieces(last, broken):
            if piece.stop - piece.start > 1:
                lines.append(polygon(px[piece], last[piece]))
            else:
                dots.append(QPointF(px[piece.start], last[piece.start]))
    inside = (px >= frame.rect.left()) & (px <= frame.rect.right())
    missing = tuple((float(px[i]), float(px[i + 1])) for i in np.flatnonzero(broken))
    wrong = tuple(px[inside & (window.bad > 0)].tolist())
    return Trace(tuple(band), tuple(lines), tuple(dots), wrong, missing)


def polygon(px: Floats, py: Floats) -> QPolygonF:
    """The points (n,), (n,) as Qt wants them; also where there are none."""
    if not len(px):
        return QPolygonF()
    return arrayToQPolygonF(np.ascontiguousarray(px), np.ascontiguousarray(py))


def draw_band(painter: QPainter, traced: Trace, color: QColor, share: float) -> None:
    """Cover `share` (0..1) of what lies between the lowest and the highest value of every bucket."""
    fill = QColor(color)
    fill.setAlphaF(share)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setPen(Ink(fill).pen())
    for line in traced.band:
        painter.drawPolyline(line)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)


def draw_line(painter: QPainter, traced: Trace, style: Ink, width: float) -> None:
    """The line, `width` px wide. Long ones are hairlines side by side: Qt's wide pen may take ten milliseconds."""
    ratio = painter.device().devicePixelRatioF()
    for line in traced.lines:
        strokes = max(round(width * ratio), 1) if line.size() > MANY else 1
        painter.setPen(style.pen() if line.size() > MANY else style.pen(max(width, 1.2)))
        for k in range(strokes):
            shift = (k - (strokes - 1) / 2) / ratio
            painter.drawPolyline(line.translated(0.5 * shift, shift) if shift else line)
    if traced.dots:
        dot = QPen(style.color, max(3.0, 2.0 * width))
        dot.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(dot)
        painter.drawPoints(list(traced.dots))


def draw_foot(painter: QPainter, frame: Frame, traced: Trace, color: QColor) -> None:
    """Mark at the foot where values are not finite (wedges) and where points are missing (brackets)."""
    bottom, last, unit = frame.rect.bottom(), -FAR, scale()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    for x in traced.wrong:
        if x - last >= 3.0 * unit:  # wedges that cover each other are one
            foot = QPointF(x, bottom)
            painter.drawPolygon(QPolygonF([foot + unit * each for each in WEDGE]))
            last = x
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(color, unit))
    for begin, end in traced.missing:
        left, right = QPointF(begin, bottom - 1.5), QPointF(end, bottom - 1.5)
        painter.drawLine(left, right)
        for side in (left, right):
            painter.drawLine(side, side - QPointF(0, FOOT * unit))


def draw_sample(painter: QPainter, rect: QRectF, style: Ink, width: float = 2.0) -> None:
    """A short piece of the line, `width` px wide, for a legend."""
    painter.setPen(style.pen(width))
    y = rect.center().y()
    painter.drawLine(QPointF(rect.left(), y), QPointF(rect.right(), y))
