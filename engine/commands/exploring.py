"""A snapshot opened by its name on the command line, and everything that is asked of one.

The work is done by `engine.explore` and `engine.jobs`, with the one thread of the explore lane: the same latents in
the same batches, so the pixels are the window's.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from engine import explore, jobs
from engine.commands.runs import run_folder
from engine.commands.terminal import Bars, CommandError, note
from engine.controls import Arithmetic, Condition, Interpolation, Point, Walk
from engine.device import choose_device, enter_explore_lane
from engine.evaluate.attributes import direction_name
from engine.evaluate.judge import Judge
from engine.family import Critic, Families
from engine.live import LiveSnapshot
from engine.messages import LIVE, DrawArithmetic, DrawPoints, DrawWalk, FindDirections, Frame, Samples, ScoreSamples
from engine.messages import Scores as ScoresEvent
from engine.shelf import Opened, Shelf
from engine.stepper import to_model

NAMING = "bundled:NAME, run:FOLDER@STEP, run:FOLDER@last, or the folder or the name of a run"


@dataclass(frozen=True)
class SnapshotOptions:
    """Which model."""

    snapshot: str = "bundled:portraits-32"
    """bundled:NAME, run:FOLDER@STEP, run:FOLDER@last, or the folder or the name of a run for its newest snapshot."""
    device: str | None = None
    """cpu, cuda or mps; without it, the best there is."""


class Explored:
    """An open snapshot. Its `name` holds the step, so that it names the same weights for ever."""

    def __init__(self, options: SnapshotOptions) -> None:
        """Raises CommandError, SnapshotError, RunError or DeviceError, each with one sentence."""
        enter_explore_lane()
        self.device = choose_device(options.device)
        name = snapshot_name(options.snapshot)
        self._shelf = Shelf(Families(), LiveSnapshot(), self.device)
        opened = self._shelf.open(name)
        if name.startswith("run:"):
            run, _, asked = name.rpartition("@")
            if asked not in ("last", str(opened.step)):
                note(f"The run kept no weights of step {asked}; these are of step {opened.step}, the last before it.")
            name = f"{run}@{opened.step}"
        self.opened: Opened = dataclasses.replace(opened, id=name)

    @property
    def name(self) -> str:
        return self.opened.id

    @property
    def run_folder(self) -> Path:
        """The folder of the run that the snapshot is of."""
        return Path(self.name.removeprefix("run:").rpartition("@")[0])

    @property
    def is_points(self) -> bool:
        return self.opened.snapshot.spec.is_points

    @property
    def has_critic(self) -> bool:
        return isinstance(self.opened.snapshot, Critic)

    def find_directions(self, names: Iterable[str], bars: Bars) -> None:
        """Find the directions that moves name, and no more: the closed form first, then components, then attributes."""
        missing = set(names) - self.opened.directions.keys()
        if not missing:
            return
        self._check_directions(missing)
        command = FindDirections("directions", self.name)
        job = jobs.find_directions(command, self.opened, self.device, self._shelf.judge)
        with closing(job):
            for _ in bars.events(job):
                if missing <= self.opened.directions.keys():
                    return

    def _check_directions(self, names: Iterable[str]) -> None:
        """Raises CommandError for a name that no search finds, before a long one begins."""
        judge = self.judge()
        attributes = (
            [] if judge is None else [direction_name(c, v) for c, values in judge.columns.items() for v in values]
        )
        closed = {f"{kind}:{index}" for kind in ("sefa", "pca") for index in range(jobs.DIRECTIONS)}
        for name in names:
            if name not in closed and name not in attributes:
                last = jobs.DIRECTIONS - 1
                known = f"sefa:0 to sefa:{last}, pca:0 to pca:{last}" + "".join(f", {each}" for each in attributes)
                raise CommandError(f"There is no direction {name!r} for this model; choose one of {known}.")

    def check(self, condition: Condition) -> None:
        """Raises CommandError for a condition that this model does not know."""
        columns = self.opened.space.conditions
        for column, value in condition:
            if not columns:
                raise CommandError(f"{self.opened.title} was trained without conditions; leave --condition away.")
            if column not in columns:
                raise CommandError(f"{self.opened.title} has no condition {column!r}; it has {', '.join(columns)}.")
            if value not in columns[column]:
                raise CommandError(f"{column} has no value {value!r}; choose one of {', '.join(columns[column])}.")

    def draw(self, points: Sequence[Point], interpolation: Interpolation = "slerp") -> Frame:
        """The samples of places."""
        request = DrawPoints("command", 0, self.name, tuple(points), interpolation)
        return self._frames(explore.draw_points(self.opened, request, self.device))[0]

    def draw_arithmetic(self, arithmetic: Arithmetic) -> tuple[Frame, Frame]:
        """The result, and the 3x3 of it and its neighbours."""
        request = DrawArithmetic("command", 0, self.name, arithmetic)
        by_part = {
            frame.part: frame for frame in self._frames(explore.draw_arithmetic(self.opened, request, self.device))
        }
        return by_part["centre"], by_part["neighbours"]

    def draw_walk(self, walk: Walk, t: float) -> Frame:
        """The sample of a walk at time `t` in 0..1."""
        request = DrawWalk("command", 0, self.name, walk, t)
        return self._frames(explore.draw_walk(self.opened, request, self.device))[0]

    def scores(self, samples: Samples) -> list[float] | None:
        """The logit of D for each sample, or None where the model has no D."""
        if not self.has_critic:
            return None
        request = ScoreSamples("command", 0, self.name, samples)
        (scores,) = (
            event
            for event in explore.score_samples(self.opened, request, self.device)
            if isinstance(event, ScoresEvent)
        )
        return [round(float(logit), 5) for logit in scores.logits_N]

    def judge(self) -> Judge | None:
        """The judge of the data set that the model was trained on, or None where there is none."""
        return self._shelf.judge(self.opened)

    def seen(self, samples: Samples) -> dict[str, dict[str, Any]] | None:
        """What the judge sees in the first of some pictures: value and confidence by column; None without a judge."""
        judge = self.judge()
        if judge is None:
            return None
        readings = judge.classify(to_model(torch.from_numpy(samples[:1]).to(self.device)))
        return {
            column: {
                "value": judge.columns[column][int(reading.labels_N[0])],
                "confidence": round(float(reading.confidence_N[0]), 4),
            }
            for column, reading in readings.items()
        }

    def _frames(self, events: Iterable[object]) -> list[Frame]:
        return [event for event in events if isinstance(event, Frame)]


def snapshot_name(text: str) -> str:
    """The full name of a snapshot: a run gets an absolute folder and a step. Raises CommandError."""
    kind, _, rest = text.partition(":")
    if text == LIVE:
        raise CommandError(f"Only the window can open the live snapshot; choose {NAMING}.")
    if kind == "bundled":
        return text
    told = rest if kind == "run" else text
    path, _, step = told.rpartition("@")
    if not path or not (step == "last" or step.isdecimal()) or Path(told).is_dir():
        path, step = told, "last"
    folder = run_folder(path)
    if kind != "run" and not folder.is_dir():
        raise CommandError(f"There is no snapshot and no run {text!r}; choose {NAMING}.")
    return f"run:{os.path.abspath(folder)}@{step}"


def all_moves(points: Iterable[Point]) -> set[str]:
    """The names of the directions that places move along."""
    return {move.direction for point in points for move in point.moves}
