"""The one seam through which runs touch the disk: small durable operations that tests can fail or kill one by one.

A file is replaced by writing a new one beside it, fsync, rename, fsync of the folder: whoever reads sees the old file
or the new one, never a part (Pillai et al. 2014, "All File Systems Are Not Created Equal", section 4). macOS needs
F_FULLFSYNC for fsync to reach the disk (fsync(2) there); Windows refuses a rename for a moment while a scanner holds
the file, so it is tried again.

Every primitive lives in `Operations`; a test replaces it: `with replaced(FailAtThird()): ...`.
Failures come out as `StorageError`, an OSError whose text is one sentence for the person at the screen.
"""

from __future__ import annotations

import contextlib
import errno
import json
import math
import os
import re
import secrets
import shutil
import stat
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

WINDOWS_BUSY = (5, 32, 33)  # access denied, sharing violation, lock violation: a scanner or indexer holds the file
WINDOWS_TRIES = 12
MEBIBYTE = 1 << 20
TEMPORARY = ".tmp-"
_TEMPORARY_NAME = re.compile(r"\.tmp-\d+-[0-9a-f]{8}$")
_TEMPORARY_PART = re.compile(r"\.tmp-\d+-[0-9a-f]{8}(?=[/\\]|$)")

_NO_SPACE = (errno.ENOSPC, errno.EDQUOT)
_NOT_ALLOWED = (errno.EACCES, errno.EPERM, errno.EROFS)


class StorageError(OSError):
    """The disk refused; `str(error)` is one sentence that says what happened and what to do."""

    def __init__(self, sentence: str, code: int | None = None) -> None:
        super().__init__(sentence)
        self.errno = code


class FileFormatError(ValueError):
    """A file can be read but does not hold what it should; the message is one sentence."""


class Operations:
    """The primitives. `before(kind, path)` is called ahead of each; a test overrides it to raise or to die there."""

    def before(self, kind: str, path: Path) -> None:
        """Called before each primitive with its name and its path. Does nothing here."""

    def create(self, path: Path) -> int:
        self.before("create", path)
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o644)

    def open_append(self, path: Path) -> int:
        self.before("open_append", path)
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o644)

    def write(self, handle: int, path: Path, data: memoryview) -> int:
        self.before("write", path)
        return os.write(handle, data)

    def sync(self, handle: int, path: Path) -> None:
        self.before("sync", path)
        _sync_handle(handle)

    def close(self, handle: int, path: Path) -> None:
        self.before("close", path)
        os.close(handle)

    def replace(self, source: Path, target: Path) -> None:
        self.before("replace", target)
        _replace_patiently(source, target)

    def sync_folder(self, path: Path) -> None:
        self.before("sync_folder", path)
        if sys.platform != "win32":  # Windows cannot open a folder for this, and NTFS logs the rename itself
            handle = os.open(path, os.O_RDONLY)
            try:
                _sync_handle(handle)
            finally:
                os.close(handle)

    def make_folder(self, path: Path) -> None:
        self.before("make_folder", path)
        os.mkdir(path)

    def remove(self, path: Path) -> None:
        self.before("remove", path)
        os.remove(path)

    def remove_folder(self, path: Path) -> None:
        self.before("remove_folder", path)
        os.rmdir(path)

    def read(self, path: Path, offset: int, size: int) -> bytes:
        self.before("read", path)
        with open(path, "rb") as file:
            file.seek(offset)
            return file.read(size)

    def entries(self, path: Path) -> list[tuple[str, bool]]:
        self.before("entries", path)
        with os.scandir(path) as found:
            return sorted((entry.name, entry.is_dir(follow_symlinks=False)) for entry in found)

    def look(self, path: Path) -> os.stat_result:
        self.before("look", path)
        return os.stat(path)

    def free_bytes(self, path: Path) -> int:
        self.before("free_bytes", path)
        return shutil.disk_usage(path).free


def _sync_handle(handle: int) -> None:
    if sys.platform == "darwin":
        import fcntl

        try:
            fcntl.fcntl(handle, fcntl.F_FULLFSYNC)
            return
        except OSError as error:
            if error.errno not in (errno.ENOTSUP, errno.EINVAL, errno.ENOTTY):
                raise  # a network volume may not know F_FULLFSYNC: then plain fsync is all there is
    os.fsync(handle)


def _replace_patiently(source: Path, target: Path) -> None:
    for attempt in range(WINDOWS_TRIES):
        try:
            os.replace(source, target)
            return
        except OSError as error:
            if getattr(error, "winerror", None) not in WINDOWS_BUSY or attempt == WINDOWS_TRIES - 1:
                raise
            time.sleep(0.01 * 1.5**attempt)


