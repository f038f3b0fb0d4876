"""How like a picture its reconstruction is: PSNR, SSIM, L1.

References: SSIM, Wang et al. 2004 (IEEE TIP 13), with the paper's window (Gaussian, 11x11, sigma 1.5) and constants.
Legend: N samples, C channels, H x W pixels.
"""

from __future__ import annotations

import functools

import torch
import torch.nn.functional as F
from torch import Tensor

WINDOW, SIGMA = 11, 1.5
K1, K2 = 0.01, 0.03
MOST_DB = 100.0  # what is told where nothing differs


def psnr(x: Tensor, y: Tensor) -> Tensor:
    """Peak signal-to-noise ratio in dB of samples in [-1, 1], (N,): the full range is 2."""
    error_N = (x.double() - y.double()).square().flatten(1).mean(dim=1)
    return (10 * torch.log10(4 / error_N.clamp_min(1e-12))).clamp_max(MOST_DB)


def l1(x: Tensor, y: Tensor) -> Tensor:
    """The mean absolute difference in parts of the full range, (N,)."""
    return (x.double() - y.double()).abs().flatten(1).mean(dim=1) / 2


def ssim(x: Tensor, y: Tensor) -> Tensor:
    """Structural similarity of pictures (N, C, H, W) in [-1, 1], the mean over places and channels, (N,).

    Pictures smaller than the window are compared as a whole.
    """
    a, b = (x.double() + 1) / 2, (y.double() + 1) / 2
    blur = functools.partial(_blurred, side=min(WINDOW, *x.shape[2:]))
    mean_a, mean_b = blur(a), blur(b)
    var_a, var_b = blur(a * a) - mean_a**2, blur(b * b) - mean_b**2
    both = blur(a * b) - mean_a * mean_b
    c1, c2 = K1**2, K2**2
    like = (2 * mean_a * mean_b + c1) * (2 * both + c2)
    unlike = (mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2)
    return (like / unlike).flatten(1).mean(dim=1)


def _blurred(x: Tensor, side: int) -> Tensor:
    """Every whole window weighted by the Gaussian."""
    at = torch.arange(side, dtype=torch.float64, device=x.device) - (side - 1) / 2
    weights = torch.exp(-(at**2) / (2 * SIGMA**2))
    weights = weights / weights.sum()
    channels = x.shape[1]
    rows = F.conv2d(x, weights.view(1, 1, -1, 1).expand(channels, 1, -1, 1), groups=channels)
    return F.conv2d(rows, weights.view(1, 1, 1, -1).expand(channels, 1, 1, -1), groups=channels)
