"""Which run this engine trains: its news come from training itself, and nobody else tells of it meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Claim:
    """One run folder, or none, that the train lane holds. Thread-safe.

    Whoever reads a run does it within `unclaimed(path)`: while it lasts, the train lane waits with its claim, so no
    news of a reader can come after the first of training.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._path: Path | None = None

    def take(self, path: Path) -> None:
        with self._lock:
            self._path = path.resolve()

    def free(self) -> None:
        with self._lock:
            self._path = None

    @contextmanager
    def unclaimed(self, path: Path) -> Iterator[bool]:
        """Whether `path` is nobody's; that stays so until the context is left."""
        with self._lock:
            yield self._path != path.resolve()
