"""NumPy files as a data set: `.npz` (several named arrays) and `.npy` (one), never with pickle.

In an `.npz` the pictures are the array called images, x, data ... or else the largest one that has the shape of
pictures; x_train / x_test and the like are splits. One whole number or word per picture is the label (labels, y ...)
or an attribute (any other name); `attributes` may hold one column per attribute, named by `attribute_names`.
`categories_json` (UTF-8 bytes of {column: [names]}) names the numbers, `captions` are texts, or `captions_utf8` their
UTF-8 bytes with a line each. Reference: NumPy enhancement proposal 1, "A simple file format for NumPy arrays".
"""

from __future__ import annotations

import json
import sys
import zipfile
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
from numpy.lib import format as npy_format
from numpy.typing import NDArray

from engine.data.archive import ZIP_FAULTS, check_ratio
from engine.data.arrays import as_pictures, load_pictures
from engine.data.assemble import Pace
from engine.data.columns import MAX_VALUES, clean_text, is_category, number_column, word_column
from engine.data.dataset import Column, DataError, Loader, LoadProgress, Problem, Table
from engine.data.packed import opened, read_array
from engine.data.picture import PictureError
from engine.data.points_file import load_points_array
from engine.data.ref import DataRef

MAX_ARRAYS = 256
MAX_DIMENSIONS = 8
NPY_MAGIC = b"\x93NUMPY"

PICTURE_NAMES = ("images", "image", "x", "data", "pictures", "samples", "arr_0")
LABEL_NAMES = ("label", "labels", "y", "target", "targets", "class", "classes")
CAPTION_NAMES = ("captions", "caption", "texts", "text")
CAPTION_BYTES, CATEGORY_BYTES = "captions_utf8", "categories_json"
TRAIN_ENDINGS, TEST_ENDINGS = ("_train", "_tr"), ("_test", "_val", "_valid", "_validation")

Arrays = dict[str, NDArray[Any]]


def load_npz(path: Path, ref: DataRef) -> Loader:
    """The pictures (or points) in an `.npz` file with their labels, attributes and captions.

    Raises DataError when it is damaged, needs pickle, or holds nothing that can be used."""
    problems: list[Problem] = []
    try:
        with zipfile.ZipFile(path) as archive:
            arrays = yield from _read_members(archive, path.name, problems)
    except (*ZIP_FAULTS, OSError) as fault:
        if isinstance(fault, DataError):
            raise
        raise DataError(f"{path.name} is not an NPZ file that can be read; it may be cut off.") from fault
    arrays = _of_split(arrays, ref.split, path.name)
    name, pictures = _find_pictures(arrays)
    if pictures is None:
        points = _find_points(arrays)
        if points is None:
            refused = f" ({problems[0].path}: {problems[0].reason})" if problems else ""
            raise DataError(f"{path.name} holds no array of pictures (N, H, W), (N, H, W, C) or (N, C, H, W){refused}.")
        return (yield from load_points_array(points, path.name, ref))
    others = {key: array for key, array in arrays.items() if key != name}
    table = yield from _read_table(others, len(pictures), problems)
    return (yield from load_pictures(path.name, path.name, ref.split, pictures, table, ref, "crop", problems))


def load_npy(path: Path, ref: DataRef) -> Loader:
    """The one array of an `.npy` file: pictures, or points (N,), (N, 1) or (N, 2).

    Raises DataError."""
    with opened(path) as stream:
        array = yield from _read_npy(stream, path.name)
    pictures = as_pictures(array)
    if pictures is not None:
        return (yield from load_pictures(path.name, path.name, ref.split, pictures, Table(), ref, "crop"))
    return (yield from load_points_array(array, path.name, ref))


