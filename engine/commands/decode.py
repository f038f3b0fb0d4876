"""`python -m engine decode MODEL FILE.codes.json --out PICTURES`: grids of codes become pictures."""

from __future__ import annotations

import json
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro
from numpy.typing import NDArray

from engine.code_files import (
    CodeFile,
    check_codes,
    code_file_from_text,
    code_file_text,
    is_of_model,
    read_code_file,
)
from engine.codes import CHUNK, decode_codes
from engine.commands import pictures, recipes
from engine.commands.exploring import Explored
from engine.commands.options import parse
from engine.commands.taking import ModelOptions
from engine.commands.terminal import Bars, CommandError, interruptible, note, say, say_json
from engine.messages import CodesDecoded, DecodeCodes

DESCRIPTION = "Turn a file of codes into pictures: one PNG of them all, or a folder with one PNG each."
LONGEST_RECIPE = 8192  # characters; a longer one is not put into a command line


@dataclass(frozen=True)
class DecodeOptions(ModelOptions):
    """What to decode, and where to write it."""

    codes: Annotated[str, tyro.conf.Positional] = ""
    """A file of codes (NAME.codes.json), a picture that was saved from codes, or the JSON of either."""
    out: str | None = None
    """A file .png for all pictures in a grid, or a folder for one PNG each. Without it, a free name in this folder."""
    scale: int = 4
    """How many pixels wide and high each pixel of a picture becomes."""
    columns: int | None = None
    """Pictures in a row of the grid; without it, a square grid."""
    json: bool = False
    """Print one JSON object and nothing else."""


@interruptible
def run(words: Sequence[str]) -> int:
    options = parse(DecodeOptions, words, "decode", DESCRIPTION)
    if not options.codes:
        raise CommandError("Name the model and then the file of codes, as in `decode bundled:NAME mine.codes.json`.")
    if options.scale < 1 or (options.columns is not None and options.columns < 1):
        raise CommandError("Scale and columns are whole numbers of at least 1.")
    explored = options.open()
    info = explored.opened.codec.codes
    kept = _codes(options.codes)
    check_codes(kept, info, explored.opened.title)
    if not is_of_model(kept, explored.name):
        note(f"These codes are from {kept.title or kept.snapshot}; here each of them means something else.")
    path = None if _is_folder(options.out) else pictures.target(options.out, "decoded", pictures.PICTURES)
    if path is not None:
        height, width, _ = explored.opened.snapshot.spec.shape
        pictures.grid_shape(len(kept.codes), height * options.scale, width * options.scale, options.columns)
    with Bars(quiet=options.json) as bars:
        made = bars.measured("Decoding", _decoded(explored, kept))
        if path is None:
            path = Path(str(options.out)).expanduser()
            bars.measured("Writing", _write_each(explored, kept, made, path, options))
        else:
            sheet = pictures.grid(made, options.scale, options.columns)
            pictures.write_png(path, sheet, _facts(explored, kept, options))
    command = _facts(explored, kept, options)[f"{pictures.PREFIX}:command"]
    if options.json:
        facts = {"file": str(path), "snapshot": explored.name, "step": explored.opened.step}
        say_json({**facts, "pictures": len(made), "command": command})
    else:
        many = "1 picture" if len(made) == 1 else f"{len(made)} pictures"
        say(f"{many} by {explored.opened.title}, step {explored.opened.step}: {path}")
        say(f"Again: {command}")
    return 0


def _codes(told: str) -> CodeFile:
    """Raises CodeFileError or CommandError."""
    if told.lstrip().startswith("{"):
        return code_file_from_text(told, "The JSON")
    path = Path(told).expanduser()
    if path.suffix.lower() == ".png" and path.is_file():
        return code_file_from_text(recipes.recipe_in(path), path.name)
    return read_code_file(path)


def _is_folder(out: str | None) -> bool:
    return out is not None and (Path(out).expanduser().is_dir() or not Path(out).suffix)


def _decoded(explored: Explored, kept: CodeFile) -> Generator[tuple[int, int], None, NDArray[np.uint8]]:
    """The pictures (N, H, W, C); yields (done, total)."""
    parts: list[NDArray[np.uint8]] = []
    for first in range(0, len(kept.codes), CHUNK):
        request = DecodeCodes("command", 0, explored.name, kept.codes[first : first + CHUNK])
        (decoded,) = decode_codes(explored.opened, request, explored.device)
        assert isinstance(decoded, CodesDecoded)
        parts.append(decoded.samples)
        yield min(first + CHUNK, len(kept.codes)), len(kept.codes)
    return np.concatenate(parts)


def _write_each(
    explored: Explored, kept: CodeFile, made: NDArray[np.uint8], folder: Path, options: DecodeOptions
) -> Generator[tuple[int, int], None, None]:
    """One PNG for each grid, each with its own codes inside; yields (done, total)."""
    for number, picture in enumerate(made):
        one = CodeFile(kept.codes[number : number + 1], kept.book, kept.snapshot, kept.title, kept.family, kept.step)
        texts = _facts(explored, one, options)
        pictures.write_png(folder / f"{number:05d}.png", pictures.scaled(picture, options.scale), texts)
        yield number + 1, len(made)


def _facts(explored: Explored, kept: CodeFile, options: DecodeOptions) -> dict[str, str]:
    recipe = code_file_text(kept)
    file = options.codes if options.codes.lstrip().startswith("{") else str(Path(options.codes).expanduser().resolve())
    words = [recipe if len(recipe) <= LONGEST_RECIPE else file]
    words += ["--scale", str(options.scale)] if options.scale != DecodeOptions.scale else []
    words += [] if options.columns is None else ["--columns", str(options.columns)]
    return pictures.facts("decode", explored.name, explored.opened.step, json.loads(recipe), words, model_first=True)
