"""One metric over a whole run: an append-only column that can be drawn at any zoom in well under a millisecond.

A pyramid of minima and maxima over 8, 64, 512 ... points answers "what is the lowest and the highest value in each of
these thousand pixels" exactly, by looking only at the whole stones inside a pixel and at the few points that stick out
at its two ends (the mipmap of Williams 1983, "Pyramidal Parametrics", with minimum and maximum instead of the mean).
Nothing is smoothed away: a single spike stays, and values that are not finite are counted, never drawn as numbers.

Belongs to one thread at a time. Standard library and NumPy only: the window uses it too.
Letters: n points, B buckets, F points (or stones) per stone; a pair is a minimum and a negated maximum, shape (2, ...).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

Axis = Literal["step", "seconds", "images"]
AXES: tuple[Axis, ...] = ("step", "seconds", "images")

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Scalar = TypeVar("Scalar", np.float64, np.int64)

F = 8
CHUNK = 1 << 15  # points folded at a time, a multiple of F: they stay in the processor's cache
FEW = 48  # stones per bucket, on average, that are cheaper to fold at once than to climb another level


class Column(Generic[Scalar]):
    """Rows of numbers that grow at their end, O(1) amortised. What was adopted is copied before it is grown."""

    def __init__(self, dtype: type[Scalar], rows: int = 1) -> None:
        self._room: NDArray[Scalar] = np.empty((rows, 0), dtype)
        self._size = 0

    def __len__(self) -> int:
        return self._size

    @property
    def rows(self) -> NDArray[Scalar]:
        """What is there, shape (rows, n): a view, for reading."""
        return self._room[:, : self._size]

    @property
    def row(self) -> NDArray[Scalar]:
        """The first row, shape (n,): a view, for reading."""
        view = self._room[0, : self._size]
        view.flags.writeable = False
        return view

    def last(self) -> Scalar:
        """The newest number of the first row; there must be one."""
        newest: Scalar = self._room[0, self._size - 1]
        return newest

    def adopt(self, array: NDArray[Scalar]) -> None:
        """Become `array`, shape (n,), without copying it."""
        self._room, self._size = array[np.newaxis], len(array)

    def extend(self, part: NDArray[Scalar]) -> None:
        """Append `part`, shape (m,) or (rows, m)."""
        size = self._size + part.shape[-1]
        if size > self._room.shape[1]:
            self._grow(size)
        self._room[:, self._size : size] = part
        self._size = size

    def put(self, value: float) -> None:
        """Append one number to a column of one row."""
        if self._size == self._room.shape[1]:
            self._grow(self._size + 1)
        self._room[0, self._size] = value
        self._size += 1

    def cut(self, size: int) -> None:
        """Keep the first `size`. Others may hold views of the rest, so growing again takes new memory."""
        if size < self._size:
            self._room, self._size = self._room[:, :size], size

    def _grow(self, size: int) -> None:
        room = np.empty((self._room.shape[0], max(size + size // 2, 64)), self._room.dtype)
        room[:, : self._size] = self._room[:, : self._size]
        self._room = room


@dataclass(frozen=True)
class Window:
    """What to draw: one entry per bucket that holds points, at most B + 2 of them, in arrays of equal length.

    `x` and `last` belong to the bucket's last point (`last` is NaN where that value is not finite); `lo` and `hi`
    bound its finite values (NaN where there are none); `bad` counts its values that are NaN or infinite.
    """

    x: Floats
    lo: Floats
    hi: Floats
    last: Floats
    bad: Ints

    def __len__(self) -> int:
        return len(self.x)


class Series:
    """A metric's points in the order they were logged: step, seconds of training, images seen, value.

    The three x columns never fall. Values may be anything, also NaN and infinite.
    `truncations` counts how often points were taken back, for those who keep something derived from them.
    """

    def __init__(self, name: str = "") -> None:
        self.name = name
        self.truncations = 0
        self._steps = Column(np.int64)
        self._seconds = Column(np.float64)
        self._images = Column(np.int64)
        self._values = Column(np.float64)
        self._bad = Column(np.int64)  # positions of the values that are not finite
        self._bad_sought = 0  # how many values were looked at for that
        self._levels: list[Column[np.float64]] = []  # pairs over F, F*F, ... points

    @classmethod
    def from_arrays(cls, name: str, steps: Ints, seconds: Floats, images: Ints, values: Floats) -> Series:
        """A series over arrays of shape (n,), which are not copied and never changed. Raises ValueError as `extend`."""
        _check_rising(name, steps, seconds, images, values)
        series = cls(name)
        series._steps.adopt(steps)
        series._seconds.adopt(seconds)
        series._images.adopt(images)
        series._values.adopt(values)
        return series

    def __len__(self) -> int:
        return len(self._values)

    @property
    def steps(self) -> Ints:
        return self._steps.row

    @property
    def seconds(self) -> Floats:
        return self._seconds.row

    @property
    def images(self) -> Ints:
        return self._images.row

    @property
    def values(self) -> Floats:
        return self._values.row

    def x(self, axis: Axis) -> Floats | Ints:
        """The column of an x axis, shape (n,)."""
        return self.steps if axis == "step" else self.seconds if axis == "seconds" else self.images

    @property
    def bad_count(self) -> int:
        """How many values are NaN or infinite."""
        self._seek_bad()
        return len(self._bad)

    @property
    def nan_count(self) -> int:
        self._seek_bad()
        return int(np.isnan(self.values[self._bad.row]).sum())

    @property
    def inf_count(self) -> int:
        return self.bad_count - self.nan_count

    def append(self, step: int, seconds: float, images: int, value: float) -> None:
        """One more point. Raises ValueError when an x column would fall."""
        self._check_after(step, seconds, images)
        self._steps.put(step)
        self._seconds.put(seconds)
        self._images.put(images)
        self._values.put(value)

    def extend(self, steps: ArrayLike, seconds: ArrayLike, images: ArrayLike, values: ArrayLike) -> None:
        """Append m points, four arrays of shape (m,). Raises ValueError when an x column would fall."""
        steps, seconds = np.asarray(steps, np.int64), np.asarray(seconds, np.float64)
        images, values = np.asarray(images, np.int64), np.asarray(values, np.float64)
        _check_rising(self.name, steps, seconds, images, values)
        if not len(steps):
            return
        self._check_after(steps[0], seconds[0], images[0])
        self._steps.extend(steps)
        self._seconds.extend(seconds)
        self._images.extend(images)
        self._values.extend(values)

    def _check_after(self, step: int, seconds: float, images: int) -> None:
        if seconds != seconds:
            raise ValueError(f"{self.name}: step {step} has no time")
        if len(self) and (step < self._steps.last() or seconds < self._seconds.last() or images < self._images.last()):
            raise ValueError(f"{self.name}: step {step} cannot follow step {self._steps.last()}; truncate first")

    def truncate(self, step: int) -> int:
        """Take back the points beyond `step` (a run went back to a checkpoint there); returns how many."""
        n = int(np.searchsorted(self.steps, step, side="right"))
        dropped = len(self) - n
        if dropped:
            self.truncations += 1
            for column in (self._steps, self._seconds, self._images, self._values):
                column.cut(n)
            self._bad.cut(int(np.searchsorted(self._bad.row, n)))
            self._bad_sought = min(self._bad_sought, n)
            for height, stones in enumerate(self._levels, 1):
                stones.cut(n // F**height)
        return dropped

    def nearest(self, x: float, axis: Axis = "step") -> int | None:
        """The position of the point closest to `x` on `axis`, or None while there is none."""
        column = self.x(axis)
        if not len(column):
            return None
        right = min(int(np.searchsorted(column, _keys(column, x))), len(column) - 1)
        left = max(right - 1, 0)
        return left if abs(x - column[left]) <= abs(column[right] - x) else right

    def window(self, x0: float, x1: float, buckets: int, axis: Axis = "step", log: bool = False) -> Window:
        """What to draw of x0 <= x <= x1 in at most `buckets` buckets of equal width, in log x with `log`.

        A neighbour outside on either side comes along, so that a line runs to the edges of the picture; where there
        are no more points than buckets, each point is its own bucket.
        Raises ValueError when x0 > x1, `buckets` < 1, or x0 <= 0 on a log axis.
        """
        if not -np.inf < x0 <= x1 < np.inf or buckets < 1 or (log and x0 <= 0):
            raise ValueError(f"there is no window from {x0} to {x1} in {buckets} buckets")
        self.settle()
        column = self.x(axis)
        first = int(np.searchsorted(column, _keys(column, x0), side="left"))
        end = int(np.searchsorted(column, _keys(column, x1, down=True), side="right"))
        before, after = max(first - 1, 0), min(end + 1, len(self))
        if end - first <= buckets:
            edges = np.arange(before, after + 1)
        else:
            marks = (np.geomspace if log else np.linspace)(x0, x1, buckets + 1)[1:-1]
            inner = np.searchsorted(column[first:end], _keys(column, marks)) + first
            edges = np.concatenate(([before, first], inner, [end, after]))
            edges = edges[np.concatenate(([True], np.diff(edges) > 0))]
        return self._fold(edges, column)

    def settle(self) -> None:
        """Bring the pyramid up to date, O(new points). `window` does it too; a loader does it ahead, off the window."""
        self._seek_bad()
        height = 0
        while len(self) >= F ** (height + 1):
            if height == len(self._levels):
                self._levels.append(Column(np.float64, rows=2))
            stones = self._levels[height]
            begin, end = len(stones) * F, len(self) // F**height // F * F
            for chunk in range(begin, end, CHUNK):
                part = self._pairs(height, chunk, min(chunk + CHUNK, end))
                lowest = part[:, 0::F].copy()
                for shift in range(1, F):
                    np.minimum(lowest, part[:, shift::F], out=lowest)
                stones.extend(lowest)
            height += 1

    def _seek_bad(self) -> None:
        if self._bad_sought < len(self):
            for chunk in range(self._bad_sought, len(self), CHUNK):
                bad = np.flatnonzero(~np.isfinite(self.values[chunk : chunk + CHUNK])) + chunk
                self._bad.extend(bad.astype(np.int64, copy=False))
            self._bad_sought = len(self)

    def _pairs(self, height: int, begin: int, end: int) -> Floats:
        """Pairs of shape (2, end - begin): of points at height 0, of stones above."""
        return _as_pair(self.values[begin:end]) if height == 0 else self._levels[height - 1].rows[:, begin:end]

    def _fold(self, edges: Ints, column: Floats | Ints) -> Window:
        """The window whose bucket i holds the points edges[i] <= position < edges[i + 1]; none is empty."""
        starts, ends = edges[:-1], edges[1:]
        lowest = np.full((2, len(starts)), np.inf)
        height = 0
        while height < len(self._levels) and (ends - starts).sum() > FEW * len(starts):
            # Take what sticks out of whole stones at both ends, then climb to the stones.
            inner_starts = np.minimum(-(-starts // F) * F, ends)
            inner_ends = np.maximum(ends // F * F, inner_starts)
            self._take(height, starts, inner_starts, lowest)
            self._take(height, inner_ends, ends, lowest)
            starts, ends = inner_starts // F, inner_ends // F
            height += 1
        self._take_all(height, starts, ends, lowest)
        lasts = edges[1:] - 1
        last = self.values[lasts]
        return Window(
            x=column[lasts].astype(np.float64),
            lo=np.where(np.isinf(lowest[0]), np.nan, lowest[0]),
            hi=np.where(np.isinf(lowest[1]), np.nan, -lowest[1]),
            last=np.where(np.isfinite(last), last, np.nan),
            bad=np.diff(np.searchsorted(self._bad.row, edges)),
        )

    def _take(self, height: int, starts: Ints, ends: Ints, lowest: Floats) -> None:
        """Fold fewer than F neighbours per bucket into `lowest`."""
        (which,) = np.nonzero(starts < ends)
        if not len(which):
            return
        # Ranges shorter than F repeat their last member, which changes no minimum.
        where = np.minimum(starts[which] + np.arange(F - 1)[:, np.newaxis], ends[which] - 1)
        pairs = _as_pair(self.values[where]) if height == 0 else self._levels[height - 1].rows[:, where]
        lowest[:, which] = np.minimum(lowest[:, which], pairs.min(axis=1))

    def _take_all(self, height: int, starts: Ints, ends: Ints, lowest: Floats) -> None:
        """Fold the whole of every range, in one sweep over all of them, into `lowest`."""
        (which,) = np.nonzero(starts < ends)
        if not len(which):
            return
        begin, end = int(starts[which[0]]), int(ends[which[-1]])
        pairs = self._pairs(height, begin, end)
        cuts = np.stack((starts[which], ends[which]), axis=1).reshape(-1)[:-1] - begin
        lowest[:, which] = np.minimum(lowest[:, which], _reduce_ranges(pairs, cuts))


class Smoothed:
    """A series' trailing mean over `span` points, kept up to date at the cost of the new points only.

    Values that are not finite are left out of the mean, and are NaN in `series`, so a gap stays visible.
    """

    def __init__(self, source: Series, span: int) -> None:
        if span < 1:
            raise ValueError("the span of a mean is at least 1 point")
        self.source, self.span = source, span
        self.series = Series(source.name)
        self._truncations = source.truncations

    def update(self) -> Series:
        """Follow the source; returns `series`."""
        if self._truncations != self.source.truncations:
            self.series = Series(self.source.name)
            self._truncations = self.source.truncations
        source, span, n = self.source, self.span, len(self.source)
        for done in range(len(self.series), n, max(CHUNK, 4 * span)):
            end = min(done + max(CHUNK, 4 * span), n)
            begin = max(done // span - 1, 0) * span
            means = _trailing_mean(source.values[begin:end], span)[done - begin :]
            self.series.extend(source.steps[done:end], source.seconds[done:end], source.images[done:end], means)
        return self.series


def _trailing_mean(values: Floats, span: int) -> Floats:
    """Means over the last `span` of n values, shape (n,), without ever subtracting: one huge value spoils no other.

    The window that ends in one block of `span` values is a prefix of it and a suffix of the block before
    (van Herk 1992, "A fast algorithm for local minimum and maximum filters", for sums).
    """
    n = len(values)
    finite = np.isfinite(values)
    sums = np.zeros((2, -(-n // span) * span))
    sums[0, :n] = np.where(finite, values, 0.0)
    sums[1, :n] = finite
    blocks = sums.reshape(2, -1, span)
    prefix = blocks.cumsum(axis=2)
    suffix = blocks[:, :, ::-1].cumsum(axis=2)[:, :, ::-1]
    prefix[:, 1:, :-1] += suffix[:, :-1, 1:]
    total, count = prefix.reshape(2, -1)[:, :n]
    return np.where(finite, total / np.maximum(count, 1.0), np.nan)


def _check_rising(name: str, steps: Ints, seconds: Floats, images: Ints, values: Floats) -> None:
    if not len(steps) == len(seconds) == len(images) == len(values):
        raise ValueError(f"{name}: steps, seconds, images and values must be equally many")
    if np.isnan(seconds).any() or any((column[1:] < column[:-1]).any() for column in (steps, seconds, images)):
        raise ValueError(f"{name}: steps, seconds and images must not fall")


def _as_pair(values: Floats) -> Floats:
    pair = np.stack((values, -values))
    pair[:, ~np.isfinite(values)] = np.inf
    return pair


def _reduce_ranges(pairs: Floats, cuts: Ints) -> Floats:
    """Minima of the ranges cuts[0]:cuts[1], cuts[2]:cuts[3], ... of `pairs`; the last one runs to the end."""
    # A range may begin where the one before ends: reduceat then yields one member for the empty gap, which is skipped.
    lowest: Floats = np.minimum.reduceat(pairs, cuts, axis=1)[:, ::2]
    return lowest


def _keys(column: Floats | Ints, x: float | Floats, down: bool = False) -> NDArray[np.generic]:
    """Search keys of the column's own type: with another type NumPy would first convert the whole column."""
    if column.dtype == np.float64:
        return np.asarray(x, np.float64)
    limit = float(1 << 62)
    return np.clip(np.floor(x) if down else np.ceil(x), -limit, limit).astype(np.int64)
