"""Encoder, quantiser and decoder of a VQ-VAE in one module.

Legend: N samples, C channels, H x W pixels, h x w places, M = N h w vectors, K codes, D numbers of a vector.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from engine.nn.autoencoder import Decoder, Encoder, Style
from engine.nn.quantize import Codebook, Fsq, rotated, straight_through


@dataclass(frozen=True)
class Architecture:
    """How to build one. `levels` are those of FSQ, empty for a book that is learned."""

    channels: int
    grid: int
    codes: int
    vector: int
    width: int
    halvings: int
    blocks: int
    style: Style
    ema: bool
    unit: bool
    spread: float
    levels: tuple[int, ...] = ()


@dataclass(frozen=True)
class Quantised:
    """What the quantiser made of a batch: z and its codes' vectors q, (M, D), and the codes (M,). `passed` has the
    values of q and the gradient that goes back to z."""

    z_MD: Tensor
    q_MD: Tensor
    passed_MD: Tensor
    codes_M: Tensor


class VqAutoencoder(nn.Module):
    """(N, C, H, W) in [-1, 1] -> codes -> (N, C, H, W)."""

    error: Tensor
    variance: Tensor

    def __init__(self, plan: Architecture) -> None:
        super().__init__()
        self.grid = plan.grid
        vector = len(plan.levels) or plan.vector
        parts = (plan.width, plan.halvings, plan.blocks, plan.style)
        self.encoder = Encoder(plan.channels, vector, *parts)
        self.quantiser: Codebook | Fsq = (
            Fsq(plan.levels)
            if plan.levels
            else Codebook(plan.codes, vector, ema=plan.ema, unit=plan.unit, spread=plan.spread)
        )
        self.decoder = Decoder(plan.channels, vector, *parts)
        self.register_buffer("error", torch.tensor(0.25))  # mean squared error of late, for the likelihood
        self.register_buffer("variance", torch.tensor(1.0))  # of the data

    def vectors(self, x: Tensor) -> Tensor:
        """What the encoder says, (M, D), places of a sample in reading order."""
        z_MD: Tensor = self.encoder(x).permute(0, 2, 3, 1).flatten(0, 2)
        return z_MD

    def quantise(self, z_MD: Tensor, *, rotation: bool = False) -> Quantised:
        """The nearest codes and their vectors. The gradient of the book flows through `q_MD`."""
        if isinstance(self.quantiser, Fsq):
            passed, codes = self.quantiser(z_MD)
            return Quantised(z_MD, passed.detach(), passed, codes)
        z_MD = self.quantiser.laid(z_MD)
        codes = self.quantiser.codes_of(z_MD)
        q_MD = self.quantiser.book()[codes]
        passed = rotated(z_MD, q_MD.detach()) if rotation else straight_through(z_MD, q_MD.detach())
        return Quantised(z_MD, q_MD, passed, codes)

    def decode(self, vectors_MD: Tensor) -> Tensor:
        """Pictures of the vectors of whole grids."""
        x: Tensor = self.decoder(vectors_MD.view(-1, self.grid, self.grid, vectors_MD.shape[1]).permute(0, 3, 1, 2))
        return x

    def codes_of(self, x: Tensor) -> Tensor:
        """(N, h, w) int64."""
        z_MD = self.vectors(x)
        codes = self.quantiser(z_MD)[1] if isinstance(self.quantiser, Fsq) else self.quantiser.codes_of(z_MD)
        return codes.view(-1, self.grid, self.grid)

    def picture_of(self, codes_NHW: Tensor) -> Tensor:
        return self.decode(self.quantiser.book()[codes_NHW.flatten()])
