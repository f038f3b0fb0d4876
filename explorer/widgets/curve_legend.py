"""A title, and the names of curves with their values now or under the mouse, as many to a row as fit.

A click hides a curve or shows it again; pointing at a name brings its curve to the front. The keys do the same: arrows
move, Enter toggles. Where there is no room a name is shortened first, then the numbers take lines of their own; a
number is whole or not there.
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
from explorer.widgets.short_numbers import MINUS

SAMPLE = 22.0  # length of the piece of line, px
GAP = 14.0  # between two entries, px
BEFORE_VALUES = 6.0  # between a name and its numbers, px
NARROWEST = 150.0  # an entry that shares a line; below this the next line is taken, px
BETWEEN_RUNS = " / "
FEWEST = 4  # letters that are left of a name
WIDEST = (f"{MINUS}0.008888", f"{MINUS}8.88e{MINUS}88")  # what a value may look like


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


@dataclass(frozen=True)
class _Place:
    """Where the parts of an entry lie. `values` are its lines of numbers and how many stand on each; `note` is None
    where there is no room for it."""

    box: QRectF
    name: QRectF
    values: tuple[tuple[QRectF, int], ...]
    note: QRectF | None


class CurveLegend(QWidget):
    """`toggled(key)` asks to hide a curve or to show it; `pointed(key)` names the one under the mouse, or is empty."""

    toggled = Signal(str)
    pointed = Signal(str)

    def __init__(self, title: str = "", *, share_lines: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title, self._share_lines = title, share_lines
        self._entries: tuple[Entry, ...] = ()
        self._places: list[_Place] = []
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
        if list(map(_shape, before)) != list(map(_shape, entries)):
            self._lay_out()
            self.updateGeometry()
        self.update()

    def entries(self) -> tuple[Entry, ...]:
        return self._entries

    def place(self, key: str) -> QRectF:
        """Where an entry lies in the widget."""
        found = [place.box for entry, place in zip(self._entries, self._places, strict=True) if entry.key == key]
        return found[0] if found else QRectF()

    def told(self, key: str) -> tuple[str, ...]:
        """The numbers of an entry that there is room for, as they are painted."""
        entry, place = next(each for each in zip(self._entries, self._places, strict=True) if each[0].key == key)
        return entry.values[: sum(count for _, count in place.values)]

    # ---------------------------------------------------------------------------------------------- geometry

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        bottoms = [place.box.bottom() for place in self._laid_out(width)]
        return round(max(bottoms, default=self._title_size()[1])) + 2

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

    def _name_left(self) -> float:
        """Where the name begins in an entry: behind the piece of line."""
        return (SAMPLE + 5) * theme.scale()

    def _name_width(self, entry: Entry) -> float:
        return self._metrics().horizontalAdvance(entry.title) + 2

    def _note_width(self, entry: Entry) -> float:
        return self._metrics().horizontalAdvance(entry.note) + 10 if entry.note else 0.0

    def _values_width(self, count: int) -> float:
        """Room for so many values beside each other, whatever they are, so that nothing moves while they change."""
        if not count:
            return 0.0
        metrics = self._metrics()
        each = max(map(metrics.horizontalAdvance, WIDEST))
        return each * count + metrics.horizontalAdvance(BETWEEN_RUNS) * (count - 1) + 2

    def _width(self, entry: Entry) -> float:
        """The entry with all of its name in one line."""
        rest = self._values_width(len(entry.values)) + self._note_width(entry)
        return self._name_left() + self._name_width(entry) + BEFORE_VALUES + rest

    def _title_size(self) -> tuple[float, float]:
        """The room of the title, which stands before the first entry."""
        font = self._font()
        font.setBold(True)
        metrics = QFontMetricsF(font)
        return (metrics.horizontalAdvance(self._title) + 10, metrics.height() + 3) if self._title else (0.0, 0.0)

    def _share(self, width: int) -> float:
        """How wide an entry may be; where lines are shared and not all have room, all are equally wide, and as many
        share a line as can be read."""
        count = len(self._entries)
        if not self._share_lines or sum(map(self._width, self._entries)) + GAP * (count - 1) <= width:
            return width
        count = max(1, min(count, int((width + GAP) / (NARROWEST + GAP))))
        return (width - GAP * (count - 1)) / count

    def _laid_out(self, width: int) -> list[_Place]:
        """The entries from left to right, as many to a line as fit."""
        line, x, y = self._metrics().height() + 3, self._title_size()[0], 0.0
        below = y + line  # where the next line begins
        places = []
        for entry in self._entries:
            wide = min(self._width(entry), self._share(width))
            if x and x + wide > width + 0.5:  # equal shares add up to the width, but for rounding
                x, y = 0.0, below
            place = self._entry_place(entry, QRectF(x, y, wide, line))
            below = max(below, place.box.bottom()) if x else place.box.bottom()
            places.append(place)
            x += wide + GAP
        return places

    def _entry_place(self, entry: Entry, box: QRectF) -> _Place:
        """One entry in the width of `box`: in one line, else its numbers on lines of their own."""
        line, count, left = box.height(), len(entry.values), box.left() + self._name_left()
        name, note = self._name_width(entry), self._note_width(entry)
        values = self._values_width(count)
        shortest = min(name, self._metrics().horizontalAdvance(entry.title[:FEWEST] + "…") + 2)
        if left + shortest + BEFORE_VALUES * bool(count) + values + note <= box.right() + 0.5:
            begin = box.right() - note - values
            end = begin - BEFORE_VALUES * bool(count)
            told = ((QRectF(begin, box.top(), values, line), count),) if count else ()
            at = QRectF(box.right() - note + 8, box.top(), note, line) if note else None
            return _Place(box, QRectF(left, box.top(), end - left, line), told, at)
        lines: list[tuple[QRectF, int]] = []
        begin = left if self._values_width(1) <= box.right() - left else box.left()
        most = max((k for k in range(1, count + 1) if self._values_width(k) <= box.right() - begin), default=0)
        y = box.top()
        for done in range(0, count if most else 0, max(most, 1)):
            y += line
            lines.append((QRectF(begin, y, box.right() - begin, line), min(most, count - done)))
        at = None
        if note and left + shortest + note <= box.right():
            at = QRectF(box.right() - note + 8, box.top(), note, line)
        end = box.right() - (note if at is not None else 0.0)
        whole = QRectF(box.left(), box.top(), box.width(), y + line - box.top())
        return _Place(whole, QRectF(left, box.top(), max(end - left, 0.0), line), tuple(lines), at)

    def _lay_out(self) -> None:
        self._places = self._laid_out(self.width())

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
            for index, (entry, place) in enumerate(zip(self._entries, self._places, strict=True)):
                painter.setOpacity(1.0 if entry.shown else 0.4)
                self._paint_entry(painter, entry, place, pointed=index == self._at)
                if self.hasFocus() and index == self._focus:
                    painter.setPen(theme.colours(self.palette()).accent)
                    painter.drawRoundedRect(place.box.adjusted(-1, 0, 1, -1), 3, 3)

    def _paint_title(self, painter: QPainter) -> None:
        font = self._font()
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(theme.colours(self.palette()).ink)
        title = QFontMetricsF(font).elidedText(self._title, Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(QRectF(0, 0, *self._title_size()), Qt.AlignmentFlag.AlignVCenter, title)
        painter.setFont(self._font())

    def _paint_entry(self, painter: QPainter, entry: Entry, place: _Place, *, pointed: bool) -> None:
        look, metrics, box = theme.colours(self.palette()), self._metrics(), place.box
        sample = QRectF(box.left(), box.top(), SAMPLE * theme.scale(), place.name.height())
        curve_drawing.draw_sample(painter, sample, entry.ink, 2.0 * theme.scale())
        flags = Qt.AlignmentFlag.AlignVCenter
        painter.setPen(look.ink if pointed else look.muted)
        title = metrics.elidedText(entry.title, Qt.TextElideMode.ElideMiddle, place.name.width())
        painter.drawText(place.name, flags | Qt.AlignmentFlag.AlignLeft, title)
        begun = 0
        for line, count in place.values:
            self._paint_values(painter, entry, line, range(begun, begun + count))
            begun += count
        if place.note is not None:
            painter.setPen(look.warning)
            painter.drawText(place.note, flags, entry.note)

    def _paint_values(self, painter: QPainter, entry: Entry, line: QRectF, which: range) -> None:
        """Some of the numbers on one line."""
        look, metrics, flags = theme.colours(self.palette()), self._metrics(), Qt.AlignmentFlag.AlignVCenter
        left, most = line.left(), self._values_width(1)
        for number in which:
            text = entry.values[number]
            text = text if metrics.horizontalAdvance(text) <= most else "…"
            painter.setPen(entry.colors[number] if entry.colors else look.ink)
            painter.drawText(QRectF(left, line.top(), most, line.height()), flags, text)
            left += metrics.horizontalAdvance(text)
            if number + 1 < len(entry.values):
                painter.setPen(look.muted)
                painter.drawText(QRectF(left, line.top(), most, line.height()), flags, BETWEEN_RUNS)
                left += metrics.horizontalAdvance(BETWEEN_RUNS)

    # ---------------------------------------------------------------------------------------------- hands

    def _index_at(self, place: QPointF) -> int:
        return next((i for i, each in enumerate(self._places) if each.box.contains(place)), -1)

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
                title = ", ".join(filter(None, (entry.reading or entry.title, entry.note)))
                said = tr("{title}: click to hide or show it", title=title)
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


def _shape(entry: Entry) -> tuple[str, str, str, int]:
    """What of an entry decides where it lies."""
    return entry.key, entry.title, entry.note, len(entry.values)
