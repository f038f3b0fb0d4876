"""The slow copy follows its closed form, and copies what must not be averaged."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from engine.nn.ema import ema_beta, ema_update


def test_the_average_is_its_closed_form() -> None:
    beta, source = 0.75, nn.Linear(3, 2).double()
    average = copy.deepcopy(source)
    expected = source.weight.detach().clone()
    start, seen = expected.clone(), []
    for step in range(5):
        with torch.no_grad():
            source.weight.copy_(torch.full((2, 3), float(step + 1)))
        seen.append(source.weight.detach().clone())
        ema_update(average, source, beta)
    last = len(seen)
    expected = beta**last * start + sum((1 - beta) * beta ** (last - i) * w for i, w in enumerate(seen, start=1))
    torch.testing.assert_close(average.weight.detach(), expected, rtol=0, atol=1e-14)


def test_buffers_are_copied_by_value() -> None:
    source = nn.BatchNorm2d(3)
    average = copy.deepcopy(source)
    source(torch.arange(24.0).view(2, 3, 2, 2))
    ema_update(average, source, beta=0.999)
    assert torch.equal(average.running_mean, source.running_mean)
    assert torch.equal(average.num_batches_tracked, source.num_batches_tracked)
    assert average.running_mean.data_ptr() != source.running_mean.data_ptr()


def test_beta_zero_follows_at_once_to_the_bit() -> None:
    source = nn.Linear(7, 5)
    average = nn.Linear(7, 5)
    ema_update(average, source, beta=0.0)
    assert torch.equal(average.weight, source.weight)


def test_half_of_the_average_is_new_after_one_half_life() -> None:
    beta = ema_beta(batch_size=50, half_life=1000, seen=10**9, ramp=0.05)
    assert beta ** (1000 / 50) == pytest.approx(0.5)


def test_the_ramp_keeps_the_start_short_and_zero_turns_it_off() -> None:
    assert ema_beta(64, 5000, seen=640, ramp=0.05) == pytest.approx(0.5 ** (64 / 32))
    assert ema_beta(64, 5000, seen=640, ramp=0.0) == pytest.approx(0.5 ** (64 / 5000))
    assert ema_beta(64, 0.0, seen=640, ramp=0.05) == 0.0
