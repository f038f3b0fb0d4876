"""The decoder that sees earlier pixels sees no others, sums to one, and draws the same with and without its memory."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import Tensor

from engine.families.vae.autoregressive import AutoregressiveDecoder, PixelByPixel
from engine.families.vae.likelihood import Likelihood

EACH = Likelihood("discretised", "each", 0.2)
LOG_SIGMA = torch.tensor(-1.5)


BLACK_WHITE = Likelihood("binary", "stated", 0.1)


def decoder(shape: tuple[int, int, int], likelihood: Likelihood = EACH, layers: int = 4) -> AutoregressiveDecoder:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return AutoregressiveDecoder(shape, likelihood, z_size=3, width=8, layers=layers)


def numbers(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("shape", [(1, 5, 7), (3, 4, 4)])
def test_no_pixel_sees_itself_a_later_one_or_another_picture(shape: tuple[int, int, int], training: bool) -> None:
    channels, height, width = shape
    net = decoder(shape).double().train(training)
    x = numbers(2, *shape).double().requires_grad_()
    out = net(numbers(2, 3).double(), x)
    for row, column in itertools.product(range(height), range(width)):
        for channel in range(channels):
            said = out[0, channel::channels, row, column].sum()
            (gradient,) = torch.autograd.grad(said, x, retain_graph=True)
            assert not gradient[1].any(), "pictures of a batch must not meet"
            reached = gradient[0] != 0
            assert not reached[channel:, row, column].any(), "a number may not see itself"
            assert not reached[:, row, column + 1 :].any(), "only earlier pixels may be seen"
            assert not reached[:, row + 1 :].any(), "only earlier pixels may be seen"
            assert bool(reached[:channel, row, column].all())
            assert not column or bool(reached[:, row, column - 1].all())
            assert not row or bool(reached[:, row - 1, column].all())


def test_z_is_heard_by_every_layer() -> None:
    net = decoder((1, 4, 4))
    z = numbers(1, 3)
    x = numbers(1, 1, 4, 4)
    before = net(z, x)
    for layer in range(5):
        changed = decoder((1, 4, 4))
        with torch.no_grad():
            changed.start.bias[layer * 8 : layer * 8 + 8] += 1
        assert not torch.allclose(changed(z, x), before)


@pytest.mark.parametrize("shape", [(1, 2, 3), (3, 1, 2)])
def test_the_chances_of_all_pictures_sum_to_one(shape: tuple[int, int, int]) -> None:
    net = decoder(shape, BLACK_WHITE).double()
    every = torch.tensor(list(itertools.product((-1.0, 1.0), repeat=6)), dtype=torch.float64).view(-1, *shape)
    out = net(numbers(1, 3).double().expand(len(every), 3), every)
    total = BLACK_WHITE.log_prob(every, out, LOG_SIGMA).exp().sum()
    assert abs(total.item() - 1) < 1e-10


@pytest.mark.parametrize("shape", [(1, 7, 5), (3, 6, 6)])
def test_one_place_at_a_time_gives_what_the_whole_network_gives(shape: tuple[int, int, int]) -> None:
    net, z, x = decoder(shape).double(), numbers(2, 3).double(), numbers(2, *shape).double()
    slow = PixelByPixel(net, z)
    with torch.no_grad():
        whole = net.raw(z, x)
        for row, column in itertools.product(range(shape[1]), range(shape[2])):
            torch.testing.assert_close(slow.raw(row, column), whole[:, :, row, column], atol=1e-12, rtol=1e-10)
            slow.keep(row, column, x[:, :, row, column])


@pytest.mark.parametrize("likelihood", [EACH, BLACK_WHITE], ids=["bytes", "black-white"])
@torch.no_grad()
def test_a_drawn_picture_is_what_the_network_says_of_it_with_that_noise(likelihood: Likelihood) -> None:
    shape = (3, 6, 6)
    net, z, noise = decoder(shape, likelihood), numbers(3, 3), numbers(1, *shape, seed=2)
    x = PixelByPixel(net, z).draw(likelihood, LOG_SIGMA, noise)
    out = net.double()(z.double(), x.double())
    again = likelihood.sample(out, LOG_SIGMA.double(), noise.double())
    torch.testing.assert_close(again.float(), x, atol=1e-6, rtol=0)
    levels = (x + 1) * 127.5
    torch.testing.assert_close(levels, levels.round(), atol=1e-4, rtol=0)


@torch.no_grad()
def test_a_picture_depends_on_its_own_z_alone() -> None:
    net, z = decoder((1, 8, 8)), numbers(9, 3)
    together = net.make(z, EACH, LOG_SIGMA)
    alone = torch.cat([net.make(each[None], EACH, LOG_SIGMA) for each in z])
    assert torch.equal(together, alone)
    assert not torch.equal(together[0], together[1])
    assert torch.equal(net.make(z, EACH, LOG_SIGMA), together)
    deaf = decoder((1, 8, 8))
    deaf.start.weight.zero_()
    same = deaf.make(z, EACH, LOG_SIGMA)
    assert torch.equal(same, same[:1].expand_as(same)), "where z says nothing, all pictures are one"
