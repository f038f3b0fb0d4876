"""dvae: the first stage of DALL-E, whose settings these are (Ramesh et al. 2021, arXiv 2102.12092 appendix A.2).

The paper's numbers are for 3 000 000 steps of 512 pictures of 256 pixels. What the schedules of a shorter run are is
ours: tau over the first three tenths, beta over the first fiftieth, the step size over the whole run.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

from engine.families.dvae.family import Dvae
from engine.families.dvae.networks import DiscreteAutoencoder
from engine.families.dvae.snapshot import DvaeSnapshot
from engine.family import FamilyEntry, FamilyError, SampleSpec, Tensors
from engine.knobs import Preset, knob
from engine.nn.schedules import KINDS

SIZES = (16, 32, 64, 128, 256)
PAPER = "Ramesh et al. 2021 A.2"
CODE = "openai/DALL-E, dall_e/encoder.py"


@dataclass(frozen=True)
class DvaeConfig:
    """The settings of `dvae`; the defaults are the preset `paper`."""

    codes: int = knob(8192, "How many codes the book has (K).", group="Codebook", source=PAPER, low=2, high=65536)
    vector: int = knob(
        128, "How many numbers a code is for the decoder.", group="Codebook", source=CODE, low=1, high=1024
    )
    width: int = knob(
        256,
        "Channels of the finest map; each coarser one has twice as many.",
        group="Architecture",
        source=CODE,
        low=4,
        high=512,
    )
    blocks: int = knob(
        2,
        "Residual blocks at each size, on both sides.",
        group="Architecture",
        source=CODE,
        low=1,
        high=8,
    )
    halvings: int = knob(
        3,
        "How often the sides are halved: with 3 a code stands for 8x8 pixels.",
        group="Architecture",
        source=PAPER,
        low=1,
        high=5,
    )
    margin: float = knob(
        0.1,
        "How far pixels are kept from 0 and 1, where their logit would be infinite (epsilon).",
        group="Loss",
        source="Ramesh et al. 2021 A.3",
        low=0.001,
        high=0.4,
    )
    lowest_ln_b: float = knob(
        -7.0,
        "The decoder may not be surer of a pixel than this: ln b at least; a byte is about -4.4 wide.",
        group="Loss",
        low=-12.0,
        high=0.0,
    )
    highest_ln_b: float = knob(
        7.0, "The decoder may not be less sure of a pixel than this: ln b at most.", group="Loss", low=0.1, high=12.0
    )
    beta: float = knob(
        6.6,
        "Weight of the KL term once it is full; the ELBO is a bound only at 1, more makes better use of the codes.",
        group="Loss",
        source=PAPER,
        low=0.0,
        high=100.0,
        live=True,
    )
    schedule: str = knob(
        "half cosine",
        "How tau, beta and step size go from start to end: half a cosine, flat at both ends, or a quarter.",
        group="Schedules",
        source="Ramesh et al. 2021 A.2 says cosine; quarter: karpathy/deep-vector-quantization",
        choices=KINDS,
    )
    beta_usage: float = knob(
        0.0,
        "How much it costs that a batch as a whole prefers some codes: the KL of its mean choice. 0 as in the paper.",
        group="Loss",
        source="ours; after the entropy terms of Jansen et al. 2020 and Yu et al. 2023",
        low=0.0,
        high=100.0,
        live=True,
    )
    beta_steps: int = knob(
        5_000,
        "Steps until beta is full, from 0.",
        group="Schedules",
        source=PAPER,
        unit="steps",
        low=0,
        high=100_000_000,
        live=True,
    )
    tau_start: float = knob(
        1.0,
        "Temperature of the relaxed choice at first.",
        group="Schedules",
        source=PAPER,
        low=0.0,
        high=10.0,
        live=True,
    )
    tau_end: float = knob(
        1 / 16,
        "Temperature at the end; near 0 the choice is hard, and nothing learns through it.",
        group="Schedules",
        source=PAPER,
        low=0.0,
        high=10.0,
        live=True,
    )
    tau_steps: int = knob(
        150_000,
        "Steps until tau is at its end.",
        group="Schedules",
        source=PAPER,
        unit="steps",
        low=0,
        high=100_000_000,
        live=True,
    )
    lr_start: float = knob(
        1e-4, "Step size at first.", group="Schedules", source=PAPER, low=1e-8, high=1.0, live=True, log=True
    )
    lr_end: float = knob(
        1.25e-6, "Step size at the end.", group="Schedules", source=PAPER, low=1e-9, high=1.0, live=True, log=True
    )
    lr_steps: int = knob(
        1_200_000,
        "Steps until the step size is at its end.",
        group="Schedules",
        source=PAPER,
        unit="steps",
        low=0,
        high=100_000_000,
        live=True,
    )
    beta1: float = knob(
        0.9, "How much AdamW remembers of past gradients.", group="Optimizer", source=PAPER, low=0.0, high=0.999
    )
    beta2: float = knob(
        0.999,
        "How much AdamW remembers of past squared gradients.",
        group="Optimizer",
        source=PAPER,
        low=0.0,
        high=0.9999,
    )
    clip: float = knob(
        0.0,
        "A gradient longer than this is made that long; 0, as in the paper, leaves all as they are.",
        group="Optimizer",
        low=0.0,
        high=1000.0,
    )
    weight_decay: float = knob(
        1e-4, "Pull of all weights towards 0.", group="Optimizer", source=PAPER, low=0.0, high=1.0, live=True
    )
    ema: float = knob(
        0.999,
        "The shown weights are a running mean: this much of it is kept at each step, less in the first thousands.",
        group="EMA",
        source=PAPER,
        low=0.0,
        high=0.99999,
        live=True,
    )
    look_every: int = knob(
        50,
        "At every n-th step also measure with codes that are chosen hard; it takes a quarter of a step.",
        group="Measurements",
        unit="steps",
        low=1,
        high=100_000,
        live=True,
    )
    batch_size: int = knob(512, "Samples in each step.", group="Batch", source=PAPER, unit="samples", low=1, high=4096)


def network_of(config: DvaeConfig, spec: SampleSpec) -> functools.partial[DiscreteAutoencoder]:
    """How to build the networks. Raises FamilyError for points and for pictures that cannot be halved so often."""
    if spec.is_points:
        raise FamilyError("dvae makes codes of pictures; choose gan_modern or gan_2014 for points.")
    height, width, channels = spec.shape
    cell = 1 << config.halvings
    if height % cell or width % cell:
        raise FamilyError(
            f"Pictures of {height}x{width} cannot be halved {config.halvings} times; choose fewer halvings, or a size "
            f"for the data set that is a multiple of {cell}."
        )
    return functools.partial(
        DiscreteAutoencoder,
        channels,
        config.codes,
        config.width,
        config.vector,
        config.blocks,
        config.halvings,
        config.lowest_ln_b,
        config.highest_ln_b,
    )


def build(config: DvaeConfig, spec: SampleSpec) -> Dvae:
    return Dvae(config, spec, network_of(config, spec)())


def open_snapshot(config: DvaeConfig, spec: SampleSpec, tensors: Tensors) -> DvaeSnapshot:
    return DvaeSnapshot(config, spec, network_of(config, spec), tensors)


PRESETS = (
    Preset(
        "modern",
        "Light",
        "Small networks, 512 codes of 4x4 pixels and the schedules of a run of 15 000 steps: for a processor.",
        {
            "codes": 512,
            "vector": 64,
            "width": 24,
            "blocks": 1,
            "halvings": 2,
            "lowest_ln_b": -4.0,
            "beta": 1.0,  # the bound itself; what keeps the codes in use is the next term (docs/measurements.md)
            "beta_usage": 10.0,
            "beta_steps": 100,
            "tau_steps": 10_000,
            "clip": 1.0,
            "lr_start": 7e-4,
            "lr_end": 2.5e-5,
            "lr_steps": 15_000,
            "batch_size": 32,
        },
    ),
    Preset(
        "paper",
        "As published",
        "The networks and schedules of DALL-E, for 256x256 pixels: 97 million weights; not for a processor.",
        {},
        source=PAPER,
    ),
    Preset(
        "tiny",
        "Tiny",
        "Very small networks and 64 codes, to try things out in seconds.",
        {
            "codes": 64,
            "vector": 16,
            "width": 8,
            "blocks": 1,
            "halvings": 2,
            "lowest_ln_b": -4.0,
            "beta_steps": 100,
            "tau_steps": 500,
            "lr_start": 4e-3,
            "lr_end": 5e-5,
            "lr_steps": 2_000,
            "look_every": 10,
            "batch_size": 16,
        },
    ),
)

ENTRY = FamilyEntry(
    name="dvae",
    sizes=SIZES,
    title="dVAE (DALL-E, 2021)",
    help="Learns pictures as grids of codes through a relaxed choice that hardens while it learns.",
    config=DvaeConfig,
    presets=PRESETS,
    best="modern",
    samples=("pictures",),
    capabilities=("reconstructor", "codec"),
    build=build,
    open_snapshot=open_snapshot,
)
