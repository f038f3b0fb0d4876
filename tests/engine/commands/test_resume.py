"""Going on with a run by what a person types: by name, with other knobs, with data that was moved."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.__main__ import main
from engine.storage.checkpoint import latest_checkpoint, load_checkpoint
from engine.storage.runs import open_run
from tests.engine.commands.conftest import write_points

ON_RING = ("--data", "ring", "--count", "100", "--threads", "1", "--steps", "2")


@pytest.fixture
def moved(told, tmp_path: Path) -> Path:
    """A run whose data was moved from before.csv to after.csv beside it."""
    folder = tmp_path / "moved"
    folder.mkdir()
    before = write_points(folder / "before.csv")
    told(["train", "gan_2014:tiny", "--data", str(before), *ON_RING[4:], "--run", str(folder / "run")])
    before.rename(folder / "after.csv")
    return folder / "run"


def test_a_live_knob_may_change_where_a_run_goes_on(told, tmp_path: Path):
    run = tmp_path / "elsewhere" / "run"
    told(["train", "gan_2014:tiny", *ON_RING, "--run", str(run)])
    told(["resume", str(run), "--threads", "1", "--steps", "4", "--lr-d", "0.003"])
    log = open_run(run).log()
    log.poll()
    assert any("lr_d" in mark.text and "0.003" in mark.text for mark in log.marks)
    found = latest_checkpoint(run / "checkpoints")
    assert found is not None
    assert load_checkpoint(found.path).state["config"]["lr_d"] == 0.003


def test_a_value_that_a_live_knob_cannot_have_leaves_the_run_as_it_was(told, home: Path, refused):
    run = home / "runs" / "unchanged"
    told(["train", "gan_2014:tiny", *ON_RING, "--run", str(run)])
    assert "lr_d is 50.0" in refused(["resume", str(run), "--lr-d", "50"])
    status = open_run(run).status()
    assert (status.state, status.step) == ("ended", 2)


def test_a_run_goes_on_by_its_name(told, home: Path):
    told(["train", "gan_2014:tiny", *ON_RING, "--run", str(home / "runs" / "named")])
    assert told(["resume", "named", "--threads", "1", "--steps", "5"])["step"] == 5
    assert told(["sample", "--snapshot", "named", "--count", "2", "--out", "s.csv"])["step"] == 5


def test_a_run_without_its_data_says_so_and_is_explored(told, moved: Path, capsys):
    capsys.readouterr()
    assert main(["resume", str(moved), "--threads", "1"]) == 2
    assert "say with --data where it is now" in capsys.readouterr().err
    assert told(["sample", "--snapshot", str(moved), "--count", "2", "--out", "s.csv"])["step"] == 2
    assert open_run(moved).status().state == "ended"


def test_data_that_was_moved_is_given_once(told, moved: Path):
    for steps, words in (("3", ["--data", str(moved.parent / "after.csv")]), ("4", [])):
        assert told(["resume", str(moved), "--threads", "1", "--steps", steps, *words])["step"] == int(steps)


def test_other_data_is_refused_and_forgotten(told, moved: Path, capsys):
    before = open_run(moved).record
    capsys.readouterr()
    assert main(["resume", str(moved), "--threads", "1", "--data", "gaussian-1d"]) == 2
    assert "open the data the run began with" in capsys.readouterr().err
    assert open_run(moved).record == before
