"""Grids of codes as a file, and as the recipe inside a saved picture: what a painter keeps and a decoder reads.

The file is JSON text in UTF-8 and is called "NAME.codes.json":

    {"format": "latent-explorer codes",       always this
     "version": 1,                            a higher one is of a newer program and refused
     "shows": "codes",                        the panel that shows it again
     "model": {"snapshot": "run:PATH@800",    where the codes are from; the texts may be empty
               "title": "VQ-VAE", "family": "vqvae", "step": 800},
     "grid": [8, 8],                          sides of one grid: rows, columns
     "book": 512,                             how many codes the book has: each code is in 0 .. book - 1
     "codes": [[[17, 4, ...], ...], ...]}     N grids, (N, *grid), whole numbers

Other keys are ignored. The same text is the "recipe" in the metadata of a picture that was saved from painted codes, so
`code_file_from_text` reads both. Limits: MOST_BYTES of a file, MOST_CODES in all its grids, MOST_BOOK codes in a book.
Nothing in such a file is ever executed. Errors are `CodeFileError`, each one sentence that says what to do.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from engine.controls import CodesInfo
from engine.messages.names import Codes, model_of

CODE_SUFFIX = ".codes.json"
FORMAT, VERSION = "latent-explorer codes", 1
MOST_BYTES, MOST_CODES, MOST_BOOK = 16 << 20, 1 << 20, 1 << 20


class CodeFileError(ValueError):
    """A file of codes that cannot be read, written or decoded; the message is one sentence that says what to do."""


@dataclass(frozen=True, eq=False)
class CodeFile:
    """Grids of codes (N, *grid), int64, each in 0 .. book - 1, and the model that they are from."""

    codes: Codes
    book: int
    snapshot: str = ""
    title: str = ""
    family: str = ""
    step: int = 0
    grid: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "grid", tuple(self.codes.shape[1:]))


def check_codes(kept: CodeFile, info: CodesInfo, title: str) -> None:
    """Whether a decoder called `title` takes these grids. Raises CodeFileError for another grid, or another book."""
    if kept.grid != info.grid:
        raise CodeFileError(
            f"These codes are a grid of {_sides(kept.grid)}, {title} decodes {_sides(info.grid)}; "
            f"open {_model_words(kept)} or other codes."
        )
    if kept.book != info.book:
        raise CodeFileError(
            f"These codes are of a book of {kept.book}, {title} has {info.book}; open {_model_words(kept)} or other "
            "codes."
        )


def is_of_model(kept: CodeFile, snapshot: str) -> bool:
    """Whether codes are from this run or bundled model, at whatever step; True where a file does not say."""
    return not kept.snapshot or model_of(kept.snapshot) == model_of(snapshot)


def code_file_text(kept: CodeFile) -> str:
    """The text of a file of codes, which is also the recipe in a picture."""
    model = {"snapshot": kept.snapshot, "title": kept.title, "family": kept.family, "step": kept.step}
    plain = {"format": FORMAT, "version": VERSION, "shows": "codes", "model": model, "grid": kept.grid}
    return json.dumps({**plain, "book": kept.book, "codes": kept.codes.tolist()}, separators=(",", ":"))


def code_file_from_text(text: str, name: str = "This text") -> CodeFile:
    """The inverse; `name` begins the sentences of errors. Raises CodeFileError."""
    try:
        plain = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CodeFileError(f"{name} is no file of codes (it is not valid JSON); save the codes again.") from error
    return code_file_from_plain(plain, name)


def code_file_from_plain(plain: Any, name: str = "This recipe") -> CodeFile:
    """The same from JSON that was read already. Raises CodeFileError."""
    if not isinstance(plain, Mapping) or plain.get("format") != FORMAT:
        raise CodeFileError(f"{name} is no file of codes; choose one that was saved from the panel Codes.")
    version = plain.get("version")
    if type(version) is not int or version > VERSION:
        raise CodeFileError(f"{name} was saved by a newer Latent Explorer (format {version!r}); update this one.")
    grid, book = plain.get("grid"), plain.get("book")
    if not _are_whole(grid) or not grid or min(grid) < 1:
        raise CodeFileError(f"{name} does not say how large its grid is; save the codes again.")
    if type(book) is not int or not 1 <= book <= MOST_BOOK:
        raise CodeFileError(f"{name} does not say how many codes its book has; save the codes again.")
    codes = _codes(plain.get("codes"), tuple(grid), name)
    if codes.min() < 0 or codes.max() >= book:
        wrong = int(codes.min() if codes.min() < 0 else codes.max())
        raise CodeFileError(f"{name} has the code {wrong}, its book only 0 to {book - 1}; save the codes again.")
    model = plain.get("model")
    model = model if isinstance(model, Mapping) else {}
    step = model.get("step")
    words = {key: str(model.get(key, "")) for key in ("snapshot", "title", "family")}
    return CodeFile(codes, book, **words, step=step if type(step) is int else 0)


def read_code_file(file: Path) -> CodeFile:
    """Read "NAME.codes.json". Raises CodeFileError."""
    try:
        if file.stat().st_size > MOST_BYTES:
            raise CodeFileError(f"{file.name} is too large for a file of codes; choose another one.")
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise CodeFileError(f"{file.name} is no file of codes (it is not text); choose another one.") from error
    except OSError as error:
        raise CodeFileError(f"{file.name} could not be read ({error.strerror}); choose another one.") from error
    return code_file_from_text(text, file.name)


def write_code_file(kept: CodeFile, file: Path) -> None:
    """Write the whole file, or leave what was there. Raises CodeFileError."""
    partial = file.with_name(f"{file.name}.partial")
    try:
        partial.write_text(code_file_text(kept) + "\n", encoding="utf-8")
        os.replace(partial, file)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise CodeFileError(f"{file.name} could not be written ({error.strerror}); choose another folder.") from error


def _codes(listed: Any, grid: tuple[int, ...], name: str) -> Codes:
    """Nested lists as (N, *grid). Raises CodeFileError."""
    try:
        found = np.array(listed)
    except (ValueError, OverflowError):
        found = np.array(None)  # rows of different length
    if found.ndim != 1 + len(grid) or found.shape[1:] != grid or not len(found) or found.dtype.kind != "i":
        raise CodeFileError(
            f"The codes in {name} are not whole numbers in grids of {_sides(grid)}; save the codes again."
        )
    if found.size > MOST_CODES:
        raise CodeFileError(f"{name} has more than {MOST_CODES} codes; save fewer grids.")
    return found.astype(np.int64)


def _are_whole(numbers: Any) -> bool:
    return isinstance(numbers, Sequence) and all(type(number) is int for number in numbers)


def _sides(grid: Sequence[int]) -> str:
    return " x ".join(map(str, grid))


def _model_words(kept: CodeFile) -> str:
    """The model that codes are from, as it is named in the middle of a sentence."""
    named = kept.title or kept.snapshot
    return f"the model that they are from ({named})" if named else "the model that they are from"
