"""The diagonal Gaussian that an encoder gives, against the standard normal prior.

Reference: Kingma and Welling 2013 (arXiv 1312.6114) section 2.4 and appendix B.

Legend: N samples, Z latent size.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class DiagonalGaussian:
    """N(mean, diag(exp(log_variance))) for each sample; both (N, Z)."""

    mean: Tensor
    log_variance: Tensor

    def place(self, noise: Tensor) -> Tensor:
        """The draw (..., N, Z) that standard normal noise (..., N, Z) stands for; differentiable in both parameters."""
        return self.mean + torch.exp(0.5 * self.log_variance) * noise

    def kl(self) -> Tensor:
        """KL from it to the standard normal, (N, Z) in nats: each number's part."""
        return 0.5 * (self.mean.square() + self.log_variance.exp() - 1 - self.log_variance)

    def log_density(self, z: Tensor) -> Tensor:
        """log q(z) in nats of z (..., N, Z), (..., N)."""
        offset = (z - self.mean).square() * torch.exp(-self.log_variance)
        return -0.5 * (offset + self.log_variance + math.log(2 * math.pi)).sum(dim=-1)


def log_prior(z: Tensor) -> Tensor:
    """log p(z) in nats of z (..., Z) under the standard normal, (...)."""
    return -0.5 * (z.square() + math.log(2 * math.pi)).sum(dim=-1)
