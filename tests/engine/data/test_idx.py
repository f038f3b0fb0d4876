"""IDX files, plain or gzipped, with the labels that lie beside them."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from engine.data.dataset import DataError, Dataset, finish
from engine.data.idx import find_idx, find_labels, load_idx, read_idx
from engine.data.ref import DataRef

CODES = {"u1": 8, "i1": 9, "i2": 11, "i4": 12, "f4": 13, "f8": 14}


def idx(array: np.ndarray) -> bytes:
    kind = CODES[array.dtype.str[1:]]
    return (
        struct.pack(f">BBBB{array.ndim}I", 0, 0, kind, array.ndim, *array.shape)
        + array.astype(array.dtype.newbyteorder(">")).tobytes()
    )


def write_set(folder: Path, count: int = 5, split: str = "train", packed: bool = True) -> np.ndarray:
    folder.mkdir(parents=True, exist_ok=True)
    pictures = np.random.default_rng(count).integers(0, 256, (count, 28, 28), dtype=np.uint8)
    labels = (np.arange(count) % 3).astype(np.uint8)
    for name, array in ((f"{split}-images-idx3-ubyte", pictures), (f"{split}-labels-idx1-ubyte", labels)):
        content = idx(array)
        (folder / (name + ".gz" * packed)).write_bytes(gzip.compress(content) if packed else content)
    return pictures


def load(path: Path, **options: object) -> Dataset:
    return finish(load_idx(path, DataRef(str(path), **options)))


@pytest.mark.parametrize("packed", [True, False])
def test_pictures_and_labels(tmp_path: Path, packed: bool) -> None:
    pictures = write_set(tmp_path, packed=packed)
    dataset = load(tmp_path / ("train-images-idx3-ubyte" + ".gz" * packed))
    assert np.array_equal(dataset.batch(np.arange(5))[..., 0], pictures)
    assert [dataset.table.columns["label"].value(i) for i in range(5)] == ["0", "1", "2", "0", "1"]


def test_digits_are_padded_to_32_without_losing_a_pixel(tmp_path: Path) -> None:
    pictures = write_set(tmp_path)
    dataset = load(tmp_path / "train-images-idx3-ubyte.gz", size=32)
    assert np.array_equal(dataset.batch(np.arange(5))[:, 2:30, 2:30, 0], pictures)


@pytest.mark.parametrize("kind", list(CODES))
def test_every_number_type(tmp_path: Path, kind: str) -> None:
    values = np.arange(24).reshape(2, 3, 4).astype(kind)
    (tmp_path / "x").write_bytes(idx(values))
    read = finish(read_idx(tmp_path / "x"))
    assert np.array_equal(read, values)
    assert read.dtype.isnative


def test_splits_are_files(tmp_path: Path) -> None:
    write_set(tmp_path / "MNIST" / "raw", 5)
    with pytest.raises(DataError, match='no "test" split; it has "train"'):
        find_idx(tmp_path / "MNIST", "test")
    write_set(tmp_path / "MNIST" / "raw", 3, "t10k")
    for place in (tmp_path, tmp_path / "MNIST", tmp_path / "MNIST" / "raw"):
        found = find_idx(place, "test")
        assert found is not None
        assert len(load(found)) == 3
        assert load(found).split == "test"
    assert find_idx(tmp_path / "MNIST" / "raw" / "nothing", "train") is None


def test_labels_are_found_under_the_usual_names(tmp_path: Path) -> None:
    for images, labels in (
        ("train-images.idx3-ubyte", "train-labels.idx1-ubyte"),
        ("emnist-letters-test-images-idx3-ubyte.gz", "emnist-letters-test-labels-idx1-ubyte"),
    ):
        (tmp_path / labels).write_bytes(b"x")
        assert find_labels(tmp_path / images) == tmp_path / labels
    assert find_labels(tmp_path / "digits.idx") is None


def test_names_for_labels_may_lie_beside_them(tmp_path: Path) -> None:
    write_set(tmp_path)
    (tmp_path / "classes.txt").write_text("zero\none\ntwo\n")
    assert load(tmp_path / "train-images-idx3-ubyte.gz").table.columns["label"].names == ("zero", "one", "two")
    (tmp_path / "classes.txt").write_text("zero\none\n")
    dataset = load(tmp_path / "train-images-idx3-ubyte.gz")
    assert not dataset.table.columns
    assert "label 2 has no name" in dataset.problems[0].reason


def test_wrong_labels_are_a_problem_and_the_pictures_load(tmp_path: Path) -> None:
    write_set(tmp_path)
    for labels, words in (
        (idx(np.zeros(4, np.uint8)), "4 labels for 5 pictures"),
        (idx(np.zeros(5, np.float32)), "whole number"),
        (b"\0\0\x08\x01\0\0", "cut off"),
        (b"nonsense", "not an IDX file"),
    ):
        (tmp_path / "train-labels-idx1-ubyte.gz").write_bytes(labels)
        dataset = load(tmp_path / "train-images-idx3-ubyte.gz")
        assert len(dataset) == 5
        assert [words in p.reason for p in dataset.problems] == [True]


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    whole = idx(np.zeros((3, 4, 4), np.uint8))
    path = tmp_path / "images-idx3"
    for content, words in (
        (whole[:-1], "cut off"),
        (whole + b"\0", "longer than its header"),
        (whole[:9], "cut off"),
        (b"\0\0\x07\x03" + whole[4:], "not an IDX"),
        (struct.pack(">BBBB3I", 0, 0, 8, 3, *[2**31] * 3), "GB of memory"),
        (idx(np.zeros(9, np.uint8)), "9 numbers, which are not pictures"),
        (idx(np.zeros((1, 4, 4), np.uint8)), "only one sample"),
        (idx(np.zeros((0, 4, 4), np.uint8)), "no sample"),
    ):
        path.write_bytes(content)
        with pytest.raises(DataError, match=words):
            load(path)
