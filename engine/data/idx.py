"""IDX files, the format of MNIST and its relatives: a short header, then numbers; often gzipped.

Header: two zero bytes, one byte for the number type, one for the number of dimensions, then each dimension as a
big-endian 32-bit number. Reference: LeCun, Cortes, Burges, "The MNIST database of handwritten digits", "File formats".
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.arrays import as_pictures, load_pictures
from engine.data.columns import clean_text, number_column
from engine.data.dataset import Column, DataError, Loader, LoadProgress, Problem, Table
from engine.data.packed import opened, read_array
from engine.data.ref import DataRef

DTYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
MAX_DIMENSIONS = 4

FASHION_NAMES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
# The labels of Fashion-MNIST are numbers; these hashes of its two label files tell which words they stand for.
FASHION_LABELS = ("5a94272eea281cb1", "91602d8c52e4381e")

_TEST_WORDS = ("t10k", "test", "val")
_NAME_FILES = ("classes.txt", "labels.txt")


def is_idx(head: bytes) -> bool:
    """Whether the first four bytes are those of an IDX file."""
    return len(head) >= 4 and head[:2] == b"\0\0" and head[2] in DTYPES and 1 <= head[3] <= MAX_DIMENSIONS


def read_idx(path: Path) -> Generator[LoadProgress, None, NDArray[Any]]:
    """The array in an IDX file, in the byte order of this machine.

    Raises DataError when it is no IDX file, is cut off, or holds more than it says."""
    with opened(path) as stream:
        head = stream.read(4)
        if not is_idx(head):
            raise DataError(f"{path.name} is not an IDX file; its first bytes are wrong.")
        lengths = stream.read(4 * head[3])
        if len(lengths) < 4 * head[3]:
            raise DataError(f"{path.name} ends too early: it was cut off; get the file again.")
        shape = struct.unpack(f">{head[3]}I", lengths)
        array = yield from read_array(stream, shape, DTYPES[head[2]], path.name)
        if stream.read(1):
            raise DataError(f"{path.name} is longer than its header says; get the file again.")
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def find_idx(folder: Path, split: str) -> Path | None:
    """The IDX file with the pictures of `split` in a folder, or in its `raw` folder as torchvision lays it out.

    None when there are no IDX pictures at all. Raises DataError when there are, but not of this split.
    """
    places = [folder, folder / "raw", *sorted(folder.glob("*/raw"))]
    found = [file for place in places for file in _image_files(place)]
    if not found:
        return None
    matching = [file for file in found if split_of(file) == split]
    if not matching:
        there = split_of(found[0])
        raise DataError(f'{folder.name} has no "{split}" split; it has "{there}" ({found[0].name}).')
    return matching[0]


def _image_files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    names = sorted(f for f in folder.iterdir() if "idx" in f.name.lower() and "label" not in f.name.lower())
    return [f for f in names if f.is_file() and _dimensions(f) >= 3]


def _dimensions(path: Path) -> int:
    """How many dimensions an IDX file says it has; 0 for any other file."""
    try:
        with opened(path) as stream:
            head = stream.read(4)
    except DataError:
        return 0
    return head[3] if is_idx(head) else 0


def split_of(images: Path) -> str:
    """The split that the name of an IDX file stands for."""
    return "test" if any(word in images.name.lower() for word in _TEST_WORDS) else "train"


def find_labels(images: Path) -> Path | None:
    """The label file that belongs to a file of pictures by its name: images -> labels, idx3 -> idx1, .gz or not."""
    stem = images.name.removesuffix(".gz").replace("images", "labels")
    for dimensions in ("idx3", "idx4"):
        stem = stem.replace(dimensions, "idx1")
    if stem == images.name.removesuffix(".gz"):
        return None
    return next((f for f in (images.with_name(stem), images.with_name(f"{stem}.gz")) if f.is_file()), None)


def load_idx(images: Path, ref: DataRef, name: str = "", title: str = "") -> Loader:
    """The pictures of an IDX file and, where a label file lies beside it, their labels.

    Raises DataError."""
    name = name or images.name
    array = yield from read_idx(images)
    pictures = as_pictures(array)
    if pictures is None:
        shape = "x".join(str(n) for n in array.shape)
        raise DataError(f"{images.name} holds {shape} numbers, which are not pictures; open the file with the images.")
    columns: dict[str, Column] = {}
    problems: list[Problem] = []
    labels = find_labels(images)
    if labels is not None:
        try:
            columns["label"] = yield from _read_labels(labels, len(pictures))
        except DataError as fault:
            problems.append(Problem(labels.name, str(fault)))
    table = Table(columns)
    return (yield from load_pictures(name, title or name, split_of(images), pictures, table, ref, "pad", problems))


def _read_labels(path: Path, count: int) -> Generator[LoadProgress, None, Column]:
    labels = yield from read_idx(path)
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise DataError("It does not hold one whole number for each picture.")
    if len(labels) != count:
        raise DataError(f"It holds {len(labels)} labels for {count} pictures.")
    return number_column(labels, _label_names(path, labels))


def _label_names(path: Path, labels: NDArray[Any]) -> tuple[str, ...]:
    """Words for the labels: a list in `classes.txt` beside them, or those of Fashion-MNIST; else none."""
    for name in _NAME_FILES:
        beside = path.with_name(name)
        if beside.is_file():
            with opened(beside) as stream:
                text = stream.read(1 << 20).decode("utf-8", errors="replace")
            return tuple(clean_text(line) for line in text.splitlines() if line.strip())
    digest = hashlib.blake2b(labels.astype(np.uint8).tobytes(), digest_size=8).hexdigest()
    return FASHION_NAMES if digest in FASHION_LABELS else ()
