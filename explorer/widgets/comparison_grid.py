"""Pictures in rows, what several models made of them in columns, and the models' numbers under the columns.

Everything is painted by hand so that heads, pictures and numbers stand exactly over each other. A click on a picture,
or Enter on the one that the arrow keys have reached, opens it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QFont,
    QFontMetricsF,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from explorer import theme
from explorer.text import tr
from explorer.widgets.canvas import KEY_REASONS, to_qimage

GAP = theme.GRID  # px, between columns
BETWEEN = 4  # px, between pictures of a column
WHOLE_FROM = 2.0  # from this scale on every pixel gets the same whole number of screen pixels
LABELS = 0.24  # of the width that the names of the numbers may take


@dataclass(frozen=True)
class Figure:
    """A row of numbers: its name, and what it means."""

    title: str
    meaning: str


@dataclass(frozen=True)
class Column:
    """What one model made: `pictures` (N, H, W, C) or None with `lack`, a sentence that says why there are none. `note`
    stands under the head. `values` has a text for each figure, `best` the figures that no other column beats, and
    `details` a text for each picture."""

    title: str
    note: str = ""
    pictures: NDArray[np.uint8] | None = None
    lack: str = ""
    values: tuple[str, ...] = ()
    best: frozenset[int] = frozenset()
    details: tuple[str, ...] = ()


class ComparisonGrid(QWidget):
    """The table. `opened(row, column)` is a click on a picture or Enter."""

    opened = Signal(int, int)

    def __init__(self, figures: Sequence[Figure], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._figures = tuple(figures)
        self._columns: tuple[Column, ...] = ()
        self._images: list[list[QImage]] = []
        self._heads: tuple[QWidget, ...] = ()
        self._size = (1, 1)  # height and width of a picture, px
        self._rows = 0
        self._place: tuple[int, int] | None = None  # the picture that the keys have reached: row, column
        self._hover: tuple[int, int] | None = None
        self._key_focus = False
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(tr("Reconstructions of the same pictures by several models"))
        theme.set_type(self, theme.SMALL)

    # ---------------------------------------------------------------------------------------------- what is shown

    def set_heads(self, heads: Sequence[QWidget]) -> None:
        """The widgets over the columns, the first over the originals; those of before are let go."""
        for head in self._heads:
            if head not in heads:
                head.hide()
                head.deleteLater()
        self._heads = tuple(heads)
        for head in self._heads:
            head.setParent(self)
            head.show()
        self._lay_out()

    def set_columns(self, columns: Sequence[Column]) -> None:
        """What the columns show, the originals first."""
        kept = {id(column.pictures): images for column, images in zip(self._columns, self._images, strict=True)}
        self._columns = tuple(columns)
        self._images = [
            []
            if column.pictures is None
            else kept.get(id(column.pictures)) or [to_qimage(picture) for picture in column.pictures]
            for column in self._columns
        ]
        shapes = [column.pictures.shape for column in self._columns if column.pictures is not None]
        if shapes:
            self._rows, self._size = shapes[0][0], (shapes[0][1], shapes[0][2])
        else:
            self._rows = 0
        if self._place is not None and not (self._place[0] < self._rows and self._place[1] < len(self._columns)):
            self._place = None
        self._hover = None
        self.setAccessibleDescription(self.described())
        self._lay_out()
        self.update()

    def columns(self) -> tuple[Column, ...]:
        return self._columns

    def place(self) -> tuple[int, int] | None:
        """The picture that the keys have reached: row and column."""
        return self._place

    def described(self) -> str:
        """All numbers in words, for who listens."""
        said = []
        for column in self._columns:
            numbers = [
                f"{figure.title} {value}" + (f" ({tr('best')})" if k in column.best else "")
                for k, (figure, value) in enumerate(zip(self._figures, column.values, strict=False))
            ]
            said.append(f"{column.title}: {', '.join(numbers) or column.lack}")
        return "; ".join(said)

    # ---------------------------------------------------------------------------------------------- geometry

    def sizeHint(self) -> QSize:
        return QSize(560, 480)

    def minimumSizeHint(self) -> QSize:
        return QSize(240, 200)

    def _line(self) -> int:
        return math.ceil(self.fontMetrics().height()) + 4

    def _label_width(self) -> float:
        widest = max((self.fontMetrics().horizontalAdvance(figure.title) for figure in self._figures), default=0)
        return min(widest + GAP, LABELS * self.width())

    def _head_height(self) -> int:
        return max((head.sizeHint().height() for head in self._heads), default=0)

    def column_rect(self, column: int) -> QRectF:
        """Where a column lies, from its head to its last number."""
        count, left = max(len(self._columns), 1), self._label_width()
        width = max((self.width() - left - GAP * count) / count, 1.0)
        return QRectF(left + column * (width + GAP) + GAP / 2, 0, width, self.height())

    def _pictures_rect(self, column: int) -> QRectF:
        """The part of a column that its pictures share."""
        whole = self.column_rect(column)
        top = self._head_height() + self._line() + 2
        bottom = self.height() - self._line() * len(self._figures) - BETWEEN
        return QRectF(whole.left(), top, whole.width(), max(bottom - top, 1.0))

    def cell(self, row: int, column: int) -> QRectF:
        """Where a picture lies."""
        room, (height, width), rows = self._pictures_rect(column), self._size, max(self._rows, 1)
        ratio = self.devicePixelRatioF()
        scale = min(room.width() / width, (room.height() - BETWEEN * (rows - 1)) / rows / height) * ratio
        scale = max(math.floor(scale) if scale >= WHOLE_FROM else scale, 1e-3) / ratio
        left = math.floor(room.left() + (room.width() - width * scale) / 2)
        return QRectF(left, room.top() + row * (height * scale + BETWEEN), width * scale, height * scale)

    def place_at(self, at: QPointF) -> tuple[int, int] | None:
        """The row and column of the picture at a place of the widget; None beside them."""
        for column, images in enumerate(self._images):
            for row in range(len(images)):
                if self.cell(row, column).contains(at):
                    return row, column
        return None

    def _figure_top(self) -> float:
        last = self.cell(max(self._rows, 1) - 1, 0).bottom() if self._rows else self._pictures_rect(0).bottom()
        return min(last + BETWEEN, self.height() - self._line() * len(self._figures))

    def figure_at(self, at: QPointF) -> int | None:
        """The row of numbers at a place of the widget."""
        row = math.floor((at.y() - self._figure_top()) / self._line())
        return row if 0 <= row < len(self._figures) else None

    def _lay_out(self) -> None:
        height = self._head_height()
        for k, head in enumerate(self._heads):
            whole = self.column_rect(k)
            head.setGeometry(QRect(round(whole.left()), 0, round(whole.width()), height))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and hasattr(self, "_heads"):
            self._lay_out()
            self.update()

    # ---------------------------------------------------------------------------------------------- paint

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            for column in range(len(self._columns)):
                self._paint_column(painter, column)
            self._paint_figures(painter)
            self._paint_choice(painter)

    def _paint_column(self, painter: QPainter, index: int) -> None:
        look, column, whole = theme.colours(self.palette()), self._columns[index], self.column_rect(index)
        note = QRectF(whole.left(), self._head_height(), whole.width(), self._line())
        painter.setPen(look.muted)
        text = self.fontMetrics().elidedText(column.note, Qt.TextElideMode.ElideRight, int(note.width()))
        painter.drawText(note, Qt.AlignmentFlag.AlignCenter, text)
        for row, image in enumerate(self._images[index]):
            cell = self.cell(row, index)
            smooth = cell.width() * self.devicePixelRatioF() < image.width()
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
            painter.drawImage(cell, image)
        if column.lack:
            painter.drawText(
                self._pictures_rect(index), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, column.lack
            )

    def _paint_figures(self, painter: QPainter) -> None:
        """A line for each figure; what is best stands bold in a frame."""
        look, line, top = theme.colours(self.palette()), self._line(), self._figure_top()
        labels = self._label_width()
        for row, figure in enumerate(self._figures):
            y = top + row * line
            painter.setPen(QPen(look.hairline, 1.0))
            painter.drawLine(QPointF(0, round(y) + 0.5), QPointF(self.width(), round(y) + 0.5))
            painter.setPen(look.muted)
            title = self.fontMetrics().elidedText(figure.title, Qt.TextElideMode.ElideRight, int(labels - 2))
            box = QRectF(0, y, labels, line)
            painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, title)
            for k, column in enumerate(self._columns):
                if row < len(column.values):
                    whole = self.column_rect(k)
                    value = QRectF(whole.left(), y, whole.width(), line)
                    self._paint_value(painter, value, column.values[row], best=row in column.best)

    def _paint_value(self, painter: QPainter, box: QRectF, text: str, *, best: bool) -> None:
        look = theme.colours(self.palette())
        font = QFont(self.font())
        font.setBold(best)
        painter.setFont(font)
        metrics = QFontMetricsF(font)
        text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, box.width() - 4)
        if best:
            width = metrics.horizontalAdvance(text) + 2 * GAP
            around = QRectF(box.center().x() - width / 2, box.top() + 2.5, width, box.height() - 4)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(look.accent, 1.0))
            painter.drawRoundedRect(around, 4, 4)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(look.ink)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
        painter.setFont(self.font())

    def _paint_choice(self, painter: QPainter) -> None:
        look = theme.colours(self.palette())
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for place, ink, width in ((self._hover, look.ink, 1.0), (self._place, look.accent, 2.0)):
            if place is not None and (place is not self._place or self.hasFocus()):
                painter.setPen(QPen(ink, width))
                painter.drawRect(self.cell(*place).adjusted(width / 2, width / 2, -width / 2, -width / 2))
        if self._key_focus and self._place is None:
            painter.setPen(QPen(look.accent, 1.0))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    # ---------------------------------------------------------------------------------------------- hands

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._set_hover(self.place_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self._set_hover(None)
        super().leaveEvent(event)

    def _set_hover(self, place: tuple[int, int] | None) -> None:
        if place != self._hover:
            self._hover = place
            self.setCursor(Qt.CursorShape.ArrowCursor if place is None else Qt.CursorShape.PointingHandCursor)
            self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = self.place_at(event.position())
        if event.button() != Qt.MouseButton.LeftButton or place is None:
            super().mousePressEvent(event)
            return
        self._place = place
        self.update()
        self.opened.emit(*place)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        moves = {
            Qt.Key.Key_Left: (0, -1),
            Qt.Key.Key_Right: (0, 1),
            Qt.Key.Key_Up: (-1, 0),
            Qt.Key.Key_Down: (1, 0),
        }
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._place is not None:
            self.opened.emit(*self._place)
        elif key in moves and self._rows:
            self._move(*moves[key])
        else:
            super().keyPressEvent(event)

    def _move(self, down: int, right: int) -> None:
        row, column = (0, 0) if self._place is None else (self._place[0] + down, self._place[1] + right)
        if 0 <= column < len(self._columns) and 0 <= row < self._rows:
            self._place = (row, column)
            self.update()

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._key_focus = event.reason() in KEY_REASONS
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._key_focus = False
        super().focusOutEvent(event)
        self.update()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.tip_at(QPointF(event.pos())), self)
            return True
        return super().event(event)

    def tip_at(self, at: QPointF) -> str:
        """What is said of a place: the numbers of one picture, or what a figure means."""
        place, figure = self.place_at(at), self.figure_at(at)
        if place is not None:
            row, column = place
            details = self._columns[column].details
            return details[row] if row < len(details) else ""
        return "" if figure is None else f"<p>{self._figures[figure].meaning}</p>"
