"""Measuring the window from outside: from an input event to the end of the paint that answers it.

A `TimedDoor` stands between the window and its engine and notes which request an input event led to; the `Stopwatch`
is told of every answer after the panels have painted it. A picture that overtakes older requests answers them too, so
a dropped request counts with the time until the newer picture was there.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy as np

import engine
from engine import Command, Event
from explorer.bridge import REQUESTS, Door
from explorer.state import Action, State


@dataclass
class TimedDoor:
    """A door that notes, for every request, when the input event came that led to it (0: no hand was in it)."""

    door: Door
    input_time: float = 0.0
    asked: dict[str, list[tuple[int, float]]] = field(default_factory=dict)

    def post(self, command: Command) -> None:
        if self.input_time and isinstance(command, REQUESTS):
            self.asked.setdefault(command.channel, []).append((command.number, self.input_time))
        self.door.post(command)

    def poll(self) -> list[Event]:
        return self.door.poll()

    def close(self, timeout: float = 10.0) -> bool:
        return self.door.close(timeout)


class Stopwatch:
    """A listener of the bridge that comes after all panels. `latencies_ms` grows with every answered input event."""

    def __init__(self, door: TimedDoor) -> None:
        self._door = door
        self.latencies_ms: list[float] = []
        self.first: dict[type, float] = {}
        self.last: dict[type, Event] = {}

    def show_state(self, state: State, changed: frozenset[str]) -> None:
        """The stopwatch looks at events only."""

    def take(self, event: Event | Action) -> None:
        now = time.perf_counter()
        self.first.setdefault(type(event), now)
        self.last[type(event)] = event
        if isinstance(event, engine.CodesDecoded) or (
            isinstance(event, engine.Frame) and event.part in ("points", "centre")
        ):
            waiting = self._door.asked.get(event.channel, [])
            self.latencies_ms += [(now - began) * 1000 for number, began in waiting if number <= event.number]
            self._door.asked[event.channel] = [entry for entry in waiting if entry[0] > event.number]

    def forget(self) -> None:
        """Begin a new measurement."""
        self.latencies_ms, self._door.asked = [], {}
        self.first, self.last = {}, {}


def percentiles(values: list[float]) -> dict[str, float]:
    """p50, p95, p99, the largest and how many, rounded to a tenth; NaN where there is nothing."""
    if not values:
        return {"p50": float("nan"), "p95": float("nan"), "p99": float("nan"), "max": float("nan"), "count": 0}
    p50, p95, p99 = np.percentile(values, [50, 95, 99])
    return {
        "p50": round(float(p50), 1),
        "p95": round(float(p95), 1),
        "p99": round(float(p99), 1),
        "max": round(max(values), 1),
        "count": len(values),
    }
