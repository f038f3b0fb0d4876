"""The vectors of a codebook on their first two principal components: a dot per code, larger and stronger the more often
it was chosen; dead codes are small rings, merged ones crosses, frozen ones squares.

Dots are stamped into one indexed image, so 8192 of them cost a few milliseconds.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QImage, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import QWidget

from explorer import theme
from explorer.text import tr
from explorer.widgets.code_book import ShownBook
from explorer.widgets.code_map import cross_pattern, frame_pattern
from explorer.widgets.code_scale import (
    CLEAR,
    EDGE,
    FIRST,
    FRAME,
    LEVELS,
    SIGN,
    Key,
    indexed_image,
    levels_of,
)
from explorer.widgets.code_view import CodeView

SIZES = (4, 5, 6, 8, 10, 12)  # widths of dots from the weakest to the strongest, px
RING = 5  # px
REACH = 10.0  # the pointer takes hold of a dot from this far, px
MARGIN = 12.0
FULL = 260.0  # in a smaller square dots are smaller, px


class CodePlane(CodeView):
    """The map of the vectors, high second component on top."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Map of the code vectors"), parent)
        self._image: QImage | None = None
        self._places: NDArray[np.float64] | None = None

    def shows(self) -> bool:
        return super().shows() and self._book.map_K2 is not None  # type: ignore[union-attr]

    def forget(self) -> None:
        self._image = self._places = None

    def key(self) -> Key:
        return replace(super().key(), dots=True)

    # ---------------------------------------------------------------------------------------------- geometry

    def _square(self) -> QRectF:
        """The range -1..1 of both axes."""
        area = self.area()
        title = QFontMetricsF(self.small_font()).height()
        side = max(min(area.width() - 2 * MARGIN, area.height() - MARGIN - title - 4), 1.0)
        return QRectF((area.width() - side) / 2, MARGIN / 2, side, side)

    def places(self) -> NDArray[np.float64]:
        """The middle of each code in the widget, (K, 2)."""
        if self._places is None:
            square, map_K2 = self._square(), self._book.map_K2.astype(np.float64)  # type: ignore[union-attr]
            low, high = map_K2.min(0), map_K2.max(0)
            scale = square.width() / max(float((high - low).max()), 1e-9)
            middle = np.array((square.center().x(), square.center().y()))
            self._places = middle + (map_K2 - (low + high) / 2) * np.array((scale, -scale))
        return self._places

    def place_of(self, code: int) -> QRectF:
        x, y = self.places()[code]
        reach = SIZES[-1] / 2 * theme.scale()
        return QRectF(x - reach, y - reach, 2 * reach, 2 * reach)

    def code_at(self, place: QPointF) -> int:
        away = np.hypot(*(self.places() - np.array((place.x(), place.y()))).T)
        nearest = int(away.argmin())
        return nearest if away[nearest] <= REACH * theme.scale() else -1

    def neighbour(self, code: int, key: Qt.Key) -> int:
        """The nearest code that lies more in this direction than aside."""
        offsets = self.places() - self.places()[code]
        axis = 0 if key in (Qt.Key.Key_Left, Qt.Key.Key_Right) else 1
        sign = -1 if key in (Qt.Key.Key_Left, Qt.Key.Key_Up) else 1
        along, aside = sign * offsets[:, axis], np.abs(offsets[:, 1 - axis])
        away = np.where((along > 0) & (along >= aside), along + aside, np.inf)
        nearest = int(away.argmin())
        return nearest if np.isfinite(away[nearest]) else code

    # ---------------------------------------------------------------------------------------------- paint

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.forget()
        super().resizeEvent(event)

    def paint_codes(self, painter: QPainter) -> None:
        book, ratio, area = self._book, self.devicePixelRatioF(), self.area()
        if book is None:
            return
        palette = self.palette()
        look = theme.colours(palette)
        if self._image is None:
            shape = (math.ceil(area.height() * ratio), math.ceil(area.width() * ratio))
            scale = ratio * theme.scale() * min(max(self._square().width() / FULL, 0.5), 1.0)
            index = plane_index(book, self.places() * ratio, shape, self.top(), scale)
            self._image = indexed_image(index, theme.is_dark(palette), ratio)
        painter.fillRect(area, look.base)
        painter.drawImage(QPointF(0, 0), self._image)
        painter.setPen(QPen(look.hairline, 1.0))
        painter.drawRect(area.adjusted(0, 0, -1, -1))
        height = QFontMetricsF(painter.font()).height()
        shares = [f"{100 * share:.0f}" for share in book.shares]
        said = tr("{one} % of the variance across, {two} % up", one=shares[0], two=shares[1])
        said = QFontMetricsF(painter.font()).elidedText(said, Qt.TextElideMode.ElideRight, area.width() - 12)
        painter.setPen(look.muted)
        box = QRectF(6, area.bottom() - height - 2, area.width() - 12, height)
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, said)


def plane_index(
    book: ShownBook, places_K2: NDArray[np.float64], shape: tuple[int, int], top: int, scale: float
) -> NDArray[np.uint8]:
    """Dots and signs at places (x, y) in pixels as an indexed image; `scale` makes them larger."""
    index = np.full(shape, CLEAR, np.uint8)
    dead_K = (book.counts_K == 0) | book.barred_K
    _stamp(index, places_K2[dead_K & ~book.barred_K], ring_pattern(round(RING * scale)), SIGN)
    _stamp(index, places_K2[book.barred_K], cross_pattern(round((RING + 4) * scale)), SIGN)
    levels_K = levels_of(book.counts_K, top)
    strength = np.clip((levels_K.astype(np.int64) - FIRST) * len(SIZES) // LEVELS, 0, len(SIZES) - 1)
    for rank, size in enumerate(SIZES):  # the strongest last: they lie on top
        codes = np.flatnonzero(~dead_K & (strength == rank))
        _stamp(index, places_K2[codes], disc_pattern(round((size + 2) * scale)), EDGE)
        _stamp(index, places_K2[codes], disc_pattern(round(size * scale)), levels_K[codes][:, None])
    _stamp(index, places_K2[book.frozen_K], frame_pattern(round((SIZES[-1] + 1) * scale)), FRAME)
    return index


def _stamp(
    index: NDArray[np.uint8], places: NDArray[np.float64], pattern: NDArray[np.bool_], value: NDArray[np.uint8] | int
) -> None:
    """Put a pattern around every place; what lies beyond the edge is put at the edge."""
    y, x = np.nonzero(pattern)
    if len(places) and len(y):
        corner = np.rint(places - np.array(pattern.shape[::-1]) / 2).astype(np.int64)
        rows = np.clip(corner[:, 1:] + y, 0, index.shape[0] - 1)
        columns = np.clip(corner[:, :1] + x, 0, index.shape[1] - 1)
        index[rows, columns] = value


def disc_pattern(side: int) -> NDArray[np.bool_]:
    """A filled circle."""
    k = np.arange(side) - (side - 1) / 2
    return np.hypot(k[:, None], k) <= side / 2


def ring_pattern(side: int) -> NDArray[np.bool_]:
    """A circle that is open inside."""
    k = np.arange(side) - (side - 1) / 2
    away = np.hypot(k[:, None], k)
    return (away <= side / 2) & (away > side / 2 - max(side / 5, 1.0))
