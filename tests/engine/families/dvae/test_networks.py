"""The networks are those of DALL-E: their parameter counts, how weights begin, and how far a code reaches."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from engine.families.dvae.dvae import DvaeConfig, network_of
from engine.families.dvae.family import Dvae
from engine.families.dvae.networks import Block, DiscreteAutoencoder, receptive_field
from engine.family import SampleSpec

MakeDvae = Callable[..., Dvae]


def test_the_published_sizes_have_the_published_parameter_counts(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(nn.init, "normal_", lambda tensor, **_: tensor)  # on the meta device it loads a compiler
    with torch.device("meta"):
        network = network_of(DvaeConfig(), SampleSpec((256, 256, 3)))()
    counts = [sum(p.numel() for p in part.parameters()) for part in (network.encoder, network.decoder)]
    assert counts == [53_786_240, 43_829_766]
    gains = {each.gain for each in network.modules() if isinstance(each, Block)}
    assert gains == {1 / 64}
    assert network.encoder.input.kernel_size == (7, 7)
    around_the_choice = (network.encoder.output, network.decoder.input, network.decoder.output)
    assert all(layer.kernel_size == (1, 1) for layer in around_the_choice)
    kinds = {type(each) for each in network.modules() if not list(each.children())}
    assert kinds == {nn.Conv2d, nn.Identity}, "no normalisation"


def test_weights_begin_with_variance_one_over_fan_in_and_biases_at_zero(make_dvae: MakeDvae):
    for layer in make_dvae(width=32).network.modules():
        if isinstance(layer, nn.Conv2d):
            fan_in = layer.weight[0].numel()
            assert layer.weight.std().item() * fan_in**0.5 == pytest.approx(1, abs=4 / layer.weight.numel() ** 0.5)
            assert not layer.bias.any()


def test_codes_and_one_hot_shares_decode_alike(make_dvae: MakeDvae):
    network = make_dvae().network
    codes = torch.randint(64, (2, 4, 4), generator=torch.Generator().manual_seed(0))
    shares = nn.functional.one_hot(codes, 64).float()
    for one, other in zip(network.pixels_of_codes(codes), network.pixels(shares), strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(("blocks", "halvings"), [(1, 1), (1, 2), (2, 1)])
def test_a_code_reaches_as_far_as_it_is_said_to(blocks: int, halvings: int):
    network = DiscreteAutoencoder(1, 4, 8, 8, blocks, halvings, -7, 7).double()
    with torch.no_grad():  # all weights positive, so that no ReLU hides a path
        for parameter in network.decoder.parameters():
            parameter.fill_(0.1)
    side = 24
    choice = torch.full((1, side, side, 4), 0.25, dtype=torch.float64)
    touched = choice.clone()
    touched[0, side // 2, side // 2] = 0.5
    change = (network.pixels(touched)[0] - network.pixels(choice)[0])[0, 0]
    assert int((change != 0).any(dim=0).sum()) == receptive_field(blocks, halvings)
    assert receptive_field(2, 3) == 188


def test_ln_b_stays_within_its_limits(make_dvae: MakeDvae):
    network = make_dvae(lowest_ln_b=-0.01, highest_ln_b=0.1).network
    _, ln_b = network.pixels(torch.randn(2, 4, 4, 64, generator=torch.Generator().manual_seed(0)) * 50)
    assert ln_b.min().item() == pytest.approx(-0.01)
    assert ln_b.max().item() == pytest.approx(0.1)
