"""Counting codes: a rolling window of at least 50 per code, epochs, and perplexity."""

from __future__ import annotations

import pytest
import torch

from engine.nn.usage import PER_CODE, ROWS, CodeUsage, perplexity


def test_the_window_forgets_and_always_holds_fifty_per_code() -> None:
    usage = CodeUsage(codes=4, batch_codes=8)
    for step in range(usage.steps_per_row * (ROWS + 3)):
        usage.count(torch.tensor([step % 4] * 8), step, per_epoch=0)
        if step >= usage.steps_per_row * ROWS:
            assert int(usage.counts()[0].sum()) >= PER_CODE * 4
    assert int(usage.counts()[0].sum()) <= 8 * usage.steps_per_row * ROWS


def test_what_was_chosen_long_ago_is_out_of_the_window() -> None:
    usage = CodeUsage(codes=2, batch_codes=10)
    rounds = usage.steps_per_row * ROWS
    for step in range(2 * rounds):
        usage.count(torch.full((10,), int(step >= rounds)), step, per_epoch=0)
    assert usage.counts()[0].tolist() == [0, 10 * rounds]
    assert usage.last_K.tolist() == [rounds - 1, 2 * rounds - 1]


def test_an_epoch_begins_anew() -> None:
    usage = CodeUsage(codes=3, batch_codes=2)
    for step, code in enumerate((0, 1, 2)):
        usage.count(torch.tensor([code, code]), step, per_epoch=2)
    assert usage.counts()[1].tolist() == [0, 0, 2]
    assert usage.epoch_2K[0].tolist() == [2, 2, 0]


def test_perplexity_is_the_number_of_codes_used_alike() -> None:
    assert float(perplexity(torch.tensor([5, 5, 5, 0]))) == pytest.approx(3.0, rel=1e-12)
    assert float(perplexity(torch.tensor([7, 0, 0, 0]))) == 1.0
    assert float(perplexity(torch.zeros(4, dtype=torch.int64))) == 1.0
