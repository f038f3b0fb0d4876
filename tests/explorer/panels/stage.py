"""A stage for panels: the real state, stores and undo stack, and an engine that answers requests when it is told to.

Pictures are flat colours that say what they were made from, so that a test can tell whether the right one is shown.
"""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Iterable
from typing import Any, TypeVar

import numpy as np
from PySide6.QtGui import QUndoStack

import engine
from engine import Command, DataRef, Event, Frame, LatentInfo, Point, SnapshotInfo
from explorer.panel import Desk, Panel
from explorer.state import Action, State, changed, fold
from explorer.stores import Stores

BUNDLED = "bundled:portraits-32"
Z = 12
C = TypeVar("C")


class Stage:
    """Tells panels of events as the bridge does, and keeps what they post."""

    def __init__(self) -> None:
        self.state = State()
        self.stores = Stores()
        self.undo = QUndoStack()
        self.posted: list[Command] = []
        self.acted: list[Action] = []
        self.panels: list[Panel] = []
        self._numbers = itertools.count(1)
        self.desk = Desk(self.posted.append, self.act, self.number, self.current, self.stores, self.undo)

    def number(self) -> int:
        return next(self._numbers)

    def current(self) -> State:
        return self.state

    def act(self, action: Action) -> None:
        self.acted.append(action)
        self.tell(action)

    def listen(self, panel: Panel) -> None:
        self.panels.append(panel)
        panel.show_state(self.state, frozenset(State.__dataclass_fields__))

    def tell(self, *events: Event | Action) -> None:
        before = self.state
        for event in events:
            self.stores.take(event)
            self.state = fold(self.state, event)
            for panel in self.panels:
                panel.take(event)
        fields = changed(before, self.state)
        if fields:
            for panel in self.panels:
                panel.show_state(self.state, fields)

    def of(self, kind: type[C]) -> list[C]:
        """The commands of one kind that were posted, oldest first."""
        return [command for command in self.posted if isinstance(command, kind)]

    def answer(self) -> None:
        """Answer all drawing requests that wait, the newest of each channel, and forget them."""
        waiting = {c.channel: c for c in self.posted if isinstance(c, engine.DrawPoints | engine.DrawWalk)}
        sums = {c.channel: c for c in self.posted if isinstance(c, engine.DrawArithmetic)}
        self.posted.clear()
        for request in waiting.values():
            self.tell(drawn(request))
        for request in sums.values():
            self.tell(*summed(request))


def ready(**card_facts: Any) -> engine.Ready:
    card = engine.BundledCard("portraits-32", "Portraits", "gan_modern", "modern", "portraits", card_facts)
    return engine.Ready((), (), (card,), "cpu", 2, "home")


def info(snapshot: str = BUNDLED, **changes: Any) -> SnapshotInfo:
    values: dict[str, Any] = {
        "snapshot": snapshot,
        "title": "Portraits",
        "family": "gan_modern",
        "step": 40_000,
        "shape": (8, 8, 3),
        "capabilities": ("latent", "critic"),
        "latent": LatentInfo(Z, "normal"),
        "conditions": {},
        "critic_scale": "difference",
        "data": DataRef("portraits"),
        "facts": {},
    }
    return SnapshotInfo(**{**values, **changes})


def run_facts(path: str = "runs/one", **changes: Any) -> engine.RunFacts:
    values: dict[str, Any] = {
        "path": path,
        "name": "one",
        "family": "gan_modern",
        "preset": "modern",
        "values": {},
        "data": DataRef("portraits"),
        "data_title": "Portraits",
        "shape": (8, 8, 3),
        "seed": 0,
        "step": 300,
        "status": "paused",
        "created": 0.0,
    }
    return engine.RunFacts(**{**values, **changes})


def run_opened(
    path: str = "runs/one", grids: tuple[int, ...] = (), snapshots: tuple[int, ...] = (), training: bool = False
) -> engine.RunOpened:
    return engine.RunOpened(run_facts(path), training, {}, (), grids, snapshots)


def colour(of: object) -> tuple[int, int, int]:
    """A colour that stands for a value."""
    number = zlib.crc32(repr(of).encode())
    return number & 255, number >> 8 & 255, number >> 16 & 255


def pictures(of: Iterable[object], side: int = 8) -> np.ndarray:
    """One flat picture per value, uint8 (N, side, side, 3)."""
    colours = np.array([colour(each) for each in of], np.uint8)
    return np.ascontiguousarray(np.broadcast_to(colours[:, None, None], (len(colours), side, side, 3)))


def latents(of: Iterable[object]) -> np.ndarray:
    """One latent per value, float32 (N, Z)."""
    return np.stack([np.random.default_rng(zlib.crc32(repr(each).encode())).normal(size=Z) for each in of]).astype("f4")


def drawn(request: engine.DrawPoints | engine.DrawWalk, step: int = 40_000) -> Frame:
    of: tuple[object, ...] = request.points if isinstance(request, engine.DrawPoints) else (request.t,)
    return Frame(
        request.channel, request.number, request.snapshot, step, "points", pictures(of), latents(of), milliseconds=2.0
    )


def summed(request: engine.DrawArithmetic, step: int = 40_000) -> list[Frame]:
    """The answers to an arithmetic in the engine's order: centre, neighbours, slots."""
    place = (request.channel, request.number, request.snapshot, step)
    around = [(request.arithmetic, k) for k in range(9)]
    around[4] = request.arithmetic
    slots = [slot for slot in request.arithmetic.slots if slot.exemplars]
    centre = [request.arithmetic]
    frames = [Frame(*place, "centre", pictures(centre), latents(centre), 2.0)]
    if request.neighbours:
        frames.append(Frame(*place, "neighbours", pictures(around), latents(around), 4.0))
    frames.append(Frame(*place, "slots", pictures(slots), latents(slots), 3.0))
    return frames


def grid_point(k: int) -> Point:
    return Point(seed=engine.GRID_SEED, x=float(k))
