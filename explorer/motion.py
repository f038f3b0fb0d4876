"""How a picture moves by itself: gently over the seed plane, or along a path of key frames."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from engine import Walk
from explorer.recipes import frames_of

SECONDS_PER_DRAW = 2.4
FRAMES_PER_S = 24
TICK_MS, TICK_TRAINING_MS = 60, 125  # a walk by itself must cost a training little


@dataclass(frozen=True)
class Wander:
    """A walk along x of the seed plane that rests a little at every draw. `start` is where it began."""

    start: float
    phase: float = 0.0

    def after(self, seconds: float) -> tuple[Wander, float]:
        """The walk `seconds` later, and its x then."""
        phase = self.phase + seconds / SECONDS_PER_DRAW
        whole = math.floor(phase)
        part = phase - whole
        eased = part * part * (3 - 2 * part)  # smoothstep
        return Wander(self.start, phase), self.start + whole + eased


def path_step(path: Walk, t: float, frames: float) -> float:
    """The moment 0..1 of a path that lies `frames` frames after `t`; a loop starts again, else it ends at 1."""
    later = t + frames / max(frames_of(path), 1)
    return later % 1.0 if path.loop else min(later, 1.0)


class Motion(QObject):
    """Wanders, follows a path, or stands still.

    A step comes only when `ready()` says that the picture of the last one is there: a slow model moves slowly, and
    nothing piles up. `wandered(x)` and `reached(t)` say where to look next, `changed(on)` whether anything moves.
    """

    wandered = Signal(float)
    reached = Signal(float)
    changed = Signal(bool)

    def __init__(self, ready: Callable[[], bool], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.t = 0.0  # the moment of the path
        self._ready = ready
        self._path = Walk(())
        self._wander: Wander | None = None
        self._follows = self._awake = False
        self._clock = QTimer(self, interval=TICK_MS)
        self._clock.setTimerType(Qt.TimerType.PreciseTimer)
        self._clock.timeout.connect(self.tick)

    @property
    def on(self) -> bool:
        """Whether something moves, or would if it were seen."""
        return self._wander is not None or self._follows

    @property
    def follows_path(self) -> bool:
        return self._follows

    def set_path(self, path: Walk) -> None:
        self._path = path

    def set_pace(self, *, training: bool) -> None:
        self._clock.setInterval(TICK_TRAINING_MS if training else TICK_MS)

    def wander(self, x: float) -> None:
        """Walk over the plane from x on."""
        self._wander, self._follows = Wander(x), False
        self._begin()

    def follow(self) -> None:
        """Go along the path from the present moment on."""
        self._wander, self._follows = None, True
        self._begin()

    def stop(self) -> None:
        self._clock.stop()
        self._wander, self._follows = None, False
        self.changed.emit(False)

    def wake(self) -> None:
        """It is seen again: go on."""
        self._awake = True
        if self.on:
            self._clock.start()

    def rest(self) -> None:
        """Nobody sees it: stand still for now."""
        self._awake = False
        self._clock.stop()

    def ticks(self) -> bool:
        return self._clock.isActive()

    def interval(self) -> int:
        """Milliseconds between two steps."""
        return self._clock.interval()

    def _begin(self) -> None:
        self.changed.emit(True)
        if self._awake:
            self._clock.start()

    @Slot()
    def tick(self) -> None:
        """One step, unless the picture of the last one has not come yet."""
        if not self._ready():
            return
        seconds = self._clock.interval() / 1000
        if self._wander is not None:
            self._wander, x = self._wander.after(seconds)
            self.wandered.emit(x)
        elif self._follows:
            self.t = path_step(self._path, self.t, seconds * FRAMES_PER_S)
            self.reached.emit(self.t)
            if self.t >= 1.0 and not self._path.loop:
                self.stop()
