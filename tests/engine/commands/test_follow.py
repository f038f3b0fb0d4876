from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.__main__ import main
from engine.commands import follow
from engine.commands.follow import Watched
from engine.follow import Followed
from engine.storage import runs


@pytest.fixture
def writer(home: Path, tmp_path: Path):
    """A run that is being written, with a record like that of "spots"."""
    record = runs.open_run(home / "runs" / "spots").record
    written = runs.create_run(tmp_path / "grows", record)
    yield written
    written.close()


def write(writer: runs.RunWriter, steps: range) -> None:
    for step in steps:
        writer.log.add(step, step * 0.1, step * 16, {"loss/D": 1.0 / (step + 1), "R1": 2.0})
    assert writer.log.flush()


def test_it_ends_at_once_where_the_run_has_ended(told):
    facts = told(["follow", "faces"])
    assert (facts["state"], facts["step"], facts["images"]) == ("ended", 3, 48)
    assert facts["metrics"]["loss/D"] > 0


def test_it_shows_what_comes_while_a_run_grows(writer: runs.RunWriter):
    write(writer, range(10))
    watched = Watched(Followed(writer.path))
    assert not watched.ended
    assert watched.facts()["step"] == 9
    write(writer, range(10, 300))
    watched.look()
    facts = watched.facts()
    assert (facts["step"], facts["images"]) == (299, 299 * 16)
    assert facts["steps_per_s"] == pytest.approx(10.0)
    assert facts["images_per_s"] == pytest.approx(160.0)
    assert list(facts["metrics"]) == ["loss/D", "R1"]


def test_curves_are_drawn_as_text(home: Path, capsys):
    assert main(["follow", str(home / "runs" / "faces"), "--once"]) == 0
    told = capsys.readouterr().out
    assert "loss/D" in told
    assert any(0x2800 < ord(letter) < 0x2900 for letter in told), "dots of braille cells"


def test_it_says_one_line_for_each_look_until_the_run_ends(writer: runs.RunWriter, monkeypatch, capsys):
    write(writer, range(5))

    def meanwhile(seconds: float) -> None:
        write(writer, range(5, 8))
        writer.set_status(7, 0.7, 7 * 16, {})
        writer.end()
        writer.close()

    monkeypatch.setattr(follow.time, "sleep", meanwhile)
    assert main(["follow", str(writer.path), "--json"]) == 0
    looks = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [look["step"] for look in looks] == [4, 7]
    assert [look["state"] for look in looks] == ["running", "ended"]


def test_ctrl_c_ends_it_cleanly(writer: runs.RunWriter, monkeypatch, capsys):
    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(follow.time, "sleep", interrupted)
    assert main(["follow", str(writer.path)]) == 130
    assert capsys.readouterr().err == "Interrupted.\n"


def test_a_run_that_is_not_there_gets_one_sentence(refused):
    assert "is not a run" in refused(["follow", "no-such-run"])
    assert "choose 0.05" in refused(["follow", "faces", "--every", "0"])
