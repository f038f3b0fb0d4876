"""Following a run that somebody else writes: the same events as from live training."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from engine.claim import Claim
from engine.follow import Follower
from engine.messages import Event, GridDrawn, Marked, Notice, Progress, RunFollowed, RunOpened, SnapshotSaved
from engine.storage import files
from engine.storage.run_record import RunError
from tests.engine.conftest import Bench
from tests.engine.storage.disk_faults import Failing


class Watch:
    """A follower and what it told since the last look."""

    def __init__(self) -> None:
        self.claim = Claim()
        self.told: list[Event] = []
        self.follower = Follower(self.claim, self.told.append)

    def open(self, path: Path) -> RunOpened:
        self.follower.open(path)
        opened = self.told.pop()
        assert isinstance(opened, RunOpened)
        return opened

    def poll(self) -> list[Event]:
        self.follower.poll()
        told = list(self.told)
        self.told.clear()
        return told


def steps_of(events: list, name: str = "loss/D") -> list[int]:
    return [int(x) for event in events if isinstance(event, Progress) for x in event.values[name][0]]


def test_what_is_there_is_opened_and_what_comes_is_told(bench: Bench):
    training = bench.start()
    for _ in range(3):
        training.advance()
    training.look(all_now=True)
    training.writer.log.flush()
    follower = Watch()
    opened = follower.open(bench.home / "run")
    assert not opened.training
    assert int(opened.series["loss/D"].steps[-1]) == 3
    assert follower.poll() == []

    for _ in range(2):
        training.advance()
    training.set_knob("lr_d", 0.01)
    training.close()
    events = follower.poll()
    assert steps_of(events)[-1] == 5
    assert any(isinstance(event, Marked) and "lr_d" in event.text for event in events)
    grid = next(event for event in events if isinstance(event, GridDrawn))
    assert grid.step == 5
    assert next(event for event in events if isinstance(event, SnapshotSaved)).kept[-1] == 5
    assert [event.step for event in events if isinstance(event, RunFollowed)][-1] == 5
    assert [event.status for event in events if isinstance(event, RunFollowed)][-1] == "ended"
    assert follower.poll() == []


def test_a_run_that_goes_back_to_a_checkpoint_is_opened_anew(bench: Bench):
    training = bench.start()
    training.advance()
    training.save()
    training.saver.wait()
    for _ in range(4):
        training.advance()
    training.look(all_now=True)
    training.writer.log.flush()
    follower = Watch()
    follower.open(bench.home / "run")
    training.writer.close()

    again = bench.resume()
    again.advance()
    again.close()
    opened = [event for event in follower.poll() if isinstance(event, RunOpened)]
    assert len(opened) == 1
    assert opened[0].anew
    assert int(opened[0].series["loss/D"].steps[-1]) == 2


def test_the_receiver_owns_its_series(bench: Bench):
    training = bench.start()
    training.advance()
    training.close()
    follower = Watch()
    series = follower.open(bench.home / "run").series["loss/D"]
    series.extend([9], [9.0], [9999], [np.nan])
    assert len(follower.open(bench.home / "run").series["loss/D"]) == len(series) - 1


def test_a_run_that_has_gone_is_followed_no_longer(bench: Bench):
    bench.start().close()
    follower = Watch()
    follower.open(bench.home / "run")
    shutil.rmtree(bench.home / "run")
    assert follower.poll() == []
    assert not follower.follower.follows


def test_a_folder_that_is_no_run_gets_a_sentence(tmp_path: Path):
    with pytest.raises(RunError):
        Watch().open(tmp_path)


def test_a_run_that_cannot_be_read_is_told_once_and_tried_again(bench: Bench):
    training = bench.start()
    training.close()
    follower = Watch()
    follower.open(bench.home / "run")
    with files.replaced(Failing(0, "EIO", for_good=True)):
        told = [event for _ in range(3) for event in follower.poll()]
    assert len(told) == 1
    assert isinstance(told[0], Notice)
    assert "check the disk" in told[0].text
    again = bench.resume()
    again.advance()
    again.close()
    assert steps_of(follower.poll()) == [1]


def test_nobody_tells_twice_of_a_run_that_is_trained_here(bench: Bench):
    training = bench.start()
    training.advance()
    training.close()
    follower = Watch()
    follower.open(bench.home / "run")
    follower.claim.take(bench.home / "run")
    again = bench.resume()
    for _ in range(3):
        again.advance()
    again.close()
    assert follower.poll() == []
    assert follower.open(bench.home / "run").training
    follower.claim.free()
    assert follower.poll() == []  # training told all that
    third = bench.resume()
    third.advance()
    third.close()
    assert steps_of(follower.poll()) == [5]
