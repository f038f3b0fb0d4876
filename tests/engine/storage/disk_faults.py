"""Disks that fail on purpose: put in place of the real operations with `files.replaced`."""

from __future__ import annotations

import errno
import os
import signal
from pathlib import Path

from engine.storage.files import Operations

FAULTS = ("ENOSPC", "EIO", "EACCES", "short")


class Counting(Operations):
    """Works, and notes every operation. It does not wait for the disk: only the order of things is looked at."""

    def __init__(self) -> None:
        self.kinds: list[str] = []

    def before(self, kind: str, path: Path) -> None:
        self.kinds.append(kind)

    def sync(self, handle: int, path: Path) -> None:
        self.before("sync", path)

    def sync_folder(self, path: Path) -> None:
        self.before("sync_folder", path)


class Failing(Counting):
    """Fails at operation number `at` (from 0), and with `for_good` at every later one too.

    "short" takes half of a write before the disk is full.
    """

    def __init__(self, at: int, fault: str, for_good: bool = False) -> None:
        super().__init__()
        self.at, self.fault, self.for_good = at, fault, for_good

    def before(self, kind: str, path: Path) -> None:
        super().before(kind, path)
        if self._is_due() and not (self.fault == "short" and kind == "write"):
            code = getattr(errno, self.fault, errno.ENOSPC)
            raise OSError(code, os.strerror(code), str(path))

    def write(self, handle: int, path: Path, data: memoryview) -> int:
        self.before("write", path)
        if self.fault == "short" and self._is_due():
            os.write(handle, data[: len(data) // 2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        return os.write(handle, data)

    def _is_due(self) -> bool:
        here = len(self.kinds) - 1
        return here == self.at or (self.for_good and here > self.at)


class Killing(Counting):
    """Kills this process, as power does, ahead of operation number `at`; a write is half done by then."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self.at = at

    def before(self, kind: str, path: Path) -> None:
        super().before(kind, path)
        if len(self.kinds) - 1 == self.at and kind != "write":
            os.kill(os.getpid(), signal.SIGKILL)

    def write(self, handle: int, path: Path, data: memoryview) -> int:
        self.before("write", path)
        if len(self.kinds) - 1 == self.at:
            os.write(handle, data[: len(data) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        return os.write(handle, data)


class Dribbling(Operations):
    """Takes only a few bytes at a time, as a pipe or a network disk may."""

    def write(self, handle: int, path: Path, data: memoryview) -> int:
        return os.write(handle, data[:7])
