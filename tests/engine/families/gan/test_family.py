"""A step of D leaves G as it was and the other way round, and everything random comes from the given generator."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from engine.families.gan import losses
from engine.families.gan.family import Gan
from engine.families.gan.recipe import draw_nearby
from engine.family import Batch, SampleSpec, Tensors

MakeGan = Callable[..., Gan]
MakeBatch = Callable[..., Batch]
Knobs = dict[str, object]

RGB_16 = SampleSpec((16, 16, 3), {"label": ("cat", "dog"), "hat": ("none", "cap", "crown")})
PLANE = SampleSpec((2,))
EVERY = [
    ("gan_2014", RGB_16, {}),
    ("gan_2014", PLANE, {"optimizer": "adam", "loss": "minimax"}),
    ("dcgan", RGB_16, {"augment": "color,translation"}),
    ("gan_modern", RGB_16, {"condition": "everything", "minibatch_std": True}),
    ("gan_modern", RGB_16, {"loss": "non-saturating", "augment": "color,translation,cutout"}),
    ("gan_modern", PLANE, {"minibatch_std": True}),
]
IDS = [f"{name}-{len(spec.shape)}d-{'-'.join(map(str, knobs.values()))}" for name, spec, knobs in EVERY]


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def weights(module: nn.Module) -> Tensors:
    return {name: value.clone() for name, value in module.state_dict().items()}


def unchanged(module: nn.Module, before: Tensors) -> bool:
    return all(torch.equal(value, before[name]) for name, value in module.state_dict().items())


def descend(gan: Gan, phase: str, batch: Batch, seed: int = 0, step: int = 0) -> Tensor:
    """One plain step of gradient descent on whatever got a gradient."""
    total = gan.losses(phase, batch, rng(seed), step).total
    total.backward()
    with torch.no_grad():
        for module in gan.modules().values():
            for parameter in module.parameters():
                if parameter.grad is not None:
                    parameter -= 0.05 * parameter.grad
                    parameter.grad = None
    return total.detach()


@pytest.mark.parametrize(("name", "spec", "knobs"), EVERY, ids=IDS)
def test_a_phase_moves_its_own_network_and_no_bit_of_the_other(
    make_gan: MakeGan, make_batch: MakeBatch, name: str, spec: SampleSpec, knobs: Knobs
) -> None:
    gan = make_gan(name, "tiny", spec, **knobs)
    batch = make_batch(spec)
    for phase, mine, other in (
        ("D", gan.discriminator, gan.generator),
        ("G", gan.generator, gan.discriminator),
    ):
        before_mine, before_other = weights(mine), weights(other)
        descend(gan, phase, batch)
        assert unchanged(other, before_other)
        assert not unchanged(mine, before_mine)
        assert all(parameter.requires_grad for parameter in (*mine.parameters(), *other.parameters()))


@pytest.mark.parametrize(("name", "spec", "knobs"), EVERY, ids=IDS)
def test_the_same_state_and_generator_give_the_same_bits(
    make_gan: MakeGan, make_batch: MakeBatch, name: str, spec: SampleSpec, knobs: Knobs
) -> None:
    one, other, third = (make_gan(name, "tiny", spec, **knobs) for _ in range(3))
    batch = make_batch(spec)
    for phase in ("D", "G"):
        first = one.losses(phase, batch, rng(4), 0)
        torch.rand(5)
        state = torch.get_rng_state()
        second = other.losses(phase, batch, rng(4), 0)
        assert torch.equal(torch.get_rng_state(), state), "training must not use the global random numbers"
        assert torch.equal(first.total, second.total)
        assert first.terms.keys() == second.terms.keys()
        assert all(torch.equal(value, second.terms[key]) for key, value in first.terms.items())
        different = third.losses(phase, batch, rng(5), 0)
        assert not torch.equal(first.total, different.total)


@pytest.mark.parametrize(("name", "spec", "knobs"), EVERY, ids=IDS)
def test_each_phase_lowers_its_own_loss(
    make_gan: MakeGan, make_batch: MakeBatch, name: str, spec: SampleSpec, knobs: Knobs
) -> None:
    gan = make_gan(name, "tiny", spec, **knobs)
    batch = make_batch(spec, count=16)
    for phase in ("D", "G"):
        first = descend(gan, phase, batch, step=1)
        for _ in range(6):
            last = descend(gan, phase, batch, step=1)
        assert last < first


def test_terms_are_what_they_are_called(make_gan: MakeGan, make_batch: MakeBatch) -> None:
    gan = make_gan("gan_modern", "points", PLANE, penalty_every=1)
    terms = gan.losses("D", make_batch(PLANE), rng(), 0).terms
    assert list(terms) == ["loss/D", "D(real)", "D(fake)", "V(G,D)", "R1"]
    assert all(value.ndim == 0 and not value.requires_grad for value in terms.values())
    assert terms["V(G,D)"].item() == pytest.approx(-terms["loss/D"].item())
    assert 0 < terms["D(real)"].item() < 1
    assert list(gan.losses("G", make_batch(PLANE), rng(), 0).terms) == ["loss/G"]
    pairs = make_gan("gan_modern", "tiny", PLANE)
    assert list(pairs.losses("D", make_batch(PLANE), rng(), 0).terms) == ["loss/D", "D(real > fake)", "R1", "R2"]


def test_d_real_is_the_mean_probability_of_real_samples(make_gan: MakeGan, make_batch: MakeBatch) -> None:
    gan = make_gan("gan_modern", "points", PLANE)
    batch = make_batch(PLANE)
    terms = gan.losses("D", batch, rng(), 1).terms
    assert terms["D(real)"].item() == pytest.approx(torch.sigmoid(gan.discriminator(batch.x)).mean().item(), rel=1e-5)


def test_lazy_penalties_come_every_nth_step_and_n_times_as_strong(make_gan: MakeGan, make_batch: MakeBatch) -> None:
    batch = make_batch(PLANE)
    knobs = {"gamma": 3.0, "gamma_made": 2.0, "penalty_every": 4, "loss": "non-saturating"}
    gan = make_gan("gan_modern", "tiny", PLANE, **knobs)
    due, not_due = gan.losses("D", batch, rng(), 8), gan.losses("D", batch, rng(), 9)
    assert "R1" not in not_due.terms
    assert torch.equal(not_due.total.detach(), not_due.terms["loss/D"])
    extra = 4 * (1.5 * due.terms["R1"] + 1.0 * due.terms["R2"])
    torch.testing.assert_close(due.total.detach(), due.terms["loss/D"] + extra)
    x = batch.x.clone().requires_grad_()
    torch.testing.assert_close(due.terms["R1"], losses.gradient_penalty(gan.discriminator(x), x).detach())
    assert not batch.x.requires_grad


def test_change_nearby_counts_every_nth_step_and_n_times_as_much(make_gan: MakeGan, make_batch: MakeBatch) -> None:
    batch = make_batch(RGB_16)
    gan = make_gan("gan_modern", "tiny", RGB_16, smoothness=2.0, smooth_every=3)
    due, not_due = gan.losses("G", batch, rng(), 6), gan.losses("G", batch, rng(), 7)
    assert list(not_due.terms) == ["loss/G"]
    assert torch.equal(not_due.total.detach(), not_due.terms["loss/G"])
    torch.testing.assert_close(due.total.detach(), due.terms["loss/G"] + 6 * due.terms["latent change"])
    gradient = gradients(gan, due.total)
    without = gradients(gan, gan.losses("G", batch, rng(), 7).total)
    assert not all(torch.allclose(a, b) for a, b in zip(gradient, without, strict=True))


def test_latents_nearby_are_draws_too() -> None:
    z = torch.randn(4000, 3, generator=rng(1))
    nearby = draw_nearby(z, rng(2))
    assert nearby.mean().abs() < 0.05
    assert nearby.std().item() == pytest.approx(1.0, abs=0.02)
    assert (z * nearby).mean().item() == pytest.approx(0.9, abs=0.02)


def test_gamma_grows_with_the_number_of_pixels(make_gan: MakeGan) -> None:
    gammas = [make_gan("gan_modern", "tiny", SampleSpec((size, size, 3)), gamma=0.1).recipe.r1 for size in (16, 32, 64)]
    assert gammas == pytest.approx([0.025, 0.1, 0.4])


def test_d_sees_real_and_made_samples_through_the_same_augmentation(
    make_gan: MakeGan, make_batch: MakeBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    gan = make_gan("gan_modern", "tiny", RGB_16, augment="color,translation,cutout")
    calls: list[tuple[str, float]] = []

    def spy(x: Tensor, policy: str, strength: float, rng: torch.Generator) -> Tensor:
        calls.append((policy, strength))
        return x

    monkeypatch.setattr("engine.families.gan.family.diffaugment", spy)
    gan.losses("D", make_batch(RGB_16), rng(), 1)
    gan.losses("G", make_batch(RGB_16), rng(), 1)
    assert calls == [("color,translation,cutout", 0.5)] * 4


def test_the_slow_copy_follows_the_half_life(make_gan: MakeGan, make_batch: MakeBatch) -> None:
    gan = make_gan("gan_modern", "tiny", PLANE, ema_half_life=1000.0, ema_ramp=0.0)
    assert gan.average is not None
    start = weights(gan.average)
    descend(gan, "G", make_batch(PLANE))
    gan.after_step(0, ("D", "G"), torch.Generator())
    beta = 0.5 ** (16 / 1000)
    for name, value in gan.generator.state_dict().items():
        torch.testing.assert_close(gan.average.state_dict()[name], beta * start[name] + (1 - beta) * value)
    assert not any(parameter.requires_grad for parameter in gan.average.parameters())
    assert gan.average is not gan.generator


def test_a_step_of_d_alone_leaves_what_is_shown(make_gan: MakeGan) -> None:
    gan = make_gan("gan_modern", "tiny", PLANE)
    before = {name: tensor.clone() for name, tensor in gan.snapshot_tensors().items() if name.startswith("G.")}
    for parameter in gan.generator.parameters():
        parameter.data.add_(1.0)
    gan.after_step(0, ("D",), torch.Generator())
    assert all(torch.equal(gan.snapshot_tensors()[name], tensor) for name, tensor in before.items())
    gan.after_step(0, ("G",), torch.Generator())
    assert not all(torch.equal(gan.snapshot_tensors()[name], tensor) for name, tensor in before.items())


def test_the_ramp_counts_the_samples_seen(make_gan: MakeGan) -> None:
    gan = make_gan("gan_modern", "tiny", PLANE, ema_half_life=1e6, ema_ramp=0.5)
    assert gan.average is not None
    with torch.no_grad():
        gan.generator.layers[0].weight += 1.0
    before = gan.average.layers[0].weight.clone()
    gan.after_step(9, ("D", "G"), torch.Generator())
    moved = (gan.average.layers[0].weight - before).mean().item()
    assert moved == pytest.approx(1 - 0.5 ** (16 / (0.5 * 160)), rel=1e-4)


def test_the_slow_copy_is_what_is_shown(make_gan: MakeGan) -> None:
    gan = make_gan("gan_modern", "tiny", PLANE)
    assert gan.average is not None
    assert gan.snapshot_tensors()["G.layers.0.weight"].data_ptr() == gan.average.layers[0].weight.data_ptr()


def test_without_a_slow_copy_g_itself_is_shown(make_gan: MakeGan) -> None:
    gan = make_gan("gan_2014", "tiny", PLANE)
    assert set(gan.modules()) == {"G", "D"}
    gan.after_step(0, ("D", "G"), torch.Generator())
    assert gan.snapshot_tensors()["G.first.weight"].data_ptr() == gan.generator.first.weight.data_ptr()


def test_live_knobs_reach_the_next_step(make_gan: MakeGan) -> None:
    gan = make_gan("gan_modern", "tiny", PLANE, lr_half=0.0)
    knobs = {**vars(gan.config), "gamma": 0.0, "lr_g": 0.003, "ema_half_life": 7.0}
    gan.set_config(type(gan.config)(**knobs))
    assert gan.recipe.r1 == 0.0
    assert gan.rates("G", 10) == {"lr": 0.003}
    assert gan.recipe.ema is not None
    assert gan.recipe.ema.half_life == 7.0


def test_a_saved_state_goes_on_bit_for_bit(make_gan: MakeGan, make_batch: MakeBatch) -> None:
    batch = make_batch(RGB_16)
    gan = make_gan("gan_modern", "tiny", RGB_16)
    descend(gan, "D", batch)
    descend(gan, "G", batch)
    gan.after_step(0, ("D", "G"), torch.Generator())
    saved = {name: value.clone() for name, value in gan.state().items()}
    assert {name.partition(".")[0] for name in saved} == {"G", "D", "G_ema"}
    again = make_gan("gan_modern", "tiny", RGB_16)
    again.load_state(saved)
    for seed in range(3):
        for phase in ("D", "G"):
            assert torch.equal(descend(gan, phase, batch, seed, 1), descend(again, phase, batch, seed, 1))
    with pytest.raises(ValueError, match="start a new run"):
        make_gan("gan_modern", "tiny", RGB_16, width=9).load_state(saved)


def test_the_step_of_a_linear_game_is_the_gradient_of_v() -> None:
    """A sign that is wrong anywhere in the loss of D moves the logits of real samples down."""
    real = torch.zeros(3, requires_grad=True)
    fake = torch.zeros(3, requires_grad=True)
    gradients = torch.autograd.grad(losses.discriminator_loss("non-saturating", real, fake), (real, fake))
    torch.testing.assert_close(gradients[0], torch.full((3,), -1 / 6))
    torch.testing.assert_close(gradients[1], torch.full((3,), 1 / 6))
    assert losses.discriminator_loss("relativistic", real, fake).item() == pytest.approx(math.log(2))


def test_hidden_conditions_are_hidden_as_often_as_asked(make_gan: MakeGan, make_batch: MakeBatch) -> None:
    batch = make_batch(RGB_16, count=4000)
    gan = make_gan("gan_2014", "tiny", RGB_16, condition="everything", condition_dropout=0.25)
    labels = gan._labels(batch, rng())
    before = torch.stack([batch.labels["hat"], batch.labels["label"]], dim=1)
    assert bool(((labels == before) | (labels == -1)).all())
    known = before >= 0
    assert (labels[known] == -1).float().mean().item() == pytest.approx(0.25, abs=0.02)


def test_copies_of_a_gan_are_independent(make_gan: MakeGan) -> None:
    gan = make_gan("gan_modern", "tiny", PLANE)
    before = weights(copy.deepcopy(gan.generator))
    assert unchanged(gan.average, before)
    assert all(
        mine.data_ptr() != its.data_ptr()
        for mine, its in zip(gan.average.parameters(), gan.generator.parameters(), strict=True)
    )


@pytest.mark.parametrize("name", ["dcgan", "gan_modern"])
def test_g_learns_from_the_samples_that_it_made_for_d_as_if_it_made_them_itself(
    make_gan: MakeGan, make_batch: MakeBatch, name: str
) -> None:
    spec = SampleSpec((16, 16, 3))
    lends, makes = (make_gan(name, "tiny", spec, augment="none") for _ in range(2))
    batch = make_batch(spec)
    lends.losses("D", batch, rng(4), 0)
    lent = lends.losses("G", batch, rng(9), 0)
    own = makes.losses("G", batch, rng(4), 0)  # draws the same z that D's phase drew
    assert torch.allclose(lent.total, own.total, atol=1e-6)
    for a, b in zip(gradients(lends, lent.total), gradients(makes, own.total), strict=True):
        assert torch.allclose(a, b, atol=1e-6)
    for a, b in zip(lends.generator.buffers(), makes.generator.buffers(), strict=True):
        assert torch.equal(a, b)


def test_g_may_draw_anew(make_gan: MakeGan, make_batch: MakeBatch) -> None:
    batch = make_batch(RGB_16)
    gan = make_gan("dcgan", "paper", RGB_16, width=4)
    gan.losses("D", batch, rng(4), 0)
    again = make_gan("dcgan", "paper", RGB_16, width=4)
    assert torch.equal(gan.losses("G", batch, rng(9), 0).total, again.losses("G", batch, rng(9), 0).total)


def gradients(gan: Gan, total: torch.Tensor) -> tuple[torch.Tensor, ...]:
    return torch.autograd.grad(total, list(gan.generator.parameters()))
