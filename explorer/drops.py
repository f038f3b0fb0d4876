"""What a file or folder is that was dropped on the window or chosen in a dialog.

Found out from names and from our own metadata, never by guessing from content that could be anything."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engine import CODE_SUFFIX, CodeFileError, code_file_text, read_code_file
from explorer.pictures import facts_in
from explorer.provenance import RECIPE, SNAPSHOT
from explorer.session import SUFFIX
from explorer.text import tr

RUN_FILE, WEIGHTS_FILE = "run.json", "weights.safetensors"
PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff")
Kind = Literal["run", "data", "session", "picture", "model"]


class DropError(ValueError):
    """Something that the window has no use for; the message says what it would take."""


@dataclass(frozen=True)
class Found:
    """What lies at a path. For a run `path` is its folder; for a picture `facts` are its metadata of ours; for a
    bundled model `path` is its folder."""

    kind: Kind
    path: Path
    facts: dict[str, str]


def what_is(path: Path) -> Found:
    """Say what lies at `path`; raises DropError with one sentence where it is of no use here."""
    if not path.exists():
        raise DropError(tr("There is nothing at {path}; it may have been moved.", path=path))
    if path.is_dir():
        return Found("run" if (path / RUN_FILE).is_file() else "data", path, {})
    if path.name == RUN_FILE:
        return Found("run", path.parent, {})
    if path.name.endswith(SUFFIX):
        return Found("session", path, {})
    if path.name.endswith(CODE_SUFFIX):
        return _codes(path)
    if path.suffix.lower() == ".safetensors":
        return _weights(path)
    if path.suffix.lower() in PICTURES:
        return _picture(path)
    return Found("data", path, {})


def _weights(path: Path) -> Found:
    """Weights belong to a run or to a folder with a card; alone they do not say what network they are for."""
    for folder in path.parents:
        if (folder / RUN_FILE).is_file():
            return Found("run", folder, {})
    if (path.parent / "card.json").is_file():
        return Found("model", path.parent, {})
    raise DropError(tr("{name} alone does not say its network; drop the run folder that it is from.", name=path.name))


def _codes(path: Path) -> Found:
    """A file of codes says what a picture says that was saved from them."""
    try:
        kept = read_code_file(path)
    except CodeFileError as error:
        raise DropError(str(error)) from error
    return Found("picture", path, {RECIPE: code_file_text(kept), SNAPSHOT: kept.snapshot})


def _picture(path: Path) -> Found:
    facts = facts_in(path)
    if facts:
        return Found("picture", path, facts)
    raise DropError(
        tr("{name} carries no latent; drop it on Codes to encode it, to train on it drop the folder.", name=path.name)
    )
