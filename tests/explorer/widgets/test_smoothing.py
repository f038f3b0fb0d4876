"""Smoothing takes every point into account, starts at the data, and keeps gaps."""

from __future__ import annotations

import numpy as np
import pytest

from engine import Series
from explorer.widgets import smoothing
from explorer.widgets.smoothing import SmoothedSeries, Smoother


def debiased_loop(values: np.ndarray, span: int) -> np.ndarray:
    """Kingma & Ba 2014, section 3, point by point."""
    decay = 1 - 2 / (span + 1)
    total = weight = 0.0
    found = []
    for value in values:
        finite = np.isfinite(value)
        total = decay * total + (value if finite else 0.0)
        weight = decay * weight + float(finite)
        found.append(total / weight if finite else np.nan)
    return np.array(found)


@pytest.mark.parametrize("span", [1, 2, 7, 300])
def test_the_exponential_mean_is_the_debiased_one(span: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smoothing, "CHUNK", 64)
    values = np.random.default_rng(0).normal(3.0, 1.0, 500)
    values[[5, 6, 130]] = np.nan, np.inf, np.nan
    smoother = Smoother("exponential", span)
    found = np.concatenate([smoother.push(part) for part in np.split(values, [1, 40, 41, 333])])
    np.testing.assert_allclose(found, debiased_loop(values, span), rtol=1e-6)
    assert found[0] == pytest.approx(values[0])  # no start at zero


@pytest.mark.parametrize("span", [1, 3, 90])
def test_the_window_mean_leaves_out_what_is_not_finite(span: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smoothing, "CHUNK", 32)
    values = np.random.default_rng(1).normal(size=200)
    values[[0, 50, 51]] = np.nan
    smoother = Smoother("window", span)
    found = np.concatenate([smoother.push(part) for part in np.split(values, [2, 77])])
    for k in range(200):
        part = values[max(k - span + 1, 0) : k + 1]
        expected = np.nan if np.isnan(values[k]) else part[np.isfinite(part)].mean()
        np.testing.assert_allclose(found[k], expected, rtol=1e-9)


def test_a_span_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Smoother("window", 0)


def test_a_smoothed_series_follows_a_growing_one_in_bounded_steps() -> None:
    source = Series("loss")
    n = np.arange(1000)
    source.extend(n, n * 0.1, n * 64, np.sin(n / 30))
    smooth = SmoothedSeries(source, "exponential", 20)
    assert not smooth.update(400)
    assert not smooth.update(400)
    assert smooth.update(400)
    source.append(1000, 100.0, 64_000, 5.0)
    assert smooth.update(400)
    assert len(smooth.series) == 1001
    np.testing.assert_array_equal(smooth.series.steps, source.steps)
    source.truncate(10)  # the run went back to a checkpoint
    assert smooth.update(400)
    assert len(smooth.series) == 11
