"""A picture with its grid of codes: hover names a cell, hands touch cells, the overlay says which code is where.

The widget knows cells, not tools: `touched` says which cells a stroke came over, and the panel paints. Only what a
stroke changes is drawn again, so that the decode can follow the brush.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFont,
    QFontMetricsF,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine import Codes, Pixels
from explorer import theme
from explorer.code_painting import Cell, Mask, Region, line, spanned
from explorer.widgets.canvas import KEY_REASONS, to_qimage

Overlay = Literal["none", "numbers", "colours"]
WHOLE_FROM = 2.0  # from this scale on every pixel of the picture gets the same whole number of screen pixels
SMALLEST_NUMBER = 8  # px, the smallest type that is read
VEIL = 0.4  # how much of the picture the ground of a number hides
TINT = 0.6  # the same of a colour
STEPS = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}


class CodeGrid(QWidget):
    """One square. A stroke is `strokeBegan`, `touched(cells, shift)` for each way of the hand, `strokeEnded`.

    `picked(cell)` is a right click or Alt+click, and on a square that is not painted on any click. While `selects` is
    set a drag chooses a region instead: `regionChosen(region)`, None for a plain click. `hovered(cell or None)` is the
    cell under the mouse or the cursor of the keys; the arrows move that, Enter touches it."""

    strokeBegan = Signal()
    touched = Signal(object, bool)
    strokeEnded = Signal()
    picked = Signal(object)
    regionChosen = Signal(object)
    hovered = Signal(object)

    def __init__(self, *, paints: bool = True, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._paints, self._text = paints, text
        self.selects = False
        self._image = QImage()
        self._codes: Codes | None = None
        self._changed: Mask | None = None
        self._overlay: Overlay = "none"
        self._colours: Pixels | None = None
        self._layer = QPixmap()  # the overlay as it is drawn, kept between two strokes
        self._brush = 1
        self._hover: Cell | None = None
        self._cursor: Cell = (0, 0)
        self._region: Region | None = None
        self._last: Cell | None = None  # where the hand was in a stroke
        self._anchor: Cell | None = None  # where the mouse began a region
        self._key_anchor: Cell | None = None  # where the keys did
        self._key_focus = False
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    # ---------------------------------------------------------------------------------------------- what is shown

    def set_picture(self, pixels_HWC: Pixels | None) -> None:
        """Show pixels now, not at the next chance: a hand may be waiting for them. None shows the text."""
        before = self._image.size()
        self._image = QImage() if pixels_HWC is None else to_qimage(pixels_HWC)
        if self._image.size() != before:
            self._layer = QPixmap()
        self.repaint()

    def set_text(self, text: str) -> None:
        """The sentence that stands here while there is no picture."""
        if text != self._text:
            self._text = text
            self.update()

    def set_codes(self, codes_hw: Codes | None, changed: Mask | None = None) -> None:
        """The code of every cell, and which cells are painted; only what differs is drawn again."""
        before, marks = self._codes, self._changed
        self._codes, self._changed = codes_hw, changed
        same = codes_hw is not None and before is not None and before.shape == codes_hw.shape
        if same and self._overlay == "none":
            self._layer = QPixmap()
        elif not same or self._layer.isNull() or changed is None or marks is None:
            self._layer = QPixmap()
            self.update()
        else:
            for row, column in np.argwhere((before != codes_hw) | (marks != changed)).tolist():
                self._draw_again((row, column))

    def set_overlay(self, overlay: Overlay, colours_K3: Pixels | None = None) -> None:
        """What lies over the picture; `colours_K3` are those of the codes."""
        if overlay != self._overlay or colours_K3 is not self._colours:
            self._overlay, self._colours = overlay, colours_K3
            self._layer = QPixmap()
            self.update()

    def set_brush(self, size: int) -> None:
        """How many cells wide the outline under the mouse is."""
        self._brush = size
        self.update()

    def set_region(self, region: Region | None) -> None:
        if region != self._region:
            self._region = region
            self.update()

    def set_hover(self, cell: Cell | None) -> None:
        """Outline the cell that is hovered, here or in another square."""
        if cell != self._hover:
            for each in (self._hover, cell):
                if each is not None:
                    self.update(self._outline(each).adjusted(-3, -3, 3, 3).toAlignedRect())
            self._hover = cell

    def set_cursor(self, cell: Cell) -> None:
        self._cursor = cell

    def cursor_cell(self) -> Cell:
        return self._cursor

    def hovered_cell(self) -> Cell | None:
        return self._hover

    def has_numbers(self) -> bool:
        """Whether the cells are large enough for their numbers."""
        return self._number_font() is not None

    # ---------------------------------------------------------------------------------------------- geometry

    def sizeHint(self) -> QSize:
        return QSize(256, 256)

    def minimumSizeHint(self) -> QSize:
        return QSize(64, 64)

    def target(self) -> QRectF:
        """Where the picture lies in the widget."""
        if self._image.isNull():
            return QRectF()
        ratio = self.devicePixelRatioF()
        width, height = self._image.width(), self._image.height()
        scale = min(self.width() / width, self.height() / height) * ratio
        scale = (math.floor(scale) if scale >= WHOLE_FROM else scale) / ratio
        left, top = (self.width() - width * scale) / 2, (self.height() - height * scale) / 2
        return QRectF(math.floor(left * ratio) / ratio, math.floor(top * ratio) / ratio, width * scale, height * scale)

    def cell_rect(self, cell: Cell) -> QRectF:
        """Where a cell lies in the widget."""
        target = self.target()
        return self._cell_in(cell).translated(target.topLeft())

    def _cell_in(self, cell: Cell) -> QRectF:
        """Where a cell lies in the picture as it is shown."""
        rows, columns = self._grid()
        target = self.target()
        wide, high = target.width() / columns, target.height() / rows
        return QRectF(cell[1] * wide, cell[0] * high, wide, high)

    def _outline(self, cell: Cell) -> QRectF:
        """What the brush would cover at a cell."""
        rows, columns = self._grid()
        before = (self._brush - 1) // 2
        top, left = max(cell[0] - before, 0), max(cell[1] - before, 0)
        bottom, right = min(cell[0] - before + self._brush, rows), min(cell[1] - before + self._brush, columns)
        return self.cell_rect((top, left)).united(self.cell_rect((bottom - 1, right - 1)))

    def _grid(self) -> tuple[int, int]:
        return (1, 1) if self._codes is None else (self._codes.shape[0], self._codes.shape[1])

    def cell_at(self, place: QPointF, *, nearest: bool = False) -> Cell | None:
        """The cell under a place of the widget; None beside the picture, or the nearest one."""
        target = self.target()
        if self._codes is None or target.isEmpty() or not (nearest or target.contains(place)):
            return None
        rows, columns = self._grid()
        row = math.floor((place.y() - target.top()) / target.height() * rows)
        column = math.floor((place.x() - target.left()) / target.width() * columns)
        return min(max(row, 0), rows - 1), min(max(column, 0), columns - 1)

    # ---------------------------------------------------------------------------------------------- paint

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            palette = self.palette()
            painter.fillRect(event.rect(), palette.color(QPalette.ColorRole.Window))
            if self._image.isNull():
                painter.setPen(palette.color(QPalette.ColorRole.PlaceholderText))
                flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
                painter.drawText(self.rect().adjusted(8, 8, -8, -8), flags, self._text)
            else:
                self._paint_picture(painter)
            if self._key_focus:
                painter.setPen(palette.color(QPalette.ColorRole.Highlight))
                painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def _paint_picture(self, painter: QPainter) -> None:
        target = self.target()
        smooth = target.width() * self.devicePixelRatioF() < self._image.width()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
        painter.drawImage(target, self._image)
        if self._codes is None:
            return
        if self._overlay != "none":
            if self._layer.isNull():
                self._layer = self._new_layer()
            painter.drawPixmap(target.topLeft(), self._layer)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self._region is not None:
            top, left, height, width = self._region
            whole = self.cell_rect((top, left)).united(self.cell_rect((top + height - 1, left + width - 1)))
            self._paint_frame(painter, whole, Qt.PenStyle.DashLine)
        if self._hover is not None:
            self._paint_frame(painter, self._outline(self._hover), Qt.PenStyle.SolidLine)

    def _paint_frame(self, painter: QPainter, rect: QRectF, style: Qt.PenStyle) -> None:
        """A frame that is seen on light and on dark pictures."""
        inner = rect.adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QPen(QColor(0, 0, 0), 1))
        painter.drawRect(inner)
        painter.setPen(QPen(QColor(255, 255, 255), 1, style))
        painter.drawRect(inner.adjusted(-1, -1, 1, 1) if style == Qt.PenStyle.SolidLine else inner)

    def _new_layer(self) -> QPixmap:
        """The whole overlay."""
        ratio, target = self.devicePixelRatioF(), self.target()
        layer = QPixmap(round(target.width() * ratio), round(target.height() * ratio))
        layer.setDevicePixelRatio(ratio)
        layer.fill(Qt.GlobalColor.transparent)
        rows, columns = self._grid()
        with QPainter(layer) as painter:
            font = self._number_font()
            for row in range(rows):
                for column in range(columns):
                    self._draw_cell(painter, (row, column), font)
        return layer

    def _draw_again(self, cell: Cell) -> None:
        """One cell of the overlay anew."""
        with QPainter(self._layer) as painter:
            painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Clear)
            painter.fillRect(self._cell_in(cell), Qt.GlobalColor.transparent)
            painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
            self._draw_cell(painter, cell, self._number_font())
        self.update(self.cell_rect(cell).toAlignedRect())

    def _draw_cell(self, painter: QPainter, cell: Cell, font: QFont | None) -> None:
        look, rect = theme.colours(self.palette()), self._cell_in(cell)
        code = int(self._codes[cell])  # type: ignore[index]
        if self._overlay == "colours" and self._colours is not None and code < len(self._colours):
            painter.fillRect(rect, theme.faded(QColor(*self._colours[code].tolist()), TINT))
        elif font is not None:
            painter.fillRect(rect, theme.faded(look.base, VEIL))
        if self._overlay == "numbers" and font is not None:
            painter.setFont(font)
            painter.setPen(look.ink)
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, str(code))
        painter.setPen(QPen(theme.faded(look.ink, 0.25), 1))
        painter.drawRect(rect.adjusted(0.5, 0.5, 0.5, 0.5))
        if self._changed is not None and self._changed[cell]:
            painter.setPen(QPen(look.accent, 1))
            painter.drawRect(rect.adjusted(1.5, 1.5, -0.5, -0.5))

    def _number_font(self) -> QFont | None:
        """The type for the largest number that fits into a cell; None where none can be read."""
        if self._codes is None or self._image.isNull():
            return None
        cell, font = self._cell_in((0, 0)), QFont(self.font())
        largest = len(self._colours) - 1 if self._colours is not None else int(self._codes.max())
        widest = "8" * max(len(str(largest)), 2)
        for size in range(round(theme.SMALL * theme.scale()), SMALLEST_NUMBER - 1, -1):
            font.setPixelSize(size)
            metrics = QFontMetricsF(font)
            if metrics.horizontalAdvance(widest) <= cell.width() - 2 and metrics.ascent() <= cell.height():
                return font
        return None

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._layer = QPixmap()
        super().resizeEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self._layer = QPixmap()
        super().changeEvent(event)

    # ---------------------------------------------------------------------------------------------- hands

    def mousePressEvent(self, event: QMouseEvent) -> None:
        cell = self.cell_at(event.position())
        left, right = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
        if cell is None or event.button() not in (left, right):
            super().mousePressEvent(event)
            return
        self._cursor = cell
        picks = event.button() == right or bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
        if self.selects and not picks:
            self._anchor = cell
            self.regionChosen.emit(None)
        elif picks or not self._paints:
            self.picked.emit(cell)
        else:
            self._last = cell
            self.strokeBegan.emit()
            self.touched.emit([cell], _shift(event))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.hovered.emit(self.cell_at(event.position()))
        cell = self.cell_at(event.position(), nearest=True)
        if cell is None:
            return
        if self._anchor is not None:
            self._cursor = cell
            self.regionChosen.emit(spanned(self._anchor, cell))
        elif self._last is not None and cell != self._last:
            way = line(self._last, cell)
            self._last = self._cursor = cell
            self.touched.emit(way, _shift(event))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        self._anchor = None
        if self._last is not None:
            self._last = None
            self.strokeEnded.emit()

    def leaveEvent(self, event: QEvent) -> None:
        self.hovered.emit(None)
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if self._codes is None:
            super().keyPressEvent(event)
        elif key in STEPS:
            self._move(STEPS[key], extend=_shift(event))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._paints and not self.selects:
            self.strokeBegan.emit()
            self.touched.emit([self._cursor], _shift(event))
            self.strokeEnded.emit()
        else:
            super().keyPressEvent(event)

    def _move(self, step: tuple[int, int], *, extend: bool) -> None:
        """The cursor one cell further; with Shift the region reaches to it."""
        rows, columns = self._grid()
        before = self._cursor
        self._cursor = (min(max(before[0] + step[0], 0), rows - 1), min(max(before[1] + step[1], 0), columns - 1))
        if extend:
            self._key_anchor = self._key_anchor or before
            self.regionChosen.emit(spanned(self._key_anchor, self._cursor))
        else:
            self._key_anchor = None
        self.hovered.emit(self._cursor)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._key_focus = event.reason() in KEY_REASONS  # a click needs no frame to be seen
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._key_focus = False
        self._key_anchor = None
        super().focusOutEvent(event)
        self.update()


def _shift(event: QMouseEvent | QKeyEvent) -> bool:
    return bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