_operations = Operations()


@contextlib.contextmanager
def replaced(operations: Operations) -> Iterator[Operations]:
    """For the time of a `with`, all threads use these operations instead of the real ones (tests)."""
    global _operations
    former, _operations = _operations, operations
    try:
        yield operations
    finally:
        _operations = former


def sentence(error: OSError, doing: str, path: Path) -> str:
    """What to tell a person about an OSError met while `doing` (for example "written") to `path`."""
    if isinstance(error, StorageError):
        return str(error)
    shown = _TEMPORARY_PART.sub("", str(path))  # the name that the person knows
    if error.errno in _NO_SPACE:
        return f"{shown} could not be {doing} because the disk is full: free some space and try again."
    if error.errno in _NOT_ALLOWED:
        return f"{shown} could not be {doing} because access was denied: choose a folder that you may write to."
    if error.errno == errno.ENOENT:
        return f"{shown} could not be {doing} because there is no such place: check the path."
    if error.errno == errno.EIO:
        return f"{shown} could not be {doing} because the disk reported an error: check the disk or the connection."
    return f"{shown} could not be {doing}: {error.strerror or error}."


class _Told:
    """Turns an OSError into a StorageError with a sentence. A class, because it stands around every operation."""

    def __init__(self, doing: str, path: Path) -> None:
        self.doing, self.path = doing, path

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, OSError) and not isinstance(error, StorageError):
            raise StorageError(sentence(error, self.doing, self.path), error.errno) from error


def _write_all(handle: int, path: Path, data: bytes) -> None:
    """Write every byte; the system may take fewer at a time."""
    left = memoryview(data)
    while left:
        written = _operations.write(handle, path, left)
        if written <= 0:
            raise OSError(errno.EIO, "the system took no bytes", str(path))
        left = left[written:]


def write_new(path: Path, data: bytes, *, durable: bool = True) -> None:
    """Create `path`, which must not exist, and with `durable` fsync it (not its folder). Raises StorageError."""
    with _Told("written", path):
        handle = _operations.create(path)
        try:
            _write_all(handle, path, data)
            if durable:
                _operations.sync(handle, path)
        except BaseException:
            os.close(handle)
            raise
        _operations.close(handle, path)


def temporary_name(path: Path) -> Path:
    """A fresh name beside `path` that `sweep_temporaries` recognises."""
    return path.with_name(f"{path.name}{TEMPORARY}{os.getpid()}-{secrets.token_hex(4)}")


def write_bytes(path: Path, data: bytes, *, durable: bool = True) -> None:
    """Replace or create `path`: whoever reads, finds its old bytes or all of `data`. Raises StorageError.

    With `durable` that holds through a power failure too, and costs two fsyncs.
    """
    temporary = temporary_name(path)
    try:
        write_new(temporary, data, durable=durable)
        with _Told("written", path):
            _operations.replace(temporary, path)
            if durable:
                _operations.sync_folder(path.parent)
    except StorageError:
        with contextlib.suppress(OSError):  # the first error is the one to tell; `sweep_temporaries` finds what is left
            _operations.remove(temporary)
        raise


