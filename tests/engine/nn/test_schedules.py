"""The schedules of DALL-E's autoencoder at the steps that the paper names."""

from __future__ import annotations

import pytest

from engine.nn.schedules import KINDS, scheduled

TAU, BETA, LR = (1.0, 1 / 16, 150_000), (0.0, 6.6, 5_000), (1e-4, 1.25e-6, 1_200_000)


@pytest.mark.parametrize(
    ("numbers", "step", "wanted"),
    [
        (BETA, 0, 0.0),
        (BETA, 2_500, 3.3),
        (BETA, 5_000, 6.6),
        (BETA, 3_000_000, 6.6),
        (TAU, 0, 1.0),
        (TAU, 75_000, 0.53125),
        (TAU, 150_000, 1 / 16),
        (TAU, 150_001, 1 / 16),
        (LR, 0, 1e-4),
        (LR, 1_200_000, 1.25e-6),
    ],
)
def test_the_paper_s_schedules_are_half_cosines(numbers: tuple[float, float, int], step: int, wanted: float):
    assert scheduled("half cosine", step, *numbers) == pytest.approx(wanted, rel=1e-12, abs=1e-15)


def test_a_quarter_cosine_falls_late():
    assert scheduled("quarter cosine", 75_000, *TAU) == pytest.approx(0.7254, abs=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_they_never_turn_back_and_take_no_steps_at_all(kind: str):
    values = [scheduled(kind, step, *TAU) for step in range(0, 160_000, 500)]
    assert values[0] == 1.0
    assert values == sorted(values, reverse=True)
    assert scheduled(kind, 0, 1.0, 0.5, 0) == 0.5
