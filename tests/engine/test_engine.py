"""The door: commands in, events out, from a real engine with its two lanes."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest

import engine
from engine import (
    Arithmetic,
    DataRef,
    DrawArithmetic,
    DrawDecision,
    DrawPoints,
    EndRun,
    Event,
    Failed,
    Frame,
    GridDrawn,
    OpenRun,
    OpenSnapshot,
    Point,
    Progress,
    ReadGrid,
    Ready,
    RunOpened,
    ScoreSamples,
    SetKnob,
    SetRunning,
    Slot,
    SnapshotOpened,
    StartRun,
    StepOnce,
    TrainState,
)

E = TypeVar("E")
RING = DataRef("ring", count=200)


class Talk:
    """Talks to an engine and waits for what it says, with a deadline instead of a sleep of guessed length."""

    def __init__(self, home: Path) -> None:
        self.engine = engine.Engine(device="cpu", home=home, threads=1)
        self.heard: list[Event] = []

    def wait(self, kind: type[E], that: Callable[[E], bool] = lambda event: True) -> E:
        """The next event of this kind; events before it are kept in `heard`."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            for event in self.engine.poll():
                self.heard.append(event)
            for index, event in enumerate(self.heard):
                if isinstance(event, kind) and that(event):
                    del self.heard[: index + 1]
                    return event
            time.sleep(0.002)
        raise AssertionError(f"no {kind.__name__} came; heard {[type(event).__name__ for event in self.heard]}")

    def start(self, preset: str = "tiny", **facts: object) -> RunOpened:
        self.engine.post(StartRun("gan_2014", preset, RING, **facts))
        return self.wait(RunOpened)


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Talk]:
    talk = Talk(tmp_path)
    talk.wait(Ready)
    yield talk
    assert talk.engine.close(30)


def test_importing_the_door_loads_neither_torch_nor_qt():
    code = "import sys, engine; print(sorted({m.split('.')[0] for m in sys.modules} & {'torch', 'PySide6', 'PIL'}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_run_trains_pauses_steps_and_ends(talk: Talk):
    opened = talk.start()
    assert opened.training
    assert talk.wait(GridDrawn).step == 0
    talk.wait(Progress)
    talk.engine.post(SetRunning(False))
    paused = talk.wait(TrainState, lambda state: state.phase == "paused")
    talk.engine.post(StepOnce("D"))
    assert talk.wait(TrainState, lambda state: state.phase == "paused").step == paused.step + 1
    talk.engine.post(EndRun())
    talk.wait(TrainState, lambda state: state.phase == "ended")


def test_live_weights_are_explored_while_training(talk: Talk):
    talk.start()
    talk.wait(GridDrawn)
    talk.engine.post(OpenSnapshot(engine.LIVE))
    info = talk.wait(SnapshotOpened).info
    assert info.latent is not None
    assert set(info.capabilities) == {"latent", "critic"}
    talk.engine.post(DrawPoints("here", 1, engine.LIVE, (Point(3), Point(3, 0.5, 2.25))))
    frame = talk.wait(Frame)
    assert (frame.channel, frame.number, frame.samples.shape) == ("here", 1, (2, 2))
    talk.engine.post(ScoreSamples("scores", 2, engine.LIVE, frame.samples))
    assert talk.wait(engine.Scores).logits_N.shape == (2,)


def test_the_same_point_is_the_same_picture(talk: Talk):
    opened = talk.start(steps=3)
    talk.wait(TrainState, lambda state: state.phase == "ended")
    snapshot = engine.run_snapshot(opened.run.path)
    talk.engine.post(DrawPoints("a", 1, snapshot, (Point(7, 1.5, -2),)))
    one = talk.wait(Frame)
    talk.engine.post(DrawPoints("a", 2, snapshot, (Point(1), Point(7, 1.5, -2))))
    other = talk.wait(Frame)
    assert one.step == 3
    assert np.allclose(one.samples[0], other.samples[1], atol=1e-6)


def test_arithmetic_draws_the_centre_first_then_its_neighbours(talk: Talk):
    opened = talk.start(steps=1)
    talk.wait(TrainState, lambda state: state.phase == "ended")
    slots = tuple(Slot(name, tuple(Point(i, x) for x in range(3))) for i, name in enumerate("ABC"))
    request = DrawArithmetic("sum", 1, engine.run_snapshot(opened.run.path), Arithmetic(slots))
    talk.engine.post(request)
    parts = [talk.wait(Frame) for _ in range(3)]
    assert [(frame.part, len(frame.samples)) for frame in parts] == [("centre", 1), ("neighbours", 9), ("slots", 3)]
    assert np.allclose(parts[0].samples[0], parts[1].samples[4], atol=1e-6)


def test_a_decision_has_its_fields_in_one_frame_of_reference(talk: Talk):
    talk.start(steps=5)
    talk.wait(TrainState, lambda state: state.phase == "ended")
    talk.engine.post(DrawDecision("decision", 1, engine.LIVE, RING, resolution=32, count=200))
    decision = talk.wait(engine.Decision)
    cell = np.prod([(high - low) / 31 for low, high in decision.extent])
    assert decision.p_data.sum() * cell == pytest.approx(1.0, abs=0.05)
    assert np.allclose(decision.d_star, decision.p_data / np.maximum(decision.p_data + decision.p_g, 1e-12), atol=1e-5)
    assert decision.gradient.shape == (32, 32, 2)
    # The ring lies around the middle: no data there, and as much in a mirrored place.
    assert decision.p_data[16, 16] < decision.p_data.max() / 10


def test_an_ended_run_opens_with_its_curves_and_grids(talk: Talk):
    path = talk.start(steps=4).run.path
    talk.wait(TrainState, lambda state: state.phase == "ended")
    talk.engine.post(OpenRun(path))
    opened = talk.wait(RunOpened)
    assert not opened.training
    assert int(opened.series["loss/D"].steps[-1]) == 4
    assert opened.snapshot_steps[-1] == 4
    talk.engine.post(ReadGrid("scrub", 5, path, 0))
    grid = talk.wait(GridDrawn, lambda event: event.channel == "scrub")
    assert (grid.step, grid.number) == (0, 5)


def test_mistakes_become_sentences_and_the_lanes_live_on(talk: Talk):
    talk.engine.post(OpenSnapshot("bundled:nobody"))
    assert "no bundled model" in talk.wait(Failed).reason
    talk.engine.post(DrawPoints("x", 1, engine.LIVE, (Point(),)))
    failed = talk.wait(Failed)
    assert (failed.channel, "start a run" in failed.reason) == ("x", True)
    talk.engine.post(StartRun("gan_2014", "nonsense", RING))
    assert "choose one of" in talk.wait(Failed).reason
    talk.start()
    talk.engine.post(SetKnob("batch_size", 4))
    assert "needs a new run" in talk.wait(Failed).reason
    talk.wait(Progress)
