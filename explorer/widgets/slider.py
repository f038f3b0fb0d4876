"""A slider with its number: drag it, type into it, or move it with the keys; one gesture is one edit.

Drag; Shift = finer; double-click = default; Ctrl+click, F2 or a click on the number = type; arrows, PgUp, PgDn, Home
and End; the wheel only where the slider has the focus, so that a scrolled form never changes a value by accident.
"""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QLineEdit, QSizePolicy, QToolTip, QWidget

from explorer.text import tr

HANDLE = 6.0  # radius of the handle, px
GROOVE = 3.0  # height of the groove, px
FINER = 0.1  # what Shift makes of a movement
STEPS = 100  # an arrow key moves by the range over this
STRIP = 18  # height of the groove's part of a stacked slider, px
PAGE = 10  # PgUp moves by this many arrow keys


class ValueSlider(QWidget):
    """A number between `low` and `high`.

    `valueChanged(float)` comes at every change, also by `setValue`; `display` shows a value without a signal.
    `editStarted` and `editFinished` enclose one gesture of the hands (a drag, a held key, a typed number, a turn of
    the wheel): what lies between is one step to undo. `decimals` None shows three significant digits; 0 takes whole
    numbers only. `log` spreads the range logarithmically (low must be above 0). The groove is filled from `origin`
    (the default: `low`, or 0 where the range encloses it). An `aligned` slider leaves as much room for its number as
    others do, so that their grooves line up; `leave_room` leaves more. `unit` stands behind the number. A `stacked`
    slider has its number over the right end of the groove, and left of it room for a name.
    """

    valueChanged = Signal(float)
    editStarted = Signal()
    editFinished = Signal()

    def __init__(
        self,
        low: float = 0.0,
        high: float = 1.0,
        default: float = 0.0,
        decimals: int | None = 2,
        *,
        log: bool = False,
        origin: float | None = None,
        aligned: bool = True,
        unit: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._aligned, self._unit, self._stacked = aligned, unit, False
        self._room = 0  # for the number at least, px
        self._low, self._high, self._decimals = float(low), float(high), decimals
        self._log = log
        self._origin = origin
        self._default = float(default)
        self._value = float(default)
        self._grip: tuple[float, float] | None = None  # where the mouse was, and the place 0..1 of the value there
        self._held: int | None = None  # the key that is held down
        self._hover = False
        self._editor: QLineEdit | None = None
        self._widest: int | None = None  # room for the widest number, px; None: not measured yet
        self.setRange(low, high)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    # ---------------------------------------------------------------------------------------------- values

    def value(self) -> float:
        return self._value

    def default(self) -> float:
        return self._default

    def range(self) -> tuple[float, float]:
        return self._low, self._high

    def setRange(self, low: float, high: float) -> None:
        """Set the limits; the value is moved inside them. Raises ValueError for limits that enclose nothing."""
        if not low < high:
            raise ValueError(f"A slider from {low:g} to {high:g} has no range; its low must be below its high.")
        if self._log and low <= 0:
            raise ValueError(f"A logarithmic slider cannot begin at {low:g}; its low must be above 0.")
        self._low, self._high = float(low), float(high)
        self.setValue(self._value)
        self._measure_again()

    def setDefault(self, default: float) -> None:
        self._default = float(default)
        self._measure_again()

    def setDecimals(self, decimals: int | None) -> None:
        self._decimals = decimals
        self._measure_again()

    @Slot(float)
    def setValue(self, value: float) -> None:
        """Take the value nearest to `value` that the slider can have, and say so if it is another one."""
        if self.display(value):
            self.valueChanged.emit(self._value)

    def display(self, value: float) -> bool:
        """Show a value without a signal; True where it differs from what was shown."""
        value = min(max(float(value), self._low), self._high)
        if self._decimals == 0:
            value = float(round(value))
        if value == self._value:
            return False
        self._value = value
        self.update()
        return True

    def text(self, value: float | None = None) -> str:
        """The number as it is shown."""
        value = self._value if value is None else value
        if self._decimals is None:
            return f"{value:.3g}"
        return f"{value:.{self._decimals}f}"

    def shown(self, value: float | None = None) -> str:
        """The number as it is painted: thousands apart, and the unit behind it."""
        value = self._value if value is None else value
        text = f"{value:,.0f}".replace(",", "\u2009") if self._decimals == 0 else self.text(value)
        return f"{text} {self._unit}" if self._unit else text

    def _place(self, value: float) -> float:
        """Where in 0..1 of the groove a value lies."""
        if self._log:
            return math.log(max(value, self._low) / self._low) / math.log(self._high / self._low)
        return (value - self._low) / (self._high - self._low)

    def _at(self, place: float) -> float:
        place = min(max(place, 0.0), 1.0)
        if self._log:
            return self._low * math.pow(self._high / self._low, place)
        return self._low + place * (self._high - self._low)

    def _rounded(self, value: float) -> float:
        """A dragged value carries the digits that are shown, so that a saved number says the same."""
        return float(self.text(value)) + 0.0  # no "-0.00"

    # ---------------------------------------------------------------------------------------------- geometry

    def sizeHint(self) -> QSize:
        height = QFontMetrics(self.font()).height()
        if self._stacked:
            return QSize(120, height + STRIP)
        return QSize(120 + self.number_width(), max(height + 6, 22))

    def minimumSizeHint(self) -> QSize:
        return QSize(40 if self._stacked else 40 + self.number_width(), self.sizeHint().height())

    def set_stacked(self, stacked: bool) -> None:
        """The number over the groove, or beside it."""
        if stacked != self._stacked:
            self._stacked = stacked
            self._measure_again()

    def leave_room(self, width: int) -> None:
        """Leave so many px at least for a number beside the groove."""
        if width != self._room:
            self._room = width
            self._measure_again()

    def number_width(self) -> int:
        """Room for the number, px: where it stands over the groove for the one that is shown, else for the widest."""
        if self._stacked:
            return QFontMetrics(self.font()).horizontalAdvance(self.shown()) + 4
        return max(self.widest_number(), self._room)

    def widest_number(self) -> int:
        """Room for the widest number, px; measured once for the same limits, digits and font."""
        if self._widest is None:
            metrics = QFontMetrics(self.font())
            widest = max(metrics.horizontalAdvance(self.shown(v)) for v in (self._low, self._high, self._default))
            # never narrower than this, so that the grooves of sliders with other limits line up
            least = metrics.horizontalAdvance("0.00888") if self._aligned else 0
            self._widest = max(widest, least) + 10
        return self._widest

    def _measure_again(self) -> None:
        self._widest = None
        self.updateGeometry()
        self.update()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.FontChange:
            self._measure_again()
        super().changeEvent(event)

    def _groove(self) -> QRectF:
        beside = 0 if self._stacked else self.number_width()
        middle = self.height() - STRIP / 2 if self._stacked else self.height() / 2
        width = self.width() - beside - 2 * HANDLE - 2
        return QRectF(HANDLE + 1, middle - GROOVE / 2, max(width, 1.0), GROOVE)

    def _number(self) -> QRectF:
        width = self.number_width()
        return QRectF(self.width() - width, 0, width, self.height() - (STRIP if self._stacked else 0))

    def _over_groove(self, place: QPointF) -> bool:
        """Whether a hand at this place is at the groove, not on the line over it."""
        return not self._stacked or place.y() >= self.height() - STRIP

    def _handle_x(self) -> float:
        groove = self._groove()
        return groove.left() + self._place(self._value) * groove.width()

    # ---------------------------------------------------------------------------------------------- paint

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            palette, groove, x = self.palette(), self._groove(), self._handle_x()
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(palette.color(QPalette.ColorRole.Mid))
            painter.drawRoundedRect(groove, GROOVE / 2, GROOVE / 2)
            accent = palette.color(QPalette.ColorRole.Highlight)
            if not self.isEnabled():
                accent = palette.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Text)
            start = groove.left() + self._place(self._fill_from()) * groove.width()
            painter.setBrush(accent)
            painter.drawRoundedRect(QRectF(min(start, x), groove.top(), abs(x - start), GROOVE), 1.0, 1.0)
            busy = self._grip is not None or self._hover
            handle = QPointF(x, groove.center().y())
            painter.drawEllipse(handle, HANDLE - (0 if busy else 1), HANDLE - (0 if busy else 1))
            if self.hasFocus():
                ring = palette.color(QPalette.ColorRole.Highlight)
                ring.setAlpha(70)
                painter.setBrush(ring)
                painter.drawEllipse(handle, HANDLE + 3, HANDLE + 3)
            if self._editor is None:
                changed = self._value != self._default
                role = QPalette.ColorRole.Text if changed else QPalette.ColorRole.PlaceholderText
                painter.setPen(palette.color(role))
                painter.drawText(
                    self._number().adjusted(0, 0, -2, 0),
                    Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
                    self.shown(),
                )

    def _fill_from(self) -> float:
        if self._origin is not None:
            return self._origin
        return 0.0 if self._low < 0.0 < self._high and not self._log else self._low

    # ---------------------------------------------------------------------------------------------- mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            event.ignore()
            return
        on_number = self._number().contains(event.position())
        if on_number or event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.type_number()
            return
        if not self._over_groove(event.position()):
            event.ignore()
            return
        self.editStarted.emit()
        x = event.position().x()
        if abs(x - self._handle_x()) > HANDLE + 2:
            groove = self._groove()
            self.setValue(self._rounded(self._at((x - groove.left()) / groove.width())))
        self._grip = (x, self._place(self._value))
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grip is None:
            event.ignore()
            return
        x, place = self._grip
        moved = (event.position().x() - x) / self._groove().width()
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            moved *= FINER
        place = min(max(place + moved, 0.0), 1.0)
        self._grip = (event.position().x(), place)
        self.setValue(self._rounded(self._at(place)))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._grip is None:
            event.ignore()
            return
        self._grip = None
        self.update()
        self.editFinished.emit()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        place = event.position()
        at_groove = self._over_groove(place) and not self._number().contains(place)
        if event.button() == Qt.MouseButton.LeftButton and at_groove:
            self._edit(self._default)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if not self.hasFocus() or event.angleDelta().y() == 0:
            event.ignore()
            return
        finer = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        self._edit(self._stepped(event.angleDelta().y() / 120, finer))
        event.accept()

    def event(self, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.HoverEnter, QEvent.Type.HoverLeave):
            self._hover = event.type() == QEvent.Type.HoverEnter
            self.update()
        return super().event(event)

    # ---------------------------------------------------------------------------------------------- keys

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_F2:
            self.type_number()
            return
        target = self._key_target(event)
        if target is None:
            super().keyPressEvent(event)
            return
        if self._held is None:
            self._held = event.key()
            self.editStarted.emit()
        self.setValue(target)

    def _key_target(self, event: QKeyEvent) -> float | None:
        """The value that a key asks for; None for a key that means nothing here."""
        finer = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        key = Qt.Key(event.key())
        steps = {
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: 1,
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Down: -1,
            Qt.Key.Key_PageUp: PAGE,
            Qt.Key.Key_PageDown: -PAGE,
        }
        if key in steps:
            return self._stepped(steps[key], finer)
        return {Qt.Key.Key_Home: self._low, Qt.Key.Key_End: self._high}.get(key)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.isAutoRepeat() or event.key() != self._held:
            super().keyReleaseEvent(event)
            return
        self._held = None
        self.editFinished.emit()

    def focusOutEvent(self, event: QEvent) -> None:
        if self._held is not None:  # the key will be released elsewhere
            self._held = None
            self.editFinished.emit()
        super().focusOutEvent(event)  # type: ignore[arg-type]

    def _stepped(self, steps: float, finer: bool) -> float:
        if self._decimals == 0:
            whole = max(1, round((self._high - self._low) / STEPS / 2)) if not finer else 1
            return self._value + math.copysign(max(1, round(abs(steps))) * whole, steps)
        place = self._place(self._value) + steps / STEPS * (FINER if finer else 1.0)
        return self._rounded(self._at(place))

    def _edit(self, value: float) -> None:
        """One whole gesture."""
        self.editStarted.emit()
        self.setValue(value)
        self.editFinished.emit()

    # ---------------------------------------------------------------------------------------------- typing

    @Slot()
    def type_number(self) -> None:
        """Open the number for typing: Enter takes it, Esc leaves it."""
        if self._editor is not None:
            return
        self._editor = QLineEdit(self.text(), self)
        self._editor.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._editor.setFrame(False)
        self._editor.setAutoFillBackground(True)
        self._editor.setAccessibleName(self.accessibleName())
        self._editor.setGeometry(self._typing_place())
        self._editor.installEventFilter(self)
        self._editor.returnPressed.connect(self._take_typed)
        self._editor.selectAll()
        self._editor.show()
        self._editor.setFocus()
        self.update()

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        if watched is self._editor and self._editor is not None:
            if event.type() == QEvent.Type.FocusOut:
                self._close_editor()
            elif event.type() == QEvent.Type.ShortcutOverride and self._is_escape(event):
                event.accept()  # Esc leaves the number, it must not cancel a job
                return True
            elif event.type() == QEvent.Type.KeyPress and self._is_escape(event):
                self._close_editor()
                self.setFocus()
                return True
        return False

    def _typing_place(self) -> QRect:
        """Where the number is, with room for a longer one."""
        place = self._number().toRect()
        return place.adjusted(min(0, place.width() - self.widest_number()), 0, 0, 0)

    @staticmethod
    def _is_escape(event: QEvent) -> bool:
        return isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape

    @Slot()
    def _take_typed(self) -> None:
        if self._editor is None:
            return
        try:
            typed = float(self._editor.text().strip().replace(",", "."))
        except ValueError:
            typed = math.nan
        if not self._low <= typed <= self._high:
            said = tr("Type a number from {low} to {high}.", low=self.text(self._low), high=self.text(self._high))
            QToolTip.showText(self._editor.mapToGlobal(self._editor.rect().bottomLeft()), said, self._editor)
            self._editor.selectAll()
            return
        self._close_editor()
        self.setFocus()
        self._edit(typed)

    def _close_editor(self) -> None:
        editor, self._editor = self._editor, None
        if editor is not None:
            editor.removeEventFilter(self)
            editor.hide()
            editor.deleteLater()
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        if self._editor is not None:
            self._editor.setGeometry(self._typing_place())
        super().resizeEvent(event)
