"""`python -m engine encode MODEL --data NAME_OR_PATH --out FILE.codes.json`: pictures become grids of codes."""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from engine.code_files import CODE_SUFFIX, MOST_CODES, CodeFile, write_code_file
from engine.codes import CHUNK
from engine.commands import pictures
from engine.commands.exploring import Explored
from engine.commands.options import parse
from engine.commands.taking import PictureOptions, take_pictures
from engine.commands.terminal import Bars, CommandError, interruptible, say, say_json
from engine.messages.names import Codes
from engine.stepper import to_model
from engine.storage import files

DESCRIPTION = "Turn pictures into the codes of a VQ-VAE or dVAE, as a file that decode and the window read."


@dataclass(frozen=True)
class EncodeOptions(PictureOptions):
    """What to encode, and where to write it."""

    out: str | None = None
    """The file, NAME.codes.json. Without it, a free name in this folder."""
    json: bool = False
    """Print one JSON object and nothing else."""


@interruptible
def run(words: Sequence[str]) -> int:
    options = parse(EncodeOptions, words, "encode", DESCRIPTION)
    explored = options.open()
    opened, info = explored.opened, explored.opened.codec.codes
    path = pictures.target(options.out, "encoded", (CODE_SUFFIX,))
    with Bars(quiet=options.json) as bars:
        taken = take_pictures(explored, options, bars)
        places = math.prod(info.grid)
        if len(taken.pictures) * places > MOST_CODES:
            raise CommandError(
                f"A file holds {MOST_CODES} codes, which are {MOST_CODES // places} pictures of {opened.title}; take "
                "fewer."
            )
        codes = bars.measured("Encoding", _encoded(explored, taken.pictures))
    files.make_folder(path.absolute().parent)
    write_code_file(CodeFile(codes, info.book, explored.name, opened.title, opened.family, opened.step), path)
    different = len(np.unique(codes))
    if options.json:
        facts = {"file": str(path), "snapshot": explored.name, "step": opened.step, "source": taken.source}
        said = {"pictures": len(codes), "grid": info.grid, "book": info.book, "different_codes": different}
        say_json({**facts, **said, "command": command(explored, taken.words)})
        return 0
    sides = " x ".join(map(str, info.grid))
    many = "1 picture" if len(codes) == 1 else f"{len(codes)} pictures"
    say(f"{many} of {taken.source} as {sides} codes, {different} of {info.book} different: {path}")
    say(f"Again: {command(explored, taken.words)}")
    return 0


def command(explored: Explored, words: Sequence[str]) -> str:
    texts = pictures.facts("encode", explored.name, explored.opened.step, None, words, model_first=True)
    return texts[f"{pictures.PREFIX}:command"]


def _encoded(explored: Explored, samples: NDArray[np.uint8]) -> Generator[tuple[int, int], None, Codes]:
    """The codes (N, h, w); yields (done, total)."""
    parts: list[Codes] = []
    for first in range(0, len(samples), CHUNK):
        x = to_model(torch.from_numpy(samples[first : first + CHUNK]).to(explored.device))
        with torch.inference_mode():
            parts.append(explored.opened.codec.encode(x).cpu().numpy())
        yield min(first + CHUNK, len(samples)), len(samples)
    return np.concatenate(parts)
