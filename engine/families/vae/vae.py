"""vae: the variational autoencoder (Kingma and Welling 2013, arXiv 1312.6114), trained on a bound of log p(x).

An encoder gives a Gaussian over z for each picture, a decoder a distribution over pictures for each z. The presets go
from the perceptrons of the paper over convolutions to a decoder so able that it does without z.

Legend: N samples, Z latent size, C channels, H x W pixels.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

from torch import nn

from engine.controls import LatentInfo
from engine.families.vae.autoregressive import AutoregressiveDecoder
from engine.families.vae.family import Vae
from engine.families.vae.likelihood import Likelihood
from engine.families.vae.networks import (
    Autoencoder,
    ConvolutionalDecoder,
    ConvolutionalEncoder,
    PerceptronDecoder,
    PerceptronEncoder,
    PictureDecoder,
)
from engine.families.vae.snapshot import VaeSnapshot
from engine.family import FamilyEntry, FamilyError, SampleSpec, Tensors
from engine.knobs import Preset, knob

SIZES = (16, 32, 64)
PAPER = "Kingma and Welling 2013"


@dataclass(frozen=True)
class VaeConfig:
    """The settings of `vae`; the defaults are the preset `modern`."""

    z_size: int = knob(64, "How many numbers describe one picture.", group="Architecture", low=1, high=512)
    decoder: str = knob(
        "convolutional",
        "What makes a picture of z; perceptrons come with such an encoder, autoregressive sees earlier pixels.",
        group="Architecture",
        source="Kingma and Welling 2013 C; Chen et al. 2017 section 2",
        choices=("convolutional", "perceptron", "autoregressive"),
    )
    width: int = knob(
        32,
        "Channels of the finest map, or of the autoregressive layers; units of the perceptrons' hidden layer.",
        group="Architecture",
        low=4,
        high=1024,
    )
    blocks: int = knob(1, "Residual blocks on the coarsest map, on both sides.", group="Architecture", low=0, high=8)
    style: str = knob(
        "modern",
        "How convolutions are stacked: as in the first VQ-VAE, or normalised and wider where maps are coarser.",
        group="Architecture",
        source="van den Oord et al. 2017 section 4.1; ours",
        choices=("plain", "modern"),
    )
    halvings: int = knob(
        3, "How often the encoder halves the side of the picture.", group="Architecture", low=1, high=4
    )
    causal_layers: int = knob(
        6,
        "Layers of the autoregressive decoder: the more, the farther back it sees.",
        group="Architecture",
        source="van den Oord et al. 2016 section 3.4",
        low=1,
        high=24,
    )
    likelihood: str = knob(
        "discretised",
        "What the decoder gives: mass of byte levels, a density, chances of white; binary sees black and white only.",
        group="Loss",
        source="Kingma and Welling 2013 C; Salimans et al. 2017 section 2.1",
        choices=("discretised", "gaussian", "bernoulli", "binary"),
    )
    variance: str = knob(
        "learned",
        "The Gaussian's sigma: stated, learned for all numbers together, or given by the decoder for each.",
        group="Loss",
        source="Kingma and Welling 2013 C; Rybkin et al. 2021",
        choices=("stated", "learned", "each"),
    )
    sigma: float = knob(
        0.1,
        "The stated sigma, or where a learned one begins; black is -1 and white 1.",
        group="Loss",
        low=0.001,
        high=2.0,
        log=True,
    )
    beta: float = knob(
        1.0,
        "How much the KL counts; 1 is the bound itself.",
        group="Loss",
        source="Higgins et al. 2017",
        low=0.0,
        high=100.0,
        live=True,
    )
    warm_up: int = knob(
        0,
        "Over so many steps the KL comes to count fully, so that z is used before it costs.",
        group="Loss",
        source="Bowman et al. 2016 section 3.1",
        unit="steps",
        low=0,
        high=1_000_000,
        live=True,
    )
    lr: float = knob(
        1e-3,
        "Step size.",
        group="Optimizer",
        source="Kingma and Ba 2015",
        low=1e-7,
        high=1.0,
        live=True,
        log=True,
    )
    beta1: float = knob(
        0.9,
        "How much Adam remembers of past gradients.",
        group="Optimizer",
        source="Kingma and Ba 2015",
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
    ema_half_life: float = knob(
        5000.0,
        "The shown model is a slow copy; after this many samples half of it is new. 0 shows the model itself.",
        group="EMA",
        source="Karras et al. 2020 (ADA) B",
        unit="samples",
        low=0.0,
        high=1e6,
        live=True,
    )
    batch_size: int = knob(64, "Samples in each step.", group="Batch", unit="samples", low=2, high=4096)


def network_of(config: VaeConfig, spec: SampleSpec) -> functools.partial[Autoencoder]:
    """How to build encoder and decoder. Raises ValueError for samples that they cannot take."""
    wanted = ", ".join(f"{size}x{size}" for size in SIZES)
    if spec.is_points:
        raise FamilyError(f"vae takes pictures of {wanted}; choose gan_2014 or gan_modern for points.")
    height, width, channels = spec.shape
    if height != width or height not in SIZES or channels not in (1, 3):
        raise FamilyError(
            f"vae takes grey or RGB pictures of {wanted}, not {height}x{width} with {channels} channels; choose one of "
            "these sizes for the data set."
        )
    if config.decoder == "autoregressive" and config.likelihood == "bernoulli":
        raise FamilyError(
            "A decoder that sees earlier pixels must draw what it sees, and bernoulli sees greys and draws black and "
            "white; set likelihood to binary or discretised."
        )
    return functools.partial(_build_network, config, (channels, height, width))


def _build_network(config: VaeConfig, shape: tuple[int, int, int]) -> Autoencoder:
    likelihood = likelihood_of(config)
    maps = likelihood.maps
    convolutions = (config.z_size, config.width, config.halvings, config.blocks, config.style)
    encoder: nn.Module
    decoder: PictureDecoder
    if config.decoder == "perceptron":
        encoder = PerceptronEncoder(shape, config.z_size, config.width)
        decoder = PerceptronDecoder(shape, maps, config.z_size, config.width)
    else:
        encoder = ConvolutionalEncoder(shape, *convolutions)  # type: ignore[arg-type]
        if config.decoder == "autoregressive":
            decoder = AutoregressiveDecoder(shape, likelihood, config.z_size, config.width, config.causal_layers)
        else:
            decoder = ConvolutionalDecoder(shape, maps, *convolutions)  # type: ignore[arg-type]
    return Autoencoder(encoder, decoder, config.sigma, likelihood.learns_one)


def likelihood_of(config: VaeConfig) -> Likelihood:
    return Likelihood(config.likelihood, config.variance, config.sigma)  # type: ignore[arg-type]


def build(config: VaeConfig, spec: SampleSpec) -> Vae:
    return Vae(config, spec, network_of(config, spec), likelihood_of)


def open_snapshot(config: VaeConfig, spec: SampleSpec, tensors: Tensors) -> VaeSnapshot:
    latent = LatentInfo(config.z_size, "normal")
    return VaeSnapshot(spec, latent, likelihood_of(config), network_of(config, spec), tensors)


PRESETS = (
    Preset("modern", "Modern", "The best choice here: convolutions, and sigma learned with the rest.", {}),
    Preset(
        "paper",
        "As published",
        "The perceptrons and likelihood for MNIST of the paper, with 20 latents; Adam in place of Adagrad.",
        {
            "z_size": 20,
            "decoder": "perceptron",
            "width": 500,
            "likelihood": "bernoulli",
            "batch_size": 100,
            "ema_half_life": 0.0,
        },
        source="Kingma and Welling 2013 section 5 and C",
    ),
    Preset(
        "tiny",
        "Tiny",
        "Very small networks, to try things out in seconds.",
        {"z_size": 16, "width": 8, "halvings": 2, "batch_size": 16},
    ),
    Preset(
        "demo_collapse",
        "Posterior collapse",
        "The decoder sees earlier pixels, and the KL counts four times: it does without z; KL and active units fall.",
        {"decoder": "autoregressive", "likelihood": "binary", "z_size": 32, "beta": 4.0, "batch_size": 32},
        source="Chen et al. 2017 section 2; Yang et al. 2017",
    ),
)

ENTRY = FamilyEntry(
    name="vae",
    sizes=SIZES,
    title="VAE (2013)",
    help="A Gaussian latent space with an encoder and a bound of log p(x), for pictures of 16, 32 or 64 pixels.",
    config=VaeConfig,
    presets=PRESETS,
    best="modern",
    samples=("pictures",),
    capabilities=("latent", "reconstructor", "inverter"),
    build=build,
    open_snapshot=open_snapshot,
    demo_data={"demo_collapse": "portraits"},
)
