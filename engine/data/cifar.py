"""CIFAR-10 in its binary version: records of one label byte and 3 x 1024 bytes of red, green and blue.

Opened from one batch (.bin or .bin.gz), from a folder of batches, or from the official archive, which is read as it is
and never unpacked. The "python version" is a pickle, which could run code: it is refused. Reference: Krizhevsky,
"Learning Multiple Layers of Features from Tiny Images", 2009, and "The CIFAR-10 dataset", section "Binary version".
"""

from __future__ import annotations

import tarfile
from collections.abc import Generator, Sequence
from contextlib import closing
from pathlib import Path, PurePosixPath
from typing import IO

import numpy as np

from engine.data.arrays import load_pictures
from engine.data.columns import clean_text, number_column
from engine.data.dataset import DataError, Loader, LoadProgress, Table
from engine.data.packed import PIECE, READ_FAULTS, opened
from engine.data.ref import DataRef

SIDE = 32
RECORD = 1 + 3 * SIDE * SIDE
CLASS_COUNT = 10
NAMES: tuple[str, ...] = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
META_FILE = "batches.meta.txt"
MAX_RECORDS = 1_000_000
MAX_MEMBERS = 100


def is_batch_name(name: str) -> bool:
    """Whether a file name is that of a batch: data_batch_1.bin, test_batch.bin, also .gz."""
    stem = name.lower().removesuffix(".gz")
    return stem.endswith(".bin") and "batch" in stem


def split_of(name: str) -> str:
    """The split that the name of a batch stands for."""
    return "test" if "test" in name.lower() else "train"


def looks_like_batch(path: Path) -> bool:
    """Whether the content of a file is a batch: its first record begins with a label, and its length is whole."""
    if path.suffix != ".gz" and path.stat().st_size % RECORD:
        return False
    with opened(path) as stream:
        two_records = stream.read(2 * RECORD)
    return len(two_records) >= RECORD and all(label < CLASS_COUNT for label in two_records[::RECORD])


def find_batches(folder: Path) -> list[Path]:
    """The batches in a folder, or in the folder that the official archive unpacks to."""
    for place in (folder, folder / "cifar-10-batches-bin"):
        if place.is_dir():
            batches = sorted(f for f in place.iterdir() if is_batch_name(f.name) and f.is_file())
            if batches:
                return batches
    return []


def load_batches(batches: Sequence[Path], ref: DataRef, name: str = "", title: str = "") -> Loader:
    """The pictures of the batches in one folder that belong to the split of `ref` (a single batch is taken as it is).

    Raises DataError."""
    chosen = [f for f in batches if split_of(f.name) == ref.split] if len(batches) > 1 else list(batches)
    if not chosen:
        raise DataError(f'{batches[0].parent.name} has no "{ref.split}" batch.')
    name = name or (chosen[0].name if len(chosen) == 1 else chosen[0].parent.name)
    records = bytearray()
    for path in chosen:
        with opened(path) as stream:
            yield from _read_batch(stream, path.name, records)
    meta = chosen[0].with_name(META_FILE)
    names = NAMES
    if meta.is_file():
        with opened(meta) as stream:
            names = _class_names(stream.read(1 << 16))
    return (yield from _load(records, names, split_of(chosen[0].name), ref, name, title or name))


def load_archive(path: Path, ref: DataRef, name: str = "", title: str = "") -> Loader:
    """The pictures in the official archive `cifar-10-binary.tar.gz`.

    Raises DataError when it is damaged, is the pickled version, or has no such split."""
    name = name or path.name
    records = bytearray()
    names = NAMES
    try:
        with tarfile.open(path, "r|*") as archive:
            for number, member in enumerate(archive):
                own_name = PurePosixPath(member.name).name
                if number >= MAX_MEMBERS:
                    raise DataError(f"{path.name} holds too many files to be CIFAR-10; unpack it and open the folder.")
                content = archive.extractfile(member) if member.isfile() else None
                if content is None:
                    continue
                with closing(content) as stream:
                    if own_name == META_FILE:
                        names = _class_names(stream.read(1 << 16))
                    elif is_batch_name(own_name) and split_of(own_name) == ref.split:
                        yield from _read_batch(stream, own_name, records)
                    elif "batch" in own_name and not own_name.endswith((".bin", ".txt")):
                        raise DataError(_pickled(path.name))
                    else:  # read past it here, in small pieces, or the next step would do it in one go
                        while stream.read(PIECE):
                            yield LoadProgress(f"Reading {path.name}", number, 0)
                yield LoadProgress(f"Reading {path.name}", number, 0)
    except (tarfile.TarError, *READ_FAULTS) as fault:
        raise DataError(f"{path.name} cannot be read: it is cut off or damaged; get it again.") from fault
    if not records:
        raise DataError(f'{path.name} has no "{ref.split}" batch of CIFAR-10 in its binary version.')
    return (yield from _load(records, names, ref.split, ref, name, title or name))


def _load(records: bytearray, names: tuple[str, ...], split: str, ref: DataRef, name: str, title: str) -> Loader:
    records_NB = np.frombuffer(records, dtype=np.uint8).reshape(-1, RECORD)
    label = number_column(records_NB[:, 0], names)
    pictures = records_NB[:, 1:].reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1)
    return (yield from load_pictures(name, title, split, pictures, Table({"label": label}), ref, "crop"))


def _read_batch(stream: IO[bytes], name: str, records: bytearray) -> Generator[LoadProgress, None, None]:
    """Append all records of one batch to `records`.

    Raises DataError when the length is not whole or a label is not one of the ten."""
    start = len(records)
    while piece := stream.read(PIECE):
        records += piece
        if len(records) > MAX_RECORDS * RECORD:
            raise DataError(f"{name} is too large for a CIFAR-10 batch.")
        yield LoadProgress(f"Reading {name}", (len(records) - start) // RECORD, 0)
    if len(records) == start or len(records) % RECORD:
        raise DataError(f"{name} is not a CIFAR-10 batch: its length is not a multiple of {RECORD} bytes.")
    highest = max(records[start::RECORD])
    if highest >= CLASS_COUNT:
        raise DataError(f"{name} is not a CIFAR-10 batch: it holds the label {highest}.")


def _class_names(raw: bytes) -> tuple[str, ...]:
    """The ten names in `batches.meta.txt`, or the usual ones when it does not hold ten."""
    names = tuple(clean_text(line) for line in raw.decode("utf-8", errors="replace").splitlines() if line.strip())
    return names if len(names) == CLASS_COUNT and len(set(names)) == CLASS_COUNT else NAMES


def _pickled(name: str) -> str:
    return (
        f"{name} is the Python version of CIFAR-10, a pickle that could run code; "
        "get the binary version, cifar-10-binary.tar.gz."
    )
