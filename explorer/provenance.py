"""What a saved picture says of itself: the command line that makes it again, its snapshot, step and recipe.

The texts go into the PNG's metadata; `python -m engine` reads the same options.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace

from engine import GRID_SEED, Arithmetic, DataRef, Point, point_from_text, to_plain

PREFIX = "latent-explorer"
COMMAND, SNAPSHOT, STEP = f"{PREFIX}:command", f"{PREFIX}:snapshot", f"{PREFIX}:step"
RECIPE, RUN = f"{PREFIX}:recipe", f"{PREFIX}:run"
OWN_SIZE = ["--scale", "1"]  # a picture is saved pixel by pixel


def points_facts(
    snapshot: str, step: int, points: Sequence[Point], columns: int | None = None, *, stored: bool = False
) -> dict[str, str]:
    """The metadata of pictures at some places: `--point` where that says it all, else `--recipe` with a list.

    `columns` is how many lie beside each other in a grid; None for one picture. `stored` pictures are those of the
    sample grid that the run kept at this step, whose weights it may have thinned out since.
    """
    short = all(point_from_text(point.text()) == point for point in points)
    recipe = json.dumps([to_plain(point) for point in points], separators=(",", ":"))
    options = [word for point in points for word in ("--point", point.text())] if short else ["--recipe", recipe]
    options += OWN_SIZE if columns is None else [*OWN_SIZE, "--columns", str(columns)]
    options += ["--stored"] if stored else []
    return _facts("sample", snapshot, step, recipe, options)


def pairs_facts(snapshot: str, step: int, count: int, columns: int) -> dict[str, str]:
    """The metadata of the grid of reconstructions that a run kept: `count` pictures, originals included."""
    options = ["--stored", "--kind", "reconstructions", "--count", str(count), *OWN_SIZE, "--columns", str(columns)]
    return _facts("sample", snapshot, step, json.dumps({"shows": "samples"}), options)


def compare_facts(models: Sequence[tuple[str, int]], data: DataRef, first: int, count: int) -> dict[str, str]:
    """The metadata of pictures beside their reconstructions by some models, (snapshot, step) each: one command for each
    model makes its reconstructions again, with those of the pictures before them."""
    listed = [{"snapshot": snapshot, "step": step} for snapshot, step in models]
    recipe = {"shows": "compare", "models": listed, "data": data.name, "first": first, "count": count}
    options = ["--data", data.name, "--split", data.split, "--count", str(first + count)]
    options += [] if data.fit is None else ["--fit", data.fit]
    commands = [shlex.join(["python", "-m", "engine", "reconstruct", snapshot, *options]) for snapshot, _ in models]
    return {
        COMMAND: " && ".join(commands),
        SNAPSHOT: models[0][0],
        STEP: str(models[0][1]),
        RECIPE: json.dumps(recipe),
    }


def arithmetic_facts(snapshot: str, step: int, arithmetic: Arithmetic) -> dict[str, str]:
    """The metadata of the result of an arithmetic."""
    recipe = json.dumps(to_plain(arithmetic), separators=(",", ":"))
    return _facts("arithmetic", snapshot, step, recipe, ["--recipe", recipe, "--only-result", *OWN_SIZE])


def scatter_facts(
    snapshot: str, step: int, points: Sequence[Point], mark: Point | None = None, *, stored: bool = False
) -> dict[str, str]:
    """The metadata of samples that are points, drawn as one scatter; `mark` is the one with a cross.

    `stored` as for `points_facts`."""
    listed = [replace(point, condition=()) for point in points] if stored else list(points)
    recipe = json.dumps([_brief(point) for point in ([mark] if mark is not None else listed)], separators=(",", ":"))
    first = [Point(seed=GRID_SEED, x=float(k)) for k in range(len(points))]
    options = ["--count", str(len(points))] if listed == first else ["--recipe", recipe]
    options += ["--mark", json.dumps(_brief(mark), separators=(",", ":"))] if mark is not None else []
    options += ["--scatter", *(["--stored"] if stored else [])]
    return _facts("sample", snapshot, step, recipe, options)


def decision_facts(
    snapshot: str, step: int, options: Sequence[str], numbers: Mapping[str, float | Sequence[float]]
) -> dict[str, str]:
    """The metadata of what a discriminator thinks; `numbers` are what the picture shows, by name."""
    facts = _facts("decision", snapshot, step, json.dumps({"shows": "decision"}), options)
    return facts | {f"{PREFIX}:{name}": json.dumps(value) for name, value in numbers.items()}


def codes_facts(snapshot: str, step: int, recipe: str) -> dict[str, str]:
    """The metadata of the picture that codes decode to; `recipe` is the text of a file of codes."""
    words = ["python", "-m", "engine", "decode", snapshot, recipe, *OWN_SIZE]
    return {COMMAND: shlex.join(words), SNAPSHOT: snapshot, STEP: str(step), RECIPE: recipe}


def shows_curves(facts: Mapping[str, str]) -> bool:
    """Whether a picture shows the curves of a run, which no recipe makes again."""
    return RECIPE not in facts and RUN in facts


def panel_of(facts: Mapping[str, str]) -> str:
    """The key of the panel that shows again what a saved picture was made from. Raises ValueError for no recipe."""
    if shows_curves(facts):
        return "curves"
    recipe = json.loads(facts.get(RECIPE, ""))
    if isinstance(recipe, dict) and "shows" in recipe:
        return str(recipe["shows"])
    return "arithmetic" if "slots" in recipe else "latent"


def of_run(facts: Mapping[str, str], snapshot: str) -> dict[str, str]:
    """The same metadata for a snapshot that lasts: what was drawn by "live" is made again from its run."""
    words = [snapshot if word == facts[SNAPSHOT] else word for word in shlex.split(facts[COMMAND])]
    return {**facts, COMMAND: shlex.join(words), SNAPSHOT: snapshot}


def _facts(verb: str, snapshot: str, step: int, recipe: str, options: Sequence[str]) -> dict[str, str]:
    words = ["python", "-m", "engine", verb, "--snapshot", snapshot, *options]
    return {
        COMMAND: shlex.join(words),
        SNAPSHOT: snapshot,
        STEP: str(step),
        RECIPE: recipe,
    }


def _brief(point: Point) -> dict[str, object]:
    """A point as JSON values, without what every point has."""
    usual = to_plain(Point())
    return {name: value for name, value in to_plain(point).items() if value != usual[name]}
