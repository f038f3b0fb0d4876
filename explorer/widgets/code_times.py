"""How often every code was chosen at every time of a training: codes from top to bottom, steps from left to right.

A codebook that collapses is a picture whose rows go out one by one; revived codes are rows that begin. Where there are
more codes than pixels, a row of pixels shows the most used of its codes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QMouseEvent, QPainter, QPen, QPolygonF, QResizeEvent
from PySide6.QtWidgets import QWidget

from explorer import theme
from explorer.explored import grouped
from explorer.text import tr
from explorer.theme import faded
from explorer.widgets.code_book import ShownBook, nice_top
from explorer.widgets.code_scale import Key, indexed_image, levels_of
from explorer.widgets.code_view import CodeView

TICKS = 5
LABEL = 72.0  # room for a step, px
MOST_LIVE = 128  # columns that are kept between two readings of the run


Image = NDArray[np.uint8]


class Column:
    """The window counts (K,) at a step, with their places on the scale, which are worked out once for each scale."""

    def __init__(self, step: int, counts_K: NDArray[np.number]) -> None:
        self.step, self.counts_K = step, counts_K
        self.most = int(counts_K.max(initial=0))
        self._levels: tuple[int, Image] | None = None

    def levels(self, top: int) -> Image:
        """The index of each code in an image whose scale ends at `top`, (K,)."""
        if self._levels is None or self._levels[0] != top:
            self._levels = (top, levels_of(self.counts_K, top))
        return self._levels[1]


class CodeTimes(CodeView):
    """The window counts of a run at rising steps; `pointed(code, step, count)` is what lies under the pointer."""

    pointed = Signal(int, int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Codes over time"), parent)
        self._read: list[Column] = []  # what the run keeps on disk
        self._live: list[Column] = []  # what came after it
        self._edits: tuple[int, ...] = ()
        self._at: int | None = None
        self._image: QImage | None = None
        self._step = -1

    # ---------------------------------------------------------------------------------------------- what is shown

    def set_history(self, steps_T: NDArray[np.int64], counts_TK: NDArray[np.float32]) -> None:
        """What was read of a run; columns that came live after it stay."""
        known = {column.step: column for column in self._read}
        columns = (Column(int(step), counts) for step, counts in zip(steps_T, counts_TK, strict=True))
        self._read = [known.get(column.step, column) for column in columns]
        last = self._read[-1].step if self._read else -1
        self._live = [column for column in self._live if column.step > last]
        self._changed()

    def add(self, step: int, counts_K: NDArray[np.int64]) -> None:
        """A column that comes live. One of an earlier step says that the run went back: nothing of before holds."""
        last = self.last_step()
        if step < last:
            self.clear()
        elif step == last:
            return
        self._live = [*self._live, Column(step, counts_K)][-MOST_LIVE:]
        self._changed()

    def clear(self) -> None:
        self._read, self._live = [], []
        self._changed()

    def set_marks(self, edits: Sequence[int], at: int | None) -> None:
        """The steps at which codes were mended, and where the scrubber stands."""
        if (tuple(edits), at) != (self._edits, self._at):
            self._edits, self._at = tuple(edits), at
            self.update()

    def columns(self) -> list[Column]:
        """All columns at rising steps, as far as they are of the book that is shown."""
        codes = len(self._book) if self._book is not None else 0
        return [column for column in (*self._read, *self._live) if len(column.counts_K) == codes]

    def last_step(self) -> int:
        """The newest step that is shown, -1 where there is none."""
        return next((columns[-1].step for columns in (self._live, self._read) if columns), -1)

    def _changed(self) -> None:
        self.forget()
        self.update()

    def forget(self) -> None:
        self._image = None

    def set_book(self, book: ShownBook | None, unit_text: str = "") -> None:
        """Another order draws the picture anew; new counts of now are in the columns already."""
        before = self._book
        kept = book is not None and before is not None and np.array_equal(book.order_P, before.order_P)
        image = self._image
        super().set_book(book, unit_text)
        self._image = image if kept else None

    def shows(self) -> bool:
        return super().shows() and bool(self.columns())

    def top(self) -> int:
        return nice_top(max((column.most for column in self.columns()), default=0))

    def key(self) -> Key:
        """Signs are for the present; here none are drawn."""
        return replace(super().key(), signs=())

    # ---------------------------------------------------------------------------------------------- geometry

    def _line(self) -> float:
        return QFontMetricsF(self.small_font()).height() + 2

    def plot(self) -> QRectF:
        """The picture, over its axis of steps."""
        area = self.area()
        return QRectF(1, 1, max(area.width() - 2, 1.0), max(area.height() - self._line() - 4, 1.0))

    def _span(self) -> tuple[int, int]:
        columns = self.columns()
        return columns[0].step, max(columns[-1].step, columns[0].step + 1)

    def column_at(self, x: float) -> Column:
        """The column that is shown at x."""
        (first, last), columns, plot = self._span(), self.columns(), self.plot()
        wanted = first + (x - plot.left()) / plot.width() * (last - first)
        return columns[max(bisect_right(columns, wanted, key=_step_of) - 1, 0)]

    def x_of(self, step: int) -> float:
        first, last = self._span()
        plot = self.plot()
        return plot.left() + (step - first) / (last - first) * plot.width()

    def place_of(self, code: int) -> QRectF:
        plot = self.plot()
        height = plot.height() / len(self._book)  # type: ignore[arg-type]
        top = plot.top() + int(self._book.position_K[code]) * height  # type: ignore[union-attr]
        return QRectF(plot.left(), top, plot.width(), max(height, 1.0))

    def code_at(self, place: QPointF) -> int:
        plot, book = self.plot(), self._book
        if book is None or not plot.contains(place):
            return -1
        position = int((place.y() - plot.top()) / plot.height() * len(book))
        return int(book.order_P[min(position, len(book) - 1)])

    def neighbour(self, code: int, key: Qt.Key) -> int:
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(key, 0)
        position = int(self._book.position_K[code]) + step  # type: ignore[union-attr]
        return int(self._book.order_P[min(max(position, 0), len(self._book) - 1)])  # type: ignore[union-attr, arg-type]

    # ---------------------------------------------------------------------------------------------- paint

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.forget()
        super().resizeEvent(event)

    def paint_codes(self, painter: QPainter) -> None:
        palette = self.palette()
        look, plot, ratio = theme.colours(palette), self.plot(), self.devicePixelRatioF()
        if self._image is None:
            size = (max(int(plot.height() * ratio), 1), max(int(plot.width() * ratio), 1))
            index = times_index(self.columns(), self._book.order_P, size, self.top())  # type: ignore[union-attr]
            self._image = indexed_image(index, theme.is_dark(palette))
        painter.drawImage(plot, self._image)
        painter.setPen(QPen(look.hairline, 1.0))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(plot)
        self._paint_axis(painter, plot)
        self._paint_marks(painter, plot)

    def paint_hold(self, painter: QPainter, code: int, color: QColor, width: float) -> None:
        """A row may be a pixel high: it is pointed at from both sides."""
        place, size = self.place_of(code), 5.0 * theme.scale()
        painter.setPen(QPen(theme.colours(self.palette()).base, 1.0))
        painter.setBrush(color)
        for x, way in ((place.left(), 1), (place.right(), -1)):
            tip = QPointF(x + way * 1.4 * size, place.center().y())
            back = QPointF(x, place.center().y())
            painter.drawPolygon(QPolygonF([tip, back - QPointF(0, size), back + QPointF(0, size)]))

    def _paint_axis(self, painter: QPainter, plot: QRectF) -> None:
        """Some steps below the picture."""
        look = theme.colours(self.palette())
        (first, last), height = self._span(), self._line()
        label = LABEL * theme.scale()
        count = min(TICKS, max(int(plot.width() // (2 * label)), 1))
        sides = {0: Qt.AlignmentFlag.AlignLeft, count: Qt.AlignmentFlag.AlignRight}
        painter.setPen(look.muted)
        for k in range(count + 1):
            step = first + round((last - first) * k / count)
            x = min(max(self.x_of(step) - label / 2, plot.left()), plot.right() - label)
            side = sides.get(k, Qt.AlignmentFlag.AlignHCenter)
            said = tr("step {step}", step=grouped(step)) if k == 0 else grouped(step)
            painter.drawText(QRectF(x, plot.bottom() + 2, label, height), side | Qt.AlignmentFlag.AlignVCenter, said)

    def _paint_marks(self, painter: QPainter, plot: QRectF) -> None:
        """Flags where codes were mended, a line where the scrubber stands, a hair under the pointer."""
        look, unit = theme.colours(self.palette()), theme.scale()
        first, last = self._span()
        for step in self._edits:
            if first <= step <= last:
                x, top = self.x_of(step), plot.top()
                painter.setPen(QPen(faded(look.ink, 0.6), 1.0, Qt.PenStyle.DashLine))
                painter.drawLine(QPointF(x, top), QPointF(x, plot.bottom()))
                painter.setPen(QPen(look.base, 1.0))
                painter.setBrush(look.ink)
                painter.drawPolygon(
                    QPolygonF([QPointF(x - 5 * unit, top), QPointF(x + 5 * unit, top), QPointF(x, top + 7 * unit)])
                )
        if self._at is not None:
            painter.setPen(QPen(look.accent, 1.5 * unit))
            x = min(max(self.x_of(self._at), plot.left()), plot.right())
            painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))
        if self._step >= 0 and self._hover >= 0:
            painter.setPen(QPen(faded(look.ink, 0.6), 1.0))
            painter.drawLine(QPointF(self.x_of(self._step), plot.top()), QPointF(self.x_of(self._step), plot.bottom()))

    # ---------------------------------------------------------------------------------------------- hands

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        column = self.column_at(event.position().x()) if self._hover >= 0 else None
        self._step = -1 if column is None else column.step
        self.update()
        if column is not None:
            self.pointed.emit(self._hover, column.step, int(column.counts_K[self._hover]))


def _step_of(column: Column) -> int:
    return column.step


def times_index(columns: Sequence[Column], order_P: NDArray[np.int64], size: tuple[int, int], top: int) -> Image:
    """The columns as an indexed image of at most `size` = (rows, columns): steps to scale, each lasting until the next;
    of several codes in a row the most used."""
    rows, across = size
    steps = np.array([column.step for column in columns])
    wanted = np.linspace(steps[0], max(steps[-1], steps[0] + 1), across)
    shown = np.maximum(np.searchsorted(steps, wanted, side="right") - 1, 0)
    kept, place = np.unique(shown, return_inverse=True)
    firsts = np.arange(rows) * len(order_P) // rows
    crowded = len(order_P) > rows
    lines = (columns[k].levels(top)[order_P] for k in kept)
    sheet = np.stack([np.maximum.reduceat(line, firsts) if crowded else line for line in lines], axis=1)
    return sheet[:, place]
