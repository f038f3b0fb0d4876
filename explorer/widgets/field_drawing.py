"""Fields over a line or a plane as colours, with the bar that says what the colours mean.

The maps are perceptually uniform and diverging (Kovesi 2015, arXiv 1509.03700: CET-D1 on light, CET-D4 on dark ground):
for D the middle, 1/2, is the value that matters, and there the ground shows through.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QImage, QKeyEvent, QPainter, QPalette, QPen

from engine import Decision
from explorer import theme
from explorer.text import tr
from explorer.theme import Colours
from explorer.widgets.short_numbers import MINUS, short_number

Extent = tuple[tuple[float, float], ...]
LEVELS = 256
STRENGTH = 0.72  # of the map over the ground: points must stand out from the field
BAR = 10.0  # width of a colour bar, px
NOTHING = 1e-3  # of the highest density is none


@lru_cache(maxsize=4)
def color_table(dark: bool) -> NDArray[np.uint8]:
    """The colours from 0 to 1, (256, 3) uint8."""
    table = pg.colormap.get("CET-D4" if dark else "CET-D1").getLookupTable(nPts=LEVELS, alpha=False)
    ground = np.array((theme.DARK if dark else theme.LIGHT).base.getRgb()[:3])
    calm = np.ascontiguousarray(np.rint(table[:, :3] * STRENGTH + ground * (1 - STRENGTH)), np.uint8)
    calm.setflags(write=False)
    return calm


def field_image(field_RR: NDArray[np.float32], palette: QPalette) -> QImage:
    """A field (R, R) of values 0..1, rows from low y to high y, as an image with high y on top. What is not finite lets
    the ground through."""
    table = color_table(theme.is_dark(palette))
    finite = np.isfinite(field_RR)
    index = np.where(finite, np.clip(field_RR, 0.0, 1.0) * (LEVELS - 1), 0).astype(np.uint8)
    pixels = np.dstack((table[index], np.where(finite, 255, 0).astype(np.uint8)))
    pixels = np.ascontiguousarray(pixels[::-1])
    height, width, _ = pixels.shape
    return QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGBA8888).copy()


def draw_color_bar(
    painter: QPainter, rect: QRectF, palette: QPalette, labels: tuple[str, str, str], title: str
) -> None:
    """A bar from 0 (below) to 1 (above) with three labels right of it and a title over it."""
    look, metrics = theme.colours(palette), QFontMetricsF(painter.font())
    steps = np.linspace(0.0, 1.0, LEVELS, dtype=np.float32)[:, None]
    head, width = metrics.height(), BAR * theme.scale()
    bar = QRectF(rect.left(), rect.top() + head + 4, width, rect.height() - head - 8)
    painter.drawImage(bar, field_image(steps, palette))
    painter.setPen(QPen(look.hairline, 1.0))
    painter.drawRect(bar)
    painter.setPen(look.muted)
    painter.drawText(QPointF(rect.left(), rect.top() + metrics.ascent()), title)
    for place, text in zip((1.0, 0.5, 0.0), labels, strict=True):
        y = bar.top() + place * bar.height()
        painter.drawLine(QLineF(bar.right(), y, bar.right() + 3, y))
        box = QRectF(bar.right() + 5, y - metrics.height() / 2, rect.width(), metrics.height())
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)


def readout(decision: Decision, cell: tuple[int, ...]) -> str:
    """The numbers of one cell of the fields, in words; `cell` is (x,) or (x, y)."""
    at = tuple(reversed(cell))
    shares = [k / max(size - 1, 1) for k, size in zip(cell, reversed(decision.d.shape), strict=True)]
    place = [low + share * (high - low) for share, (low, high) in zip(shares, decision.extent, strict=True)]
    best = best_where_known(decision)[at]
    said = tr(
        "{place}:  D {d},  D* {best},  p data {data},  p of G {samples}",
        place=",  ".join(f"{name} {value:.2f}" for name, value in zip("xy", place, strict=False)),
        d=f"{decision.d[at]:.3f}",
        best=f"{best:.3f}" if np.isfinite(best) else tr("none"),
        data=short_number(float(decision.p_data[at])),
        samples=short_number(float(decision.p_g[at])),
    )
    return said.replace("-", MINUS)


def best_where_known(decision: Decision) -> NDArray[np.float32]:
    """D*, NaN where neither data nor samples are: there it has no value."""
    density = decision.p_data + decision.p_g
    return np.where(density > NOTHING * density.max(initial=0.0), decision.d_star, np.nan).astype(np.float32)


def stepped(cell: tuple[int, ...], event: QKeyEvent, shape: tuple[int, ...]) -> tuple[int, ...] | None:
    """The cell that an arrow key leads to, (x,) or (x, y) in a field of this shape; None for another key."""
    steps = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, 1), Qt.Key.Key_Down: (0, -1)}
    step = steps.get(Qt.Key(event.key()))
    if step is None:
        return None
    return tuple(min(max(k + d, 0), n - 1) for k, d, n in zip(cell, step, reversed(shape), strict=False))


def arrow(painter: QPainter, start: QPointF, end: QPointF, head: float = 3.0) -> None:
    """A line with a head of so many px, which grows with presentation mode; shorter than `head` it is left out."""
    line = QLineF(end, start)
    if line.length() < head:
        return
    head = min(head * theme.scale(), line.length())
    painter.drawLine(line)
    for turn in (28.0, -28.0):
        wing = QLineF(line)
        wing.setLength(head)
        wing.setAngle(line.angle() + turn)
        painter.drawLine(wing)


def fit_square(area: QRectF, extent: Extent) -> QRectF:
    """The largest rectangle in `area` with the aspect of the plane."""
    (x0, x1), (y0, y1) = extent
    aspect = (x1 - x0) / (y1 - y0)
    width = min(area.width(), area.height() * aspect)
    height = width / aspect
    return QRectF(area.center().x() - width / 2, area.center().y() - height / 2, width, height)


def muted_text(painter: QPainter, rect: QRectF, look: Colours, text: str, *, right: bool = False) -> None:
    """A small text in one line, cut where there is no room."""
    painter.setPen(look.muted)
    side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
    said = QFontMetricsF(painter.font()).elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
    painter.drawText(rect, side | Qt.AlignmentFlag.AlignVCenter, said)
