"""Files in a folder or in an archive, seen alike, and what their places mean: which are pictures, labels, splits.

A tree is only ever read through names that it listed itself; nothing is unpacked to disk.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO, Protocol

from engine.data.assemble import Pace
from engine.data.columns import natural_order
from engine.data.dataset import DataError, LoadProgress, Problem
from engine.data.picture import FORMAT_NAMES

MAX_FILES = 2_000_000
MAX_DEPTH = 16
HEAD_BYTES = 16

# fmt: off
READABLE_SUFFIXES = (
    ".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".bmp", ".dib", ".gif", ".tif", ".tiff",
)
FOREIGN_SUFFIXES = (
    ".heic", ".heif", ".avif", ".svg", ".jp2", ".jxl", ".psd", ".xcf", ".ico", ".tga", ".ppm", ".pgm", ".pbm",
    ".exr", ".hdr", ".dng", ".cr2", ".nef", ".arw", ".raw",
)
SIDE_SUFFIXES = (
    ".txt", ".csv", ".tsv", ".json", ".jsonl", ".md", ".html", ".xml", ".yaml", ".yml", ".py", ".log", ".ini", ".db",
)
# fmt: on

TEST_FOLDERS = ("test", "val", "valid", "validation", "eval")
SPLIT_FOLDERS = ("train", "training", *TEST_FOLDERS)

Listing = Generator[LoadProgress, None, tuple[list[PurePosixPath], list[Problem]]]


class Tree(Protocol):
    """Something that holds files under relative names."""

    @property
    def name(self) -> str:
        """What a message calls it."""
        ...

    def listing(self) -> Listing:
        """All files that may be read, and what was refused. Raises DataError."""
        ...

    def opened(self, path: PurePosixPath) -> AbstractContextManager[BinaryIO]:
        """A listed file, seekable. Raises OSError or PictureError."""
        ...


def check_listing(name: str, file_count: int, path: PurePosixPath) -> None:
    """Raises DataError when a tree is out of all proportion."""
    if file_count > MAX_FILES:
        raise DataError(f"{name} holds more than {MAX_FILES:,} files; choose a smaller folder.")
    if len(path.parts) > MAX_DEPTH:
        raise DataError(f"{name} has folders more than {MAX_DEPTH} deep; choose the folder that holds the pictures.")


def is_hidden(path: PurePosixPath) -> bool:
    """Files that systems leave behind, which nobody means as data."""
    return path.name.startswith(".") or "__MACOSX" in path.parts or path.name.lower() in ("thumbs.db", "desktop.ini")


def looks_like_picture(head: bytes) -> bool:
    """Whether the first `HEAD_BYTES` bytes of a file are those of one of the formats that are read."""
    return (
        head.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*"))
        or (head.startswith(b"RIFF") and head[8:12] == b"WEBP")
        or (head.startswith(b"BM") and len(head) >= 14 and head[6:10] == b"\0\0\0\0")
    )


def pictures_in(
    tree: Tree, files: Sequence[PurePosixPath]
) -> Generator[LoadProgress, None, tuple[list[PurePosixPath], list[Problem]]]:
    """The files that are pictures, by suffix or, with an unknown suffix, by content; in natural order.

    Pictures of formats that are not read come back as problems; other files are nothing to speak of."""
    pictures: list[PurePosixPath] = []
    problems: list[Problem] = []
    pace = Pace()
    for path in sorted(files, key=lambda p: (natural_order(p.as_posix()), p.as_posix())):
        suffix = path.suffix.lower()
        if suffix in READABLE_SUFFIXES:
            pictures.append(path)
        elif suffix in FOREIGN_SUFFIXES:
            problems.append(Problem(str(path), f"{suffix} is not read; save it as {FORMAT_NAMES}"))
        elif suffix not in SIDE_SUFFIXES and looks_like_picture(_head(tree, path)):
            pictures.append(path)
        if pace.due():
            yield LoadProgress("Looking for pictures", len(pictures), 0)
    return pictures, problems


def _head(tree: Tree, path: PurePosixPath) -> bytes:
    """The first bytes of a file whose name says nothing; a file that cannot be opened is no picture."""
    try:
        with tree.opened(path) as stream:
            return stream.read(HEAD_BYTES)
    except (OSError, ValueError):
        return b""


@dataclass(frozen=True)
class Layout:
    """The pictures of one split. `labels[i]` is the class folder of `pictures[i]`, or None; `roots` are the folders
    in which files about the pictures may lie, the nearest first."""

    pictures: tuple[PurePosixPath, ...]
    labels: tuple[str | None, ...]
    roots: tuple[PurePosixPath, ...]
    split: str


def find_layout(name: str, pictures: Sequence[PurePosixPath], split: str) -> Layout:
    """Read splits and classes from the places of `pictures`.

    Sub-folders that are all called train, test, val ... are splits (without any, everything is "train"). Below, the
    first folder of a picture is its class; one single folder around everything is only a wrapping.

    Raises DataError when the split is not there.
    """
    outer = _unwrap(pictures)
    depth = len(outer.parts)
    tops = {p.parts[depth] for p in pictures if len(p.parts) > depth + 1}
    has_splits = bool(tops) and all(t.lower() in SPLIT_FOLDERS for t in tops)
    if not has_splits:
        only = outer.name.lower()
        here = ("test" if only in TEST_FOLDERS else "train") if only in SPLIT_FOLDERS else "train"
        if split != here:
            raise DataError(f'{name} has no "{split}" split; all its pictures are "{here}".')
        return _classes(pictures, outer, (outer, *outer.parents), split)
    wanted = [top for top in sorted(tops) if _split_name(top) == split]
    if not wanted:
        there = " and ".join(f'"{s}"' for s in sorted({_split_name(t) for t in tops}))
        raise DataError(f'{name} has no "{split}" split; it has {there}.')
    chosen = [p for p in pictures if len(p.parts) > depth + 1 and p.parts[depth] in wanted]
    if len(wanted) > 1:  # test and validation side by side: together
        parts = [_classes([p for p in chosen if p.parts[depth] == top], outer / top, (), split) for top in wanted]
        roots = tuple(outer / top for top in wanted)
        return Layout(
            tuple(p for part in parts for p in part.pictures),
            tuple(label for part in parts for label in part.labels),
            (*roots, outer, *outer.parents),
            split,
        )
    root = outer / wanted[0]
    return _classes(chosen, root, (root, *root.parents), split)


def _split_name(folder: str) -> str:
    return "test" if folder.lower() in TEST_FOLDERS else "train"


def _classes(
    pictures: Sequence[PurePosixPath], root: PurePosixPath, roots: tuple[PurePosixPath, ...], split: str
) -> Layout:
    depth = len(root.parts)
    labels = tuple(p.parts[depth] if len(p.parts) > depth + 1 else None for p in pictures)
    return Layout(tuple(pictures), labels, roots, split)


def _unwrap(pictures: Sequence[PurePosixPath]) -> PurePosixPath:
    """The deepest folder that holds all pictures."""
    if not pictures:
        return PurePosixPath()
    shared = pictures[0].parent.parts
    for path in pictures:
        parts = path.parent.parts
        length = next((i for i, (a, b) in enumerate(zip(shared, parts, strict=False)) if a != b), None)
        shared = shared[: min(len(shared), len(parts)) if length is None else length]
    return PurePosixPath(*shared)
