"""How fast a metric log of ten million points is written, opened and drawn, beside a plain reader of JSON lines.

Both logs are made and read in the same run; five metrics per step, as a GAN has. The JSON lines hold a tenth of the
points (a million), because reading them takes long; `json_lines_ratio` compares seconds per point.
"""

from __future__ import annotations

import json
import math
import tempfile
import time
from pathlib import Path

import numpy as np

from engine.series import Series
from engine.storage.log import LogReader, LogWriter

POINTS = 10_000_000
LINES_POINTS = 1_000_000
METRICS = ("loss/D", "loss/G", "D(x)", "D(G(z))", "gradient")
FLUSH_EVERY = 20_000  # steps between flushes, so that the writer keeps up with a producer that does nothing else
PIXELS = 1000


def bench_log(points: int = POINTS, lines_points: int = LINES_POINTS) -> dict[str, float]:
    """Figures by name: seconds to open, milliseconds to zoom, microseconds to log a step. Takes about half a minute."""
    steps = points // len(METRICS)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        add_us = _write_log(folder / "log", steps)
        opened, worked = [], []
        for _ in range(3):
            began, at_work = time.perf_counter(), time.process_time()
            reader = LogReader(folder / "log")
            reader.poll()
            opened.append(time.perf_counter() - began)
            worked.append(time.process_time() - at_work)
        size = sum(path.stat().st_size for path in (folder / "log").iterdir())
        line_steps = lines_points // len(METRICS)
        _write_lines(folder / "log.jsonl", line_steps)
        began = time.perf_counter()
        _read_lines(folder / "log.jsonl")
        lines_s = time.perf_counter() - began
    windows = _zoom(_whole(reader))
    return {
        "points": float(sum(len(series) for series in reader.series.values())),
        "open_s": min(opened),
        "open_first_s": opened[0],
        "open_processor_s": min(worked),
        "window_p50_ms": float(np.median(windows)),
        "window_p95_ms": float(np.quantile(windows, 0.95)),
        "add_us": add_us,
        "bytes_per_point": size / (steps * len(METRICS)),
        "json_lines_s": lines_s,
        "json_lines_ratio": (lines_s / lines_points) / (min(opened) / points),
    }


def _values(step: int) -> tuple[float, ...]:
    return tuple(math.sin(step * 0.001 * (metric + 1)) + (step % 7) * 0.1 for metric in range(len(METRICS)))


def _write_log(folder: Path, steps: int) -> float:
    """Log `steps` steps; returns the microseconds that one `add` took its caller."""
    cycle = [dict(zip(METRICS, _values(step), strict=True)) for step in range(1000)]
    writer = LogWriter(folder)
    spent = 0.0
    for begin in range(0, steps, FLUSH_EVERY):
        began = time.perf_counter()
        for step in range(begin, min(begin + FLUSH_EVERY, steps)):
            writer.add(step, step * 0.1, step * 64, cycle[step % 1000])
        spent += time.perf_counter() - began
        if not writer.flush(60.0):
            raise OSError(writer.problem or "The log was not written in time.")
    if not writer.close(60.0):
        raise OSError(writer.problem or "The log was not closed in time.")
    return spent / steps * 1e6


def _write_lines(path: Path, steps: int) -> None:
    with open(path, "w", encoding="utf-8") as file:
        for step in range(steps):
            values = dict(zip(METRICS, _values(step), strict=True))
            file.write(json.dumps({"s": step, "t": step * 0.1, "i": step * 64, "m": values}) + "\n")


def _read_lines(path: Path) -> dict[str, Series]:
    """What a plain reader does: parse each line, gather columns."""
    columns: dict[str, list[tuple[int, float, int, float]]] = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            for name, value in row["m"].items():
                columns.setdefault(name, []).append((row["s"], row["t"], row["i"], value))
    found = {}
    for name, points in columns.items():
        found[name] = Series(name)
        found[name].extend(*zip(*points, strict=True))
        found[name].settle()
    return found


def _whole(reader: LogReader) -> Series:
    """All points of the log as one metric: ten million points in one curve."""
    values = np.concatenate([reader.series[name].values for name in METRICS])
    steps = np.arange(len(values), dtype=np.int64)
    series = Series.from_arrays("all", steps, steps.astype(np.float64), steps * 64, values)
    series.settle()
    return series


def _zoom(series: Series) -> list[float]:
    """Milliseconds of each window while somebody zooms in and out again."""
    last = float(series.steps[-1])
    spent = []
    for zoom in np.geomspace(1.0, 1e-5, 200):
        x0 = last * 0.37 * (1 - zoom)
        began = time.perf_counter()
        series.window(x0, x0 + last * zoom, PIXELS)
        spent.append((time.perf_counter() - began) * 1e3)
    return spent
