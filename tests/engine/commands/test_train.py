"""Starting runs by what a person types."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.storage.runs import open_run
from tests.engine.commands.conftest import write_points

ON_RING = ("--data", "ring", "--count", "100", "--threads", "1", "--steps", "2")


@pytest.mark.parametrize(
    "words", [("gan_2014:tiny", *ON_RING), (*ON_RING, "gan_2014:tiny"), ("--data=ring", "gan_2014:tiny", *ON_RING[2:])]
)
def test_the_model_may_stand_anywhere(told, tmp_path: Path, words: tuple[str, ...]):
    told(["train", *words, "--d-steps", "2", "--run", str(tmp_path / "run")])
    record = open_run(tmp_path / "run").record
    assert (record.family, record.preset) == ("gan_2014", "tiny")
    assert record.knobs["d_steps"] == 2


def test_a_data_set_called_like_a_model_is_no_model(refused):
    assert 'no file or folder "gan_2014"' in refused(["train", "--data", "gan_2014", "dcgan:tiny"])


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["gan_2015:tiny", *ON_RING], "There is no model family 'gan_2015'"),
        ([*ON_RING, "gan_2015:tiny"], "There is no model family 'gan_2015'"),
        (["gan_2014:huge", *ON_RING], "gan_2014 has no preset 'huge'"),
        (["gan_2014:tiny", "--lr-d", "1e9", *ON_RING], "lr_d is 1000000000.0"),
        (["gan_2014:tiny", "--batch-size", "0", *ON_RING], "batch_size is 0"),
    ],
)
def test_a_mistake_is_one_sentence_and_makes_no_run(refused, words: list[str], part: str):
    assert part in refused(["train", *words, "--run", "run"])


def test_data_is_found_from_another_folder(told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write_points(tmp_path / "points.csv")
    told(["train", "gan_2014:tiny", "--data", "points.csv", "--threads", "1", "--steps", "2", "--run", "run"])
    assert open_run(tmp_path / "run").record.data["name"] == str(tmp_path / "points.csv")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert told(["resume", str(tmp_path / "run"), "--threads", "1", "--steps", "3"])["step"] == 3
