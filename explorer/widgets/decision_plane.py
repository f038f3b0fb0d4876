"""A GAN on points of the plane, seen from above: what D makes of every place, beside the best that D could make of it.

Left D(x) with the data, the samples of G and how D's gradient would move them (as in GAN Lab, Kahng et al. 2018,
arXiv 1809.01587); right D*(x) = p_data(x) / (p_data(x) + p_g(x)) (Goodfellow et al. 2014, proposition 1).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFontMetricsF,
    QImage,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QWidget

from engine import Decision
from explorer import theme
from explorer.text import tr
from explorer.theme import faded
from explorer.widgets.decision_view import DecisionView
from explorer.widgets.dots import draw_dots
from explorer.widgets.field_drawing import (
    arrow,
    best_where_known,
    draw_color_bar,
    field_image,
    fit_square,
    muted_text,
    readout,
)
from explorer.widgets.modes import Modes
from explorer.widgets.short_numbers import MINUS

Floats = NDArray[np.float32]

BAR_ROOM = 52.0  # colour bar with its labels, px
GAP = 8.0
KEY = 18.0  # width of a sign in the legend, px
ARROWS = 70  # at most
LONGEST = 26.0  # of an arrow, px


class DecisionPlane(DecisionView):
    """Shows a `Decision` of two dimensions. `show_parts` chooses what lies over the fields.

    Where the pointer is, and where the arrow keys lead, the numbers of the fields are read out below.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("D over the plane, beside the best D"), parent)
        self._images: tuple[QImage, ...] | None = None
        self._modes: Modes | None = None
        self._covered: NDArray[np.bool_] = np.empty(0, np.bool_)

    def minimumSizeHint(self) -> QSize:
        return QSize(220, 160)

    def set_decision(self, decision: Decision, modes: Modes | None) -> None:
        """Show this; `modes` are the modes of its data, where it has some."""
        self._decision, self._modes = decision, modes
        self._images = None
        self._covered = modes.covered(decision.samples_ND) if modes is not None else np.empty(0, np.bool_)
        self.update()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self._images = None
        super().changeEvent(event)

    # ---------------------------------------------------------------------------------------------- geometry

    def areas(self) -> tuple[QRectF, QRectF, QRectF]:
        """Where D, D* and the colour bar lie: beside or below each other, whichever makes the fields larger."""
        room = BAR_ROOM * theme.scale()
        title = QFontMetricsF(self._font()).height() + 4
        top = title + self._legend()[1]
        full = QRectF(GAP, top, self.width() - room - 2 * GAP, self.height() - title - top)
        extent = self._decision.extent if self._decision is not None else ((0.0, 1.0), (0.0, 1.0))
        width, height = (full.width() - GAP) / 2, (full.height() - GAP - 2 * title) / 2
        beside = fit_square(QRectF(0, 0, width, full.height()), extent)
        below = fit_square(QRectF(0, 0, full.width(), height), extent)
        size = max(beside, below, key=QRectF.width).size()
        left = QRectF(full.topLeft(), size)
        if beside.width() >= below.width():
            right = left.translated(size.width() + GAP, 0)
        else:
            right = left.translated(0, size.height() + GAP + 2 * title)
        # as one picture in the middle
        both = left.united(right)
        shift = full.center() - both.center()
        left, right = left.translated(shift), right.translated(shift)
        bar = QRectF(right.right() + GAP, left.top() - title + 2, room, right.bottom() - left.top() + title)
        return left, right, bar

    # ---------------------------------------------------------------------------------------------- paint

    def paintEvent(self, event: QPaintEvent) -> None:
        decision = self._decision
        if decision is None:
            return
        if self._images is None:
            self._images = tuple(field_image(each, self.palette()) for each in (decision.d, best_where_known(decision)))
        with QPainter(self) as painter:
            painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
            painter.setFont(self._font())
            left, right, bar = self.areas()
            titles = (tr("D(x), now"), tr("D*(x), the best D against this G"))
            for area, image, title in zip((left, right), self._images, titles, strict=True):
                self._paint_field(painter, area, image, title)
            self._paint_points(painter, left, decision)
            self._paint_legend(painter, left)
            self._paint_readout(painter, left, right, decision)
            draw_color_bar(painter, bar, self.palette(), ("0", "½", "1"), tr("D"))

    def _paint_field(self, painter: QPainter, area: QRectF, image: QImage, title: str) -> None:
        look, height = theme.colours(self.palette()), QFontMetricsF(painter.font()).height()
        painter.fillRect(area, QBrush(faded(look.muted, 0.35), Qt.BrushStyle.BDiagPattern))
        painter.drawImage(area, image)
        painter.setPen(QPen(look.hairline, 1.0))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(area)
        painter.setPen(look.ink)
        box = QRectF(area.left(), area.top() - height - 2, area.width(), height)
        said = QFontMetricsF(painter.font()).elidedText(title, Qt.TextElideMode.ElideRight, box.width())
        painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, said)
        if self._decision is not None and self._cell is None:
            (x0, x1), (y0, y1) = self._decision.extent
            range_text = f"x {x0:.2g} … {x1:.2g}   y {y0:.2g} … {y1:.2g}".replace("-", MINUS)
            muted_text(painter, QRectF(area.left(), area.bottom() + 2, area.width(), height), look, range_text)

    def legend(self) -> tuple[str, ...]:
        """The names of what lies over the fields, in the order of the legend."""
        return tuple(text for _, _, text in self._legend()[0])

    def _legend(self) -> tuple[list[tuple[QPointF, str, str]], float]:
        """Where each part is named, its kind and its name, in as many rows as they need; and their height."""
        rings = self._modes is not None and "modes" in self._parts
        wanted = [(name, text) for name, text in self._names() if name in self._parts]
        wanted += [("covered", tr("mode that G reaches")), ("missed", tr("mode that G misses"))] if rings else []
        metrics, key = QFontMetricsF(self._font()), KEY * theme.scale()
        x, y, height = GAP, 2.0, metrics.height() + 2
        places = []
        for kind, text in wanted:
            width = key + 4 + metrics.horizontalAdvance(text)
            if x > GAP and x + width > self.width() - GAP:
                x, y = GAP, y + height
            places.append((QPointF(x, y), kind, text))
            x += width + 2 * GAP
        return places, y + height if places else 0.0

    def _names(self) -> tuple[tuple[str, str], ...]:
        return (
            ("data", tr("data")),
            ("samples", tr("samples of G")),
            ("arrows", tr("gradient of D at samples")),
        )

    def _paint_legend(self, painter: QPainter, field: QRectF) -> None:
        """Over the title of the upper field."""
        look, height = theme.colours(self.palette()), QFontMetricsF(painter.font()).height() + 2
        (places, rows), unit = self._legend(), theme.scale()
        key = KEY * unit
        down = QPointF(0, field.top() - height - 2 - rows)
        for place, kind, text in ((place + down, kind, text) for place, kind, text in places):
            middle = place + QPointF(key / 2, height / 2)
            at = np.array([[middle.x(), middle.y()]])
            painter.setBrush(Qt.BrushStyle.NoBrush)
            if kind == "data":
                draw_dots(painter, at, look.ink, 3.0)
            elif kind == "samples":
                draw_dots(painter, at, sample_color(look), 5.0, look.base)
            elif kind == "arrows":
                painter.setPen(QPen(look.ink, 1.2 * unit))
                arrow(painter, middle - QPointF(key / 2, 0), middle + QPointF(key / 2, 0), 4.0)
            else:
                painter.setPen(_ring(look, covered=kind == "covered"))
                painter.drawEllipse(middle, 6.0 * unit, 6.0 * unit)
            painter.setPen(look.muted)
            box = QRectF(place.x() + key + 4, place.y(), self.width(), height)
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, text)

    def _paint_readout(self, painter: QPainter, left: QRectF, right: QRectF, decision: Decision) -> None:
        """A cross in both fields, and the numbers there."""
        if self._cell is None:
            return
        look, height = theme.colours(self.palette()), QFontMetricsF(painter.font()).height()
        rows, columns = decision.d.shape
        unit = theme.scale()
        reach = 7 * unit
        for area in (left, right):
            x = area.left() + self._cell[0] / max(columns - 1, 1) * area.width()
            y = area.bottom() - self._cell[1] / max(rows - 1, 1) * area.height()
            for color, width in ((look.base, 4.0), (look.ink, 1.5)):
                painter.setPen(QPen(color, width * unit))
                painter.drawLine(QPointF(x - reach, y), QPointF(x + reach, y))
                painter.drawLine(QPointF(x, y - reach), QPointF(x, y + reach))
        metrics, text = QFontMetricsF(painter.font()), readout(decision, self._cell)
        start = max(min(left.left(), right.left(), self.width() - metrics.horizontalAdvance(text) - 4), 0.0)
        box = QRectF(start, right.bottom() + 2, self.width() - start, height)
        painter.setPen(look.ink)
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, box.width())  # a cut number would read wrongly
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, shown)

    def _paint_points(self, painter: QPainter, area: QRectF, decision: Decision) -> None:
        look = theme.colours(self.palette())
        painter.save()
        painter.setClipRect(area)
        if "data" in self._parts:
            draw_dots(painter, self._places(area, decision.reals_ND), faded(look.ink, 0.6), 2.4)
        if "samples" in self._parts:
            draw_dots(painter, self._places(area, decision.samples_ND), sample_color(look), 5.0, look.base)
        if "arrows" in self._parts:
            self._paint_arrows(painter, area, decision)
        if "modes" in self._parts and self._modes is not None:
            self._paint_modes(painter, area)
        painter.restore()

    def _places(self, area: QRectF, points_ND: Floats) -> NDArray[np.float64]:
        """Points of the plane as pixels; those that are not finite are left out."""
        (x0, x1), (y0, y1) = self._decision.extent  # type: ignore[union-attr]
        points = points_ND[np.isfinite(points_ND).all(1)].astype(np.float64)
        px = area.left() + (points[:, 0] - x0) / (x1 - x0) * area.width()
        py = area.bottom() - (points[:, 1] - y0) / (y1 - y0) * area.height()
        return np.clip(np.stack((px, py), axis=1), -1e4, 1e4)

    def _paint_arrows(self, painter: QPainter, area: QRectF, decision: Decision) -> None:
        """How the gradient of D would move some samples; the longest arrow stands for the steepest place."""
        points = decision.samples_ND[np.isfinite(decision.samples_ND).all(1)]
        points = points[:: max(len(points) // ARROWS, 1)]
        if not len(points):
            return
        rows, columns = decision.d.shape
        (x0, x1), (y0, y1) = decision.extent
        i = np.clip(np.rint((points[:, 1] - y0) / (y1 - y0) * (rows - 1)), 0, rows - 1).astype(np.int64)
        j = np.clip(np.rint((points[:, 0] - x0) / (x1 - x0) * (columns - 1)), 0, columns - 1).astype(np.int64)
        moves = decision.gradient[i, j].astype(np.float64)
        steepest = float(np.abs(decision.gradient[np.isfinite(decision.gradient)]).max(initial=0.0))
        if steepest <= 0:
            return
        # The root keeps weak gradients visible beside strong ones.
        length = np.linalg.norm(moves, axis=1, keepdims=True)
        moves *= LONGEST * theme.scale() * np.sqrt(length / steepest) / np.maximum(length, 1e-12)
        painter.setPen(QPen(theme.colours(self.palette()).ink, 1.2 * theme.scale()))
        for (x, y), (dx, dy) in zip(self._places(area, points).tolist(), moves.tolist(), strict=True):
            if np.isfinite(dx + dy):
                arrow(painter, QPointF(x, y), QPointF(x + dx, y - dy), 4.0)

    def _paint_modes(self, painter: QPainter, area: QRectF) -> None:
        """A ring around every mode: whole where G reaches it, broken and marked where it does not."""
        look, modes = theme.colours(self.palette()), self._modes
        (x0, x1), _ = modes.extent  # type: ignore[union-attr]
        scale = area.width() / (x1 - x0)
        centres = self._places(area, modes.centres.astype(np.float32))  # type: ignore[union-attr]
        radii = np.clip(1.3 * modes.radii * scale, 6.0 * theme.scale(), area.width() / 3)  # type: ignore[union-attr]
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for (x, y), radius, covered in zip(centres.tolist(), radii.tolist(), self._covered.tolist(), strict=True):
            painter.setPen(_ring(look, covered=covered))
            painter.drawEllipse(QPointF(x, y), radius, radius)

    # ---------------------------------------------------------------------------------------------- hands

    def cell_at(self, place: QPointF) -> tuple[int, ...] | None:
        if self._decision is None:
            return None
        rows, columns = self._decision.d.shape
        for area in self.areas()[:2]:
            if area.contains(place):
                x = round((place.x() - area.left()) / area.width() * (columns - 1))
                return x, round((area.bottom() - place.y()) / area.height() * (rows - 1))
        return None


def _ring(look: theme.Colours, *, covered: bool) -> QPen:
    """Around a mode: whole where G reaches it, broken and marked where it does not."""
    width = (1.0 if covered else 1.8) * theme.scale()
    pen = QPen(faded(look.ink, 0.5) if covered else look.warning, width)
    if not covered:
        pen.setDashPattern([3.0, 2.5])
    return pen


def sample_color(look: theme.Colours) -> QColor:
    """What samples of G are drawn in, on this ground: a hue that the colour map does not have."""
    return look.series[2]
