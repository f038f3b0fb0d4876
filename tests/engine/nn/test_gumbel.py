"""Choosing one of K: the relaxed choice tends to a sample, its cost is log K minus the entropy, and nothing is NaN."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from engine.nn.gumbel import gumbel_noise, kl_to_uniform, relaxed_choice, sampled_choice

SHARES = torch.tensor([0.644, 0.237, 0.087, 0.032])


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def draws(count: int) -> tuple[Tensor, Tensor]:
    logits = SHARES.log().expand(count, 4)
    return logits, gumbel_noise(logits, rng())


def test_the_largest_of_logits_and_noise_is_a_sample_of_the_softmax():
    logits, noise = draws(400_000)
    shares = torch.bincount(sampled_choice(logits, noise), minlength=4) / 400_000
    assert (shares - SHARES / SHARES.sum()).abs().max() < 2e-3


def test_the_noise_is_standard_gumbel_and_a_function_of_the_generator():
    like = torch.empty(200_000)
    noise = gumbel_noise(like, rng())
    assert noise.mean().item() == pytest.approx(0.5772, abs=0.01)
    assert noise.var().item() == pytest.approx(math.pi**2 / 6, abs=0.03)
    assert noise.isfinite().all()
    assert torch.equal(noise, gumbel_noise(like, rng()))
    assert not torch.equal(noise, gumbel_noise(like, rng(1)))


@pytest.mark.parametrize(("tau", "largest"), [(1.0, 0.677), (0.5, 0.823), (1 / 16, 0.977), (1e-3, 0.9996)])
def test_a_colder_choice_is_harder(tau: float, largest: float):
    relaxed = relaxed_choice(*draws(100_000), tau)
    torch.testing.assert_close(relaxed.sum(dim=-1), torch.ones(100_000))
    assert relaxed.amax(dim=-1).mean().item() == pytest.approx(largest, abs=3e-3)


@pytest.mark.parametrize("tau", [1e-4, 0.0])
def test_the_coldest_choice_is_the_sample_and_not_the_most_likely_code(tau: float):
    logits, noise = draws(1000)
    one_hot = torch.nn.functional.one_hot(sampled_choice(logits, noise), 4).float()
    assert (relaxed_choice(logits, noise, tau) - one_hot).abs().amax(dim=-1).median() < 1e-6
    torch.testing.assert_close(relaxed_choice(logits, noise, 0.0), one_hot)
    assert 0.3 < (sampled_choice(logits, noise) != logits.argmax(dim=-1)).float().mean() < 0.4


@pytest.mark.parametrize("tau", [1.0, 1 / 16, 1e-3, 1e-6, 0.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_no_logit_and_no_temperature_gives_a_nan(tau: float, dtype: torch.dtype):
    logits = torch.tensor([[1e4, -1e4, 0.0], [-1e4, -1e4, -1e4], [0.0, -torch.inf, 1.0]], dtype=dtype).requires_grad_()
    relaxed = relaxed_choice(logits, gumbel_noise(logits, rng()), tau)
    assert relaxed.dtype == torch.float32
    assert relaxed.isfinite().all()
    assert relaxed[2, 1] == 0
    kl = kl_to_uniform(logits)
    assert kl.isfinite().all()
    (kl.sum() + relaxed.square().sum()).backward()
    assert logits.grad is not None
    assert logits.grad.isfinite().all()


def test_the_cost_of_codes_is_log_k_minus_the_entropy():
    logits = torch.randn(5, 7, generator=rng())
    entropy = torch.distributions.Categorical(logits=logits).entropy()
    torch.testing.assert_close(kl_to_uniform(logits), math.log(7) - entropy)
    torch.testing.assert_close(kl_to_uniform(torch.full((1, 8192), 3.0)), torch.zeros(1), atol=1e-5, rtol=0)
    sure = torch.zeros(64, 8192)
    sure[:, 5] = 1e4
    assert kl_to_uniform(sure)[0].item() == pytest.approx(9.0109, abs=1e-4)
    assert kl_to_uniform(sure).sum().item() * 16 == pytest.approx(9227.18, abs=0.01)
    off = torch.tensor([0.0, 0.0, -torch.inf, -torch.inf])
    assert kl_to_uniform(off).item() == pytest.approx(math.log(2))
