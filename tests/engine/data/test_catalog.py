"""Whatever a person names or drops is recognised, or one sentence says what to do; nothing else is ever raised."""

from __future__ import annotations

import contextlib
import gzip
import os
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from engine.data import download
from engine.data.catalog import default_home, open_data
from engine.data.dataset import DataError, Dataset, LoadProgress, finish
from engine.data.ref import BUILT_IN, DataRef

PICTURES = np.random.default_rng(0).integers(0, 256, (4, 28, 28), dtype=np.uint8)


def idx(array: np.ndarray) -> bytes:
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


def cifar() -> bytes:
    return b"".join(bytes([label]) + bytes(range(256)) * 12 for label in range(4))


def write(folder: Path) -> dict[str, Path]:
    """One small file or folder of every kind that can be opened."""
    things = {name: folder / name for name in ("pictures", "idx", "cifar", "set.zip", "set.npz", "set.npy", "set.csv")}
    for name in ("pictures", "idx", "cifar"):
        things[name].mkdir(parents=True)
    for i, picture in enumerate(PICTURES):
        Image.fromarray(picture).save(things["pictures"] / f"{i}.png")
    (things["pictures"] / "metadata.csv").write_text("file_name,text,hat\n0.png,zero,a\n1.png,one,a\n2.png,two,b\n")
    (things["idx"] / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(PICTURES)))
    (things["idx"] / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(np.arange(4, dtype=np.uint8))))
    (things["cifar"] / "data_batch_1.bin").write_bytes(cifar())
    with zipfile.ZipFile(things["set.zip"], "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(things["pictures"].iterdir()):
            archive.write(file, file.name)
    np.savez(things["set.npz"], x=PICTURES, y=np.arange(4))
    np.save(things["set.npy"], PICTURES)
    things["set.csv"].write_text("x,y\n1,2\n0.5,-1\n2,2\n1,1\n")
    things["idx file"] = things["idx"] / "train-images-idx3-ubyte.gz"
    things["cifar file"] = things["cifar"] / "data_batch_1.bin"
    return things


def load(path: Path | str, home: Path, **options: object) -> Dataset:
    return finish(open_data(DataRef(str(path), **options), home))


def test_everything_is_recognised_also_without_its_suffix(tmp_path: Path) -> None:
    for name, path in write(tmp_path).items():
        assert len(load(path, tmp_path)) == 4, name
        if path.is_file() and name != "set.csv":
            bare = path.rename(tmp_path / "thing")
            assert len(load(bare, tmp_path)) == 4, name


@pytest.mark.parametrize("entry", [e for e in BUILT_IN if e.kind == "points"], ids=lambda e: e.name)
def test_points_open_by_name(entry: object, tmp_path: Path) -> None:
    dataset = load(entry.name, tmp_path, count=50)
    assert len(dataset) == 50
    assert (dataset.name, dataset.title) == (entry.name, entry.title)
    assert dataset.is_points


def test_drawn_points_open(tmp_path: Path) -> None:
    assert len(load("drawn", tmp_path, points=((0, 1), (1, 0)))) == 2


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"just some words", "no kind of data that can be opened"),
        (b"PK\x03\x04 but no zip", "not a zip file"),
        (b"\x1f\x8b\x08 but no gzip", "cannot be read"),
        (b"\x93NUMPY but no array", "not a NumPy array"),
        (b"\x89PNG\r\n\x1a\n", "is one picture; a data set needs at least 2, so open the folder"),
        (b"\0\0\x08\x03\0\0\0\x05", "cut off"),
    ],
)
def test_wrong_and_corrupt_files(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "thing").write_bytes(content)
    with pytest.raises(DataError, match=words):
        load(tmp_path / "thing", tmp_path)


