"""What a plot of curves is given and says: the curves, how they are looked at, and their values at one place."""

from __future__ import annotations

from dataclasses import dataclass

from engine import Axis, Series
from explorer.widgets.curve_drawing import Ink
from explorer.widgets.smoothing import Kind


@dataclass(frozen=True)
class Curve:
    """One curve of a plot. `key` tells it from all others.

    Curves of one `group` are hidden together; a `quiet` one is not in the legend, another of its group is."""

    key: str
    title: str
    series: Series
    ink: Ink
    group: str = ""
    quiet: bool = False


@dataclass(frozen=True)
class PlotView:
    """How curves are looked at. `span` points are smoothed over (1: not at all), `newest` steps are shown (None: all),
    `calm` leaves the wildest 2 % out when the height is chosen."""

    axis: Axis = "step"
    log_x: bool = False
    log_y: bool = False
    smoothing: Kind = "exponential"
    span: int = 1
    newest: int | None = None
    calm: bool = False


@dataclass(frozen=True)
class Reading:
    """A curve at one place. `smooth` is None where nothing is smoothed (yet)."""

    key: str
    step: int
    x: float
    value: float
    smooth: float | None

    @property
    def shown(self) -> float:
        """What the line shows there."""
        return self.value if self.smooth is None else self.smooth
