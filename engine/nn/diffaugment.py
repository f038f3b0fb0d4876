"""Random changes that D sees on real and made pictures alike, so that a small data set is not learned by heart.

They are differentiable, so the gradient of G goes through them. Reference: Zhao et al. 2020, "Differentiable
Augmentation for Data-Efficient GAN Training" (arXiv 2006.10738) section 3; every number is drawn from the generator
that is handed in.

Legend: N samples, C channels, H x W pixels, in [-1, 1]; 0 (mid grey) is what lies outside the picture.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

POLICIES = ("none", "translation", "color,translation", "color,translation,cutout")


def diffaugment(x_NCHW: Tensor, policy: str, strength: float, rng: torch.Generator) -> Tensor:
    """Apply the parts of `policy` in their order. `strength` scales them all: 0 changes nothing, 1 is the paper's."""
    if policy == "none" or strength == 0.0:
        return x_NCHW
    for part in policy.split(","):
        x_NCHW = _PARTS[part](x_NCHW, strength, rng)
    return x_NCHW


def color(x_NCHW: Tensor, strength: float, rng: torch.Generator) -> Tensor:
    """Brightness +-0.5, saturation 0..2 (colour pictures only) and contrast 0.5..1.5, at strength 1."""
    brightness, saturation, contrast = (
        (strength * _uniform(x_NCHW, rng)).view(-1, 1, 1, 1) for _ in ("brightness", "saturation", "contrast")
    )
    x_NCHW = x_NCHW + brightness
    if x_NCHW.shape[1] == 3:
        grey_N1HW = x_NCHW.mean(dim=1, keepdim=True)
        x_NCHW = grey_N1HW + (x_NCHW - grey_N1HW) * (1 + 2 * saturation)
    level_N111 = x_NCHW.mean(dim=(1, 2, 3), keepdim=True)
    return level_N111 + (x_NCHW - level_N111) * (1 + contrast)


def translation(x_NCHW: Tensor, strength: float, rng: torch.Generator) -> Tensor:
    """Shift each picture by up to 1/8 of its size, at strength 1."""
    count, channels, height, width = x_NCHW.shape
    reach_y, reach_x = round(height / 8 * strength), round(width / 8 * strength)
    y_NH = _shifted(_whole(x_NCHW, reach_y, rng), reach_y, height)
    x_NW = _shifted(_whole(x_NCHW, reach_x, rng), reach_x, width)
    padded = F.pad(x_NCHW, (reach_x, reach_x, reach_y, reach_y))
    rows = padded.gather(2, y_NH.view(count, 1, height, 1).expand(-1, channels, -1, padded.shape[3]))
    return rows.gather(3, x_NW.view(count, 1, 1, width).expand(-1, channels, height, -1))


def cutout(x_NCHW: Tensor, strength: float, rng: torch.Generator) -> Tensor:
    """Blank a rectangle of half the height and half the width (at strength 1) whose centre may lie anywhere."""
    height, width = x_NCHW.shape[2:]
    inside_NH = _span(x_NCHW, height, round(height / 2 * strength), rng)
    inside_NW = _span(x_NCHW, width, round(width / 2 * strength), rng)
    hole_NHW = inside_NH[:, :, None] & inside_NW[:, None, :]
    return x_NCHW * ~hole_NHW[:, None]


def _uniform(x: Tensor, rng: torch.Generator) -> Tensor:
    return torch.rand(len(x), generator=rng, device=rng.device).to(x.device) - 0.5


def _whole(x: Tensor, reach: int, rng: torch.Generator) -> Tensor:
    """A whole number from -reach to reach for each sample."""
    return torch.randint(-reach, reach + 1, (len(x),), generator=rng, device=rng.device).to(x.device)


def _shifted(shift_N: Tensor, reach: int, size: int) -> Tensor:
    """Where each row of the result comes from in a picture that was padded by `reach`."""
    return torch.arange(size, device=shift_N.device)[None, :] + reach + shift_N[:, None]


def _span(x: Tensor, size: int, length: int, rng: torch.Generator) -> Tensor:
    """Which of `size` places lie in a span of `length` around a random centre, (N, size) booleans."""
    centre_N = torch.randint(0, size + 1, (len(x),), generator=rng, device=rng.device).to(x.device)
    start_N1 = (centre_N - length // 2)[:, None]
    places = torch.arange(size, device=x.device)[None, :]
    return (places >= start_N1) & (places < start_N1 + length)


_PARTS = {"color": color, "translation": translation, "cutout": cutout}
