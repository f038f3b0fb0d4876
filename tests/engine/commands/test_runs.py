from __future__ import annotations

from pathlib import Path

import pytest

from engine.__main__ import main
from engine.commands.runs import rank, span


def test_runs_are_listed(told, home: Path):
    by_name = {Path(run["path"]).name: run for run in told(["runs"])["runs"]}
    assert by_name["faces"]["step"] == 3
    assert by_name["faces"]["state"] == "ended"
    assert by_name["spots"]["family"] == "gan_2014"
    assert "loss/D" in by_name["spots"]["metrics"]


def test_the_table_has_a_row_per_run_and_broken_ones_too(home: Path, tmp_path: Path, capsys):
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "run.json").write_text("{")
    assert main(["runs", str(tmp_path)]) == 0
    assert "broken" in capsys.readouterr().out
    assert main(["runs"]) == 0
    told = capsys.readouterr().out
    assert "gan_modern:tiny" in told
    assert "gan_2014:tiny" in told


def test_no_runs_is_no_mistake(tmp_path: Path, capsys):
    assert main(["runs", str(tmp_path)]) == 0
    assert "start one with" in capsys.readouterr().out


def test_a_folder_that_is_not_there_gets_one_sentence(refused):
    assert "There is no folder" in refused(["runs", "no-such-folder"])


@pytest.mark.parametrize(("seconds", "text"), [(0.2, "0 s"), (90, "2 min"), (7200, "2 h"), (200_000, "2 d")])
def test_times_in_words(seconds: float, text: str):
    assert span(seconds) == text


def test_losses_come_first():
    assert sorted(("R1", "D(real)", "loss/G", "V(G,D)", "loss/D"), key=rank) == [
        "loss/D",
        "loss/G",
        "V(G,D)",
        "D(real)",
        "R1",
    ]
