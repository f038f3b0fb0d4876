"""Fetch the well-known data sets from where torchvision fetches them: checked, resumable, cancelled at once.

A file grows as NAME.part and gets its name only when its MD5 is right, so a file that is there is whole; what an
interrupted download left is continued with a range request (RFC 9110, section 14). Addresses and MD5s are those of
torchvision (datasets/mnist.py); for CIFAR-10 it is the binary version from the same page, because the version that
torchvision takes is a pickle, which could run code.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import queue
import shutil
import threading
import urllib.error
import urllib.request
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import filelock

from engine.data.dataset import DataError, LoadProgress

CHUNK = 1 << 16
WAITING_CHUNKS = 16
TIMEOUT_SECONDS = 20.0  # without a single byte
POLL_SECONDS = 0.005

Fetching = Generator[LoadProgress, None, None]


@dataclass(frozen=True)
class RemoteFile:
    """One file to fetch: its name, the addresses that have it, its MD5 and its length in bytes."""

    name: str
    addresses: tuple[str, ...]
    md5: str
    size: int


@dataclass(frozen=True)
class RemoteSet:
    """A data set to fetch: its title, a page where a person can get it by hand, and its files."""

    title: str
    page: str
    files: tuple[RemoteFile, ...]


def _files(mirrors: Sequence[str], table: Sequence[tuple[str, str, int]]) -> tuple[RemoteFile, ...]:
    return tuple(RemoteFile(name, tuple(m + name for m in mirrors), md5, size) for name, md5, size in table)


REMOTE_SETS: dict[str, RemoteSet] = {
    "mnist": RemoteSet(
        "MNIST",
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        _files(
            ("https://ossci-datasets.s3.amazonaws.com/mnist/", "http://yann.lecun.com/exdb/mnist/"),
            (
                ("train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873", 9_912_422),
                ("train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432", 28_881),
                ("t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3", 1_648_877),
                ("t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c", 4_542),
            ),
        ),
    ),
    "fashion-mnist": RemoteSet(
        "Fashion-MNIST",
        "https://github.com/zalandoresearch/fashion-mnist",
        _files(
            ("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",),
            (
                ("train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d", 26_421_880),
                ("train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe", 29_515),
                ("t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79", 4_422_102),
                ("t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310", 5_148),
            ),
        ),
    ),
    "cifar-10": RemoteSet(
        "CIFAR-10",
        "https://www.cs.toronto.edu/~kriz/cifar.html",
        _files(
            ("https://www.cs.toronto.edu/~kriz/",),
            (("cifar-10-binary.tar.gz", "c32a1d4ab5d03f1284b67883e8d87530", 170_052_171),),
        ),
    ),
}


def fetch_set(remote: RemoteSet, folder: Path) -> Fetching:
    """Have all files of a data set in `folder`; what is there already is not fetched again.

    Closing the generator cancels at once; what has arrived stays and is continued the next time.
    Raises DataError, whose sentence says how to do without the network.
    """
    missing = [file for file in remote.files if not (folder / file.name).is_file()]
    if not missing:
        return
    with _writer(folder, remote.title):
        for file in missing:
            if (folder / file.name).is_file():  # another window was faster
                continue
            try:
                yield from _fetch(file, folder, remote.title)
            except _NoAnswerError as fault:
                raise DataError(
                    f"{remote.title} could not be downloaded ({fault}); connect to the network, or get it from "
                    f"{remote.page} on another machine and open the folder that holds it."
                ) from fault


class _NoAnswerError(Exception):
    """No address gave the file; the message is the last reason."""


@contextmanager
def _writer(folder: Path, title: str) -> Iterator[None]:
    """Be the only one who writes to `folder`; disk faults become a DataError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(folder / ".lock", timeout=0):
            yield
    except filelock.Timeout as fault:
        raise DataError(f"Another window is downloading {title}; wait until it is done.") from fault
    except OSError as fault:
        raise DataError(
            f"{title} cannot be written to {folder} ({fault.strerror or fault}); make room or choose another folder."
        ) from fault


def _fetch(file: RemoteFile, folder: Path, title: str) -> Fetching:
    """Fetch one file, trying its addresses in turn."""
    part = folder / f"{file.name}.part"
    here = part.stat().st_size if part.exists() else 0
    free = shutil.disk_usage(folder).free
    if file.size - here > free:
        raise DataError(
            f"{title} needs {(file.size - here) / 1e6:.0f} MB and {free / 1e6:.0f} MB are free in {folder}; make room."
        )
    reason = "no address is known"
    for address in file.addresses:
        grew = True
        while grew:  # a broken connection is taken up again as long as it brings something
            before = part.stat().st_size if part.exists() else 0
            try:
                yield from _append(address, part, file.size, title)
            except _TransferError as fault:
                reason = str(fault)
                grew = part.exists() and part.stat().st_size > before
                continue
            if (yield from _md5(part, title)) == file.md5:
                os.replace(part, folder / file.name)
                return
            part.unlink()
            reason = f"{file.name} arrived damaged"
            break
    raise _NoAnswerError(reason)


