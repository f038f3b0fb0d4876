"""`python -m engine arithmetic --snapshot S --preset "man with glasses - man + woman" --out FILE`: concepts added up.

The slots come from places (`--slot`), from a saved picture (`--recipe`), or are found by the judge (`--preset`). The
picture shows the result large and beside it the 3x3 of the result and its neighbours.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine import concepts, jobs
from engine.commands import pictures, recipes
from engine.commands.exploring import Explored, SnapshotOptions, all_moves
from engine.commands.options import parse
from engine.commands.sample import Words
from engine.commands.terminal import Bars, CommandError, interruptible, say, say_json
from engine.controls import GRID_SEED, Arithmetic, Norm, Slot, to_plain
from engine.expression import parse as parse_expression
from engine.messages import ExemplarsFound, FindExemplars, Frame

FARTHEST_SPREAD = 10.0
DESCRIPTION = 'Add and subtract concepts in a latent space, for example --preset "man with glasses - man + woman".'


@dataclass(frozen=True)
class ArithmeticOptions(SnapshotOptions):
    """What to compute, and where to write it. The last four change a recipe too."""

    preset: str | None = None
    """Concepts in words; samples that show them are found by the judge of the data set."""
    slot: Words = ()
    """A concept as NAME=POINT+POINT+..., for example A=0:3,0+0:5,0+0:9,0."""
    recipe: str | None = None
    """An arithmetic as a saved picture has it: JSON, a JSON file, or the picture itself."""
    count: int = 3
    """How many samples to find for each concept of --preset."""
    seed: int = GRID_SEED
    """The plane in which they are looked for."""
    out: str | None = None
    """The file: .png for pictures, .csv or .npy for points. Without it, a free name in this folder."""
    scale: int = 4
    """How many pixels wide and high each pixel of a picture becomes."""
    only_result: bool = False
    """Write the result alone, without its neighbours."""
    json: bool = False
    """Print one JSON object and nothing else."""
    expression: str | None = None
    """What to do with the slots; without it, mean(A) - mean(B) + mean(C)."""
    norm: Norm | None = None
    """Leave the result as it is, or bring it onto the shell where samples lie (the default)."""
    spread: float | None = None
    """Half the width of the noise that makes the neighbours."""
    condition: Words = ()
    """What the result should be, as COLUMN=VALUE, for models that were trained with conditions."""


@interruptible
def run(words: Sequence[str]) -> int:
    options = parse(ArithmeticOptions, words, "arithmetic", DESCRIPTION)
    given = [name for name in ("preset", "slot", "recipe") if getattr(options, name)]
    if len(given) != 1:
        raise CommandError("Say what to add up by exactly one of --preset, --slot and --recipe.")
    if options.scale < 1 or options.count < 1:
        raise CommandError("The scale and the count are whole numbers of at least 1.")
    if options.spread is not None and not 0.0 <= options.spread <= FARTHEST_SPREAD:
        raise CommandError(f"The spread is {options.spread:g}; choose 0 to {FARTHEST_SPREAD:g}.")
    arithmetic = _changed(_given(options), options) if not options.preset else None
    explored = Explored(options)
    path = pictures.target(options.out, "arithmetic", pictures.POINTS if explored.is_points else pictures.PICTURES)
    with Bars(quiet=options.json) as bars:
        if arithmetic is None:
            arithmetic = _changed(_found(explored, options, bars), options)
        explored.check(arithmetic.condition)
        explored.find_directions(all_moves(point for slot in arithmetic.slots for point in slot.exemplars), bars)
    result, neighbours = explored.draw_arithmetic(arithmetic)
    texts = _facts(explored, arithmetic, options)
    _write(path, result, neighbours, texts, options)
    _report(explored, arithmetic, result, neighbours, path, texts, json=options.json)
    return 0


def _given(options: ArithmeticOptions) -> Arithmetic:
    if options.recipe is not None:
        return recipes.arithmetic_of(options.recipe)
    return Arithmetic(recipes.read_slots(options.slot))


def _changed(arithmetic: Arithmetic, options: ArithmeticOptions) -> Arithmetic:
    """The arithmetic with what was said beside it; slots that its expression does not use are left out."""
    changes: dict[str, Any] = {
        name: value for name in ("expression", "norm", "spread") if (value := getattr(options, name)) is not None
    }
    condition = recipes.read_condition(options.condition)
    if condition:
        changes["condition"] = condition
    changed = dataclasses.replace(arithmetic, **changes)
    used = parse_expression(changed.expression, tuple(slot.name for slot in changed.slots)).slots
    return dataclasses.replace(changed, slots=tuple(slot for slot in changed.slots if slot.name in used))


def _found(explored: Explored, options: ArithmeticOptions, bars: Bars) -> Arithmetic:
    """The arithmetic of a preset in words: its exemplars are on the model's card, or the judge finds them."""
    text = options.preset or ""
    asked = concepts.read_concepts(text)
    known = {each.title.lower(): each.exemplars for each in concepts.examples_for(explored.opened.facts, "")}
    as_asked = (options.count, options.seed) == (ArithmeticOptions.count, ArithmeticOptions.seed)
    points = known.get(asked.title.lower()) if as_asked else None
    if points is None:
        if explored.judge() is None:
            raise CommandError(f"No judge knows the samples of {explored.opened.title}; give the places with --slot.")
        command = FindExemplars("exemplars", explored.name, asked.terms, options.count, options.seed)
        events = bars.events(jobs.find_exemplars(command, explored.opened, explored.judge()))
        (points,) = [event.points for event in events if isinstance(event, ExemplarsFound)]
    slots = tuple(Slot(name, points[name], title=term) for name, term in asked.terms.items())
    return Arithmetic(slots, asked.expression)


