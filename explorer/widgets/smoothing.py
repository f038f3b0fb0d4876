"""Smooth a curve before it is thinned out for drawing, point by point as it grows.

A curve that is thinned first and smoothed afterwards shows whatever point happened to survive. Here every point takes
part: the smoothed values are a `Series` of their own, with its own pyramid, kept up to date at the cost of the new
points only. The exponential mean is debiased as in Adam (Kingma & Ba 2014, section 3), so that it starts at the data
and not at zero. Points that are not finite take no part in the mean and stay gaps.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine import Series

Kind = Literal["exponential", "window"]
Floats = NDArray[np.float64]

CHUNK = 1 << 16  # points folded at a time: they stay in the cache
NOTHING = 1e-9  # weights below this change nothing that can be seen


class Smoother:
    """A running mean over about `span` points. `push` takes the values in order, in parts of any length.

    "exponential" weighs a point t steps back with (1 - 2 / (span + 1)) ** t; "window" is the mean of the last `span`
    points. Raises ValueError for a span below 1.
    """

    def __init__(self, kind: Kind, span: int) -> None:
        if span < 1:
            raise ValueError(f"A mean over {span} points is not possible; choose a span of at least 1.")
        self.kind: Kind = kind
        self.span = span
        self._decay = 1.0 - 2.0 / (span + 1.0)
        self._sum, self._weight = 0.0, 0.0  # exponential: the weighted sum so far and the sum of its weights
        self._tail: Floats = np.empty(0)  # window: the last span - 1 values

    def push(self, values: Floats) -> Floats:
        """The smoothed values of the next points, shape (n,) for (n,); NaN where a value is not finite."""
        fold = self._exponential if self.kind == "exponential" else self._window
        parts = [fold(values[i : i + CHUNK]) for i in range(0, len(values), CHUNK)]
        return np.concatenate(parts) if parts else np.empty(0)

    def _exponential(self, values: Floats) -> Floats:
        finite = np.isfinite(values)
        fading = self._decay ** np.arange(1, len(values) + 1)
        sums = _decaying_sum(np.where(finite, values, 0.0), self._decay) + self._sum * fading
        weights = _decaying_sum(finite.astype(np.float64), self._decay) + self._weight * fading
        self._sum, self._weight = float(sums[-1]), float(weights[-1])
        return np.divide(sums, weights, out=np.full(len(values), np.nan), where=finite)

    def _window(self, values: Floats) -> Floats:
        joined = np.concatenate((self._tail, values))
        finite = np.isfinite(joined)
        sums = _trailing(np.where(finite, joined, 0.0), self.span, len(values))
        counts = _trailing(finite.astype(np.float64), self.span, len(values))
        self._tail = joined[max(len(joined) - self.span + 1, 0) :]
        return np.divide(sums, counts, out=np.full(len(values), np.nan), where=finite[-len(values) :])


def _decaying_sum(values: Floats, decay: float) -> Floats:
    """y[t] = sum over j of decay ** j * values[t - j], by doubling: a sum over 2 s terms is two sums over s terms."""
    total, reach, weight = values.copy(), 1, decay
    while reach < len(total) and weight > NOTHING:
        total[reach:] += weight * total[:-reach]
        reach, weight = 2 * reach, weight * weight
    return total


def _trailing(values: Floats, span: int, count: int) -> Floats:
    """The sums of the `span` values that end at each of the last `count` positions (of fewer at the very start)."""
    running = np.concatenate(([0.0], np.cumsum(values)))
    ends = np.arange(len(values) - count + 1, len(values) + 1)
    return running[ends] - running[np.maximum(ends - span, 0)]


class SmoothedSeries:
    """`series` follows `source`, smoothed. `update` brings it up to date, a bounded number of points at a time."""

    def __init__(self, source: Series, kind: Kind, span: int) -> None:
        self.source = source
        self.kind: Kind = kind
        self.span = span
        self._begin()

    def _begin(self) -> None:
        self.series = Series(self.source.name)
        self._smoother = Smoother(self.kind, self.span)

    def update(self, most: int) -> bool:
        """Smooth at most `most` further points; True when nothing is left to do. Starts anew where the source was cut
        back behind what is smoothed already."""
        if len(self.source) < len(self.series):
            self._begin()
        begin = len(self.series)
        part = slice(begin, min(begin + most, len(self.source)))
        if part.start < part.stop:
            source = self.source
            smooth = self._smoother.push(source.values[part])
            self.series.extend(source.steps[part], source.seconds[part], source.images[part], smooth)
        return len(self.series) == len(self.source)
