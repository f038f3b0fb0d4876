"""Bounds of a model with Gaussian latents, against one whose log p(x) is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from engine.data.dataset import ArraySource, Dataset, Table
from engine.evaluate.posterior import measure_posterior
from engine.evaluate.sampling import finished
from engine.nn.gaussian import DiagonalGaussian

CPU = torch.device("cpu")


class Linear:
    """x = z + noise of variance 1 in one number, with the true posterior, or with one that is too wide."""

    def __init__(self, log_variance: float = math.log(0.5)) -> None:
        self.log_variance = log_variance

    def posterior(self, x: torch.Tensor) -> DiagonalGaussian:
        mean = x.flatten(1)[:, :1] / 2
        silent = torch.zeros_like(mean)
        spread = torch.full_like(mean, self.log_variance)
        return DiagonalGaussian(torch.cat((mean, silent), 1), torch.cat((spread, silent), 1))

    def log_likelihood(self, x: torch.Tensor, z_NZ: torch.Tensor) -> torch.Tensor:
        return -0.5 * (x.flatten(1)[:, 0] - z_NZ[:, 0]) ** 2 - 0.5 * math.log(2 * math.pi)


def shades(count: int = 200) -> Dataset:
    pictures = np.random.default_rng(0).integers(0, 256, (count, 1, 1, 1), dtype=np.uint8)
    return Dataset("shades", "Shades", "test", ArraySource(pictures), (1, 1, 1), Table(), "f")


def truth(data: Dataset, rows: int) -> float:
    x = data.batch(np.arange(len(data))).reshape(-1)[:rows].astype(np.float64) / 127.5 - 1
    return float((-0.25 * x**2 - 0.5 * math.log(4 * math.pi)).mean())


def test_with_the_true_posterior_the_elbo_is_log_p():
    data = shades()
    found = finished(measure_posterior(Linear(), data, CPU, count=200, draws=5))
    assert found["elbo_nats"] == pytest.approx(truth(data, 200), abs=0.05)
    assert found["iwae_nats"] == pytest.approx(truth(data, 200), abs=0.01)
    assert found["log_likelihood_nats"] - found["kl_nats"] == pytest.approx(found["elbo_nats"], abs=0.002)
    assert found["elbo_bits_per_dim"] == pytest.approx(-found["elbo_nats"] / math.log(2), abs=0.002)
    assert (found["active_units"], found["units"]) == (1, 2)


def test_more_draws_make_the_bound_of_a_wrong_posterior_tighter():
    data = shades()
    one, many = (finished(measure_posterior(Linear(1.0), data, CPU, count=200, draws=k)) for k in (1, 100))
    assert one["iwae_nats"] < many["iwae_nats"] <= truth(data, 200) + 0.02
    assert many["iwae_nats"] > many["elbo_nats_of_these"] + 0.1


def test_without_draws_there_is_no_tight_bound_and_progress_ends():
    turns: list[tuple[int, int]] = []
    found = finished(measure_posterior(Linear(), shades(20), CPU, count=20, draws=0), turns.append)
    assert "iwae_nats" not in found
    assert found["pictures"] == 20
    assert {total for _, total in turns} == {20}