def test_names_and_places_that_are_nothing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r'no file or folder "nowhere"; the built-in data sets are portraits, fashion'):
        load("nowhere", tmp_path)
    with pytest.raises(DataError, match="cannot be opened"):
        load("x" * 5000, tmp_path)
    (tmp_path / "metadata.csv").write_text("file_name,text\n")
    with pytest.raises(DataError, match="open the folder that holds it"):
        load(tmp_path / "metadata.csv", tmp_path)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(DataError, match="neither a file nor a folder"):
            load(tmp_path / "pipe", tmp_path)


def test_sets_by_name_use_files_that_lie_there(tmp_path: Path) -> None:
    things = write(tmp_path / "made")
    things["idx"].rename(tmp_path / "mnist")
    things["cifar"].rename(tmp_path / "cifar-10")
    mnist = load("mnist", tmp_path)
    assert (mnist.name, mnist.title, len(mnist)) == ("mnist", "MNIST", 4)
    assert mnist.table.columns["label"].names == ("0", "1", "2", "3")
    assert load("cifar-10", tmp_path).shape == (32, 32, 3)
    with pytest.raises(DataError, match='MNIST has no "held-out" split; it has "train" and "test"'):
        load("mnist", tmp_path, split="held-out")


def test_sets_by_name_are_fetched_for_the_split_that_is_wanted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, ...]] = []

    def fetch(remote: download.RemoteSet, folder: Path) -> download.Fetching:
        asked.append(tuple(file.name for file in remote.files))
        yield LoadProgress("Downloading", 0, 1)
        folder.mkdir()
        (folder / "t10k-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(PICTURES)))

    monkeypatch.setattr("engine.data.catalog.fetch_set", fetch)
    dataset = load("fashion-mnist", tmp_path, split="test", size=32)
    assert asked == [("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz")]
    assert (dataset.split, dataset.shape) == ("test", (32, 32, 1))


def test_portraits_are_in_colour(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Portraits are in colour"):
        load("portraits", tmp_path, channels=1)
    with pytest.raises(DataError, match='no "other" split; they have train, validation'):
        load("portraits", tmp_path, split="other")
    portraits = load("portraits", tmp_path, size=16, count=3)
    assert portraits.batch(np.arange(3)).shape == (3, 16, 16, 3)


def test_the_usual_home_belongs_to_the_program() -> None:
    assert default_home().parts[-2:] == ("latent-explorer", "data")


def test_the_same_reference_gives_the_same_fingerprint(tmp_path: Path) -> None:
    things = write(tmp_path)
    assert load(things["pictures"], tmp_path).fingerprint == load(things["set.zip"], tmp_path).fingerprint
    assert load(things["set.npy"], tmp_path).fingerprint == load(things["set.npy"], tmp_path).fingerprint


KINDS = ("idx file", "cifar file", "set.zip", "set.npz", "set.npy", "set.csv", "metadata")


@settings(
    max_examples=150,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    kind=st.sampled_from(KINDS),
    cut=st.floats(0, 1),
    flips=st.lists(st.tuples(st.floats(0, 0.999), st.integers(1, 255)), max_size=5),
    noise=st.binary(max_size=40),
)
def test_damaged_data_only_ever_raises_data_errors(
    tmp_path: Path, kind: str, cut: float, flips: list[tuple[float, int]], noise: bytes
) -> None:
    if not (tmp_path / "pictures").exists():
        write(tmp_path)
    source = tmp_path / {"idx file": "idx/train-images-idx3-ubyte.gz", "cifar file": "cifar/data_batch_1.bin"}.get(
        kind, kind
    )
    if kind == "metadata":
        source = tmp_path / "pictures" / "metadata.csv"
    original = source.read_bytes()
    damaged = bytearray(original[: int(len(original) * cut)] + noise)
    for place, mask in flips:
        if damaged:
            damaged[int(place * len(damaged))] ^= mask
    source.write_bytes(damaged)
    try:
        with contextlib.suppress(DataError):
            load(source.parent if kind == "metadata" else source, tmp_path)
    finally:
        source.write_bytes(original)
