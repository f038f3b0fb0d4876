from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from engine import explore, latent
from engine.commands.exploring import Explored, SnapshotOptions
from engine.controls import Arithmetic, Point, Slot
from engine.messages import DrawArithmetic

SLOTS = ["--slot", "A=0:3,0+0:5,0+0:9,0", "B=1:1", "--slot", "C=2:2,2"]
ARITHMETIC = Arithmetic(
    (
        Slot("A", (Point(0, 3.0), Point(0, 5.0), Point(0, 9.0))),
        Slot("B", (Point(1, 1.0),)),
        Slot("C", (Point(2, 2.0, 2.0),)),
    )
)


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


def test_the_result_and_its_neighbours_are_the_window_s(told, faces: str, tmp_path: Path):
    facts = told(["arithmetic", "--snapshot", faces, *SLOTS, "--scale", "1", "--out", "result.png"])
    explored = Explored(SnapshotOptions(faces))
    request = DrawArithmetic("panel", 1, explored.name, ARITHMETIC)
    centre, neighbours, _ = explore.answer(explored.opened, request, torch.device("cpu"))
    picture = pixels(tmp_path / "result.png")
    assert picture.shape == (3 * 16 + 2, 3 * 16 + 1 + 3 * 16 + 2, 3)
    assert np.array_equal(picture[1:-1, :48][::3, ::3], centre.samples[0])
    assert np.array_equal(picture[17:33, 49 + 17 : 49 + 33], neighbours.samples[4])
    assert np.array_equal(facts["z"], latent.evaluate(ARITHMETIC, explored.opened.space.latent))
    assert len(facts["neighbour_scores"]) == 9


def test_a_saved_result_is_a_recipe(told, faces: str, tmp_path: Path):
    told(["arithmetic", "--snapshot", faces, *SLOTS, "--spread", "0.5", "--norm", "as is", "--out", "first.png"])
    told(["arithmetic", "--snapshot", faces, "--recipe", "first.png", "--out", "second.png"])
    assert (tmp_path / "first.png").read_bytes() == (tmp_path / "second.png").read_bytes()
    facts = told(["arithmetic", "--snapshot", faces, "--recipe", "first.png", "--only-result", "--scale", "1"])
    assert pixels(tmp_path / "arithmetic.png").shape == (16, 16, 3)
    assert facts["arithmetic"]["spread"] == 0.5


def test_an_expression_leaves_out_slots(told, faces: str):
    facts = told(["arithmetic", "--snapshot", faces, *SLOTS, "--expression", "slerp(A, C, 0.5)"])
    assert [slot["name"] for slot in facts["arithmetic"]["slots"]] == ["A", "C"]


def test_moves_in_exemplars_work_headless(told, faces: str):
    exemplar = {"moves": [{"direction": "sefa:0", "amount": 2.0}]}
    recipe = {"slots": [{"name": "A", "exemplars": [exemplar]}], "expression": "A", "norm": "as is"}
    facts = told(["arithmetic", "--snapshot", faces, "--recipe", json.dumps(recipe)])
    explored = Explored(SnapshotOptions(faces))
    away = np.array(facts["z"]) - latent.place(Point(), explored.opened.space.latent)
    assert np.linalg.norm(away) == pytest.approx(2.0, rel=1e-4)


def test_points_become_a_table(told, spots: str, tmp_path: Path):
    told(["arithmetic", "--snapshot", spots, *SLOTS, "--out", "result.npy"])
    assert np.load(tmp_path / "result.npy").shape == (9, 2)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "exactly one of"),
        ([*SLOTS, "--preset", "man - woman"], "exactly one of"),
        (["--slot", "A:0:3"], "is not a slot"),
        (["--slot", "A=0:1", "A=0:2"], "given twice"),
        (["--slot", "A=0:1", "--expression", "A - Q"], "there is no slot 'Q'"),
        (["--recipe", '{"slots": 3}'], "not a latent arithmetic"),
        (["--recipe", "[1]"], "not of this kind"),
        (["--preset", " - man"], "write it like"),
        (["--preset", "man with bananas - man + woman"], "'bananas'"),
    ],
)
def test_bad_input_gets_one_sentence(refused, faces: str, words: list[str], says: str):
    assert says in refused(["arithmetic", "--snapshot", faces, *words])


def test_words_need_a_judge(refused, spots: str):
    assert "No judge knows" in refused(["arithmetic", "--snapshot", spots, "--preset", "man - woman"])
