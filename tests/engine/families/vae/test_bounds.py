"""On a model whose exact likelihood is known, bounds are bounds, and better ones are closer."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from engine.families.vae.bounds import LatentModel, active_units, elbo, iwae_bound
from engine.nn.gaussian import DiagonalGaussian

WEIGHT = torch.tensor([[1.0, 0.5], [-1.0, 1.0], [0.5, 3.0 / 3.0]], dtype=torch.float64)
BIAS = torch.tensor([0.3, -0.2, 0.1], dtype=torch.float64)
SIGMA = 0.6


@dataclass(frozen=True)
class LinearGaussian:
    """x = W z + b + sigma e, with z of two numbers. Its posterior is a Gaussian; `off` moves ours away from it, and a
    W whose columns are at right angles makes the true one diagonal."""

    weight: Tensor = WEIGHT
    off: float = 0.0

    def posterior(self, x: Tensor) -> DiagonalGaussian:
        precision = torch.eye(2, dtype=torch.float64) + self.weight.T @ self.weight / SIGMA**2
        mean = (x - BIAS) @ self.weight @ torch.linalg.inv(precision) / SIGMA**2
        return DiagonalGaussian(mean + self.off, -torch.log(torch.diagonal(precision)).expand_as(mean) + self.off)

    def log_likelihood(self, x: Tensor, z: Tensor) -> Tensor:
        return torch.distributions.Normal(z @ self.weight.T + BIAS, SIGMA).log_prob(x).sum(dim=1)

    def log_prob(self, x: Tensor) -> Tensor:
        covariance = self.weight @ self.weight.T + SIGMA**2 * torch.eye(3, dtype=torch.float64)
        return torch.distributions.MultivariateNormal(BIAS, covariance).log_prob(x)


SQUARE = LinearGaussian(torch.tensor([[1.0, 1.0], [-1.0, 1.0], [0.0, 0.5]], dtype=torch.float64))


def samples(model: LinearGaussian, count: int) -> Tensor:
    rng = torch.Generator().manual_seed(5)
    z = torch.randn(count, 2, generator=rng, dtype=torch.float64)
    return z @ model.weight.T + BIAS + SIGMA * torch.randn(count, 3, generator=rng, dtype=torch.float64)


def noise(draws: int, count: int) -> Tensor:
    return torch.randn(draws, count, 2, generator=torch.Generator().manual_seed(6), dtype=torch.float64)


def check_bound(model: LinearGaussian) -> None:
    """The ELBO is below log p(x) at every x, by the KL from our posterior to the true one, whose least is known."""
    x = samples(model, 40)
    bound = elbo(model, x, noise(2000, 40))
    gap = model.log_prob(x) - bound
    precision = torch.eye(2, dtype=torch.float64) + model.weight.T @ model.weight / SIGMA**2
    least = torch.distributions.MultivariateNormal(torch.zeros(2).double(), precision_matrix=precision)
    for n in range(3):
        q = model.posterior(x)
        centre = LinearGaussian(model.weight).posterior(x).mean[n]
        ours = torch.distributions.MultivariateNormal(q.mean[n] - centre, torch.diag(q.log_variance[n].exp()))
        kl = torch.distributions.kl_divergence(ours, least)
        assert gap[n].item() == pytest.approx(kl.item(), abs=0.1)
    assert bool((gap > -0.1).all())


@pytest.mark.parametrize("model", [LinearGaussian(), LinearGaussian(off=0.4), SQUARE], ids=["near", "off", "exact"])
def test_the_elbo_is_below_the_exact_log_likelihood_by_the_kl_of_the_posteriors(model: LinearGaussian) -> None:
    check_bound(model)


@pytest.mark.parametrize("factor", [-1.0, 0.0])
def test_a_kl_of_the_wrong_sign_or_none_would_be_seen(monkeypatch: pytest.MonkeyPatch, factor: float) -> None:
    right = DiagonalGaussian.kl
    monkeypatch.setattr(DiagonalGaussian, "kl", lambda q: factor * right(q))
    with pytest.raises(AssertionError):
        check_bound(SQUARE)


def test_with_the_true_posterior_a_single_draw_gives_the_exact_log_likelihood() -> None:
    x = samples(SQUARE, 20)
    for k in (1, 7):
        bound = iwae_bound(SQUARE, x, k, torch.Generator().manual_seed(k))
        torch.testing.assert_close(bound, SQUARE.log_prob(x))


def test_the_importance_weighted_bound_rises_with_k_towards_the_exact_value() -> None:
    model = LinearGaussian(off=0.5)
    x = samples(model, 3000)
    exact = model.log_prob(x).mean().item()
    values = [iwae_bound(model, x, k, torch.Generator().manual_seed(k)).mean().item() for k in (1, 4, 16, 128)]
    assert values == sorted(values)
    assert values[0] < exact - 0.3
    assert exact - 0.03 < values[-1] < exact + 0.005
    assert values[0] == pytest.approx(elbo(model, x, noise(1, 3000)).mean().item(), abs=0.1)


def test_no_draws_are_refused() -> None:
    model: LatentModel = SQUARE
    with pytest.raises(ValueError, match="at least 1"):
        iwae_bound(model, samples(SQUARE, 2), 0, torch.Generator())


def test_a_unit_is_active_where_its_mean_varies() -> None:
    means = torch.zeros(100, 3)
    means[:, 0] = torch.linspace(-1, 1, 100)
    means[:, 1] = 5 + torch.linspace(-0.1, 0.1, 100)
    assert active_units(means).tolist() == [True, False, False]
