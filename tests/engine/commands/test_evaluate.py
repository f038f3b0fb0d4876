from __future__ import annotations

import math

import numpy as np
import pytest

from engine.__main__ import main
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


WORDS = ("--samples", "100", "--threads", "1", "--no-arithmetic")


@pytest.mark.parametrize("family", ["vqvae", "dvae"])
def test_a_codec_is_measured_on_pictures_that_it_never_saw(told, codecs, family: str):
    found = told(["evaluate", "--snapshot", codecs[family], *WORDS])
    assert found["data"]["split"] == "test"
    (sentence,) = found["missing"]
    assert "too few pictures to see 50 codes for each code" in sentence
    figures, book, prior = found["reconstruction"], found["codebook"], found["prior"]
    assert figures["pictures"] == 60, "half of the 120 pictures; the other half is what they are compared with"
    assert any(name.startswith("FID-c(portraits") for name in figures)
    assert book["counted"] == 120 * 4 * 4, "all pictures of that part"
    assert book["used"] + book["dead"] == book["codes"] == 64
    assert prior["bits_per_code_uniform"] == 6.0
    assert prior["bits_per_dim_uniform"] == figures["bits_per_dim"]
    assert "of train, measured on 60 of test" in prior["kind"]
    assert ("relaxed_hard_gap_in_training" in book) == (family == "dvae")
    assert not {"quality", "critic", "arithmetic"} & found.keys()


def test_a_vae_has_bounds_and_samples_as_well(told, codecs):
    found = told(["evaluate", "--snapshot", codecs["vae"], *WORDS, "--iwae", "3"])
    bounds = found["posterior"]
    assert bounds["elbo_nats"] == pytest.approx(bounds["log_likelihood_nats"] - bounds["kl_nats"], abs=0.01)
    assert bounds["iwae_draws"] == 3
    assert 0 <= bounds["active_units"] <= bounds["units"]
    assert found["reconstruction"]["bits_per_dim"] > 0
    assert "coverage" in found["quality"]
    assert not {"codebook", "prior"} & found.keys()


def test_on_what_a_model_learned_from_there_is_no_prior_and_it_is_said(told, codecs):
    found = told(["evaluate", "--snapshot", codecs["vqvae"], *WORDS, "--split", "train"])
    assert "prior" not in found
    assert any("the part that models learn from" in sentence for sentence in found["missing"])
    assert any("A prior of codes" in sentence for sentence in found["missing"])


def test_what_is_measured_of_a_codec_can_be_read(codecs, capsys):
    assert main(["evaluate", "--snapshot", codecs["vqvae"], *WORDS]) == 0
    said = capsys.readouterr().out
    for words in ("The book, by the codes of these pictures:", "perplexity:", "psnr db:", "kind: code frequencies"):
        assert words in said


def test_a_number_of_draws_that_is_not_possible_gets_one_sentence(refused, codecs):
    assert "choose 0 to" in refused(["evaluate", "--snapshot", codecs["vae"], "--iwae", "-1"])
