"""What lies over the curves: lines that theory knows, marks of events, the step of the scrubber, and what is hovered.

Everything is painted in pixels over a `Frame`, so that hairlines stay hairlines at any zoom.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF

from explorer.theme import Colours, faded, scale
from explorer.widgets.curve_drawing import FAR, Frame

CLOSE = 9.0  # marks closer than this are one flag with a number, px
REACH = 5.0  # the cursor takes hold of a mark from this far, px
FLAG = 5.0  # size of a flag, px
CURSOR = (QPointF(-5, 0), QPointF(5, 0), QPointF(0, -6))  # the scrubber's foot, px
MOST_LINES = 6  # of a mark's text
CROWD = 24  # with more flags than this their lines turn faint


@dataclass(frozen=True)
class TheoryLine:
    """A level that theory names: the line at `y`, its title ("-log 4")."""

    y: float
    title: str


@dataclass(frozen=True)
class EventMark:
    """Something happened at `x` (in units of the axis)."""

    x: float
    text: str


@dataclass(frozen=True)
class Flag:
    """Marks that fall on one place of the screen."""

    px: float
    marks: tuple[EventMark, ...]


def flags(marks: Sequence[EventMark], frame: Frame) -> list[Flag]:
    """The marks that are in view, in order of x, those on one spot joined."""
    groups: list[tuple[float, list[EventMark]]] = []
    for mark in marks:
        px = float(frame.px(mark.x)) if mark.x > 0 or not frame.log_x else -FAR
        if not frame.rect.left() - 1 <= px <= frame.rect.right() + 1:
            continue
        if groups and px - groups[-1][0] < CLOSE * scale():
            groups[-1][1].append(mark)
        else:
            groups.append((px, [mark]))
    return [Flag(px, tuple(group)) for px, group in groups]


def flag_at(found: Sequence[Flag], px: float) -> Flag | None:
    """The flag that a cursor at `px` takes hold of."""
    near = [flag for flag in found if abs(flag.px - px) <= REACH]
    return min(near, key=lambda flag: abs(flag.px - px)) if near else None


def draw_theory(painter: QPainter, frame: Frame, lines: Sequence[TheoryLine], look: Colours) -> None:
    """Fine dashed levels."""
    pen = QPen(faded(look.ink, 0.6), scale())
    pen.setDashPattern([7.0, 4.0])
    painter.setPen(pen)
    for line in lines:
        y = round(float(frame.py(line.y))) + 0.5
        painter.drawLine(QPointF(frame.rect.left(), y), QPointF(frame.rect.right(), y))


def draw_theory_names(painter: QPainter, frame: Frame, lines: Sequence[TheoryLine], look: Colours) -> None:
    """The names of the levels at the right edge, over the curves."""
    metrics = QFontMetricsF(painter.font())
    for line in lines:
        y = round(float(frame.py(line.y))) + 0.5
        if not frame.rect.top() <= y <= frame.rect.bottom():
            continue
        width = metrics.horizontalAdvance(line.title) + 6
        above = y - metrics.height() - 1
        top = above if above >= frame.rect.top() else y + 2
        box = QRectF(frame.rect.right() - width - 2, top, width, metrics.height())
        painter.fillRect(box, faded(look.base, 0.75))
        painter.setPen(look.ink)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, line.title)


def draw_flags(painter: QPainter, frame: Frame, found: Sequence[Flag], look: Colours) -> None:
    """A hairline and a flag per place; a number where several marks share it."""
    share = 0.45 if len(found) <= CROWD else 0.18
    metrics = QFontMetricsF(painter.font())
    top, size = frame.rect.top(), FLAG * scale()
    for flag in found:
        x = round(flag.px) + 0.5
        painter.setPen(QPen(faded(look.muted, share), 1.0))
        painter.drawLine(QPointF(x, top), QPointF(x, frame.rect.bottom()))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.muted)
        points = [QPointF(x - size, top), QPointF(x + size, top), QPointF(x, top + 1.4 * size)]
        painter.drawPolygon(QPolygonF(points))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if len(flag.marks) > 1 and len(found) <= CROWD:
            painter.setPen(look.muted)
            text = str(len(flag.marks))
            painter.drawText(QPointF(x + size + 2, top + metrics.ascent()), text)


def draw_cursor(painter: QPainter, frame: Frame, x: float, color: QColor) -> None:
    """Where the scrubber stands."""
    px = float(frame.px(x))
    if not frame.rect.left() - 1 <= px <= frame.rect.right() + 1:
        return
    unit = scale()
    painter.setPen(QPen(color, 1.5 * unit))
    painter.drawLine(QPointF(px, frame.rect.top()), QPointF(px, frame.rect.bottom()))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    foot = QPointF(px, frame.rect.bottom())
    painter.drawPolygon(QPolygonF([foot + unit * each for each in CURSOR]))
    painter.setBrush(Qt.BrushStyle.NoBrush)


def draw_hair(painter: QPainter, frame: Frame, x: float, look: Colours, text: str) -> None:
    """A fine line under the mouse, through all plots, with `text` (the step) at its foot."""
    px = round(float(frame.px(x))) + 0.5
    if not frame.rect.left() <= px <= frame.rect.right():
        return
    painter.setPen(QPen(faded(look.ink, 0.35), 1.0))
    painter.drawLine(QPointF(px, frame.rect.top()), QPointF(px, frame.rect.bottom()))
    metrics = QFontMetricsF(painter.font())
    width = metrics.horizontalAdvance(text) + 6
    left = min(max(px - width / 2, frame.rect.left()), frame.rect.right() - width)
    box = QRectF(left, frame.rect.bottom() - metrics.height(), width, metrics.height())
    painter.fillRect(box, faded(look.base, 0.8))
    painter.setPen(look.ink)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)


def draw_flag_text(painter: QPainter, frame: Frame, flag: Flag, look: Colours, more: str) -> None:
    """The texts of a flag beside it; `more` ("and {count} more") ends a list that is too long."""
    texts = [mark.text for mark in flag.marks[:MOST_LINES]]
    if len(flag.marks) > MOST_LINES:
        texts.append(more)
    metrics = QFontMetricsF(painter.font())
    room = frame.rect.width() - 12
    texts = [metrics.elidedText(text, Qt.TextElideMode.ElideRight, room) for text in texts]
    width = max(metrics.horizontalAdvance(text) for text in texts) + 12
    height = metrics.lineSpacing() * len(texts) + 8
    left = min(max(flag.px + 8, frame.rect.left()), frame.rect.right() - width)
    box = QRectF(left, frame.rect.top() + 10, width, height)
    painter.setPen(QPen(look.hairline, 1.0))
    painter.setBrush(look.raised)
    painter.drawRoundedRect(box, 4, 4)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(look.ink)
    painter.drawText(
        box.adjusted(6, 4, -6, -4), Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, "\n".join(texts)
    )
