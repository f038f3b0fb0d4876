"""What is known of a codebook at one moment, and the numbers and orders that come of it. Pure NumPy.

References: van den Oord et al. 2017 (arXiv 1711.00937) for codebooks; perplexity is the exponential of the entropy of
how often each code was chosen. Legend: K codes, P positions in an order.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
Flags = NDArray[np.bool_]
Sort = Literal["index", "usage", "likeness"]


@dataclass(frozen=True)
class BookNumbers:
    """`perplexity` in codes, 1 to K (0 where nothing was counted); `dead` is how many were not chosen once, `barred`
    how many of them were merged away; `counted` is how many choices were counted."""

    perplexity: float
    codes: int
    used: int
    dead: int
    barred: int
    counted: int


@dataclass(frozen=True, eq=False)
class ShownBook:
    """The counts of all codes, (K,), those that are held, and, where they were read, what each code decodes to
    (K, s, s, C) and where it lies on the map of the vectors, (K, 2) in -1..1 with the axes' shares of variance."""

    counts_K: Counts
    order_P: Counts
    frozen_K: Flags
    barred_K: Flags
    thumbnails: NDArray[np.uint8] | None = None
    map_K2: NDArray[np.float32] | None = None
    shares: tuple[float, float] = (0.0, 0.0)
    position_K: Counts = field(init=False)

    def __post_init__(self) -> None:
        position_K = np.empty(len(self.order_P), np.int64)
        position_K[self.order_P] = np.arange(len(self.order_P))
        object.__setattr__(self, "position_K", position_K)

    def __len__(self) -> int:
        return len(self.counts_K)


def plain_book(counts_K: Counts) -> ShownBook:
    """A book of which only the counts are known, by index."""
    free = np.zeros(len(counts_K), bool)
    return ShownBook(counts_K, np.arange(len(counts_K)), free, free)


def perplexity(counts_K: Counts) -> float:
    """exp of the entropy of the shares, in codes; 0 where nothing was counted."""
    chosen = counts_K[counts_K > 0].astype(np.float64)
    shares = chosen / max(chosen.sum(), 1.0)
    return float(np.exp(-(shares * np.log(shares)).sum())) if len(chosen) else 0.0


def numbers_of(book: ShownBook) -> BookNumbers:
    """The numbers over the views."""
    dead_K = book.counts_K == 0
    return BookNumbers(
        perplexity=perplexity(book.counts_K),
        codes=len(book),
        used=int((~dead_K).sum()),
        dead=int(dead_K.sum()),
        barred=int((dead_K & book.barred_K).sum()),
        counted=int(book.counts_K.sum()),
    )


def ordered(sort: Sort, counts_K: Counts, chain_P: Counts | None) -> Counts:
    """The codes in the order in which they are shown, (P,): by index, the most used first, or so that each is followed
    by one like it; by index while it is not known which are alike."""
    if sort == "usage":
        return np.argsort(-counts_K, kind="stable")
    if sort == "likeness" and chain_P is not None and len(chain_P) == len(counts_K):
        return chain_P
    return np.arange(len(counts_K))


def percent(share: float) -> str:
    """A share in per cent, with two digits where it is small; nearly all is not all."""
    if 99.0 <= share < 100.0:
        return f"{min(share, 99.9):.1f}"
    return f"{share:.0f}" if share >= 9.5 else f"{share:.2g}"


def nice_top(most: int) -> int:
    """The end of a scale that holds `most`: 10, 20, 50, 100 ... so that it seldom changes."""
    top = 10
    for step in (2, 2.5, 2) * 18:
        if top >= most:
            break
        top = int(top * step)
    return top
