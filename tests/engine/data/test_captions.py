"""Captions, labels and attributes are found where people put them."""

from __future__ import annotations

import json
from pathlib import Path

from PIL import Image

from engine.data.dataset import Dataset, finish
from engine.data.folder import load_folder
from engine.data.ref import DataRef


def draw(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (8, 8), 100).save(path)


def load(path: Path, **options: object) -> Dataset:
    return finish(load_folder(path, DataRef(str(path), **options)))


def words(dataset: Dataset, column: str) -> list[str | None]:
    return [dataset.table.columns[column].value(i) for i in range(len(dataset))]


def test_metadata_csv_gives_captions_attributes_and_labels(tmp_path: Path) -> None:
    for name in "abcd":
        draw(tmp_path / f"{name}.png")
    (tmp_path / "metadata.csv").write_text(
        "\ufefffile_name,text,hair,label,note\n"
        'a.png,"a face, red hair",red,x,1\nb.png,black hair,black,y,2\nc.png,,red,x,3\n',
        encoding="utf-8",
    )
    dataset = load(tmp_path)
    assert dataset.table.captions == ["a face, red hair", "black hair", "", ""]
    assert words(dataset, "hair") == ["red", "black", "red", None]
    assert words(dataset, "label") == ["x", "y", "x", None]
    assert "note" not in dataset.table.columns
    assert ['its column "note"' in problem.reason for problem in dataset.problems] == [True]


def test_metadata_jsonl_in_the_folder_of_a_split(tmp_path: Path) -> None:
    for split in ("train", "test"):
        rows = []
        for i in range(3):
            draw(tmp_path / split / "img" / f"{i}.png")
            rows.append({"file_name": f"img/{i}.png", "caption": f"{split} {i}", "hat": i > 0, "deep": {"a": 1}})
        (tmp_path / split / "metadata.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")
    dataset = load(tmp_path, split="test")
    assert dataset.split == "test"
    assert dataset.table.captions == ["test 0", "test 1", "test 2"]
    assert words(dataset, "hat") == ["no", "yes", "yes"]


def test_text_files_beside_the_pictures(tmp_path: Path) -> None:
    for name in ("cat/a", "cat/b", "dog/c"):
        draw(tmp_path / f"{name}.png")
    (tmp_path / "cat" / "a.txt").write_text("\n a small \t cat\nmore\n")
    (tmp_path / "dog" / "c.txt").write_bytes(b"\xff\xfe not text")
    dataset = load(tmp_path)
    assert dataset.table.captions == ["a small cat", "", ""]
    assert words(dataset, "label") == ["cat", "cat", "dog"]
    assert [(p.path, p.reason) for p in dataset.problems] == [("dog/c.txt", "it is not UTF-8 text")]


def test_rows_of_unreadable_pictures_do_not_shift_the_others(tmp_path: Path) -> None:
    for name in "abc":
        draw(tmp_path / f"{name}.png")
    (tmp_path / "b.png").write_text("broken")
    (tmp_path / "metadata.csv").write_text("file_name,text\na.png,A\nb.png,B\nc.png,C\n")
    assert load(tmp_path).table.captions == ["A", "C"]


def test_damaged_metadata_is_reported_and_the_pictures_load(tmp_path: Path) -> None:
    draw(tmp_path / "a.png")
    draw(tmp_path / "b.png")
    (tmp_path / "metadata.jsonl").write_text('{"file_name": "a.png", "text": "A"}\nnot json\n[1]\n{"text": "?"}\n')
    (tmp_path / "metadata.csv").write_bytes(b"file_name,text\n\xff\xff")
    dataset = load(tmp_path)
    assert dataset.table.captions == ["A", ""]
    assert {p.path: p.reason for p in dataset.problems} == {
        "metadata.jsonl": '3 of its rows do not name a picture under "file_name"',
        "metadata.csv": "it is not UTF-8 text",
    }


def test_without_captions_there_are_none(tmp_path: Path) -> None:
    draw(tmp_path / "a.png")
    draw(tmp_path / "b.png")
    assert load(tmp_path).table.captions is None


def test_rows_that_name_no_picture_are_reported(tmp_path: Path) -> None:
    draw(tmp_path / "a.png")
    draw(tmp_path / "b.png")
    (tmp_path / "metadata.csv").write_text("file_name,text\na.png,A\nx.png,X\ny.png,Y\n")
    dataset = load(tmp_path)
    assert dataset.table.captions == ["A", ""]
    assert [problem.reason for problem in dataset.problems] == ["2 of its rows name pictures that are not there"]
