"""The logit-Laplace density integrates to 1, its map has an inverse, and the masses of the 256 bytes sum to 1."""

from __future__ import annotations

import math

import pytest
import torch

from engine.nn.logit_laplace import log_mass_of_bytes, negative_log_likelihood, phi, phi_inverse

PLACES = [(0.0, 1.0), (0.3, 0.4), (-2.0, 0.05), (1.5, 2.0)]


@pytest.mark.parametrize(("mu", "b"), PLACES)
def test_the_density_integrates_to_one(mu: float, b: float):
    """Over t = logit x, where dx = x (1 - x) dt, on either side of its corner."""
    reach = 30 * b
    total = 0.0
    for low, high in ((mu - reach, mu), (mu, mu + reach)):
        t = torch.linspace(low, high, 200_001, dtype=torch.float64)
        x = t.sigmoid()
        inside = (x > 1e-14) & (x < 1 - 1e-14)  # beyond, 1 - x has no digits left, and next to no mass
        density = (-negative_log_likelihood(x, torch.tensor(mu).double(), torch.tensor(math.log(b)).double())).exp()
        total += torch.trapezoid(torch.where(inside, density * x * (1 - x), 0.0), t).item()
    assert total == pytest.approx(1.0, abs=1e-6)


def test_one_value_by_hand():
    """x = 0.5, mu = 1, b = 2: f = exp(-1/2) / (2 * 2 * 0.25) = exp(-1/2)."""
    found = negative_log_likelihood(torch.tensor(0.5), torch.tensor(1.0), torch.tensor(math.log(2)))
    assert found.item() == pytest.approx(0.5)


def test_phi_keeps_away_from_the_ends_and_has_an_inverse():
    levels = torch.arange(256) / 255
    mapped = phi(levels, 0.1)
    assert mapped[0].item() == pytest.approx(0.1)
    assert mapped[-1].item() == pytest.approx(0.9)
    assert mapped.logit().abs().max().item() == pytest.approx(2.197, abs=1e-3)
    torch.testing.assert_close(phi_inverse(mapped, 0.1), levels, atol=1e-6, rtol=0)
    assert torch.equal(phi_inverse(torch.tensor([0.0, 1.0]), 0.1), torch.tensor([0.0, 1.0]))


@pytest.mark.parametrize("level", [0.0, 255.0])
def test_gradients_are_finite_at_black_and_white(level: float):
    x = phi(torch.tensor(level / 255), 0.1).requires_grad_()
    mu, ln_b = torch.tensor(0.3, requires_grad=True), torch.tensor(-7.0, requires_grad=True)
    negative_log_likelihood(x, mu, ln_b).backward()
    assert all(each.grad is not None and each.grad.isfinite() for each in (x, mu, ln_b))


@pytest.mark.parametrize(("mu", "b"), [*PLACES, (-9.0, 0.001), (9.0, 0.001), (0.0, 1000.0)])
def test_the_masses_of_the_bytes_sum_to_one(mu: float, b: float):
    levels = torch.arange(256, dtype=torch.float64)
    of = [torch.full((256,), value, dtype=torch.float64) for value in (mu, math.log(b))]
    log_masses = log_mass_of_bytes(levels, *of, 0.1)
    assert log_masses.exp().sum().item() == pytest.approx(1.0, abs=1e-12)
    in_single = log_mass_of_bytes(levels.float(), of[0].float(), of[1].float(), 0.1)
    assert (in_single < 1e-6).all()
    torch.testing.assert_close(in_single.double(), log_masses, atol=2e-3, rtol=2e-4)


def test_the_mass_of_a_byte_is_the_density_times_its_width_where_the_density_is_smooth():
    level = torch.tensor([100.0], dtype=torch.float64)
    mu, ln_b = torch.tensor([2.0], dtype=torch.float64), torch.tensor([math.log(1.5)], dtype=torch.float64)
    density = -negative_log_likelihood(phi(level / 255, 0.1), mu, ln_b)
    torch.testing.assert_close(
        log_mass_of_bytes(level, mu, ln_b, 0.1), density + math.log(0.8 / 255), atol=1e-4, rtol=0
    )
