from __future__ import annotations

import json
import shlex
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from engine import explore
from engine.commands.exploring import Explored, SnapshotOptions
from engine.controls import Move, Point, to_plain
from engine.messages import DrawPoints
from engine.storage import runs


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


def again(path: Path) -> list[str]:
    """The words of the command that a picture carries, without "python -m engine"."""
    with Image.open(path) as image:
        return shlex.split(image.text["latent-explorer:command"])[3:]


def test_a_picture_has_the_pixels_that_the_window_draws(told, faces: str, tmp_path: Path):
    told(["sample", "--snapshot", faces, "--point", "7:3,2.5", "--scale", "1", "--out", "one.png"])
    explored = Explored(SnapshotOptions(faces))
    request = DrawPoints("panel", 1, explored.name, (Point(7, 3.0, 2.5),))
    (frame,) = explore.answer(explored.opened, request, torch.device("cpu"))
    assert np.array_equal(pixels(tmp_path / "one.png"), frame.samples[0])


def test_a_grid_has_lines_of_one_pixel_between_its_pictures(told, faces: str, tmp_path: Path):
    told(["sample", "--snapshot", faces, "--count", "5", "--scale", "2", "--columns", "3", "--out", "grid.png"])
    grid = pixels(tmp_path / "grid.png")
    assert grid.shape == (2 * 32 + 1, 3 * 32 + 2, 3)
    assert not grid[32].any()
    assert not grid[:, 32].any()
    assert not grid[33:, 66:].any(), "where no picture is, it is black"


@pytest.mark.parametrize(
    "words",
    [
        ("--count", "3", "--seed", "4"),
        ("--point", "7:3,2.5", "0:1", "--point", "2:0.333333333,1"),
        ("--recipe", '[{"x": 1, "edits": [[0, 2.5]]}, {"moves": [{"direction": "sefa:1", "amount": 2.0}]}]'),
    ],
)
def test_the_command_in_a_picture_makes_it_again(told, faces: str, tmp_path: Path, words: tuple[str, ...]):
    told(["sample", "--snapshot", faces, *words, "--out", "first.png"])
    told([*again(tmp_path / "first.png"), "--out", "second.png"])
    assert (tmp_path / "first.png").read_bytes() == (tmp_path / "second.png").read_bytes()


def test_a_grid_that_the_run_kept_comes_out_as_it_was(told, home: Path, faces: str, tmp_path: Path):
    run = runs.open_run(home / "runs" / "faces")
    grids = run.grids()
    grids.poll()
    step = grids.steps()[1]
    _, kept = grids.read(step)
    name = f"run:{run.path}@{step}"
    told(["sample", "--snapshot", name, "--stored", "--point", "0:3", "--scale", "1", "--out", "one.png"])
    assert np.array_equal(pixels(tmp_path / "one.png"), kept[3])
    told([*again(tmp_path / "one.png"), "--out", "two.png"])
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    told(["sample", "--snapshot", faces, "--stored", "--count", "4", "--scale", "1", "--out", "last.png"])
    assert np.array_equal(pixels(tmp_path / "last.png")[:16, :16], grids.read(grids.steps()[-1])[1][0])


@pytest.mark.parametrize(
    ("snapshot", "words", "sentence"),
    [
        ("bundled:portraits-32", (), "Only a run keeps sample grids"),
        ("@77", (), "kept no grid at step 77; the nearest is that of step"),
        ("@last", ("--point", "1:0"), "holds the places 0:0,0 to 0:63,0"),
        ("@last", ("--point", "0:99"), "holds the places 0:0,0 to 0:63,0"),
    ],
)
def test_what_no_grid_holds_gets_a_sentence(refused, home: Path, snapshot: str, words: tuple[str, ...], sentence: str):
    name = snapshot if snapshot.startswith("bundled") else f"run:{home / 'runs' / 'faces'}{snapshot}"
    assert sentence in refused(["sample", "--snapshot", name, "--stored", *words])


def test_a_picture_is_a_recipe(told, faces: str, tmp_path: Path):
    told(["sample", "--snapshot", faces, "--point", "7:3,2.5", "--out", "first.png"])
    facts = told(["sample", "--snapshot", faces, "--recipe", "first.png", "--out", "second.png"])
    assert facts["points"][0] == to_plain(Point(7, 3.0, 2.5)) | {"edits": [], "moves": [], "condition": []}
    assert np.array_equal(pixels(tmp_path / "first.png"), pixels(tmp_path / "second.png"))


def test_a_picture_names_its_step_even_where_the_newest_was_asked_for(told, faces: str, tmp_path: Path):
    facts = told(["sample", "--snapshot", faces, "--count", "1"])
    assert facts["snapshot"].endswith("@3")
    with Image.open(tmp_path / "sample.png") as image:
        assert image.text["latent-explorer:step"] == "3"
        assert image.text["latent-explorer:snapshot"] == facts["snapshot"]
    assert len(facts["scores"]) == 1


def test_a_file_that_is_there_keeps_its_name(told, faces: str, tmp_path: Path):
    first = told(["sample", "--snapshot", faces, "--count", "1"])
    second = told(["sample", "--snapshot", faces, "--count", "1"])
    assert (first["file"], second["file"]) == ("sample.png", "sample-2.png")


