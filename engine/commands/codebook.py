"""`python -m engine codebook MODEL [--out FILE]`: which codes a model uses, and what each of them decodes to."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from engine import codes
from engine.commands import pictures
from engine.commands.exploring import Explored
from engine.commands.options import parse
from engine.commands.taking import ModelOptions
from engine.commands.terminal import Bars, CommandError, interruptible, say, say_json
from engine.evaluate.codes import book_figures

DESCRIPTION = "Show which codes a model uses, how evenly, and as a PNG what each of them decodes to."
TOP = 10  # codes that are named


@dataclass(frozen=True)
class CodebookOptions(ModelOptions):
    """What to show, and where."""

    out: str | None = None
    """A file .png for a sheet of what every code decodes to where it stands alone; without it, no sheet is made."""
    order: Literal["number", "usage", "likeness"] = "number"
    """How the codes follow each other on the sheet, row by row."""
    scale: int = 4
    """How many pixels wide and high each pixel of a code becomes."""
    columns: int | None = None
    """Codes in a row of the sheet; without it, a square grid."""
    json: bool = False
    """Print one JSON object and nothing else."""


@interruptible
def run(words: Sequence[str]) -> int:
    options = parse(CodebookOptions, words, "codebook", DESCRIPTION)
    if options.scale < 1 or (options.columns is not None and options.columns < 1):
        raise CommandError("Scale and columns are whole numbers of at least 1.")
    explored = options.open()
    codec = explored.opened.codec
    path = None if options.out is None else pictures.target(options.out, "codebook", pictures.PICTURES)
    usage_K = codec.usage().cpu().numpy().astype(np.int64)
    figures = book_figures(usage_K)
    if path is not None:
        side = codec.codes.cell * options.scale
        pictures.grid_shape(codec.codes.book, side, side, options.columns)
        with Bars(quiet=options.json) as bars:
            cells = bars.measured("Decoding", _cells(explored, _order(explored, usage_K, options.order)))
        sheet = pictures.grid(cells, options.scale, options.columns)
        pictures.write_png(path, sheet, _facts(explored, options))
    _report(explored, usage_K, figures, path, options)
    return 0


def _order(explored: Explored, usage_K: NDArray[np.int64], order: str) -> NDArray[np.int64]:
    if order == "usage":
        return np.argsort(-usage_K, kind="stable")
    if order == "likeness":
        with torch.inference_mode():
            book_KD = explored.opened.codec.book().float()
            if len(book_KD) <= codes.CHAINED:
                return codes.chain_of(book_KD)
            return np.argsort(codes.plane_of(book_KD)[0][:, 0], kind="stable")
    return np.arange(len(usage_K), dtype=np.int64)


def _cells(explored: Explored, order_K: NDArray[np.int64]) -> Generator[tuple[int, int], None, NDArray[np.uint8]]:
    """The cell of each code, (K, cell, cell, C); yields (done, total)."""
    parts: list[NDArray[np.uint8]] = []
    for part in torch.split(torch.from_numpy(order_K), codes.CHUNK):
        with torch.inference_mode():
            parts.append(codes.alone(explored.opened, part, explored.device))
        yield codes.CHUNK * len(parts), len(order_K)
    return np.concatenate(parts)


def _facts(explored: Explored, options: CodebookOptions) -> dict[str, str]:
    words = ["--order", options.order] if options.order != CodebookOptions.order else []
    words += ["--scale", str(options.scale)] if options.scale != CodebookOptions.scale else []
    words += [] if options.columns is None else ["--columns", str(options.columns)]
    recipe = {"shows": "codebook"}
    return pictures.facts("codebook", explored.name, explored.opened.step, recipe, words, model_first=True)


def _report(
    explored: Explored,
    usage_K: NDArray[np.int64],
    figures: dict[str, Any],
    path: Path | None,
    options: CodebookOptions,
) -> None:
    opened, info = explored.opened, explored.opened.codec.codes
    most = [int(code) for code in np.argsort(-usage_K, kind="stable")[:TOP] if usage_K[code]]
    if options.json:
        facts = {"file": None if path is None else str(path), "snapshot": explored.name, "step": opened.step}
        shape = {"grid": info.grid, "vector": info.vector, "cell": info.cell}
        say_json({**facts, **shape, **figures, "usage": usage_K.tolist(), "most_used": most})
        return
    counted = figures["counted"]
    say(f"{opened.title}, step {opened.step}: {info.book} codes of {info.vector} numbers, grids of {_sides(info.grid)}")
    if not counted:
        say("  training has not counted any codes yet")
    else:
        say(f"  used: {figures['used']} ({figures['used_percent']:g} %), dead: {figures['dead']}")
        say(f"  perplexity: {figures['perplexity']:.4g} (of the last {counted} codes of training)")
        shares = ", ".join(f"{code} ({100 * usage_K[code] / counted:.1f} %)" for code in most)
        say(f"  used most: {shares}")
    if path is not None:
        say(f"What every code decodes to: {path}")


def _sides(grid: Sequence[int]) -> str:
    return " x ".join(map(str, grid))
