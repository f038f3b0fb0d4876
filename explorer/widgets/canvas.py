"""One picture, large: its pixels stay pixels, the wheel zooms where the cursor is, and a drag is handed out.

A drag either moves the view or explores (`dragged` says how far, in picture widths and heights); what exploring means
is the panel's business. Shift or the middle button always moves the view. R or a double click shows the whole picture.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from explorer.text import tr

ZOOM_STEP = 1.25  # one notch of the wheel
LARGEST_ZOOM = 64.0
WHOLE_FROM = 2.0  # from this scale on every pixel of a fitted picture gets the same whole number of screen pixels
NOTCH = 120.0  # Qt's angle of one notch
KEY_REASONS = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason, Qt.FocusReason.ShortcutFocusReason)


def to_qimage(pixels_HWC: NDArray[np.uint8]) -> QImage:
    """A QImage of uint8 pixels (H, W, C) with C 1 or 3, in the format that Qt paints and scales fastest.

    It owns its memory. Raises ValueError for another shape or type.
    """
    if pixels_HWC.ndim != 3 or pixels_HWC.shape[2] not in (1, 3) or pixels_HWC.dtype != np.uint8:
        raise ValueError(f"A picture is uint8 (H, W, 1 or 3), not {pixels_HWC.dtype} {pixels_HWC.shape}.")
    height, width, channels = pixels_HWC.shape
    form = QImage.Format.Format_RGB888 if channels == 3 else QImage.Format.Format_Grayscale8
    pixels_HWC = np.ascontiguousarray(pixels_HWC)
    return QImage(pixels_HWC.data, width, height, width * channels, form).convertToFormat(QImage.Format.Format_RGB32)


class PictureCanvas(QWidget):
    """Shows one picture with the right aspect, nearest neighbour unless it is smaller than its pixels.

    `dragged(dx, dy)` gives each movement as parts of the shown picture; `dragStarted` and `dragEnded` enclose one
    gesture. `visited` is a double click where `explores` is off a reset. `text` is shown while there is no picture.
    """

    dragStarted = Signal()
    dragged = Signal(float, float)
    dragEnded = Signal()
    menuWanted = Signal(object)  # the QPoint on the screen where a menu belongs
    doubleClicked = Signal()
    viewChanged = Signal()

    def __init__(self, *, explores: bool = False, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image = QImage()
        self._text = text
        self._explores = explores
        self._zoom = 1.0
        self._centre = QPointF(0.5, 0.5)  # the place of the picture, 0..1, that is in the middle of the view
        self._grip: QPointF | None = None
        self._pans = False
        self._key_focus = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._show_cursor()

    # ---------------------------------------------------------------------------------------------- what is shown

    def set_picture(self, pixels_HWC: NDArray[np.uint8] | None) -> None:
        """Show pixels (H, W, C) now, not at the next chance: a hand may be waiting for them. None shows the text."""
        self._image = QImage() if pixels_HWC is None else to_qimage(pixels_HWC)
        self.repaint()

    def set_text(self, text: str) -> None:
        """The sentence that stands here while there is no picture."""
        if text != self._text:
            self._text = text
            self.update()

    def image(self) -> QImage | None:
        """A copy of the picture that is shown, at its own size."""
        return None if self._image.isNull() else self._image.copy()

    def zoom(self) -> float:
        return self._zoom

    # ---------------------------------------------------------------------------------------------- geometry

    def sizeHint(self) -> QSize:
        return QSize(320, 320)

    def minimumSizeHint(self) -> QSize:
        return QSize(64, 64)

    def scale(self) -> float:
        """Screen points per pixel of the picture."""
        return self._fit() * self._zoom

    def target(self) -> QRectF:
        """Where the whole picture lies, in widget coordinates."""
        scale = self.scale()
        width, height = self._image.width() * scale, self._image.height() * scale
        left = self.width() / 2 - self._centre.x() * width
        top = self.height() / 2 - self._centre.y() * height
        ratio = self.devicePixelRatioF()  # a picture that starts between two screen pixels would be uneven
        return QRectF(round(left * ratio) / ratio, round(top * ratio) / ratio, width, height)

    def _fit(self) -> float:
        if self._image.isNull():
            return 1.0
        ratio = self.devicePixelRatioF()
        fit = min(self.width() / self._image.width(), self.height() / self._image.height()) * ratio
        return max(math.floor(fit) if fit >= WHOLE_FROM else fit, 1e-6) / ratio

    def pixel_at(self, place: QPointF) -> tuple[int, int] | None:
        """The (row, column) of the picture under a place of the widget; None beside the picture."""
        target = self.target()
        if self._image.isNull() or not target.contains(place):
            return None
        column = int((place.x() - target.left()) / self.scale())
        row = int((place.y() - target.top()) / self.scale())
        return min(row, self._image.height() - 1), min(column, self._image.width() - 1)

    @Slot()
    def reset_view(self) -> None:
        """Show the whole picture."""
        self._zoom, self._centre = 1.0, QPointF(0.5, 0.5)
        self.update()
        self.viewChanged.emit()

    def zoom_at(self, place: QPointF, factor: float) -> None:
        """Zoom so that the pixel under `place` stays where it is."""
        if self._image.isNull():
            return
        before = self._at(place)
        self._zoom = min(max(self._zoom * factor, 1.0), LARGEST_ZOOM)
        after = self._at(place)
        self._centre = self._held_inside(self._centre + before - after)
        self.update()
        self.viewChanged.emit()

    def _at(self, place: QPointF) -> QPointF:
        """A place of the widget as parts of the picture."""
        scale = self.scale()
        return QPointF(
            self._centre.x() + (place.x() - self.width() / 2) / (self._image.width() * scale),
            self._centre.y() + (place.y() - self.height() / 2) / (self._image.height() * scale),
        )

    def _held_inside(self, centre: QPointF) -> QPointF:
        """A middle that leaves no more of the view empty than it must be."""
        scale = self.scale()
        half_x = min(self.width() / (self._image.width() * scale) / 2, 0.5)
        half_y = min(self.height() / (self._image.height() * scale) / 2, 0.5)
        return QPointF(min(max(centre.x(), half_x), 1 - half_x), min(max(centre.y(), half_y), 1 - half_y))

    # ---------------------------------------------------------------------------------------------- paint

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.fillRect(event.rect(), self.palette().color(QPalette.ColorRole.Window))
            if self._image.isNull():
                painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
                painter.drawText(
                    self.rect().adjusted(16, 8, -16, -8),
                    Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap,
                    self._text,
                )
            else:
                smooth = self.scale() * self.devicePixelRatioF() < 1.0
                painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
                painter.drawImage(self.target(), self._image)
            if self._key_focus:
                painter.setPen(self.palette().color(QPalette.ColorRole.Highlight))
                painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    # ---------------------------------------------------------------------------------------------- hands

    def mousePressEvent(self, event: QMouseEvent) -> None:
        middle = event.button() == Qt.MouseButton.MiddleButton
        if self._image.isNull() or (event.button() != Qt.MouseButton.LeftButton and not middle):
            super().mousePressEvent(event)
            return
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        self._grip = event.position()
        self._pans = middle or shift or not self._explores
        self.setCursor(Qt.CursorShape.ClosedHandCursor)
        if not self._pans:
            self.dragStarted.emit()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grip is None:
            super().mouseMoveEvent(event)
            return
        moved, self._grip = event.position() - self._grip, event.position()
        target = self.target()
        dx, dy = moved.x() / target.width(), moved.y() / target.height()
        if self._pans:
            self._centre = self._held_inside(self._centre - QPointF(dx, dy))
            self.update()
            self.viewChanged.emit()
        else:
            # Zoomed in, the hand still moves over the plane as fast as it moves over the screen.
            self.dragged.emit(dx * self._zoom, dy * self._zoom)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._grip is None:
            super().mouseReleaseEvent(event)
            return
        self._grip = None
        self._show_cursor()
        if not self._pans:
            self.dragEnded.emit()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.reset_view()
            self.doubleClicked.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        turn = event.angleDelta().y() / NOTCH
        if turn and not self._image.isNull():
            self.zoom_at(event.position(), ZOOM_STEP**turn)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_R and not event.modifiers():
            self.reset_view()
            return
        if event.key() in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            factor = 1 / ZOOM_STEP if event.key() == Qt.Key.Key_Minus else ZOOM_STEP
            self.zoom_at(QPointF(self.width() / 2, self.height() / 2), factor)
            return
        steps = {
            Qt.Key.Key_Left: (-1, 0),
            Qt.Key.Key_Right: (1, 0),
            Qt.Key.Key_Up: (0, -1),
            Qt.Key.Key_Down: (0, 1),
        }
        step = steps.get(Qt.Key(event.key()))
        if step is None or not self._explores or self._image.isNull():
            super().keyPressEvent(event)
            return
        length = 0.01 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 0.05
        self.dragStarted.emit()
        self.dragged.emit(step[0] * length, step[1] * length)
        self.dragEnded.emit()

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._key_focus = event.reason() in KEY_REASONS  # a click needs no frame to be seen
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._key_focus = False
        super().focusOutEvent(event)
        self.update()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self._image.isNull():
            super().contextMenuEvent(event)
        else:
            self.menuWanted.emit(event.globalPos())

    def _show_cursor(self) -> None:
        self.setCursor(Qt.CursorShape.OpenHandCursor if self._explores else Qt.CursorShape.ArrowCursor)


def canvas_hint() -> str:
    """What a hand can do on a canvas that explores, as a tooltip."""
    return tr(
        "Drag to explore. Shift+drag moves the view, the wheel zooms, a double click or R shows the whole picture."
    )