def _read_members(
    archive: zipfile.ZipFile, name: str, problems: list[Problem]
) -> Generator[LoadProgress, None, Arrays]:
    """Every array of an open `.npz`; members that are no plain array become problems."""
    infos = [info for info in archive.infolist() if info.filename.endswith(".npy")]
    if len(infos) > MAX_ARRAYS:
        raise DataError(f"{name} holds {len(infos)} arrays; at most {MAX_ARRAYS} are read.")
    arrays: Arrays = {}
    for info in infos:
        key = info.filename.removesuffix(".npy")
        try:
            check_ratio(info.compress_size, info.file_size)
            with archive.open(info) as stream:
                arrays[key] = yield from _read_npy(stream, key, info.file_size)
        except (DataError, PictureError) as fault:
            problems.append(Problem(key, str(fault).rstrip(".")))
        except ZIP_FAULTS:
            problems.append(Problem(key, "its place in the file is damaged"))
    return arrays


def _read_npy(
    stream: IO[bytes], name: str, byte_count: int | None = None
) -> Generator[LoadProgress, None, NDArray[Any]]:
    """One array, without pickle. The size that its header says is compared with `byte_count` first.

    Raises DataError."""
    try:
        version = npy_format.read_magic(stream)
        # Version 3 differs from 2 only in the encoding of field names, and arrays with fields are refused below.
        read_header = npy_format.read_array_header_1_0 if version == (1, 0) else npy_format.read_array_header_2_0
        shape, fortran_order, dtype = cast("Callable[[Any], tuple[Any, bool, Any]]", read_header)(stream)
    except Exception as fault:  # NumPy parses the header as Python text, and each layer has exceptions of its own
        raise DataError(f"{name} is not a NumPy array that can be read.") from fault
    if dtype.hasobject:
        raise DataError(f"{name} holds Python objects, which could run code; save it as plain numbers or text.")
    if dtype.kind not in "buifUS" or dtype.itemsize == 0:
        raise DataError(f"{name} holds values that are neither numbers nor text.")
    if len(shape) > MAX_DIMENSIONS or any(length < 0 for length in shape):
        raise DataError(f"{name} has a shape that cannot be used.")
    count = int(np.prod(shape, dtype=object))
    if byte_count is not None and dtype.itemsize * count > byte_count:
        raise DataError(f"{name} ends too early: it was cut off; get the file again.")
    flat = yield from read_array(stream, (count,), dtype, name)
    array = flat.reshape(shape, order="F" if fortran_order else "C")
    return array.astype(dtype.newbyteorder("="), copy=False)


def _of_split(arrays: Arrays, split: str, name: str) -> Arrays:
    """The arrays of one split with their endings removed (x_train -> x). Without endings everything is "train".

    Raises DataError when the split is not there."""
    endings = {"train": TRAIN_ENDINGS, "test": TEST_ENDINGS}
    parts: dict[str, Arrays] = {"train": {}, "test": {}}
    for key, array in arrays.items():
        for part, ends in endings.items():
            for end in ends:
                if key.lower().endswith(end):
                    parts[part].setdefault(key[: -len(end)], array)
    if not any(as_pictures(array) is not None for part in parts.values() for array in part.values()):
        parts = {"train": arrays, "test": {}}
    if not parts.get(split) and (arrays or split != "train"):
        there = " and ".join(f'"{part}"' for part, found in parts.items() if found) or "nothing"
        raise DataError(f'{name} has no "{split}" split; it has {there}.')
    return parts[split]


def _find_pictures(arrays: Mapping[str, NDArray[Any]]) -> tuple[str, NDArray[Any] | None]:
    """The array of pictures by name, else the largest that could be one."""
    views = {key: view for key, array in arrays.items() if (view := as_pictures(array)) is not None}
    for wanted in PICTURE_NAMES:
        for key in views:
            if key.lower() == wanted:
                return key, views[key]
    if not views:
        return "", None
    largest = max(views, key=lambda key: views[key].nbytes)
    return largest, views[largest]


def _find_points(arrays: Mapping[str, NDArray[Any]]) -> NDArray[Any] | None:
    """The first array of N rows of one or two numbers."""
    return next((a for a in arrays.values() if a.ndim == 2 and a.shape[1] in (1, 2) and a.dtype.kind in "iuf"), None)


