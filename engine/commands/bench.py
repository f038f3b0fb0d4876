"""`python -m engine bench [NAME] [--json]`: measure speed and quality on this machine; all benches without a name.

Each bench is a function in `engine.bench` that returns figures by name; here stand their units and their targets, for
two cores of a processor.
"""

from __future__ import annotations

import importlib
import os
import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import tyro
from rich.table import Table

from engine.commands.options import parse
from engine.commands.terminal import CommandError, console, interruptible, say, say_json
from engine.device import training_threads

DESCRIPTION = "Measure speed and quality on this machine."


@dataclass(frozen=True)
class Target:
    """What a figure should reach: at least, or at most."""

    limit: float
    at_least: bool = True

    def reached(self, value: float) -> bool:
        return value >= self.limit if self.at_least else value <= self.limit

    def __str__(self) -> str:
        return f"{'>=' if self.at_least else '<='} {self.limit:g}"


@dataclass(frozen=True)
class Bench:
    """One bench: its module (the function is called bench_MODULE), and the targets of its figures."""

    module: str
    help: str
    targets: Mapping[str, Target] = field(default_factory=dict)

    def measure(self) -> dict[str, float]:
        function = getattr(importlib.import_module(f"engine.bench.{self.module}"), f"bench_{self.module}")
        figures: dict[str, float] = function()
        return figures


_COLUMNS = ("glasses", "expression", "presentation", "headwear", "hair_colour")
BENCHES: dict[str, Bench] = {
    "dcgan_step": Bench(
        "dcgan_step", "the DCGAN step beside a plain PyTorch loop", {"training_ratio_plain": Target(1.25)}
    ),
    "modern_step": Bench("modern_step", "training of gan_modern:modern", {"images_per_hour": Target(1e6)}),
    "vq_step": Bench(
        "vq_step",
        "the VQ-VAE step beside one with vector-quantize-pytorch",
        {
            f"{preset}/K{codes}/training_ratio": Target(ratio)
            for preset in ("tiny", "modern")
            for codes, ratio in ((512, 1.2), (8192, 3.5))
        },
    ),
    "nearest_code": Bench(
        "nearest_code",
        "the nearest of 8192 codes beside torch.cdist",
        {"cdist_ratio": Target(1.6), "largest_array_mb": Target(64.0, at_least=False)},
    ),
    "decode": Bench(
        "decode",
        "a picture for a slider, on one thread",
        {"picture_32_p95_ms": Target(12.0, at_least=False), "picture_64_p95_ms": Target(25.0, at_least=False)},
    ),
    "portraits": Bench(
        "portraits", "drawing faces", {"images_per_s_32": Target(2000.0), "images_per_s_64": Target(500.0)}
    ),
    "arithmetic": Bench(
        "arithmetic",
        "latent arithmetic on the bundled portraits, by the judge",
        {
            **{f"slots/success{end}": Target(0.70) for end in ("", *(f"/{column}" for column in _COLUMNS))},
            "directions/wanted": Target(0.90),
            "directions/unchanged": Target(0.90),
        },
    ),
    "log": Bench(
        "log",
        "a metric log of ten million points",
        {"open_s": Target(2.0, at_least=False), "window_p95_ms": Target(1000.0 / 60.0, at_least=False)},
    ),
}

_UNITS = {
    "_ms": "ms",
    "_us": "us",
    "_mb": "MB",
    "_s": "s",
    "ratio": "times",
    "_plain": "times",
    "per_s": "pictures/s",
    "per_s_32": "pictures/s",
    "per_s_64": "pictures/s",
    "per_hour": "pictures/h",
    "points": "points",
    "per_point": "bytes",
}


@dataclass(frozen=True)
class BenchOptions:
    """What to measure."""

    name: Annotated[str | None, tyro.conf.Positional] = None
    """dcgan_step, modern_step, vq_step, nearest_code, decode, portraits, arithmetic or log; without a name, all."""
    json: bool = False
    """Print one JSON object and nothing else."""


@interruptible
def run(words: Sequence[str]) -> int:
    options = parse(BenchOptions, words, "bench", DESCRIPTION)
    if options.name is not None and options.name not in BENCHES:
        raise CommandError(f"There is no bench {options.name!r}; choose one of {', '.join(BENCHES)}.")
    where = hardware()
    if not options.json:
        say(where["line"])
    rows: list[dict[str, Any]] = []
    missing: dict[str, str] = {}
    for name in BENCHES if options.name is None else (options.name,):
        try:
            measured = figures(name, BENCHES[name].measure())
        except ValueError as error:
            if options.name is not None or not type(error).__module__.startswith("engine."):
                raise
            missing[name] = str(error)
            continue
        rows += measured
        if not options.json:
            console().print(_table(name, measured))
    if options.json:
        say_json({**where, "figures": rows, "missing": missing})
        return 0
    for name, sentence in missing.items():
        say(f"{name}: {sentence}")
    return 0


def figures(bench: str, values: Mapping[str, float]) -> list[dict[str, Any]]:
    """Figures as plain values, with unit and target."""
    targets = BENCHES[bench].targets
    return [
        {
            "bench": bench,
            "name": name,
            "value": value,
            "unit": unit(bench, name),
            "target": str(targets[name]) if name in targets else None,
            "reached": targets[name].reached(value) if name in targets else None,
        }
        for name, value in values.items()
    ]


def unit(bench: str, name: str) -> str:
    """The unit that the end of a figure's name says; the longest end counts."""
    if bench == "arithmetic":
        return "share"
    ends = [end for end in _UNITS if name.endswith(end)]
    return _UNITS[max(ends, key=len)] if ends else ""


def _table(bench: str, rows: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(title=f"{bench}: {BENCHES[bench].help}", title_justify="left")
    for name in ("figure", "value", "unit", "target", ""):
        table.add_column(name, justify="right" if name == "value" else "left")
    for row in rows:
        verdict = {None: "", True: "reached", False: "not reached"}[row["reached"]]
        table.add_row(row["name"], f"{row['value']:.4g}", row["unit"], row["target"] or "", verdict)
    return table


def hardware() -> dict[str, Any]:
    """When and on what a measurement was made, as plain values and as one line. A busy machine measures too little."""
    import torch

    busy = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    facts = {
        "date": time.strftime("%Y-%m-%d %H:%M"),
        "processor": processor(),
        "threads": training_threads(),
        "system": platform.system(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "load_before": None if busy is None else round(busy, 2),
    }
    load = "" if busy is None else f", load {busy:.1f} before"
    line = (
        f"{facts['date']}, {facts['processor']}, {facts['threads']} threads, {facts['system']}, "
        f"Python {facts['python']}, torch {facts['torch']}{load}"
    )
    return {**facts, "line": line}


def processor() -> str:
    """The processor's name as the system tells it."""
    told = Path("/proc/cpuinfo")
    if told.is_file():
        for line in told.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
