"""How much of a picture survives a model: a perfect one, one of codes whose figures are known, one without codes."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from engine.data.dataset import ArraySource, DataError, Dataset, Table
from engine.evaluate.fidelity import measure_fidelity
from engine.evaluate.sampling import finished
from tests.engine.evaluate.test_quality import small_judge, stripes
from tests.engine.evaluate.toys import ShadeCodec

CPU = torch.device("cpu")


class Perfect:
    def reconstruct(self, x: torch.Tensor) -> torch.Tensor:
        return x

    def bits_per_dim(self, x: torch.Tensor) -> torch.Tensor:
        return torch.full((len(x),), 3.0)


class Grey(Perfect):
    def reconstruct(self, x: torch.Tensor) -> torch.Tensor:
        return torch.zeros_like(x)


def quarters(count: int, split: str, shades: tuple[int, ...] = (0, 255)) -> Dataset:
    """Pictures whose quarters have one shade each, drawn alike at all places."""
    rng = np.random.default_rng(len(split))
    codes = rng.choice(np.array(shades, np.uint8), (count, 2, 2))
    pictures = codes.repeat(8, axis=1).repeat(8, axis=2)[..., None]
    return Dataset("quarters", "Quarters", split, ArraySource(pictures), (16, 16, 1), Table(), "f")


def test_a_perfect_model_reaches_the_floor():
    turns: list[tuple[int, int]] = []
    found = finished(measure_fidelity(Perfect(), small_judge(), stripes(400), None, CPU, 200), turns.append)
    figures = found["reconstruction"]
    assert found.keys() == {"reconstruction"}
    assert (figures["pictures"], figures["psnr_db"], figures["ssim"], figures["l1"]) == (200, 100.0, 1.0, 0.0)
    assert figures["bits_per_dim"] == 3.0
    assert figures["FID-c(stripes, judge 01234567)"] == pytest.approx(figures["floor"], abs=1e-6)
    assert [turn[0] for turn in turns] == sorted(turn[0] for turn in turns)


def test_a_model_that_makes_everything_grey_is_far_from_the_floor():
    figures = finished(measure_fidelity(Grey(), small_judge(), stripes(400), None, CPU, 200))["reconstruction"]
    assert figures["FID-c(stripes, judge 01234567)"] > 2 * figures["floor"]
    assert figures["psnr_db"] < 13


def test_a_codec_has_a_book_and_a_prior():
    held, train = quarters(200, "test"), quarters(400, "train")
    found = finished(measure_fidelity(ShadeCodec(), None, held, train, CPU, 100, 400))
    book, prior = found["codebook"], found["prior"]
    assert (book["used"], book["dead"], book["counted"]) == (2, 6, 800)
    assert book["perplexity"] == pytest.approx(2.0, abs=0.02)
    assert book["enough_counted"]
    assert prior["bits_per_code_uniform"] == 3.0
    assert prior["bits_per_code"] == pytest.approx(1.0, abs=0.05)  # a coin at each place, and a little for the rest
    saved = (3.0 - prior["bits_per_code"]) * 4 / 256
    assert prior["bits_per_dim"] == pytest.approx(2.0 - saved, abs=1e-4)
    assert "400 pictures of train, measured on 100 of test" in prior["kind"]
    assert found["reconstruction"]["psnr_db"] == 100.0


def test_too_few_pictures_for_a_window_are_told():
    found = finished(measure_fidelity(ShadeCodec(), None, quarters(20, "test"), None, CPU, 5))
    assert found["codebook"]["counted"] == 80, "all pictures there are"
    assert not found["codebook"]["enough_counted"]
    assert "prior" not in found


def test_a_prior_pays_for_what_it_never_saw():
    held, train = quarters(40, "test", (0, 255)), quarters(200, "train", (109, 146))
    prior = finished(measure_fidelity(ShadeCodec(), None, held, train, CPU, 20, 200))["prior"]
    assert prior["bits_per_code"] == pytest.approx(math.log2(208), abs=1e-3)
    assert prior["bits_per_dim"] > prior["bits_per_dim_uniform"]


def test_points_and_single_pictures_get_a_sentence():
    points = Dataset("ring", "Ring", "train", ArraySource(np.zeros((9, 2), np.float32)), (2,), Table(), "f")
    with pytest.raises(DataError, match="measured on pictures"):
        next(measure_fidelity(Perfect(), None, points, None, CPU))