def _read_table(
    arrays: Mapping[str, NDArray[Any]], count: int, problems: list[Problem]
) -> Generator[LoadProgress, None, Table]:
    """Labels, attributes and captions among the arrays beside the pictures; what cannot be used becomes a problem."""
    names = _category_names(arrays, problems)
    columns: dict[str, Column] = {}
    captions: list[str] | None = None
    for key, array in arrays.items():
        try:
            if key == CAPTION_BYTES or (key in CAPTION_NAMES and array.dtype.kind in "US"):
                captions = yield from _captions(array, count)
            elif key == "attributes" and array.ndim == 2 and len(array) == count and array.dtype.kind in "bui":
                columns.update(_attribute_columns(array, arrays.get("attribute_names")))
            elif array.shape == (count,) and array.dtype.kind in "buiUS":
                is_label = key.lower() in LABEL_NAMES
                columns["label" if is_label else key] = _column(key, array, names.get(key, ()), is_label)
        except DataError as fault:
            problems.append(Problem(key, str(fault)))
        yield LoadProgress(f"Reading {key}", count, count)
    return Table(columns, captions)


def _column(key: str, array: NDArray[Any], names: tuple[str, ...], is_label: bool) -> Column:
    if array.dtype.kind in "bui":
        yes_or_no = not (is_label or names) and bool(np.isin(array, (0, 1)).all())
        column = number_column(array.astype(np.bool_) if yes_or_no else array, names)
    else:
        words = [clean_text(word) or None for word in _words(array)]
        if not is_label and not is_category(words):
            raise DataError(f'"{key}" has too many different values for an attribute and was left out')
        column = word_column(words)
    if not is_label and len(column.names) > MAX_VALUES:
        raise DataError(f'"{key}" has too many different values for an attribute and was left out')
    return column


def _attribute_columns(array_NA: NDArray[Any], names: NDArray[Any] | None) -> dict[str, Column]:
    titles = [f"attribute {i + 1}" for i in range(array_NA.shape[1])]
    if names is not None and names.shape == (array_NA.shape[1],) and names.dtype.kind in "US":
        titles = [clean_text(word) or title for word, title in zip(_words(names), titles, strict=True)]
    if len(titles) > MAX_ARRAYS:
        raise DataError(f"it has {len(titles)} columns; at most {MAX_ARRAYS} are read")
    return {title: number_column(array_NA[:, i]) for i, title in enumerate(titles)}


def _words(array: NDArray[Any]) -> list[str]:
    if array.dtype.kind == "S":
        return [word.decode("utf-8", errors="replace") for word in array.tolist()]
    if array.size and int(np.ascontiguousarray(array).view(np.uint32).max()) > sys.maxunicode:
        raise DataError("its text is damaged")
    return [str(word) for word in array.tolist()]


def _captions(array: NDArray[Any], count: int) -> Generator[LoadProgress, None, list[str]]:
    """One text per picture from an array of texts, or from UTF-8 bytes with a line each."""
    if array.dtype.kind in "US":
        lines = _words(array.reshape(-1))
    elif array.dtype == np.uint8 and array.ndim == 1:
        lines = array.tobytes().decode("utf-8", errors="replace").removesuffix("\n").split("\n")
    else:
        raise DataError("its captions are neither texts nor UTF-8 bytes")
    if len(lines) != count:
        raise DataError(f"it has {len(lines)} captions for {count} pictures")
    pace = Pace()
    for position, line in enumerate(lines):
        lines[position] = clean_text(line)
        if pace.due():
            yield LoadProgress("Reading captions", position, count)
    return lines


def _category_names(arrays: Mapping[str, NDArray[Any]], problems: list[Problem]) -> dict[str, tuple[str, ...]]:
    """What the numbers of a column stand for, from `categories_json`."""
    raw = arrays.get(CATEGORY_BYTES)
    if raw is None:
        return {}
    try:
        named = json.loads(raw.astype(np.uint8).tobytes())
    except (ValueError, RecursionError):
        named = None
    if not isinstance(named, dict):
        problems.append(Problem(CATEGORY_BYTES, "it is not JSON that names categories"))
        return {}
    return {
        key: tuple(clean_text(word) for word in words)
        for key, words in named.items()
        if isinstance(words, list) and all(isinstance(word, str) for word in words)
    }
