"""The scale of a picture of differences: from darker over the same to brighter."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from explorer import theme
from explorer.text import tr
from explorer.widgets.canvas import to_qimage
from explorer.widgets.code_colours import difference_picture
from explorer.widgets.short_numbers import MINUS

BAR = 8  # px high


class DifferenceBar(QWidget):
    """One line: the least, the colours, the most, of 255 levels of brightness."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._largest = 255
        theme.set_type(self, theme.SMALL)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip(tr("How much darker or brighter, in levels of 0 to 255"))

    def set_largest(self, largest: int) -> None:
        """What the ends of the scale stand for."""
        if largest != self._largest:
            self._largest = largest
            self.update()

    def ends(self) -> tuple[str, str]:
        return f"{MINUS}{self._largest}", f"+{self._largest}"

    def sizeHint(self) -> QSize:
        return QSize(160, self.fontMetrics().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            look, metrics = theme.colours(self.palette()), QFontMetricsF(self.font())
            low, high = self.ends()
            left, right = metrics.horizontalAdvance(low) + 4, metrics.horizontalAdvance(high) + 4
            bar = BAR * theme.scale()
            rect = QRectF(left, (self.height() - bar) / 2, max(self.width() - left - right, 1), bar)
            steps = np.linspace(-self._largest, self._largest, 256, dtype=np.float32)[None]
            painter.drawImage(
                rect, to_qimage(difference_picture(steps, self._largest, dark=theme.is_dark(self.palette())))
            )
            painter.setPen(look.muted)
            middle = Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRectF(0, 0, left, self.height()), middle, low)
            painter.drawText(
                QRectF(rect.right() + 4, 0, right, self.height()), middle | Qt.AlignmentFlag.AlignLeft, high
            )
