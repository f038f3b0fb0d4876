"""The losses of a GAN, on logits (never on probabilities, which lose digits near 0 and 1), and the theory beside them.

With a logit s, D says "real" with probability sigmoid(s); log sigmoid(s) = -softplus(-s), log(1 - sigmoid(s)) =
-softplus(s). References: Goodfellow et al. 2014 (arXiv 1406.2661) sections 3-4; relativistic pairs, Jolicoeur-Martineau
2018 (arXiv 1807.00734) and Huang et al. 2024 (arXiv 2501.05441); zero-centred gradient penalties R1 and R2, Mescheder
et al. 2018 (arXiv 1801.04406) section 4.1.
"""

from __future__ import annotations

import math
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

Loss = Literal["minimax", "non-saturating", "relativistic"]


def discriminator_loss(loss: Loss, real_N: Tensor, fake_N: Tensor) -> Tensor:
    """What D makes small, from its logits on real and on made samples. 0-d."""
    if loss == "relativistic":
        return F.softplus(fake_N - real_N).mean()
    return F.softplus(-real_N).mean() + F.softplus(fake_N).mean()


def generator_loss(loss: Loss, fake_N: Tensor, real_N: Tensor | None = None) -> Tensor:
    """What G makes small. `real_N`, the logits of real samples, is needed by the relativistic loss alone. 0-d.

    The gradient of "minimax" by a logit is -sigmoid(s), gone where D is sure; that of "non-saturating" is
    -(1 - sigmoid(s)), strongest there.
    """
    if loss == "minimax":
        return -F.softplus(fake_N).mean()
    if loss == "non-saturating":
        return F.softplus(-fake_N).mean()
    if real_N is None:
        raise ValueError("The relativistic loss compares with real samples; give their logits too.")
    return F.softplus(real_N - fake_N).mean()


def gradient_penalty(logits_N: Tensor, x: Tensor) -> Tensor:
    """The squared length of the gradient of D by its input, averaged over the batch: R1 on real, R2 on made samples.

    It is differentiable, so that D can be trained on it. For a linear D it is the squared length of the weight.
    """
    gradient: Tensor = torch.autograd.grad(logits_N.sum(), x, create_graph=True)[0]
    return gradient.square().flatten(1).sum(dim=1).mean()


def latent_change(samples: Tensor, nearby: Tensor) -> Tensor:
    """How much samples differ from those of latents nearby, on average over all numbers. 0-d.

    For pictures (N, C, H, W) the difference of local contrasts counts twice beside it: without that, glasses and mouths
    would count for little beside a background.
    """
    change = nearby - samples
    if change.ndim == 2:
        return change.abs().mean()
    contrast = change - F.avg_pool2d(change, 5, stride=1, padding=2)
    return change.abs().mean() + 2 * contrast.abs().mean()


def value(real_N: Tensor, fake_N: Tensor) -> Tensor:
    """V(G, D) = E log D(x) + E log(1 - D(G(z))), estimated from logits; -log 4 where D cannot tell them apart."""
    return -(F.softplus(-real_N).mean() + F.softplus(fake_N).mean())


def best_discriminator(p_data: Tensor, p_model: Tensor) -> Tensor:
    """D* = p_data / (p_data + p_model), proposition 1 of the paper; 1/2 where neither has mass."""
    total = p_data + p_model
    return torch.where(total > 0, p_data / total.clamp_min(torch.finfo(total.dtype).tiny), 0.5)


def value_of(p_data: Tensor, p_model: Tensor, d: Tensor) -> Tensor:
    """V for distributions over finitely many places and a D given as probabilities; 0 log 0 counts as 0."""
    return torch.sum(torch.special.xlogy(p_data, d) + torch.special.xlogy(p_model, 1 - d))


def criterion(p_data: Tensor, p_model: Tensor) -> Tensor:
    """C(G) = max over D of V = -log 4 + 2 JSD(p_data, p_model), theorem 1 of the paper."""
    return divergence(p_data, (p_data + p_model) / 2) + divergence(p_model, (p_data + p_model) / 2) - math.log(4)


def divergence(p: Tensor, q: Tensor) -> Tensor:
    """KL(p, q) in nats for distributions over finitely many places; q has mass wherever p has."""
    return torch.sum(torch.special.xlogy(p, p) - torch.special.xlogy(p, q))
