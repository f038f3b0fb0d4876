"""The train lane, turn by turn: what it says and whether it waits, without a thread."""

from __future__ import annotations

from collections import deque
from pathlib import Path

import pytest
import torch

from engine.data.ref import DataRef
from engine.family import Families
from engine.live import LiveSnapshot
from engine.messages import (
    EndRun,
    Event,
    Failed,
    ResumeRun,
    SetKnob,
    SetRunning,
    StartRun,
    StepOnce,
    TrainCommand,
    TrainState,
)
from engine.train_lane import TrainLane

RING = DataRef("ring", count=200)


class Driven(TrainLane):
    """A lane whose turns are taken by the test."""

    def __init__(self, home: Path) -> None:
        self.told: deque[Event] = deque()
        super().__init__(self.told, LiveSnapshot(), home, "cpu", 1)
        self._device, self._threads, self._families = torch.device("cpu"), 1, Families()

    def obey(self, command: TrainCommand) -> None:
        """The turn that takes a command, and those that open what it began."""
        self.mailbox.put(command)
        self._turn()
        while self._opening is not None:
            self._turn()

    @property
    def waits(self) -> bool:
        """Whether the next turn would wait for a command, in place of spinning."""
        return self._patience() > 0

    def phases(self) -> list[str]:
        return [event.phase for event in self.told if isinstance(event, TrainState)]


@pytest.fixture
def lane(tmp_path: Path) -> Driven:
    return Driven(tmp_path)


def test_a_run_that_does_not_open_leaves_a_lane_that_waits(lane: Driven):
    lane.obey(StartRun("gan_2014", "nonsense", RING))
    assert any(isinstance(event, Failed) for event in lane.told)
    assert lane.phases()[-1] == "failed"
    assert lane.waits


def test_running_nothing_waits(lane: Driven):
    lane.obey(SetRunning(True))
    assert lane.waits
    lane.obey(StartRun("gan_2014", "tiny", RING, paused=True))
    assert lane.waits
    lane.obey(SetRunning(True))
    assert not lane.waits
    lane.obey(EndRun())
    assert lane.waits


def test_the_last_step_taken_by_hand_ends_the_run(lane: Driven):
    lane.obey(StartRun("gan_2014", "tiny", RING, steps=1, paused=True))
    lane.obey(StepOnce())
    assert not [event for event in lane.told if isinstance(event, Failed)]
    assert lane.phases()[-2:] == ["saving", "ended"]


def test_a_new_run_ends_the_one_before_and_one_that_opens(lane: Driven):
    lane.obey(StartRun("gan_2014", "tiny", RING, paused=True))
    lane.mailbox.put(StartRun("gan_2014", "tiny", RING, paused=True))
    lane._turn()
    assert lane._opening is not None
    lane.obey(StartRun("gan_2014", "tiny", RING, paused=True))
    lane.obey(EndRun())
    assert lane.phases().count("ended") == 3
    assert not [event for event in lane.told if isinstance(event, Failed)]


def test_a_run_that_has_its_steps_makes_no_more(lane: Driven, tmp_path: Path):
    folder = str(tmp_path / "run")
    lane.obey(StartRun("gan_2014", "tiny", RING, steps=1, paused=True, folder=folder))
    lane.obey(StepOnce())
    lane.obey(ResumeRun(folder, steps=1))
    assert lane._training is None
    assert [event.step for event in lane.told if isinstance(event, TrainState)][-1] == 1


def test_a_knob_moved_while_a_run_opens_reaches_it(lane: Driven):
    lane.mailbox.put(StartRun("gan_2014", "tiny", RING, paused=True))
    lane.mailbox.put(SetKnob("lr_g", 0.02))
    while lane._training is None:
        lane._turn()
    assert lane._training.stepper.config.lr_g == 0.02
    lane.obey(EndRun())
