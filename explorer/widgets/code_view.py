"""What the views of a codebook have in common: a book, a code under the hand, and codes that are locked."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QFont, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from explorer import theme
from explorer.text import tr
from explorer.widgets.canvas import KEY_REASONS
from explorer.widgets.code_book import ShownBook, nice_top
from explorer.widgets.code_scale import BARRED, DEAD, FROZEN, Key


class CodeView(QWidget):
    """Shows a `ShownBook`; subclasses draw, and say which code lies where.

    `hovered(code)` is the code under the pointer or where the arrow keys lead (-1: none), `chosen(code, more)` a click
    or Enter; `more` with Ctrl (keys: Shift). `unit_text` is what one choice is counted in.
    """

    hovered = Signal(int)
    chosen = Signal(int, bool)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._book: ShownBook | None = None
        self._hover = -1
        self._locked: tuple[int, ...] = ()
        self._unit_text = ""
        self._empty = ""
        self._key_focus = False
        self._area: tuple[QSize, QRectF] | None = None  # of this size of the widget
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    # ---------------------------------------------------------------------------------------------- what is shown

    def set_book(self, book: ShownBook | None, unit_text: str = "") -> None:
        """Show this from now on."""
        if book is None or self._hover >= len(book):
            self._hover = -1
        self._book, self._unit_text, self._area = book, unit_text, None
        self.forget()
        self.update()

    def set_locked(self, codes: tuple[int, ...]) -> None:
        if codes != self._locked:
            self._locked = codes
            self.update()

    def set_empty(self, text: str) -> None:
        """The sentence that stands here while there is nothing to show."""
        if text != self._empty:
            self._empty = text
            self.update()

    def book(self) -> ShownBook | None:
        return self._book

    def hover(self) -> int:
        return self._hover

    def forget(self) -> None:
        """What was drawn is out of date."""

    # ---------------------------------------------------------------------------------------------- for subclasses

    def shows(self) -> bool:
        """Whether there is something to draw."""
        return self._book is not None and len(self._book) > 0

    def code_at(self, place: QPointF) -> int:
        """The code at a place of the widget, -1 beside them."""
        raise NotImplementedError

    def place_of(self, code: int) -> QRectF:
        """Where a code lies in the widget."""
        raise NotImplementedError

    def neighbour(self, code: int, key: Qt.Key) -> int:
        """The code that an arrow key leads to; the same where there is none."""
        raise NotImplementedError

    def paint_codes(self, painter: QPainter) -> None:
        """Draw the codes into `area()`."""
        raise NotImplementedError

    def area(self) -> QRectF:
        """The place over the line that says what the colours mean."""
        if self._area is None or self._area[0] != self.size():
            key_height = self.key().height(QFontMetricsF(self.small_font()), self.width() - 8)
            self._area = (self.size(), QRectF(0, 0, self.width(), max(self.height() - key_height, 1.0)))
        return QRectF(self._area[1])

    def top(self) -> int:
        """Where the scale ends."""
        return nice_top(int(self._book.counts_K.max(initial=0))) if self._book is not None else 10

    def small_font(self) -> QFont:
        font = QFont(self.font())
        if font.pixelSize() > 0:
            font.setPixelSize(max(round(font.pixelSize() * theme.SMALL / theme.BODY), 9))
        return font

    # ---------------------------------------------------------------------------------------------- paint

    def sizeHint(self) -> QSize:
        return QSize(420, 300)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 72)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self._area = None
            self.forget()
        super().changeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.colours(self.palette())
        with QPainter(self) as painter:
            painter.fillRect(event.rect(), look.window)
            painter.setFont(self.small_font())
            if self.shows():
                self.paint_codes(painter)
                self._paint_hands(painter)
                area = self.area()
                rect = QRectF(4, area.bottom(), self.width() - 8, self.height() - area.bottom())
                self.key().draw(painter, rect, look, theme.is_dark(self.palette()))
            else:
                painter.setFont(self.font())
                painter.setPen(look.muted)
                wrapped = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
                painter.drawText(self.rect().adjusted(16, 8, -16, -8), wrapped, self._empty)
            if self._key_focus:
                painter.setPen(look.accent)
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def _paint_hands(self, painter: QPainter) -> None:
        """A frame around the code under the hand, thicker ones around those that are locked."""
        look = theme.colours(self.palette())
        for code in self._locked:
            self.paint_hold(painter, code, look.accent, 2.0)
        if self._hover >= 0:
            self.paint_hold(painter, self._hover, look.ink, 1.0)

    def paint_hold(self, painter: QPainter, code: int, color: QColor, width: float) -> None:
        """Point out a code."""
        place = self.place_of(code).adjusted(-1, -1, 1, 1)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme.colours(self.palette()).base, width + 2))
        painter.drawRect(place)
        painter.setPen(QPen(color, width))
        painter.drawRect(place)

    def key(self) -> Key:
        """What the colours and signs mean."""
        book, signs = self._book, []
        if book is not None:
            signs += [DEAD] if ((book.counts_K == 0) & ~book.barred_K).any() else []
            signs += [FROZEN] if book.frozen_K.any() else []
            signs += [BARRED] if book.barred_K.any() else []
        return Key(self.top(), self._unit_text, tuple(signs))

    # ---------------------------------------------------------------------------------------------- hands

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.set_hover(self.code_at(event.position()) if self.shows() else -1)

    def leaveEvent(self, event: QEvent) -> None:
        self.set_hover(-1)
        super().leaveEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        code = self.code_at(event.position()) if self.shows() else -1
        if event.button() == Qt.MouseButton.LeftButton and code >= 0:
            self.chosen.emit(code, bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier))
        else:
            super().mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if not self.shows():
            super().keyPressEvent(event)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down):
            at = self._hover if self._hover >= 0 else self._locked[-1] if self._locked else -1
            self.set_hover(self.neighbour(at, key) if at >= 0 else int(self._book.order_P[0]))  # type: ignore[union-attr]
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._hover >= 0:
            self.chosen.emit(self._hover, bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        else:
            super().keyPressEvent(event)

    def set_hover(self, code: int) -> None:
        """The hand is at this code now."""
        if code != self._hover:
            self._hover = code
            self.update()
            self.hovered.emit(code)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._key_focus = event.reason() in KEY_REASONS  # a click needs no frame to be seen
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._key_focus = False
        super().focusOutEvent(event)
        self.update()


def view_hint() -> str:
    """What a hand can do on a view of codes, as a tooltip."""
    return tr(
        "Point at a code to see it, click to lock it, Ctrl+click to lock more. Keys: arrows, Enter, Shift+Enter; Esc "
        "lets go."
    )
