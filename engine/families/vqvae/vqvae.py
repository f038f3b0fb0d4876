"""vqvae: van den Oord et al. 2017 (arXiv 1711.00937), and what later practice made of its codebook.

`paper` learns the book by gradient, as published. `modern` lets the book follow averages (EMA), begins it from data,
brings dead codes back, and compares short vectors on the sphere (Yu et al. 2021, arXiv 2110.04627 section 3.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.families.vqvae.family import VqVae
from engine.families.vqvae.networks import Architecture
from engine.families.vqvae.snapshot import VqVaeSnapshot
from engine.family import FamilyEntry, FamilyError, SampleSpec, Tensors
from engine.knobs import KnobValue, Preset, knob

SIZES = (16, 28, 32, 64, 128)
LEVELS = ("8-6-5", "8-8-8", "8-5-5-5", "7-5-5-5-5", "8-8-8-6-5")


@dataclass(frozen=True)
class VqVaeConfig:
    """The settings of `vqvae`; the defaults are the preset `modern`."""

    codes: int = knob(
        512, "How many codes the book has (K).", group="Codebook", source="2017 section 4.1", low=2, high=8192
    )
    vector: int = knob(16, "How many numbers one code has (D).", group="Codebook", source="2017", low=1, high=512)
    quantiser: str = knob(
        "averages",
        "How the book is learned: by gradient, by moving averages of what chose each code, or not at all (FSQ: every "
        "number is rounded to one of its levels).",
        group="Codebook",
        source="2017 equation 3 and appendix A.1; Mentzer et al. 2023",
        choices=("gradient", "averages", "FSQ"),
    )
    levels: str = knob(
        "8-8-8",
        "The levels of each number, for FSQ; their product is the number of codes.",
        group="Codebook",
        source="Mentzer et al. 2023 table 1",
        choices=LEVELS,
    )
    sphere: bool = knob(
        True,
        "Compare directions only: vectors and codes have length 1.",
        group="Codebook",
        source="Yu et al. 2021 section 3.2",
    )
    start: str = knob(
        "data",
        "Where codes begin: at vectors of the first batch, or in a small cube around 0.",
        group="Codebook",
        source="Jukebox, Dhariwal et al. 2020; the code of 2017",
        choices=("data", "cube"),
    )
    spread: float = knob(
        1.0,
        "Codes that begin in a cube lie within 1/K times this.",
        group="Codebook",
        source="the code of 2017",
        low=0.0,
        high=1e5,
    )
    rotation: bool = knob(
        False,
        "Hand gradients back turned and scaled as the vector was, in place of unchanged.",
        group="Codebook",
        source="Fifty et al. 2024 section 4",
        live=True,
    )
    beta: float = knob(
        0.25,
        "How strongly vectors are held near their codes (commitment).",
        group="Codebook",
        source="2017 section 3.2",
        low=0.0,
        high=10.0,
        live=True,
    )
    ema_decay: float = knob(
        0.99,
        "How much of the averages behind each code a step keeps.",
        group="Codebook",
        source="2017 appendix A.1",
        low=0.0,
        high=0.9999,
        live=True,
    )
    restart_below: float = knob(
        1.0,
        "Codes chosen less often than this by a batch, on average, begin anew at a vector of the batch; 0 for never.",
        group="Codebook",
        source="Dhariwal et al. 2020",
        low=0.0,
        high=100.0,
        live=True,
    )
    restart_every: int = knob(
        20, "Look for such codes at every n-th step.", group="Codebook", unit="steps", low=1, high=10000, live=True
    )
    style: str = knob(
        "modern",
        "Networks as in 2017, or with normalised groups of channels, SiLU, and more channels on coarse maps.",
        group="Architecture",
        source="2017 section 4.1; Esser et al. 2021",
        choices=("plain", "modern"),
    )
    width: int = knob(64, "Channels of the finest map.", group="Architecture", low=4, high=512)
    halvings: int = knob(
        2,
        "How often the picture is halved: 2 makes a grid of 8x8 codes from 32 pixels.",
        group="Architecture",
        source="2017 section 4.1",
        low=1,
        high=5,
    )
    blocks: int = knob(3, "Residual blocks on both sides.", group="Architecture", source="2017", low=0, high=16)
    lr: float = knob(
        1e-3, "Step size.", group="Optimizer", source="Kingma and Ba 2014", low=1e-7, high=1.0, live=True, log=True
    )
    warm_up: int = knob(100, "Steps until the step size is full.", group="Optimizer", unit="steps", low=0, high=100000)
    lr_half: float = knob(
        150_000.0,
        "After this many samples the step size is half, after twice as many a third, and so on; 0 keeps it.",
        group="Optimizer",
        unit="samples",
        low=0.0,
        high=1e9,
        live=True,
    )
    beta1: float = knob(0.9, "How much Adam remembers of past gradients.", group="Optimizer", low=0.0, high=0.999)
    beta2: float = knob(
        0.99, "How much Adam remembers of past squared gradients.", group="Optimizer", low=0.0, high=0.9999
    )
    ema_half_life: float = knob(
        5000.0,
        "What is shown and kept is a slow copy of the networks; after this many samples half of it is new.",
        group="EMA",
        source="Karras et al. 2020 (ADA) B",
        unit="samples",
        low=0.0,
        high=1e6,
        live=True,
    )
    batch_size: int = knob(64, "Samples in each step.", group="Batch", unit="samples", low=2, high=4096)


def architecture(config: VqVaeConfig, spec: SampleSpec) -> Architecture:
    """Raises FamilyError for pictures that cannot be halved so often."""
    if spec.is_points:
        raise FamilyError("vqvae makes codes of pictures; choose a data set of pictures.")
    height, width, channels = spec.shape
    cell = 2**config.halvings
    if height != width or height % cell or channels not in (1, 3):
        raise FamilyError(
            f"vqvae takes square grey or RGB pictures whose side can be halved {config.halvings} times, not "
            f"{height}x{width} with {channels} channels; choose such a size for the data set."
        )
    fsq = config.quantiser == "FSQ"
    return Architecture(
        channels=channels,
        grid=height // cell,
        codes=config.codes,
        vector=config.vector,
        width=config.width,
        halvings=config.halvings,
        blocks=config.blocks,
        style=config.style,  # type: ignore[arg-type]
        ema=config.quantiser == "averages",
        unit=config.sphere and not fsq,
        spread=config.spread,
        levels=tuple(int(level) for level in config.levels.split("-")) if fsq else (),
    )


def build(config: VqVaeConfig, spec: SampleSpec) -> VqVae:
    plan = architecture(config, spec)
    vectors = config.batch_size * plan.grid**2
    if config.start == "data" and not plan.levels and plan.codes > vectors:
        raise FamilyError(
            f"A batch has {vectors} vectors, fewer than the {plan.codes} codes that are to begin at some of them; "
            "choose larger batches, fewer codes, or start: cube."
        )
    return VqVae(config, spec, plan)


def open_snapshot(config: Any, spec: SampleSpec, tensors: Tensors) -> VqVaeSnapshot:
    return VqVaeSnapshot(spec, architecture(config, spec), tensors)


PAPER: dict[str, KnobValue] = {
    "vector": 64,
    "quantiser": "gradient",
    "sphere": False,
    "start": "cube",
    "restart_below": 0.0,
    "style": "plain",
    "width": 256,
    "blocks": 2,
    "lr": 2e-4,
    "warm_up": 0,
    "lr_half": 0.0,
    "beta2": 0.999,
    "ema_half_life": 0.0,
    "batch_size": 128,
}

PRESETS = (
    Preset("modern", "Modern", "The best choice here: every code in use, good pictures in minutes.", {}),
    Preset(
        "paper",
        "As published",
        "K = 512, the book learned by gradient, beta 0.25, 256 channels, Adam 2e-4, batches of 128; slow here.",
        PAPER,
        source="van den Oord et al. 2017 section 4.1; vector size and start: the authors' code",
    ),
    Preset(
        "tiny",
        "Tiny",
        "Very small networks and 64 codes, to try things out in seconds.",
        {"codes": 64, "vector": 8, "width": 16, "blocks": 1, "batch_size": 16},
    ),
    Preset(
        "fsq",
        "FSQ",
        "No book to learn: three numbers, each rounded to one of eight levels, make 512 codes.",
        {"quantiser": "FSQ", "levels": "8-8-8"},
        source="Mentzer et al. 2023",
    ),
    Preset(
        "demo_collapse",
        "Demo: codebook collapse",
        "Codes begin far from all vectors and nothing brings dead ones back: a handful does all the work. Revive some!",
        {
            "quantiser": "averages",
            "sphere": False,
            "start": "cube",
            "spread": 4096.0,
            "restart_below": 0.0,
            "ema_decay": 0.99,
        },
    ),
)

ENTRY = FamilyEntry(
    name="vqvae",
    sizes=SIZES,
    title="VQ-VAE",
    help="Learns a book of codes, and pictures as grids of them.",
    config=VqVaeConfig,
    presets=PRESETS,
    best="modern",
    samples=("pictures",),
    capabilities=("reconstructor", "codec"),
    build=build,
    open_snapshot=open_snapshot,
)
