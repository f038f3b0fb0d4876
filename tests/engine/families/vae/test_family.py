"""A step makes minus the ELBO small, is a function of what it is given, and goes on after a break as without one."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch

from engine.data.dataset import ArraySource, Dataset, Table
from engine.families.vae.family import Vae
from engine.families.vae.vae import ENTRY
from engine.family import Batch, SampleSpec
from engine.knobs import configure
from engine.stepper import Stepper

MakeVae = Callable[..., Vae]
MakeBatch = Callable[..., Batch]
RGB = SampleSpec((16, 16, 3))
EVERY: list[dict[str, object]] = [
    {},
    {"style": "plain", "likelihood": "gaussian", "variance": "stated"},
    {"decoder": "perceptron", "likelihood": "bernoulli"},
    {"decoder": "autoregressive", "variance": "each", "warm_up": 10},
    {"decoder": "autoregressive", "likelihood": "binary"},
    {"likelihood": "gaussian", "variance": "each"},
]
IDS = ["-".join(map(str, knobs.values())) or "tiny" for knobs in EVERY]


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("knobs", EVERY, ids=IDS)
def test_the_same_state_and_generator_give_the_same_bits(
    make_vae: MakeVae, make_batch: MakeBatch, knobs: dict[str, object]
) -> None:
    one, other, third = (make_vae(RGB, **knobs) for _ in range(3))
    batch = make_batch(RGB)
    first = one.losses("VAE", batch, rng(4), 20)
    state = torch.get_rng_state()
    second = other.losses("VAE", batch, rng(4), 20)
    assert torch.equal(torch.get_rng_state(), state), "training must not use the global random numbers"
    assert torch.equal(first.total, second.total)
    assert all(torch.equal(value, second.terms[key]) for key, value in first.terms.items())
    assert not torch.equal(first.total, third.losses("VAE", batch, rng(5), 20).total)


@pytest.mark.parametrize("knobs", EVERY, ids=IDS)
def test_steps_against_the_gradient_lower_the_loss(
    make_vae: MakeVae, make_batch: MakeBatch, knobs: dict[str, object]
) -> None:
    vae, batch = make_vae(RGB, **knobs), make_batch(RGB)
    (phase,) = vae.phases()
    parameters = [each for each in phase.module.parameters() if each.requires_grad]
    optimizer = torch.optim.Adam(parameters, 1e-3)
    seen = []
    for _ in range(8):
        loss = vae.losses("VAE", batch, rng(), 100)
        optimizer.zero_grad()
        loss.total.backward()
        assert all(each.grad is not None and bool(torch.isfinite(each.grad).all()) for each in parameters)
        optimizer.step()
        seen.append(loss.total.item())
    assert seen[-1] < seen[0]


def test_terms_are_what_they_are_called(make_vae: MakeVae, make_batch: MakeBatch) -> None:
    vae = make_vae(RGB, beta=3.0)
    loss = vae.losses("VAE", make_batch(RGB), rng(), 0)
    terms = {name: value.item() for name, value in loss.terms.items()}
    assert list(terms) == ["loss/VAE", "reconstruction", "KL", "ELBO", "active units", "bits/dim"]
    assert all(value.ndim == 0 and not value.requires_grad for value in loss.terms.values())
    assert terms["KL"] > 0
    assert terms["reconstruction"] > 0, "no byte has a mass above 1"
    assert terms["loss/VAE"] == pytest.approx(terms["reconstruction"] + 3 * terms["KL"], rel=1e-6)
    assert terms["ELBO"] == pytest.approx(-terms["reconstruction"] - terms["KL"], rel=1e-6)
    assert terms["bits/dim"] == pytest.approx(-terms["ELBO"] / (768 * math.log(2)), rel=1e-6)
    density = make_vae(RGB, likelihood="gaussian").losses("VAE", make_batch(RGB), rng(), 0).terms
    assert "bits/dim" not in density


def test_the_kl_pulls_the_posterior_to_the_prior(make_vae: MakeVae, make_batch: MakeBatch) -> None:
    """With a decoder that does not listen, only the KL has a gradient, and it is that of the closed form."""
    vae = make_vae(RGB, beta=2.0)
    end = vae.network.encoder.end
    with torch.no_grad():
        vae.network.decoder.start.weight.zero_()
        end.weight.zero_()
        end.bias.copy_(torch.linspace(-1, 1, 32))
    (gradient,) = torch.autograd.grad(vae.losses("VAE", make_batch(RGB), rng(), 0).total, end.bias)
    mean, log_variance = end.bias.detach().chunk(2)
    torch.testing.assert_close(gradient, 2 * torch.cat([mean, 0.5 * (log_variance.exp() - 1)]), rtol=1e-4, atol=1e-5)


def test_gradients_reach_the_encoder_through_the_draw(make_vae: MakeVae, make_batch: MakeBatch) -> None:
    vae = make_vae(RGB, beta=0.0)
    end = vae.network.encoder.end
    (gradient,) = torch.autograd.grad(vae.losses("VAE", make_batch(RGB), rng(), 0).total, end.bias)
    assert bool((gradient != 0).all())


def test_the_kl_comes_to_count_over_the_warm_up(make_vae: MakeVae) -> None:
    vae = make_vae(RGB, warm_up=10, beta=4.0)
    assert [vae.kl_weight(step) for step in (0, 5, 10, 99)] == [0.0, 2.0, 4.0, 4.0]
    assert make_vae(RGB).kl_weight(0) == 1.0
    vae.set_config(configure(ENTRY.config, ENTRY.preset("tiny").values, {"beta": 0.5}))
    assert vae.kl_weight(0) == 0.5


def test_active_units_are_those_whose_means_vary(make_vae: MakeVae, make_batch: MakeBatch) -> None:
    vae = make_vae(RGB)
    assert vae.active_units().sum() == 0
    with torch.no_grad():
        vae.network.encoder.end.weight[3:16].zero_()
        vae.network.encoder.end.weight[:3].mul_(50)
    for seed in range(20):
        terms = vae.losses("VAE", make_batch(RGB, seed=seed), rng(), 0).terms
    assert terms["active units"].item() == 3
    assert vae.active_units().tolist() == [True] * 3 + [False] * 13


def test_the_slow_copy_follows(make_vae: MakeVae) -> None:
    vae = make_vae(RGB, ema_half_life=16.0)
    with torch.no_grad():
        vae.network.decoder.start.bias.fill_(1.0)
        vae.average.decoder.start.bias.fill_(0.0)
    vae.after_step(10_000, ("VAE",), rng())
    torch.testing.assert_close(vae.average.decoder.start.bias, torch.full_like(vae.network.decoder.start.bias, 0.5))


def stepper(**knobs: object) -> Stepper:
    pictures = np.random.Generator(np.random.Philox(1)).integers(0, 256, (40, 16, 16, 1), dtype=np.uint8)
    data = Dataset("noise", "Noise", "train", ArraySource(pictures), (16, 16, 1), Table({}), "0")
    config = configure(ENTRY.config, ENTRY.preset("tiny").values, {"causal_layers": 2}, knobs)
    return Stepper(ENTRY, config, data, seed=3, device=torch.device("cpu"))


def tensors(training: Stepper) -> dict[str, torch.Tensor]:
    weights, optimizer, _ = training.state()
    return {name: value.clone() for part in (weights, optimizer) for name, value in part.items()}


@pytest.mark.parametrize("knobs", [{}, {"decoder": "autoregressive", "variance": "each", "warm_up": 5}])
def test_training_on_goes_the_same_way_as_saving_loading_and_training(knobs: dict[str, object]) -> None:
    whole, first, second = (stepper(**knobs) for _ in range(3))
    for _ in range(6):
        whole.step()
    for _ in range(3):
        first.step()
    weights, optimizer, plain = first.state()
    copies = ({name: value.clone() for name, value in part.items()} for part in (weights, optimizer))
    second.load_state(*copies, plain)
    for _ in range(3):
        second.step()
    ended, resumed = tensors(whole), tensors(second)
    assert ended.keys() == resumed.keys()
    assert any(name.startswith("means.") for name in ended)
    assert all(torch.equal(value, resumed[name]) for name, value in ended.items())
    assert whole.read_metrics()["active units"] >= 0


def test_a_step_that_is_not_finite_leaves_no_trace() -> None:
    training = stepper()
    training.step()
    before = tensors(training)
    kept = training.family.likelihood.log_prob
    object.__setattr__(training.family.likelihood, "log_prob", lambda *given: kept(*given) * float("nan"))
    training.step()
    after = tensors(training)
    watched = [name for name in before if name.startswith(("VAE.", "means."))]
    assert all(torch.equal(after[name], before[name]) for name in watched if not name.endswith(".step"))


def test_black_and_white_is_all_that_binary_sees(make_vae: MakeVae, make_batch: MakeBatch) -> None:
    vae, batch = make_vae(RGB, likelihood="binary", decoder="autoregressive"), make_batch(RGB)
    sharp = Batch(torch.where(batch.x > 0, 1.0, -1.0), {})
    seen = [vae.losses("VAE", each, rng(), 0).total for each in (batch, sharp)]
    assert torch.equal(*seen)
    with pytest.raises(ValueError, match="set likelihood to binary"):
        make_vae(RGB, likelihood="bernoulli", decoder="autoregressive")


@pytest.mark.parametrize(
    ("shape", "words"),
    [((2,), "points"), ((28, 28, 1), "28x28"), ((16, 32, 3), "16x32"), ((32, 32, 4), "4 channels")],
)
def test_other_samples_are_refused_in_a_sentence(make_vae: MakeVae, shape: tuple[int, ...], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make_vae(SampleSpec(shape))
