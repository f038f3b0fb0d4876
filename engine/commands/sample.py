"""`python -m engine sample --snapshot S [--point 7:3,2.5 ...] [--count 16] --out FILE`: draw samples of a model."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import tyro
from numpy.typing import NDArray

from engine.commands import figures, pictures, recipes
from engine.commands.exploring import Explored, SnapshotOptions, all_moves, snapshot_name
from engine.commands.options import parse
from engine.commands.terminal import Bars, CommandError, interruptible, note, say, say_json
from engine.controls import GRID_SEED, Interpolation, Point, point_from_text, to_plain
from engine.data.catalog import open_data
from engine.data.dataset import DataError
from engine.data.ref import DataRef
from engine.explore import CHUNK, POINT_CHUNK, extent_of
from engine.messages import Samples
from engine.storage import runs
from engine.storage.runs import home_folder

DESCRIPTION = "Draw samples of a model: a PNG that says how to make it again, or points as CSV or NPY."
MOST = 100_000
DATA_SHOWN = 1000  # points of the data behind the samples, the first ones

Words = Annotated[tuple[tuple[str, ...], ...], tyro.conf.UseAppendAction]


@dataclass(frozen=True)
class SampleOptions(SnapshotOptions):
    """What to draw, and where to write it."""

    point: Words = ()
    """Places as SEED:X,Y, for example 7:3,2.5. Without any, the first places of a plane, as in every sample grid."""
    count: int = 16
    """How many samples, where no places are given."""
    seed: int = GRID_SEED
    """The plane whose places (0, 0), (1, 0), ... are drawn, where no places are given."""
    recipe: str | None = None
    """Places as a saved picture has them: JSON, a JSON file, or the picture itself."""
    condition: Words = ()
    """What the samples should be, as COLUMN=VALUE, for models that were trained with conditions."""
    interpolation: Interpolation = "slerp"
    """How places between whole numbers are made."""
    stored: bool = False
    """Take the samples from the grid that the run kept at exactly this step, instead of drawing them anew."""
    kind: Literal["samples", "reconstructions"] | None = None
    """Which grid of the run, with --stored; without it, the one that is shown first."""
    out: str | None = None
    """The file: .png, or for points .csv, .npy or .png. Without it, a free name in this folder."""
    scatter: bool = False
    """Points: draw them as a PNG over the data of the model, as a file that ends in .png does too."""
    mark: str | None = None
    """Points in a PNG: a place that a cross marks, as SEED:X,Y or as a recipe."""
    scale: int = 4
    """How many pixels wide and high each pixel of a picture becomes."""
    columns: int | None = None
    """Pictures in a row; without it, a square grid."""
    json: bool = False
    """Print one JSON object and nothing else."""


@dataclass(frozen=True)
class Drawn:
    """Samples with the snapshot that they come from; `name` names the same weights for ever."""

    samples: Samples
    name: str
    step: int
    title: str
    data: DataRef | None = None
    scores: list[float] | None = None
    mark: Samples | None = None


@interruptible
def run(words: Sequence[str]) -> int:
    options = parse(SampleOptions, words, "sample", DESCRIPTION)
    points = _points(options)
    drawn = _stored(options, points) if options.stored else _drawn_anew(options, points)
    path = pictures.target(options.out, "sample", _suffixes(drawn.samples.ndim == 2, options))
    scatter = drawn.samples.ndim == 2 and path.suffix.lower() in pictures.PICTURES
    texts = _facts(drawn, points, dataclasses.replace(options, scatter=scatter))
    if scatter:
        pictures.write_png(path, _scatter(drawn, options), texts)
    elif drawn.samples.ndim == 2:
        pictures.write_points(path, drawn.samples)
    else:
        sheet = pictures.grid(np.asarray(drawn.samples, np.uint8), options.scale, options.columns)
        pictures.write_png(path, sheet, texts)
    _report(drawn, points, path, texts, json=options.json)
    return 0


def _suffixes(points: bool, options: SampleOptions) -> tuple[str, ...]:
    """What the file may end in, first what it does where it has no name."""
    if points and not (options.scatter or options.mark):
        return (*pictures.POINTS, *pictures.PICTURES)
    return pictures.PICTURES


def _scatter(drawn: Drawn, options: SampleOptions) -> NDArray[np.uint8]:
    """Points over the data that the model learned from, on the axes that the data give."""
    points_ND = np.asarray(drawn.samples, np.float32)
    data_ND = None
    if drawn.data is not None:
        try:
            with Bars(quiet=options.json) as bars:
                dataset = bars.loaded(open_data(drawn.data, home_folder()))
            data_ND = np.asarray(dataset.batch(np.arange(min(DATA_SHOWN, len(dataset)))), np.float32)
        except DataError as error:
            note(f"{error} The axes are those of the samples.")
    finite = points_ND[np.isfinite(points_ND).all(axis=1)]
    if data_ND is None and not len(finite):
        raise CommandError("No sample is finite, so there is nothing to draw; choose an earlier step.")
    extent = extent_of(finite if data_ND is None else data_ND)
    mark_D = None if drawn.mark is None else np.asarray(drawn.mark[0], np.float32)
    return figures.scatter(points_ND, extent, data_ND, mark_D, f"{drawn.title}, step {drawn.step}")


def _mark(options: SampleOptions) -> Point | None:
    """The place that a cross marks."""
    if options.mark is None:
        return None
    text = options.mark.strip()
    (point, *rest) = recipes.points_of(text) if text.startswith(("{", "[")) else recipes.read_points([[text]])
    if rest:
        raise CommandError("A cross marks one place; give one point with --mark.")
    return point


def _points(options: SampleOptions) -> tuple[Point, ...]:
    given = recipes.read_points(options.point)
    if given and options.recipe is not None:
        raise CommandError("Places are given by --point or by --recipe; leave one of them away.")
    if options.scale < 1 or (options.columns is not None and options.columns < 1):
        raise CommandError("The scale and the number of columns are whole numbers of at least 1.")
    if options.recipe is not None:
        given = recipes.points_of(options.recipe)
    if not given:
        if not 1 <= options.count <= MOST:
            raise CommandError(f"The count is {options.count}; choose 1 to {MOST}.")
        given = tuple(Point(seed=options.seed, x=float(x)) for x in range(options.count))
    condition = recipes.read_condition(options.condition)
    return tuple(dataclasses.replace(point, condition=condition) if condition else point for point in given)


def _drawn_anew(options: SampleOptions, points: Sequence[Point]) -> Drawn:
    explored = Explored(options)
    mark = _mark(options)
    if mark is not None and not explored.is_points:
        raise CommandError("A cross marks one point among others; leave --mark away for a model of pictures.")
    for point in points:
        explored.check(point.condition)
    pictures.target(options.out, "sample", _suffixes(explored.is_points, options))
    if not explored.is_points:
        height, width, _ = explored.opened.snapshot.spec.shape
        pictures.grid_shape(len(points), height * options.scale, width * options.scale, options.columns)
    with Bars(quiet=options.json) as bars:
        explored.find_directions(all_moves([*points, *([mark] if mark is not None else [])]), bars)
        samples = bars.measured("Drawing", _in_batches(explored, points, options.interpolation))
    scores = explored.scores(samples) if options.json else None
    marked = None if mark is None else explored.draw([mark], options.interpolation).samples
    opened = explored.opened
    return Drawn(samples, explored.name, opened.step, opened.title, opened.data, scores, marked)


def _stored(options: SampleOptions, points: Sequence[Point]) -> Drawn:
    """Samples of a grid that a run kept: they are as they were, also where their weights are gone."""
    name = snapshot_name(options.snapshot)
    grid = kept_grid(name, name.rpartition("@")[2], options.kind or "")
    places = [Point(seed=GRID_SEED, x=float(x)) for x in range(len(grid.samples))]
    asked = [dataclasses.replace(point, condition=()) for point in points]
    if not all(point in places for point in asked):
        last = len(places) - 1
        raise CommandError(f"A grid of this run holds the places {GRID_SEED}:0,0 to {GRID_SEED}:{last},0 and no other.")
    rows = [places.index(point) for point in asked]
    return dataclasses.replace(grid, samples=grid.samples[rows])


def kept_grid(name: str, told: str, kind: str = "") -> Drawn:
    """The grid of a kind that the run of a snapshot kept at a step, or its "last". Raises CommandError."""
    folder = name.removeprefix("run:").rpartition("@")[0]
    if not name.startswith("run:"):
        raise CommandError("Only a run keeps sample grids; name one as run:FOLDER@STEP.")
    opened = runs.open_run(Path(folder))
    grids = opened.grids()
    grids.poll()
    steps = grids.steps(kind)
    wanted = max(steps, default=0) if told == "last" else int(told)
    if wanted not in steps:
        nearest = min(steps, key=lambda step: abs(step - wanted), default=None)
        rest = "" if nearest is None else f"; the nearest is that of step {nearest}"
        raise CommandError(f"The run {opened.record.name} kept no grid at step {wanted}{rest}.")
    _, kept = grids.read(wanted, kind)
    data = DataRef.from_plain(opened.record.data)
    return Drawn(kept, f"run:{folder}@{wanted}", wanted, opened.record.name, data)


def _in_batches(explored: Explored, points: Sequence[Point], interpolation: Interpolation) -> Any:
    """The samples of places, in whole batches of the explore lane; yields (done, total)."""
    at_once = POINT_CHUNK if explored.is_points else 4 * CHUNK
    parts: list[Samples] = []
    for start in range(0, len(points), at_once):
        parts.append(explored.draw(points[start : start + at_once], interpolation).samples)
        yield min(start + at_once, len(points)), len(points)
    return np.concatenate(parts)


def _facts(drawn: Drawn, points: Sequence[Point], options: SampleOptions) -> dict[str, str]:
    """The command names plain places and one condition where that loses nothing, else it carries the recipe."""
    recipe = [to_plain(point) for point in points]
    first = tuple(Point(seed=options.seed, x=float(x)) for x in range(len(points)))
    condition = points[0].condition
    plain = tuple(dataclasses.replace(point, condition=()) for point in points)
    words = [word for column, value in condition for word in ("--condition", f"{column}={value}")]
    if any(point.condition != condition for point in points):
        words = ["--recipe", pictures.compact_json(recipe)]
    elif plain == first:
        words += ["--count", str(len(points)), "--seed", str(options.seed)]
    elif all(point_from_text(point.text()) == point for point in plain):
        words += [word for point in points for word in ("--point", point.text())]
    else:
        words = ["--recipe", pictures.compact_json(recipe)]
    words += ["--interpolation", "lerp"] if options.interpolation == "lerp" else []
    words += ["--scale", str(options.scale)] if options.scale != SampleOptions.scale else []
    words += [] if options.columns is None else ["--columns", str(options.columns)]
    words += ["--stored"] if options.stored else []
    words += [] if options.kind is None else ["--kind", options.kind]
    words += ["--scatter"] if options.scatter else []
    words += [] if options.mark is None else ["--mark", options.mark]
    return pictures.facts("sample", drawn.name, drawn.step, recipe, words)


def _report(drawn: Drawn, points: Sequence[Point], path: Path, texts: dict[str, str], *, json: bool) -> None:
    command = texts[f"{pictures.PREFIX}:command"]
    if not json:
        say(f"{len(drawn.samples)} samples of {drawn.title}, step {drawn.step}: {path}")
        say(f"Again: {command}")
        return
    say_json(
        {
            "file": str(path),
            "snapshot": drawn.name,
            "step": drawn.step,
            "command": command,
            "points": [to_plain(point) for point in points],
            "scores": drawn.scores,
        }
    )
