"""A title, and the names of curves with their values now or under the mouse, as many to a row as fit.

A click hides a curve or shows it again; pointing at a name brings its curve to the front. The keys do the same: arrows
move, Enter toggles.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from explorer import theme
from explorer.text import tr
from explorer.widgets import curve_drawing
from explorer.widgets.curve_drawing import Ink

SAMPLE = 22.0  # length of the piece of line, px
GAP = 14.0  # between two entries, px
NARROWEST = 150.0  # an entry that shares a line; below this the next line is taken, px
BETWEEN_RUNS = " / "
VALUE = "-0.00008"  # the widest value there is room for


@dataclass(frozen=True)
class Entry:
    """One curve of the legend, without room for a value where it has none.

    Values of several runs stand in the colours of the runs. `note` says what is wrong ("3 NaN"), `reading` is what a
    tooltip says."""

    key: str
    title: str
    ink: Ink
    values: tuple[str, ...] = ()
    note: str = ""
    shown: bool = True
    reading: str = ""
    colors: tuple[QColor, ...] = ()


class CurveLegend(QWidget):
    """`toggled(key)` asks to hide a curve or to show it; `pointed(key)` names the one under the mouse, or is empty."""

    toggled = Signal(str)
    pointed = Signal(str)

    def __init__(self, title: str = "", *, share_lines: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title, self._share_lines = title, share_lines
        self._entries: tuple[Entry, ...] = ()
        self._places: list[QRectF] = []
        self._at = -1  # under the mouse
        self._focus = 0
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(tr("Curves of this plot"))

    def set_entries(self, entries: Sequence[Entry]) -> None:
        """Show these curves. Cheap where only values differ."""
        before, self._entries = self._entries, tuple(entries)
        if [(e.key, e.title, e.note) for e in before] != [(e.key, e.title, e.note) for e in entries]:
            self._lay_out()
            self.updateGeometry()
        self.update()

    def entries(self) -> tuple[Entry, ...]:
        return self._entries

    def place(self, key: str) -> QRectF:
        """Where an entry lies in the widget."""
        found = [box for entry, box in zip(self._entries, self._places, strict=True) if entry.key == key]
        return found[0] if found else QRectF()

    # ---------------------------------------------------------------------------------------------- geometry

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        boxes = self._boxes(width)
        return round(boxes[-1].bottom() if boxes else self._title_size()[1]) + 2

    def sizeHint(self) -> QSize:
        return QSize(240, self.heightForWidth(max(self.width(), 240)))

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self.heightForWidth(max(self.width(), 120)))

    def _font(self) -> QFont:
        font = QFont(self.font())
        if font.pixelSize() > 0:
            font.setPixelSize(max(round(font.pixelSize() * theme.SMALL / theme.BODY), 9))
        return font

    def _metrics(self) -> QFontMetricsF:
        return QFontMetricsF(self._font())

    def _width(self, entry: Entry) -> float:
        metrics = self._metrics()
        width = SAMPLE + 5 + metrics.horizontalAdvance(entry.title) + 6 + self._value_width(entry)
        return width + (metrics.horizontalAdvance(entry.note) + 8 if entry.note else 0.0)

    def _title_size(self) -> tuple[float, float]:
        """The room of the title, which stands before the first entry."""
        font = self._font()
        font.setBold(True)
        metrics = QFontMetricsF(font)
        return (metrics.horizontalAdvance(self._title) + 10, metrics.height() + 3) if self._title else (0.0, 0.0)

    def _value_width(self, entry: Entry) -> float:
        """The same for every value, so that nothing moves while values change; room for one of each run."""
        return self._metrics().horizontalAdvance(VALUE) * len(entry.values)

    def _share(self, width: int) -> float:
        """How wide an entry may be; where lines are shared and not all have room, all are equally wide."""
        count = len(self._entries)
        if not self._share_lines or sum(map(self._width, self._entries)) + GAP * (count - 1) <= width:
            return width
        return (width - GAP * (count - 1)) / count

    def _boxes(self, width: int) -> list[QRectF]:
        height, x, y = self._metrics().height() + 3, self._title_size()[0], 0.0
        boxes = []
        for entry in self._entries:
            wide = min(self._width(entry), max(self._share(width), min(NARROWEST, width)))
            if x and x + wide > width + 0.5:  # equal shares add up to the width, but for rounding
                x, y = 0.0, y + height
            boxes.append(QRectF(x, y, wide, height))
            x += wide + GAP
        return boxes

    def _lay_out(self) -> None:
        self._places = self._boxes(self.width())

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._lay_out()
        super().resizeEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.FontChange and hasattr(self, "_entries"):
            self._lay_out()
            self.updateGeometry()
        super().changeEvent(event)

    # ---------------------------------------------------------------------------------------------- paint

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setFont(self._font())
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._paint_title(painter)
            for index, (entry, box) in enumerate(zip(self._entries, self._places, strict=True)):
                painter.setOpacity(1.0 if entry.shown else 0.4)
                self._paint_entry(painter, entry, box, pointed=index == self._at)
                if self.hasFocus() and index == self._focus:
                    painter.setPen(theme.colours(self.palette()).accent)
                    painter.drawRoundedRect(box.adjusted(-1, 0, 1, -1), 3, 3)

    def _paint_title(self, painter: QPainter) -> None:
        font = self._font()
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(theme.colours(self.palette()).ink)
        painter.drawText(QRectF(0, 0, *self._title_size()), Qt.AlignmentFlag.AlignVCenter, self._title)
        painter.setFont(self._font())

    def _paint_entry(self, painter: QPainter, entry: Entry, box: QRectF, *, pointed: bool) -> None:
        look, metrics = theme.colours(self.palette()), self._metrics()
        curve_drawing.draw_sample(painter, QRectF(box.left(), box.top(), SAMPLE, box.height()), entry.ink)
        flags = Qt.AlignmentFlag.AlignVCenter
        value, note = self._value_width(entry), metrics.horizontalAdvance(entry.note)
        right = box.right() - (note + 8 if entry.note else 0)
        name = box.adjusted(SAMPLE + 5, 0, 0, 0)
        name.setRight(right - value - 4)
        painter.setPen(look.ink if pointed else look.muted)
        title = metrics.elidedText(entry.title, Qt.TextElideMode.ElideMiddle, name.width())
        painter.drawText(name, flags | Qt.AlignmentFlag.AlignLeft, title)
        x = right - value
        for number, text in enumerate(entry.values):
            if number:
                painter.setPen(look.muted)
                painter.drawText(QRectF(x, box.top(), value, box.height()), flags, BETWEEN_RUNS)
                x += metrics.horizontalAdvance(BETWEEN_RUNS)
            painter.setPen(entry.colors[number] if entry.colors else look.ink)
            painter.drawText(QRectF(x, box.top(), value, box.height()), flags, text)
            x += metrics.horizontalAdvance(text)
        if entry.note:
            painter.setPen(look.warning)
            painter.drawText(QRectF(right + 8, box.top(), note + 2, box.height()), flags, entry.note)

    # ---------------------------------------------------------------------------------------------- hands

    def _index_at(self, place: QPointF) -> int:
        return next((i for i, box in enumerate(self._places) if box.contains(place)), -1)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point_at(self._index_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self._point_at(-1)
        super().leaveEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self._index_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and index >= 0:
            self.toggled.emit(self._entries[index].key)
        else:
            super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1}.get(event.key())
        if step is not None and self._entries:
            self._focus = min(max(self._focus + step, 0), len(self._entries) - 1)
            self._point_at(self._focus)
            self.update()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._focus < len(self._entries):
            self.toggled.emit(self._entries[self._focus].key)
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip:
            index = self._index_at(QPointF(event.pos()))
            if index >= 0:
                entry = self._entries[index]
                said = tr("{title}: click to hide or show it", title=entry.reading or entry.title)
                QToolTip.showText(event.globalPos(), said, self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)

    def _point_at(self, index: int) -> None:
        if index != self._at:
            self._at = index
            self.update()
            self.pointed.emit(self._entries[index].key if index >= 0 else "")
