"""What part of the axes a plot shows, and when it moves; pure functions in the units of the axes.

A range follows its data, but only when the data has left it or fills too little of it: a moving axis costs more to
paint than the curves do, and a trembling one cannot be read.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine import Series, Window
from explorer.widgets.curve_view import PlotView

Range = tuple[float, float]

ROOM = 0.04  # free room right of a curve, so that one that grows does not move the axis at every point
LOOSE_X, LOOSE_Y = 0.8, 0.55  # a range is taken in when the data fills less of it than this
PAD_Y = 0.07
TINY = 1e-300


def power(exponent: float) -> float:
    """10 ** exponent, within what a float holds."""
    return float(10.0 ** min(max(exponent, -300.0), 300.0))


def extent(low: float, high: float, *, log: bool) -> float:
    """How long a range looks on its axis."""
    return float(np.log(max(high, TINY) / max(low, TINY))) if log else high - low


def data_x(series: Sequence[Series], view: PlotView) -> Range | None:
    """The first and the last x that are to be seen; None where nothing can be."""
    ends = []
    for each in series:
        column = each.x(view.axis)
        first = int(np.searchsorted(column, 0, side="right")) if view.log_x else 0
        if first < len(column):
            ends.append((float(column[first]), float(column[-1])))
    if not ends:
        return None
    low, high = min(a for a, _ in ends), max(b for _, b in ends)
    if view.newest is not None:
        longest = max((each for each in series if len(each)), key=_last_step)
        begin = int(np.searchsorted(longest.steps, _last_step(longest) - view.newest))
        low = max(low, float(longest.x(view.axis)[begin]))
    return low, high


def _last_step(series: Series) -> int:
    return int(series.steps[-1])


def x_still_fits(wanted: Range, now: Range, *, log: bool, any_start: bool) -> bool:
    """Whether the range `now` shows what is wanted well enough; `any_start` lets it begin earlier."""
    (low, high), (now_low, now_high) = wanted, now
    starts_well = any_start or abs(now_low - low) <= 1e-6 * (now_high - now_low)
    filled = extent(low, high, log=log) >= LOOSE_X * extent(now_low, now_high, log=log)
    return starts_well and filled and now_low <= low and high <= now_high


def with_room(low: float, high: float, *, log: bool) -> Range:
    """Some room at the right."""
    if high <= low:
        return low, (low * 1.5 if log else low + 1.0)
    return low, (high * (high / low) ** ROOM if log else high + ROOM * (high - low))


def data_y(
    windows: Sequence[Window], x_range: Range, levels: Sequence[float], *, log: bool, calm: bool
) -> Range | None:
    """The lowest and the highest value in view, the levels of theory among them; `calm` leaves the wildest 2 % out."""
    bounds = []
    for window in windows:
        inside = (window.x >= x_range[0]) & (window.x <= x_range[1])
        for side in (window.lo[inside], window.hi[inside]):
            bounds.append(side[np.isfinite(side) & (side > 0)] if log else side[np.isfinite(side)])
    values = np.concatenate(bounds) if bounds else np.empty(0)
    if not len(values):
        return None
    low, high = np.percentile(values, (1, 99)) if calm else (values.min(), values.max())
    shown = [level for level in levels if level > 0 or not log]
    return min([float(low), *shown]), max([float(high), *shown])


def y_still_fits(wanted: Range, now: Range, *, log: bool) -> bool:
    """Whether the range `now` shows what is wanted well enough."""
    filled = extent(*wanted, log=log) >= LOOSE_Y * extent(*now, log=log)
    return filled and now[0] <= wanted[0] and wanted[1] <= now[1]


def padded(low: float, high: float, *, log: bool) -> Range:
    """A little room above and below."""
    if log:
        factor = max((high / low) ** PAD_Y, 1.1)
        return low / factor, high * factor
    room = PAD_Y * (high - low) if high > low else max(abs(high) * 0.1, 1e-3)
    return low - room, high + room
