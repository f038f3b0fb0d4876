"""The training of a discrete variational autoencoder, and what a hand may do to its codes.

Reference: Ramesh et al. 2021 (arXiv 2102.12092) sections 2 and 2.1, appendix A.2. A code is drawn at each place by
Gumbel noise; training sees the relaxed draw, forward and backward, and counts its cost by the encoder's logits as they
are, whatever tau is. The paper divides everything by the numbers H W C of a picture, which makes the weight of the mean
KL of a place beta * h w / (H W C).

ln p(x) >= E ln p(x | z) - beta KL holds for beta of 1 (and more), and the relaxed draw is not z: so the relaxed ELB
(beta 1, relaxed draw), the sampled ELB (beta 1, hard draw) and the reconstruction of the most likely codes are told
apart.

Legend: N samples, C channels, H x W pixels, h x w places of the grid, K codes, M codes that are edited.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from engine.families.dvae.networks import DiscreteAutoencoder
from engine.family import Batch, CodeEdit, Family, FamilyError, Losses, OptimizerSettings, Phase, SampleSpec, Tensors
from engine.nn.ema import ema_update
from engine.nn.gumbel import gumbel_noise, kl_to_uniform, relaxed_choice, sampled_choice
from engine.nn.logit_laplace import negative_log_likelihood, phi, phi_inverse
from engine.nn.schedules import scheduled
from engine.nn.usage import CodeUsage

NAME = "dVAE"
EDITED = ("encoder.output.weight", "encoder.output.bias", "decoder.input.weight", "off", "frozen")
REVIVAL_NOISE = 0.05  # of the spread of a row: a revived code must not stay a twin


class Dvae(Family):
    """Encoder and decoder, trained together as one phase."""

    def __init__(self, config: Any, spec: SampleSpec, network: DiscreteAutoencoder) -> None:
        self.config = config
        self.spec = spec
        height, width, channels = spec.shape
        places = (height * width) >> (2 * config.halvings)
        self.places_per_number: float = places / (height * width * channels)
        self.network = network
        self.average = copy.deepcopy(network).eval().requires_grad_(False)
        self.counted = CodeUsage(config.codes, config.batch_size * places)
        self._codes_Nhw: Tensor | None = None
        self._before: dict[str, Tensor] = {}

    def phases(self) -> tuple[Phase, ...]:
        config = self.config
        betas = (config.beta1, config.beta2)
        settings = OptimizerSettings(
            "adamw", config.lr_start, betas, weight_decay=config.weight_decay, clip=config.clip
        )
        return (Phase(NAME, NAME, self.network, settings),)

    def tau(self, step: int) -> float:
        config = self.config
        return scheduled(config.schedule, step, config.tau_start, config.tau_end, config.tau_steps)

    def beta(self, step: int) -> float:
        return scheduled(self.config.schedule, step, 0.0, self.config.beta, self.config.beta_steps)

    def kl_weight(self, step: int) -> float:
        """What the mean KL of a place counts beside the mean negative log-likelihood of a number."""
        return self.beta(step) * self.places_per_number

    def rates(self, phase: str, step: int) -> dict[str, float]:
        config = self.config
        lr = scheduled(config.schedule, step, config.lr_start, config.lr_end, config.lr_steps)
        return {"lr": lr, "weight_decay": config.weight_decay}

    def losses(self, phase: str, batch: Batch, rng: torch.Generator, step: int) -> Losses:
        network, tau = self.network, self.tau(step)
        self._before = {name: row.detach().clone() for name, row in network.rows().items()}

        # Draw a code at each place, relaxed, and decode it.
        x = phi((batch.x + 1) / 2, self.config.margin)
        logits_NhwK = network.logits(x)
        noise_NhwK = gumbel_noise(logits_NhwK, rng)
        mu, ln_b = network.pixels(relaxed_choice(logits_NhwK, noise_NhwK, tau))

        # Weigh what the pixels cost against what the codes cost.
        reconstruction = negative_log_likelihood(x, mu, ln_b).mean()
        kl = kl_to_uniform(logits_NhwK).mean()
        total = reconstruction + kl * self.kl_weight(step)
        if self.config.beta_usage > 0:
            usage_K = logits_NhwK.flatten(0, -2).softmax(dim=-1).mean(dim=0)
            total = (
                total + kl_to_uniform(usage_K.clamp_min(1e-12).log()) * self.config.beta_usage * self.places_per_number
            )
        relaxed = -(reconstruction + kl * self.places_per_number).detach()
        terms = {f"loss/{NAME}": total.detach(), "reconstruction": reconstruction.detach(), "KL": kl.detach()}
        terms["relaxed ELB"] = relaxed
        numbers = {"tau": tau, "beta": self.beta(step), "lr": self.rates(phase, step)["lr"]}
        terms |= {f"schedule/{name}": torch.full_like(relaxed, number) for name, number in numbers.items()}

        # Now and then, see what is left of it when the codes are chosen hard.
        self._codes_Nhw = logits_NhwK.detach().argmax(dim=-1)
        if step % self.config.look_every == 0:
            terms |= self._hard_terms(x, logits_NhwK.detach(), noise_NhwK, kl.detach(), relaxed)
        return Losses(total, terms)

    @torch.no_grad()
    def _hard_terms(self, x: Tensor, logits_NhwK: Tensor, noise_NhwK: Tensor, kl: Tensor, relaxed: Tensor) -> Tensors:
        """By the same noise, so that the gap is one of hardness alone; L1 in units of 255 bytes."""
        mu, ln_b = self.network.pixels_of_codes(sampled_choice(logits_NhwK, noise_NhwK))
        sampled = -(negative_log_likelihood(x, mu, ln_b).mean() + kl * self.places_per_number)
        mu, _ = self.network.pixels_of_codes(logits_NhwK.argmax(dim=-1))
        margin = self.config.margin
        error = phi_inverse(mu.sigmoid(), margin) - phi_inverse(x, margin)
        return {"sampled ELB": sampled, "relaxed-hard gap": relaxed - sampled, "argmax L1": error.abs().mean()}

    @torch.no_grad()
    def after_step(self, step: int, phases: tuple[str, ...], rng: torch.Generator) -> None:
        codes_Nhw, self._codes_Nhw = self._codes_Nhw, None
        if codes_Nhw is None:
            return
        for name, row in self.network.rows().items():  # momentum and decay would move a frozen code without a gradient
            frozen = self.network.frozen.view(-1, *[1] * (row.ndim - 1))
            row.copy_(torch.where(frozen, self._before[name], row))
        self.counted.count(codes_Nhw, step, math.ceil(self.spec.count / self.config.batch_size))
        kept = min(self.config.ema, (step + 1) / (step + 10))  # the weights that training began with are soon forgotten
        ema_update(self.average, self.network, kept)

    def set_config(self, config: Any) -> None:
        self.config = config

    def modules(self) -> Mapping[str, nn.Module]:
        return {"net": self.network, "net_ema": self.average, "usage": self.counted}

    def snapshot_tensors(self) -> Tensors:
        weights = {f"net.{name}": tensor for name, tensor in self.average.state_dict().items()}
        return {**weights, "usage": self.counted.counts()[0]}

    # ----------------------------------------------------------------------------------------------- the codes mended

    def usage(self) -> Tensor:
        """How often each code was the most likely one, (2, K): in the window, and in this epoch."""
        return self.counted.counts()

    def held_codes(self) -> Tensor:
        """(2, K) bool: the codes that are frozen, and those that are off."""
        return torch.stack((self.network.frozen, self.network.off))

    def book_state(self) -> Tensors:
        return {
            f"{name}.{key}": tensor
            for name, network in (("net", self.network), ("net_ema", self.average))
            for key, tensor in network.state_dict().items()
            if key in EDITED
        }

    @torch.no_grad()
    def restore_codes(self, codes_M: Tensor, before: Tensors) -> None:
        """The rows of these codes as an earlier `book_state` had them."""
        for name, tensor in self.book_state().items():
            axis = 1 if name.endswith("decoder.input.weight") else 0  # a 1x1 convolution has its codes as inputs
            tensor.index_copy_(axis, codes_M, before[name].index_select(axis, codes_M))

    @torch.no_grad()
    def edit_codes(self, edit: CodeEdit, codes_M: Tensor, rng: torch.Generator) -> None:
        """Mend codes in the weights and in their running mean alike.

        "revive" makes codes like the most used ones and switches them on; "merge" gives the first code the mean of all
        and switches the others off, so that the encoder never chooses them; "freeze" and "thaw" say whether training
        moves a code. Raises FamilyError, one sentence, where an edit makes no sense for the codes.
        """
        codes_M = codes_M.to(self.network.off.device)
        self._check(edit, codes_M)
        if edit == "revive":
            self._revive(codes_M, rng)
        elif edit == "merge":
            for network in (self.network, self.average):
                for row in network.rows().values():
                    row[codes_M[0]] = row[codes_M].mean(dim=0)
                network.off[codes_M[1:]] = True
        else:
            for network in (self.network, self.average):
                network.frozen[codes_M] = edit == "freeze"

    def _check(self, edit: CodeEdit, codes_M: Tensor) -> None:
        codes, off, frozen = codes_M.tolist(), self.network.off.tolist(), self.network.frozen.tolist()
        wrong = [code for code in codes if not 0 <= code < len(off)]
        if not codes or wrong or len(set(codes)) != len(codes):
            raise FamilyError(f"Name different codes from 0 to {len(off) - 1}.")
        still = [code for code in codes if frozen[code]]
        if edit in ("revive", "merge") and still:
            raise FamilyError(f"Code {still[0]} is frozen; thaw it first.")
        if edit == "merge" and len(codes) < 2:
            raise FamilyError("Merging takes at least two codes; choose another one, too.")
        dark = [code for code in codes if off[code]]
        if edit == "merge" and dark:
            raise FamilyError(f"Code {dark[0]} is off since it was merged; revive it first.")

    def _revive(self, codes_M: Tensor, rng: torch.Generator) -> None:
        """The k-th code becomes like the k-th most used of the others, with a little noise."""
        used_K = self.usage()[0].masked_fill(self.network.off, 0)
        used_K[codes_M] = 0
        models = used_K.argsort(descending=True, stable=True)[: int((used_K > 0).sum())]
        if len(models) == 0:
            raise FamilyError("No other code is in use that these could become like; train some steps first.")
        models_M = models[torch.arange(len(codes_M), device=models.device) % len(models)]
        noise = {
            name: torch.randn(row[codes_M].shape, generator=rng, device=rng.device).to(row.device)
            for name, row in self.network.rows().items()
        }
        for network in (self.network, self.average):
            for name, row in network.rows().items():
                model = row[models_M]
                spread = model.std(dim=1, keepdim=True) if model.ndim > 1 else torch.zeros_like(model)
                row[codes_M] = model + noise[name] * spread * REVIVAL_NOISE
            network.off[codes_M] = False
