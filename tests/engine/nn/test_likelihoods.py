"""Probabilities sum to one, stay finite in both tails, and the bits of bytes are what they are called."""

from __future__ import annotations

import math

import pytest
import torch

from engine.nn.likelihoods import (
    HALF_LEVEL,
    LOWEST_LOG_SIGMA,
    bernoulli,
    discretised_gaussian,
    discretised_gaussian_bits,
    gaussian,
    log_phi,
    with_floor,
)

LEVELS = torch.arange(256, dtype=torch.float64) / 127.5 - 1


@pytest.mark.parametrize("mean", [-1.4, -1.0, -0.3, 0.0, 1 / 510, 0.77, 1.0, 3.0])
@pytest.mark.parametrize("log_sigma", [-6.5, -4.0, -1.0, 0.0, 3.0])
def test_the_masses_of_the_256_levels_sum_to_one(mean: float, log_sigma: float) -> None:
    log_mass = discretised_gaussian(LEVELS, torch.tensor(mean).double(), torch.tensor(log_sigma).double())
    assert abs(log_mass.exp().sum().item() - 1) < 1e-12


def test_a_mass_is_the_integral_of_the_density() -> None:
    mean, log_sigma = torch.tensor(0.123).double(), torch.tensor(-3.0).double()
    x = LEVELS[150]
    points = torch.linspace(float(x) - HALF_LEVEL, float(x) + HALF_LEVEL, 2001, dtype=torch.float64)
    integral = torch.trapezoid(gaussian(points, mean, log_sigma).exp(), points)
    assert discretised_gaussian(x, mean, log_sigma).exp().item() == pytest.approx(integral.item(), rel=1e-6)


@pytest.mark.parametrize("log_sigma", [-7.0, -3.0, 0.0, 5.0])
def test_values_and_gradients_stay_finite_in_both_tails(log_sigma: float) -> None:
    x = LEVELS.float()[:, None].expand(256, 9)
    mean = torch.tensor([-50.0, -2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 50.0]).expand(256, 9).clone().requires_grad_()
    spread = torch.full((256, 9), log_sigma, requires_grad=True)
    log_mass = discretised_gaussian(x, mean, spread)
    log_mass.sum().backward()
    assert bool(torch.isfinite(log_mass).all())
    assert bool((log_mass <= 1e-6).all())
    assert mean.grad is not None
    assert spread.grad is not None
    assert bool(torch.isfinite(mean.grad).all())
    assert bool(torch.isfinite(spread.grad).all())


def test_single_precision_agrees_with_double() -> None:
    x = LEVELS[:, None]
    mean = torch.linspace(-1, 1, 11, dtype=torch.float64)[None]
    for log_sigma in (-5.0, -2.0, 0.0):
        spread = torch.tensor(log_sigma, dtype=torch.float64)
        exact = discretised_gaussian(x, mean, spread)
        single = discretised_gaussian(x.float(), mean.float(), spread.float())
        torch.testing.assert_close(single.double(), exact, rtol=2e-4, atol=2e-4)


def test_the_gradient_of_log_phi_is_right_far_out() -> None:
    x = torch.tensor([-5e4, -1e3, -10.0, 0.0, 5.0, 40.0], requires_grad=True)
    log_phi(x).sum().backward()
    assert x.grad is not None
    torch.testing.assert_close(x.grad[:2], torch.tensor([5e4, 1e3]), rtol=1e-3, atol=0)
    assert x.grad[3].item() == pytest.approx(math.sqrt(2 / math.pi))
    assert x.grad[5].item() == 0
    both = torch.linspace(-30, 6, 400, dtype=torch.float64)
    torch.testing.assert_close(log_phi(both), torch.special.log_ndtr(both), rtol=1e-9, atol=1e-12)
    near = torch.linspace(-14, 6, 25, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(log_phi, near)


def test_pictures_from_bytes_fall_on_the_levels() -> None:
    """As `stepper.to_model` makes them, in single precision: both outer levels have their open bins."""
    x = torch.tensor([0, 255]).to(torch.float32).div_(127.5).sub_(1.0)
    far = discretised_gaussian(x, torch.tensor([-9.0, 9.0]), torch.tensor(-2.0))
    torch.testing.assert_close(far, torch.zeros(2))


def test_the_gradient_pulls_the_mean_towards_the_number() -> None:
    x = LEVELS.float()[[0, 10, 128, 250, 255]]
    for mean, sign in ((-3.0, 1.0), (3.0, -1.0)):
        at = torch.full((5,), mean, requires_grad=True)
        discretised_gaussian(x, at, torch.tensor(0.0)).sum().backward()
        assert at.grad is not None
        inner = at.grad[1:4] * sign
        assert bool((inner > 0).all())


def test_bits_per_number_of_a_sure_and_of_an_ignorant_decoder() -> None:
    x = LEVELS[torch.tensor([[3, 200], [128, 17]])].float()
    sure = discretised_gaussian_bits(x, x, torch.tensor(-8.0))
    torch.testing.assert_close(sure, torch.zeros(2))
    at_half = discretised_gaussian_bits(x, x, torch.tensor(0.5).log())
    expected = -math.log2(2 * HALF_LEVEL / (0.5 * math.sqrt(2 * math.pi)))
    torch.testing.assert_close(at_half, torch.full((2,), expected), rtol=1e-4, atol=1e-4)


def test_bernoulli_is_a_distribution_over_black_and_white() -> None:
    logits = torch.tensor([-4.0, 0.3, 9.0])
    total = bernoulli(torch.ones(3), logits).exp() + bernoulli(-torch.ones(3), logits).exp()
    torch.testing.assert_close(total, torch.ones(3))
    torch.testing.assert_close(bernoulli(torch.ones(3), logits).exp(), torch.sigmoid(logits))


def test_the_floor_holds_and_leaves_larger_ones_alone() -> None:
    bent = with_floor(torch.tensor([-100.0, -2.0, 0.0]))
    assert bent[0].item() == pytest.approx(LOWEST_LOG_SIGMA)
    torch.testing.assert_close(bent[1:], torch.tensor([-2.0, 0.0]), atol=0.02, rtol=0)
