"""The newest weights of the run that trains, handed from the train lane to the explore lane."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.data.ref import DataRef

if TYPE_CHECKING:
    from engine.family import Snapshot

WANTED_SECONDS = 1.5


@dataclass(frozen=True)
class LiveModel:
    """A frozen snapshot of the run that trains, and what is known of that run; `run` is its folder."""

    snapshot: Snapshot
    step: int
    run: str
    family: str
    title: str
    data: DataRef | None
    config: Any


class LiveSnapshot:
    """Holds the newest `LiveModel`. Thread-safe; a reader keeps what it took while a newer one comes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: LiveModel | None = None
        self._asked = float("-inf")

    def put(self, model: LiveModel | None) -> None:
        with self._lock:
            self._held = model

    def get(self) -> LiveModel | None:
        with self._lock:
            self._asked = time.monotonic()
            return self._held

    def wanted(self) -> bool:
        """Whether somebody asked lately, so that publishing often is worth its cost."""
        with self._lock:
            return time.monotonic() - self._asked < WANTED_SECONDS
