"""The training of a VAE: encoder and decoder together make minus the ELBO small.

Reference: Kingma and Welling 2013 (arXiv 1312.6114) section 2.3 (one draw of z per picture) and 2.4 (it is a place that
noise is moved to, so that gradients pass).

Legend: N samples, Z latent size.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from engine.controls import LatentInfo
from engine.families.vae.bounds import ACTIVE
from engine.families.vae.likelihood import Likelihood
from engine.families.vae.networks import Autoencoder
from engine.family import Batch, Family, Losses, OptimizerSettings, Phase, SampleSpec, Tensors
from engine.nn.ema import ema_beta, ema_update

PHASE = "VAE"
EMA_RAMP = 0.05
WINDOW = 0.05  # how fast what is known of the posterior means follows the newest batch


class Vae(Family):
    """One phase. `likelihood_of` makes the likelihood again from a config whose live knobs were moved."""

    def __init__(
        self,
        config: Any,
        spec: SampleSpec,
        network: Callable[[], Autoencoder],
        likelihood_of: Callable[[Any], Likelihood],
    ) -> None:
        self.config = config
        self.spec = spec
        self.latent = LatentInfo(config.z_size, "normal")
        self.likelihood = likelihood_of(config)
        self._likelihood_of = likelihood_of
        self.network = network()
        self.average = copy.deepcopy(self.network).eval().requires_grad_(False)
        # Running mean and variance of the posterior means: as a normalisation layer, so that the loop puts them back
        # where a step was not finite. What it gives is not used.
        self.means = nn.BatchNorm1d(config.z_size, momentum=WINDOW, affine=False)
        nn.init.zeros_(self.means.running_var)  # type: ignore[arg-type]

    def phases(self) -> tuple[Phase, ...]:
        betas = (self.config.beta1, self.config.beta2)
        return (Phase(PHASE, "Encoder and decoder", self.network, OptimizerSettings("adam", self.config.lr, betas)),)

    def losses(self, phase: str, batch: Batch, rng: torch.Generator, step: int) -> Losses:
        x = self.likelihood.seen(batch.x)
        q = self.network.posterior(x)
        noise_NZ = torch.randn(q.mean.shape, generator=rng, device=rng.device).to(x.device)
        out = self.network.decoder(q.place(noise_NZ), x)

        # Minus the ELBO in nats per sample, with its two parts; while warming up the KL counts less.
        reconstruction = -self.likelihood.log_prob(x, out, self.network.log_sigma).mean()
        kl = q.kl().sum(dim=1).mean()
        total = reconstruction + self.kl_weight(step) * kl

        # What the curves show.
        self.means(q.mean.detach())
        bound = -(reconstruction + kl).detach()
        terms = {
            "loss/VAE": total.detach(),
            "reconstruction": reconstruction.detach(),
            "KL": kl.detach(),
            "ELBO": bound,
            "active units": self.active_units().sum().to(torch.float32),
        }
        if self.likelihood.kind == "discretised":
            terms["bits/dim"] = -bound / (x[0].numel() * math.log(2))
        return Losses(total, terms)

    def kl_weight(self, step: int) -> float:
        """beta, reached in equal steps from 0 (Bowman et al. 2016, arXiv 1511.06349 section 3.1)."""
        warm_up = int(self.config.warm_up)
        return float(self.config.beta) * (min(1.0, step / warm_up) if warm_up else 1.0)

    def active_units(self) -> Tensor:
        """Which units' posterior means vary over the newest batches by more than 0.01, (Z,) bool on the device."""
        variance_Z: Tensor = self.means.running_var  # type: ignore[assignment]
        return variance_Z > ACTIVE

    def rates(self, phase: str, step: int) -> dict[str, float]:
        return {"lr": float(self.config.lr)}

    def after_step(self, step: int, phases: tuple[str, ...], rng: torch.Generator) -> None:
        size = int(self.config.batch_size)
        ema_update(self.average, self.network, ema_beta(size, self.config.ema_half_life, (step + 1) * size, EMA_RAMP))

    def set_config(self, config: Any) -> None:
        self.config = config
        self.likelihood = self._likelihood_of(config)

    def modules(self) -> Mapping[str, nn.Module]:
        return {"VAE": self.network, "VAE_ema": self.average, "means": self.means}

    def snapshot_tensors(self) -> Tensors:
        return {f"VAE.{name}": tensor for name, tensor in self.average.state_dict().items()}
