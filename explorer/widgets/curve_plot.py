"""A plot of many long curves that costs a few milliseconds to redraw, with ten points or with ten million.

Each curve is a `Series`; its pyramid gives the lowest and highest value per pixel of what is in view, and only that is
painted. Drag pans, the wheel zooms, a right drag scales (pyqtgraph's habits); a double click fits everything again.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QFont, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from engine import Window
from explorer import theme
from explorer.text import tr
from explorer.widgets import curve_drawing, plot_overlay, plot_range
from explorer.widgets.curve_drawing import Frame, Ink, Trace
from explorer.widgets.curve_view import Curve, PlotView, Reading
from explorer.widgets.plot_axis import NumberAxis
from explorer.widgets.plot_overlay import EventMark, Flag, TheoryLine
from explorer.widgets.smoothing import SmoothedSeries

SLICE = 150_000  # points smoothed in one go: some ten milliseconds
AXIS_PX = 46  # width of the left axis: the same in all plots, so that their steps stand above each other


@dataclass(frozen=True)
class _Part:
    """What of one curve is in view."""

    curve: Curve
    raw: Window
    smooth: Window | None

    def traced(self, frame: Frame) -> _Traced:
        front = None if self.smooth is None else curve_drawing.trace(frame, self.smooth, whole=True)
        return _Traced(self.curve, curve_drawing.trace(frame, self.raw, whole=False), front)


@dataclass(frozen=True)
class _Traced:
    """A part in pixels. `front` is the smoothed curve."""

    curve: Curve
    raw: Trace
    front: Trace | None


class CurvePlot(pg.PlotWidget):
    """Several curves over one x axis.

    `clicked(x)` is a click into the plot; `unclicked` says that it was the first half of a double click after all.
    `fitted` comes when everything was fitted by hand. `hovered(x or None)` the place under the mouse,
    `rangeChosen(x0, x1)` an x range chosen by hand, `menuWanted(place)` asks for a menu. x is in units of the axis.
    """

    clicked = Signal(float)
    unclicked = Signal()
    fitted = Signal()
    hovered = Signal(object)
    rangeChosen = Signal(float, float)
    menuWanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        axes = {"left": NumberAxis("left"), "bottom": NumberAxis("bottom")}
        super().__init__(parent, plotItem=pg.PlotItem(axisItems=axes, enableMenu=False))
        self._axes = axes
        self._curves: tuple[Curve, ...] = ()
        self._parts: list[_Part] = []
        self._smooth: dict[str, SmoothedSeries] = {}
        self._view = PlotView()
        self._lines: tuple[TheoryLine, ...] = ()
        self._marks: tuple[EventMark, ...] = ()
        self._traced: tuple[Frame | None, list[_Traced]] = (None, [])
        self._flags: list[Flag] = []
        self._fixed_y: tuple[float, float] | None = None
        self._cursor: float | None = None
        self._hover: float | None = None
        self._emphasis = ""
        self._auto_x = self._auto_y = True
        self._exactly = True  # the next fit leaves no old range as it is
        self._stale = True
        self.paint_s = 0.0  # what the last painting took
        self._set_up()

    def _set_up(self) -> None:
        item = self.getPlotItem()
        item.hideButtons()
        item.ctrlMenu.setParent(self, item.ctrlMenu.windowFlags())  # never shown, but nobody else would delete it
        item.layout.setContentsMargins(0, 2, 8, 0)
        self.setAntialiasing(False)  # the curves ask for it; axes are hairlines
        for axis in self._axes.values():
            axis.setCacheMode(pg.QtWidgets.QGraphicsItem.CacheMode.DeviceCoordinateCache)
        box = self.getViewBox()
        box.disableAutoRange()
        box.setMenuEnabled(False)
        box.sigRangeChangedManually.connect(self._moved_by_hand)
        box.sigRangeChanged.connect(self._range_changed)
        self.scene().sigMouseClicked.connect(self._clicked)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFrameShape(pg.QtWidgets.QFrame.Shape.NoFrame)
        self._dress()

    def sizeHint(self) -> QSize:
        return QSize(360, 128)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 72)

    # ---------------------------------------------------------------------------------------------- what is shown

    def set_curves(self, curves: Sequence[Curve]) -> None:
        """Show these curves; `refresh` then draws them."""
        self._curves = tuple(curves)
        keys = {curve.key for curve in curves}
        self._smooth = {key: smooth for key, smooth in self._smooth.items() if key in keys}
        self._stale = True

    def curves(self) -> tuple[Curve, ...]:
        return self._curves

    def set_view(self, view: PlotView) -> None:
        """Look at the curves in another way; `refresh` then draws them."""
        before, self._view = self._view, view
        if (view.axis, view.log_x, view.newest) != (before.axis, before.log_x, before.newest):
            self._auto_x = self._auto_y = self._exactly = True
        if (view.log_y, view.calm) != (before.log_y, before.calm):
            self._auto_y = self._exactly = True
        self._axes["bottom"].in_seconds = view.axis == "seconds"
        self._stale = True

    def view(self) -> PlotView:
        return self._view

    def set_lines(self, lines: Sequence[TheoryLine]) -> None:
        """Levels that theory names; the height is chosen so that they are seen."""
        self._lines = tuple(lines)
        self.viewport().update()

    def set_marks(self, marks: Sequence[EventMark]) -> None:
        """Marks of events, in order of x."""
        self._marks = tuple(marks)
        self._stale = True
        self.viewport().update()

    def set_fixed_y(self, low: float, high: float) -> None:
        """Always show this height, where the axis is not logarithmic (a probability is from 0 to 1)."""
        self._fixed_y = (low, high)

    def set_cursor(self, x: float | None) -> None:
        """Where the scrubber stands."""
        if x != self._cursor:
            self._cursor = x
            self.viewport().update()

    def set_hover(self, x: float | None) -> None:
        """Show a hairline and a dot per curve at x."""
        if x != self._hover:
            self._hover = x
            self.viewport().update()

    def set_emphasis(self, key: str) -> None:
        """Draw one curve bolder and the others paler; empty: all alike."""
        if key != self._emphasis:
            self._emphasis = key
            self.viewport().update()

    def readings(self, x: float | None = None) -> list[Reading]:
        """Every curve at the point nearest to x; at its last point where x is None. Empty curves are left out."""
        found = []
        for curve in self._curves:
            series = curve.series
            at = (len(series) - 1 if len(series) else None) if x is None else series.nearest(x, self._view.axis)
            if at is not None:
                smooth = self._smooth.get(curve.key)
                done = smooth is not None and at < len(smooth.series)
                value = float(smooth.series.values[at]) if smooth is not None and done else None
                place = float(series.x(self._view.axis)[at])
                found.append(Reading(curve.key, int(series.steps[at]), place, float(series.values[at]), value))
        return found

    def holes(self) -> dict[str, int]:
        """How many holes each curve has in view, by key; only curves that have some."""
        return {each.curve.key: len(each.raw.missing) for each in self._traces() if each.raw.missing}

    # ---------------------------------------------------------------------------------------------- the range

    def fit(self) -> None:
        """Show everything (or the newest steps) again, and follow what comes."""
        self._auto_x = self._auto_y = self._exactly = True
        self.refresh()

    def x_range(self) -> tuple[float, float]:
        """What is in view, in units of the axis."""
        (x0, x1), _ = self.getViewBox().viewRange()
        return (plot_range.power(x0), plot_range.power(x1)) if self._view.log_x else (float(x0), float(x1))

    def y_range(self) -> tuple[float, float]:
        """What is in view, in units of the curves."""
        _, (y0, y1) = self.getViewBox().viewRange()
        return (plot_range.power(y0), plot_range.power(y1)) if self._view.log_y else (float(y0), float(y1))

    def set_x_range(self, x0: float, x1: float) -> None:
        """Show x0 to x1 and follow no longer."""
        self._auto_x = False
        self._set_range(x=(x0, x1))

    def follows(self) -> bool:
        """Whether the x range follows the data."""
        return self._auto_x

    def _set_range(self, x: tuple[float, float] | None = None, y: tuple[float, float] | None = None) -> None:
        """Set a range in units of the axes."""
        if x is not None and self._view.log_x:
            x = (float(np.log10(max(x[0], 1e-300))), float(np.log10(max(x[1], 1e-300))))
        if y is not None and self._view.log_y:
            y = (float(np.log10(y[0])), float(np.log10(y[1])))
        self.getViewBox().setRange(xRange=x, yRange=y, padding=0, disableAutoRange=False)

    def _fit_x(self) -> None:
        wanted = plot_range.data_x([curve.series for curve in self._curves], self._view)
        if wanted is None:
            return
        log, newest = self._view.log_x, self._view.newest is not None
        if self._exactly or not plot_range.x_still_fits(wanted, self.x_range(), log=log, any_start=newest):
            self._set_range(x=plot_range.with_room(*wanted, log=log))

    def _fit_y(self) -> None:
        log = self._view.log_y
        wanted = self._fixed_y if self._fixed_y is not None and not log else self._data_y()
        if wanted is not None and (self._exactly or not plot_range.y_still_fits(wanted, self.y_range(), log=log)):
            self._set_range(y=plot_range.padded(*wanted, log=log))

    def _data_y(self) -> tuple[float, float] | None:
        windows = [part.raw for part in self._parts]
        levels = [line.y for line in self._lines]
        return plot_range.data_y(windows, self.x_range(), levels, log=self._view.log_y, calm=self._view.calm)

    # ---------------------------------------------------------------------------------------------- drawing

    def refresh(self) -> bool:
        """Bring the plot up to date with its curves. False while there is more to smooth: call it again soon."""
        done = self._update_smooth()
        # with the new range, never before it: a linear range read as exponents has no end
        self._axes["bottom"].setLogMode(self._view.log_x)
        self._axes["left"].setLogMode(self._view.log_y)
        if self._auto_x:
            self._fit_x()
        self._take_parts()
        if self._auto_y:
            self._fit_y()
        self._exactly = False
        self.viewport().update()
        return done

    def _update_smooth(self) -> bool:
        """Smooth what is new, a slice of points at a time."""
        kind, span, left, done = self._view.smoothing, self._view.span, SLICE, True
        if span <= 1:
            self._smooth = {}
            return True
        for curve in self._curves:
            smooth = self._smooth.get(curve.key)
            if smooth is None or smooth.source is not curve.series or (smooth.kind, smooth.span) != (kind, span):
                smooth = self._smooth[curve.key] = SmoothedSeries(curve.series, kind, span)
            before = len(smooth.series)
            done &= smooth.update(left)
            left = max(left - max(len(smooth.series) - before, 0), 0)
        return done

    def _take_parts(self) -> None:
        """Ask every curve for what is in view."""
        x0, x1 = self.x_range()
        buckets = max(int(self._rect().width()), 16)
        asked = (x0, x1, buckets, self._view.axis, self._view.log_x)
        self._parts = []
        for curve in self._curves:
            smooth = self._smooth.get(curve.key)
            smoothed = smooth.series.window(*asked) if smooth is not None and len(smooth.series) else None
            self._parts.append(_Part(curve, curve.series.window(*asked), smoothed))
        self._traced = (None, [])
        self._stale = False

    def _traces(self) -> list[_Traced]:
        """What is in view, in pixels; made anew only where something has moved."""
        frame = self._frame()
        if self._traced[0] != frame:
            self._traced = (frame, [part.traced(frame) for part in self._parts])
            self._flags = plot_overlay.flags(self._marks, frame)
        return self._traced[1]

    def _rect(self) -> QRectF:
        return self.viewportTransform().mapRect(self.getViewBox().sceneBoundingRect())

    def _frame(self) -> Frame:
        (x0, x1), (y0, y1) = self.getViewBox().viewRange()
        return Frame(self._rect(), x0, x1, y0, y1, self._view.log_x, self._view.log_y)

    def paintEvent(self, event: QPaintEvent) -> None:
        began = time.perf_counter()
        super().paintEvent(event)
        if self._stale:
            self._take_parts()
        frame = self._frame()
        with QPainter(self.viewport()) as painter:
            painter.setFont(self._small_font())
            painter.setClipRect(frame.rect.adjusted(0, 0, 1, 1))
            self._paint_curves(painter, frame)
            self._paint_over(painter, frame)
        self.paint_s = time.perf_counter() - began

    def _paint_curves(self, painter: QPainter, frame: Frame) -> None:
        look = theme.colours(self.palette())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        plot_overlay.draw_theory(painter, frame, self._lines, look)
        traces = self._traces()
        for each in traces:
            share, color = self._share(each.curve), each.curve.ink.color
            curve_drawing.draw_band(painter, each.raw, color, (0.2 if each.front is None else 0.1) * share)
            if each.front is not None:
                curve_drawing.draw_line(painter, each.raw, Ink(color).mixed(look.base, 0.35 * share), 0.0)
        for each in traces:
            width = ((1.0 if each.front is None else 1.6) + 0.8 * (each.curve.key == self._emphasis)) * theme.scale()
            style = each.curve.ink.mixed(look.base, self._share(each.curve))
            curve_drawing.draw_line(painter, each.front or each.raw, style, width)
        for each in traces:
            curve_drawing.draw_foot(painter, frame, each.raw, look.warning)

    def _share(self, curve: Curve) -> float:
        """How strongly a curve is drawn: the others step back behind the one that is pointed at."""
        return 1.0 if self._emphasis in ("", curve.key) else 0.3

    def _paint_over(self, painter: QPainter, frame: Frame) -> None:
        look = theme.colours(self.palette())
        plot_overlay.draw_theory_names(painter, frame, self._lines, look)
        plot_overlay.draw_flags(painter, frame, self._flags, look)
        if self._cursor is not None and (self._cursor > 0 or not self._view.log_x):
            plot_overlay.draw_cursor(painter, frame, self._cursor, look.accent)
        if self._hover is None or (self._hover <= 0 and self._view.log_x):
            return
        readings = self.readings(self._hover)
        step = f"{max(reading.step for reading in readings):,}".replace(",", "\u2009") if readings else ""
        plot_overlay.draw_hair(painter, frame, self._hover, look, tr("step {step}", step=step) if step else "")
        inks, radius = {curve.key: curve.ink for curve in self._curves}, 3.5 * theme.scale()
        for reading in readings:
            y = float(frame.py(reading.shown))
            if np.isfinite(y):
                painter.setPen(look.base)
                painter.setBrush(inks[reading.key].color)
                painter.drawEllipse(QPointF(float(frame.px(reading.x)), y), radius, radius)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        flag = plot_overlay.flag_at(self._flags, float(frame.px(self._hover)))
        if flag is not None and self.underMouse():
            more = tr("and {count} more", count=len(flag.marks) - plot_overlay.MOST_LINES)
            plot_overlay.draw_flag_text(painter, frame, flag, look, more)

    def _small_font(self) -> QFont:
        font = QFont(self.font())
        if font.pixelSize() > 0:
            font.setPixelSize(max(round(font.pixelSize() * theme.SMALL / theme.BODY), 9))
        return font

    def _dress(self) -> None:
        """Take colours and type from the palette and font of the widget."""
        look = theme.colours(self.palette())
        self.setBackground(look.base)
        for axis in self._axes.values():
            axis.setPen(pg.mkPen(look.hairline))
            axis.setTextPen(pg.mkPen(look.muted))
            axis.setTickFont(self._small_font())
            axis.setGrid(38)
        self._axes["left"].setWidth(round(AXIS_PX * theme.scale()))
        self._axes["bottom"].setHeight(self.fontMetrics().height() + 6)

    # ---------------------------------------------------------------------------------------------- events

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange) and hasattr(self, "_stale"):
            self._dress()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if hasattr(self, "_stale"):  # Qt calls this also while the parts are being made
            self._stale = True

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        event.accept()  # pyqtgraph takes it without saying so, and the dock behind would take it too

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        super().mouseDoubleClickEvent(event)
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        inside = self._rect().contains(event.position())
        self.hovered.emit(self._frame().data_x(event.position().x()) if inside else None)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.hovered.emit(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        (x0, x1), _ = self.getViewBox().viewRange()
        tenth = (x1 - x0) / 10
        ranges = {
            Qt.Key.Key_Left: (x0 - tenth, x1 - tenth),
            Qt.Key.Key_Right: (x0 + tenth, x1 + tenth),
            Qt.Key.Key_Plus: (x0 + tenth, x1 - tenth),
            Qt.Key.Key_Minus: (x0 - tenth, x1 + tenth),
        }
        if event.key() in ranges:
            self.getViewBox().setXRange(*ranges[Qt.Key(event.key())], padding=0)
            self._moved_by_hand([True, False])
        elif event.key() == Qt.Key.Key_Home:
            self._fit_by_hand()
        else:
            super().keyPressEvent(event)

    @Slot(object)
    def _moved_by_hand(self, which: Sequence[bool]) -> None:
        """The mouse has taken hold of the x range, the y range or both."""
        if which[0]:
            self._auto_x = False
            self.rangeChosen.emit(*self.x_range())
        if which[1]:
            self._auto_y = False

    @Slot()
    def _range_changed(self) -> None:
        self._stale = True
        self.viewport().update()

    @Slot(object)
    def _clicked(self, event: object) -> None:
        place = self.mapFromScene(event.scenePos())
        if event.button() == Qt.MouseButton.RightButton:
            self.menuWanted.emit(self.viewport().mapToGlobal(place))
        elif event.double():
            self.unclicked.emit()
            self._fit_by_hand()
        elif event.button() == Qt.MouseButton.LeftButton and self._rect().contains(QPointF(place)):
            self.clicked.emit(self._frame().data_x(place.x()))

    def _fit_by_hand(self) -> None:
        self.fit()
        self.fitted.emit()