class _TransferError(Exception):
    """The transfer failed; the message says how."""


def _reason(fault: Exception) -> str:
    if isinstance(fault, urllib.error.HTTPError):
        return f"the server answered {fault.code}"
    cause = fault.reason if isinstance(fault, urllib.error.URLError) else fault
    if isinstance(cause, TimeoutError):
        return "the server is silent"
    return "no connection" if isinstance(fault, urllib.error.URLError) else "the connection broke"


def _append(address: str, part: Path, size: int, title: str) -> Fetching:
    """Bring `part` from whatever length it has to `size` bytes."""
    if part.exists() and part.stat().st_size > size:
        part.unlink()
    start = part.stat().st_size if part.exists() else 0
    if start == size:
        return
    with _transfer(address, start) as transfer, part.open("ab") as target:
        while True:
            item = transfer.next_item()
            if item is None:
                yield LoadProgress(f"Downloading {title}", start, size)
                continue
            if isinstance(item, _TransferError):
                raise item
            if isinstance(item, int):  # where the server begins: it may not know ranges
                start = item
                target.truncate(start)
                continue
            if not item:
                break
            start += len(item)
            if start > size:
                raise _TransferError("the server sent more than the file holds")
            target.write(item)
            yield LoadProgress(f"Downloading {title}", start, size)
        target.flush()
        os.fsync(target.fileno())
    if start < size:
        raise _TransferError("the connection broke")


Item = int | bytes | _TransferError


class _Transfer(threading.Thread):
    """Reads one address in a thread of its own, because a silent server would block; hands over what arrives.

    First the offset at which the bytes begin, then the bytes, then b"" at the end or the fault."""

    def __init__(self, address: str, start: int) -> None:
        super().__init__(name="download", daemon=True)
        self._address, self._start = address, start
        self._items: queue.Queue[Item] = queue.Queue(WAITING_CHUNKS)
        self._stopped = threading.Event()

    def next_item(self) -> Item | None:
        """What arrived, or None when nothing did for a moment."""
        try:
            return self._items.get(timeout=POLL_SECONDS)
        except queue.Empty:
            return None

    def stop(self) -> None:
        """Ask the thread to end. It does so at the next byte, or when the server was silent for too long."""
        self._stopped.set()

    def run(self) -> None:
        try:
            self._read()
        except _TransferError as fault:
            self._put(fault)
        except (OSError, http.client.HTTPException, ValueError) as fault:
            self._put(_TransferError(_reason(fault)))

    def _read(self) -> None:
        with self._opened() as response:
            self._put(self._offset(response))
            while not self._stopped.is_set():
                chunk = response.read1(CHUNK)
                self._put(chunk)
                if not chunk:
                    return

    def _opened(self) -> http.client.HTTPResponse:
        ranged = {"Range": f"bytes={self._start}-"} if self._start else {}
        request = urllib.request.Request(self._address, headers={"User-Agent": "latent-explorer", **ranged})
        try:
            response: http.client.HTTPResponse = urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS)
        except urllib.error.HTTPError as fault:
            fault.close()
            if fault.code != http.client.REQUESTED_RANGE_NOT_SATISFIABLE or not self._start:
                raise
            self._start = 0  # the file there is shorter than what is here: begin again
            return self._opened()
        return response

    def _offset(self, response: http.client.HTTPResponse) -> int:
        """Where the body begins: at the wanted offset (206) or, from a server that knows no ranges, at 0."""
        if response.status != http.client.PARTIAL_CONTENT:
            return 0
        content_range = response.headers.get("Content-Range", "")
        if not content_range.startswith(f"bytes {self._start}-"):
            raise _TransferError("the server sent another part than was asked for")
        return self._start

    def _put(self, item: Item) -> None:
        while not self._stopped.is_set():
            try:
                self._items.put(item, timeout=POLL_SECONDS)
            except queue.Full:
                continue
            return


@contextmanager
def _transfer(address: str, start: int) -> Iterator[_Transfer]:
    transfer = _Transfer(address, start)
    transfer.start()
    try:
        yield transfer
    finally:
        transfer.stop()
        transfer.join(timeout=0.05)  # usually at once; with a silent server the daemon ends by its time-out


def _md5(path: Path, title: str) -> Generator[LoadProgress, None, str]:
    digest = hashlib.md5(usedforsecurity=False)
    done, size = 0, path.stat().st_size
    with path.open("rb") as stream:
        while piece := stream.read(1 << 20):
            digest.update(piece)
            done += len(piece)
            yield LoadProgress(f"Checking {title}", done, size)
    return digest.hexdigest()
