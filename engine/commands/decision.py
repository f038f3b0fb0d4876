"""`python -m engine decision --snapshot S --out FILE`: what the discriminator of a GAN thinks, as the window shows it.

Points: D over the line or the plane, beside the densities and the best D. Pictures: D's score under every sample.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import tyro
from numpy.typing import NDArray

from engine import explore
from engine.commands import decision_figures, pictures
from engine.commands.exploring import Explored, SnapshotOptions
from engine.commands.options import parse
from engine.commands.sample import kept_grid
from engine.commands.terminal import Bars, CommandError, interruptible, say, say_json
from engine.controls import GRID_SEED, Point
from engine.data.catalog import open_data
from engine.messages import Decision, DrawDecision, Scores, ScoreSamples
from engine.storage.runs import home_folder

DESCRIPTION = (
    "Draw what the discriminator of a GAN thinks: a PNG that says how to make it again, or the numbers as NPZ."
)
LINE_CELLS, PLANE_CELLS = 256, 64
POINTS, PICTURES = 1000, 36
MOST_CELLS, MOST_POINTS, MOST_PICTURES = 1024, 20_000, 256

Part = Literal["data", "samples", "arrows"]
SUFFIXES = (".png", ".npz")


@dataclass(frozen=True)
class DecisionOptions(SnapshotOptions):
    """What to ask the discriminator, and where to write what it says."""

    count: int | None = None
    """How many samples, and for points how many of the data; without it, 1000 points or 36 pictures."""
    resolution: int | None = None
    """Points: cells along each axis of the fields; without it, 256 on a line and 64 in the plane."""
    hide: Annotated[tuple[Part, ...], tyro.conf.UseAppendAction] = ()
    """Points: what not to draw over the fields; may be given more than once."""
    grid: int | None = None
    """Pictures: take the samples from the grid that the run kept at exactly this step, instead of drawing them."""
    look: int | None = None
    """Pictures: the number of a sample for which to show where D looks."""
    scale: int = 2
    """Pictures: how many pixels wide and high each pixel of a picture becomes."""
    out: str | None = None
    """The file: .png for a picture, .npz for the numbers. Without it, a free name in this folder."""
    json: bool = False
    """Print one JSON object and nothing else."""


@interruptible
def run(words: Sequence[str]) -> int:
    options = parse(DecisionOptions, words, "decision", DESCRIPTION)
    path = pictures.target(options.out, "decision", SUFFIXES)
    explored = Explored(options)
    if not explored.has_critic:
        raise CommandError(f"{explored.opened.title} has no discriminator to ask; choose a GAN.")
    _check(options, points=explored.is_points)
    facts = _of_points(explored, options, path) if explored.is_points else _of_pictures(explored, options, path)
    if options.json:
        say_json({"file": str(path), "snapshot": explored.name, "step": explored.opened.step, **facts})
        return 0
    said = f"V(G, D) = {facts['value']:.3f}" if explored.is_points else f"{len(facts['scores'])} samples"
    say(f"{explored.opened.title}, step {explored.opened.step}, {said}: {path}")
    say(f"Again: {facts['command']}")
    return 0


def _check(options: DecisionOptions, *, points: bool) -> None:
    """Raises CommandError for what cannot be drawn, before anything is."""
    most = MOST_POINTS if points else MOST_PICTURES
    if options.count is not None and not 1 <= options.count <= most:
        raise CommandError(f"The count is {options.count}; choose 1 to {most}.")
    if options.resolution is not None and not 2 <= options.resolution <= MOST_CELLS:
        raise CommandError(f"The resolution is {options.resolution}; choose 2 to {MOST_CELLS}.")
    if options.scale < 1:
        raise CommandError("The scale is a whole number of at least 1.")
    if points and (options.grid is not None or options.look is not None):
        raise CommandError("This model makes points; leave --grid and --look away, they are for pictures.")
    if not points and (options.resolution is not None or options.hide):
        raise CommandError("This model makes pictures; leave --resolution and --hide away, they are for points.")


# ------------------------------------------------------------------------------------------------------------ points


def _of_points(explored: Explored, options: DecisionOptions, path: Path) -> dict[str, Any]:
    """Write the fields; what to report of them."""
    explore.check_field(explored.opened)
    data = explored.opened.data
    if data is None:
        raise CommandError(f"Nobody knows what {explored.opened.title} was trained on, so there is nothing to compare.")
    dims = explored.opened.snapshot.spec.shape[0]
    resolution = options.resolution or (LINE_CELLS if dims == 1 else PLANE_CELLS)
    count = options.count or POINTS
    with Bars(quiet=options.json) as bars:
        dataset = bars.loaded(open_data(data, home_folder()))
    request = DrawDecision("command", 0, explored.name, data, resolution, count)
    (decision,) = explore.decide(explored.opened, request, dataset, explored.device)
    assert isinstance(decision, Decision)
    words = ["--count", str(count), "--resolution", str(resolution)]
    words += [word for part in options.hide for word in ("--hide", part)]
    texts = _texts(explored, words, {"value": decision.value})
    if path.suffix.lower() == ".npz":
        names = ("p_data", "p_g", "d", "d_star", "gradient", "reals_ND", "samples_ND", "z_NZ", "extent", "value")
        _write_numbers(path, {name: np.asarray(getattr(decision, name)) for name in names})
    else:
        draw = decision_figures.draw_line if dims == 1 else decision_figures.draw_plane
        title = f"{explored.opened.title}, step {decision.step}: V(G, D) = {decision.value:.3f}; -log 4 = -1.386"
        pictures.write_png(path, draw(decision, title, options.hide), texts)
    facts = {"command": texts[f"{pictures.PREFIX}:command"], "value": decision.value}
    return {**facts, "data": dataset.title, "extent": decision.extent, "samples": len(decision.samples_ND)}


# ---------------------------------------------------------------------------------------------------------- pictures


def _of_pictures(explored: Explored, options: DecisionOptions, path: Path) -> dict[str, Any]:
    """Write samples with their scores; what to report of them."""
    samples, words = _samples(explored, options)
    if options.look is not None and not 0 <= options.look < len(samples):
        raise CommandError(f"There is no sample {options.look}; choose 0 to {len(samples) - 1}.")
    request = ScoreSamples("command", 0, explored.name, samples, saliency=options.look is not None)
    (scores,) = explore.score_samples(explored.opened, request, explored.device)
    assert isinstance(scores, Scores)
    words += [] if options.look is None else ["--look", str(options.look)]
    words += [] if options.scale == DecisionOptions.scale else ["--scale", str(options.scale)]
    logits = [round(float(logit), 5) for logit in scores.logits_N]
    texts = _texts(explored, words, {"scores": logits})
    relative = explored.opened.info().critic_scale == "difference"
    if path.suffix.lower() == ".npz":
        peaks = {} if scores.peaks_N is None else {"saliency_NHW": scores.saliency_NHW, "peaks_N": scores.peaks_N}
        _write_numbers(path, {"samples_NHWC": samples, "logits_N": scores.logits_N, **peaks})
    else:
        means = "logits above or below their median" if relative else "D(x)"
        title = f"{explored.opened.title}, D of step {scores.step}: {means}"
        said = decision_figures.score_texts(scores.logits_N, relative=relative)
        sheet = decision_figures.draw_scores(samples, said, scores, title, options.scale, options.look)
        pictures.write_png(path, sheet, texts)
    return {"command": texts[f"{pictures.PREFIX}:command"], "scores": logits, "relative": relative}


def _samples(explored: Explored, options: DecisionOptions) -> tuple[NDArray[np.uint8], list[str]]:
    """The pictures to score, and the options that say which."""
    if options.grid is None:
        count = options.count or PICTURES
        points = [Point(seed=GRID_SEED, x=float(x)) for x in range(count)]
        return np.asarray(explored.draw(points).samples, np.uint8), ["--count", str(count)]
    kept = kept_grid(explored.name, str(options.grid)).samples
    count = min(options.count or len(kept), len(kept), MOST_PICTURES)
    return np.asarray(kept[:count], np.uint8), ["--grid", str(options.grid), "--count", str(count)]


def _texts(explored: Explored, words: Sequence[str], numbers: dict[str, Any]) -> dict[str, str]:
    """What the picture says of itself, with the numbers that it shows."""
    recipe = {"shows": "decision"}
    texts = pictures.facts("decision", explored.name, explored.opened.step, recipe, words)
    return texts | {f"{pictures.PREFIX}:{name}": pictures.compact_json(value) for name, value in numbers.items()}


def _write_numbers(path: Path, arrays: dict[str, Any]) -> None:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    pictures.write_bytes(path, buffer.getvalue())
