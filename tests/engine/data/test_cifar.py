"""CIFAR-10 in its binary version: one batch, a folder of batches, or the official archive."""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path

import numpy as np
import pytest

from engine.data.cifar import find_batches, load_archive, load_batches, looks_like_batch
from engine.data.dataset import DataError, Dataset, finish
from engine.data.ref import DataRef

TRAIN = DataRef("cifar")
TEST = DataRef("cifar", split="test")


def batch(count: int, seed: int) -> tuple[bytes, np.ndarray]:
    rng = np.random.default_rng(seed)
    pictures = rng.integers(0, 256, (count, 32, 32, 3), dtype=np.uint8)
    labels = rng.integers(0, 10, count, dtype=np.uint8)
    planes = pictures.transpose(0, 3, 1, 2).reshape(count, -1)
    return np.concatenate([labels[:, None], planes], axis=1).tobytes(), pictures


def pictures_of(dataset: Dataset) -> np.ndarray:
    return dataset.batch(np.arange(len(dataset)))


def archive(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as target:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            target.addfile(info, io.BytesIO(content))
    return path


def test_a_single_batch_plain_or_gzipped(tmp_path: Path) -> None:
    raw, pictures = batch(4, 0)
    for name, content in (("data_batch_1.bin", raw), ("data_batch_1.bin.gz", gzip.compress(raw))):
        (tmp_path / name).write_bytes(content)
        assert looks_like_batch(tmp_path / name)
        dataset = finish(load_batches([tmp_path / name], TRAIN))
        assert np.array_equal(pictures_of(dataset), pictures)
        assert dataset.table.columns["label"].value(0) in (
            "airplane",
            "ship",
            "dog",
            "cat",
            "truck",
            "bird",
            "deer",
            "frog",
            "horse",
            "automobile",
        )


def test_a_folder_of_batches_has_splits_and_names(tmp_path: Path) -> None:
    folder = tmp_path / "cifar-10-batches-bin"
    folder.mkdir()
    parts = {
        name: batch(3, seed) for seed, name in enumerate(("data_batch_1.bin", "data_batch_2.bin", "test_batch.bin"))
    }
    for name, (raw, _) in parts.items():
        (folder / name).write_bytes(raw)
    (folder / "batches.meta.txt").write_text("\n".join(f"class {i}" for i in range(10)) + "\n\n")
    batches = find_batches(tmp_path)
    assert batches == find_batches(folder)
    train, test = finish(load_batches(batches, TRAIN)), finish(load_batches(batches, TEST))
    assert np.array_equal(
        pictures_of(train), np.concatenate([parts["data_batch_1.bin"][1], parts["data_batch_2.bin"][1]])
    )
    assert np.array_equal(pictures_of(test), parts["test_batch.bin"][1])
    assert test.table.columns["label"].names[3] == "class 3"
    with pytest.raises(DataError, match='no "held-out" batch'):
        finish(load_batches(batches, DataRef("x", split="held-out")))


def test_the_official_archive_is_read_without_unpacking(tmp_path: Path) -> None:
    names = ("data_batch_1.bin", "test_batch.bin")
    parts = {f"cifar-10-batches-bin/{name}": batch(3, seed) for seed, name in enumerate(names)}
    members = {name: raw for name, (raw, _) in parts.items()} | {"cifar-10-batches-bin/readme.html": b"<html>"}
    path = archive(tmp_path / "cifar-10-binary.tar.gz", members)
    assert np.array_equal(
        pictures_of(finish(load_archive(path, TRAIN))), parts["cifar-10-batches-bin/data_batch_1.bin"][1]
    )
    assert np.array_equal(
        pictures_of(finish(load_archive(path, TEST))), parts["cifar-10-batches-bin/test_batch.bin"][1]
    )
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_the_pickled_version_is_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "cifar-10-python.tar.gz", {"cifar-10-batches-py/data_batch_1": b"\x80\x02}q\0."})
    with pytest.raises(DataError, match="a pickle that could run code; get the binary version"):
        finish(load_archive(path, TRAIN))


def test_damaged_batches_and_archives_are_refused(tmp_path: Path) -> None:
    raw, _ = batch(3, 0)
    path = tmp_path / "data_batch_1.bin"
    for content, words in (
        (raw[:-1], "multiple of 3073"),
        (b"", "multiple of 3073"),
        (b"\x0b" + raw[1:], "the label 11"),
    ):
        path.write_bytes(content)
        with pytest.raises(DataError, match=words):
            finish(load_batches([path], TRAIN))
    whole = archive(tmp_path / "a.tar.gz", {"data_batch_1.bin": raw}).read_bytes()
    for content, words in ((whole[: len(whole) // 2], "cut off or damaged"), (b"no archive", "cut off or damaged")):
        (tmp_path / "a.tar.gz").write_bytes(content)
        with pytest.raises(DataError, match=words):
            finish(load_archive(tmp_path / "a.tar.gz", TRAIN))
    with pytest.raises(DataError, match='no "test" batch'):
        finish(load_archive(archive(tmp_path / "b.tar.gz", {"data_batch_1.bin": raw}), TEST))
    many = archive(tmp_path / "c.tar.gz", {str(i): b"" for i in range(101)})
    with pytest.raises(DataError, match="too many files"):
        finish(load_archive(many, TRAIN))


def test_links_in_an_archive_lead_nowhere(tmp_path: Path) -> None:
    path = tmp_path / "l.tar.gz"
    with tarfile.open(path, "w:gz") as target:
        info = tarfile.TarInfo("data_batch_1.bin")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        target.addfile(info)
    with pytest.raises(DataError, match='no "train" batch'):
        finish(load_archive(path, TRAIN))
