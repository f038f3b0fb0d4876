"""A picture with what is painted on its codes, the steps of undo on it, and the files that such pictures come from."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

import engine
from engine import CODE_SUFFIX, CodeFile, Codes, CodesInfo, Pixels, SnapshotInfo
from explorer.code_painting import OPEN
from explorer.drops import PICTURES
from explorer.picture_files import read_picture
from explorer.pictures import facts_in
from explorer.provenance import RECIPE, panel_of
from explorer.text import tr

MOST = 12  # grids of one file that become pictures at hand


@dataclass(eq=False)
class Sheet:
    """A picture (H, W, C), what it is called, and by model what was painted on its codes (h, w). A sheet of codes from
    a file has no picture but `kept`, until they are decoded for the first time."""

    title: str
    pixels: Pixels | None
    kept: CodeFile | None = None
    paintings: dict[str, Codes] = field(default_factory=dict)

    def is_painted(self) -> bool:
        return any((painting != OPEN).any() for painting in self.paintings.values())

    def fits(self, info: SnapshotInfo) -> bool:
        """Whether a model takes the picture, or the codes that it came as."""
        if self.kept is not None:
            return info.codes is not None and (self.kept.grid, self.kept.book) == (info.codes.grid, info.codes.book)
        return self.pixels is not None and self.pixels.shape == tuple(info.shape)


@dataclass(frozen=True, eq=False)
class Painting:
    """What is painted on one picture for one model: a step of undo goes from one to another."""

    sheet: Sheet
    model: str
    codes: Codes

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Painting)
            and (self.sheet, self.model) == (other.sheet, other.model)
            and np.array_equal(self.codes, other.codes)
        )


def is_sheet_file(file: Path) -> bool:
    """Whether a file is, by its name, a picture or codes."""
    return file.name.endswith(CODE_SUFFIX) or file.suffix.lower() in PICTURES


def sheets_in(file: Path, info: SnapshotInfo, snapshot: str) -> tuple[tuple[Sheet, ...], str]:
    """What a file holds for a model: a picture, codes, or a saved picture that carries its codes; and a sentence where
    there is something to know. Raises CodeFileError or PictureFileError with one sentence."""
    if file.name.endswith(".json"):
        return _sheets_of(engine.read_code_file(file), file.name, info, snapshot)
    facts = facts_in(file)
    if RECIPE in facts and panel_of(facts) == "codes":
        return _sheets_of(engine.code_file_from_text(facts[RECIPE], file.name), file.name, info, snapshot)
    pixels, note = read_picture(file, info.shape)
    return (Sheet(file.name, pixels),), note


def _sheets_of(kept: CodeFile, name: str, info: SnapshotInfo, snapshot: str) -> tuple[tuple[Sheet, ...], str]:
    """Each grid as a picture of its own. Raises CodeFileError where the decoder does not take them."""
    assert isinstance(info.codes, CodesInfo)
    engine.check_codes(kept, info.codes, info.title)
    sheets = []
    for k, codes in enumerate(kept.codes[:MOST]):
        one = CodeFile(codes[None], kept.book, kept.snapshot, kept.title, kept.family, kept.step)
        sheets.append(Sheet(name if len(kept.codes) == 1 else f"{name} {k}", None, one))
    if engine.is_of_model(kept, snapshot):
        return tuple(sheets), ""
    return tuple(sheets), tr("{name} is from {model}; here its codes mean other patches.", name=name, model=kept.title)
