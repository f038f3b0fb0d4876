"""The game of the paper in numbers (models.md tests 14 to 16 and 19)."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from engine.families.gan import losses

P_DATA = torch.tensor([0.5, 0.3, 0.2, 0.0], dtype=torch.float64)
P_MODEL = torch.tensor([0.1, 0.2, 0.3, 0.4], dtype=torch.float64)


def logits(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


def test_the_value_of_the_best_d_is_the_published_number() -> None:
    best = losses.best_discriminator(P_DATA, P_MODEL)
    value = losses.value_of(P_DATA, P_MODEL, best).item()
    assert value == pytest.approx(-0.9433483923, abs=1e-10)
    assert value == pytest.approx(losses.criterion(P_DATA, P_MODEL).item(), abs=1e-15)


def test_climbing_v_ends_at_the_best_d() -> None:
    s = torch.zeros(4, dtype=torch.float64, requires_grad=True)
    for _ in range(4000):
        (gradient,) = torch.autograd.grad(losses.value_of(P_DATA, P_MODEL, torch.sigmoid(s)), s)
        s = (s + 2.0 * gradient).detach().requires_grad_()
    torch.testing.assert_close(torch.sigmoid(s), losses.best_discriminator(P_DATA, P_MODEL), atol=1e-3, rtol=0)


def test_c_of_g_is_least_exactly_where_the_distributions_agree() -> None:
    rng = torch.Generator().manual_seed(0)
    for _ in range(50):
        p, q = torch.rand(2, 6, generator=rng, dtype=torch.float64).unbind()
        assert losses.criterion(p / p.sum(), q / q.sum()).item() > -math.log(4) + 1e-6
    assert losses.criterion(P_MODEL, P_MODEL).item() == pytest.approx(-1.3862943611, abs=1e-10)
    assert torch.equal(losses.best_discriminator(P_MODEL, P_MODEL), torch.full((4,), 0.5, dtype=torch.float64))


def test_the_best_d_is_a_half_where_nothing_is() -> None:
    nothing = torch.zeros(1)
    assert losses.best_discriminator(nothing, nothing).item() == 0.5


def test_v_of_logits_is_v_of_probabilities() -> None:
    real, fake = logits(2.0, -1.0), logits(0.5, -3.0)
    expected = torch.log(torch.sigmoid(real)).mean() + torch.log(1 - torch.sigmoid(fake)).mean()
    torch.testing.assert_close(losses.value(real, fake), expected)
    assert losses.value(logits(0.0), logits(0.0)).item() == pytest.approx(-math.log(4))


def test_d_climbs_v() -> None:
    real, fake = logits(0.3), logits(-0.2)
    for loss in ("minimax", "non-saturating"):
        assert losses.discriminator_loss(loss, real, fake).item() == pytest.approx(-losses.value(real, fake).item())
        grad_real, grad_fake = torch.autograd.grad(losses.discriminator_loss(loss, real, fake), (real, fake))
        assert grad_real.item() < 0 < grad_fake.item()


@pytest.mark.parametrize("s", [-10.0, -1.0, 0.0, 2.0])
def test_gradients_of_g_by_a_logit(s: float) -> None:
    sigmoid = 1 / (1 + math.exp(-s))
    for loss, expected in (("minimax", -sigmoid), ("non-saturating", -(1 - sigmoid))):
        fake = logits(s)
        (gradient,) = torch.autograd.grad(losses.generator_loss(loss, fake), fake)
        assert gradient.item() == pytest.approx(expected, abs=1e-12)


def test_where_d_is_sure_only_the_non_saturating_loss_still_pulls() -> None:
    fake = logits(-10.0)
    (minimax,) = torch.autograd.grad(losses.generator_loss("minimax", fake), fake)
    (other,) = torch.autograd.grad(losses.generator_loss("non-saturating", fake), fake)
    assert abs(minimax.item()) == pytest.approx(4.54e-5, rel=1e-2)
    assert abs(other.item()) == pytest.approx(0.99995, abs=1e-5)


def test_relativistic_pairs_depend_on_differences_alone_and_pull_apart() -> None:
    real, fake = logits(1.0, 2.0), logits(0.5, -1.0)
    d_loss = losses.discriminator_loss("relativistic", real, fake)
    g_loss = losses.generator_loss("relativistic", fake, real)
    torch.testing.assert_close(d_loss, losses.discriminator_loss("relativistic", real + 7, fake + 7))
    grad_real, grad_fake = torch.autograd.grad(d_loss, (real, fake))
    assert bool((grad_real < 0).all() and (grad_fake > 0).all())
    (grad_fake,) = torch.autograd.grad(g_loss, fake)
    assert bool((grad_fake < 0).all())
    with pytest.raises(ValueError, match="real samples"):
        losses.generator_loss("relativistic", fake)


@pytest.mark.parametrize("big", [1e4, -1e4])
def test_huge_logits_stay_finite(big: float) -> None:
    for loss in ("minimax", "non-saturating", "relativistic"):
        real, fake = logits(big), logits(-big)
        total = losses.discriminator_loss(loss, real, fake) + losses.generator_loss(loss, fake, real)
        gradients = torch.autograd.grad(total, (real, fake))
        assert all(torch.isfinite(value).all() for value in (total, *gradients))


def test_the_penalty_of_a_linear_d_is_the_squared_length_of_its_weight() -> None:
    weight = torch.tensor([[1.0, -2.0, 0.5]], requires_grad=True)
    x = torch.randn(7, 3, generator=torch.Generator().manual_seed(0)).requires_grad_()
    penalty = losses.gradient_penalty((x @ weight.T)[:, 0], x)
    assert penalty.item() == pytest.approx(5.25)
    (gradient,) = torch.autograd.grad(penalty, weight)
    torch.testing.assert_close(gradient, 2 * weight.detach())


def test_small_contrasts_count_in_what_changes() -> None:
    x = torch.zeros(2, 3, 16, 16)
    assert losses.latent_change(x, x) == 0
    flat = losses.latent_change(x, x + 0.1)
    checks = torch.where((torch.arange(16)[:, None] + torch.arange(16)) % 2 == 0, 0.1, -0.1)
    assert losses.latent_change(x, x + checks) > 2 * flat
    assert losses.latent_change(torch.zeros(4, 2), torch.tensor([[0.5, -0.5]] * 4)).item() == pytest.approx(0.5)
