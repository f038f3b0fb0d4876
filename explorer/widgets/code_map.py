"""All codes of a book as a compact map of cells: the colour is how often a code was chosen, or the cell is the patch
that it decodes to.

The whole map is one small indexed image that NumPy builds, so 8192 codes cost a few milliseconds. What is dead, frozen
or merged away has a sign of its own, not only a colour.
"""

from __future__ import annotations

import math
import time

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QResizeEvent
from PySide6.QtWidgets import QWidget

from explorer import theme
from explorer.text import tr
from explorer.widgets.canvas import to_qimage
from explorer.widgets.code_book import ShownBook, plain_book
from explorer.widgets.code_scale import CLEAR, EDGE, FRAME, GROUND, SIGN, VEIL, indexed_image, levels_of
from explorer.widgets.code_view import CodeView

GUTTER_FROM = 5  # cells of so many pixels have a line between them
LARGEST = 72  # side of a cell, px


class CodeMap(CodeView):
    """Cells in reading order, the order being that of the book."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Map of all codes"), parent)
        self._patches = False
        self._image: QImage | None = None
        self._atlas: tuple[ShownBook, int, QImage] | None = None  # the patches in order, with so many columns

    def show_patches(self, on: bool) -> None:
        """Show what codes decode to in place of how often they were chosen, where that is known."""
        self._patches = on
        self.forget()
        self.update()

    def shows_patches(self) -> bool:
        return self._patches and self._book is not None and self._book.thumbnails is not None

    def forget(self) -> None:
        self._image = None

    # ---------------------------------------------------------------------------------------------- geometry

    def layout_of(self) -> tuple[int, int, int]:
        """(columns, rows, side of a cell in pixels of the screen): the largest square cells that find room."""
        ratio, area = self.devicePixelRatioF(), self.area()
        return cells_in(len(self._book) if self._book is not None else 0, area.width() * ratio, area.height() * ratio)

    def _origin(self) -> QPointF:
        """Where the first cell begins: the map lies in the middle."""
        columns, rows, side = self.layout_of()
        ratio, area = self.devicePixelRatioF(), self.area()
        left = (area.width() * ratio - columns * side) // 2
        top = (area.height() * ratio - rows * side) // 2
        return QPointF(max(left, 0) / ratio, max(top, 0) / ratio)

    def place_of(self, code: int) -> QRectF:
        columns, _, side = self.layout_of()
        origin, size = self._origin(), side / self.devicePixelRatioF()
        row, column = divmod(int(self._book.position_K[code]), columns)  # type: ignore[union-attr]
        gap = (1 if side >= GUTTER_FROM else 0) / self.devicePixelRatioF()
        return QRectF(origin.x() + column * size, origin.y() + row * size, size - gap, size - gap)

    def code_at(self, place: QPointF) -> int:
        book = self._book
        columns, _, side = self.layout_of()
        offset = (place - self._origin()) * self.devicePixelRatioF() / side
        column, row = math.floor(offset.x()), math.floor(offset.y())
        position = row * columns + column
        if book is None or not 0 <= column < columns or row < 0 or position >= len(book):
            return -1
        return int(book.order_P[position])

    def neighbour(self, code: int, key: Qt.Key) -> int:
        book, columns = self._book, self.layout_of()[0]
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -columns, Qt.Key.Key_Down: columns}
        position = int(book.position_K[code]) + steps[key]  # type: ignore[union-attr]
        return int(book.order_P[position]) if book is not None and 0 <= position < len(book) else code

    # ---------------------------------------------------------------------------------------------- paint

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.forget()
        super().resizeEvent(event)

    def paint_codes(self, painter: QPainter) -> None:
        book = self._book
        if book is None:
            return
        columns, rows, side = self.layout_of()
        ratio, origin = self.devicePixelRatioF(), self._origin()
        if self.shows_patches():
            target = QRectF(origin.x(), origin.y(), columns * side / ratio, rows * side / ratio)
            painter.drawImage(target, self._patches_of(book, columns))
        if self._image is None:
            index = map_index(book, columns, rows, side, self.top(), patches=self.shows_patches())
            self._image = indexed_image(index, theme.is_dark(self.palette()), ratio)
        painter.drawImage(origin, self._image)

    def _patches_of(self, book: ShownBook, columns: int) -> QImage:
        """The patches of all codes side by side; the same while neither they nor their order change."""
        known = self._atlas
        same = known is not None and known[0].thumbnails is book.thumbnails and known[1] == columns
        if known is None or not same or not np.array_equal(known[0].order_P, book.order_P):
            known = self._atlas = (book, columns, to_qimage(patches_sheet(book, columns)))
        return known[2]


def cells_in(count: int, width: float, height: float) -> tuple[int, int, int]:
    """(columns, rows, side) of the largest square cells, in whole pixels, of which `count` find room."""
    if count <= 0:
        return 1, 1, 1
    side = min(max(int(math.sqrt(width * height / count)) + 1, 1), LARGEST)
    while side > 1 and int(width // side) * int(height // side) < count:
        side -= 1
    columns = min(max(int(width // side), 1), count)
    return columns, math.ceil(count / columns), side


def map_index(book: ShownBook, columns: int, rows: int, side: int, top: int, *, patches: bool) -> NDArray[np.uint8]:
    """The map as an indexed image (rows * side, columns * side); with `patches` only what lies over them."""
    inner = side - 1 if side >= GUTTER_FROM else side
    order = book.order_P
    dead_K = book.counts_K == 0
    if patches:
        levels_K = np.where(dead_K | book.barred_K, VEIL, CLEAR).astype(np.uint8)
    else:
        levels_K = levels_of(book.counts_K, top)
        levels_K[book.barred_K] = GROUND
    levels = np.full(rows * columns, EDGE, np.uint8)
    levels[: len(order)] = levels_K[order]
    index = np.full((rows, side, columns, side), EDGE, np.uint8)
    index[:, :inner, :, :inner] = levels.reshape(rows, 1, columns, 1)
    for kind_K, pattern, value in (
        (dead_K & ~book.barred_K, dot_pattern(inner), SIGN),
        (book.barred_K, cross_pattern(inner), SIGN),
        (book.frozen_K, frame_pattern(inner), FRAME),
    ):
        positions = np.flatnonzero(kind_K[order])
        y, x = np.nonzero(pattern)
        if len(positions) and len(y):
            row, column = np.divmod(positions, columns)
            index[row[:, None], y, column[:, None], x] = value
    return index.reshape(rows * side, columns * side)


def dot_pattern(side: int) -> NDArray[np.bool_]:
    """The sign of a dead code in a cell of so many pixels: a dot in the middle; none where there is no room."""
    cell = np.zeros((side, side), bool)
    size = max(side // 6, 1)
    if side >= 3:
        first = (side - size) // 2
        cell[first : first + size, first : first + size] = True
    return cell


def cross_pattern(side: int) -> NDArray[np.bool_]:
    """The sign of a code that was merged away."""
    if side < 3:
        return np.zeros((side, side), bool)
    k = np.arange(side)
    near = max(side // 12, 0)
    inside = (k >= side // 6) & (k < side - side // 6)
    diagonal = (np.abs(k[:, None] - k) <= near) | (np.abs(k[:, None] + k - side + 1) <= near)
    return diagonal & inside & inside[:, None]


def frame_pattern(side: int) -> NDArray[np.bool_]:
    """The sign of a frozen code: a frame, in small cells a corner."""
    cell = np.ones((side, side), bool)
    if side < GUTTER_FROM:
        cell[:] = False
        cell[0, :] = cell[:, 0] = side >= 3
        return cell
    width = max(side // 12, 1)
    cell[width : side - width, width : side - width] = False
    return cell


def patches_sheet(book: ShownBook, columns: int) -> NDArray[np.uint8]:
    """What all codes decode to, in order, (rows * s, columns * s, C)."""
    patches = book.thumbnails[book.order_P]  # type: ignore[index]
    count, side, _, channels = patches.shape
    rows = math.ceil(count / columns)
    sheet = np.zeros((rows * columns, side, side, channels), np.uint8)
    sheet[:count] = patches
    sheet = sheet.reshape(rows, columns, side, side, channels).swapaxes(1, 2)
    return np.ascontiguousarray(sheet.reshape(rows * side, columns * side, channels))


def redraw_ms(view: CodeMap, codes: int, times: int) -> list[float]:
    """How long each of some redraws with new counts took, from the counts to the end of the paint, in milliseconds."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(times):
        counts_K = np.floor(rng.pareto(0.6, codes)).clip(0, 1e6).astype(np.int64)
        began = time.perf_counter()
        view.set_book(plain_book(counts_K))
        view.repaint()
        found.append((time.perf_counter() - began) * 1000)
    return found
