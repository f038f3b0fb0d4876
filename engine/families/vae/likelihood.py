"""What a decoder's numbers say of a picture: a distribution for each number, given the latents.

`gaussian` is a density over real numbers, `discretised` the mass that the same Gaussian has on each level of a byte,
`bernoulli` takes levels for chances of white, and `binary` makes pictures black and white first. References: Kingma and
Welling 2013 (arXiv 1312.6114) appendix C; one learned standard deviation, Rybkin et al. 2021 (arXiv 2006.13202).

Legend: N samples, C channels, H x W pixels, P maps per channel (mean, and log sigma where each number has its own).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from engine.nn import likelihoods
from engine.nn.likelihoods import HALF_LEVEL

Kind = Literal["discretised", "gaussian", "bernoulli", "binary"]
Variance = Literal["stated", "learned", "each"]


@dataclass(frozen=True)
class Likelihood:
    """`sigma` is the stated standard deviation in units of [-1, 1]; where it is learned, it is where that begins."""

    kind: Kind
    variance: Variance
    sigma: float

    @property
    def maps(self) -> int:
        """P: how many numbers the decoder gives for each number of a picture."""
        return 2 if not self._chances and self.variance == "each" else 1

    @property
    def learns_one(self) -> bool:
        return not self._chances and self.variance == "learned"

    @property
    def like(self) -> float:
        """What the decoder gives, by x in [-1, 1], to say that a number is most likely like it: mean or log odds."""
        return 4.0 if self._chances else 1.0

    @property
    def _chances(self) -> bool:
        return self.kind in ("bernoulli", "binary")

    def seen(self, x: Tensor) -> Tensor:
        """The pictures as the networks see them: as they are, or each number black (-1) or white (1)."""
        return torch.where(x > 0, 1.0, -1.0).to(x.dtype) if self.kind == "binary" else x

    def log_prob(self, x: Tensor, out: Tensor, log_sigma: Tensor) -> Tensor:
        """log p of each sample, as it is `seen`, in nats, (N,), from what the decoder gave (N, P * C, H, W)."""
        if self._chances:
            each = likelihoods.bernoulli(x, out)
        elif self.kind == "gaussian":
            each = likelihoods.gaussian(x, *self._gaussian(out, log_sigma))
        else:
            each = likelihoods.discretised_gaussian(x, *self._gaussian(out, log_sigma))
        return each.flatten(1).sum(dim=1)

    def log_mass(self, x: Tensor, out: Tensor, log_sigma: Tensor) -> Tensor:
        """log p of the bytes of each sample in nats, (N,): the mass of their levels under a Gaussian. Where training
        used chances of white, it is the Gaussian of the stated sigma around the decoder's mean."""
        if self._chances:
            mean, spread = self._mean(out), torch.full((), math.log(self.sigma), dtype=out.dtype, device=out.device)
        else:
            mean, spread = self._gaussian(out, log_sigma)
        return likelihoods.discretised_gaussian(x, mean, spread).flatten(1).sum(dim=1)

    def mean(self, out: Tensor) -> Tensor:
        """The expected picture, (N, C, H, W) in [-1, 1]."""
        return self._mean(out).clamp(-1, 1)

    def sample(self, out: Tensor, log_sigma: Tensor, noise: Tensor) -> Tensor:
        """The draw that standard normal noise (N or 1, C, H, W) stands for, on the levels of a byte in [-1, 1]."""
        if self._chances:
            return torch.where(torch.special.ndtr(noise) < torch.sigmoid(out), 1.0, -1.0)
        mean, spread = self._gaussian(out, log_sigma)
        drawn = (mean + spread.exp() * noise).clamp(-1, 1)
        return ((drawn + 1) / (2 * HALF_LEVEL)).round() * (2 * HALF_LEVEL) - 1

    def _mean(self, out: Tensor) -> Tensor:
        return torch.tanh(out / 2) if self._chances else out.chunk(self.maps, dim=1)[0]

    def _gaussian(self, out: Tensor, log_sigma: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log sigma. `log_sigma` (0-d) is the learned one, and where each number has its own, it is added."""
        if self.variance == "stated":
            return out, torch.full((), math.log(self.sigma), dtype=out.dtype, device=out.device)
        if self.variance == "learned":
            return out, likelihoods.with_floor(log_sigma)
        mean, offset = out.chunk(2, dim=1)
        return mean, likelihoods.with_floor(log_sigma + offset)
