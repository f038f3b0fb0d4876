"""Samples that are points, not pictures: where they lie on a line or in a plane, among the data, and where one lands.

A drag is handed out like that of a picture (`PictureCanvas`), so that a point model is explored in the same way.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QPalette, QPen, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from explorer.text import tr
from explorer.theme import colours, faded, scale
from explorer.widgets.dots import draw_dots
from explorer.widgets.short_numbers import MINUS, short_number

DOT, MARK = 2.5, 9.0  # radius of a sample, reach of the cross on the one that is held
REACH = 8.0  # how near to a dot a click must be
MARGIN, DATA_MARGIN = 0.1, 0.2  # of the extent, around all samples; around the data, as the Decision panel has it
DATA_DOT, DATA_SHARE = 2.0, 0.5  # px, and how much of the ground a dot of the data covers
TICKS = 5  # about so many numbers along an axis
FOOT = 20  # room for the numbers below, px
EDGE = 16  # of a number to the edge of the view, px
HALF_LINE = 16  # numbers at the left keep this far from the ends, px
FAINT = 150  # of 255
LEGEND_LEFT = 56.0  # px, beside the numbers of y
ZOOM_STEP = 1.25


class PointView(QWidget):
    """A scatter of (N, 1) or (N, 2) points. Points on a line are drawn at a height that is their number.

    With `set_data` the view shows the range of the data, so that samples which collapse are seen to; without, theirs.

    `chosen(k)` is a click on a sample; `dragged(dx, dy)` gives a movement as parts of the view.
    """

    chosen = Signal(int)
    dragStarted = Signal()
    dragged = Signal(float, float)
    dragEnded = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._points = np.zeros((0, 2), np.float32)
        self._data: NDArray[np.float32] | None = None
        self._mark: NDArray[np.float32] | None = None
        self._flat = False
        self._extent = QRectF(-1, -1, 2, 2)
        self._zoom = 1.0
        self._grip: QPointF | None = None
        self._moved = False
        self.setAccessibleName(tr("Samples as points"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    # ---------------------------------------------------------------------------------------------- what is shown

    def set_points(self, points_ND: NDArray[np.float32] | None) -> None:
        """Show samples; None shows none. Those that are not finite are left out."""
        points_ND = np.zeros((0, 2), np.float32) if points_ND is None else points_ND
        self._flat = points_ND.shape[1] == 1
        self._points = _in_plane(points_ND)
        self._find_extent()

    def set_data(self, points_ND: NDArray[np.float32] | None) -> None:
        """The data that the samples should be like, drawn faintly behind them; None where it is not known."""
        self._data = None if points_ND is None else _in_plane(points_ND)
        self._find_extent()

    def extent(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """The range of x and of y that is shown at first."""
        shown = self._extent
        return (shown.left(), shown.right()), (shown.top(), shown.bottom())

    def outside(self) -> int:
        """How many samples lie outside what is in view."""
        places = self._places(self._points)
        return int(((places < 0) | (places > (self.width(), self.height() - FOOT))).any(axis=1).sum())

    def _find_extent(self) -> None:
        shown, margin = (self._points, MARGIN) if self._data is None else (self._data, DATA_MARGIN)
        finite = shown[np.isfinite(shown).all(axis=1)]
        if len(finite):
            low, high = finite.min(axis=0), finite.max(axis=0)
            room = np.maximum((high - low) * margin, 1e-3)
            (x, y), (width, height) = low - room, high - low + 2 * room
            self._extent = QRectF(float(x), float(y), float(width), float(height))
        self.update()

    def set_mark(self, point_D: NDArray[np.float32] | None) -> None:
        """Show where one sample lands."""
        self._mark = None if point_D is None else _in_plane(point_D[None])[0]
        if self._mark is not None and self._flat:
            self._mark[1] = 0.5
        self.repaint()

    def mark(self) -> tuple[float, float] | None:
        """Where the marked sample is drawn, in the units of the data."""
        return None if self._mark is None else (float(self._mark[0]), float(self._mark[1]))

    def count(self) -> int:
        return len(self._points)

    @Slot()
    def reset_view(self) -> None:
        """Show all samples."""
        self._zoom = 1.0
        self.update()

    # ---------------------------------------------------------------------------------------------- geometry

    def sizeHint(self) -> QSize:
        return QSize(320, 320)

    def place(self, x: float, y: float) -> QPointF:
        """Where data coordinates lie in the widget; both axes of a plane have one scale."""
        scale_x, scale_y = self._scales()
        centre = self._extent.center()
        middle = QPointF(self.width() / 2, (self._head() + self.height() - FOOT) / 2)
        return QPointF(middle.x() + (x - centre.x()) * scale_x, middle.y() - (y - centre.y()) * scale_y)

    def _head(self) -> float:
        """Room for the legend, which would hide what lies highest: a mode, say, that then seems to be missing."""
        return 0.0 if self._data is None else self.fontMetrics().height() + 6.0

    def _scales(self) -> tuple[float, float]:
        scale_x = self.width() / self._extent.width() * self._zoom
        scale_y = (self.height() - FOOT - self._head()) / self._extent.height() * self._zoom
        if self._flat:
            return scale_x, scale_y
        return min(scale_x, scale_y), min(scale_x, scale_y)

    # ---------------------------------------------------------------------------------------------- paint

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            look = colours(self.palette())
            painter.fillRect(self.rect(), self.palette().color(QPalette.ColorRole.Base))
            self._paint_axes(painter, look.hairline, look.muted)
            if self._data is not None:
                draw_dots(painter, self._places(self._data), faded(look.muted, DATA_SHARE), DATA_DOT)
            dot = QColor(look.series[0])
            dot.setAlpha(FAINT)
            draw_dots(painter, self._places(self._points), dot, 2 * DOT)
            self._paint_legend(painter, dot)
            if self._mark is not None and np.isfinite(self._mark).all():
                at = self.place(*self._mark.tolist())
                reach = MARK * scale()
                painter.setPen(QPen(look.series[1], 3 * scale()))
                painter.drawLine(at - QPointF(reach, 0), at + QPointF(reach, 0))
                painter.drawLine(at - QPointF(0, reach), at + QPointF(0, reach))

    def _paint_legend(self, painter: QPainter, dot: QColor) -> None:
        """What is data and what samples, and how many samples are not in view."""
        look, height, unit = colours(self.palette()), QFontMetricsF(painter.font()).height(), scale()
        outside = self.outside()
        said = tr("{count} outside the view", count=outside) if outside else ""
        entries: list[tuple[QColor | None, str]] = [(look.muted, tr("data")), (dot, tr("samples"))]
        x, y = LEGEND_LEFT, 2.0
        for color, text in [*(entries if self._data is not None else ()), *([(None, said)] if said else ())]:
            width = QFontMetricsF(painter.font()).horizontalAdvance(text) + 6 + 14 * unit
            x, y = (x, y) if x + width <= self.width() else (LEGEND_LEFT, y + height + 4)
            box = QRectF(x - 4, y, width, height + 4)
            painter.fillRect(box, faded(look.base, 0.85))
            if color is not None:
                draw_dots(painter, np.array([[box.left() + 8 * unit, box.center().y()]]), color, 2 * DOT)
            painter.setPen(look.muted if color is not None else look.warning)
            painter.drawText(box.adjusted(14 * unit, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, text)
            x += box.width()

    def _places(self, points: NDArray[np.float32]) -> NDArray[np.float64]:
        """Where the points (N, 2) that are finite lie in the widget, (N, 2) px."""
        finite = points[np.isfinite(points).all(axis=1)].astype(np.float64)
        origin, unit = self.place(0.0, 0.0), self.place(1.0, 1.0)
        scale = np.array([unit.x() - origin.x(), unit.y() - origin.y()])
        return np.clip(np.array([origin.x(), origin.y()]) + finite * scale, -1e4, 1e4)

    def _paint_axes(self, painter: QPainter, hairline: QColor, ink: QColor) -> None:
        """Hairlines at round numbers, the same of x and y, with the numbers below and at the left."""
        centre, (scale_x, scale_y) = self._extent.center(), self._scales()
        foot = self.height() - FOOT
        step = _round_step(self.width() / scale_x / TICKS)
        for value in _ticks(centre.x(), self.width() / 2 / scale_x, step):
            x = self.place(value, 0.0).x()
            painter.setPen(hairline)
            painter.drawLine(QPointF(x, 0), QPointF(x, foot))
            painter.setPen(ink)
            box = QRectF(min(max(x - 40, EDGE - 40), self.width() - 40 - EDGE), foot, 80, FOOT)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, short_number(value, step).replace("-", MINUS))
        for value in () if self._flat else _ticks(centre.y(), (foot + self._head()) / 2 / scale_y, step):
            y = self.place(0.0, value).y()
            painter.setPen(hairline)
            painter.drawLine(QPointF(0, y), QPointF(self.width(), y))
            if HALF_LINE < y < foot - HALF_LINE:
                painter.setPen(ink)
                box = QRectF(4, y - FOOT, 80, FOOT)
                painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, short_number(value, step).replace("-", MINUS))

    # ---------------------------------------------------------------------------------------------- hands

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            super().mousePressEvent(event)
            return
        self._grip, self._moved = event.position(), False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grip is None:
            return
        if not self._moved:
            self._moved = True
            self.dragStarted.emit()
        moved, self._grip = event.position() - self._grip, event.position()
        self.dragged.emit(moved.x() / self.width(), moved.y() / self.height())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._grip is None:
            super().mouseReleaseEvent(event)
            return
        self._grip = None
        if self._moved:
            self.dragEnded.emit()
        elif (index := self._nearest(event.position())) is not None:
            self.chosen.emit(index)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.reset_view()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._zoom = min(max(self._zoom * ZOOM_STEP ** (event.angleDelta().y() / 120), 0.2), 50.0)
        self.update()
        event.accept()

    def _nearest(self, at: QPointF) -> int | None:
        """The sample under the cursor."""
        best, nearest = REACH, None
        for index, (x, y) in enumerate(self._points.tolist()):
            gap = self.place(x, y) - at
            distance = math.hypot(gap.x(), gap.y())
            if distance < best:
                best, nearest = distance, index
        return nearest


def _ticks(centre: float, reach: float, step: float) -> list[float]:
    """The multiples of `step` in view."""
    return [k * step for k in range(math.ceil((centre - reach) / step), math.floor((centre + reach) / step) + 1)]


def _round_step(step: float) -> float:
    """The next of 1, 2, 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= step * (1 - 1e-9))


def _in_plane(points_ND: NDArray[np.float32]) -> NDArray[np.float32]:
    """Places (N, 2) for points of one dimension or more."""
    if points_ND.shape[1] >= 2:
        return points_ND[:, :2].copy()
    heights = np.linspace(0.0, 1.0, max(len(points_ND), 2), dtype=np.float32)[: len(points_ND)]
    return np.stack([points_ND[:, 0], heights], axis=1)
