"""The closed form of the KL is what sampling says, and draws are where their noise puts them."""

from __future__ import annotations

import math

import torch

from engine.nn.gaussian import DiagonalGaussian, log_prior


def some(count: int = 4, size: int = 3) -> DiagonalGaussian:
    rng = torch.Generator().manual_seed(0)
    mean = torch.randn(count, size, generator=rng, dtype=torch.float64)
    return DiagonalGaussian(mean, torch.randn(count, size, generator=rng, dtype=torch.float64))


def test_the_kl_is_what_sampling_says() -> None:
    q = some()
    z = q.place(torch.randn(200_000, 4, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64))
    ratio = q.log_density(z) - log_prior(z)
    error = ratio.std(dim=0) / math.sqrt(len(z))
    assert bool(((ratio.mean(dim=0) - q.kl().sum(dim=1)).abs() < 4 * error).all())


def test_the_kl_of_the_prior_is_nothing_and_all_others_cost() -> None:
    assert not DiagonalGaussian(torch.zeros(2, 3), torch.zeros(2, 3)).kl().any()
    assert bool((some().kl() > 0).all())
    one = DiagonalGaussian(torch.tensor([[2.0]]), torch.tensor([[math.log(0.25)]])).kl()
    torch.testing.assert_close(one, torch.tensor([[0.5 * (4 + 0.25 - 1 + math.log(4))]]))


def test_densities_are_those_of_torch() -> None:
    q = some()
    z = torch.randn(5, 4, 3, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    theirs = torch.distributions.Normal(q.mean, (0.5 * q.log_variance).exp()).log_prob(z).sum(dim=-1)
    torch.testing.assert_close(q.log_density(z), theirs)
    torch.testing.assert_close(log_prior(z), torch.distributions.Normal(0.0, 1.0).log_prob(z).sum(dim=-1))


def test_a_draw_is_where_its_noise_puts_it_and_gradients_pass() -> None:
    mean, log_variance = torch.tensor([[1.0, -1.0]]), torch.tensor([[0.0, math.log(4.0)]])
    mean.requires_grad_()
    log_variance.requires_grad_()
    z = DiagonalGaussian(mean, log_variance).place(torch.tensor([[0.5, 2.0]]))
    torch.testing.assert_close(z.detach(), torch.tensor([[1.5, 3.0]]))
    z.sum().backward()
    assert mean.grad is not None
    assert log_variance.grad is not None
    torch.testing.assert_close(mean.grad, torch.ones(1, 2))
    torch.testing.assert_close(log_variance.grad, torch.tensor([[0.25, 2.0]]))
