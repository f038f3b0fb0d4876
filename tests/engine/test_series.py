from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.series import AXES, Axis, Series, Smoothed, Window


def make(values: np.ndarray, seed: int = 0) -> Series:
    """A series with uneven steps, times and image counts."""
    rng = np.random.default_rng(seed)
    n = len(values)
    series = Series("loss")
    series.extend(
        np.cumsum(rng.integers(1, 4, n)),
        np.cumsum(rng.exponential(size=n)),
        np.cumsum(rng.integers(0, 64, n)),
        values,
    )
    return series


def check_against_points(series: Series, window: Window, x0: float, x1: float, axis: Axis, buckets: int) -> None:
    """What a person would see: no extreme, no bad value of the visible points is lost or invented."""
    column = series.x(axis)
    first, end = np.searchsorted(column, x0, "left"), np.searchsorted(column, x1, "right")
    seen = series.values[max(first - 1, 0) : end + 1]
    assert len(window) <= buckets + 2
    assert window.bad.sum() == (~np.isfinite(seen)).sum()
    finite = seen[np.isfinite(seen)]
    if len(finite):
        assert np.nanmin(window.lo) == finite.min()
        assert np.nanmax(window.hi) == finite.max()
    assert (np.diff(window.x) >= 0).all()
    places = np.searchsorted(column, window.x, "right") - 1
    assert ((np.isnan(window.lo)) | (window.lo <= window.hi)).all()
    assert len(places) == len(window.last)


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("axis", AXES)
def test_a_window_shows_every_extreme_at_every_zoom(axis: Axis, log: bool) -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(size=30_000).cumsum()
    values[rng.integers(0, 30_000, 40)] = np.nan
    values[rng.integers(0, 30_000, 40)] = np.inf
    values[12_345] = 1e6
    series = make(values)
    last = float(series.x(axis)[-1])
    for x0, x1 in ((1, last), (last / 3, last / 2), (last * 0.4, last * 0.401), (1, 2), (last * 2, last * 3)):
        for buckets in (1, 7, 500):
            check_against_points(series, series.window(x0, x1, buckets, axis, log), x0, x1, axis, buckets)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from([0.0, 1.0, -2.5, np.nan, np.inf, -np.inf, 7.0]), min_size=0, max_size=700),
    st.integers(1, 30),
    st.lists(st.integers(1, 400), max_size=4),
)
def test_growing_in_pieces_gives_the_same_pyramid(values: list[float], buckets: int, cuts: list[int]) -> None:
    whole = make(np.array(values))
    grown = Series("loss")
    for begin, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(values)], strict=True):
        part = slice(begin, max(end, begin))
        grown.extend(whole.steps[part], whole.seconds[part], whole.images[part], whole.values[part])
        grown.settle()
    a, b = whole.window(0, 1e4, buckets), grown.window(0, 1e4, buckets)
    for name in ("x", "lo", "hi", "last", "bad"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))


def test_few_points_are_shown_one_by_one_with_their_neighbours() -> None:
    series = Series("loss")
    for step, value in enumerate([5.0, np.nan, 3.0, np.inf, 1.0]):
        series.append(step, step * 0.5, step * 64, value)
    window = series.window(1, 2, 100)
    assert window.x.tolist() == [0, 1, 2, 3]
    np.testing.assert_array_equal(window.last, [5, np.nan, 3, np.nan])
    assert window.bad.tolist() == [0, 1, 0, 1]
    assert (series.bad_count, series.nan_count, series.inf_count) == (2, 1, 1)


def test_taking_back_points_leaves_what_others_hold() -> None:
    steps = np.arange(1000)
    values = np.sin(steps / 10.0)
    series = Series.from_arrays("loss", steps, steps * 1.0, steps * 64, values)
    other = Series.from_arrays("loss", steps, steps * 1.0, steps * 64, values)
    series.window(0, 1000, 10)
    assert series.truncate(499) == 500
    series.extend([500, 501], [500.0, 501.0], [32_000, 32_064], [9.0, np.nan])
    assert values[500] != 9.0
    assert other.values[500] == values[500]
    assert np.nanmax(series.window(0, 1000, 10).hi) == 9.0
    assert series.bad_count == 1
    assert len(series) == 502
    series.append(600, 600.0, 40_000, 1.0)
    assert len(series) == 503
    assert series.truncate(10_000) == 0


def test_points_that_go_back_are_refused() -> None:
    series = make(np.ones(10))
    with pytest.raises(ValueError, match="truncate first"):
        series.append(0, 1e9, 10**9, 1.0)
    with pytest.raises(ValueError, match="no time"):
        series.append(10**6, np.nan, 10**9, 1.0)
    with pytest.raises(ValueError, match="must not fall"):
        series.extend([200, 199], [1e6, 1e6], [10**6, 10**6], [0, 0])
    with pytest.raises(ValueError, match="equally many"):
        series.extend([200], [1e6], [10**6], [0, 0])
    assert len(series) == 10


@pytest.mark.parametrize(("x0", "x1", "buckets", "log"), [(2, 1, 9, False), (0, 1, 9, True), (0, 1, 0, False)])
def test_impossible_windows_are_refused(x0: float, x1: float, buckets: int, log: bool) -> None:
    with pytest.raises(ValueError, match="no window"):
        make(np.ones(5)).window(x0, x1, buckets, log=log)
    with pytest.raises(ValueError, match="no window"):
        make(np.ones(5)).window(0, np.nan, 5)


def test_an_empty_series_draws_nothing() -> None:
    series = Series("loss")
    assert len(series.window(0, 1, 10)) == 0
    assert series.nearest(3) is None
    assert series.bad_count == 0


def test_the_point_under_the_mouse_is_the_nearest() -> None:
    series = Series("loss")
    series.extend([10, 20, 30], [1.0, 2.0, 3.0], [0, 64, 128], [1, 2, 3])
    assert [series.nearest(x) for x in (-5, 14, 16, 25.1, 99)] == [0, 0, 1, 2, 2]
    assert series.nearest(2.4, "seconds") == 1


@pytest.mark.parametrize("span", [1, 2, 7, 100])
def test_smoothing_is_the_mean_of_the_last_points_however_it_arrives(span: int) -> None:
    rng = np.random.default_rng(2)
    values = rng.normal(size=300)
    values[[5, 6, 7, 100]] = [np.nan, np.inf, np.nan, -np.inf]
    values[150] = 1e300
    whole = make(values)
    source = Series("loss")
    smoothed = Smoothed(source, span)
    for begin in range(0, 300, 37):
        part = slice(begin, begin + 37)
        source.extend(whole.steps[part], whole.seconds[part], whole.images[part], whole.values[part])
        smoothed.update()
    for i in range(300):
        near = values[max(i - span + 1, 0) : i + 1]
        wanted = near[np.isfinite(near)].mean() if np.isfinite(values[i]) else np.nan
        np.testing.assert_allclose(smoothed.series.values[i], wanted, rtol=1e-9, atol=1e-12)
    source.truncate(int(source.steps[49]))
    assert len(smoothed.update()) == 50
