"""The networks and schedules of 2014: parameter counts, ranges, learning rate, momentum."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import nn

from engine.families.gan.family import Gan
from engine.families.gan.gan_2014 import MaxoutDiscriminator, MlpGenerator, learning_rate, momentum
from engine.family import SampleSpec

MakeGan = Callable[..., Gan]
DIGITS = SampleSpec((28, 28, 1))


def count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def test_the_paper_preset_has_the_published_number_of_parameters(make_gan: MakeGan) -> None:
    gan = make_gan("gan_2014", "paper", DIGITS)
    assert count(gan.generator) == 2_503_984
    assert count(gan.discriminator) == 1_231_441
    assert gan.latent.size == 100
    assert gan.latent.prior == "uniform"


def test_weights_begin_in_the_ranges_of_the_authors(make_gan: MakeGan) -> None:
    gan = make_gan("gan_2014", "paper", DIGITS)
    assert gan.generator.second.weight.abs().max().item() == pytest.approx(0.05, rel=1e-3)
    assert gan.discriminator.first.linear.weight.abs().max().item() == pytest.approx(0.005, rel=1e-3)
    deviation = gan.generator.second.weight.std().item()
    assert deviation == pytest.approx(0.05 / math.sqrt(3), rel=0.01)


def test_pictures_are_bounded_and_points_are_not(make_gan: MakeGan) -> None:
    z = torch.ones(3, 8) * 1e3
    pictures = make_gan("gan_2014", "tiny", SampleSpec((5, 7, 3))).generator(z)
    assert pictures.shape == (3, 3, 5, 7)
    assert pictures.abs().max().item() <= 1.0
    points = make_gan("gan_2014", "tiny", SampleSpec((2,))).generator(z)
    assert points.shape == (3, 2)
    assert points.abs().max().item() > 1.0


def test_the_output_is_a_sigmoid_moved_to_minus_one_to_one() -> None:
    net = MlpGenerator((1, 1, 1), z_size=1, units=2, limit=0.05, conditions=())
    nn.init.zeros_(net.last.weight)
    nn.init.constant_(net.last.bias, math.log(3.0))
    assert net(torch.zeros(1, 1)).item() == pytest.approx(2 * 0.75 - 1)


def test_d_sees_pixels_from_zero_to_one() -> None:
    net = MaxoutDiscriminator((1, 1, 1), 2, 1, 1.0, 1.0, limit=0.5, conditions=())
    black = net(torch.full((1, 1, 1, 1), -1.0))
    nn.init.zeros_(net.first.linear.weight)
    torch.testing.assert_close(net(torch.ones(1, 1, 1, 1)), black)


def test_dropout_acts_in_training_only_through_the_generator(make_gan: MakeGan) -> None:
    net = make_gan("gan_2014", "tiny", DIGITS).discriminator
    x = torch.rand(4, 1, 28, 28)
    assert torch.equal(net(x), net(x))
    assert not torch.equal(net(x, None, torch.Generator().manual_seed(0)), net(x))


def test_the_learning_rate_falls_by_a_factor_each_step_to_a_millionth() -> None:
    assert learning_rate(0.1, 4e-6, 0) == 0.1
    assert learning_rate(0.1, 4e-6, 500_000) == pytest.approx(0.1 / 1.000004**500_000)
    assert learning_rate(0.1, 4e-6, 10**8) == 1e-6


def test_momentum_rises_in_a_straight_line_and_stays() -> None:
    assert [round(momentum(0.5, 0.7, 100, step), 3) for step in (0, 50, 100, 10**6)] == [0.5, 0.6, 0.7, 0.7]


def test_rates_follow_the_optimizer(make_gan: MakeGan) -> None:
    paper = make_gan("gan_2014", "paper", SampleSpec((2,)))
    assert paper.rates("D", 125_000) == {"lr": learning_rate(0.1, 4e-6, 125_000), "momentum": pytest.approx(0.7)}
    assert paper.phases()[0].optimizer.kind == "sgd"
    adam = make_gan("gan_2014", "points", SampleSpec((2,)))
    assert adam.rates("G", 10) == {"lr": 1e-3}
    assert adam.phases()[1].optimizer.betas == (0.5, 0.999)


def test_d_may_take_more_steps_than_g(make_gan: MakeGan) -> None:
    first, second = make_gan("gan_2014", "tiny", SampleSpec((2,)), d_steps=3).phases()
    assert (first.name, first.repeats, second.name, second.repeats) == ("D", 3, "G", 1)


def test_pictures_begin_around_the_mean_of_the_data(make_gan: MakeGan) -> None:
    mean = torch.linspace(-0.9, 0.9, 3 * 16 * 16).view(3, 16, 16)
    gan = make_gan("gan_2014", "paper", SampleSpec((16, 16, 3), mean=mean), g_units=64, g_range=1e-4)
    with torch.no_grad():
        made = gan.generator(torch.zeros(1, 100))[0]
    assert torch.allclose(made, mean, atol=1e-2)


def test_larger_samples_take_smaller_steps_of_plain_descent_as_the_authors_do(make_gan: MakeGan) -> None:
    digit = make_gan("gan_2014", "paper", SampleSpec((28, 28, 1)))
    colour = make_gan("gan_2014", "paper", SampleSpec((32, 32, 3)))
    with_adam = make_gan("gan_2014", "modern", SampleSpec((32, 32, 3)))
    assert digit.rates("D", 0)["lr"] == 0.1
    assert colour.rates("D", 0)["lr"] == pytest.approx(0.025, rel=0.03)  # cifar10_fully_connected.yaml
    assert with_adam.rates("G", 0)["lr"] == 2e-4
