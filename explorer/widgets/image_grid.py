"""Many samples side by side with a line of one pixel between them: hover names one, a click chooses it.

The keys work as the mouse does: arrows move the choice, Enter opens it (like a double click), and a letter of
`letters` is handed out with the sample that it is meant for.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QFont,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from explorer.text import tr
from explorer.widgets.canvas import KEY_REASONS, to_qimage

GUTTER = 1
PAIR_GAP = 7  # more room than the gutter between two pairs, px
WHOLE_FROM = 2.0  # from this scale on every pixel of a sample gets the same whole number of screen pixels
NEARLY = 0.93  # of the largest scale is as good, where it leaves fewer places empty
WASTE = 0.3  # whole numbers may cost this part of a cell's side


class ImageGrid(QWidget):
    """Pictures (N, H, W, C) in rows; as many columns as make them largest, or `columns`; at the left if not `centred`.
    In pairs every other sample stands right of the one that it belongs to.

    `chosen(k)` is a click, `opened(k)` a double click or Enter, `hovered(k)` the sample under the cursor (-1: none),
    `menuWanted(k, place)` asks for the context menu, `typed(k, letter)` is one of `letters` on the keyboard.
    """

    chosen = Signal(int)
    opened = Signal(int)
    hovered = Signal(int)
    menuWanted = Signal(int, object)
    typed = Signal(int, str)

    def __init__(
        self,
        *,
        columns: int | None = None,
        centred: bool = True,
        letters: str = "",
        text: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._centred = centred
        self._letters = letters
        self._samples: NDArray[np.uint8] | None = None
        self._second: NDArray[np.uint8] | None = None
        self._strip, self._second_strip = QImage(), QImage()  # all samples below each other
        self._columns = columns
        self._pairs = False
        self._text = text
        self._wipe = 0.5
        self._index = -1
        self._hover = -1
        self._key_focus = False
        self._marks: Mapping[int, str] = {}
        self._hint = tr("Sample {index}")
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    # ---------------------------------------------------------------------------------------------- what is shown

    def set_samples(self, samples_NHWC: NDArray[np.uint8] | None) -> None:
        """Show pictures; None (or none of them) shows the text."""
        if samples_NHWC is None or len(samples_NHWC) == 0:
            self._samples, self._strip = None, QImage()
        else:
            self._samples = samples_NHWC
            self._strip = _strip(self._samples)
        if self._index >= self.count():
            self._index = -1
        self.set_second(None)

    def set_second(self, samples_NHWC: NDArray[np.uint8] | None) -> None:
        """Other pictures of the same places: they are shown right of the wipe in each cell. None takes them away."""
        fits = samples_NHWC is not None and self._samples is not None and samples_NHWC.shape == self._samples.shape
        self._second = samples_NHWC if fits else None
        self._second_strip = QImage() if self._second is None else _strip(self._second)
        self.update()

    def set_pairs(self, on: bool) -> None:
        """Every two samples that follow each other belong together: they lie in one row, apart from other pairs."""
        if on != self._pairs:
            self._pairs = on
            self.update()

    def set_wipe(self, part: float) -> None:
        """How much of each cell, from the left, shows the first samples (0..1)."""
        self._wipe = min(max(part, 0.0), 1.0)
        self.update()

    def set_marks(self, marks: Mapping[int, str]) -> None:
        """Short texts (a slot's letter) in the corner of some samples."""
        if dict(marks) != dict(self._marks):
            self._marks = dict(marks)
            self.update()

    def set_text(self, text: str) -> None:
        """The sentence that stands here while there are no samples."""
        if text != self._text:
            self._text = text
            self.update()

    def set_hint(self, hint: str) -> None:
        """What the tooltip says; {index} is the number of the sample, or of the pair."""
        self._hint = hint

    def samples(self) -> NDArray[np.uint8] | None:
        return self._samples

    def second(self) -> NDArray[np.uint8] | None:
        return self._second

    def count(self) -> int:
        return 0 if self._samples is None else len(self._samples)

    def index(self) -> int:
        """The chosen sample, -1 where there is none."""
        return self._index

    def set_index(self, index: int) -> None:
        """Choose without a signal."""
        if index != self._index and index < self.count():
            self._index = index
            self.update()

    def picture(self, index: int) -> NDArray[np.uint8] | None:
        """The pixels of one sample."""
        return None if self._samples is None or not 0 <= index < self.count() else self._samples[index]

    def image(self) -> QImage | None:
        """All samples as one image at their own size, with the lines between them."""
        if self._samples is None:
            return None
        n, height, width, channels = self._samples.shape
        columns = self.columns()
        rows = math.ceil(n / columns)
        sheet = np.zeros((rows * (height + GUTTER) - GUTTER, columns * (width + GUTTER) - GUTTER, channels), np.uint8)
        for k, sample in enumerate(self._samples):
            top, left = k // columns * (height + GUTTER), k % columns * (width + GUTTER)
            sheet[top : top + height, left : left + width] = sample
        return to_qimage(sheet)

    # ---------------------------------------------------------------------------------------------- geometry

    def sizeHint(self) -> QSize:
        return QSize(320, 240)

    def minimumSizeHint(self) -> QSize:
        return QSize(48, 48)

    def columns(self) -> int:
        """The columns that make the samples (nearly) largest in this shape of the widget and fill the last row best."""
        if self._columns is not None:
            return max(1, min(self._columns, max(self.count(), 1)))
        if self._samples is None:
            return 1
        least = 2 if self._pairs else 1
        scales = {columns: self._scale(columns) for columns in range(least, max(self.count(), least) + 1, least)}
        good = [columns for columns, scale in scales.items() if scale >= NEARLY * max(scales.values())]
        return min(
            good, key=lambda columns: (-self.count() % columns, -scales[columns], abs(columns**2 - self.count()))
        )

    def _scale(self, columns: int) -> float:
        """Screen points per pixel of a sample with so many columns."""
        n, height, width, _ = self._samples.shape  # type: ignore[union-attr]
        rows = math.ceil(n / columns)
        ratio = self.devicePixelRatioF()
        room_x = (self.width() - GUTTER * (columns - 1) - self._gaps(columns - 1)) / columns / width
        room_y = (self.height() - GUTTER * (rows - 1)) / rows / height
        scale = max(min(room_x, room_y), 1e-3) * ratio
        whole = math.floor(scale)
        if scale >= WHOLE_FROM and whole >= (1 - WASTE) * scale:
            scale = whole
        return scale / ratio

    def _gaps(self, column: int) -> int:
        """The room between pairs left of a column, px."""
        return column // 2 * PAIR_GAP if self._pairs else 0

    def cell(self, index: int) -> QRectF:
        """Where a sample lies in the widget."""
        if self._samples is None:
            return QRectF()
        n, height, width, _ = self._samples.shape
        columns = self.columns()
        rows = math.ceil(n / columns)
        scale, ratio = self._scale(columns), self.devicePixelRatioF()
        step_x = math.floor(width * scale * ratio) / ratio + GUTTER
        step_y = math.floor(height * scale * ratio) / ratio + GUTTER
        room = self.width() - columns * step_x + GUTTER - self._gaps(columns - 1)
        left = math.floor(room / 2) if self._centred else 0
        top = math.floor((self.height() - rows * step_y + GUTTER) / 2)
        return QRectF(
            max(left, 0) + index % columns * step_x + self._gaps(index % columns),
            max(top, 0) + index // columns * step_y,
            step_x - GUTTER,
            step_y - GUTTER,
        )

    def index_at(self, place: QPointF) -> int:
        """The sample at a place of the widget, -1 beside them."""
        if self._samples is None:
            return -1
        first = self.cell(0)
        columns, step_x = self.columns(), first.width() + GUTTER
        x = place.x() - first.left()
        if self._pairs:
            pair = math.floor(x / (2 * step_x + PAIR_GAP))
            within = math.floor((x - pair * (2 * step_x + PAIR_GAP)) / step_x)
            column = 2 * pair + within if within < 2 else -1
        else:
            column = math.floor(x / step_x)
        row = math.floor((place.y() - first.top()) / (first.height() + GUTTER))
        index = row * columns + column
        return index if 0 <= column < columns and 0 <= index < self.count() and row >= 0 else -1

    # ---------------------------------------------------------------------------------------------- paint

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            palette = self.palette()
            painter.fillRect(event.rect(), palette.color(QPalette.ColorRole.Window))
            if self._samples is None:
                painter.setPen(palette.color(QPalette.ColorRole.PlaceholderText))
                painter.drawText(
                    self.rect().adjusted(16, 8, -16, -8),
                    Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap,
                    self._text,
                )
            else:
                self._paint_samples(painter)
            if self._key_focus and self._index < 0:
                painter.setPen(palette.color(QPalette.ColorRole.Highlight))
                painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def _paint_samples(self, painter: QPainter) -> None:
        n, height, width, _ = self._samples.shape  # type: ignore[union-attr]
        columns, first = self.columns(), self.cell(0)
        smooth = first.width() * self.devicePixelRatioF() < width
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
        step_x, step_y = first.width() + GUTTER, first.height() + GUTTER
        for k in range(n):
            cell = first.translated(k % columns * step_x + self._gaps(k % columns), k // columns * step_y)
            painter.drawImage(cell, self._strip, QRectF(0, k * height, width, height))
            if not self._second_strip.isNull() and not (self._pairs and k % 2 == 0):  # originals stay what they are
                self._paint_second(painter, cell, k)
        self._paint_marks(painter)
        for index, role in ((self._hover, QPalette.ColorRole.Text), (self._index, QPalette.ColorRole.Highlight)):
            if index >= 0:
                painter.setPen(QPen(self.palette().color(role), 2 if index == self._index else 1))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                inset = 1.0 if index == self._index else 0.5
                both = self.cell(index).united(self.cell(index ^ 1)) if self._pairs else self.cell(index)
                painter.drawRect(both.adjusted(inset, inset, -inset, -inset))

    def _paint_second(self, painter: QPainter, cell: QRectF, k: int) -> None:
        _, height, width, _ = self._samples.shape  # type: ignore[union-attr]
        edge = round(self._wipe * width)
        right = cell.adjusted(cell.width() * edge / width, 0, 0, 0)
        painter.drawImage(right, self._second_strip, QRectF(edge, k * height, width - edge, height))
        if 0 < edge < width:
            painter.fillRect(QRectF(right.left(), cell.top(), 1, cell.height()), self.palette().highlight())

    def _paint_marks(self, painter: QPainter) -> None:
        if not self._marks:
            return
        font = QFont(self.font())
        font.setBold(True)
        painter.setFont(font)
        metrics = painter.fontMetrics()
        for index, text in self._marks.items():
            if not 0 <= index < self.count():
                continue
            corner = self.cell(index).topLeft()
            box = QRectF(corner.x(), corner.y(), metrics.horizontalAdvance(text) + 6, metrics.height())
            painter.fillRect(box, self.palette().highlight())
            painter.setPen(self.palette().color(QPalette.ColorRole.HighlightedText))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    # ---------------------------------------------------------------------------------------------- hands

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._set_hover(self.index_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self._set_hover(-1)
        super().leaveEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.index_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and index >= 0:
            self._choose(index)
            return
        super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        index = self.index_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and index >= 0:
            self.opened.emit(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if self._samples is None:
            super().keyPressEvent(event)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._index >= 0:
            self.opened.emit(self._index)
        elif (index := self._moved(key)) is not None:
            self.set_index(index)
            self.hovered.emit(index)
        elif self._letter(event) and self._meant() >= 0:
            self.typed.emit(self._meant(), self._letter(event))
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._key_focus = event.reason() in KEY_REASONS  # a click needs no frame to be seen
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._key_focus = False
        super().focusOutEvent(event)
        self.update()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            index = self._index
            place = self.mapToGlobal(self.cell(index).center().toPoint()) if index >= 0 else QPoint()
        else:
            index, place = self.index_at(QPointF(event.pos())), event.globalPos()
        if index >= 0:
            self.set_index(index)
            self.menuWanted.emit(index, place)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            index = self.index_at(QPointF(event.pos()))
            if index >= 0:
                where = QRect(self.cell(index).toAlignedRect())
                number = index // 2 if self._pairs else index
                QToolTip.showText(event.globalPos(), self._hint.replace("{index}", str(number)), self, where)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)

    def _choose(self, index: int) -> None:
        self.set_index(index)
        self.chosen.emit(index)

    def _set_hover(self, index: int) -> None:
        if index != self._hover:
            self._hover = index
            self.update()
            self.hovered.emit(index)

    def _meant(self) -> int:
        """The sample that a key is meant for: under the cursor, else the chosen one."""
        return self._hover if self._hover >= 0 else self._index

    def _letter(self, event: QKeyEvent) -> str:
        plain = not event.modifiers() & ~Qt.KeyboardModifier.ShiftModifier
        text = event.text().upper()
        return text if plain and len(text) == 1 and text in self._letters else ""

    def _moved(self, key: Qt.Key) -> int | None:
        """The sample that an arrow, Home or End leads to from the chosen one."""
        columns, last = self.columns(), self.count() - 1
        steps = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: -columns,
            Qt.Key.Key_Down: columns,
            Qt.Key.Key_Home: -self._index,
            Qt.Key.Key_End: last - self._index,
        }
        if key not in steps:
            return None
        if self._index < 0:
            return 0
        index = self._index + steps[key]
        return index if 0 <= index <= last else self._index


def _strip(samples_NHWC: NDArray[np.uint8]) -> QImage:
    """All samples below each other as one image."""
    n, height, width, channels = samples_NHWC.shape
    return to_qimage(samples_NHWC.reshape(n * height, width, channels))
