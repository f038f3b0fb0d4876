"""How fast a training step of the VQ-VAE is, beside steps with the quantiser of vector-quantize-pytorch.

That package (MIT licence, by Phil Wang) is what most people take; it is no part of this program and has to be installed
for the comparison. It is compared twice, with the same networks, first weights and codes, and batches: in a plain eager
loop as somebody writes it (PyTorch's memory format and Adam, the loss read in every step), and in our own stepping with
nothing but the quantiser exchanged. All compare on the sphere, follow averages with the same decay and copy gradients
straight through, and none restarts codes. Ours also averages weights and counts how often each code is used. Steps
alternate, so that what else the machine does hits all.
"""

from __future__ import annotations

import copy
import dataclasses
import functools
import importlib
import itertools
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from engine.bench.noise import noise_pictures
from engine.device import training_threads
from engine.families.vqvae.family import VqVae
from engine.families.vqvae.vqvae import architecture
from engine.family import Batch, Families, Losses, SampleSpec
from engine.knobs import configure
from engine.nn.ema import ema_beta, ema_update
from engine.nn.quantize import Codebook
from engine.stepper import Stepper, to_model

PACKAGE = "vector_quantize_pytorch"
BOOKS = (512, 8192)
PRESETS = ("tiny", "modern")  # whose networks: beside large ones any quantiser is cheap


class PackageMissingError(ValueError):
    """The package that is compared with is not there; the message says how to install it."""


def bench_vq_step(
    rounds: int = 10, books: tuple[int, ...] = BOOKS, presets: tuple[str, ...] = PRESETS
) -> dict[str, float]:
    """For the networks of each preset and each size of book, the medians of milliseconds, and of their ratios to ours.

    Raises PackageMissingError.
    """
    _package()
    torch.set_num_threads(training_threads())
    found: dict[str, float] = {}
    for preset, codes in itertools.product(presets, books):
        ours, exchanged = _stepper(codes, preset, VqVae), _stepper(codes, preset, PackageVqVae)
        plain = PlainLoop(exchanged)
        steps = (functools.partial(_step, ours), plain.step, functools.partial(_step, exchanged))
        times = [[_seconds(step) for step in steps] for _ in range(rounds + 1)]
        our_s, plain_s, exchanged_s = np.array(times[1:]).T  # the first of each warms up
        found |= {
            f"{preset}/K{codes}/training_ratio": float(np.median(plain_s / our_s)),
            f"{preset}/K{codes}/exchanged_ratio": float(np.median(exchanged_s / our_s)),
            f"{preset}/K{codes}/our_step_ms": float(np.median(our_s)) * 1e3,
            f"{preset}/K{codes}/plain_step_ms": float(np.median(plain_s)) * 1e3,
            f"{preset}/K{codes}/exchanged_step_ms": float(np.median(exchanged_s)) * 1e3,
        }
    return found


def _package() -> Any:
    try:
        return importlib.import_module(PACKAGE)
    except ImportError as error:
        raise PackageMissingError(
            "vector-quantize-pytorch is not installed; to compare with it, run "
            f"`python -m pip install vector-quantize-pytorch` and then the bench again ({error})."
        ) from error


class PackageVqVae(VqVae):
    """The same family with the package's quantiser in the place of ours."""

    def __init__(self, config: Any, spec: SampleSpec, plan: Any) -> None:
        super().__init__(config, spec, plan)
        book = self.network.quantiser
        assert isinstance(book, Codebook)
        self.package: nn.Module = _package().VectorQuantize(
            dim=plan.vector,
            codebook_size=plan.codes,
            decay=config.ema_decay,
            eps=1e-5,
            use_cosine_sim=plan.unit,
            commitment_weight=config.beta,
            rotation_trick=False,
            kmeans_init=False,
            threshold_ema_dead_code=0,
        )
        self.package.codebook = book.book().detach().clone()

    def losses(self, phase: str, batch: Batch, rng: torch.Generator, step: int) -> Losses:
        z_NPD = self.network.encoder(batch.x).permute(0, 2, 3, 1).flatten(1, 2)
        passed_NPD, _, commitment = self.package(z_NPD)
        error = (self.network.decode(passed_NPD.flatten(0, 1)) - batch.x).square().mean()
        total = error / self._variance(batch.x, step) + commitment.sum()
        return Losses(total, {"reconstruction": error.detach(), "commitment": commitment.detach().sum()})

    def after_step(self, step: int, phases: tuple[str, ...], rng: torch.Generator) -> None:
        config = self.config
        beta = ema_beta(config.batch_size, config.ema_half_life, (step + 1) * config.batch_size, 0.05)
        ema_update(self.average, self.network, beta)


class PlainLoop:
    """What somebody writes who takes the package and these networks."""

    def __init__(self, stepper: Stepper) -> None:
        family = stepper.family
        assert isinstance(family, PackageVqVae)
        self.config, self.variance = family.config, float(family.network.variance)
        self.encoder, self.package, self.decoder = (
            copy.deepcopy(module).to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
            for module in (family.network.encoder, family.package, family.network.decoder)
        )
        weights = [*self.encoder.parameters(), *self.decoder.parameters()]
        self.optimizer = torch.optim.Adam(weights, self.config.lr, (self.config.beta1, self.config.beta2))
        everything = stepper.dataset.batch(np.arange(len(stepper.dataset), dtype=np.int64))
        self.pictures = to_model(torch.from_numpy(np.asarray(everything))).contiguous()

    def step(self) -> float:
        x = self.pictures[torch.randint(len(self.pictures), (self.config.batch_size,))]
        z = self.encoder(x)
        q_NPD, _, commitment = self.package(z.flatten(2).transpose(1, 2))
        y = self.decoder(q_NPD.transpose(1, 2).reshape(z.shape))
        loss = F.mse_loss(y, x) / self.variance + commitment.sum()
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return float(loss.detach())


def _stepper(codes: int, preset: str, family: type[VqVae]) -> Stepper:
    entry = Families()["vqvae"]
    knobs = {"codes": codes, "quantiser": "averages", "rotation": False, "start": "cube", "restart_below": 0.0}
    config: Any = configure(entry.config, entry.preset(preset).values, knobs)

    def build(config: Any, spec: SampleSpec) -> VqVae:
        return family(config, spec, architecture(config, spec))

    replaced = dataclasses.replace(entry, build=build)
    return Stepper(replaced, config, noise_pictures(32), seed=0, device=torch.device("cpu"))


def _step(stepper: Stepper) -> None:
    stepper.step()
    stepper.read_metrics()


def _seconds(step: Callable[[], object]) -> float:
    began = time.perf_counter()
    step()
    return time.perf_counter() - began
