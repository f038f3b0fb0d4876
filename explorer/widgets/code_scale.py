"""How often a code was chosen as a colour, and the line below a view that says what its colours and signs mean.

The maps are perceptually uniform (Kovesi 2015, arXiv 1509.03700: CET-L17 on light, inferno on dark ground) and the
scale is logarithmic: a few codes are chosen a thousand times as often as others. Images are made of indices, one byte
per pixel: the first indices are for signs, the rest for the scale.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPen

from explorer import theme
from explorer.text import mark, tr
from explorer.theme import Colours, faded
from explorer.widgets.short_numbers import short_number

CLEAR, GROUND, VEIL, SIGN, FRAME, EDGE, FIRST = 0, 1, 2, 3, 4, 5, 8
LEVELS = 256 - FIRST
WEAKEST = 0.18  # of the map is where a single choice stands, so that it is not taken for none
STRONGEST = 0.97
BAR = 56.0  # length of the colour bar, px
SPACE = 10.0  # between two entries, px

DEAD, FROZEN, BARRED = mark("dead"), mark("frozen"), mark("merged away")


@lru_cache(maxsize=4)
def scale_colors(dark: bool) -> NDArray[np.uint8]:
    """The colours from one choice to the top of the scale, (LEVELS, 3) uint8."""
    table = pg.colormap.get("inferno" if dark else "CET-L17")
    return table.map(np.linspace(WEAKEST, STRONGEST, LEVELS), mode=pg.colormap.ColorMap.BYTE)[:, :3]


@lru_cache(maxsize=4)
def color_table(dark: bool) -> NDArray[np.uint32]:
    """What each index of an image is drawn in, (256,), as Qt's premultiplied colour numbers."""
    look = theme.DARK if dark else theme.LIGHT
    table = np.zeros(256, np.uint32)
    signs = {GROUND: look.base, VEIL: faded(look.base, 0.62), SIGN: look.muted, FRAME: look.accent, EDGE: look.window}
    for index, color in signs.items():
        r, g, b = (round(part * color.alphaF()) for part in color.getRgb()[:3])
        table[index] = color.alpha() << 24 | r << 16 | g << 8 | b
    scale = scale_colors(dark).astype(np.uint32)
    table[FIRST:] = 0xFF000000 | scale[:, 0] << 16 | scale[:, 1] << 8 | scale[:, 2]
    return table


def levels_of(counts: NDArray[np.number], top: float) -> NDArray[np.uint8]:
    """The index of each count in an image: `GROUND` for none, else its place on the logarithmic scale from 1 to
    `top`."""
    along = np.log(np.maximum(counts, 1)) / np.log(max(top, 2.0))
    index = FIRST + np.rint(np.minimum(along, 1.0) * (LEVELS - 1))
    return np.where(counts > 0, index, GROUND).astype(np.uint8)


def indexed_image(index_HW: NDArray[np.uint8], dark: bool, ratio: float = 1.0) -> QImage:
    """An image of indices, `ratio` of its pixels to a point of the screen. To look colours up here is several times as
    fast as Qt's own drawing of indexed images."""
    height, width = index_HW.shape
    pixels = np.take(color_table(dark), index_HW)
    image = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied).copy()
    image.setDevicePixelRatio(ratio)
    return image


@dataclass(frozen=True)
class Key:
    """What the line below a view says: the top of the scale, its unit, and the signs that occur, drawn as they are in
    the cells of a map or, with `dots`, among dots."""

    top: int
    unit: str
    signs: tuple[str, ...]
    dots: bool = False

    def height(self, metrics: QFontMetricsF, width: float) -> float:
        """One line, or two where one is too short."""
        return (metrics.height() + 4) * (2 if self._breaks(metrics, width) else 1) + 2

    def draw(self, painter: QPainter, rect: QRectF, look: Colours, dark: bool) -> None:
        metrics, unit = QFontMetricsF(painter.font()), theme.scale()
        breaks = self._breaks(metrics, rect.width())
        line = QRectF(rect.left(), rect.top() + 2, rect.width(), metrics.height() + 4)
        x = _text(painter, line.left(), line, look.muted, "1") + 4
        bar = QRectF(x, line.center().y() - 4 * unit, BAR * unit, 8 * unit)
        ramp = np.arange(FIRST, 256, dtype=np.uint8)[None]
        painter.drawImage(bar, indexed_image(ramp, dark))
        painter.setPen(QPen(look.hairline, 1.0))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(bar)
        x = _text(painter, bar.right() + 4, line, look.muted, short_number(self.top)) + 4
        room = max(line.right() - x - (0.0 if breaks else self._signs_width(metrics)), 0.0)
        said = metrics.elidedText(self.unit, Qt.TextElideMode.ElideRight, room)
        x = _text(painter, x, line, look.muted, said) + SPACE * unit
        if breaks:
            line.translate(0, line.height())
            x = line.left()
        for sign in self.signs:
            place = QRectF(x, line.center().y() - 5 * unit, 10 * unit, 10 * unit)
            draw_sign(painter, place, look, sign, dots=self.dots)
            x = _text(painter, x + 14 * unit, line, look.muted, tr(sign)) + SPACE * unit

    def _signs_width(self, metrics: QFontMetricsF) -> float:
        return sum(metrics.horizontalAdvance(tr(sign)) + (SPACE + 14) * theme.scale() for sign in self.signs)

    def _breaks(self, metrics: QFontMetricsF, width: float) -> bool:
        digits = "".join("8" if letter.isdigit() else letter for letter in self.unit)  # no break that comes and goes
        scale = metrics.horizontalAdvance("1" + "500k" + digits) + (BAR + 12 + SPACE) * theme.scale()
        return bool(self.signs) and scale + self._signs_width(metrics) > width


def _text(painter: QPainter, x: float, rect: QRectF, color: QColor, text: str) -> float:
    """Write at x; where the text ends."""
    painter.setPen(color)
    width = QFontMetricsF(painter.font()).horizontalAdvance(text)
    box = QRectF(x, rect.top(), width + 1, rect.height())
    painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
    return x + width


def draw_sign(painter: QPainter, rect: QRectF, look: Colours, sign: str, *, dots: bool) -> None:
    """A code that is dead, frozen or merged away, as the map draws its cell or the plane its dot."""
    middle, reach, unit = rect.center(), rect.width() / 2 - 2, theme.scale()
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if not dots:
        painter.fillRect(rect, look.base)
    if sign == FROZEN or not dots:
        painter.setPen(QPen(look.accent if sign == FROZEN else look.hairline, unit))
        painter.drawRect(rect)
    painter.setPen(QPen(look.muted, 1.2 * unit))
    if sign == DEAD:
        painter.setBrush(Qt.BrushStyle.NoBrush if dots else look.muted)
        size = 2.5 * unit if dots else 1.0
        painter.drawEllipse(middle, size, size)
        painter.setBrush(Qt.BrushStyle.NoBrush)
    elif sign == BARRED:
        painter.drawLine(middle + QPointF(-reach, -reach), middle + QPointF(reach, reach))
        painter.drawLine(middle + QPointF(-reach, reach), middle + QPointF(reach, -reach))
