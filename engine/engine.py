"""The engine behind the door: two lanes, one that trains and one that explores, each a thread with a mailbox.

`post` puts a command into the right mailbox and `poll` empties the queue of events; neither ever blocks. torch is
imported by the lanes, so a window can paint itself first.
"""

from __future__ import annotations

import os
import time
from collections import deque
from pathlib import Path

from engine.claim import Claim
from engine.explore_lane import ExploreLane
from engine.live import LiveSnapshot
from engine.messages import Command, Event, ExploreCommand, TrainCommand
from engine.train_lane import TrainLane


class Engine:
    """Commands in, events out. Thread-safe.

    `device` names a torch device (None: the best there is), `home` the folder for runs and data, `threads` the
    intra-op threads of training (None: all cores). Close it when done: training ends with a checkpoint.
    """

    def __init__(self, *, device: str | None = None, home: Path | None = None, threads: int | None = None) -> None:
        # Spinning barriers of libgomp starve a machine whose cores are all wanted; only the value at load time counts.
        os.environ.setdefault("GOMP_SPINCOUNT", "1000")
        self.home = default_home() if home is None else home
        self._events: deque[Event] = deque()
        live = LiveSnapshot()
        claim = Claim()
        self._explore = ExploreLane(self._events, live, claim, self.home, device)
        self._train = TrainLane(self._events, live, claim, self.home, device, threads)
        self._explore.start()
        self._train.start()

    def post(self, command: Command) -> None:
        """Hand a command over. Never blocks, from any thread."""
        if isinstance(command, TrainCommand):
            self._train.mailbox.put(command)
        elif isinstance(command, ExploreCommand):
            self._explore.mailbox.put(command)
        else:
            self._explore.mailbox.ask(command.channel, command)

    def poll(self) -> list[Event]:
        """All events since the last call, in order. Never blocks, from any thread."""
        found = []
        while self._events:
            found.append(self._events.popleft())
        return found

    def close(self, timeout: float = 10.0) -> bool:
        """End both lanes, the training with a checkpoint; False where one did not end within `timeout` seconds."""
        until = time.monotonic() + timeout
        self._explore.close()
        self._train.close()
        ended = [lane.join(max(0.0, until - time.monotonic())) for lane in (self._explore, self._train)]
        return all(ended)


def default_home() -> Path:
    """Where runs and data live: LATENT_EXPLORER_HOME, or the user's data folder."""
    from engine.storage.runs import home_folder

    return home_folder()
