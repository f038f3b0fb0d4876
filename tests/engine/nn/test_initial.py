"""Weights begin with the spread that was asked for, biases at zero."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from engine.nn.initial import begin_normal, begin_scaled, begin_uniform


def layers() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Linear(100, 200), nn.Conv2d(20, 30, 5, bias=False), nn.ConvTranspose2d(30, 20, 4), nn.BatchNorm2d(3)
    )


def test_normal_weights_have_the_given_deviation() -> None:
    net = layers()
    begin_normal(net, std=0.02)
    for layer in list(net)[:3]:
        error = 0.02 / math.sqrt(2 * layer.weight.numel())
        assert layer.weight.std().item() == pytest.approx(0.02, abs=3 * error)
    assert not net[0].bias.any()
    assert bool((net[3].weight == 1).all())


def test_uniform_weights_fill_their_range() -> None:
    net = layers()
    begin_uniform(net, limit=0.05)
    assert net[0].weight.abs().max().item() == pytest.approx(0.05, rel=0.01)
    assert net[0].weight.std().item() == pytest.approx(0.05 / math.sqrt(3), rel=0.02)


def test_scaled_weights_keep_the_signal_alive() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(*(layer for _ in range(6) for layer in (nn.Linear(300, 300), nn.LeakyReLU(0.2))))
    begin_scaled(net, slope=0.2)
    x = torch.randn(200, 300)
    assert net(x).square().mean().sqrt().item() == pytest.approx(1.0, rel=0.3)
