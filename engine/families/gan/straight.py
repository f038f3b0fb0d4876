"""A latent space whose attributes lie on straight borders, learned from labels.

D gets a second head that tells the attributes of a picture and learns it on real ones, as in AC-GAN (Odena et al. 2017,
arXiv 1610.09585 section 3). G gets a linear map from z to the same attributes. The map learns to say what the head sees
in G(z); G learns to make what the map says, the more the surer the map is. Where the two agree, a border between two
values of an attribute is a hyperplane in z, and sums of latents do what arithmetic promises.

Legend: N samples, K columns, V the values of all columns one after another.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def told_loss(seen_NV: Tensor, labels_NK: Tensor, sizes: tuple[int, ...]) -> Tensor:
    """The cross-entropy of the head of D on real pictures, averaged over the columns; a label of -1 does not count."""
    parts = [
        F.cross_entropy(logits, labels, ignore_index=-1, reduction="sum") / (labels >= 0).sum().clamp_min(1)
        for logits, labels in zip(seen_NV.split_with_sizes(sizes, dim=1), labels_NK.unbind(dim=1), strict=True)
    ]
    return torch.stack(parts).mean()


def map_loss(said_NV: Tensor, seen_NV: Tensor, sizes: tuple[int, ...]) -> Tensor:
    """What the linear map of z learns: to give the values that the head of D sees. No gradient reaches the picture."""
    pairs = zip(said_NV.split_with_sizes(sizes, dim=1), seen_NV.detach().split_with_sizes(sizes, dim=1), strict=True)
    return torch.stack([F.cross_entropy(said, seen.argmax(dim=1)) for said, seen in pairs]).mean()


def straight_loss(said_NV: Tensor, seen_NV: Tensor, sizes: tuple[int, ...]) -> Tensor:
    """What G learns: to show the value that the map gives. Each sample counts by how far the map's first choice is
    before its second, so that an ignorant map asks for nothing. No gradient reaches the map."""
    parts = []
    for said, seen in zip(
        said_NV.detach().split_with_sizes(sizes, dim=1), seen_NV.split_with_sizes(sizes, dim=1), strict=True
    ):
        best = said.softmax(dim=1).topk(2, dim=1)
        sure_N = best.values[:, 0] - best.values[:, 1]
        parts.append((sure_N * F.cross_entropy(seen, best.indices[:, 0], reduction="none")).mean())
    return torch.stack(parts).mean()


def agreement(said_NV: Tensor, seen_NV: Tensor, sizes: tuple[int, ...]) -> Tensor:
    """How often the map and the head name the same value, over all columns: 1 is a space with straight borders. 0-d."""
    pairs = zip(said_NV.split_with_sizes(sizes, dim=1), seen_NV.split_with_sizes(sizes, dim=1), strict=True)
    return torch.stack([(said.argmax(dim=1) == seen.argmax(dim=1)).float().mean() for said, seen in pairs]).mean()
