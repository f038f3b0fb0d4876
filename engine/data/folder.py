"""A folder of pictures as a data set: class folders, splits and captions as `tree.py` and `captions.py` read them."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from engine.data.assemble import Pace
from engine.data.dataset import DataError, Loader, LoadProgress, Problem
from engine.data.pictures import load_tree
from engine.data.ref import DataRef
from engine.data.tree import Listing, check_listing, is_hidden


@dataclass(frozen=True)
class FolderTree:
    """The files below a folder. Linked folders are not followed, hidden files are left out."""

    root: Path

    @property
    def name(self) -> str:
        return self.root.name or str(self.root)

    def listing(self) -> Listing:
        files: list[PurePosixPath] = []
        problems: list[Problem] = []
        waiting = [PurePosixPath()]
        pace = Pace()
        while waiting:
            here = waiting.pop()
            try:
                with os.scandir(self.root / here) as entries:
                    for entry in entries:
                        path = here / entry.name
                        if is_hidden(path):
                            continue
                        if entry.is_dir(follow_symlinks=False):
                            waiting.append(path)
                        elif entry.is_file():
                            files.append(path)
                        elif entry.is_symlink() and not os.path.exists(entry.path):
                            problems.append(Problem(str(path), "it is a link to nothing"))
                        elif not entry.is_dir():
                            problems.append(Problem(str(path), "it is no file"))
                        if pace.due():
                            yield LoadProgress("Looking for pictures", len(files), 0)
            except OSError as fault:
                if here == PurePosixPath():
                    raise DataError(f"The folder {self.name} cannot be read: {fault.strerror}.") from fault
                problems.append(Problem(str(here), f"it cannot be read: {fault.strerror}"))
            check_listing(self.name, len(files), here)
        return files, problems

    def opened(self, path: PurePosixPath) -> AbstractContextManager[BinaryIO]:
        return (self.root / path).open("rb")


def load_folder(path: Path, ref: DataRef) -> Loader:
    """The pictures below `path`.

    Raises DataError when the folder cannot be read or holds fewer than two readable pictures."""
    return load_tree(FolderTree(path), ref)
