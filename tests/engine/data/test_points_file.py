"""Own points from the hand, from CSV and from JSON."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.data.dataset import DataError, Dataset, finish
from engine.data.points_file import load_drawn_points, load_points_file
from engine.data.ref import DataRef


def load(path: Path, text: str | bytes, **options: object) -> np.ndarray:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return everything(finish(load_points_file(path, DataRef(str(path), **options))))


def everything(dataset: Dataset) -> np.ndarray:
    return dataset.batch(np.arange(len(dataset)))


SAME = [[0.5, 1.0], [-1.0, 0.25], [2.0, -2.0]]


@pytest.mark.parametrize(
    "text",
    [
        "0.5,1\n-1,0.25\n2,-2\n",
        "x,y\n0.5,1\n-1,0.25\n2,-2",
        "\ufeffx;y\r\n0.5;1\r\n\r\n-1;0.25\r\n2;-2\r\n",
        "name\ty\tx\tsize\na\t1\t0.5\t9\nb\t0.25\t-1\t9\nc\t-2\t2\t9\n",
        "name,a,b\np,0.5,1\nq,-1,0.25\nr,2,-2\n",
        "[[0.5, 1], [-1, 0.25], [2, -2]]",
    ],
)
def test_many_ways_to_write_points(tmp_path: Path, text: str) -> None:
    assert load(tmp_path / "p.csv", text).tolist() == SAME


def test_one_dimension(tmp_path: Path) -> None:
    assert load(tmp_path / "p.csv", "value\n1\n2\n").tolist() == [[1], [2]]
    assert load(tmp_path / "p.json", "[1, 2, 0.5]").tolist() == [[1], [2], [0.5]]


def test_other_scales_are_brought_near_and_keep_their_shape(tmp_path: Path) -> None:
    points = load(tmp_path / "p.csv", "1000,2000\n1400,2100\n1200,2200\n")
    assert points.tolist() == [[-2, -1], [2, 0], [0, 1]]
    assert np.abs(load(tmp_path / "q.csv", "0.001,0\n0,0.002\n")).max() == 2
    assert load(tmp_path / "r.csv", "9,9\n9,9\n").tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no column of numbers"),
        ("a,b\nc,d\n", "no column of numbers"),
        ("1,2\n", "only one sample"),
        ("1,2\n3\n", "Line 2"),
        ("x,y\n1,2\n3,oops\n", "Line 3"),
        ("1,2,3\n4,5,6\n", "3 columns of numbers"),
        ("1,2\nnan,3\n", "not finite"),
        ("1,2\ninf,3\n", "not finite"),
        ("[[1,2],[3]]", "not a JSON list of points"),
        ("[[1,2,3],[3,4,5]]", "one or two coordinates"),
        ('{"a": 1}', "not a JSON list of points"),
        ("[1,", "not a JSON list of points"),
        ("[" * 5000, "not a JSON list of points"),
        (b"\xff\xfe\x00", "not text"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str | bytes, words: str) -> None:
    with pytest.raises(DataError, match=words):
        load(tmp_path / "p.csv", text)


def test_drawn_points_stay_where_they_are() -> None:
    dataset = finish(load_drawn_points(DataRef("drawn", points=((0.01, 0.02), (0.03, 0.04)))))
    assert everything(dataset) == pytest.approx(np.array([[0.01, 0.02], [0.03, 0.04]]))
    assert dataset.is_points
    with pytest.raises(DataError, match="same number of coordinates"):
        finish(load_drawn_points(DataRef("drawn", points=((1, 2), (3,)))))
    with pytest.raises(DataError, match="only one sample"):
        finish(load_drawn_points(DataRef("drawn", points=((1, 2),))))
    with pytest.raises(DataError, match='no "test" split'):
        finish(load_drawn_points(DataRef("drawn", split="test", points=((1, 2), (3, 4)))))
