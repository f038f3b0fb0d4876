"""A folder of pictures, as people have them, becomes a data set; what is wrong with it is said."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.data.dataset import DataError, Dataset, LoadProgress, finish
from engine.data.folder import load_folder
from engine.data.ref import DataRef


def draw(path: Path, level: int | tuple[int, int, int] = 100, size: tuple[int, int] = (16, 16)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L" if isinstance(level, int) else "RGB", size, level).save(path)
    return path


def load(path: Path, **options: object) -> Dataset:
    return finish(load_folder(path, DataRef(str(path), **options)))


def everything(dataset: Dataset) -> np.ndarray:
    return dataset.batch(np.arange(len(dataset)))


def test_pictures_come_in_natural_order_with_the_labels_of_their_folders(tmp_path: Path) -> None:
    for label, name, level in (("cat", "10.png", 30), ("cat", "9.png", 20), ("dog", "1.png", 40)):
        draw(tmp_path / label / name, level)
    dataset = load(tmp_path)
    assert everything(dataset)[:, 0, 0, 0].tolist() == [20, 30, 40]
    label = dataset.table.columns["label"]
    assert [label.value(i) for i in range(3)] == ["cat", "cat", "dog"]
    assert dataset.shape == (16, 16, 1)
    assert dataset.name == tmp_path.name
    assert dataset.problems == ()


def test_one_coloured_picture_makes_the_set_coloured(tmp_path: Path) -> None:
    draw(tmp_path / "a.png", 50)
    draw(tmp_path / "b.png", (255, 0, 0))
    assert load(tmp_path).shape == (16, 16, 3)
    assert load(tmp_path, channels=1).shape == (16, 16, 1)
    draw(tmp_path / "b.png", (9, 9, 9))
    assert load(tmp_path).shape == (16, 16, 1)
    assert load(tmp_path, channels=3).shape == (16, 16, 3)


def test_sizes(tmp_path: Path) -> None:
    draw(tmp_path / "a.png", 1, (300, 200))
    draw(tmp_path / "b.png", 2, (16, 16))
    assert load(tmp_path).shape == (64, 64, 1)
    assert load(tmp_path, size=24, fit="pad").shape == (24, 24, 1)


def test_files_that_cannot_be_read_are_listed_and_the_rest_loads(tmp_path: Path) -> None:
    draw(tmp_path / "a.png", 10)
    draw(tmp_path / "b.png", 20)
    whole = draw(tmp_path / "cut.png", (1, 2, 3), (64, 64)).read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[:60])
    (tmp_path / "empty.jpg").write_bytes(b"")
    (tmp_path / "not.jpg").write_text("hello")
    (tmp_path / "phone.heic").write_bytes(b"ftyp")
    (tmp_path / "readme.md").write_text("about these pictures")
    (tmp_path / ".hidden.png").write_text("no")
    dataset = load(tmp_path)
    assert len(dataset) == 2
    reasons = {problem.path: problem.reason for problem in dataset.problems}
    assert set(reasons) == {"cut.png", "empty.jpg", "not.jpg", "phone.heic"}
    assert "cut off" in reasons["cut.png"]
    assert "empty" in reasons["empty.jpg"]
    assert "not a PNG" in reasons["not.jpg"]
    assert ".heic is not read" in reasons["phone.heic"]


def test_pictures_are_known_by_content_when_the_name_says_nothing(tmp_path: Path) -> None:
    draw(tmp_path / "a.png").rename(tmp_path / "photo")
    draw(tmp_path / "b.png").rename(tmp_path / "photo.dat")
    (tmp_path / "other.dat").write_bytes(b"\0" * 100)
    assert len(load(tmp_path)) == 2


def test_a_wrong_suffix_does_not_matter(tmp_path: Path) -> None:
    draw(tmp_path / "a.png").rename(tmp_path / "a.jpg")
    draw(tmp_path / "b.png")
    assert len(load(tmp_path)) == 2


def test_empty_folders_single_pictures_and_folders_without_pictures(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(DataError, match="empty is empty; choose a folder with pictures"):
        load(empty)
    texts = tmp_path / "texts"
    texts.mkdir()
    (texts / "a.txt").write_text("a")
    with pytest.raises(DataError, match="None of the 1 files in texts is a picture"):
        load(texts)
    one = tmp_path / "one"
    draw(one / "a.png")
    with pytest.raises(DataError, match="only one sample; a data set needs at least 2"):
        load(one)
    (one / "b.png").write_text("no")
    with pytest.raises(DataError, match=r"only one picture; one file could not be read \(b.png: it is not a PNG"):
        load(one)
    (one / "a.png").write_text("no")
    with pytest.raises(DataError, match="no picture; 2 files could not be read"):
        load(one)


def test_only_foreign_pictures(tmp_path: Path) -> None:
    (tmp_path / "a.heic").write_bytes(b"x")
    with pytest.raises(DataError, match=r"a\.heic: \.heic is not read; save it as PNG"):
        load(tmp_path)


def test_a_subset_is_decided_by_the_seed(tmp_path: Path) -> None:
    for i in range(20):
        draw(tmp_path / f"{i}.png", i)
    first = load(tmp_path, count=5, seed=1)
    assert len(first) == 5
    assert first.fingerprint == load(tmp_path, count=5, seed=1).fingerprint
    assert first.fingerprint != load(tmp_path, count=5, seed=2).fingerprint


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_linked_folders_are_not_followed_and_dead_links_are_told(tmp_path: Path) -> None:
    draw(tmp_path / "a.png")
    draw(tmp_path / "b.png")
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    assert len(load(tmp_path)) == 2
    os.unlink(tmp_path / "loop")
    (tmp_path / "linked.png").symlink_to(tmp_path / "a.png")
    (tmp_path / "dead.png").symlink_to(tmp_path / "gone.png")
    dataset = load(tmp_path)
    assert len(dataset) == 3
    assert [(p.path, p.reason) for p in dataset.problems] == [("dead.png", "it is a link to nothing")]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_what_is_no_file_is_listed(tmp_path: Path) -> None:
    draw(tmp_path / "a.png")
    draw(tmp_path / "b.png")
    os.mkfifo(tmp_path / "pipe.png")
    assert [(p.path, p.reason) for p in load(tmp_path).problems] == [("pipe.png", "it is no file")]


def test_progress_is_told_and_loading_can_be_cancelled(tmp_path: Path) -> None:
    for i in range(40):
        draw(tmp_path / f"{i}.png", i, (200, 200))
    told: list[LoadProgress] = []
    finish(load_folder(tmp_path, DataRef("x")), told.append)
    assert {p.doing for p in told} >= {"Checking the samples"}
    assert all(p.done >= 0 and (p.total == 0 or p.done <= p.total) for p in told)
    before = sorted(tmp_path.rglob("*"))
    loader = load_folder(tmp_path, DataRef("x"))
    next(loader)
    loader.close()
    assert sorted(tmp_path.rglob("*")) == before
