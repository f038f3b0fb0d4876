from __future__ import annotations

from engine.bench.log import bench_log


def test_the_figures_are_of_the_log_that_was_asked_for() -> None:
    figures = bench_log(points=5000, lines_points=500)
    assert figures["points"] == 5000
    assert 8 < figures["bytes_per_point"] < 30
    assert all(value > 0 for value in figures.values())
