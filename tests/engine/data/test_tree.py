"""Places mean something: class folders, splits, wrappings."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from engine.data.dataset import DataError
from engine.data.tree import check_listing, find_layout, is_hidden, looks_like_picture


def layout(*names: str, split: str = "train") -> list[tuple[str, str | None]]:
    found = find_layout("mine", [PurePosixPath(name) for name in names], split)
    return [(p.as_posix(), label) for p, label in zip(found.pictures, found.labels, strict=True)]


def test_flat_folders_have_no_labels() -> None:
    assert layout("a.png", "b.png") == [("a.png", None), ("b.png", None)]


def test_class_folders_are_labels_also_when_deeper_or_mixed() -> None:
    assert layout("cat/1.png", "dog/new/2.png", "3.png") == [
        ("cat/1.png", "cat"),
        ("dog/new/2.png", "dog"),
        ("3.png", None),
    ]


def test_a_wrapping_folder_is_no_class() -> None:
    assert layout("faces/img/a.png", "faces/img/b.png") == [("faces/img/a.png", None), ("faces/img/b.png", None)]
    assert layout("data/cat/a.png", "data/dog/b.png")[1] == ("data/dog/b.png", "dog")


def test_splits_are_folders_that_are_all_called_so() -> None:
    names = ("train/cat/a.png", "train/dog/b.png", "val/cat/c.png", "val/dog/d.png")
    assert layout(*names) == [("train/cat/a.png", "cat"), ("train/dog/b.png", "dog")]
    assert layout(*names, split="test") == [("val/cat/c.png", "cat"), ("val/dog/d.png", "dog")]
    assert layout("train/a.png", "plane/b.png", "car/c.png")[0] == ("train/a.png", "train")


def test_test_and_validation_together_are_the_test_split() -> None:
    names = ("train/x.png", "test/cat/a.png", "test/dog/b.png", "valid/cat/c.png", "valid/dog/d.png")
    assert [label for _, label in layout(*names, split="test")] == ["cat", "dog", "cat", "dog"]


def test_a_missing_split_says_what_there_is() -> None:
    with pytest.raises(DataError, match='mine has no "test" split; it has "train"'):
        layout("train/a.png", "training/b.png", split="test")
    with pytest.raises(DataError, match='all its pictures are "train"'):
        layout("a.png", "b.png", split="held-out")


def test_what_systems_leave_behind_is_hidden() -> None:
    hidden = (".DS_Store", "a/._b.png", "__MACOSX/a.png", "Thumbs.db")
    assert all(is_hidden(PurePosixPath(name)) for name in hidden)
    assert not is_hidden(PurePosixPath("a/b.png"))


def test_content_tells_a_picture() -> None:
    assert looks_like_picture(b"RIFF\x10\0\0\0WEBPVP8 ")
    assert not looks_like_picture(b"RIFF\x10\0\0\0WAVEfmt ")
    assert not looks_like_picture(b"BMovies are gre")
    assert not looks_like_picture(b"")


def test_trees_out_of_proportion_are_refused() -> None:
    with pytest.raises(DataError, match="more than 2,000,000 files"):
        check_listing("x", 2_000_001, PurePosixPath("a"))
    with pytest.raises(DataError, match="deep"):
        check_listing("x", 1, PurePosixPath("/".join("a" * 20)))
