"""The benches of speed give figures for small sizes; how good they are is for the machine to say."""

from __future__ import annotations

import pytest
import torch

from engine.bench.dcgan_step import bench_dcgan_step
from engine.bench.decode import bench_decode
from engine.bench.modern_step import bench_modern_step
from engine.bench.portraits import bench_portraits


@pytest.fixture(autouse=True)
def _threads():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_dcgan_step_compares_two_loops():
    found = bench_dcgan_step(rounds=2, size=16, width=8, batch=8)
    assert found["training_ratio_plain"] > 0
    assert found["our_step_ms"] > 0
    assert found["plain_step_ms"] > 0


def test_modern_step_counts_pictures():
    found = bench_modern_step(seconds=0.05, preset="tiny")
    assert found["images_per_s"] == pytest.approx(16 / found["step_ms"] * 1e3)


def test_decode_gives_middle_and_tail():
    found = bench_decode(rounds=8, preset="tiny")
    assert found["picture_32_p50_ms"] <= found["picture_32_p95_ms"]
    assert len(found) == 6


def test_portraits_are_drawn_at_both_sizes():
    assert all(speed > 0 for speed in bench_portraits(count=128).values())
