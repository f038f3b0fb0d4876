"""A lane: one thread that takes turns until it is closed, and whose errors become events."""

from __future__ import annotations

import threading
import traceback
from abc import ABC, abstractmethod
from collections import deque

from engine.messages import Event, Failed


class Lane(ABC):
    """`_turn` does one slice of work, or waits for something to do; it is called until the lane is closed."""

    def __init__(self, name: str, events: deque[Event]) -> None:
        self._events = events
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._live, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Ask the lane to end after its present turn. Does not wait."""
        self._closing.set()
        self._wake()

    def join(self, timeout: float) -> bool:
        """Wait for the end; False where it did not come in time."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def tell(self, event: Event) -> None:
        self._events.append(event)

    def fail(self, doing: str, error: BaseException, *, channel: str = "", job: str = "") -> None:
        """Tell of an error in one sentence, with the trace for those who want it."""
        details = "".join(traceback.format_exception(error))
        self.tell(Failed(doing, sentence(error), details, channel, job))

    def _live(self) -> None:
        try:
            self._enter()
            while not self._closing.is_set():
                try:
                    self._turn()
                except Exception as error:  # noqa: BLE001  a lane outlives every error of a turn
                    self.fail("Working", error)
            self._leave()
        except Exception as error:  # noqa: BLE001
            self.fail("Starting or ending the engine", error)

    @abstractmethod
    def _enter(self) -> None:
        """First thing in the thread."""

    @abstractmethod
    def _turn(self) -> None:
        """One slice of work."""

    @abstractmethod
    def _leave(self) -> None:
        """Last thing in the thread."""

    @abstractmethod
    def _wake(self) -> None:
        """Let a turn that waits come back."""


def sentence(error: BaseException) -> str:
    """One sentence for a person: the engine's own errors are sentences; others get their type in front."""
    text = next((line for line in str(error).splitlines() if line.strip()), "").strip()
    # torch reports a full memory as OutOfMemoryError on a GPU and as a RuntimeError of this allocator on a processor.
    full = isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"
    if full or "DefaultCPUAllocator" in text:
        return "There is not enough memory for this; choose a smaller batch size or smaller pictures."
    if type(error).__name__ == "AcceleratorError":
        return f"The GPU failed ({text}); restart the program and resume the run from its last checkpoint."
    if type(error).__module__.startswith("engine.") and text:
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