def _write(path: Path, result: Frame, neighbours: Frame, texts: dict[str, str], options: ArithmeticOptions) -> None:
    if path.suffix.lower() in pictures.POINTS:
        pictures.write_points(path, result.samples if options.only_result else neighbours.samples)
        return
    picture = np.asarray(result.samples[0], np.uint8)
    if options.only_result:
        pictures.write_png(path, pictures.scaled(picture, options.scale), texts)
        return
    sheet = pictures.grid(np.asarray(neighbours.samples, np.uint8), options.scale)
    pictures.write_png(path, pictures.beside(pictures.scaled(picture, 3 * options.scale), sheet), texts)


def _facts(explored: Explored, arithmetic: Arithmetic, options: ArithmeticOptions) -> dict[str, str]:
    recipe = to_plain(arithmetic)
    words = ["--recipe", pictures.compact_json(recipe)]
    words += ["--scale", str(options.scale)] if options.scale != ArithmeticOptions.scale else []
    words += ["--only-result"] if options.only_result else []
    return pictures.facts("arithmetic", explored.name, explored.opened.step, recipe, words)


def _report(
    explored: Explored,
    arithmetic: Arithmetic,
    result: Frame,
    neighbours: Frame,
    path: Path,
    texts: dict[str, str],
    *,
    json: bool,
) -> None:
    seen = explored.seen(result.samples)
    command = texts[f"{pictures.PREFIX}:command"]
    scores = explored.scores(result.samples)
    if json:
        say_json(
            {
                "file": str(path),
                "snapshot": explored.name,
                "step": explored.opened.step,
                "command": command,
                "arithmetic": to_plain(arithmetic),
                "z": [float(value) for value in result.z_NZ[0]],
                "score": None if scores is None else scores[0],
                "neighbour_scores": explored.scores(neighbours.samples),
                "seen": seen,
            }
        )
        return
    say(f"{arithmetic.expression}: {path}")
    for slot in arithmetic.slots:
        places = " ".join(point.text() for point in slot.exemplars)
        say(f"  {slot.name}  {slot.title + '  ' if slot.title else ''}{places}")
    if scores is not None:
        say(f"  score of the discriminator: {scores[0]:.3f}")
    if seen is not None:
        say("  the judge sees " + ", ".join(f"{column}: {value['value']}" for column, value in seen.items()))
    say(f"Again: {command}")
