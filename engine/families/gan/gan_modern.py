"""gan_modern: what ten years of practice made of the GAN, for pictures of 32 to 64 pixels on little compute.

G begins with a linear map to 4x4, doubles the size with strided transposed convolutions (kernel 4 and stride 2 divide,
so there is no checkerboard), and lets z set the scale and shift of every batch norm (self-modulation: Chen et al. 2019,
arXiv 1810.01365). D has no batch norm and reads 4x4 patches first, which is where its time goes. Training: softplus
losses or relativistic pairs, lazy R1/R2 (Karras et al. 2020, arXiv 1912.04958 section 3; Huang et al. 2024, arXiv
2501.05441), DiffAugment, and a slow copy of G that is shown. A conditional D projects on the condition (Miyato and
Koyama 2018, arXiv 1802.05637). Points take multi-layer perceptrons with the same training.

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
from engine.families.gan.family import Gan
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
from engine.nn.initial import begin_normal, begin_scaled
from engine.nn.layers import BatchNorm, ConditionEmbedding, MinibatchStd, channels_last

SIZES = (16, 32, 64)


@dataclass(frozen=True)
class GanModernConfig:
    """The settings of `gan_modern`; the defaults are the preset `modern`."""

    z_size: int = knob(
        64, "How many numbers describe one sample.", group="Architecture", source="Huang et al. 2024 C", low=1, high=512
    )
    width: int = knob(
        32,
        "Channels of G where pictures are 32 pixels wide; coarser maps have more, finer ones fewer.",
        group="Architecture",
        low=4,
        high=128,
    )
    d_width: int = knob(
        32, "The same for D: twice this many where its pictures are 16 wide.", group="Architecture", low=4, high=128
    )
    point_width: int = knob(
        128, "Units in each of the three hidden layers, for points.", group="Architecture", low=4, high=1024
    )
    minibatch_std: bool = knob(
        False,
        "Let D see how much a batch varies, against mode collapse.",
        group="Architecture",
        source="Karras et al. 2018 section 3",
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
        "How often a condition is hidden in training, so that the model also works without it.",
        group="Condition",
        source="Ho and Salimans 2022",
        low=0.0,
        high=1.0,
        live=True,
    )
    loss: str = knob(
        "relativistic",
        "How G and D are scored: each sample alone, or real against made ones in pairs.",
        group="Loss",
        source="Goodfellow et al. 2014 section 3; Huang et al. 2024 section 2",
        choices=("non-saturating", "relativistic"),
    )
    gamma: float = knob(
        0.05,
        "How strongly D is kept smooth around real pictures (R1), for 32x32; it grows with the number of pixels.",
        group="Regularisation",
        source="Mescheder et al. 2018 section 4.1",
        low=0.0,
        high=100.0,
        live=True,
    )
    gamma_made: float = knob(
        0.05,
        "The same around made pictures (R2); relativistic pairs need it.",
        group="Regularisation",
        source="Huang et al. 2024 section 2",
        low=0.0,
        high=100.0,
        live=True,
    )
    penalty_every: int = knob(
        8,
        "Compute R1 and R2 at every n-th step only, n times as strong.",
        group="Regularisation",
        source="Karras et al. 2020 (StyleGAN2) section 3",
        unit="steps",
        low=1,
        high=64,
        live=True,
    )
    augment: str = knob(
        "translation",
        "Random changes to all that D sees, so that it does not learn a small data set by heart.",
        group="Regularisation",
        source="Zhao et al. 2020 section 3",
        choices=POLICIES,
        live=True,
    )
    augment_strength: float = knob(
        0.5,
        "How large those changes are; 1 is the paper's.",
        group="Regularisation",
        source="Zhao et al. 2020 section 3",
        low=0.0,
        high=1.0,
        live=True,
    )
    lr_g: float = knob(
        5e-4,
        "Step size of G.",
        group="Optimizer",
        source="Heusel et al. 2017",
        low=1e-7,
        high=1.0,
        live=True,
        log=True,
    )
    lr_d: float = knob(
        5e-4,
        "Step size of D.",
        group="Optimizer",
        source="Heusel et al. 2017",
        low=1e-7,
        high=1.0,
        live=True,
        log=True,
    )
    lr_half: float = knob(
        1_000_000.0,
        "After this many samples both step sizes are half, after twice as many a third, and so on; 0 keeps them.",
        group="Optimizer",
        unit="samples",
        low=0.0,
        high=1e9,
        live=True,
    )
    beta1: float = knob(
        0.0,
        "How much Adam remembers of past gradients.",
        group="Optimizer",
        source="Karras et al. 2020 (StyleGAN2) B",
        low=0.0,
        high=0.999,
    )
    beta2: float = knob(
        0.99,
        "How much Adam remembers of past squared gradients.",
        group="Optimizer",
        source="Karras et al. 2020 (StyleGAN2) B",
        low=0.0,
        high=0.9999,
    )
    ema_half_life: float = knob(
        5000.0,
        "The shown G is a slow copy; after this many samples half of it is new.",
        group="EMA",
        source="Karras et al. 2020 (ADA) B",
        unit="samples",
        low=0.0,
        high=1e6,
        live=True,
    )
    ema_ramp: float = knob(
        0.05,
        "The half-life is at most this part of the samples seen so far; 0 for no such limit.",
        group="EMA",
        source="Karras et al. 2020 (ADA) B",
        low=0.0,
        high=1.0,
        live=True,
    )
    batch_size: int = knob(64, "Samples in each step.", group="Batch", unit="samples", low=2, high=4096)


class PictureGenerator(Generator):
    """(N, Z) -> (N, C, H, W) in [-1, 1]; z sets the scale and shift of each batch norm."""

    def __init__(self, size: int, channels: int, z_size: int, width: int, conditions: tuple[int, ...]) -> None:
        super().__init__()
        self.z_size = z_size
        self.embedding = ConditionEmbedding(conditions, z_size) if conditions else None
        inputs = z_size * 2 if conditions else z_size
        self.widths = _widths(width, size)
        self.start = nn.Linear(inputs, self.widths[0] * 16)
        self.styles = nn.Linear(inputs, 2 * sum(self.widths))
        self.norms = nn.ModuleList(BatchNorm(channels, affine=False) for channels in self.widths)
        self.doublings = nn.ModuleList(nn.ConvTranspose2d(a, b, 4, 2, 1, bias=False) for a, b in pairwise(self.widths))
        self.paint = nn.Conv2d(self.widths[-1], channels, 3, 1, 1)
        begin_normal(self, std=0.02)
        nn.init.normal_(self.paint.weight, std=0.05)

    def forward(self, z_NZ: Tensor, codes_NK: Tensor | None = None) -> Tensor:
        if self.embedding is not None and codes_NK is not None:
            z_NZ = torch.cat([z_NZ, self.embedding(codes_NK)], dim=1)
        styles = self.styles(z_NZ).split([2 * width for width in self.widths], dim=1)
        x = channels_last(self.start(z_NZ).unflatten(1, (-1, 4, 4)))
        for stage, (norm, style) in enumerate(zip(self.norms, styles, strict=True)):
            if stage:
                x = self.doublings[stage - 1](x)
            scale, shift = style[:, :, None, None].chunk(2, dim=1)
            x = F.leaky_relu(torch.addcmul(shift, norm(x), 1 + scale), 0.2)
        return torch.tanh(self.paint(x))

    def first_layer(self) -> Tensor:
        return torch.cat([self.start.weight, self.styles.weight])[:, : self.z_size]


class PictureDiscriminator(Discriminator):
    """(N, C, H, W) -> logits (N,), without batch norm."""

    def __init__(self, size: int, channels: int, width: int, batch_std: bool, conditions: tuple[int, ...]) -> None:
        super().__init__()
        widths = _widths(width, size)[-2::-1]
        self.halvings = nn.ModuleList(nn.Conv2d(a, b, 4, 2, 1) for a, b in pairwise((channels, *widths)))
        begin_scaled(self.halvings, slope=0.2)
        self.batch_std = MinibatchStd() if batch_std else None
        self.judge = nn.Linear((widths[-1] + batch_std) * 16, 1)
        self.embedding = ConditionEmbedding(conditions, widths[-1]) if conditions else None
        _begin_undecided(self.judge, self.embedding)

    def forward(self, x: Tensor, codes_NK: Tensor | None = None, rng: torch.Generator | None = None) -> Tensor:
        x = channels_last(x)
        for halving in self.halvings:
            x = F.leaky_relu(halving(x), 0.2)
        seen = x if self.batch_std is None else self.batch_std(x)
        logits_N: Tensor = self.judge(seen.flatten(1))[:, 0]
        if self.embedding is not None and codes_NK is not None:
            logits_N = logits_N + (self.embedding(codes_NK) * x.mean(dim=(2, 3))).sum(dim=1)
        return logits_N


class PointGenerator(Generator):
    """(N, Z) -> (N, D); no bound on the output."""

    def __init__(self, size: int, z_size: int, width: int, conditions: tuple[int, ...]) -> None:
        super().__init__()
        self.z_size = z_size
        self.embedding = ConditionEmbedding(conditions, z_size) if conditions else None
        self.layers = _perceptron(z_size * 2 if conditions else z_size, width, size)

    def forward(self, z_NZ: Tensor, codes_NK: Tensor | None = None) -> Tensor:
        if self.embedding is not None and codes_NK is not None:
            z_NZ = torch.cat([z_NZ, self.embedding(codes_NK)], dim=1)
        points: Tensor = self.layers(z_NZ)
        return points

    def first_layer(self) -> Tensor:
        first = self.layers[0]
        assert isinstance(first, nn.Linear)
        return first.weight[:, : self.z_size]


class PointDiscriminator(Discriminator):
    """(N, D) -> logits (N,)."""

    def __init__(self, size: int, width: int, batch_std: bool, conditions: tuple[int, ...]) -> None:
        super().__init__()
        self.layers = _perceptron(size, width, width)
        self.batch_std = MinibatchStd() if batch_std else None
        self.judge = nn.Linear(width + batch_std, 1)
        self.embedding = ConditionEmbedding(conditions, width) if conditions else None
        _begin_undecided(self.judge, self.embedding)

    def forward(self, x: Tensor, codes_NK: Tensor | None = None, rng: torch.Generator | None = None) -> Tensor:
        x = F.leaky_relu(self.layers(x), 0.2)
        seen = x if self.batch_std is None else self.batch_std(x)
        logits_N: Tensor = self.judge(seen)[:, 0]
        if self.embedding is not None and codes_NK is not None:
            logits_N = logits_N + (self.embedding(codes_NK) * x).mean(dim=1)
        return logits_N


def _widths(width: int, size: int) -> tuple[int, ...]:
    """The channels at 4, 8, ... `size` pixels: `width` at 32, doubled for each halving of the side, at least 8."""
    sides = [4 << stage for stage in range((size // 4).bit_length())]
    return tuple(max(width * 32 // side, 8) for side in sides)


def _perceptron(inputs: int, width: int, outputs: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for a, b in pairwise((inputs, width, width, outputs)):
        layers += [nn.Linear(a, b), nn.LeakyReLU(0.2)]
    perceptron = nn.Sequential(*layers[:-1])
    begin_scaled(perceptron, slope=0.2)
    return perceptron


def _begin_undecided(judge: nn.Linear, embedding: nn.Module | None) -> None:
    """D begins near logit 0 everywhere, with no view on any condition."""
    nn.init.normal_(judge.weight, std=0.02)
    nn.init.zeros_(judge.bias)
    for parameter in embedding.parameters() if embedding is not None else ():
        nn.init.zeros_(parameter)


def networks_of(config: GanModernConfig, spec: SampleSpec) -> Networks:
    """Raises ValueError for pictures of another size and for a condition that the data set does not have."""
    sizes = tuple(len(names) for names in conditions_of(config.condition, spec).values())
    latent = LatentInfo(config.z_size, "normal")
    if spec.is_points:
        (size,) = spec.shape
        return Networks(
            functools.partial(PointGenerator, size, config.z_size, config.point_width, sizes),
            functools.partial(PointDiscriminator, size, config.point_width, config.minibatch_std, sizes),
            latent,
        )
    size, channels = picture_size("gan_modern", spec, SIZES)
    return Networks(
        functools.partial(PictureGenerator, size, channels, config.z_size, config.width, sizes),
        functools.partial(PictureDiscriminator, size, channels, config.d_width, config.minibatch_std, sizes),
        latent,
    )


def learning_rate(start: float, half: float, seen: int) -> float:
    """`start`, half of it after `half` samples, a third after twice as many; constant where `half` is 0."""
    return start / (1 + seen / half) if half > 0 else start


def recipe_of(config: GanModernConfig, spec: SampleSpec) -> Recipe:
    betas = (config.beta1, config.beta2)
    lrs = {"D": config.lr_d, "G": config.lr_g}

    def rates(phase: str, step: int) -> dict[str, float]:
        return {"lr": learning_rate(lrs[phase], config.lr_half, step * config.batch_size)}

    # The paper's gamma is for one resolution; the squared gradient of a picture grows with its number of pixels.
    pixels = 1.0 if spec.is_points else spec.shape[0] * spec.shape[1] / 32**2
    return Recipe(
        loss=config.loss,  # type: ignore[arg-type]
        batch_size=config.batch_size,
        optimizers={name: OptimizerSettings("adam", lr, betas) for name, lr in lrs.items()},
        rates=rates,
        r1=config.gamma * pixels,
        r2=config.gamma_made * pixels,
        penalty_every=config.penalty_every,
        augment=config.augment,
        augment_strength=config.augment_strength,
        condition_dropout=config.condition_dropout,
        ema=Ema(config.ema_half_life, config.ema_ramp),
    )


def build(config: GanModernConfig, spec: SampleSpec) -> Gan:
    return Gan(config, spec, networks_of(config, spec), recipe_of)


def open_snapshot(config: GanModernConfig, spec: SampleSpec, tensors: Tensors) -> GanSnapshot:
    scale = "difference" if config.loss == "relativistic" else "probability"
    return GanSnapshot(spec, networks_of(config, spec), config.condition, scale, tensors)  # type: ignore[arg-type]


PRESETS = (
    Preset("modern", "Modern", "The best choice here: good pictures soon, on a processor alone.", {}),
    Preset(
        "tiny",
        "Tiny",
        "Very small networks, to try things out in seconds.",
        {"z_size": 16, "width": 8, "d_width": 8, "point_width": 32, "batch_size": 16},
    ),
    Preset(
        "few_pictures",
        "Few pictures",
        "For some hundreds or a few thousand pictures: D sees them shifted, recoloured and with holes.",
        {"augment": "color,translation,cutout", "augment_strength": 1.0},
        source="Zhao et al. 2020 section 4",
    ),
    Preset(
        "points",
        "Points",
        "Small networks that settle on a set of points in seconds.",
        {
            "z_size": 2,
            "point_width": 96,
            "loss": "non-saturating",
            "gamma": 0.02,
            "gamma_made": 0.0,
            "penalty_every": 4,
            "augment": "none",
            "lr_g": 2e-3,
            "lr_d": 2e-3,
            "lr_half": 500_000.0,
            "batch_size": 256,
        },
    ),
)

ENTRY = FamilyEntry(
    name="gan_modern",
    title="Modern GAN",
    help="Good pictures of 16, 32 or 64 pixels with little compute, and points.",
    config=GanModernConfig,
    presets=PRESETS,
    best="modern",
    samples=("pictures", "points"),
    capabilities=("latent", "critic"),
    build=build,
    open_snapshot=open_snapshot,
    demo_data={"points": "grid"},
)
