"""Two pictures of the same thing over each other, large: a line with a handle wipes from one to the other.

Drag anywhere, or use Left and Right (with Shift finer), Home and End. Up and Down ask for another picture, Escape for
an end.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from explorer import theme
from explorer.text import tr
from explorer.theme import faded
from explorer.widgets.canvas import KEY_REASONS, to_qimage

WHOLE_FROM = 2.0  # from this scale on every pixel gets the same whole number of screen pixels
STEP, FINE = 0.05, 0.01  # of the width, per press of a key
HANDLE = 9.0  # half the width of the handle, px


class WipeView(QWidget):
    """`moved(part)` follows the line, 0..1; `stepped(n)` asks for the next (1) or previous (-1) picture; `left` is
    Escape."""

    moved = Signal(float)
    stepped = Signal(int)
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._images = (QImage(), QImage())
        self._titles = ("", "")
        self._part = 0.5
        self._held = False
        self._key_focus = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setCursor(Qt.CursorShape.SplitHCursor)
        self.setAccessibleName(tr("Wipe between two pictures"))
        self.setToolTip(tr("Drag the line, or use Left and Right; Up and Down change the picture, Esc goes back"))

    def set_pictures(
        self, before: NDArray[np.uint8] | None, after: NDArray[np.uint8] | None, titles: tuple[str, str]
    ) -> None:
        """Show `before` left of the line and `after` right of it, both (H, W, C); None leaves a side empty."""
        self._images = tuple(QImage() if each is None else to_qimage(each) for each in (before, after))  # type: ignore[assignment]
        self._titles = titles
        self.setAccessibleDescription(tr("Left {left}, right {right}", left=titles[0], right=titles[1]))
        self.update()

    def part(self) -> float:
        """Where the line is, 0 (left edge) to 1."""
        return self._part

    def set_part(self, part: float) -> None:
        part = min(max(part, 0.0), 1.0)
        if part != self._part:
            self._part = part
            self.update()
            self.moved.emit(part)

    # ---------------------------------------------------------------------------------------------- geometry

    def sizeHint(self) -> QSize:
        return QSize(400, 400)

    def minimumSizeHint(self) -> QSize:
        return QSize(96, 96)

    def target(self) -> QRectF:
        """Where the pictures lie."""
        image = self._images[0] if not self._images[0].isNull() else self._images[1]
        if image.isNull():
            return QRectF()
        top = self.fontMetrics().height() + 8
        ratio = self.devicePixelRatioF()
        room_x, room_y = self.width() - 2 * HANDLE, self.height() - top - 4
        scale = max(min(room_x / image.width(), room_y / image.height()), 1e-3) * ratio
        scale = (math.floor(scale) if scale >= WHOLE_FROM else scale) / ratio
        width, height = image.width() * scale, image.height() * scale
        left = math.floor((self.width() - width) / 2 * ratio) / ratio
        return QRectF(left, top + math.floor(max(room_y - height, 0) / 2), width, height)

    def line_x(self) -> float:
        """Where the line stands, px."""
        target = self.target()
        return target.left() + target.width() * self._part

    # ---------------------------------------------------------------------------------------------- paint

    def paintEvent(self, event: QPaintEvent) -> None:
        target, x = self.target(), self.line_x()
        if target.isEmpty():
            return
        look = theme.colours(self.palette())
        with QPainter(self) as painter:
            smooth = target.width() * self.devicePixelRatioF() < self._images[0].width()
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
            sides = (
                QRectF(target.left(), target.top(), x - target.left(), target.height()),
                QRectF(x, target.top(), target.right() - x, target.height()),
            )
            for image, side in zip(self._images, sides, strict=True):
                if not image.isNull():
                    painter.setClipRect(side)
                    painter.drawImage(target, image)
            painter.setClipping(False)
            self._paint_titles(painter, target)
            painter.setPen(QPen(look.base, 3.0))
            painter.drawLine(QPointF(x, target.top()), QPointF(x, target.bottom()))
            painter.setPen(QPen(look.accent, 1.0))
            painter.drawLine(QPointF(x, target.top()), QPointF(x, target.bottom()))
            self._paint_handle(painter, QPointF(x, target.center().y()))

    def _paint_titles(self, painter: QPainter, target: QRectF) -> None:
        painter.setPen(theme.colours(self.palette()).ink)
        room, height = target.width() / 2 - theme.GRID, self.fontMetrics().height()
        box = QRectF(target.left(), target.top() - height - 3, target.width(), height)
        sides = (Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight)
        for title, side in zip(self._titles, sides, strict=True):
            text = self.fontMetrics().elidedText(title, Qt.TextElideMode.ElideRight, int(room))
            painter.drawText(box, side | Qt.AlignmentFlag.AlignVCenter, text)

    def _paint_handle(self, painter: QPainter, at: QPointF) -> None:
        """A disc with two arrow heads; filled while it is held or has the keys."""
        look, size = theme.colours(self.palette()), HANDLE * theme.scale()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(look.accent, 2.0 if self._key_focus else 1.5))
        painter.setBrush(look.accent if self._held or self._key_focus else look.base)
        painter.drawEllipse(at, size, size)
        painter.setPen(QPen(look.on_accent if self._held or self._key_focus else look.ink, 1.5))
        for way in (-1, 1):
            tip = at + QPointF(way * size * 0.65, 0)
            for up in (-1, 1):
                painter.drawLine(tip, tip + QPointF(-way * size * 0.35, up * size * 0.35))
        if self._key_focus:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(faded(look.accent, 0.5), 1.0))
            painter.drawEllipse(at, size + 3, size + 3)

    # ---------------------------------------------------------------------------------------------- hands

    def _follow(self, x: float) -> None:
        target = self.target()
        if not target.isEmpty():
            self.set_part((x - target.left()) / target.width())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or self.target().isEmpty():
            super().mousePressEvent(event)
            return
        self._held = True
        self._follow(event.position().x())
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._held:
            self._follow(event.position().x())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._held:
            self._held = False
            self.update()
        else:
            super().mouseReleaseEvent(event)

    def event(self, event: QEvent) -> bool:
        escape = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape
        if event.type() == QEvent.Type.ShortcutOverride and escape:
            event.accept()  # else it is the window's
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        length = FINE if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else STEP
        places = {
            Qt.Key.Key_Left: self._part - length,
            Qt.Key.Key_Right: self._part + length,
            Qt.Key.Key_Home: 0.0,
            Qt.Key.Key_End: 1.0,
        }
        key = Qt.Key(event.key())
        if key in places:
            self.set_part(places[key])
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.stepped.emit(1 if key == Qt.Key.Key_Down else -1)
        elif key == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._key_focus = event.reason() in KEY_REASONS
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._key_focus = False
        super().focusOutEvent(event)
        self.update()
