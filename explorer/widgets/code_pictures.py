"""What a code looks like: its patch alone, and a picture before and after the code is put into it.

A click into the picture says where the code should be put."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetricsF, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from explorer import theme
from explorer.text import tr
from explorer.widgets.canvas import to_qimage

GAP = 6.0
SIDE = 64  # room for each, px


class CodePictures(QWidget):
    """The patch, before, after; `placed(row, column)` of the grid of codes comes from a click into before or after."""

    placed = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._images: tuple[QImage, ...] = (QImage(), QImage(), QImage())
        self._grid: tuple[int, ...] = ()
        self._place: tuple[int, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip(
            tr(
                "Left what the code decodes to in a grid of nothing else; then a picture as its own codes decode, and "
                "with this code at the framed place. Click into the picture to choose the place."
            )
        )

    def set_pictures(
        self,
        alone: NDArray[np.uint8] | None,
        before: NDArray[np.uint8] | None,
        after: NDArray[np.uint8] | None,
        grid: tuple[int, ...],
        place: tuple[int, ...],
    ) -> None:
        """Show pictures (H, W, C); `grid` has so many codes, and the code was put at `place` of it."""
        self._images = tuple(QImage() if each is None else to_qimage(each) for each in (alone, before, after))
        self._grid, self._place = grid, place
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(216, round(SIDE * theme.scale() + self._title()))

    def minimumSizeHint(self) -> QSize:
        return QSize(96, self.sizeHint().height())

    def _title(self) -> float:
        return QFontMetricsF(self._small()).height() + 2

    def _small(self) -> QFont:
        font = QFont(self.font())
        if font.pixelSize() > 0:
            font.setPixelSize(max(round(font.pixelSize() * theme.SMALL / theme.BODY), 9))
        return font

    def cells(self) -> tuple[QRectF, ...]:
        """Where the three pictures lie; their pixels stay square and whole."""
        room = min((self.width() - 2 * GAP) / 3, self.height() - self._title())
        found = []
        for k, image in enumerate(self._images):
            side = max(image.height(), 1)
            scale = max(math.floor(room / side), 1) if room >= side else room / side
            size = side * scale
            found.append(QRectF(k * (room + GAP), self._title(), size, size))
        return tuple(found)

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.colours(self.palette())
        titles = (tr("alone"), tr("before"), tr("after"))
        with QPainter(self) as painter:
            painter.setFont(self._small())
            for k, (image, cell, title) in enumerate(zip(self._images, self.cells(), titles, strict=True)):
                if image.isNull():
                    continue
                painter.setPen(look.muted)
                painter.drawText(QRectF(cell.left(), 0, 120, self._title()), Qt.AlignmentFlag.AlignLeft, title)
                painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, cell.height() < image.height())
                painter.drawImage(cell, image)
                if k and len(self._grid) == 2 and len(self._place) == 2:
                    self._paint_place(painter, cell)

    def _paint_place(self, painter: QPainter, cell: QRectF) -> None:
        look = theme.colours(self.palette())
        height, width = cell.height() / self._grid[0], cell.width() / self._grid[1]
        row, column = self._place
        frame = QRectF(cell.left() + column * width, cell.top() + row * height, width, height).adjusted(-1, -1, 1, 1)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(look.base, 3.0))
        painter.drawRect(frame)
        painter.setPen(QPen(look.accent, 1.5))
        painter.drawRect(frame)

    def place_at(self, place: QPointF) -> tuple[int, int] | None:
        """The (row, column) of the grid of codes under a place of the widget."""
        for cell in self.cells()[1:]:
            if len(self._grid) == 2 and cell.contains(place):
                row = int((place.y() - cell.top()) / cell.height() * self._grid[0])
                column = int((place.x() - cell.left()) / cell.width() * self._grid[1])
                return min(row, self._grid[0] - 1), min(column, self._grid[1] - 1)
        return None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = self.place_at(event.position())
        if place is not None and event.button() == Qt.MouseButton.LeftButton:
            self.placed.emit(*place)
        else:
            super().mousePressEvent(event)
