"""The time line of the run that is shown: one handle moves every panel of the window to a step.

Ticks say where there are sample grids, diamonds where there are snapshots, flags where something happened. Drag, click
or use the keys: Left and Right go from grid to grid, PgUp and PgDn ten of them, Home to the first, End to the newest.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QFontMetricsF, QHideEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QToolButton, QToolTip, QWidget

import engine
from engine import Event
from explorer import theme
from explorer.panel import Desk, Panel
from explorer.state import Action, Scrub, State
from explorer.text import mark, tr
from explorer.theme import faded
from explorer.widgets.short_numbers import short_number
from explorer.widgets.tool_button import ToolButton

FILM_MS = 83  # between two grids of the film: some twelve a second
SNAP = 5.0  # a grid this close to the cursor is meant, px
SIDE = 10.0  # free room at both ends, px
PAGE = 10  # grids that PgUp and PgDn go over
NEAR = 4.0  # a mark this close to the cursor is named, px


class TimeLine(QWidget):
    """The line itself. `moved(step)` is a step chosen by hand; `released` says that the newest is wanted."""

    moved = Signal(int)
    released = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._last = 0
        self._at: int | None = None
        self._grids: Sequence[int] = ()
        self._snapshots: Sequence[int] = ()
        self._marks: Sequence[tuple[int, str]] = ()
        self._hover: float | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Time line of the run"))

    def set_times(
        self, last: int, grids: Sequence[int], snapshots: Sequence[int], marks: Sequence[tuple[int, str]]
    ) -> None:
        """What there is: the newest step, and the steps (ascending) of grids, snapshots and events."""
        self._last, self._grids, self._snapshots, self._marks = last, grids, snapshots, marks
        self.update()

    def set_at(self, step: int | None) -> None:
        """Where the handle stands; None: at the newest."""
        if step != self._at:
            self._at = step
            self.update()

    def at(self) -> int:
        return self._last if self._at is None else min(self._at, self._last)

    # ---------------------------------------------------------------------------------------------- geometry

    def sizeHint(self) -> QSize:
        return QSize(320, QFontMetricsF(self.font()).height().__ceil__() + 26)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self.sizeHint().height())

    def _line(self) -> QRectF:
        top = self.fontMetrics().height() + 5
        return QRectF(SIDE, top, max(self.width() - 2 * SIDE, 1.0), self.height() - top - 2)

    def x_of(self, step: float) -> float:
        """Where a step lies, px."""
        line = self._line()
        return line.left() + line.width() * step / max(self._last, 1)

    def step_at(self, x: float) -> int:
        """The step at a place: that of a grid where one is near."""
        line = self._line()
        step = round((x - line.left()) / line.width() * self._last)
        step = min(max(step, 0), self._last)
        near = nearest(self._grids, step)
        return near if near is not None and abs(self.x_of(near) - x) <= SNAP else step

    # ---------------------------------------------------------------------------------------------- paint

    def paintEvent(self, event: QPaintEvent) -> None:
        look, line = theme.colours(self.palette()), self._line()
        with QPainter(self) as painter:
            middle = round(line.center().y()) + 0.5
            painter.setPen(QPen(look.hairline, 1.0))
            painter.drawLine(QPointF(line.left(), middle), QPointF(line.right(), middle))
            self._paint_ticks(painter, middle)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._paint_snapshots(painter, middle)
            self._paint_marks(painter, line)
            if self._last:
                self._paint_handle(painter, line)
            if self.hasFocus():
                painter.setPen(QPen(faded(look.accent, 0.6), 1.0))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)

    def _paint_ticks(self, painter: QPainter, middle: float) -> None:
        """One hairline per pixel column that has a grid."""
        painter.setPen(QPen(theme.colours(self.palette()).muted, 1.0))
        for x in sorted({round(self.x_of(step)) for step in self._grids}):
            painter.drawLine(QPointF(x + 0.5, middle - 4), QPointF(x + 0.5, middle + 4))

    def _paint_snapshots(self, painter: QPainter, middle: float) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colours(self.palette()).ink)
        last = -SIDE
        for x in sorted({round(self.x_of(step)) for step in self._snapshots}):
            if x - last >= 4:  # diamonds that cover each other are one
                y = middle + 8
                corners = [QPointF(x, y - 3), QPointF(x + 3, y), QPointF(x, y + 3), QPointF(x - 3, y)]
                painter.drawPolygon(QPolygonF(corners))
                last = x

    def _paint_marks(self, painter: QPainter, line: QRectF) -> None:
        painter.setBrush(theme.colours(self.palette()).muted)
        painter.setPen(Qt.PenStyle.NoPen)
        for x in sorted({round(self.x_of(step)) for step, _ in self._marks}):
            corners = [QPointF(x - 4, line.top()), QPointF(x + 4, line.top()), QPointF(x, line.top() + 6)]
            painter.drawPolygon(QPolygonF(corners))

    def _paint_handle(self, painter: QPainter, line: QRectF) -> None:
        look = theme.colours(self.palette())
        follows = self._at is None
        x = self.x_of(self.at())
        painter.setPen(QPen(look.accent, 2.0))
        painter.drawLine(QPointF(x, line.top()), QPointF(x, line.bottom()))
        painter.setBrush(look.base if follows else look.accent)
        painter.drawEllipse(QPointF(x, line.center().y()), 5.0, 5.0)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        self._paint_step(painter, self.at(), x, look.ink)
        if self._hover is not None and abs(self._hover - x) > 70:
            self._paint_step(painter, self.step_at(self._hover), self._hover, look.muted)

    def _paint_step(self, painter: QPainter, step: int, x: float, color: object) -> None:
        text = tr("step {step}", step=grouped_digits(step))
        width = self.fontMetrics().horizontalAdvance(text) + 4
        left = min(max(x - width / 2, 0.0), self.width() - width)
        painter.setPen(color)
        box = QRectF(left, 1, width, self.fontMetrics().height())
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    # ---------------------------------------------------------------------------------------------- hands

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._last:
            self._go(self.step_at(event.position().x()))
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover = event.position().x()
        if event.buttons() & Qt.MouseButton.LeftButton and self._last:
            self._go(self.step_at(self._hover))
        self._name_mark(event)
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._hover = None
        self.update()
        super().leaveEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.released.emit()

    def _name_mark(self, event: QMouseEvent) -> None:
        """Say what happened where a flag is under the cursor."""
        texts = [
            tr("Step {step}: {what}", step=grouped_digits(step), what=what)
            for step, what in self._marks
            if abs(self.x_of(step) - event.position().x()) <= NEAR
        ]
        if texts and not event.buttons():
            QToolTip.showText(event.globalPosition().toPoint(), "\n".join(texts[:8]), self)
        else:
            QToolTip.hideText()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        stops = self._grids or self._snapshots
        moves = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_PageUp: -PAGE, Qt.Key.Key_PageDown: PAGE}
        if event.key() in moves and self._last:
            self._step_by(stops, moves[Qt.Key(event.key())])
        elif event.key() == Qt.Key.Key_Home and self._last:
            self._go(stops[0] if stops else 0)
        elif event.key() == Qt.Key.Key_End:
            self.released.emit()
        else:
            super().keyPressEvent(event)

    def _step_by(self, stops: Sequence[int], count: int) -> None:
        """Go over so many stops; beyond the last one wait the newest."""
        if not stops:
            stops = range(0, self._last + 1, max(self._last // 100, 1))
        here = bisect_right(stops, self.at()) - 1 if count > 0 else bisect_left(stops, self.at())
        index = max(here + count, 0)
        if index < len(stops):
            self._go(stops[index])
        else:
            self.released.emit()

    def _go(self, step: int) -> None:
        if step != self._at:
            self.moved.emit(step)


class Scrubber(Panel):
    """The time line with its buttons, along the bottom of the window."""

    key = "scrubber"
    title = mark("Time")

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(desk, parent)
        self.line = TimeLine()
        self._play = ToolButton("play", tr("Play the sample grids from here to the newest"), checkable=True)
        self._live = QToolButton()
        self._live.setAutoRaise(True)
        self._live.setCheckable(True)
        self._film = QTimer(self)
        self._film.setInterval(FILM_MS)
        self._film.timeout.connect(self._next_frame)
        self._play.toggled.connect(self._play_toggled)
        self._live.clicked.connect(self.follow)
        self.line.moved.connect(self._move)
        self.line.released.connect(self.follow)
        self._lay_out()
        self.show_state(desk.state(), frozenset(State.__dataclass_fields__))

    def _lay_out(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme.GRID, 2, theme.GRID, 2)
        layout.setSpacing(theme.GRID)
        layout.addWidget(self._play)
        layout.addWidget(self.line, 1)
        layout.addWidget(self._live)
        theme.set_type(self.line, theme.SMALL)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    # ---------------------------------------------------------------------------------------------- what is told

    def show_state(self, state: State, changed: frozenset[str]) -> None:
        if changed & {"run", "train", "training", "followed", "grid_steps", "snapshot_steps", "at_step"}:
            self._show(state)

    def take(self, event: Event | Action) -> None:
        if isinstance(event, engine.Marked):
            self._show(self.desk.state())

    def _show(self, state: State) -> None:
        path = state.run.path if state.run is not None else ""
        grids, snapshots = state.grid_steps.get(path, ()), state.snapshot_steps.get(path, ())
        history = self.desk.stores.runs.get(path)
        last = max(state.last_step, grids[-1] if grids else 0, snapshots[-1] if snapshots else 0)
        self.line.set_times(last, grids, snapshots, history.marks if history is not None else ())
        self.line.set_at(state.at_step)
        live = bool(path) and state.training == path
        self._live.setText(tr("Live") if live else tr("Newest"))
        self._live.setToolTip(tr("Follow the newest step (End)"))
        self._live.setChecked(state.at_step is None)
        self.setEnabled(bool(path))
        self._play.setEnabled(len(grids) > 1)
        if len(grids) < 2:
            self._play.setChecked(False)
        hint = tr("{grids} sample grids, {snapshots} snapshots, up to step {step}", grids=len(grids),
                  snapshots=len(snapshots), step=short_number(last))  # fmt: skip
        self.line.setToolTip(hint if path else tr("Open or start a run: its steps appear here."))

    # ---------------------------------------------------------------------------------------------- hands

    @Slot(int)
    def _move(self, step: int) -> None:
        self._play.setChecked(False)
        self.desk.act(Scrub(step))

    @Slot()
    def follow(self) -> None:
        """Follow the newest step again."""
        self._play.setChecked(False)
        self._live.setChecked(True)
        self.desk.act(Scrub(None))

    @Slot(bool)
    def _play_toggled(self, on: bool) -> None:
        theme.set_icon(self._play, "pause" if on else "play")
        if not on:
            self._film.stop()
            return
        state, grids = self.desk.state(), self._grids()
        if state.at_step is None or state.at_step >= grids[-1]:
            self.desk.act(Scrub(grids[0]))
        self._film.start()

    @Slot()
    def _next_frame(self) -> None:
        """The next grid of the film; after the last one the newest is followed."""
        grids, at = self._grids(), self.desk.state().at_step
        index = bisect_right(grids, at) if at is not None else len(grids)
        if index < len(grids):
            self.desk.act(Scrub(grids[index]))
        else:
            self.follow()

    def _grids(self) -> Sequence[int]:
        state = self.desk.state()
        return state.grid_steps.get(state.run.path, ()) if state.run is not None else ()

    def hideEvent(self, event: QHideEvent) -> None:
        self._play.setChecked(False)
        super().hideEvent(event)


def nearest(steps: Sequence[int], step: int) -> int | None:
    """The one of `steps` (ascending) that is closest to `step`; None where there is none."""
    if not steps:
        return None
    at = bisect_left(steps, step)
    return min(steps[max(at - 1, 0) : at + 1], key=lambda each: abs(each - step))


def grouped_digits(number: int) -> str:
    """12345 as 12 345, with a thin space."""
    return f"{number:,}".replace(",", "\u2009")
