"""What a model with Gaussian latents says of pictures it never saw: its bound in parts, a tighter one, active units.

Legend: N pictures, Z latent size.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.controls import GRID_SEED
from engine.data.dataset import Dataset
from engine.evaluate.sampling import Steps, shuffled_rows
from engine.families.vae.bounds import LatentModel, active_units, elbo, iwae_bound
from engine.stepper import mix, to_model

ELBO_DRAWS = 8
TIGHT_PICTURES = 256  # pictures of the importance-weighted bound, which takes many draws each
AT_ONCE = 8


def measure_posterior(
    model: LatentModel,
    data: Dataset,
    device: torch.device,
    count: int = 1000,
    draws: int = 50,
    seed: int = GRID_SEED,
    at_once: int = AT_ONCE,
) -> Generator[Steps, None, dict[str, Any]]:
    """Means over `count` pictures in nats, and in bits per number where the name ends so: the ELBO and its two parts;
    of the first 256 pictures also the bound of `draws` draws (0 leaves it out) beside their ELBO; active units."""
    rows = shuffled_rows(data, seed)[:count]
    tight = min(len(rows), TIGHT_PICTURES) if draws else 0
    rng = torch.Generator().manual_seed(mix(seed, draws))
    bounds, costs, means, tighter = [list[Tensor]() for _ in range(4)]
    for start in range(0, len(rows), at_once):
        x = to_model(torch.from_numpy(np.asarray(data.batch(rows[start : start + at_once]))).to(device))
        with torch.inference_mode():
            q = model.posterior(x)
            noise = torch.randn(ELBO_DRAWS, *q.mean.shape, generator=rng).to(device)
            bounds.append(elbo(model, x, noise).double().cpu())
            costs.append(q.kl().sum(dim=1).double().cpu())
            means.append(q.mean.cpu())
        yield start, len(rows) + tight
    for start in range(0, tight, at_once):
        x = to_model(torch.from_numpy(np.asarray(data.batch(rows[start : min(start + at_once, tight)]))).to(device))
        with torch.inference_mode():
            tighter.append(iwae_bound(model, x, draws, rng).double().cpu())
        yield len(rows) + start, len(rows) + tight
    elbo_N, kl_N, means_NZ = torch.cat(bounds), torch.cat(costs), torch.cat(means)
    bits = -1 / (math.prod(data.shape) * math.log(2))
    active = active_units(means_NZ)
    found: dict[str, Any] = {
        "pictures": len(rows),
        "elbo_nats": round(float(elbo_N.mean()), 3),
        "log_likelihood_nats": round(float((elbo_N + kl_N).mean()), 3),
        "kl_nats": round(float(kl_N.mean()), 3),
        "elbo_bits_per_dim": round(float(elbo_N.mean()) * bits, 5),
        "active_units": int(active.sum()),
        "units": len(active),
    }
    if tight:
        bound = float(torch.cat(tighter).mean())
        found |= {
            "iwae_draws": draws,
            "iwae_pictures": tight,
            "iwae_nats": round(bound, 3),
            "elbo_nats_of_these": round(float(elbo_N[:tight].mean()), 3),
            "iwae_bits_per_dim": round(bound * bits, 5),
        }
    return found
