"""How a number of the training changes with the step: pure functions, so that a resumed run goes on unchanged.

Reference: Ramesh et al. 2021 (arXiv 2102.12092) appendix A.2, which says "cosine schedule" and not which; half a period
is the usual reading, a quarter is that of karpathy/deep-vector-quantization.
"""

from __future__ import annotations

import math
from typing import Literal

Kind = Literal["half cosine", "quarter cosine"]
KINDS: tuple[Kind, ...] = ("half cosine", "quarter cosine")


def scheduled(kind: Kind, step: int, start: float, end: float, steps: int) -> float:
    """`start` at step 0, `end` from step `steps` on; half a cosine is flat at both ends, a quarter only at first."""
    if step >= steps:
        return end
    turn = math.pi * step / steps
    done = (1 - math.cos(turn)) / 2 if kind == "half cosine" else 1 - math.cos(turn / 2)
    return start + (end - start) * done
