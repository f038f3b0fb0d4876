"""A slow copy of a network: the exponential moving average of its weights, which samples better than the weights do.

Reference: Karras et al. 2020 (arXiv 2006.06676) appendix B, half-life in pictures with a ramp-up.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


def ema_beta(batch_size: int, half_life: float, seen: int, ramp: float) -> float:
    """How much of the average is kept in one update: 0.5 ** (batch_size / half-life).

    `half_life` and `seen` (the pictures seen so far, this batch included) are in pictures. The half-life is at most
    `ramp` times `seen`, so that early noise is forgotten soon. 0 means that the copy follows at once.
    """
    effective = min(half_life, ramp * seen) if ramp > 0 else half_life
    return 0.5 ** (batch_size / effective) if effective > 0 else 0.0


@torch.no_grad()
def ema_update(average: nn.Module, source: nn.Module, beta: float) -> None:
    """Move the parameters of `average` towards those of `source` by 1 - beta; copy the buffers by value.

    Averaging buffers would mix counters and running statistics that belong to other weights (models: copy them).
    """
    ours: list[Tensor] = list(average.parameters())
    theirs: list[Tensor] = list(source.parameters())
    torch._foreach_lerp_(ours, theirs, 1.0 - beta)
    for mine, its in zip(average.buffers(), source.buffers(), strict=True):
        mine.copy_(its)
