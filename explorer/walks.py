"""How a picture moves by itself: gently over the seed plane, or along a path; pure functions of time."""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine import Walk
from explorer.recipes import frames_of

SECONDS_PER_DRAW = 2.4


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
