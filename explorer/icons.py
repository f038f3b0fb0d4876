"""The icons: drawings of the Material Design set from resources/icons, in the ink of a palette and sharp at any size.

Icon libraries for Qt come with whole fonts and a second binding layer, which cost a fifth of the time to the first
window (measured: 0.15 s); forty small drawings do not.
"""

from __future__ import annotations

import functools
from pathlib import Path

from PySide6.QtCore import QByteArray, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QIconEngine, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer

ICONS = Path(__file__).resolve().parents[1] / "resources" / "icons"


def icon(name: str, palette: QPalette) -> QIcon:
    """The icon `name` ("play") in the ink of `palette`, faded where it is disabled. Raises FileNotFoundError."""
    ink, faded = palette.color(QPalette.ColorRole.ButtonText), palette.color(QPalette.ColorRole.Mid)
    return QIcon(_Drawing(name, ink.name(), faded.name()))


class _Drawing(QIconEngine):
    """Draws an icon whenever it is asked for, in whatever size."""

    def __init__(self, name: str, ink: str, faded: str) -> None:
        super().__init__()
        self._colours = (name, ink, faded)
        self._plain, self._faded = _renderer(name, ink), _renderer(name, faded)

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        side = min(rect.width(), rect.height())
        place = QRectF(0, 0, side, side)
        place.moveCenter(QRectF(rect).center())
        (self._faded if mode == QIcon.Mode.Disabled else self._plain).render(painter, place)

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        pixmap = QPixmap(size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, QRect(0, 0, size.width(), size.height()), mode, state)
        painter.end()
        return pixmap

    def clone(self) -> QIconEngine:
        return _Drawing(*self._colours)


@functools.cache
def _renderer(name: str, colour: str) -> QSvgRenderer:
    drawing = (ICONS / f"{name}.svg").read_bytes().replace(b"currentColor", colour.encode())
    return QSvgRenderer(QByteArray(drawing))
