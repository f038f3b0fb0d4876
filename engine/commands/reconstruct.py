"""`python -m engine reconstruct MODEL --data NAME_OR_PATH --out FILE`: pictures beside what a model makes of them."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.codes import CHUNK
from engine.codes import reconstruct as reconstruct_samples
from engine.commands import pictures
from engine.commands.exploring import Explored
from engine.commands.figures import INK, LINE, Sheet
from engine.commands.options import parse
from engine.commands.taking import PictureOptions, Taken, take_pictures
from engine.commands.terminal import Bars, CommandError, interruptible, say, say_json
from engine.messages import Reconstruct, Reconstructed

DESCRIPTION = "Show pictures above what a model makes of them, with how like they are."
MARGIN = 4  # pixels
Figures = dict[str, NDArray[np.float32]]


@dataclass(frozen=True)
class ReconstructOptions(PictureOptions):
    """What to reconstruct, and where to write it."""

    out: str | None = None
    """The file: .png. Without it, a free name in this folder."""
    scale: int = 4
    """How many pixels wide and high each pixel of a picture becomes."""
    columns: int | None = None
    """Pairs in a row; without it, 8."""
    json: bool = False
    """Print one JSON object with the figures of every picture, and nothing else."""


@interruptible
def run(words: Sequence[str]) -> int:
    options = parse(ReconstructOptions, words, "reconstruct", DESCRIPTION)
    if options.scale < 1 or (options.columns is not None and options.columns < 1):
        raise CommandError("Scale and columns are whole numbers of at least 1.")
    explored = options.open()
    opened = explored.opened
    _ = opened.reconstructor  # says what is missing before any data are opened
    path = pictures.target(options.out, "reconstructed", pictures.PICTURES)
    with Bars(quiet=options.json) as bars:
        taken = take_pictures(explored, options, bars)
        columns = min(options.columns or 8, len(taken.pictures))
        _check_size(taken.pictures, columns, options.scale)
        made = bars.measured("Reconstructing", _reconstructed(explored, taken.pictures))
    figures: Figures = {"psnr_db": made.psnr_N, "ssim": made.ssim_N, "l1": made.l1_N, "bits_per_dim": made.bits_N}
    texts = _facts(explored, taken, figures, options)
    originals, samples = np.asarray(made.originals, np.uint8), np.asarray(made.samples, np.uint8)
    title = f"{opened.title}, step {opened.step}, {taken.source}: originals above, reconstructions below"
    pictures.write_png(path, draw_pairs(originals, samples, made, columns, options.scale, title), texts)
    _report(explored, taken, figures, str(path), texts[f"{pictures.PREFIX}:command"], json=options.json)
    return 0


def _reconstructed(explored: Explored, samples: NDArray[np.uint8]) -> Generator[tuple[int, int], None, Reconstructed]:
    request = Reconstruct("command", 0, explored.name, samples)
    for number, event in enumerate(reconstruct_samples(explored.opened, request, explored.device)):
        if isinstance(event, Reconstructed):
            return event
        yield min((number + 1) * CHUNK, len(samples)), len(samples)
    raise AssertionError("a reconstruction ends with its event")


def _check_size(samples: NDArray[np.uint8], columns: int, scale: int) -> None:
    """Raises CommandError where the sheet would be too large, before any work."""
    _, height, width, _ = samples.shape
    pictures.grid_shape(len(samples), 2 * height * scale + 2 * LINE + MARGIN, width * scale + MARGIN, columns)


def draw_pairs(
    originals: NDArray[np.uint8],
    samples: NDArray[np.uint8],
    made: Reconstructed,
    columns: int,
    scale: int,
    title: str,
) -> NDArray[np.uint8]:
    """Originals (N, H, W, C), each above its reconstruction, with PSNR, SSIM and bits under each pair."""
    count, height, width, _ = originals.shape
    told = [
        (f"{psnr:.1f} dB, SSIM {ssim:.2f}", f"{bits:.2f} bits/dim")
        for psnr, ssim, bits in zip(made.psnr_N, made.ssim_N, made.bits_N, strict=True)
    ]
    measure = Sheet(1, 1)
    widest = max(measure.font.getlength(text) for texts in told for text in texts)
    cell = max(width * scale, round(widest)) + 2 * MARGIN
    row = 2 * height * scale + 2 * LINE + 2 * MARGIN
    wide = max(columns * cell, round(measure.font.getlength(title))) + 2 * MARGIN
    sheet = Sheet(wide, LINE + MARGIN + -(-count // columns) * row)
    sheet.text(MARGIN, 2, title, INK)
    for number, (pair, texts) in enumerate(zip(zip(originals, samples, strict=True), told, strict=True)):
        left = MARGIN + number % columns * cell + (cell - width * scale) // 2
        top = LINE + MARGIN + number // columns * row
        for picture in pair:
            shown = np.ascontiguousarray(np.broadcast_to(picture, (height, width, 3)))
            sheet.paste(shown, (left, top, left + width * scale, top + height * scale))
            top += height * scale + 1
        for text in texts:
            sheet.text(left + width * scale / 2, top + 1, text, INK, "ma")
            top += LINE - 2
    return sheet.pixels()


def _facts(explored: Explored, taken: Taken, figures: Figures, options: ReconstructOptions) -> dict[str, str]:
    words = list(taken.words)
    words += ["--scale", str(options.scale)] if options.scale != ReconstructOptions.scale else []
    words += [] if options.columns is None else ["--columns", str(options.columns)]
    recipe = {"shows": "reconstructions"}
    texts = pictures.facts("reconstruct", explored.name, explored.opened.step, recipe, words, model_first=True)
    numbers = {name: [round(float(value), 4) for value in values] for name, values in figures.items()}
    return texts | {f"{pictures.PREFIX}:figures": pictures.compact_json(numbers)}


def _report(explored: Explored, taken: Taken, figures: Figures, file: str, command: str, *, json: bool) -> None:
    means = {name: round(float(values.astype(np.float64).mean()), 4) for name, values in figures.items()}
    if json:
        each = {name: [round(float(value), 4) for value in values] for name, values in figures.items()}
        facts = {"file": file, "snapshot": explored.name, "step": explored.opened.step, "source": taken.source}
        say_json({**facts, "pictures": len(taken.pictures), "mean": means, "each": each, "command": command})
        return
    opened = explored.opened
    many = "1 picture" if len(taken.pictures) == 1 else f"{len(taken.pictures)} pictures"
    say(f"{many} of {taken.source} by {opened.title}, step {opened.step}: {file}")
    for name, unit in (("psnr_db", "PSNR in dB"), ("ssim", "SSIM"), ("l1", "L1, in parts of the full range")):
        low, high = float(figures[name].min()), float(figures[name].max())
        say(f"  {unit}: {means[name]:.4g} ({low:.4g} to {high:.4g})")
    say(f"  bits per number, at most: {means['bits_per_dim']:.4g}")
    say(f"Again: {command}")
