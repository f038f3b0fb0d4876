"""Sample quality: density, coverage and frequencies against their closed forms, and the whole on a small model."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pytest
import torch

from engine.controls import LatentInfo
from engine.data.dataset import ArraySource, Column, Dataset, Table
from engine.evaluate.judge import Judge, JudgeCard, JudgeError, JudgeNetwork
from engine.evaluate.quality import density_and_coverage, frequencies, measure_quality
from engine.evaluate.sampling import finished
from engine.latent import draw_many


def test_the_same_distribution_gives_density_one_and_nearly_full_coverage():
    real, made = draw_many("normal", 4, 0, range(1500), 0), draw_many("normal", 4, 1, range(1500), 0)
    density, coverage = finished(density_and_coverage(real, made))
    assert density == pytest.approx(1.0, abs=0.06)
    assert coverage == pytest.approx(1 - 2**-5, abs=0.015)


def test_lost_modes_lower_coverage_and_far_samples_lower_density():
    real = draw_many("normal", 2, 0, range(600), 0)
    real[300:, 0] += 100
    made = draw_many("normal", 2, 1, range(600), 0)
    density, coverage = finished(density_and_coverage(real, made))
    assert coverage < 0.51
    assert density > 0.8
    assert finished(density_and_coverage(real, made + 1000)) == (0.0, 0.0)
    with pytest.raises(JudgeError, match="more than 5"):
        finished(density_and_coverage(real[:5], made))


def test_frequencies_stand_beside_those_of_the_data():
    table = frequencies(
        {"hat": np.array([0, 0, 0, 1]), "hair": np.array([1, 1, 1, 1])},
        {"hat": np.array([0, 1, 1, 1, -1])},
        {"hat": ("none", "cap"), "hair": ("red", "grey")},
    )
    assert table["hat"] == {
        "samples": {"none": 0.75, "cap": 0.25},
        "data": {"none": 0.25, "cap": 0.75},
        "distance": 0.5,
    }
    assert table["hair"] == {"samples": {"red": 0.0, "grey": 1.0}, "data": None, "distance": None}


class Stripes:
    """Decodes z to 8x8 pictures of one shade per row."""

    latent = LatentInfo(8, "uniform")
    conditions: ClassVar[dict[str, tuple[str, ...]]] = {}

    def decode(self, z_NZ: torch.Tensor, labels=None) -> torch.Tensor:
        return z_NZ[:, None, :, None].expand(-1, 1, 8, 8)

    def first_layer(self) -> torch.Tensor:
        return torch.eye(8)


def small_judge() -> Judge:
    torch.manual_seed(0)
    card = JudgeCard("stripes", {"label": ("even", "odd")}, 8, 1, None, {}, "0123456789abcdef")
    return Judge(card, JudgeNetwork(1, 8, 2))


def stripes(count: int) -> Dataset:
    shades = draw_many("uniform", 8, 5, range(count), 0)
    pictures = ((np.repeat(shades[:, :, None], 8, axis=2) + 1) * 127.5).round().astype(np.uint8)[..., None]
    label = Column(np.zeros(count, np.int16), ("even", "odd"))
    return Dataset("stripes", "Stripes", "train", ArraySource(pictures), (8, 8, 1), Table({"label": label}), "f")


def test_a_perfect_model_is_as_far_from_the_data_as_the_data_from_themselves():
    turns: list[tuple[int, int]] = []
    result = finished(measure_quality(Stripes(), small_judge(), stripes(800), count=400), turns.append)
    assert result["pictures_per_side"] == 400
    name = "FID-c(stripes, judge 01234567)"
    assert 0 < result[name] < 2 * result["floor"]
    assert result["coverage"] > 0.9
    assert result["frequencies"]["label"]["data"] == {"even": 1.0, "odd": 0.0}
    assert [turn[0] for turn in turns] == sorted(turn[0] for turn in turns)
    assert turns[-1][0] == turns[-1][1]


def test_points_get_a_sentence():
    points = Dataset("ring", "Ring", "train", ArraySource(np.zeros((9, 2), np.float32)), (2,), Table(), "f")
    with pytest.raises(JudgeError, match="needs pictures"):
        next(measure_quality(Stripes(), small_judge(), points))
