"""Codes in a row, each with its patch, its number and how far away it is: a click or Enter goes to one."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
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
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from explorer import theme
from explorer.text import tr
from explorer.widgets.canvas import KEY_REASONS, to_qimage
from explorer.widgets.short_numbers import short_number

TILE, GAP = 24.0, 4.0  # px


class CodeRow(QWidget):
    """The nearest codes of one; `chosen(code)` where a person goes to one of them, `hovered(code)` (-1: none)."""

    chosen = Signal(int)
    hovered = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._codes: tuple[tuple[int, float], ...] = ()
        self._thumbnails: NDArray[np.uint8] | None = None
        self._images: dict[int, QImage] = {}
        self._at = -1
        self._key_focus = False
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(tr("Nearest codes"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_codes(self, codes: Sequence[tuple[int, float]]) -> None:
        """Show (code, distance) pairs."""
        if [code for code, _ in codes] != [code for code, _ in self._codes]:
            self._at = -1
        self._codes = tuple(codes)
        self._cut()

    def set_thumbnails(self, thumbnails: NDArray[np.uint8] | None) -> None:
        """What all codes of the book decode to, (K, s, s, C)."""
        self._thumbnails = thumbnails
        self._cut()

    def _cut(self) -> None:
        known = self._thumbnails
        codes = [code for code, _ in self._codes if known is not None and code < len(known)]
        self._images = {code: to_qimage(known[code]) for code in codes}  # type: ignore[index]
        self.update()

    def codes(self) -> tuple[int, ...]:
        """Those there is room for."""
        return tuple(code for code, _ in self._codes[: self._room()])

    def sizeHint(self) -> QSize:
        return QSize(216, round(TILE * theme.scale() + 2 * self._line()) + 4)

    def minimumSizeHint(self) -> QSize:
        return QSize(64, self.sizeHint().height())

    def _line(self) -> float:
        return QFontMetricsF(self._small()).height()

    def _small(self) -> QFont:
        font = QFont(self.font())
        if font.pixelSize() > 0:
            font.setPixelSize(max(round(font.pixelSize() * theme.SMALL / theme.BODY) - 1, 9))
        return font

    def _step(self) -> float:
        metrics = QFontMetricsF(self._small())
        return max(TILE * theme.scale(), metrics.horizontalAdvance("00000")) + GAP

    def _room(self) -> int:
        return max(int((self.width() + GAP) // self._step()), 1)

    def _tile(self, k: int) -> QRectF:
        side = TILE * theme.scale()
        return QRectF(k * self._step() + 1, 1, side, side)

    def code_at(self, place: QPointF) -> int:
        """Which of the row lies there, -1 beside them."""
        k = math.floor(place.x() / self._step())
        return k if 0 <= k < len(self.codes()) else -1

    def paintEvent(self, event: QPaintEvent) -> None:
        look, line = theme.colours(self.palette()), self._line()
        with QPainter(self) as painter:
            painter.setFont(self._small())
            for k, (code, distance) in enumerate(self._codes[: self._room()]):
                tile = self._tile(k)
                painter.fillRect(tile, look.raised)
                if code in self._images:
                    painter.drawImage(tile, self._images[code])
                text = QRectF(tile.left(), tile.bottom() + 1, self._step() - GAP, line)
                painter.setPen(look.ink)
                painter.drawText(text, Qt.AlignmentFlag.AlignLeft, str(code))
                painter.setPen(look.muted)
                painter.drawText(text.translated(0, line), Qt.AlignmentFlag.AlignLeft, _far(distance))
                if k == self._at:
                    painter.setPen(QPen(look.accent, 2.0))
                    painter.drawRect(tile)
            if self._key_focus:
                painter.setPen(look.accent)
                painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._move_to(self.code_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self._move_to(-1)
        super().leaveEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        k = self.code_at(event.position())
        if k >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(self._codes[k][0])
        else:
            super().mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right) and self._codes:
            step = -1 if key == Qt.Key.Key_Left else 1
            self._move_to(min(max(self._at + step, 0), len(self.codes()) - 1))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._at >= 0:
            self.chosen.emit(self._codes[self._at][0])
        else:
            super().keyPressEvent(event)

    def _move_to(self, k: int) -> None:
        if k != self._at:
            self._at = k
            self.update()
            self.hovered.emit(self._codes[k][0] if k >= 0 else -1)

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
            k = self.code_at(QPointF(event.pos()))
            if k >= 0:
                code, distance = self._codes[k]
                said = tr("Code {code}, at a distance of {far}. Click to go there.", code=code, far=_far(distance))
                QToolTip.showText(event.globalPos(), said, self)
            return True
        return super().event(event)


def _far(distance: float) -> str:
    return short_number(float(f"{distance:.2g}"))
