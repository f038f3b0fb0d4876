"""`python -m engine walk --snapshot S --points 0:0,0 0:4,0 ... --out walk.gif`: a walk through a latent space.

With `--at T` only the picture at time T (0 to 1) of the walk is written, as PNG.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine import jobs
from engine.commands import pictures, recipes
from engine.commands.exploring import Explored, SnapshotOptions, all_moves
from engine.commands.options import parse
from engine.commands.sample import Words
from engine.commands.terminal import Bars, CommandError, interruptible, say, say_json
from engine.controls import Interpolation, KeyFrame, Walk, to_plain
from engine.latent import frame_count
from engine.messages import ExportWalk, JobDone

DESCRIPTION = "Write a walk through a latent space as GIF or WebP."
MOST_FRAMES = 10_000


@dataclass(frozen=True)
class WalkOptions(SnapshotOptions):
    """Which way to go, and where to write it."""

    points: Words = ()
    """The stops as SEED:X,Y, for example --points 0:0,0 0:4,0 0:9,2."""
    frames: int = 24
    """Pictures from each stop to the next."""
    interpolation: Interpolation = "slerp"
    """How to go: along a circle, where samples are likely, or straight."""
    loop: bool = False
    """Go back to the first stop at the end."""
    recipe: str | None = None
    """A walk as a saved picture has it: JSON, a JSON file, or the picture itself."""
    condition: Words = ()
    """What the pictures should be, as COLUMN=VALUE, for models that were trained with conditions."""
    at: float | None = None
    """Write only the picture at this time, 0 to 1, as PNG."""
    frames_per_s: int = 24
    """How fast the film runs."""
    scale: int = 4
    """How many pixels wide and high each pixel of a picture becomes."""
    out: str | None = None
    """The file: .gif or .webp, with --at .png. Without it, a free name in this folder."""
    json: bool = False
    """Print one JSON object and nothing else."""


@interruptible
def run(words: Sequence[str]) -> int:
    options = parse(WalkOptions, words, "walk", DESCRIPTION)
    walk = _walk(options)
    explored = Explored(options)
    if explored.is_points:
        raise CommandError(f"{explored.opened.title} makes points, and a film needs pictures; use sample instead.")
    for frame in walk.frames:
        explored.check(frame.point.condition)
    path = pictures.target(options.out, "walk", pictures.FILMS if options.at is None else pictures.PICTURES)
    texts = _facts(explored, walk, options)
    with Bars(quiet=options.json) as bars:
        explored.find_directions(all_moves(frame.point for frame in walk.frames), bars)
        if options.at is None:
            count = _film(explored, walk, path, options, bars)
        else:
            moment = explored.draw_walk(walk, options.at)
            pictures.write_png(path, pictures.scaled(np.asarray(moment.samples[0], np.uint8), options.scale), texts)
            count = 1
    command = texts[f"{pictures.PREFIX}:command"]
    if options.json:
        facts = {"file": str(path), "snapshot": explored.name, "step": explored.opened.step, "frames": count}
        say_json({**facts, "command": command, "walk": to_plain(walk)})
    else:
        say(f"{count} {'picture' if count == 1 else 'pictures'} of {explored.opened.title}: {path}")
        say(f"Again: {command}")
    return 0


def _walk(options: WalkOptions) -> Walk:
    """The walk that the options describe. Raises CommandError."""
    stops = recipes.read_points(options.points)
    if bool(stops) == (options.recipe is not None):
        raise CommandError("A walk needs its stops: give --points with at least two of them, or --recipe.")
    if len(stops) == 1:
        raise CommandError("A walk needs at least two stops; give one more point.")
    if options.frames < 1 or options.frames_per_s < 1 or options.scale < 1:
        raise CommandError("Frames, frames per second and scale are whole numbers of at least 1.")
    if options.at is not None and not 0.0 <= options.at <= 1.0:
        raise CommandError(f"The time is {options.at:g}; choose 0 (the first stop) to 1 (the last).")
    walk = Walk(tuple(KeyFrame(stop, options.frames) for stop in stops), options.interpolation, options.loop)
    walk = recipes.walk_of(options.recipe) if options.recipe is not None else walk
    walk = recipes.conditioned(walk, recipes.read_condition(options.condition))
    if not walk.frames or frame_count(walk) > MOST_FRAMES:
        raise CommandError(f"A walk has 1 to {MOST_FRAMES} pictures; choose fewer frames or stops.")
    return walk


def _film(explored: Explored, walk: Walk, path: Path, options: WalkOptions, bars: Bars) -> int:
    job = ExportWalk("walk", explored.name, walk, str(path), options.scale, options.frames_per_s)
    for event in bars.events(jobs.export_walk(job, explored.opened, explored.device)):
        assert isinstance(event, JobDone)
    return frame_count(walk)


def _facts(explored: Explored, walk: Walk, options: WalkOptions) -> dict[str, str]:
    recipe = to_plain(walk)
    words = ["--recipe", pictures.compact_json(recipe)]
    words += [] if options.at is None else ["--at", f"{options.at:.17g}"]
    words += ["--scale", str(options.scale)] if options.scale != WalkOptions.scale else []
    words += ["--frames-per-s", str(options.frames_per_s)] if options.frames_per_s != WalkOptions.frames_per_s else []
    return pictures.facts("walk", explored.name, explored.opened.step, recipe, words)
