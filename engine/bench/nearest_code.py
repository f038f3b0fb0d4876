"""How fast the nearest code of every vector is found, beside `torch.cdist` with `argmin`, and in how much memory.

The vectors are those of a batch of the VQ-VAE: 64 pictures of 8x8 places. Calls alternate, so that what else the
machine does hits both.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from engine.device import training_threads
from engine.nn.quantize import nearest

MANY = 65_536


def bench_nearest_code(
    rounds: int = 15, codes: int = 8192, vectors: int = 4096, size: int = 16, many: int = MANY
) -> dict[str, float]:
    """Milliseconds of both and the median of their ratio; MB of the largest array that finding the codes of `many`
    vectors makes, and of the distances that `cdist` would keep of them."""
    torch.set_num_threads(training_threads())
    rng = torch.Generator().manual_seed(0)
    book_KD, z_ND = (torch.randn(count, size, generator=rng) for count in (codes, vectors))
    pairs = [(_ms(_ours, z_ND, book_KD), _ms(_plain, z_ND, book_KD)) for _ in range(rounds + 1)]
    ours_ms, plain_ms = np.array(pairs[1:]).T  # the first of each warms up
    many_ND = torch.randn(many, size, generator=rng)
    with _Largest() as largest:  # type: ignore[no-untyped-call]
        _ours(many_ND, book_KD)
    return {
        "cdist_ratio": float(np.median(plain_ms / ours_ms)),
        "our_ms": float(np.median(ours_ms)),
        "cdist_ms": float(np.median(plain_ms)),
        "largest_array_mb": largest.bytes / 1e6,
        "cdist_array_mb": codes * many * book_KD.element_size() / 1e6,
    }


def _ours(z_ND: Tensor, book_KD: Tensor) -> Tensor:
    return nearest(z_ND, book_KD)


def _plain(z_ND: Tensor, book_KD: Tensor) -> Tensor:
    return torch.cdist(z_ND, book_KD).argmin(dim=1)


def _ms(work: Any, *arguments: Tensor) -> float:
    began = time.perf_counter()
    work(*arguments)
    return (time.perf_counter() - began) * 1e3


class _Largest(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Notes the bytes of the largest array that is made while it is entered."""

    bytes = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        if isinstance(made, Tensor):
            self.bytes = max(self.bytes, made.untyped_storage().nbytes())
        return made
