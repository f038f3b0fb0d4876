"""Training a judge: a few steps on a few pictures, through the command line that trains the bundled ones."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from PIL import Image

from engine.data.portraits import ATTRIBUTES
from engine.evaluate.judge import Judge, JudgeError
from engine.evaluate.train_judge import Pool, accuracies, main


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_a_judge_of_portraits_learns_and_says_how_it_was_trained(tmp_path, capsys):
    words = f"--data portraits --out {tmp_path} --steps 8 --batch 16 --pictures 96 --unseen 32 --seed 3"
    main(words.split())
    card = json.loads((tmp_path / "card.json").read_text())
    assert card["columns"] == {name: list(values) for name, values in ATTRIBUTES.items()}
    assert (card["pictures"], card["unseen_pictures"], card["steps"], card["seed"]) == (96, 32, 8, 3)
    assert card["accuracy"].keys() == card["accuracy_held_out"].keys() == ATTRIBUTES.keys()
    assert "--steps 8 --batch 16 --lr 0.004 --seed 3" in card["command"]
    assert "background" in capsys.readouterr().out
    assert Judge.load(tmp_path).card.size == 32


def test_own_pictures_in_class_folders_train_a_judge(tmp_path):
    shades = tmp_path / "shades"
    for label, shade in (("dark", 20), ("bright", 200)):
        for split in ("train", "test"):
            (shades / split / label).mkdir(parents=True)
            for i in range(24):
                Image.fromarray(np.full((28, 28), shade + i, np.uint8)).save(shades / split / label / f"{i}.png")
    main(
        ["--data", str(shades), "--name", "shades", "--out", str(tmp_path / "judge"), "--steps", "40", "--batch", "16"]
    )
    card = Judge.load(tmp_path / "judge").card
    assert (card.data, card.channels, card.padded_from) == ("shades", 1, 28)
    assert card.columns == {"label": ("bright", "dark")}
    assert card.accuracy == {"label": 1.0}


def test_points_train_no_judge(tmp_path):
    with pytest.raises(JudgeError, match="no labelled pictures"):
        main(["--data", "spiral", "--out", str(tmp_path / "judge")])
    assert not (tmp_path / "judge").exists()


def test_accuracy_counts_only_what_is_known(tmp_path):
    words = f"--data portraits --out {tmp_path} --steps 2 --batch 8 --pictures 16 --unseen 8"
    main(words.split())
    judge = Judge.load(tmp_path)
    pictures = np.zeros((4, 32, 32, 3), np.uint8)
    seen = {name: reading.labels_N for name, reading in judge.classify(Pool(pictures, {}).x(slice(0, 4))).items()}
    labels = {name: np.array([column[0], -1, column[2] + 1, column[3]]) for name, column in seen.items()}
    assert accuracies(judge, Pool(pictures, labels)) == dict.fromkeys(ATTRIBUTES, round(2 / 3, 5))
