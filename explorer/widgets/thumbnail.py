"""A small square picture of some samples: four pictures, or points as dots."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPixmap

from engine import Samples
from explorer.theme import Colours
from explorer.widgets.canvas import to_qimage

DOTS = 400  # more points than this do not make a thumbnail clearer


def thumbnail(samples: Samples | None, side: int, look: Colours, ratio: float = 1.0) -> QPixmap:
    """A pixmap of `side` x `side` points for pictures (N, H, W, C) or points (N, D); empty squares for none."""
    pixmap = QPixmap(round(side * ratio), round(side * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(look.raised)
    if samples is None or len(samples) == 0:
        return pixmap
    with QPainter(pixmap) as painter:
        if samples.ndim == 4:
            _paint_pictures(painter, samples, side)
        else:
            _paint_points(painter, samples, side, look.accent)
    return pixmap


def _paint_pictures(painter: QPainter, samples: Samples, side: int) -> None:
    """One picture, or two by two with a line of one pixel between them."""
    across = 2 if len(samples) >= 4 else 1
    cell = (side - (across - 1)) / across
    smooth = samples.shape[1] > 2 * cell
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
    for k in range(across * across):
        place = QRectF(k % across * (cell + 1), k // across * (cell + 1), cell, cell)
        painter.drawImage(place, to_qimage(np.ascontiguousarray(samples[k], dtype=np.uint8)))


def _paint_points(painter: QPainter, points_ND: Samples, side: int, ink: QColor) -> None:
    """Dots in the square that holds nearly all of them; points on a line as bars of their histogram."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    ink = QColor(ink)
    if points_ND.shape[1] == 1:
        counts, _ = np.histogram(points_ND[:, 0], bins=16)
        width = side / 16
        painter.setBrush(ink)
        for k, height in enumerate(counts / max(counts.max(), 1) * (side - 4)):
            painter.drawRect(QRectF(k * width, side - height, width - 1, height))
        return
    ink.setAlpha(150)
    painter.setBrush(ink)
    points_ND = points_ND[:DOTS, :2]
    low, high = points_ND.min(0), points_ND.max(0)
    scale = (side - 6) / max(float((high - low).max()), 1e-6)
    for x, y in (points_ND - (low + high) / 2) * scale:
        painter.drawEllipse(QPointF(side / 2 + x, side / 2 - y), 1.2, 1.2)
