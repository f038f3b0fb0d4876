"""NumPy files give pictures, labels, attributes and captions, and never run code."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from engine.data.dataset import DataError, Dataset, finish
from engine.data.npz import load_npy, load_npz
from engine.data.ref import DataRef

PICTURES = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3), dtype=np.uint8)


def load(path: Path, **options: object) -> Dataset:
    return finish(load_npz(path, DataRef(str(path), **options)))


def save(path: Path, **arrays: object) -> Path:
    np.savez_compressed(path, **arrays)
    return path


def words(dataset: Dataset, column: str) -> list[str | None]:
    return [dataset.table.columns[column].value(i) for i in range(len(dataset))]


def test_labels_attributes_and_captions(tmp_path: Path) -> None:
    path = save(
        tmp_path / "faces.npz",
        x=PICTURES,
        y=np.array([2, 0, 2, 1]),
        hair=np.array([1, 0, 1, -1], np.int8),
        hat=np.array([0, 1, 0, 0], np.int8),
        mood=np.array(["sad", "glad", "sad", "sad"]),
        name=np.array(["a", "b", "c", "d"]),
        other=np.zeros((4, 2)),
        categories_json=np.frombuffer(json.dumps({"hair": ["red", "black"]}).encode(), np.uint8),
        captions_utf8=np.frombuffer("eins\nzwei\ndrei\nvi\u00ebr".encode(), np.uint8),
    )
    dataset = load(path)
    assert np.array_equal(dataset.batch(np.arange(4)), PICTURES)
    assert words(dataset, "label") == ["2", "0", "2", "1"]
    assert words(dataset, "hair") == ["black", "red", "black", None]
    assert words(dataset, "hat") == ["no", "yes", "no", "no"]
    assert words(dataset, "mood") == ["sad", "glad", "sad", "sad"]
    assert dataset.table.captions == ["eins", "zwei", "drei", "vi\u00ebr"]
    assert [problem.path for problem in dataset.problems] == ["name"]


def test_splits_in_one_file(tmp_path: Path) -> None:
    path = save(tmp_path / "m.npz", x_train=PICTURES, y_train=np.arange(4), x_test=PICTURES[:2], y_test=np.arange(2))
    assert len(load(path)) == 4
    assert len(load(path, split="test")) == 2
    assert words(load(path, split="test"), "label") == ["0", "1"]
    with pytest.raises(DataError, match='no "test" split; it has "train"'):
        load(save(tmp_path / "n.npz", images=PICTURES), split="test")


def test_an_attribute_matrix(tmp_path: Path) -> None:
    names = np.array(["hat", "beard"])
    path = save(tmp_path / "a.npz", images=PICTURES, attributes=np.eye(4, 2, dtype=np.uint8), attribute_names=names)
    assert words(load(path), "hat") == ["1", "0", "0", "0"]
    assert set(load(path).table.columns) == {"hat", "beard"}


def test_the_largest_array_of_pictures_is_taken_when_no_name_helps(tmp_path: Path) -> None:
    small = np.zeros((2, 4, 4), np.uint8)
    assert load(save(tmp_path / "a.npz", masks=small, stuff=PICTURES)).shape == (8, 8, 3)


def test_python_objects_are_refused(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (Path.touch, (str(tmp_path / "ran"),))

    with zipfile.ZipFile(tmp_path / "e.npz", "w") as archive:
        header = io.BytesIO()
        np.lib.format.write_array_header_1_0(header, {"descr": "|O", "fortran_order": False, "shape": (4,)})
        archive.writestr("x.npy", header.getvalue() + pickle.dumps(np.array([Evil()], object)))
    with pytest.raises(DataError, match="holds Python objects, which could run code"):
        load(tmp_path / "e.npz")
    assert not (tmp_path / "ran").exists()
    objects = np.array([{}, 1, "a", None], dtype=object)
    dataset = load(save(tmp_path / "o.npz", x=PICTURES, extra=objects))
    assert len(dataset) == 4
    assert "Python objects" in dataset.problems[0].reason


def test_npy_pictures_and_points(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.asfortranarray(PICTURES[..., 0]))
    dataset = finish(load_npy(tmp_path / "a.npy", DataRef("a")))
    assert np.array_equal(dataset.batch(np.arange(4))[..., 0], PICTURES[..., 0])
    np.save(tmp_path / "p.npy", np.array([[0.0, 1.0], [1.0, 0.5]]))
    assert finish(load_npy(tmp_path / "p.npy", DataRef("p"))).shape == (2,)
    assert load(save(tmp_path / "p.npz", points=np.array([[0.0, 1.0], [1.0, 0.5]]))).shape == (2,)


def test_captions_of_another_number_are_a_problem(tmp_path: Path) -> None:
    dataset = load(save(tmp_path / "a.npz", x=PICTURES, captions=np.array(["a", "b"])))
    assert dataset.table.captions is None
    assert "2 captions for 4 pictures" in dataset.problems[0].reason
    bad = load(save(tmp_path / "b.npz", x=PICTURES, categories_json=np.frombuffer(b"{", np.uint8)))
    assert "not JSON" in bad.problems[0].reason


def test_files_without_pictures_or_cut_off(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no array of pictures"):
        load(save(tmp_path / "a.npz", z=np.zeros((3, 5))))
    whole = save(tmp_path / "b.npz", x=PICTURES).read_bytes()
    (tmp_path / "b.npz").write_bytes(whole[:-30])
    with pytest.raises(DataError, match="may be cut off"):
        load(tmp_path / "b.npz")
    np.save(tmp_path / "c.npy", PICTURES)
    (tmp_path / "c.npy").write_bytes((tmp_path / "c.npy").read_bytes()[:-1])
    with pytest.raises(DataError, match="ends too early"):
        finish(load_npy(tmp_path / "c.npy", DataRef("c")))


def test_a_damaged_array_is_a_problem_and_the_pictures_load(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=PICTURES, y=np.array([3, 1, 2, 1], np.int64), w=np.array(["ab", "cd", "ab", "ab"]))
    raw = (tmp_path / "a.npz").read_bytes()
    place = raw.index(np.array([3, 1, 2, 1], np.int64).tobytes())
    (tmp_path / "a.npz").write_bytes(raw[:place] + b"\xff" + raw[place + 1 :])
    dataset = load(tmp_path / "a.npz")
    assert words(dataset, "w") == ["ab", "cd", "ab", "ab"]
    assert [p.path for p in dataset.problems] == ["y"]
    no_text = np.full(4, 0x7FFFFFFF, np.uint32).view("<U1")
    assert "its text is damaged" in load(save(tmp_path / "b.npz", x=PICTURES, mood=no_text)).problems[0].reason


@pytest.mark.parametrize("shape", [(-1, 8, 8), (1,) * 40, (2**70, 8, 8)])
def test_impossible_shapes_are_refused(tmp_path: Path, shape: tuple[int, ...]) -> None:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": shape})
    (tmp_path / "a.npy").write_bytes(header.getvalue() + bytes(100))
    with pytest.raises(DataError, match=r"cannot be used|GB of memory"):
        finish(load_npy(tmp_path / "a.npy", DataRef("a")))


def test_bombs_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="grow more than 100 times"):
        load(save(tmp_path / "bomb.npz", x=np.zeros((2000, 64, 64), np.uint8)))
    with zipfile.ZipFile(tmp_path / "liar.npz", "w") as archive:
        header = io.BytesIO()
        np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": (2**40, 8, 8)})
        archive.writestr("x.npy", header.getvalue())
    with pytest.raises(DataError, match="ends too early"):
        load(tmp_path / "liar.npz")
