"""The train lane, turn by turn: what it says and whether it waits, without a thread."""

from __future__ import annotations

from collections import deque
from pathlib import Path

import pytest
import torch

from engine.claim import Claim
from engine.data.ref import DataRef
from engine.family import Families
from engine.live import LiveSnapshot
from engine.messages import (
    EndRun,
    Event,
    Failed,
    KeepWeights,
    LiveChanged,
    ResumeRun,
    RollBack,
    SaveCheckpoint,
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
        super().__init__(self.told, LiveSnapshot(), Claim(), home, "cpu", 1)
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


def test_a_step_asked_for_while_a_run_opens_is_made(lane: Driven):
    lane.mailbox.put(StartRun("gan_2014", "tiny", RING, paused=True))
    lane.mailbox.put(StepOnce())
    while lane._training is None or lane.mailbox.take(0.0) is not None:
        lane._turn()
    assert lane._training.step == 1
    lane.obey(EndRun())


def test_going_back_loses_what_came_after_the_checkpoint_and_stands_there(lane: Driven, tmp_path: Path):
    folder = str(tmp_path / "run")
    lane.obey(StartRun("gan_2014", "tiny", RING, paused=True, folder=folder))
    for command in (StepOnce(), StepOnce(), SaveCheckpoint()):
        lane.obey(command)
    assert lane._training is not None
    lane._training.saver.wait()
    kept = {name: tensor.clone() for name, tensor in lane._training.stepper.state()[0].items()}
    lane.obey(StepOnce())
    lane.obey(RollBack())
    assert lane._training is not None
    assert lane._training.step == 2
    assert all(torch.equal(tensor, kept[name]) for name, tensor in lane._training.stepper.state()[0].items())
    assert lane.phases()[-1] == "paused"
    lane.obey(EndRun())


def test_what_was_asked_for_before_the_end_is_done(lane: Driven, tmp_path: Path):
    folder = str(tmp_path / "run")
    lane.obey(StartRun("gan_2014", "tiny", RING, paused=True, folder=folder))
    lane.obey(StepOnce())
    step = next(event.step for event in reversed(lane.told) if isinstance(event, LiveChanged))
    lane.mailbox.put(KeepWeights(folder, step))
    lane._leave()
    assert not [event for event in lane.told if isinstance(event, Failed)]
    assert list((tmp_path / "run").rglob(f"kept/*{step}.safetensors"))