def rename(source: Path, target: Path) -> None:
    """Give a file or a folder another name on the same disk, durably. Raises StorageError."""
    with _Told("renamed", source):
        _operations.replace(source, target)
        _operations.sync_folder(target.parent)


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable. Raises StorageError."""
    with _Told("written", path):
        _operations.sync_folder(path)


def make_folder(path: Path) -> None:
    """Create a folder and its missing parents; an existing one is fine. Raises StorageError."""
    with _Told("created", path):
        missing = [folder for folder in (path, *path.parents) if not folder.is_dir()]
        for folder in reversed(missing):
            with contextlib.suppress(FileExistsError):  # somebody else was quicker; a file of that name fails below
                _operations.make_folder(folder)
        if not path.is_dir():
            raise OSError(errno.ENOTDIR, "a file of that name is in the way", str(path))


def remove_file(path: Path) -> None:
    """Remove one file. Raises StorageError."""
    with _Told("removed", path):
        _operations.remove(path)


def remove_tree(path: Path) -> None:
    """Remove a folder with all it holds; links are removed, not followed. Raises StorageError."""
    with _Told("removed", path):
        if stat.S_ISLNK(os.lstat(path).st_mode):
            raise OSError(errno.EPERM, "it is a link", str(path))
        for name, is_folder in _operations.entries(path):
            if is_folder:
                remove_tree(path / name)
            else:
                _operations.remove(path / name)
        _operations.remove_folder(path)


def read_bytes(path: Path, limit: int = 4 << 30) -> bytes:
    """All bytes of a file of at most `limit` bytes. Raises StorageError, FileFormatError when it is larger."""
    with _Told("read", path):
        size = _operations.look(path).st_size
        if size > limit:
            raise FileFormatError(f"{path} is {size} bytes large, more than the {limit} such a file may have.")
        return _operations.read(path, 0, limit)


def read_part(path: Path, offset: int, size: int = -1) -> bytes:
    """Up to `size` bytes (-1: all) from `offset` on. Raises StorageError."""
    with _Told("read", path):
        return _operations.read(path, offset, size)


def look(path: Path) -> os.stat_result | None:
    """The stat of a path, or None where there is nothing. Raises StorageError."""
    with _Told("read", path):
        try:
            return _operations.look(path)
        except (FileNotFoundError, NotADirectoryError):
            return None


def list_folder(path: Path) -> list[tuple[str, bool]]:
    """Sorted (name, is a folder) of what a folder holds; empty where there is no such folder. Raises StorageError."""
    with _Told("read", path):
        try:
            return _operations.entries(path)
        except FileNotFoundError:
            return []


def need_space(folder: Path, size: int) -> None:
    """Refuse, before the first byte is written, what will not fit. `size` in bytes. Raises StorageError."""
    with _Told("written", folder):
        free = _operations.free_bytes(folder)
    if free < size:
        raise StorageError(
            f"{folder} needs {_size(size)} of free space but the disk has {_size(free)}: "
            "free some space and try again.",
            errno.ENOSPC,
        )


def _size(count: int) -> str:
    return f"{count / MEBIBYTE:.0f} MB" if count >= 10 * MEBIBYTE else f"{math.ceil(count / 1024)} kB"


def is_temporary(name: str) -> bool:
    """Whether `temporary_name` made this name."""
    return _TEMPORARY_NAME.search(name) is not None


def sweep_temporaries(folder: Path) -> int:
    """Remove what writers that died left in `folder`; returns how many. Call it only as the folder's one writer."""
    left = [(name, is_folder) for name, is_folder in list_folder(folder) if is_temporary(name)]
    for name, is_folder in left:
        if is_folder:
            remove_tree(folder / name)
        else:
            remove_file(folder / name)
    return len(left)


class Appender:
    """A file that only grows. One `append` is one write (O_APPEND), so that blocks of two writers never mix."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with _Told("opened", path):
            self._handle: int | None = _operations.open_append(path)

    def append(self, data: bytes) -> None:
        """Write at the end. After a StorageError a part of `data` may be in the file: its reader must cope."""
        if self._handle is None:
            raise ValueError("the file is closed")
        with _Told("written", self.path):
            _write_all(self._handle, self.path, data)

    def sync(self) -> None:
        """Make what was appended durable. Raises StorageError."""
        if self._handle is None:
            raise ValueError("the file is closed")
        with _Told("written", self.path):
            _operations.sync(self._handle, self.path)

    def close(self) -> None:
        handle, self._handle = self._handle, None
        if handle is not None:
            with _Told("closed", self.path):
                _operations.close(handle, self.path)


def json_text(value: object) -> str:
    """Strict JSON. Numbers that JSON has no word for become "NaN", "Infinity" and "-Infinity" (see `numbers`)."""
    return json.dumps(_spelled(value), allow_nan=False, indent=1)


def _spelled(value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, Mapping):
        return {key: _spelled(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_spelled(item) for item in value]
    return value


_SPELLED = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def numbers(value: Any) -> Any:
    """Turn the strings "NaN", "Infinity" and "-Infinity" anywhere in a JSON value back into numbers."""
    if isinstance(value, str):
        return _SPELLED.get(value, value)
    if isinstance(value, dict):
        return {key: numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [numbers(item) for item in value]
    return value


def parse_json(text: bytes | str, what: object) -> Any:
    """The value of strict JSON. Raises FileFormatError that names `what`, whatever is wrong with it."""
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:  # ValueError: bad JSON, bad UTF-8, a number of thousands of digits
        raise FileFormatError(f"{what} is damaged (it is not valid JSON: {error}).") from error


def _refuse_constant(word: str) -> float:
    raise ValueError(f"{word} is not JSON")


def write_json(path: Path, value: object, *, durable: bool = True) -> None:
    """Replace or create a JSON file, see `write_bytes`. Raises StorageError."""
    write_bytes(path, json_text(value).encode(), durable=durable)


def read_json(path: Path, limit: int = 64 * MEBIBYTE) -> Any:
    """The value of a JSON file of at most `limit` bytes. Raises StorageError, FileFormatError."""
    return parse_json(read_bytes(path, limit), path)
