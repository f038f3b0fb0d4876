"""Vector quantisation: each vector becomes its nearest code, with gradients that pass through all the same.

References: van den Oord et al. 2017 (arXiv 1711.00937) section 3 and appendix A.1 (EMA); Fifty et al. 2024 (arXiv
2410.06424) for the rotation trick; Mentzer et al. 2023 (arXiv 2309.15505) for finite scalar quantisation (FSQ).

Legend: N vectors (all places of all samples), K codes, D numbers of a vector, L levels.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

CHUNK = 256  # vectors whose distances to all codes are in memory at once (measured: docs/measurements.md)
BLOCK = 64  # codes whose largest likeness is found at once


@torch.no_grad()
def nearest(z_ND: Tensor, book_KD: Tensor, barred_K: Tensor | None = None) -> Tensor:
    """The index of the nearest code of each vector, (N,) int64; of several as near, the lowest.

    |z - e|^2 is smallest where z e - |e|^2 / 2 is largest, one matrix product in place of all differences. Codes and
    vectors are centred first: far from the origin, float32 would lose the differences. Codes in `barred_K` are never
    chosen. Memory is bounded: distances of `CHUNK` vectors at a time.

    The place of a maximum is slow to find on a processor, the maximum alone is not: so first the maximum of each block
    of codes, then the best block, then the place within it (twice as fast for 8192 codes).
    """
    centre_D = book_KD.mean(dim=0)
    codes_KD = book_KD - centre_D
    bias_K = codes_KD.square().sum(dim=1).mul_(-0.5)
    if barred_K is not None:
        bias_K = bias_K.masked_fill(barred_K, -math.inf)
    missing = -len(book_KD) % BLOCK
    bias_K = F.pad(bias_K, (0, missing), value=-math.inf)
    codes_DK = F.pad(codes_KD.t(), (0, missing)).contiguous()
    found_N = torch.empty(len(z_ND), dtype=torch.int64, device=z_ND.device)
    like_CK = bias_K.new_empty(min(CHUNK, len(z_ND)), len(bias_K))
    for first in range(0, len(z_ND), CHUNK):
        part_CD = z_ND[first : first + CHUNK] - centre_D
        like = torch.addmm(bias_K, part_CD, codes_DK, out=like_CK[: len(part_CD)]).view(len(part_CD), -1, BLOCK)
        block_C1 = like.amax(dim=2).argmax(dim=1, keepdim=True)
        within_C = like.gather(1, block_C1[:, :, None].expand(-1, -1, BLOCK))[:, 0].argmax(dim=1)
        found_N[first : first + CHUNK] = block_C1[:, 0] * BLOCK + within_C
    return found_N


def straight_through(z_ND: Tensor, q_ND: Tensor) -> Tensor:
    """Has the values of q and hands its gradient to z unchanged."""
    return z_ND + (q_ND - z_ND).detach()


def rotated(z_ND: Tensor, q_ND: Tensor) -> Tensor:
    """Has the values of q; the gradient reaches z turned and scaled as z must be to become q (Fifty et al. section 4).

    The map is R = |q| / |z| (I - 2 r r' + 2 q^ z^'), with r the half-way direction; it is constant for the gradient.
    """
    tiny = torch.finfo(z_ND.dtype).tiny
    size_z, size_q = z_ND.norm(dim=1, keepdim=True), q_ND.norm(dim=1, keepdim=True)
    unit_z, unit_q = (z_ND / size_z.clamp_min(tiny)).detach(), (q_ND / size_q.clamp_min(tiny)).detach()
    half = unit_z + unit_q
    half = half / half.norm(dim=1, keepdim=True).clamp_min(1e-6)
    turned = (
        z_ND - 2 * (z_ND * half).sum(dim=1, keepdim=True) * half + 2 * (z_ND * unit_z).sum(dim=1, keepdim=True) * unit_q
    )
    scaled: Tensor = turned * (size_q / size_z.clamp_min(tiny)).detach()
    return scaled


class Codebook(nn.Module):
    """K code vectors that are learned by gradient (2017) or follow the mean of the vectors that choose them (EMA).

    With `unit`, vectors and codes are compared on the sphere: only directions count. `frozen` codes do not move,
    `barred` ones are never chosen. `size_K` and `sum_KD` are the moving averages N and m of the paper's appendix.
    """

    vectors: Tensor
    frozen: Tensor
    barred: Tensor
    size_K: Tensor
    sum_KD: Tensor

    def __init__(self, codes: int, vector: int, *, ema: bool, unit: bool, spread: float) -> None:
        """`spread`: codes begin uniform within 1/K times this (the 2017 code: 1)."""
        super().__init__()
        self.ema, self.unit = ema, unit
        start = torch.empty(codes, vector).uniform_(-spread / codes, spread / codes)
        if unit:
            start = F.normalize(torch.randn(codes, vector), dim=1)
        self.vectors: Tensor
        if ema:
            self.register_buffer("vectors", start)
        else:
            self.vectors = nn.Parameter(start)
        self.register_buffer("frozen", torch.zeros(codes, dtype=torch.bool))
        self.register_buffer("barred", torch.zeros(codes, dtype=torch.bool))
        self.register_buffer("size_K", torch.ones(codes))  # from 0 the first updates would divide by next to nothing
        self.register_buffer("sum_KD", start.clone())

    def laid(self, z_ND: Tensor) -> Tensor:
        """The vectors as they are compared: on the sphere where the book is."""
        return F.normalize(z_ND, dim=1) if self.unit else z_ND

    def codes_of(self, z_ND: Tensor) -> Tensor:
        """The code of each vector, (N,)."""
        return nearest(self.laid(z_ND.detach().float()), self.book(), self.barred)

    def book(self) -> Tensor:
        """The code vectors (K, D) as they are compared."""
        return self.laid(self.vectors)

    @torch.no_grad()
    def begin(self, z_ND: Tensor, rng: torch.Generator) -> None:
        """Take vectors of a batch as the codes: a start from data."""
        every = torch.ones_like(self.frozen)
        self.put(every, self.drawn(self.laid(z_ND), len(every), rng))

    @staticmethod
    def drawn(z_ND: Tensor, count: int, rng: torch.Generator) -> Tensor:
        """`count` of the vectors, each at most once while there are enough."""
        order = torch.randperm(len(z_ND), generator=rng, device=rng.device).to(z_ND.device)
        rounds = -(-count // len(order))
        return z_ND.detach()[order.repeat(rounds)[:count]].float()

    @torch.no_grad()
    def follow(self, z_ND: Tensor, codes_N: Tensor, decay: float) -> None:
        """The EMA update: N = g N + (1-g) n, m = g m + (1-g) sum z, e = m / N with Laplace smoothing of N, which keeps
        the sum of all N (appendix A.1). A batch that is not finite changes nothing; frozen codes stay. Without EMA only
        the counts follow."""
        z_ND = self.laid(z_ND.detach().to(self.size_K.dtype))
        fine = torch.isfinite(z_ND).all()
        n_K = torch.zeros_like(self.size_K).index_add_(0, codes_N, torch.ones_like(z_ND[:, 0]))
        m_KD = torch.zeros_like(self.sum_KD).index_add_(0, codes_N, z_ND)
        moves = fine & ~self.frozen
        self.size_K.copy_(torch.where(moves, self.size_K * decay + n_K * (1 - decay), self.size_K))
        self.sum_KD.copy_(torch.where(moves[:, None], self.sum_KD * decay + m_KD * (1 - decay), self.sum_KD))
        if self.ema:
            total = self.size_K.sum()
            smooth_K = (self.size_K + 1e-5) / (total + len(self.size_K) * 1e-5) * total
            self.vectors.copy_(torch.where(moves[:, None], self.laid(self.sum_KD / smooth_K[:, None]), self.vectors))
        else:  # a gradient may have moved frozen codes: their sums hold where they were
            self.vectors.copy_(torch.where(self.frozen[:, None], self.sum_KD, self.vectors))

    @torch.no_grad()
    def restart(self, z_ND: Tensor, below: float, rng: torch.Generator) -> Tensor:
        """Codes whose EMA count is under `below` become vectors of the batch; which ones, (K,) bool (Dhariwal et al.
        2020, arXiv 2005.00341, appendix). Frozen and barred codes stay."""
        dead_K = (self.size_K < below) & ~self.frozen & ~self.barred & torch.isfinite(z_ND).all()
        self.put(dead_K, self.drawn(self.laid(z_ND), len(dead_K), rng), max(below, 1.0))
        return dead_K

    @torch.no_grad()
    def put(self, where_K: Tensor, vectors_KD: Tensor, size: float = 1.0) -> None:
        """Set codes, with a count as if `size` vectors had just chosen each."""
        self.vectors.copy_(torch.where(where_K[:, None], vectors_KD, self.vectors))
        self.size_K.masked_fill_(where_K, size)
        self.sum_KD.copy_(torch.where(where_K[:, None], vectors_KD * size, self.sum_KD))

    @torch.no_grad()
    def revive(self, codes_M: Tensor, z_ND: Tensor, rng: torch.Generator) -> None:
        """Codes become vectors of the batch and may be chosen again, with a count that no restart falls under soon."""
        where_K = torch.zeros_like(self.barred).index_fill_(0, codes_M, True)
        self.barred.masked_fill_(where_K, False)
        self.frozen.masked_fill_(where_K, False)
        self.put(where_K, self.drawn(self.laid(z_ND), len(where_K), rng), float(self.size_K.mean().clamp_min(1.0)))

    @torch.no_grad()
    def freeze(self, codes_M: Tensor) -> None:
        """Codes stay where they are; what their moving averages hold is set to just that."""
        where_K = torch.zeros_like(self.frozen).index_fill_(0, codes_M, True)
        self.put(where_K, self.vectors.clone())
        self.frozen.masked_fill_(where_K, True)

    @torch.no_grad()
    def merge(self, codes_M: Tensor) -> None:
        """The first of the codes becomes the mean of them all, weighted by their counts; the others are barred."""
        weights_M = self.size_K[codes_M]
        mean_D = (self.vectors[codes_M] * weights_M[:, None]).sum(dim=0) / weights_M.sum().clamp_min(1e-12)
        first = torch.zeros_like(self.barred).index_fill_(0, codes_M[:1], True)
        self.put(first, self.laid(mean_D[None]).expand_as(self.vectors), float(weights_M.sum()))
        self.barred.index_fill_(0, codes_M[1:], True)


class Fsq(nn.Module):
    """Finite scalar quantisation: each of a few numbers is rounded to one of its levels; all combinations are the book.

    Nothing is learned, so nothing can die. Computed in float32 always: rounding in bfloat16 loses codes.
    """

    levels_L: Tensor
    basis_L: Tensor

    def __init__(self, levels: tuple[int, ...]) -> None:
        super().__init__()
        self.count = math.prod(levels)
        self.register_buffer("levels_L", torch.tensor(levels))
        self.register_buffer("basis_L", torch.tensor([math.prod(levels[:i]) for i in range(len(levels))]))

    def bounded(self, z_NL: Tensor) -> Tensor:
        """z within its levels: (l - 1) / 2 times tanh, shifted by half a level where their number is even."""
        half = (self.levels_L - 1) * (1 + 1e-3) / 2
        shift = torch.where(self.levels_L % 2 == 0, 0.5, 0.0)
        return torch.tanh(z_NL.float() + torch.atanh(shift / half)) * half - shift

    def forward(self, z_NL: Tensor) -> tuple[Tensor, Tensor]:
        """(vectors in [-1, 1] with a straight-through gradient, codes (N,))."""
        bounded = self.bounded(z_NL)
        rounded = straight_through(bounded, bounded.round())
        half = self.levels_L // 2
        codes_N = ((rounded.detach() + half).round().long() * self.basis_L).sum(dim=1)
        return rounded / half, codes_N

    def vectors_of(self, codes: Tensor) -> Tensor:
        """The vectors (.., L) in [-1, 1] of codes (..)."""
        digits = codes[..., None] // self.basis_L % self.levels_L
        half = self.levels_L // 2
        return (digits - half).float() / half

    def book(self) -> Tensor:
        return self.vectors_of(torch.arange(self.count, device=self.levels_L.device))
