"""A training in a temporary home, driven by hand, for tests of what trains, follows and explores."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import pytest
import torch

from engine import train
from engine.data.ref import DataRef
from engine.family import Families
from engine.live import LiveSnapshot
from engine.messages import Event

E = TypeVar("E")
RING = DataRef("ring", count=200)
FACES = DataRef("portraits", size=16, count=64)


class Bench:
    """Starts and resumes trainings in a temporary home and keeps what they tell."""

    def __init__(self, home: Path) -> None:
        self.home, self.families, self.events = home, Families(), list[Event]()
        self.live = LiveSnapshot()
        self.threads = 1

    def drive(self, opening: train.Opening) -> train.Training:
        while True:
            try:
                next(opening)
            except StopIteration as end:
                return end.value

    def where(self):
        return (self.families, self.home, torch.device("cpu"), self.threads, self.events.append, self.live)

    def start(
        self, folder: str = "run", family: str = "gan_2014", data: DataRef = RING, **knobs: object
    ) -> train.Training:
        plan = train.Plan(family, "tiny", data, knobs, folder=str(self.home / folder))
        return self.drive(train.start(plan, *self.where()))

    def resume(self, folder: str = "run") -> train.Training:
        return self.drive(train.resume(self.home / folder, *self.where()))

    def told(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    torch.set_num_threads(1)
    return Bench(tmp_path)
