"""The made-up model that says how much latent arithmetic can reach."""

from __future__ import annotations

import numpy as np

from engine.bench.straight import StraightJudge, StraightSpace
from engine.data.portraits import ATTRIBUTES
from engine.evaluate.sampling import finished, look_at_draws


def test_values_show_as_often_as_in_the_data_and_are_independent():
    seen = finished(look_at_draws(StraightSpace(), StraightJudge(), 8192))
    for name, values in ATTRIBUTES.items():
        shares = np.bincount(seen.labels[name], minlength=len(values)) / len(seen)
        first = {"glasses": 0.5, "headwear": 0.6, "facial_hair": 0.6}.get(name, 1 / len(values))
        assert abs(shares[0] - first) < 0.03
    both = (seen.labels["glasses"] == 0) & (seen.labels["presentation"] == 0)
    apart = (seen.labels["glasses"] == 0).mean() * (seen.labels["presentation"] == 0).mean()
    assert abs(both.mean() - apart) < 0.02
