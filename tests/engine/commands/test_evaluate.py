from __future__ import annotations

import math

import numpy as np
import pytest

from engine.commands.point_figures import measure_modes, shannon_divergence
from engine.data.points import POINT_SETS


def test_points_are_measured_by_modes_density_and_critic(told, spots: str):
    found = told(["evaluate", "--snapshot", spots, "--samples", "400", "--threads", "1"])
    points, critic = found["points"], found["critic"]
    assert points["modes"] == 8
    assert 0 <= points["covered_modes"] <= 8
    assert 0.0 <= points["jensen_shannon_nats"] <= math.log(2) + 1e-4
    assert points["value_of_the_best_d"] == pytest.approx(2 * points["jensen_shannon_nats"] - math.log(4), abs=1e-4)
    assert critic["value_if_not_told_apart"] == pytest.approx(-math.log(4), abs=1e-5)
    assert critic["value"] < 0


def test_true_samples_of_a_mixture_cover_all_modes():
    modes = POINT_SETS["grid"]
    points, _ = modes.draw(2000, np.random.default_rng(0))
    figures = measure_modes(points, modes)
    assert (figures["modes"], figures["covered_modes"]) == (25, 25)
    assert figures["good_samples"] == pytest.approx(1 - math.exp(-4.5), abs=0.01)
    collapsed = measure_modes(np.repeat(modes.means_KD[3:4], 500, axis=0), modes)
    assert (collapsed["covered_modes"], collapsed["good_samples"]) == (1, 1.0)


def test_the_divergence_of_densities():
    one = np.array([1.0, 0.0, 0.0])
    assert shannon_divergence(one, one) == 0.0
    assert shannon_divergence(one, np.array([0.0, 2.0, 2.0])) == pytest.approx(math.log(2))


def test_where_no_judge_fits_it_is_said(told, faces: str, tmp_path):
    pictures = np.random.default_rng(0).integers(0, 256, (120, 16, 16, 3), dtype=np.uint8)
    np.savez(tmp_path / "own.npz", images=pictures)
    found = told(["evaluate", "--snapshot", faces, "--data", "own.npz", "--samples", "100", "--threads", "1"])
    assert "No judge knows" in found["missing"][0]
    assert 0.0 <= found["critic"]["ranks_pairs_rightly"] <= 1.0
    assert "quality" not in found


def test_other_data_gets_one_sentence(refused, faces: str):
    assert "choose other data" in refused(["evaluate", "--snapshot", faces, "--data", "ring"])
    assert "choose 100 to" in refused(["evaluate", "--snapshot", faces, "--samples", "3"])
