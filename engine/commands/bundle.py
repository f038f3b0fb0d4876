"""`python -m engine bundle RUN --out FOLDER --title TITLE`: make a model that comes with the program out of a run.

The folder gets the newest snapshot as float16 (weights.safetensors; counts of codes stay whole), a sheet of its samples
(sheet.png; reconstructions where it makes none) for the time before torch is loaded, and a card (card.json): data,
preset, knobs, steps, seed, hardware, measured quality, exemplars of ready arithmetics, the command that trains such a
model, and what that would do differently.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import tyro
from safetensors.numpy import save as save_directions
from safetensors.torch import save

from engine import codes, concepts, jobs
from engine.commands import evaluate, pictures
from engine.commands.exploring import Explored, SnapshotOptions
from engine.commands.options import parse
from engine.commands.terminal import Bars, CommandError, interruptible, say
from engine.controls import GRID_SEED, Arithmetic, Point, Slot, to_plain
from engine.data.dataset import Dataset
from engine.data.ref import DataRef
from engine.evaluate.judge import Judge
from engine.evaluate.sampling import find_exemplars
from engine.family import LatentSpace
from engine.machine import machine_facts
from engine.messages import DirectionFacts, Reconstruct, Reconstructed, bundled_snapshot
from engine.shelf import DIRECTIONS
from engine.shows import GRID_COUNT
from engine.stepper import to_model
from engine.storage import files, runs
from engine.storage.run_record import RunRecord, RunStatus

SHEET_COLUMNS = 8
SHEET_PIXELS = 64 * 32 * 32
EXEMPLARS, TRIES = 3, 8
MEASURED = ("quality", "arithmetic", "critic", "judge", "reconstruction", "codebook", "prior", "posterior")
LARGEST = 12 << 20  # bytes of a bundled file


@dataclass(frozen=True)
class BundleOptions:
    """Which run becomes which model."""

    run: Annotated[str, tyro.conf.Positional]
    """The folder of the run; its newest snapshot is taken."""
    out: str
    """The folder of the model, for example resources/models/portraits-32."""
    title: str
    """What the model is called in the window."""
    presets: tuple[str, ...] = ()
    """Arithmetics to find exemplars for, for example "Man with glasses - man + woman"."""
    history: tuple[str, ...] = ()
    """How it came to be, a sentence each, where the run alone does not tell."""
    first_launch: bool = False
    """The window opens this model at its first launch."""
    samples: int = 5000
    """How many samples the quality is measured on."""


@interruptible
def run(words: Sequence[str]) -> int:
    options = parse(BundleOptions, words, "bundle", "Make a model that comes with the program out of a run.")
    if not options.title.strip() or not evaluate.FEWEST <= options.samples <= evaluate.MOST:
        raise CommandError(f"A model needs a --title, and --samples from {evaluate.FEWEST} to {evaluate.MOST}.")
    explored = Explored(SnapshotOptions(options.run))
    if explored.is_points or not explored.name.startswith("run:"):
        raise CommandError("Only models of pictures that come from a run are bundled; choose such a run.")
    has_space = isinstance(explored.opened.snapshot, LatentSpace)
    if options.presets and not has_space:
        raise CommandError(f"{explored.opened.title} has no latent space for arithmetic; leave --presets away.")
    run_path = explored.run_folder
    record = runs.open_run(run_path).record
    folder = Path(options.out)
    with Bars() as bars:
        data, dataset = evaluate.opened_data(explored, DataRef.from_plain(record.data), None, bars)
        measuring = evaluate.EvaluateOptions(explored.name, samples=options.samples)
        quality = evaluate.measured(explored, data, dataset, measuring, bars)
        attributes: list[DirectionFacts] = []
        if has_space:
            attributes = bars.finished(jobs.find_attributes("bundle", explored.opened, lambda _: explored.judge()))
        presets = {title: _exemplars(explored, title, bars) for title in options.presets}
    weights = save({name: _small(tensor) for name, tensor in explored.opened.snapshot.tensors().items()})
    if len(weights) > LARGEST:
        raise CommandError(f"The weights take {len(weights) >> 20} MB and 12 MB is the limit; train a smaller model.")
    files.make_folder(folder)
    files.write_bytes(folder / "weights.safetensors", weights)
    if attributes:
        vectors = {facts.name: explored.opened.directions[facts.name] for facts in attributes}
        files.write_bytes(folder / DIRECTIONS, save_directions(vectors))
    if has_space:
        _write_sheet(explored, folder / "sheet.png")
    else:
        _write_reconstructions(explored, dataset, folder / "sheet.png")
    card = _card(explored, record, options, quality, presets, runs.open_run(run_path).status())
    card["directions"] = [dataclasses.asdict(facts) for facts in attributes]
    files.write_json(folder / "card.json", card)
    say(f"{options.title}: step {explored.opened.step}, {len(weights) / 1e6:.1f} MB in {folder}.")
    return 0


def _small(tensor: torch.Tensor) -> torch.Tensor:
    """Numbers as float16 where that holds them; whole numbers and truths as they are."""
    half = tensor.half() if tensor.is_floating_point() else tensor
    return (half if bool(half.isfinite().all()) else tensor).contiguous()


def _exemplars(explored: Explored, title: str, bars: Bars) -> dict[str, list[list[int]]]:
    """For each slot of an arithmetic, places [seed, x] of samples that show what it is called; of `TRIES` choices, the
    one whose result the judge finds most as the words say. An example shows what can be; `bench arithmetic` counts."""
    judge = explored.judge()
    if judge is None:
        raise CommandError(f"No judge knows the pictures of {explored.opened.title}; leave --presets away.")
    asked = concepts.read_concepts(title)
    wanted = {slot: concepts.wanted(term, judge.columns) for slot, term in asked.terms.items()}
    tried = []
    for seed in range(TRIES):
        job = find_exemplars(explored.opened.space, judge, wanted, EXEMPLARS, seed)
        found: dict[str, tuple[Point, ...]] = bars.measured("Looking for examples", job)
        tried.append((_agreement(explored, judge, asked.expression, wanted, found), found))
    _, best = max(tried, key=_first)
    return {name: [[point.seed, int(point.x)] for point in points] for name, points in best.items()}


def _first(scored: tuple[float, object]) -> float:
    return scored[0]


def _agreement(
    explored: Explored,
    judge: Judge,
    expression: str,
    wanted: Mapping[str, Mapping[str, str]],
    found: Mapping[str, tuple[Point, ...]],
) -> float:
    """How much of what the words say the judge sees: in the result, and on average in it and its neighbours."""
    *first, last = wanted.values()
    gained = {column: value for column, value in first[0].items() if first[-1].get(column) != value} if first else {}
    expected = {**last, **gained}
    arithmetic = Arithmetic(tuple(Slot(name, points) for name, points in found.items()), expression)
    _, neighbours = explored.draw_arithmetic(arithmetic)
    readings = judge.classify(to_model(torch.from_numpy(neighbours.samples)).to(explored.device))
    right_CN = np.stack(
        [readings[column].labels_N == judge.columns[column].index(value) for column, value in expected.items()]
    )
    centre = len(neighbours.samples) // 2
    return float(right_CN[:, centre].mean() + right_CN.mean())


def _sheet_count(explored: Explored) -> int:
    return min(GRID_COUNT, SHEET_PIXELS // math.prod(explored.opened.snapshot.spec.shape[:2]))


def _write_reconstructions(explored: Explored, dataset: Dataset, path: Path) -> None:
    """What the model makes of the first pictures of the data."""
    originals = dataset.batch(np.arange(min(_sheet_count(explored), len(dataset)), dtype=np.int64))
    request = Reconstruct("bundle", 0, explored.name, originals)
    *_, made = codes.reconstruct(explored.opened, request, explored.device)
    assert isinstance(made, Reconstructed)
    words = ("--split", dataset.split, "--count", str(len(originals)), "--columns", str(SHEET_COLUMNS), "--scale", "1")
    recipe = {"shows": "reconstructions"}
    snapshot, step = bundled_snapshot(path.parent.name), explored.opened.step
    texts = pictures.facts("reconstruct", snapshot, step, recipe, words, model_first=True)
    pictures.write_png(path, pictures.grid(np.asarray(made.samples, np.uint8), 1, SHEET_COLUMNS), texts)


def _write_sheet(explored: Explored, path: Path) -> None:
    count = _sheet_count(explored)
    frame = explored.draw([Point(GRID_SEED, x) for x in range(count)])
    snapshot = bundled_snapshot(path.parent.name)
    points = [to_plain(Point(GRID_SEED, x)) for x in range(count)]
    options = ("--count", str(count), "--columns", str(SHEET_COLUMNS), "--scale", "1")
    texts = pictures.facts("sample", snapshot, explored.opened.step, points, options)
    pictures.write_png(path, np.asarray(pictures.grid(frame.samples.astype(np.uint8), 1, SHEET_COLUMNS)), texts)


def _card(
    explored: Explored,
    record: RunRecord,
    options: BundleOptions,
    quality: dict[str, Any],
    presets: dict[str, dict[str, list[list[int]]]],
    status: RunStatus,
) -> dict[str, Any]:
    opened = explored.opened
    return {
        "format": 1,
        "title": options.title,
        "first_launch": options.first_launch,
        "family": record.family,
        "preset": record.preset,
        "knobs": record.knobs,
        "data": record.data,
        "data_fingerprint": record.data_fingerprint,
        "shape": record.shape,
        "conditions": record.conditions,
        "steps": opened.step,
        "images": status.images,
        "seconds": round(status.seconds, 1),
        "seed": record.seed,
        "parameters": sum(tensor.numel() for tensor in opened.snapshot.tensors().values()),
        "hardware": f"{machine_facts()['processor']}, {record.threads} threads, {record.device}",
        "versions": record.versions,
        "quality": {key: value for key, value in quality.items() if key in MEASURED},
        "presets": presets,
        "command": f"{record.command} --steps {opened.step}",
        "history": [*options.history, *_changes(explored.run_folder, opened.step)],
    }


def _changes(run: Path, step: int) -> list[str]:
    """The knobs that were moved while it was trained: what the command alone would not do."""
    log = runs.open_run(run).log()
    log.poll()
    return [f"Step {mark.step}: {mark.text}" for mark in log.marks if mark.kind == "knob" and mark.step <= step]
