"""Training on the command line: what is said, what is refused, and how it ends."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image

from engine.__main__ import main
from engine.commands import headless
from engine.storage import files
from engine.storage.checkpoint import latest_checkpoint
from engine.storage.runs import list_runs, open_run
from engine.train import Training

SMALL = ("gan_2014:tiny", "--data", "ring", "--count", "100", "--threads", "1")


def pictures(folder: Path) -> Path:
    """Six pictures, one that is cut off, and a text."""
    folder.mkdir()
    for number in range(6):
        Image.new("RGB", (16, 16), (40 * number, 0, 9)).save(folder / f"{number}.png")
    (folder / "cut.png").write_bytes((folder / "0.png").read_bytes()[:50])
    (folder / "read me.txt").write_text("six pictures")
    return folder


def after(step: int, happens: Callable[[Training], None], patch: pytest.MonkeyPatch) -> None:
    """Have something happen once a training has made `step` steps."""
    advance = Training.advance

    def advanced(training: Training, only: str | None = None) -> None:
        advance(training, only)
        if training.step == step:
            happens(training)

    patch.setattr(Training, "advance", advanced)


def test_each_picture_that_cannot_be_read_is_told_and_the_run_trains_on_the_rest(home: Path, tmp_path: Path, capsys):
    own = pictures(tmp_path / "own")
    words = ["train", "gan_2014:tiny", "--data", str(own), "--threads", "1", "--steps", "2", "--run"]
    assert main([*words, str(tmp_path / "run")]) == 0
    said = capsys.readouterr().err
    assert "One file could not be read" in said
    assert "cut.png: it is cut off" in said
    assert open_run(tmp_path / "run").status().step == 2


def test_a_program_reads_the_same_as_json(told, home: Path, tmp_path: Path):
    own = pictures(tmp_path / "own")
    run = str(tmp_path / "run")
    facts = told(["train", "gan_2014:tiny", "--data", str(own), "--threads", "1", "--steps", "2", "--run", run])
    assert list(facts["unread"]) == ["cut.png"]
    assert facts["problem"] == ""
    assert facts["step"] == 2


def test_the_command_that_goes_on_can_be_copied(home: Path, tmp_path: Path, capsys):
    folder = tmp_path / "a folder with quite a long name, so that a line of a terminal is too short for it"
    assert main(["train", *SMALL, "--steps", "2", "--run", str(folder)]) == 0
    assert f"python -m engine resume '{folder}'\n" in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_run_with_a_checkpoint(home: Path, tmp_path: Path, monkeypatch, number: signal.Signals):
    after(3, lambda training: signal.raise_signal(number), monkeypatch)
    before = signal.getsignal(number)
    assert main(["train", *SMALL, "--json", "--run", str(tmp_path / "run")]) == 128 + number
    found = latest_checkpoint(tmp_path / "run" / "checkpoints")
    assert found is not None
    assert found.step == 3
    assert open_run(tmp_path / "run").status().state == "ended"
    assert signal.getsignal(number) is before


def test_a_signal_while_the_data_loads_leaves_no_run(home: Path, tmp_path: Path, monkeypatch):
    class Told(headless.Stop):
        def __init__(self) -> None:
            self.signal = int(signal.SIGTERM)

    monkeypatch.setattr(headless, "Stop", Told)
    assert main(["train", *SMALL, "--json", "--run", str(tmp_path / "runs" / "run")]) == 128 + signal.SIGTERM
    assert list_runs(tmp_path / "runs") == []


def test_a_last_checkpoint_that_is_not_saved_is_loud(home: Path, tmp_path: Path, monkeypatch, capsys):
    def refuse(folder: Path, size: int) -> None:
        raise files.StorageError(f"{folder} is full: free some space and try again.")

    monkeypatch.setattr(files, "need_space", refuse)
    assert main(["train", *SMALL, "--steps", "2", "--run", str(tmp_path / "run")]) == 1
    assert "The checkpoint at step 2 was not saved." in capsys.readouterr().err
    monkeypatch.undo()


def test_full_memory_is_one_sentence_and_the_run_is_kept(home: Path, tmp_path: Path, monkeypatch, capsys):
    def fill(training: Training) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.")

    after(3, fill, monkeypatch)
    assert main(["train", *SMALL, "--run", str(tmp_path / "run")]) == 1
    assert "choose a smaller batch size" in capsys.readouterr().err
    status = open_run(tmp_path / "run").status()
    assert (status.state, status.step) == ("failed", 3)
    assert "choose a smaller batch size" in status.reason


def test_a_fault_of_the_program_keeps_its_trace_and_the_run(home: Path, tmp_path: Path, monkeypatch):
    def fail(training: Training) -> None:
        raise KeyError("no such thing")

    after(3, fail, monkeypatch)
    with pytest.raises(KeyError):
        main(["train", *SMALL, "--json", "--run", str(tmp_path / "run")])
    status = open_run(tmp_path / "run").status()
    assert (status.state, status.step) == ("failed", 3)


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["--threads", "0"], "0 threads are not possible"),
        (["--threads", "99999"], "99999 threads are not possible"),
        (["--steps", "-5"], "The number of steps is -5"),
        (["--steps", "0"], "The number of steps is 0"),
        (["--minutes", "-1"], "-1 minutes"),
        (["--minutes", "nan"], "nan minutes"),
    ],
)
def test_what_cannot_be_done_is_refused_before_a_run_is_made(refused, words: list[str], part: str):
    assert part in refused(["train", "gan_2014:tiny", "--data", "ring", "--run", "run", *words])
