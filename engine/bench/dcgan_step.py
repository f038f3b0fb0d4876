"""How fast our training step of a DCGAN is, beside a plain eager PyTorch loop of the same networks.

The plain loop is the one of pytorch/examples (dcgan/main.py): D on real and on made pictures, G on the same made ones,
each loss with its own backward, Adam with its defaults, both losses read in every step, PyTorch's default memory
format. Both sides have the same layers, first weights, batch and precision; the pictures of the plain loop are
converted ahead, ours come through the stepper. Steps alternate, so that what else the machine does hits both.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.bench.noise import noise_pictures
from engine.data.dataset import Dataset
from engine.device import training_threads
from engine.families.gan.dcgan import DcganDiscriminator, DcganGenerator
from engine.families.gan.family import Gan
from engine.family import Families
from engine.knobs import configure
from engine.stepper import Stepper, build_family, spec_of, to_model

LR, BETAS = 2e-4, (0.5, 0.999)


def bench_dcgan_step(rounds: int = 10, size: int = 64, width: int = 64, batch: int = 64) -> dict[str, float]:
    """Milliseconds of both steps and their ratio, medians over `rounds`. Takes about a minute on two cores."""
    torch.set_num_threads(training_threads())
    dataset = noise_pictures(size)
    entry = Families()["dcgan"]
    knobs = {"width": width, "batch_size": batch, "z_size": 100}
    config: Any = configure(entry.config, entry.preset("modern").values, knobs)
    stepper = Stepper(entry, config, dataset, seed=0, device=torch.device("cpu"))
    family = build_family(entry, config, spec_of(dataset), seed=0)
    assert isinstance(family, Gan)
    plain = PlainLoop(family, dataset, batch)
    pairs = [(_seconds(_our_step, stepper), _seconds(plain.step, number)) for number in range(rounds + 1)]
    ours_s, plain_s = np.array(pairs[1:]).T  # the first of each warms up
    return {
        "training_ratio_plain": float(np.median(plain_s / ours_s)),
        "our_step_ms": float(np.median(ours_s)) * 1e3,
        "plain_step_ms": float(np.median(plain_s)) * 1e3,
    }


class PlainLoop:
    """What somebody writes who follows the example."""

    def __init__(self, family: Gan, dataset: Dataset, batch: int) -> None:
        self.generator, self.discriminator = plain_generator(family), plain_discriminator(family)
        self.z_size, self.batch = family.latent.size, batch
        self.optimizer_g = torch.optim.Adam(self.generator.parameters(), LR, BETAS)
        self.optimizer_d = torch.optim.Adam(self.discriminator.parameters(), LR, BETAS)
        everything = dataset.batch(np.arange(len(dataset), dtype=np.int64))
        self.pictures = to_model(torch.from_numpy(everything)).contiguous()

    def step(self, number: int) -> tuple[float, float]:
        """One step of D and one of G; returns both losses."""
        rows = (torch.arange(self.batch) + number * self.batch) % len(self.pictures)
        real, z = self.pictures[rows], torch.randn(self.batch, self.z_size)

        self.discriminator.zero_grad()
        loss_real = _cross_entropy(self.discriminator(real), 1.0)
        loss_real.backward()  # type: ignore[no-untyped-call]
        made = self.generator(z)
        loss_made = _cross_entropy(self.discriminator(made.detach()), 0.0)
        loss_made.backward()  # type: ignore[no-untyped-call]
        self.optimizer_d.step()

        self.generator.zero_grad()
        loss_g = _cross_entropy(self.discriminator(made), 1.0)
        loss_g.backward()  # type: ignore[no-untyped-call]
        self.optimizer_g.step()
        return (loss_real + loss_made).item(), loss_g.item()


def plain_generator(family: Gan) -> nn.Sequential:
    """The layers of G in a row."""
    generator = family.generator
    assert isinstance(generator, DcganGenerator)
    layers: list[nn.Module] = [generator.start, nn.Unflatten(1, (-1, 4, 4))]
    for norm, doubling in zip(generator.norms, generator.doublings, strict=True):
        layers += [norm, nn.ReLU(inplace=True), doubling]
    return nn.Sequential(*layers, nn.Tanh())


def plain_discriminator(family: Gan) -> nn.Sequential:
    """The layers of D in a row."""
    discriminator = family.discriminator
    assert isinstance(discriminator, DcganDiscriminator)
    layers: list[nn.Module] = [discriminator.first, nn.LeakyReLU(0.2, inplace=True)]
    for halving, norm in zip(discriminator.halvings, discriminator.norms, strict=True):
        layers += [halving, norm, nn.LeakyReLU(0.2, inplace=True)]
    return nn.Sequential(*layers, nn.Flatten(), discriminator.judge, nn.Flatten(0))


def _cross_entropy(logits_N: Tensor, wanted: float) -> Tensor:
    return F.binary_cross_entropy_with_logits(logits_N, torch.full_like(logits_N, wanted))


def _our_step(stepper: Stepper) -> None:
    stepper.step()
    stepper.read_metrics()


def _seconds(work: Callable[[Any], object], argument: object) -> float:
    began = time.perf_counter()
    work(argument)
    return time.perf_counter() - began
