"""The codes to paint with: the one at hand with the patch it decodes to, those of late, and the whole book."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QPixmap,
)
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QSpinBox, QToolTip, QVBoxLayout, QWidget

from engine import Codes, Pixels
from explorer import theme
from explorer.text import tr
from explorer.widgets.canvas import KEY_REASONS, to_qimage
from explorer.widgets.elided import ElidedLabel

RECENT = 8
PATCH = 28  # side of a patch in the row on top, px
GAP = 1
LARGEST = 32  # side of a patch in the book, px


class PatchShelf(QWidget):
    """Patches (M, s, s, C) in rows, as large as fits. `chosen(k)` is a click, or Enter where the arrows stand."""

    chosen = Signal(int)

    def __init__(self, *, single_row: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._single_row = single_row
        self._patches: Pixels | None = None
        self._names: tuple[str, ...] = ()
        self._sheet = QPixmap()
        self._index = self._hover = -1
        self._key_focus = False
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        wide = QSizePolicy.Policy.Expanding
        self.setSizePolicy(wide, QSizePolicy.Policy.Fixed if single_row else QSizePolicy.Policy.Expanding)

    def set_patches(self, patches: Pixels | None, names: tuple[str, ...]) -> None:
        """Show patches; `names` are what a hand learns of each."""
        self._patches, self._names = patches, names
        self._sheet = QPixmap()
        self._index = self._index if self._index < len(names) else -1
        self.update()

    def set_index(self, index: int) -> None:
        """Mark a patch, without a signal; -1 marks none."""
        if index != self._index:
            self._index = index
            self.update()

    def count(self) -> int:
        return len(self._names)

    def sizeHint(self) -> QSize:
        side = round(PATCH * theme.scale())
        return QSize(RECENT * (side + GAP), side) if self._single_row else QSize(320, 120)

    def minimumSizeHint(self) -> QSize:
        return QSize(64, self.sizeHint().height()) if self._single_row else QSize(64, 32)

    def _layout(self) -> tuple[int, int]:
        """Columns, and the side of a patch in px with its gap: the largest that shows all."""
        if self._single_row:
            return RECENT, self.height() + GAP
        count = max(self.count(), 1)
        largest = round(LARGEST * theme.scale()) + GAP
        best = math.isqrt(max(self.width() * self.height() // count, 1))
        for side in range(min(best + 1, largest), 1, -1):
            columns = max(self.width() // side, 1)
            if math.ceil(count / columns) * side <= self.height() + GAP:
                return columns, side
        return max(self.width() // 2, 1), 2

    def cell(self, index: int) -> QRectF:
        """Where a patch lies."""
        columns, side = self._layout()
        return QRectF(index % columns * side, index // columns * side, side - GAP, side - GAP)

    def index_at(self, place: QPointF) -> int:
        """The patch at a place, -1 beside them."""
        columns, side = self._layout()
        column, row = math.floor(place.x() / side), math.floor(place.y() / side)
        index = row * columns + column
        return index if 0 <= column < columns and 0 <= index < self.count() and row >= 0 else -1

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            if self._patches is not None and self._sheet.isNull():
                self._sheet = self._drawn()
            painter.drawPixmap(0, 0, self._sheet)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            for index, role in ((self._hover, QPalette.ColorRole.Text), (self._index, QPalette.ColorRole.Highlight)):
                if 0 <= index < self.count():
                    painter.setPen(QPen(self.palette().color(role), 2))
                    painter.drawRect(self.cell(index))
            if self._key_focus:
                painter.setPen(self.palette().color(QPalette.ColorRole.Highlight))
                painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def _drawn(self) -> QPixmap:
        """All patches, drawn once."""
        ratio = self.devicePixelRatioF()
        sheet = QPixmap(self.size() * ratio)
        sheet.setDevicePixelRatio(ratio)
        sheet.fill(Qt.GlobalColor.transparent)
        with QPainter(sheet) as painter:
            for index, patch in enumerate(self._patches if self._patches is not None else ()):
                painter.drawImage(self.cell(index), to_qimage(patch))
        return sheet

    def resizeEvent(self, event: QEvent) -> None:
        self._sheet = QPixmap()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.index_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and index >= 0:
            self.chosen.emit(index)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._set_hover(self.index_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self._set_hover(-1)
        super().leaveEvent(event)

    def _set_hover(self, index: int) -> None:
        if index != self._hover:
            self._hover = index
            self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        columns, _ = self._layout()
        key = Qt.Key
        steps = {key.Key_Left: -1, key.Key_Right: 1, key.Key_Up: -columns, key.Key_Down: columns}
        if Qt.Key(event.key()) in steps and self.count():
            index = (self._hover if self._hover >= 0 else max(self._index, 0)) + steps[Qt.Key(event.key())]
            self._set_hover(min(max(index, 0), self.count() - 1))
        elif Qt.Key(event.key()) in (key.Key_Return, key.Key_Enter) and self._hover >= 0:
            self.chosen.emit(self._hover)
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

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            index = self.index_at(QPointF(event.pos()))
            where = QRect(self.cell(index).toAlignedRect()) if index >= 0 else QRect()
            QToolTip.showText(event.globalPos(), self._names[index] if index >= 0 else "", self, where)
            return True
        return super().event(event)


class CodePalette(QWidget):
    """`chosen(code)` comes from the hands: a patch of the book, one of late, or a number that was typed."""

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._patches: Pixels | None = None
        self._order: Codes = np.zeros(0, np.int64)
        self._code = 0
        self._recent: list[int] = []
        self._at_hand = PatchShelf(single_row=True)
        self._at_hand.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._number = QSpinBox()
        self._number.setKeyboardTracking(False)
        self._number.setAccessibleName(tr("Code to paint with"))
        self._number.setToolTip(tr("The code to paint with: type its number"))
        self._number.valueChanged.connect(self._typed)
        self._late = PatchShelf(single_row=True)
        self._late.setAccessibleName(tr("Codes of late"))
        self._late.chosen.connect(self._choose_late)
        self._book = PatchShelf()
        self._book.setAccessibleName(tr("All codes"))
        self._book.chosen.connect(self._choose_in_book)
        self._said = ElidedLabel(size=theme.SMALL, muted=True)
        row = QHBoxLayout()
        row.setSpacing(theme.GRID)
        for text, widget in ((tr("Code"), self._number), ("", self._at_hand), (tr("Late"), self._late)):
            if text:
                row.addWidget(theme.label(text, theme.SMALL, muted=True))
            row.addWidget(widget)
        row.addWidget(self._said, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.GRID // 2)
        layout.addLayout(row)
        layout.addWidget(self._book, 1)
        self._fit()

    def _fit(self) -> None:
        side = round(PATCH * theme.scale())
        self._at_hand.setFixedSize(side, side)
        self._late.setFixedSize(RECENT * (side + GAP), side)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and hasattr(self, "_said"):
            self._fit()

    def set_book(self, book: int) -> None:
        """How many codes there are; their patches come later."""
        self._number.blockSignals(True)
        self._number.setRange(0, max(book - 1, 0))
        self._number.setValue(self._code)
        self._number.blockSignals(False)
        if self._patches is not None and len(self._patches) != book:
            self._patches, self._recent, self._order = None, [], np.zeros(0, np.int64)
            self._book.set_patches(None, ())
        self.set_code(min(self._code, max(book - 1, 0)))

    def set_patches(self, patches_K: Pixels, order_K: Codes, usage_K: Codes) -> None:
        """What each code decodes to where it stands alone, the order in which the book is shown, and how often
        training chose each."""
        self._patches, self._order = patches_K, order_K
        names = (tr("Code {code}, chosen {count} times of late", code=c, count=usage_K[c]) for c in order_K.tolist())
        self._book.set_patches(np.ascontiguousarray(patches_K[order_K]), tuple(names))
        self._said.setText(
            tr("{used} of {book} in use, alike ones together", used=(usage_K > 0).sum(), book=len(patches_K))
        )
        self._show_code()

    def code(self) -> int:
        return self._code

    def set_code(self, code: int) -> None:
        """Take a code in the hand, without a signal."""
        if code != self._code or not self._recent:
            self._recent = [code, *(each for each in self._recent if each != code)][:RECENT]
        self._code = code
        self._show_code()

    def _show_code(self) -> None:
        self._number.blockSignals(True)
        self._number.setValue(self._code)
        self._number.blockSignals(False)
        if self._patches is None:
            return
        self._at_hand.set_patches(self._patches[[self._code]], (tr("Code {code}", code=self._code),))
        late = [code for code in self._recent if code < len(self._patches)]
        self._late.set_patches(self._patches[late], tuple(tr("Code {code}", code=code) for code in late))
        found = np.flatnonzero(self._order == self._code)
        self._book.set_index(int(found[0]) if len(found) else -1)

    @Slot(int)
    def _typed(self, code: int) -> None:
        self.set_code(code)
        self.chosen.emit(code)

    @Slot(int)
    def _choose_late(self, index: int) -> None:
        self._typed(self._recent[index])

    @Slot(int)
    def _choose_in_book(self, index: int) -> None:
        self._typed(int(self._order[index]))
