"""The benches of speed give figures for small sizes; how good they are is for the machine to say."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest
import torch

from engine.bench.dcgan_step import bench_dcgan_step
from engine.bench.decode import bench_decode
from engine.bench.modern_step import bench_modern_step
from engine.bench.nearest_code import bench_nearest_code
from engine.bench.portraits import bench_portraits
from engine.bench.vq_step import PackageMissingError, bench_vq_step


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


def test_the_nearest_codes_of_many_vectors_take_little_memory():
    found = bench_nearest_code(rounds=1, codes=2048, vectors=64, size=4, many=4096)
    assert found["cdist_ratio"] > 0
    assert found["largest_array_mb"] < found["cdist_array_mb"] / 8
    assert found["cdist_array_mb"] == pytest.approx(2048 * 4096 * 4 / 1e6)


def test_without_the_package_it_is_said_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "vector_quantize_pytorch", None)
    with pytest.raises(PackageMissingError, match="pip install vector-quantize-pytorch"):
        bench_vq_step(rounds=1)


def test_vq_step_compares_three_loops(monkeypatch):
    """The package is not installed where tests run; a quantiser with its face stands in."""
    monkeypatch.setitem(sys.modules, "vector_quantize_pytorch", SimpleNamespace(VectorQuantize=StandIn))
    found = bench_vq_step(rounds=1, books=(16,), presets=("tiny",))
    assert found.keys() == {
        f"tiny/K16/{name}"
        for name in ("training_ratio", "exchanged_ratio", "our_step_ms", "plain_step_ms", "exchanged_step_ms")
    }
    assert all(value > 0 for value in found.values())


class StandIn(torch.nn.Module):
    def __init__(self, **options):
        super().__init__()
        assert (options["codebook_size"], options["dim"], options["use_cosine_sim"]) == (16, 8, True)
        assert not options["kmeans_init"]

    def forward(self, z):
        return z, torch.zeros(z.shape[:2], dtype=torch.int64), z.square().mean()
