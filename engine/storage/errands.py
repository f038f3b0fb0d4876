"""One thread that does small disk errands in their order, so that a training step never waits for a disk.

What goes wrong is kept as one sentence per subject, until an errand of that subject works again. Nothing piles up:
beyond `most` waiting errands new ones are refused, and the refusal is a problem too.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

Errand = Callable[[], None]

TOO_SLOW = "The disk is too slow to keep everything of this run; some of it is left out."


class Errands:
    """Runs errands one after the other in a thread of its own. An errand may raise OSError or ValueError."""

    def __init__(self, name: str, most: int = 64) -> None:
        self._most = most
        self._turn = threading.Condition()
        self._waiting: deque[tuple[str, Errand]] = deque()
        self._problems: dict[str, str] = {}
        self._busy = self._closing = False
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    @property
    def problem(self) -> str:
        """What is wrong, as one sentence, or ""."""
        with self._turn:
            return next(iter(self._problems.values()), "")

    def do(self, subject: str, errand: Errand, *, always: bool = False) -> bool:
        """Have an errand done soon. Never blocks; False if too many wait (not with `always`) or after `close`."""
        with self._turn:
            if self._closing:
                return False
            if len(self._waiting) >= self._most and not always:
                self._problems[subject] = TOO_SLOW
                return False
            self._waiting.append((subject, errand))
            self._turn.notify_all()
            return True

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until no errand is left; False if that took longer than `timeout` seconds."""
        with self._turn:
            return self._turn.wait_for(lambda: not self._waiting and not self._busy, timeout)

    def close(self, timeout: float | None = None) -> bool:
        """Do what waits, then end the thread; False if it did not end within `timeout` seconds."""
        with self._turn:
            self._closing = True
            self._turn.notify_all()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _work(self) -> None:
        while True:
            with self._turn:
                self._turn.wait_for(lambda: bool(self._waiting) or self._closing)
                if not self._waiting:
                    return
                subject, errand = self._waiting.popleft()
                self._busy = True
            problem = ""
            try:
                errand()
            except (OSError, ValueError) as error:
                problem = str(error)
            finally:
                with self._turn:
                    self._problems.pop(subject, None)
                    if problem:
                        self._problems[subject] = problem
                    self._busy = False
                    self._turn.notify_all()
