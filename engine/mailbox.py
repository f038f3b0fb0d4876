"""A lane's mailbox: commands are ordered and never dropped; of the requests on a channel only the newest waits.

The idea of "newest wins by structure" follows the StyleGAN3 viewer's asynchronous renderer.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from typing import Generic, TypeVar

C = TypeVar("C")
R = TypeVar("R")


class Mailbox(Generic[C, R]):
    """Thread-safe. `put` and `ask` never block; `take` waits up to a timeout.

    `take` gives commands first, in order; then the requests, the channel that has waited longest first.
    """

    def __init__(self) -> None:
        self._commands: deque[C] = deque()
        self._requests: OrderedDict[str, R] = OrderedDict()
        self._something = threading.Condition()

    def put(self, command: C) -> None:
        """Add a command behind those that wait."""
        with self._something:
            self._commands.append(command)
            self._something.notify()

    def ask(self, channel: str, request: R) -> None:
        """Let `request` wait on its channel in place of an older one, which nobody needs any more."""
        with self._something:
            self._requests[channel] = request
            self._something.notify()

    def waits(self, channel: str) -> bool:
        """Whether a newer request waits on this channel."""
        with self._something:
            return channel in self._requests

    def take(self, timeout: float) -> C | R | None:
        """The next item, or None where nothing came within `timeout` seconds (0 looks and goes on)."""
        with self._something:
            if not self._commands and not self._requests and timeout > 0:
                self._something.wait(timeout)
            if self._commands:
                return self._commands.popleft()
            if self._requests:
                return self._requests.popitem(last=False)[1]
            return None
