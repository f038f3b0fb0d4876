"""The newest weights of the run that trains, handed from the train lane to the explore lane."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.data.ref import DataRef

if TYPE_CHECKING:
    from torch import Tensor

    from engine.family import Snapshot

WANTED_SECONDS = 1.5
REMEMBERED = 4  # models behind what is still on the screen
LARGEST = 512 << 20  # bytes of all that are remembered, where one is not larger


@dataclass(frozen=True)
class LiveModel:
    """A frozen snapshot of the run that trains, its tensors, and what is known of that run; `run` is its folder."""

    snapshot: Snapshot
    tensors: Mapping[str, Tensor]
    step: int
    run: str
    family: str
    title: str
    data: DataRef | None
    config: Any


class LiveSnapshot:
    """Holds the newest `LiveModel` and the few before it, the drawn grids' among them; of large models fewer.
    Thread-safe; a reader keeps what it took while a newer one comes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: LiveModel | None = None
        self._newest: deque[LiveModel] = deque(maxlen=REMEMBERED)
        self._drawn: deque[LiveModel] = deque(maxlen=REMEMBERED // 2)
        self._asked = float("-inf")

    def put(self, model: LiveModel, *, drawn: bool = False) -> None:
        """Make `model` the newest; `drawn` ones are behind a grid, which is looked at for longer."""
        with self._lock:
            self._held = model
            held = self._drawn if drawn else self._newest
            held.append(model)
            while len(held) > 1 and size_of(model) * (len(self._drawn) + len(self._newest)) > LARGEST:
                held.popleft()

    def get(self) -> LiveModel | None:
        with self._lock:
            self._asked = time.monotonic()
            return self._held

    def at(self, run: str, step: int) -> LiveModel | None:
        """The model of exactly this step of a run, where it is still remembered."""
        with self._lock:
            known = (*self._newest, *self._drawn)
        return next((model for model in known if (model.run, model.step) == (run, step)), None)

    def wanted(self) -> bool:
        """Whether somebody asked lately, so that publishing often is worth its cost."""
        with self._lock:
            return time.monotonic() - self._asked < WANTED_SECONDS


def size_of(model: LiveModel) -> int:
    """Bytes of its weights."""
    return sum(tensor.numel() * tensor.element_size() for tensor in model.tensors.values())
