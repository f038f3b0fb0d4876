"""Lower bounds of log p(x) of a model with latents, and how many of its latents say something of x.

References: ELBO, Kingma and Welling 2013 (arXiv 1312.6114) equation 3; the importance-weighted bound, Burda et al. 2016
(arXiv 1509.00519) section 3; active units, the same, section 4.2.

Legend: N samples, Z latent size, K draws.
"""

from __future__ import annotations

import math
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from engine.nn.gaussian import DiagonalGaussian, log_prior

ACTIVE = 0.01  # a unit is active where its posterior mean varies by more than this over the data


@runtime_checkable
class LatentModel(Protocol):
    """A prior N(0, I), an approximate posterior and a likelihood."""

    def posterior(self, x: Tensor) -> DiagonalGaussian:
        """q(z|x), (N, Z)."""
        ...

    def log_likelihood(self, x: Tensor, z_NZ: Tensor) -> Tensor:
        """log p(x|z) of each sample in nats, (N,)."""
        ...


def elbo(model: LatentModel, x: Tensor, noise_KNZ: Tensor) -> Tensor:
    """E_q log p(x|z) - KL(q(z|x), p(z)) of each sample in nats, (N,): the mean over the draws that standard normal
    noise (K, N or 1, Z) stands for, with the exact KL."""
    q = model.posterior(x)
    reconstruction_KN = torch.stack([model.log_likelihood(x, q.place(noise_NZ)) for noise_NZ in noise_KNZ])
    return reconstruction_KN.mean(dim=0) - q.kl().sum(dim=1)


def iwae_bound(model: LatentModel, x: Tensor, k: int, rng: torch.Generator) -> Tensor:
    """log of the mean of p(x, z) / q(z|x) over k draws of z, of each sample in nats, (N,).

    With k = 1 it estimates the ELBO; it rises with k in expectation, towards log p(x). Raises ValueError for k < 1.
    """
    if k < 1:
        raise ValueError(f"The bound needs draws, not {k}; give at least 1.")
    q = model.posterior(x)
    log_weights = []
    for _ in range(k):
        noise_NZ = torch.randn(q.mean.shape, generator=rng, device=rng.device, dtype=q.mean.dtype).to(x.device)
        z_NZ = q.place(noise_NZ)
        log_weights.append(model.log_likelihood(x, z_NZ) + log_prior(z_NZ) - q.log_density(z_NZ))
    return torch.stack(log_weights).logsumexp(dim=0) - math.log(k)


def active_units(means_NZ: Tensor) -> Tensor:
    """Which units' posterior means vary over the samples by more than 0.01, (Z,) bool."""
    return means_NZ.var(dim=0, unbiased=False) > ACTIVE
