"""The explore lane, turn by turn, without a thread: what is quick is answered between the slices of what is slow."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

import numpy as np
import pytest

from engine.claim import Claim
from engine.controls import Point
from engine.data import catalog
from engine.data.dataset import LoadProgress
from engine.data.ref import DataRef
from engine.explore_lane import ExploreLane
from engine.messages import (
    LIVE,
    DataPage,
    DirectionMade,
    DirectionsKept,
    DrawDecision,
    Event,
    Failed,
    GridDrawn,
    JobDone,
    JobProgress,
    KeepDirection,
    ListRuns,
    MakeDirection,
    Notice,
    OpenSnapshot,
    ReadDataPage,
    ReadGrid,
    RunsListed,
    RunTrashed,
    SnapshotOpened,
    TrashRun,
    run_snapshot,
)
from tests.engine.conftest import FACES, RING, Bench


class Driven(ExploreLane):
    """A lane whose turns are taken by the test."""

    def __init__(self, bench: Bench) -> None:
        self.told: deque[Event] = deque()
        super().__init__(self.told, bench.live, Claim(), bench.home, "cpu")
        self._enter()
        self.told.clear()

    def work(self) -> list[Event]:
        """Take turns until there is nothing left to do; returns what was told."""
        self._turn()
        while self._patience() == 0:
            self._turn()
        told = list(self.told)
        self.told.clear()
        return told


@pytest.fixture
def lane(bench: Bench) -> Driven:
    return Driven(bench)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Data sets open in many slices; the names of those that were asked for."""
    asked, opened = [], catalog.open_data

    def open_slowly(ref: DataRef, home: object) -> Iterator[LoadProgress]:
        asked.append(ref.name)
        for done in range(5):
            yield LoadProgress("Reading", done, 5)
        return (yield from opened(ref, home))

    monkeypatch.setattr(catalog, "open_data", open_slowly)
    return asked


def test_a_data_set_that_opens_delays_no_picture(bench: Bench, lane: Driven, slow: list[str]):
    training = bench.start()
    training.advance()
    training.close()
    lane.mailbox.ask("page", ReadDataPage("page", 1, RING, 0, 4))
    lane._turn()
    lane.mailbox.ask("scrub", ReadGrid("scrub", 1, training.path, 1))
    assert [type(event) for event in lane.work()] == [GridDrawn, DataPage]
    lane.mailbox.ask("page", ReadDataPage("page", 2, RING, 4, 4))
    assert [event.number for event in lane.work() if isinstance(event, DataPage)] == [2]
    assert slow.count("ring") == 1


def test_a_decision_about_pictures_is_refused_before_their_data_are_read(bench: Bench, lane: Driven, slow: list[str]):
    training = bench.start(family="gan_modern", data=FACES)
    training.publish()
    lane.mailbox.ask("plane", DrawDecision("plane", 1, LIVE, FACES))
    (failed,) = lane.work()
    assert isinstance(failed, Failed)
    assert "for pictures see the scores" in failed.reason
    assert not slow
    training.close()


def test_the_grids_of_a_run_in_the_trash_are_forgotten(bench: Bench, lane: Driven):
    drawn = []
    for seed in range(2):
        training = bench.start(z_size=4 + seed)
        training.advance()
        training.close()
        lane.mailbox.ask("scrub", ReadGrid("scrub", seed, training.path, 1))
        drawn += [event.samples for event in lane.work() if isinstance(event, GridDrawn)]
        lane.mailbox.put(TrashRun(training.path))
        told = lane.work()
        assert [type(event) for event in told] == [RunTrashed, Notice, RunsListed]
        assert told[0].path == training.path
        assert told[0].where in told[1].text
    assert len(drawn) == 2
    assert not np.array_equal(drawn[0], drawn[1])


def test_a_mistake_is_told_and_the_next_command_obeyed(lane: Driven):
    lane.mailbox.put(TrashRun("nowhere"))
    lane.mailbox.put(ListRuns())
    assert [type(event) for event in lane.work()] == [Failed]
    assert [type(event) for event in lane.work()] == [RunsListed]


def test_nothing_is_told_of_a_job_after_its_end(lane: Driven, monkeypatch: pytest.MonkeyPatch):
    def film() -> Iterator[Event]:
        yield JobProgress("film", "Writing", 1, 2, 0.0)
        clock.append(1.0)  # the slice is over before the job says that it has nothing more
        yield JobDone("film", "Written.")

    clock = [0.0]
    monkeypatch.setattr("engine.explore_lane.time.monotonic", lambda: clock[-1])
    lane._jobs["film"] = film()
    lane._work()
    assert [type(event) for event in lane.told][-1] is JobDone


def test_a_direction_is_made_told_and_there_after_a_restart(bench: Bench, lane: Driven):
    with_it, without = tuple(Point(0, x) for x in range(4)), tuple(Point(1, x) for x in range(4))
    training = bench.start()
    training.publish()
    lane.mailbox.put(MakeDirection(LIVE, "mine", with_it, without))
    kept, made = lane.work()
    assert isinstance(kept, DirectionsKept)
    assert isinstance(made, DirectionMade)
    assert kept == DirectionsKept(f"run:{training.path}", (made.direction,))
    training.advance()
    training.close()
    again = Driven(bench)
    again.mailbox.put(OpenSnapshot(run_snapshot(training.path)))
    opened, told = again.work()
    assert isinstance(opened, SnapshotOpened)
    assert told == kept
    again.mailbox.put(KeepDirection(kept.model, made.direction.name, kept=False))
    assert again.work() == [DirectionsKept(kept.model, ())]
    again.mailbox.put(KeepDirection(kept.model, made.direction.name, kept=True))
    assert again.work() == [kept]


def test_own_directions_that_cannot_be_read_are_told_once_and_the_model_is_open(bench: Bench, lane: Driven):
    lane.mailbox.put(OpenSnapshot("bundled:portraits-32"))
    lane.mailbox.put(MakeDirection("bundled:portraits-32", "mine", (Point(0, 0),), (Point(0, 1),)))
    while not list((bench.home / "directions").glob("*.json")):
        lane.work()
    (stored,) = (bench.home / "directions").glob("*.json")
    stored.write_text("{")
    for expected in ([SnapshotOpened, Failed], [SnapshotOpened]):
        lane.mailbox.put(OpenSnapshot("bundled:portraits-32"))
        assert [type(event) for event in lane.work()] == expected
