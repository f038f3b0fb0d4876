"""How probable numbers are, given what a decoder says of them.

The numbers of a picture are the 256 levels of a byte, spread evenly over [-1, 1]. `discretised_gaussian` gives each
level the mass that a Gaussian has in its bin; the bins of the lowest and the highest level are open to the outside, so
the 256 masses sum to 1 (as Salimans et al. 2017, arXiv 1701.05517 section 2.1, do with a logistic).

References: Bernoulli and Gaussian decoders, Kingma and Welling 2013 (arXiv 1312.6114) appendix C.

Legend: N samples; every function takes tensors of one shape (N, ...) or such that broadcast to it.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

HALF_LEVEL = 1 / 255  # half the distance between two levels of a byte in [-1, 1]
_FAR = -12.0
LOWEST_LOG_SIGMA = math.log(HALF_LEVEL / 4)  # a Gaussian as narrow as this lies within one level


def bernoulli(x: Tensor, logits: Tensor) -> Tensor:
    """log p of each number in nats, where (x + 1) / 2 in [0, 1] is taken for the chance of a 1: minus cross-entropy.

    It is a log-probability for x of -1 and 1 alone; between them it is what is commonly used on grey levels.
    """
    return -F.binary_cross_entropy_with_logits(logits, (x + 1) / 2, reduction="none")


def gaussian(x: Tensor, mean: Tensor, log_sigma: Tensor) -> Tensor:
    """The log of the density of each number in nats; it may be positive. Units: those of x."""
    return -0.5 * ((x - mean) * torch.exp(-log_sigma)).square() - log_sigma - 0.5 * math.log(2 * math.pi)


def discretised_gaussian(x: Tensor, mean: Tensor, log_sigma: Tensor) -> Tensor:
    """The log of the mass, in nats, of the byte level that each number of x in [-1, 1] is.

    Bins are mirrored to the lower tail, where log Phi loses nothing, and log(Phi(b) - Phi(a)) is taken as
    log Phi(b) + log(1 - exp(log Phi(a) - log Phi(b))): values and gradients stay finite in both tails.
    """
    scale = torch.exp(-log_sigma)
    outer = x.abs() > 1 - HALF_LEVEL
    away = (x - mean).abs()
    edge = torch.where(x < 0, HALF_LEVEL - 1 - mean, HALF_LEVEL - 1 + mean)  # of an open bin
    upper = log_phi(torch.where(outer, edge, HALF_LEVEL - away) * scale)
    lower = log_phi((-HALF_LEVEL - away) * scale)
    between = torch.where(outer, -1.0, lower - upper).clamp_max(-torch.finfo(upper.dtype).eps)
    return upper + torch.where(outer, 0.0, torch.log(-torch.expm1(between)))


def discretised_gaussian_bits(x: Tensor, mean: Tensor, log_sigma: Tensor) -> Tensor:
    """-log2 of the mass of x in bits per number, averaged over the numbers of each sample, (N,)."""
    return -discretised_gaussian(x, mean, log_sigma).flatten(1).mean(dim=1) / math.log(2)


def log_phi(x: Tensor) -> Tensor:
    """log of the cumulative standard normal, with a gradient that holds in the tails as well.

    torch.special.log_ndtr (2.13) is ten times as slow, and its gradient in single precision is 0.4 at -50 000. Below
    -12 this is the asymptotic series of Mills' ratio, with a relative error under 2e-8.
    """
    near, far = x.clamp_min(_FAR), x.clamp_max(_FAR)
    inverse = far.square().reciprocal()
    series = torch.log1p(-inverse * (1 - 3 * inverse * (1 - 5 * inverse * (1 - 7 * inverse))))
    tail = series - 0.5 * far.square() - torch.log(-far) - 0.5 * math.log(2 * math.pi)
    return torch.where(x > _FAR, torch.log(0.5 * torch.erfc(near * -math.sqrt(0.5))), tail)


def with_floor(log_sigma: Tensor) -> Tensor:
    """`log_sigma` bent smoothly so that it stays above LOWEST_LOG_SIGMA: no decoder can become infinitely sure
    (Rybkin et al. 2021, arXiv 2006.13202)."""
    return LOWEST_LOG_SIGMA + F.softplus(log_sigma - LOWEST_LOG_SIGMA)