def test_directions_are_found_where_a_recipe_names_them(told, faces: str, tmp_path: Path):
    plain = to_plain(Point(moves=(Move("pca:0", 3.0),)))
    facts = told(["sample", "--snapshot", faces, "--recipe", json.dumps(plain)])
    assert facts["points"][0]["moves"][0]["direction"] == "pca:0"
    told(["sample", "--snapshot", faces, "--count", "1", "--out", "plain.png"])
    assert not np.array_equal(pixels(tmp_path / "sample.png"), pixels(tmp_path / "plain.png"))


def test_points_become_a_table(told, spots: str, tmp_path: Path):
    told(["sample", "--snapshot", spots, "--count", "7", "--out", "points.csv"])
    told(["sample", "--snapshot", spots, "--count", "7", "--out", "points.npy"])
    table = np.loadtxt(tmp_path / "points.csv", delimiter=",", skiprows=1, dtype=np.float32)
    assert (tmp_path / "points.csv").read_text().startswith("x,y\n")
    assert table.shape == (7, 2)
    assert np.array_equal(table, np.load(tmp_path / "points.npy"))


@pytest.mark.parametrize("words", [("--count", "40", "--mark", "0:3,2"), ("--count", "40", "--stored")])
def test_points_are_drawn_over_their_data(told, spots: str, tmp_path: Path, words: tuple[str, ...]):
    told(["sample", "--snapshot", spots, *words, "--out", "first.png"])
    assert "--scatter" in again(tmp_path / "first.png")
    told(again(tmp_path / "first.png"))
    assert (tmp_path / "first.png").read_bytes() == (tmp_path / "sample.png").read_bytes()
    told(["sample", "--snapshot", spots, "--count", "40", "--scatter", "--out", "plain.png"])
    assert pixels(tmp_path / "plain.png").shape == pixels(tmp_path / "first.png").shape


def test_a_cross_is_for_points(refused, faces: str):
    assert "leave --mark away" in refused(["sample", "--snapshot", faces, "--mark", "0:1"])


def test_a_condition_changes_the_samples(told, spots: str, tmp_path: Path):
    for number in (1, 5):
        condition = ["--condition", f"label=mode {number}"]
        told(["sample", "--snapshot", spots, "--count", "3", *condition, "--out", f"{number}.npy"])
    assert not np.array_equal(np.load(tmp_path / "1.npy"), np.load(tmp_path / "5.npy"))


@pytest.mark.parametrize("places", [["--count", "2"], ["--point", "7:3,2.5"]])
def test_the_command_again_has_the_condition_in_short(told, spots: str, places: list[str], tmp_path: Path):
    facts = told(["sample", "--snapshot", spots, *places, "--condition", "label=mode 3", "--out", "a.npy"])
    command = shlex.split(facts["command"])[3:]
    assert "label=mode 3" in command
    assert "--recipe" not in command
    told([*command, "--out", "b.npy"])
    assert np.array_equal(np.load(tmp_path / "a.npy"), np.load(tmp_path / "b.npy"))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--point", "x7"], "is not a point"),
        (["--count", "0"], "choose 1 to"),
        (["--scale", "0"], "at least 1"),
        (["--point", "1:1", "--recipe", "{}"], "leave one of them away"),
        (["--recipe", "{"], "not valid JSON"),
        (["--recipe", "no-such-file.png"], "neither a recipe nor a file"),
        (["--recipe", "[]"], "no points"),
        (["--recipe", '{"moves": [{"direction": "glasses: bananas", "amount": 1}]}'], "There is no direction"),
        (["--condition", "glasses=round"], "trained without conditions"),
        (["--condition", "glasses"], "is not a condition"),
        (["--out", "picture.jpg"], "end the name in .png"),
        (["--count", "90000", "--scale", "16"], "the largest side"),
    ],
)
def test_bad_input_gets_one_sentence(refused, faces: str, words: list[str], says: str):
    assert says in refused(["sample", "--snapshot", faces, *words])


@pytest.mark.parametrize(
    ("snapshot", "says"),
    [
        ("live", "Only the window"),
        ("nowhere", "no snapshot and no run"),
        ("bundled:nothing", "no bundled model"),
        ("run:/no/such/run@last", "is not a run"),
    ],
)
def test_a_snapshot_that_is_not_there_gets_one_sentence(refused, snapshot: str, says: str):
    assert says in refused(["sample", "--snapshot", snapshot])


def test_an_unknown_value_of_a_condition_gets_one_sentence(refused, spots: str):
    assert "no value 'mode 99'" in refused(["sample", "--snapshot", spots, "--condition", "label=mode 99"])
    assert "no condition 'colour'" in refused(["sample", "--snapshot", spots, "--condition", "colour=red"])


def test_another_step_than_asked_for_is_told(told, home: Path, capsys: pytest.CaptureFixture[str], monkeypatch):
    said: list[str] = []
    monkeypatch.setattr("engine.commands.exploring.note", said.append)
    told(["sample", "--snapshot", f"run:{home / 'runs' / 'faces'}@99", "--count", "1", "--out", "one.png"])
    assert said == ["The run kept no weights of step 99; these are of step 3, the last before it."]
