from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.mark.parametrize("suffix", [".gif", ".webp"])
def test_a_walk_is_a_film(told, faces: str, tmp_path: Path, suffix: str):
    words = ["--points", "0:0,0", "0:4,0", "--points", "1:1,1", "--frames", "3", "--scale", "1"]
    facts = told(["walk", "--snapshot", faces, *words, "--out", f"walk{suffix}"])
    assert facts["frames"] == 7, "an open walk shows its last stop"
    with Image.open(tmp_path / f"walk{suffix}") as film:
        assert film.n_frames == 7
        assert film.size == (16, 16)


def test_a_loop_does_not_show_its_first_stop_twice(told, faces: str):
    assert told(["walk", "--snapshot", faces, "--points", "0:0", "0:4", "--frames", "3", "--loop"])["frames"] == 6


def test_a_moment_of_a_walk_is_a_picture_and_a_recipe(told, faces: str, tmp_path: Path):
    told(["walk", "--snapshot", faces, "--points", "0:0", "0:4", "--at", "0.5", "--out", "first.png"])
    told(["walk", "--snapshot", faces, "--recipe", "first.png", "--at", "0.5", "--out", "second.png"])
    assert (tmp_path / "first.png").read_bytes() == (tmp_path / "second.png").read_bytes()
    told(["walk", "--snapshot", faces, "--recipe", "first.png", "--at", "0", "--scale", "4", "--out", "start.png"])
    told(["sample", "--snapshot", faces, "--point", "0:0", "--out", "place.png"])
    with Image.open(tmp_path / "start.png") as start, Image.open(tmp_path / "place.png") as place:
        assert np.array_equal(np.asarray(start), np.asarray(place))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "needs its stops"),
        (["--points", "0:0"], "at least two stops"),
        (["--points", "0:0", "0:1", "--at", "1.5"], "choose 0"),
        (["--points", "0:0", "0:1", "--frames", "0"], "at least 1"),
        (["--points", "0:0", "0:1", "--frames", "20000"], "fewer frames"),
        (["--points", "0:0", "0:1", "--out", "walk.mp4"], "end the name in .gif"),
        (["--recipe", '{"frames": [{}]}'], "not a walk"),
    ],
)
def test_bad_input_gets_one_sentence(refused, faces: str, words: list[str], says: str):
    assert says in refused(["walk", "--snapshot", faces, *words])


def test_points_make_no_film(refused, spots: str):
    assert "a film needs pictures" in refused(["walk", "--snapshot", spots, "--points", "0:0", "0:1"])


def test_a_film_that_nothing_could_hold_is_refused_before_it_is_drawn(refused, faces: str):
    words = ["walk", "--snapshot", faces, "--points", "0:0", "0:1", "--frames", "2"]
    assert "is too large; choose a smaller scale" in refused([*words, "--scale", "3000", "--out", "big.webp"])
    assert "choose a --scale" in refused([*words, "--at", "0", "--scale", "100000", "--out", "big.png"])


def test_a_film_makes_its_folder(told, faces: str, tmp_path: Path):
    told(["walk", "--snapshot", faces, "--points", "0:0", "0:1", "--frames", "2", "--out", "new/film.gif"])
    assert (tmp_path / "new" / "film.gif").is_file()
