"""A frozen VAE is its slow copy: it decodes, finds latents, reconstructs and bounds, each sample by itself."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from engine.families.vae import bounds
from engine.families.vae.family import Vae
from engine.families.vae.likelihood import Likelihood
from engine.families.vae.snapshot import VaeSnapshot
from engine.families.vae.vae import ENTRY
from engine.family import Batch, SampleSpec, Tensors, capabilities_of
from engine.nn.likelihoods import discretised_gaussian_bits

MakeVae = Callable[..., Vae]
MakeBatch = Callable[..., Batch]
RGB = SampleSpec((16, 16, 3))
EVERY: list[dict[str, object]] = [
    {},
    {"decoder": "perceptron", "likelihood": "bernoulli"},
    {"decoder": "autoregressive", "variance": "each"},
]
IDS = ["convolutional", "perceptron", "autoregressive"]


def opened(vae: Vae) -> VaeSnapshot:
    copies = {name: value.detach().clone() for name, value in vae.snapshot_tensors().items()}
    snapshot = ENTRY.open_snapshot(vae.config, vae.spec, copies)
    assert isinstance(snapshot, VaeSnapshot)
    return snapshot


def numbers(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("knobs", EVERY, ids=IDS)
def test_it_shows_what_it_can_do(make_vae: MakeVae, make_batch: MakeBatch, knobs: dict[str, object]) -> None:
    snapshot, x = opened(make_vae(RGB, **knobs)), make_batch(RGB, 3).x
    assert capabilities_of(snapshot) == ENTRY.capabilities == ("latent", "reconstructor", "inverter")
    made = snapshot.decode(numbers(3, 16))
    assert made.shape == x.shape
    assert made.dtype == torch.float32
    assert bool((made.abs() <= 1).all())
    assert snapshot.first_layer().shape[1] == snapshot.latent.size == 16
    assert snapshot.latent.prior == "normal"
    assert snapshot.conditions == {}
    assert snapshot.invert(x).shape == (3, 16)
    assert torch.equal(snapshot.reconstruct(x), snapshot.decode(snapshot.invert(x)))
    assert snapshot.bits_per_dim(x).shape == (3,)


@pytest.mark.parametrize("knobs", EVERY, ids=IDS)
def test_each_sample_depends_on_itself_alone(
    make_vae: MakeVae, make_batch: MakeBatch, knobs: dict[str, object]
) -> None:
    snapshot, x, z = opened(make_vae(RGB, **knobs)), make_batch(RGB, 4).x, numbers(4, 16)
    for of, given in ((snapshot.decode, z), (snapshot.invert, x), (snapshot.bits_per_dim, x)):
        alone = torch.cat([of(each[None]) for each in given])
        torch.testing.assert_close(alone, of(given), atol=5e-6, rtol=1e-5)


@torch.no_grad()
def test_it_is_the_slow_copy_and_not_what_trains(make_vae: MakeVae) -> None:
    vae, z = make_vae(RGB), numbers(2, 16)
    for parameter in vae.network.parameters():
        parameter.add_(0.1)
    theirs = vae.average.decoder.make(z, vae.likelihood, vae.average.log_sigma)
    torch.testing.assert_close(opened(vae).decode(z), theirs)
    assert not torch.allclose(vae.network.decoder.make(z, vae.likelihood, vae.network.log_sigma), theirs)


@pytest.mark.parametrize("knobs", EVERY, ids=IDS)
def test_its_tensors_make_it_again(make_vae: MakeVae, knobs: dict[str, object]) -> None:
    vae = make_vae(RGB, **knobs)
    first = opened(vae)
    again = ENTRY.open_snapshot(vae.config, RGB, first.tensors())
    assert torch.equal(first.decode(numbers(2, 16)), again.decode(numbers(2, 16)))
    assert first.tensors().keys() == vae.snapshot_tensors().keys()
    assert all(tensor.is_contiguous() for tensor in first.tensors().values())


def test_the_bound_in_bits_is_that_of_training(make_vae: MakeVae, make_batch: MakeBatch) -> None:
    """The same pictures cost the same bits while training and after it, but for the draws of z."""
    vae, batch = make_vae(RGB), make_batch(RGB, 16)
    with torch.no_grad():
        trained = vae.losses("VAE", batch, torch.Generator().manual_seed(0), 0).terms["bits/dim"].item()
    assert opened(vae).bits_per_dim(batch.x).mean().item() == pytest.approx(trained, rel=0.02)


def test_with_a_posterior_that_says_nothing_bits_are_those_of_the_gaussian_alone(
    make_vae: MakeVae, make_batch: MakeBatch
) -> None:
    """After Bernoulli training the bytes are those of a Gaussian of the stated sigma around the decoder's mean."""
    vae, x = make_vae(RGB, decoder="perceptron", likelihood="bernoulli", sigma=0.3), make_batch(RGB, 3).x
    with torch.no_grad():
        vae.average.encoder.layers[-1].weight.zero_()
        vae.average.decoder.start.weight.zero_()
    snapshot = opened(vae)
    mean = snapshot.decode(torch.zeros(3, 16))
    expected = discretised_gaussian_bits(x, mean, torch.tensor(math.log(0.3)))
    torch.testing.assert_close(snapshot.bits_per_dim(x), expected, rtol=1e-4, atol=1e-4)


def test_more_draws_make_a_better_bound(make_vae: MakeVae, make_batch: MakeBatch) -> None:
    snapshot, x = opened(make_vae(RGB)), make_batch(RGB, 6).x
    one = bounds.iwae_bound(snapshot, x, 1, torch.Generator().manual_seed(0))
    many = bounds.iwae_bound(snapshot, x, 20, torch.Generator().manual_seed(0))
    assert bool((many > one - math.log(20)).all())
    assert many.mean() > one.mean()


@torch.no_grad()
def test_the_first_layer_is_what_z_meets(make_vae: MakeVae) -> None:
    for knobs in EVERY:
        vae = make_vae(RGB, **knobs)
        vae.average.decoder.start.weight[:, 3] = 0
        snapshot, z = opened(vae), numbers(1, 16)
        moved = z.clone()
        moved[:, 3] += 5
        assert not snapshot.first_layer()[:, 3].any()
        torch.testing.assert_close(snapshot.decode(z), snapshot.decode(moved))


def test_pictures_of_the_mean_stay_within_bounds_and_black_and_white_are_chances() -> None:
    out = torch.tensor([[[[-5.0, 0.0, 0.3, 5.0]]]])
    gaussian = Likelihood("gaussian", "stated", 0.1).mean(out)
    torch.testing.assert_close(gaussian, torch.tensor([[[[-1.0, 0.0, 0.3, 1.0]]]]))
    chances = Likelihood("bernoulli", "stated", 0.1).mean(out)
    torch.testing.assert_close(chances, 2 * torch.sigmoid(out) - 1)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda tensors: tensors.pop("VAE.decoder.start.bias"), "is missing"),
        (lambda tensors: tensors.update({"G.weight": torch.zeros(1)}), "not of a VAE"),
        (lambda tensors: tensors.update({"VAE.sigma": torch.zeros(2)}), "not \\(\\)"),
    ],
)
def test_weights_of_another_model_are_refused(
    make_vae: MakeVae, change: Callable[[Tensors], object], words: str
) -> None:
    vae = make_vae(RGB)
    tensors = dict(vae.snapshot_tensors())
    change(tensors)
    with pytest.raises(ValueError, match=words):
        ENTRY.open_snapshot(vae.config, RGB, tensors)
