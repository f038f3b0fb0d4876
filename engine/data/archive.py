"""A zip of pictures as a data set. Nothing is ever unpacked to disk, so no name in the archive can lead anywhere.

Refused: links, encrypted members, names that climb out, and members that grow more than 100 times (zip bombs; Fifield,
"A better zip bomb", WOOT 2019); the whole archive has a quota.
"""

from __future__ import annotations

import io
import stat
import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from engine.data.assemble import Pace
from engine.data.dataset import DataError, Loader, LoadProgress, Problem
from engine.data.picture import MAX_BYTES, PictureError
from engine.data.pictures import load_tree
from engine.data.ref import DataRef
from engine.data.tree import Listing, check_listing, is_hidden

MAX_RATIO = 100
RATIO_MATTERS_FROM = 1 << 20  # a small member of one colour may well shrink more
MAX_TOTAL_BYTES = 64 << 30

ZIP_FAULTS = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, KeyError)


def check_ratio(packed: int, unpacked: int) -> None:
    """Refuse a member that grows out of proportion.

    Raises PictureError."""
    if unpacked > RATIO_MATTERS_FROM and unpacked > MAX_RATIO * max(1, packed):
        raise PictureError(f"it would grow more than {MAX_RATIO} times when unpacked")


@dataclass(frozen=True)
class ZipTree:
    """The regular members of an open zip file."""

    archive: zipfile.ZipFile
    name: str

    def listing(self) -> Listing:
        files: list[PurePosixPath] = []
        problems: list[Problem] = []
        total = 0
        pace = Pace()
        for info in self.archive.infolist():
            path = PurePosixPath(info.filename)
            if not (info.is_dir() or is_hidden(path)):
                reason = _refusal(info)
                if reason:
                    problems.append(Problem(info.filename, reason))
                else:
                    total += info.file_size
                    files.append(path)
                check_listing(self.name, len(files), path)
            if pace.due():
                yield LoadProgress("Looking for pictures", len(files), 0)
        if total > MAX_TOTAL_BYTES:
            raise DataError(f"{self.name} would unpack to {total / 1e9:.0f} GB; unpack it and open a smaller folder.")
        return files, problems

    @contextmanager
    def opened(self, path: PurePosixPath) -> Iterator[BinaryIO]:
        try:
            with self.archive.open(path.as_posix()) as member:
                content = member.read(MAX_BYTES + 1)
        except ZIP_FAULTS as fault:
            raise PictureError("its place in the archive is damaged") from fault
        yield io.BytesIO(content)


def _refusal(info: zipfile.ZipInfo) -> str:
    """Why a member is not read, or nothing."""
    path = PurePosixPath(info.filename)
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        return "it is a link or a device, not a file"
    if not path.parts:
        return "it has no name"
    if path.is_absolute() or ".." in path.parts or "\\" in info.filename or ":" in path.parts[0]:
        return "its name leads out of the archive"
    if info.flag_bits & 1:
        return "it is encrypted"
    if info.file_size > MAX_BYTES:
        return f"it is larger than {MAX_BYTES >> 20} MB"
    try:
        check_ratio(info.compress_size, info.file_size)
    except PictureError as fault:
        return str(fault)
    return ""


def load_zip(path: Path, ref: DataRef) -> Loader:
    """The pictures in the zip file `path`, class folders and captions included.

    Raises DataError when it is no zip file or holds fewer than two readable pictures."""
    with _opened(path) as archive:
        return (yield from load_tree(ZipTree(archive, path.name), ref))


@contextmanager
def _opened(path: Path) -> Generator[zipfile.ZipFile, None, None]:
    try:
        archive = zipfile.ZipFile(path)
    except (*ZIP_FAULTS, OSError) as fault:
        raise DataError(f"{path.name} is not a zip file that can be read; it may be cut off.") from fault
    with archive:
        yield archive
