"""Samples with D's opinion under each, and, for the one that is chosen, where D looked.

A bar and a number say the score; the heat map shows the gradient of D's logit by the picture: red parts would please D
more if they were brighter, blue parts if they were darker (Simonyan et al. 2013, arXiv 1312.6034).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetricsF, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from explorer import theme
from explorer.text import tr
from explorer.widgets.canvas import to_qimage
from explorer.widgets.field_drawing import draw_color_bar, field_image
from explorer.widgets.image_grid import NEARLY
from explorer.widgets.short_numbers import MINUS, short_number

GAP = 3.0
LEVEL = 3.0  # height of the bar under a sample, px
SIDE_SHARE = 0.4  # of the width for the chosen sample
BAR_ROOM = 58.0
SMALLEST = 24.0  # a picture with a score, px; fewer are shown where they would be smaller
WIDEST = "-0.00 "


class ScoredGrid(QWidget):
    """Pictures (N, H, W, C) with scores. `chosen(k)` is a click on a sample, -1 where the choice is taken back."""

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._samples: NDArray[np.uint8] | None = None
        self._texts: tuple[str, ...] = ()
        self._levels: NDArray[np.float64] = np.empty(0)
        self._saliency: NDArray[np.float32] | None = None
        self._peaks: NDArray[np.float32] | None = None
        self._index = -1
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(tr("Samples with the scores of D"))

    def set_samples(self, samples_NHWC: NDArray[np.uint8]) -> None:
        """Show pictures; their scores follow."""
        self._samples = np.ascontiguousarray(samples_NHWC)
        if self._index >= len(samples_NHWC):
            self._index = -1
        self._texts, self._levels, self._saliency, self._peaks = (), np.empty(0), None, None
        self.update()

    def set_scores(
        self,
        levels_N: NDArray[np.float64],
        texts: tuple[str, ...],
        saliency_NHW: NDArray[np.float32] | None,
        peaks_N: NDArray[np.float32] | None = None,
    ) -> None:
        """How full the bar of every sample is (0..1), its text, and the heat maps, where there are some: -1..1, with
        what 1 stands for, in logits per unit of brightness."""
        self._levels, self._texts, self._saliency, self._peaks = levels_N, texts, saliency_NHW, peaks_N
        self.update()

    def bar_labels(self) -> tuple[str, str, str]:
        """The numbers at the bar of the heat map, from below to above; empty where there is none yet."""
        if self._peaks is None or not 0 <= self._index < len(self._peaks):
            return "", "0", ""
        peak = short_number(float(self._peaks[self._index]))
        return f"{MINUS}{peak}", "0", f"+{peak}"

    def samples(self) -> NDArray[np.uint8] | None:
        return self._samples

    def texts(self) -> tuple[str, ...]:
        return self._texts

    def index(self) -> int:
        """The chosen sample, -1 where there is none."""
        return self._index

    def choose(self, index: int) -> None:
        """Choose a sample, or take the choice back by choosing it again."""
        self._index = -1 if index == self._index else index
        self.update()
        self.chosen.emit(self._index)

    # ---------------------------------------------------------------------------------------------- geometry

    def sizeHint(self) -> QSize:
        return QSize(560, 320)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, 140)

    def _font(self) -> QFont:
        font = QFont(self.font())
        if font.pixelSize() > 0:
            font.setPixelSize(max(round(font.pixelSize() * theme.SMALL / theme.BODY), 9))
        return font

    def _areas(self) -> tuple[QRectF, QRectF]:
        """Where the grid and the chosen sample lie."""
        full = QRectF(self.rect()).adjusted(theme.GRID, 2, -theme.GRID, -2)
        if self._index < 0:
            return full, QRectF()
        grid, side = QRectF(full), QRectF(full)
        if full.width() >= full.height():
            grid.setWidth(full.width() * (1 - SIDE_SHARE))
            side.setLeft(grid.right() + theme.GRID)
        else:
            grid.setHeight(full.height() * (1 - SIDE_SHARE))
            side.setTop(grid.bottom() + theme.GRID)
        return grid, side

    def shown(self) -> int:
        """How many samples have room, the first ones."""
        metrics, (grid, _) = QFontMetricsF(self._font()), self._areas()
        width = max(metrics.horizontalAdvance(WIDEST), SMALLEST) + GAP
        height = SMALLEST + metrics.height() + LEVEL * theme.scale() + GAP
        room = max(int(grid.width() // width), 1) * max(int(grid.height() // height), 1)
        return min(0 if self._samples is None else len(self._samples), room)

    def _layout(self) -> tuple[int, float, float, float, QRectF]:
        """Columns, the side of a picture, the width and height of a cell, and the area of the grid."""
        grid, _ = self._areas()
        metrics = QFontMetricsF(self._font())
        caption, text = metrics.height() + LEVEL * theme.scale(), metrics.horizontalAdvance(WIDEST)
        count = self.shown()
        sides = {1: 1.0}
        for columns in range(1, count + 1):
            side = min(grid.width() / columns - GAP, grid.height() / math.ceil(count / columns) - caption - GAP)
            if max(side, text) + GAP <= grid.width() / columns + 0.5:
                sides[columns] = max(side, 1.0)
        nearly = NEARLY * max(sides.values())
        best = max(((c, s) for c, s in sides.items() if s >= nearly), key=lambda cs: (-(-count % cs[0]), cs[1]))
        side = math.floor(best[1])
        width = max(side, text) + GAP
        spare = max(grid.width() - best[0] * width + GAP, 0.0)
        return best[0], side, width, side + caption + GAP, grid.adjusted(spare / 2, 0, -spare / 2, 0)

    def cell(self, index: int) -> QRectF:
        """Where the picture of a sample lies."""
        return _cell(self._layout(), index)

    def index_at(self, place: QPointF) -> int:
        """The sample at a place of the widget, -1 beside them."""
        columns, _, width, height, grid = self._layout()
        column, row = int((place.x() - grid.left()) // width), int((place.y() - grid.top()) // height)
        index = row * columns + column
        return index if 0 <= column < columns and row >= 0 and index < self.shown() else -1

    # ---------------------------------------------------------------------------------------------- paint

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._samples is None:
            return
        with QPainter(self) as painter:
            painter.setFont(self._font())
            layout = self._layout()
            for k, sample in enumerate(self._samples[: self.shown()]):
                self._paint_sample(painter, _cell(layout, k), k, sample)
            if self._index >= 0:
                self._paint_chosen(painter)

    def _paint_sample(self, painter: QPainter, cell: QRectF, k: int, sample: NDArray[np.uint8]) -> None:
        look = theme.colours(self.palette())
        smooth = cell.width() * self.devicePixelRatioF() < sample.shape[1]
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
        painter.drawImage(cell, to_qimage(sample))
        if k < len(self._texts):
            line = QRectF(cell.left(), cell.bottom() + 1, cell.width(), LEVEL * theme.scale())
            painter.fillRect(line, look.hairline)
            level = float(self._levels[k])
            if math.isfinite(level):
                painter.fillRect(QRectF(line.left(), line.top(), line.width() * level, line.height()), look.accent)
            wider = max(QFontMetricsF(painter.font()).horizontalAdvance(WIDEST) - cell.width(), 0.0) / 2
            box = line.adjusted(-wider, line.height(), wider, cell.height())
            painter.setPen(look.ink if math.isfinite(level) else look.warning)
            painter.drawText(box, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, self._texts[k])
        if k == self._index:
            painter.setPen(QPen(look.accent, 2 * theme.scale()))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(cell.adjusted(1, 1, -1, -1))

    def _paint_chosen(self, painter: QPainter) -> None:
        """The chosen sample, large: as it is, and under the heat map."""
        _, area = self._areas()
        sample = self._samples[self._index]  # type: ignore[index]
        look, line = theme.colours(self.palette()), QFontMetricsF(painter.font()).height() + 2
        bar_room = BAR_ROOM * theme.scale()
        room = area.adjusted(0, 0, -bar_room, 0)
        below = min(room.width(), (room.height() - 2 * line - GAP) / 2)
        beside = min((room.width() - GAP) / 2, room.height() - line)
        stacked, side = below >= beside, max(below, beside)
        first = QRectF(room.left(), room.top() + line, side, side)
        second = first.translated(0, side + line + GAP) if stacked else first.translated(side + GAP, 0)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.drawImage(first, to_qimage(sample))
        painter.drawImage(second, to_qimage(grey(sample)))
        if self._saliency is not None and self._index < len(self._saliency):
            painter.drawImage(second, heat_image(self._saliency[self._index], self.palette()))
        painter.setPen(look.muted)
        score = self._texts[self._index] if self._index < len(self._texts) else ""
        titles = (tr("Sample {index}: {score}", index=self._index, score=score), tr("Where D looks"))
        for box, title in zip((first, second), titles, strict=True):
            painter.drawText(QRectF(box.left(), box.top() - line, max(box.width(), 120), line), title)
        bar = QRectF(second.right() + 6, second.top() - line, bar_room - 6, second.height() + line)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
        draw_color_bar(painter, bar, self.palette(), self.bar_labels(), tr("logit"))

    # ---------------------------------------------------------------------------------------------- hands

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.index_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and index >= 0:
            self.choose(index)
        else:
            super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._samples is None:
            super().keyPressEvent(event)
            return
        columns = self._layout()[0]
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -columns, Qt.Key.Key_Down: columns}
        if event.key() in steps:
            index = self._index + steps[Qt.Key(event.key())] if self._index >= 0 else 0
            if 0 <= index < self.shown():
                self.choose(index)
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip:
            index = self.index_at(QPointF(event.pos()))
            if index >= 0:
                said = tr("Sample {index}: click to see where D looks", index=index)
                QToolTip.showText(event.globalPos(), said, self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)


def _cell(layout: tuple[int, float, float, float, QRectF], index: int) -> QRectF:
    """Where a picture lies: in the middle of a cell whose caption may be wider."""
    columns, side, width, height, grid = layout
    left = grid.left() + index % columns * width + (width - GAP - side) / 2
    return QRectF(left, grid.top() + index // columns * height, side, side)


def grey(sample_HWC: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture without its colours, so that those of the heat map are alone."""
    return np.ascontiguousarray(sample_HWC.mean(2, keepdims=True).astype(np.uint8))


def heat_image(saliency_HW: NDArray[np.float32], palette: QPalette) -> QImage:
    """A heat map (-1..1) that covers the more, the further from 0 it is."""
    image = field_image((saliency_HW[::-1] + 1.0) / 2.0, palette)
    height, width = saliency_HW.shape
    cover = np.clip(np.sqrt(np.abs(np.nan_to_num(saliency_HW))) * 255, 0, 255).astype(np.uint8)
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(height, width, 4).copy()
    pixels[..., 3] = cover
    return QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGBA8888).copy()
