"""How often each code of a book was chosen: in a rolling window of training and in the present epoch.

Perplexity of too few codes is biased low, so the window always holds at least 50 codes for each code of the book
(once that many were seen). Counting stays on the device: nothing waits for the host.

Legend: K codes, R rows of the window.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

ROWS = 8  # parts of the window; the oldest is forgotten as a whole
PER_CODE = 50


class CodeUsage(nn.Module):
    """Counts codes, `batch_codes` of them at each step. All it knows is in buffers: a resumed run goes on alike."""

    window_RK: Tensor
    epoch_2K: Tensor
    last_K: Tensor

    def __init__(self, codes: int, batch_codes: int) -> None:
        super().__init__()
        self.steps_per_row = max(-(-PER_CODE * codes // ((ROWS - 1) * batch_codes)), 1)
        self.register_buffer("window_RK", torch.zeros(ROWS, codes, dtype=torch.int64))
        self.register_buffer(
            "epoch_2K", torch.zeros(2, codes, dtype=torch.int64)
        )  # the last whole one, the present one
        self.register_buffer(
            "last_K", torch.full((codes,), -1, dtype=torch.int64)
        )  # the step that last chose each code

    @torch.no_grad()
    def count(self, codes: Tensor, step: int, per_epoch: int) -> None:
        """Take in the codes of a step. `per_epoch` is the number of steps in an epoch."""
        row = step // self.steps_per_row % ROWS
        if step % self.steps_per_row == 0:
            self.window_RK[row].zero_()
        if per_epoch and step and step % per_epoch == 0:
            self.epoch_2K[0].copy_(self.epoch_2K[1])
            self.epoch_2K[1].zero_()
        flat = codes.reshape(-1)
        ones = torch.ones_like(flat)
        self.window_RK[row].index_add_(0, flat, ones)
        self.epoch_2K[1].index_add_(0, flat, ones)
        self.last_K.index_fill_(0, flat, step)

    def counts(self) -> Tensor:
        """(2, K) int64: in the window, and in the present epoch."""
        return torch.stack((self.window_RK.sum(dim=0), self.epoch_2K[1]))


def perplexity(counts_K: Tensor) -> Tensor:
    """exp of the entropy of the shares, 1 to K: as many codes used alike would be as hard to guess. 0-d; 1 for no
    counts at all."""
    shares = counts_K.double() / counts_K.sum().clamp_min(1)
    found: Tensor = torch.special.entr(shares).sum().exp()
    return found
