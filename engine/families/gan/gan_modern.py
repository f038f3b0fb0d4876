"""gan_modern: what ten years of practice made of the GAN, for pictures of 16 to 64 pixels on little compute.

Training: relativistic pairs or the losses of 2014 on logits, lazy R1 and R2 (Karras et al. 2020, arXiv 1912.04958
section 3; Huang et al. 2024, arXiv 2501.05441), DiffAugment, a smooth latent space, and a slow copy of G that is shown.
The networks are in `gan_modern_networks`; points take small perceptrons with the same training.

Why smooth: of all ways to divide a Gaussian space into parts of given mass, half-spaces are the ones in which a point
nearby is most often in the same part (Borell 1985). So punishing change between z and 0.9 z + sqrt(0.19) e pulls the
borders of attributes straight (measured: docs/measurements.md).
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

from engine.controls import LatentInfo
from engine.families.gan.family import PHASES, Gan
from engine.families.gan.gan_modern_networks import (
    PictureDiscriminator,
    PictureGenerator,
    PointDiscriminator,
    PointGenerator,
)
from engine.families.gan.recipe import CONDITIONS, Ema, Networks, Recipe, conditions_of, picture_size
from engine.families.gan.snapshot import GanSnapshot
from engine.family import FamilyEntry, FamilyError, OptimizerSettings, SampleSpec, Tensors
from engine.knobs import Preset, knob
from engine.nn.diffaugment import POLICIES

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
        samples=("pictures",),
    )
    d_width: int = knob(
        32,
        "The same for D: twice this many where its pictures are 16 wide.",
        group="Architecture",
        low=4,
        high=128,
        samples=("pictures",),
    )
    point_width: int = knob(
        128,
        "Units in each of the three hidden layers, for points.",
        group="Architecture",
        low=4,
        high=1024,
        samples=("points",),
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
        "How often a condition is hidden in training, so that the model also works where none is given.",
        group="Condition",
        source="Ho and Salimans 2022",
        low=0.02,
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
    smoothness: float = knob(
        0.0,
        "Punish samples that change where z hardly does: arithmetic works better, and too much makes them alike.",
        group="Regularisation",
        source="ours; after path lengths, Karras et al. 2020 (StyleGAN2) section 3.2",
        low=0.0,
        high=100.0,
        live=True,
    )
    smooth_every: int = knob(
        4,
        "Compute that at every n-th step only, n times as strong.",
        group="Regularisation",
        source="Karras et al. 2020 (StyleGAN2) section 3",
        unit="steps",
        low=1,
        high=64,
        live=True,
    )
    straightness: float = knob(
        0.0,
        "Keep the borders of labels and attributes straight in z, learned from the data's labels: arithmetic works "
        "better.",
        group="Regularisation",
        source="ours; its second head of D: Odena et al. 2017 section 3",
        low=0.0,
        high=100.0,
        samples=("pictures",),
    )
    augment: str = knob(
        "translation",
        "Random changes to all that D sees, so that it does not learn a small data set by heart.",
        group="Regularisation",
        source="Zhao et al. 2020 section 3",
        choices=POLICIES,
        live=True,
        samples=("pictures",),
    )
    augment_strength: float = knob(
        0.5,
        "How large those changes are; 1 is the paper's.",
        group="Regularisation",
        source="Zhao et al. 2020 section 3",
        low=0.0,
        high=1.0,
        live=True,
        samples=("pictures",),
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
    straight = straight_columns(config, spec)
    values = sum(len(names) for names in straight.values())
    return Networks(
        functools.partial(PictureGenerator, size, channels, config.z_size, config.width, sizes, values),
        functools.partial(PictureDiscriminator, size, channels, config.d_width, config.minibatch_std, sizes, values),
        latent,
        straight,
    )


def straight_columns(config: GanModernConfig, spec: SampleSpec) -> dict[str, tuple[str, ...]]:
    """The columns whose borders in z are kept straight: all that G is not told anyway, none where that is off.

    Raises ValueError where the data set has none.
    """
    if config.straightness == 0:
        return {}
    told = conditions_of(config.condition, spec)
    columns = {name: names for name, names in sorted(spec.conditions.items()) if name not in told and len(names) > 1}
    if not columns:
        raise FamilyError("There is no label or attribute to keep straight in this data set; set straightness to 0.")
    return columns


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
        smoothness=config.smoothness,
        smooth_every=config.smooth_every,
        straightness=config.straightness,
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
        "paper",
        "As published",
        "Loss, penalties and step sizes of R3GAN for CIFAR-10 as its schedule begins, in our smaller networks; slow.",
        {
            "penalty_every": 1,
            "augment": "none",
            "lr_g": 2e-4,
            "lr_d": 2e-4,
            "lr_half": 0.0,
            "beta2": 0.9,
            "ema_half_life": 0.0,
            "batch_size": 512,
        },
        source="Huang et al. 2024; R3GAN train.py, CIFAR10",
    ),
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
        "smooth",
        "Smooth",
        "A latent space for arithmetic: for data whose attributes vary freely. Separate classes would melt together.",
        {"smoothness": 4.0},
    ),
    Preset(
        "straight",
        "Straight",
        "A latent space for arithmetic, learned from labels: for data that have some, such as portraits.",
        {"straightness": 1.0},
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
    sizes=SIZES,
    title="Modern GAN",
    help="Good pictures of 16, 32 or 64 pixels with little compute, and points.",
    config=GanModernConfig,
    presets=PRESETS,
    best="modern",
    samples=("pictures", "points"),
    capabilities=("latent", "critic"),
    phases=PHASES,
    build=build,
    open_snapshot=open_snapshot,
    demo_data={"points": "grid"},
)
