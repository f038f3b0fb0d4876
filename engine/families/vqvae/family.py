"""The training of a VQ-VAE.

Reference: van den Oord et al. 2017 (arXiv 1711.00937) equation 3: -log p(x | z_q(x)) + |sg[z_e] - e|^2 +
beta |z_e - sg[e]|^2. The first term teaches the decoder and, through the copied gradient, the encoder; the second only
the book; the third only the encoder (often published with beta on the second: a fourth of the commitment).

Legend: M vectors, K codes, D numbers of a vector.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from engine.families.vqvae.networks import Architecture, Quantised, VqAutoencoder
from engine.family import Batch, CodeEdit, Family, FamilyError, Losses, OptimizerSettings, Phase, SampleSpec, Tensors
from engine.nn.ema import ema_beta, ema_update
from engine.nn.quantize import Codebook
from engine.nn.usage import CodeUsage

ERROR_DECAY = 0.99


class VqVae(Family):
    """Encoder, book and decoder that learn together."""

    def __init__(self, config: Any, spec: SampleSpec, plan: Architecture) -> None:
        self.config = config
        self.spec = spec
        self.network = VqAutoencoder(plan)
        self.average = copy.deepcopy(self.network).eval().requires_grad_(False)
        self.counted = CodeUsage(len(self.network.quantiser.book()), config.batch_size * plan.grid**2)
        self._last: Quantised | None = None
        self._error = torch.tensor(0.0)

    def phases(self) -> tuple[Phase, ...]:
        config = self.config
        return (
            Phase("VQ-VAE", "VQ-VAE", self.network, OptimizerSettings("adam", config.lr, (config.beta1, config.beta2))),
        )

    def losses(self, phase: str, batch: Batch, rng: torch.Generator, step: int) -> Losses:
        config, book = self.config, self.network.quantiser
        z_MD = self.network.vectors(batch.x)
        if step == 0 and isinstance(book, Codebook) and config.start == "data":
            book.begin(z_MD, rng)

        # Reconstruct from the nearest codes; the error counts in units of the data's variance.
        quantised = self.network.quantise(z_MD, rotation=config.rotation)
        error = (self.network.decode(quantised.passed_MD) - batch.x).square().mean()
        reconstruction = error / self._variance(batch.x, step)
        total = reconstruction
        terms = {"reconstruction": reconstruction.detach(), "PSNR": -10 * torch.log10(error.detach() / 4)}

        # Pull codes to the vectors that chose them (unless averages do that), and vectors to their codes.
        distances = {"codebook": (quantised.z_MD.detach(), quantised.q_MD), "commitment": _towards(quantised)}
        weights = {"codebook": 0.0 if self._averages else 1.0, "commitment": config.beta}
        for name, (a, b) in distances.items():
            if isinstance(book, Codebook):
                distance = (a - b).square().mean()
                terms[name] = distance.detach()
                total = total + distance * weights[name] if weights[name] else total
        self._last = Quantised(z_MD.detach(), quantised.q_MD.detach(), quantised.passed_MD.detach(), quantised.codes_M)
        self._error = error.detach()
        return Losses(total, {"loss/VQ-VAE": total.detach(), **terms})

    @property
    def _averages(self) -> bool:
        book = self.network.quantiser
        return isinstance(book, Codebook) and book.ema

    def _variance(self, x: Tensor, step: int) -> Tensor:
        """The variance of the first batch, so that the error has the same weight beside the other terms for any
        data. A constant data set has none, and counts as it is."""
        if step == 0:
            variance = x.detach().var()
            self.network.variance.copy_(torch.where(variance > 1e-6, variance, 1.0))
        return self.network.variance

    def rates(self, phase: str, step: int) -> dict[str, float]:
        config = self.config
        seen = step * config.batch_size
        lr = config.lr / (1 + seen / config.lr_half) if config.lr_half > 0 else config.lr
        return {"lr": lr * min(1.0, (step + 1) / max(config.warm_up, 1))}

    def after_step(self, step: int, phases: tuple[str, ...], rng: torch.Generator) -> None:
        last, book, config = self._last, self.network.quantiser, self.config
        if last is None:
            return
        if isinstance(book, Codebook):
            book.follow(last.z_MD, last.codes_M, config.ema_decay)
            if config.restart_below > 0 and step % config.restart_every == 0:
                book.restart(last.z_MD, config.restart_below, rng)
        error = self.network.error
        error.copy_(torch.where(self._error.isfinite(), error.lerp(self._error, 1 - ERROR_DECAY), error))
        self.counted.count(last.codes_M, step, math.ceil(self.spec.count / config.batch_size))
        beta = ema_beta(config.batch_size, config.ema_half_life, (step + 1) * config.batch_size, 0.05)
        ema_update(self.average, self.network, beta)

    def set_config(self, config: Any) -> None:
        self.config = config

    def modules(self) -> Mapping[str, nn.Module]:
        return {"net": self.network, "net_ema": self.average, "usage": self.counted}

    def snapshot_tensors(self) -> Tensors:
        weights = {f"net.{name}": tensor for name, tensor in self.average.state_dict().items()}
        return {**weights, "usage": self.counted.counts()[0]}

    # ------------------------------------------------------------------------------------------------ the book mended

    def usage(self) -> Tensor:
        return self.counted.counts()

    def held_codes(self) -> Tensor:
        book = self.network.quantiser
        if isinstance(book, Codebook):
            return torch.stack((book.frozen, book.barred))
        return torch.zeros(2, book.count, dtype=torch.bool, device=book.levels_L.device)

    def edit_codes(self, edit: CodeEdit, codes_M: Tensor, rng: torch.Generator) -> None:
        """Raises FamilyError where there is nothing to mend, or no batch yet to take vectors from."""
        book = self.network.quantiser
        if not isinstance(book, Codebook):
            raise FamilyError("FSQ has no code vectors that could be mended: every combination of levels is a code.")
        if edit == "merge" and len(codes_M) < 2:
            raise FamilyError("Merging takes at least two codes; choose another one, too.")
        if edit == "revive":
            if self._last is None:
                raise FamilyError("A code comes back as a vector of the last batch; train one step first.")
            book.revive(codes_M, self._last.z_MD, rng)
        elif edit == "merge":
            book.merge(codes_M)
        elif edit == "freeze":
            book.freeze(codes_M)
        else:
            book.frozen.index_fill_(0, codes_M, False)
        self.average.quantiser.load_state_dict(book.state_dict())

    def book_state(self) -> Tensors:
        book = self.network.quantiser
        return dict(book.state_dict()) if isinstance(book, Codebook) else {}

    def restore_codes(self, codes_M: Tensor, before: Tensors) -> None:
        for name, tensor in self.book_state().items():
            tensor[codes_M] = before[name][codes_M]
        self.average.quantiser.load_state_dict(self.network.quantiser.state_dict())


def _towards(quantised: Quantised) -> tuple[Tensor, Tensor]:
    return quantised.z_MD, quantised.q_MD.detach()
