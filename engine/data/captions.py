"""What files beside the pictures say about them: captions, labels and attributes.

Three customs are read: `metadata.csv` and `metadata.jsonl` (columns `file_name`, `text` or `caption`, and any others,
as in the "imagefolder" layout of Hugging Face datasets), and a `.txt` file beside the picture with the same stem.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Generator, Mapping, Sequence
from pathlib import PurePosixPath

from engine.data.assemble import Pace
from engine.data.columns import clean_text, is_category, word_column
from engine.data.dataset import Column, LoadProgress, Problem, Table
from engine.data.picture import PictureError
from engine.data.tree import Layout, Tree

MAX_METADATA_BYTES = 256 << 20
MAX_CAPTION_BYTES = 64 << 10
MAX_COLUMNS = 64
FILE_COLUMN = "file_name"
CAPTION_COLUMNS = ("text", "caption", "prompt")

Facts = dict[PurePosixPath, dict[str, str]]


def read_table(
    tree: Tree, files: Sequence[PurePosixPath], layout: Layout
) -> Generator[LoadProgress, None, tuple[Table, list[Problem]]]:
    """The table of the pictures in `layout`, and which side files could not be used."""
    present = set(files)
    facts: Facts = {}
    problems: list[Problem] = []
    for root in reversed(layout.roots):  # the nearest last: it wins
        for name in ("metadata.csv", "metadata.jsonl"):
            if root / name in present:
                yield from _read_metadata(tree, root / name, facts, problems)
    if unknown := len(facts.keys() - present):
        problems.append(Problem("metadata", f"{unknown} of its rows name pictures that are not there"))
    captions: list[str] = []
    pace = Pace()
    for path in layout.pictures:
        about = facts.get(path, {})
        caption = next((about[key] for key in CAPTION_COLUMNS if about.get(key)), "")
        beside = path.with_suffix(".txt")
        if not caption and beside in present:
            caption = _read_caption(tree, beside, problems)
        captions.append(clean_text(caption))
        if pace.due():
            yield LoadProgress("Reading captions", len(captions), len(layout.pictures))
    columns = _columns([facts.get(path, {}) for path in layout.pictures], layout.labels, problems)
    yield LoadProgress("Reading captions", len(captions), len(captions))
    return Table(columns, captions if any(captions) else None), problems


def _columns(
    facts: Sequence[Mapping[str, str]], folders: Sequence[str | None], problems: list[Problem]
) -> dict[str, Column]:
    """The label (a column of that name, else the class folders) and every other column that is a category."""
    columns: dict[str, Column] = {}
    names = dict.fromkeys(key for about in facts for key in about)
    for name in [n for n in names if n not in (*CAPTION_COLUMNS, FILE_COLUMN)][:MAX_COLUMNS]:
        words = [clean_text(about[name]) or None if name in about else None for about in facts]
        if name == "label" or is_category(words):
            columns[name] = word_column(words)
        else:
            reason = f'its column "{name}" has too many different values for an attribute and was left out'
            problems.append(Problem("metadata", reason))
    if "label" not in columns and any(folder is not None for folder in folders):
        columns = {"label": word_column(folders), **columns}
    return columns


def _read_caption(tree: Tree, path: PurePosixPath, problems: list[Problem]) -> str:
    """The first line of a `.txt` file that says something."""
    try:
        text = _read_text(tree, path, MAX_CAPTION_BYTES)
    except (OSError, ValueError) as fault:
        problems.append(Problem(str(path), _reason(fault)))
        return ""
    return next((line for line in text.splitlines() if line.strip()), "")


def _read_metadata(
    tree: Tree, path: PurePosixPath, facts: Facts, problems: list[Problem]
) -> Generator[LoadProgress, None, None]:
    """Add what one metadata file says to `facts`. Bad rows are counted and reported once."""
    bad = 0
    pace = Pace()
    try:
        text = _read_text(tree, path, MAX_METADATA_BYTES)
        for number, row in enumerate(_csv_rows(text) if path.suffix == ".csv" else _json_rows(text)):
            if row is None or FILE_COLUMN not in row:
                bad += 1
            else:
                name = row[FILE_COLUMN].replace("\\", "/")
                facts.setdefault(path.parent / name, {}).update(row)
            if pace.due():
                yield LoadProgress("Reading captions", number, 0)
    except (OSError, ValueError, csv.Error) as fault:
        problems.append(Problem(str(path), _reason(fault)))
    if bad:
        problems.append(Problem(str(path), f'{bad} of its rows do not name a picture under "{FILE_COLUMN}"'))


def _csv_rows(text: str) -> Generator[dict[str, str], None, None]:
    for row in csv.DictReader(io.StringIO(text, newline="")):
        yield {key.strip(): value for key, value in row.items() if isinstance(key, str) and isinstance(value, str)}


def _json_rows(text: str) -> Generator[dict[str, str] | None, None, None]:
    for line in text.splitlines():
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        yield {k: _word(v) for k, v in row.items() if _is_word(v)} if isinstance(row, dict) else None


def _is_word(value: object) -> bool:
    return isinstance(value, str | int | float | bool)


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _read_text(tree: Tree, path: PurePosixPath, limit: int) -> str:
    with tree.opened(path) as stream:
        raw = stream.read(limit + 1)
    if len(raw) > limit:
        raise PictureError(f"it is larger than {limit >> 10} KB")
    return raw.decode("utf-8-sig")


def _reason(fault: Exception) -> str:
    if isinstance(fault, PictureError):
        return str(fault)
    if isinstance(fault, UnicodeDecodeError):
        return "it is not UTF-8 text"
    if isinstance(fault, OSError):
        return f"it cannot be read: {fault.strerror or fault}"
    return f"it is damaged: {fault}"
