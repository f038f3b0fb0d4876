"""The likelihood of pixels in DALL-E's autoencoder: a Laplace distribution of the logit of a pixel.

Reference: Ramesh et al. 2021 (arXiv 2102.12092) appendix A.3. Its density f(x | mu, b) = exp(-|logit x - mu| / b) /
(2 b x (1 - x)) lives on the open interval (0, 1), so pixels are first mapped away from its ends by phi. (Section 2.1 of
the paper says "log-laplace"; the appendix defines the logit-Laplace.)
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

LEVELS = 256


def phi(pixels: Tensor, eps: float) -> Tensor:
    """Pixels in [0, 1] into [eps, 1 - eps]; the paper's equation 3 with its bytes divided by 255."""
    return pixels * (1 - 2 * eps) + eps


def phi_inverse(x: Tensor, eps: float) -> Tensor:
    """From (0, 1) back to pixels, cut off to [0, 1]."""
    return ((x - eps) / (1 - 2 * eps)).clamp(0.0, 1.0)


def negative_log_likelihood(x: Tensor, mu: Tensor, ln_b: Tensor) -> Tensor:
    """-ln f(x | mu, b) in nats, elementwise, for x in (0, 1). It is a density: it may be negative."""
    log_x, log_rest = x.log(), torch.log1p(-x)
    return math.log(2) + ln_b + log_x + log_rest + (log_x - log_rest - mu).abs() * torch.exp(-ln_b)


def log_mass_of_bytes(levels: Tensor, mu: Tensor, ln_b: Tensor, eps: float) -> Tensor:
    """The log probability of each byte 0..255, elementwise: the exact mass between the midpoints to its neighbours,
    where the first and the last byte take all that lies beyond. Over the 256 bytes the probabilities sum to 1."""
    below, above = ((phi((levels + side) / (LEVELS - 1), eps).logit() - mu) / ln_b.exp() for side in (-0.5, 0.5))
    below = below.masked_fill(levels <= 0, -math.inf)
    above = above.masked_fill(levels >= LEVELS - 1, math.inf)

    # The Laplace distribution function is e^z / 2 below its middle and 1 - e^-z / 2 above it: no difference of large
    # numbers is taken on either side, nor across.
    outside = -torch.maximum(torch.maximum(below, -above), torch.zeros_like(mu))
    aside = outside + torch.log(-torch.expm1(below - above))
    across = torch.log(-(torch.expm1(below) + torch.expm1(-above)))
    return torch.where((below < 0) & (above > 0), across, aside) - math.log(2)
