"""dcgan: deep convolutional GAN, the recipe that made GANs train (Radford et al. 2015, arXiv 1511.06434 section 3).

Strided convolutions in place of pooling, batch norm everywhere but at the output of G and the input of D, no hidden
fully connected layers, ReLU in G with tanh at its end, leaky ReLU in D. Kernels of 5, the gain of batch norm from
N(1, 0.02) and z from U(-1, 1) are the authors' code (Newmu/dcgan_code); a kernel of 4 is pytorch/examples' variant.

Legend: N samples, Z latent size, C channels, H x W pixels, F features, K condition columns.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.controls import LatentInfo
from engine.families.gan.family import PHASES, Gan
from engine.families.gan.recipe import (
    CONDITIONS,
    Discriminator,
    Ema,
    Generator,
    Networks,
    Recipe,
    conditions_of,
    picture_size,
)
from engine.families.gan.snapshot import GanSnapshot
from engine.family import FamilyEntry, OptimizerSettings, SampleSpec, Tensors
from engine.knobs import Preset, knob
from engine.nn.diffaugment import POLICIES
from engine.nn.initial import begin_normal
from engine.nn.layers import BatchNorm, ConditionEmbedding, channels_last

SIZES = (16, 32, 64)
PAPER = "Radford et al. 2015 section 4"
CODE = "Newmu/dcgan_code"


@dataclass(frozen=True)
class DcganConfig:
    """The settings of `dcgan`; the defaults are the preset `paper`."""

    z_size: int = knob(
        100, "How many numbers describe one picture.", group="Architecture", source=PAPER, low=1, high=512
    )
    prior: str = knob(
        "uniform",
        "What those numbers are drawn from: uniform in -1..1, or the normal distribution.",
        group="Architecture",
        source=CODE,
        choices=("uniform", "normal"),
    )
    width: int = knob(
        128,
        "Channels of the finest map of G and of D; each coarser one has twice as many.",
        group="Architecture",
        source=CODE,
        low=4,
        high=256,
    )
    kernel: int = knob(
        5,
        "Side of the convolutions: 5 as in the authors' code, 4 as in pytorch/examples.",
        group="Architecture",
        source=CODE,
        unit="pixels",
        low=4,
        high=5,
    )
    condition: str = knob(
        "none",
        "What G is told about the wanted sample: nothing, its label, its attributes, or both.",
        group="Condition",
        source="Mirza and Osindero 2014; Miyato and Koyama 2018",
        choices=CONDITIONS,
    )
    condition_dropout: float = knob(
        0.1,
        "How often a condition is hidden in training, so that the model also works where none is given.",
        group="Condition",
        source="Ho and Salimans 2022",
        low=0.02,
        high=1.0,
        live=True,
    )
    loss: str = knob(
        "non-saturating",
        "What G makes small: log(1 - D) as in the game's value, or -log D, which does not fade.",
        group="Loss",
        source="Goodfellow et al. 2014 section 3",
        choices=("non-saturating", "minimax"),
    )
    d_steps: int = knob(1, "Steps of D for each step of G.", group="Loss", source=CODE, unit="steps", low=1, high=20)
    fresh_z: bool = knob(
        True,
        "G learns from new samples; without it from those that D has just judged, which saves a pass through G.",
        group="Loss",
        source="Goodfellow et al. 2014 algorithm 1; without it, pytorch/examples",
    )
    augment: str = knob(
        "none",
        "Random changes to all that D sees, so that it does not learn a small data set by heart.",
        group="Regularisation",
        source="Zhao et al. 2020 section 3",
        choices=POLICIES,
        live=True,
    )
    augment_strength: float = knob(
        1.0,
        "How large those changes are; 1 is the paper's.",
        group="Regularisation",
        source="Zhao et al. 2020 section 3",
        low=0.0,
        high=1.0,
        live=True,
    )
    lr_g: float = knob(
        2e-4, "Step size of G.", group="Optimizer", source=PAPER, low=1e-7, high=1.0, live=True, log=True
    )
    lr_d: float = knob(
        2e-4, "Step size of D.", group="Optimizer", source=PAPER, low=1e-7, high=1.0, live=True, log=True
    )
    beta1: float = knob(
        0.5,
        "How much Adam remembers of past gradients; 0.9 made training swing.",
        group="Optimizer",
        source=PAPER,
        low=0.0,
        high=0.999,
    )
    beta2: float = knob(
        0.999,
        "How much Adam remembers of past squared gradients.",
        group="Optimizer",
        source="Kingma and Ba 2015",
        low=0.0,
        high=0.9999,
    )
    weight_decay: float = knob(
        0.0,
        "Pull of all weights towards 0; the authors' code has 1e-5 for faces.",
        group="Optimizer",
        source=CODE,
        low=0.0,
        high=0.1,
        live=True,
    )
    ema_half_life: float = knob(
        0.0,
        "The shown G is a slow copy; after this many samples half of it is new. 0 shows G itself.",
        group="EMA",
        source="Karras et al. 2020 (ADA) B",
        unit="samples",
        low=0.0,
        high=1e6,
        live=True,
    )
    batch_size: int = knob(128, "Samples in each step.", group="Batch", source=PAPER, unit="samples", low=2, high=4096)


class DcganGenerator(Generator):
    """(N, Z) -> (N, C, H, W) in [-1, 1]."""

    def __init__(
        self, size: int, channels: int, z_size: int, width: int, kernel: int, conditions: tuple[int, ...]
    ) -> None:
        super().__init__()
        self.z_size = z_size
        self.embedding = ConditionEmbedding(conditions, z_size) if conditions else None
        widths = _widths(width, size)
        self.start = nn.Linear(z_size * 2 if conditions else z_size, widths[0] * 16, bias=False)
        self.norms = nn.ModuleList(BatchNorm(each) for each in widths)
        self.doublings = nn.ModuleList(_doubling(a, b, kernel) for a, b in pairwise((*widths, channels)))
        begin_normal(self, std=0.02)
        _begin_gains(self)

    def forward(self, z_NZ: Tensor, labels_NK: Tensor | None = None) -> Tensor:
        if self.embedding is not None and labels_NK is not None:
            z_NZ = torch.cat([z_NZ, self.embedding(labels_NK)], dim=1)
        x = channels_last(self.start(z_NZ).unflatten(1, (-1, 4, 4)))
        for norm, doubling in zip(self.norms, self.doublings, strict=True):
            x = doubling(F.relu(norm(x)))
        return torch.tanh(x)

    def first_layer(self) -> Tensor:
        return self.start.weight[:, : self.z_size]


class DcganDiscriminator(Discriminator):
    """(N, C, H, W) -> logits (N,). With batch norm, so real and made samples must come in batches of their own."""

    def __init__(self, size: int, channels: int, width: int, kernel: int, conditions: tuple[int, ...]) -> None:
        super().__init__()
        widths = _widths(width, size)[::-1]
        pad = (kernel - 1) // 2
        self.first = nn.Conv2d(channels, widths[0], kernel, 2, pad, bias=False)
        self.halvings = nn.ModuleList(nn.Conv2d(a, b, kernel, 2, pad, bias=False) for a, b in pairwise(widths))
        self.norms = nn.ModuleList(BatchNorm(each) for each in widths[1:])
        self.judge = nn.Linear(widths[-1] * 16, 1, bias=False)
        self.embedding = ConditionEmbedding(conditions, widths[-1]) if conditions else None
        begin_normal(self, std=0.02)
        _begin_gains(self)
        for parameter in self.embedding.parameters() if self.embedding is not None else ():
            nn.init.zeros_(parameter)

    def forward(self, x: Tensor, labels_NK: Tensor | None = None, rng: torch.Generator | None = None) -> Tensor:
        x = F.leaky_relu(self.first(channels_last(x)), 0.2)
        for halving, norm in zip(self.halvings, self.norms, strict=True):
            x = F.leaky_relu(norm(halving(x)), 0.2)
        logits_N: Tensor = self.judge(x.flatten(1))[:, 0]
        if self.embedding is not None and labels_NK is not None:
            logits_N = logits_N + (self.embedding(labels_NK) * x.mean(dim=(2, 3))).sum(dim=1)
        return logits_N


def _widths(width: int, size: int) -> tuple[int, ...]:
    """The channels at 4, 8, ... size / 2 pixels; `width` at the last of them, doubled for each halving."""
    stages = (size // 4).bit_length() - 1
    return tuple(width << stage for stage in reversed(range(stages)))


def _doubling(inputs: int, outputs: int, kernel: int) -> nn.ConvTranspose2d:
    """A fractionally-strided convolution that doubles the side exactly, for both kernels."""
    return nn.ConvTranspose2d(inputs, outputs, kernel, 2, (kernel - 1) // 2, output_padding=kernel - 4, bias=False)


def _begin_gains(module: nn.Module) -> None:
    for layer in module.modules():
        if isinstance(layer, BatchNorm):
            nn.init.normal_(layer.weight, mean=1.0, std=0.02)


def networks_of(config: DcganConfig, spec: SampleSpec) -> Networks:
    """Raises ValueError for pictures of another size and for a condition that the data set does not have."""
    sizes = tuple(len(names) for names in conditions_of(config.condition, spec).values())
    size, channels = picture_size("dcgan", spec, SIZES)
    return Networks(
        functools.partial(DcganGenerator, size, channels, config.z_size, config.width, config.kernel, sizes),
        functools.partial(DcganDiscriminator, size, channels, config.width, config.kernel, sizes),
        LatentInfo(config.z_size, config.prior),  # type: ignore[arg-type]
    )


def recipe_of(config: DcganConfig, spec: SampleSpec) -> Recipe:
    betas = (config.beta1, config.beta2)
    rates = {
        name: {"lr": lr, "weight_decay": config.weight_decay} for name, lr in (("D", config.lr_d), ("G", config.lr_g))
    }
    return Recipe(
        loss=config.loss,  # type: ignore[arg-type]
        batch_size=config.batch_size,
        optimizers={
            name: OptimizerSettings("adam", rate["lr"], betas, weight_decay=config.weight_decay)
            for name, rate in rates.items()
        },
        rates=lambda phase, step: rates[phase],
        d_steps=config.d_steps,
        fresh_z=config.fresh_z,
        augment=config.augment,
        augment_strength=config.augment_strength,
        condition_dropout=config.condition_dropout,
        ema=Ema(config.ema_half_life, ramp=0.05),
    )


def build(config: DcganConfig, spec: SampleSpec) -> Gan:
    return Gan(config, spec, networks_of(config, spec), recipe_of)


def open_snapshot(config: DcganConfig, spec: SampleSpec, tensors: Tensors) -> GanSnapshot:
    return GanSnapshot(spec, networks_of(config, spec), config.condition, "probability", tensors)


PRESETS = (
    Preset("paper", "As published", "The sizes and numbers of the paper; slow without a GPU.", {}, source=PAPER),
    Preset(
        "modern",
        "Light",
        "The common variant with kernels of 4, narrower, with a slow copy of G: for a processor.",
        {"kernel": 4, "width": 32, "prior": "normal", "fresh_z": False, "batch_size": 64, "ema_half_life": 5000.0},
        source="pytorch/examples; ours",
    ),
    Preset(
        "tiny",
        "Tiny",
        "Very small networks, to try things out in seconds.",
        {"kernel": 4, "width": 8, "z_size": 16, "fresh_z": False, "batch_size": 16},
    ),
    Preset(
        "demo_mode_collapse",
        "Mode collapse",
        "G learns 25 times as fast as D with the momentum 0.9 that the paper warns of: soon all pictures are one.",
        {
            "kernel": 4,
            "width": 16,
            "prior": "normal",
            "fresh_z": False,
            "batch_size": 64,
            "beta1": 0.9,
            "lr_g": 5e-3,
            "lr_d": 2e-4,
        },
        source=PAPER,
    ),
)

ENTRY = FamilyEntry(
    name="dcgan",
    sizes=SIZES,
    title="DCGAN (2015)",
    help="Convolutional networks with batch norm, for pictures of 16, 32 or 64 pixels.",
    config=DcganConfig,
    presets=PRESETS,
    best="modern",
    samples=("pictures",),
    capabilities=("latent", "critic"),
    phases=PHASES,
    build=build,
    open_snapshot=open_snapshot,
    demo_data={"demo_mode_collapse": "portraits"},
)
