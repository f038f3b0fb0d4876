"""What the training of a GAN needs to know, whatever config it came from.

A config (`gan_2014`, `dcgan`, `gan_modern`) is turned into two networks, built once, and a `Recipe`, made again
whenever a live knob changes.

Legend: N samples, Z latent size, K condition columns.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from engine.controls import LatentInfo
from engine.families.gan.losses import Loss
from engine.family import FamilyError, OptimizerSettings, SampleSpec

CONDITIONS = ("none", "label", "attributes", "everything")
NEARBY = 0.9  # the correlation of two latents that should have similar samples
Rates = Callable[[str, int], dict[str, float]]


class Generator(nn.Module):
    """G: latent vectors (N, Z), with labels (N, K) where it is conditional, to samples. `map` is linear, from z to the
    values of the columns that are kept straight (see `straight`), where there are any."""

    def __init__(self) -> None:
        super().__init__()
        self.map: nn.Linear | None = None

    @abstractmethod
    def forward(self, z_NZ: Tensor, labels_NK: Tensor | None = None) -> Tensor: ...

    @abstractmethod
    def first_layer(self) -> Tensor:
        """The weights (F, Z) of every linear map that z meets first, stacked."""


class Discriminator(nn.Module):
    """D: samples to logits (N,). `rng` decides what its dropout drops; without it nothing is dropped."""

    @abstractmethod
    def forward(self, x: Tensor, labels_NK: Tensor | None = None, rng: torch.Generator | None = None) -> Tensor: ...

    def score_and_tell(
        self, x: Tensor, labels_NK: Tensor | None = None, rng: torch.Generator | None = None
    ) -> tuple[Tensor, Tensor | None]:
        """The logits (N,), and what it sees of the columns that are kept straight, (N, V), where there are any."""
        return self(x, labels_NK, rng), None


@dataclass(frozen=True)
class Networks:
    """How to build G and D, and the latent space that lies between them."""

    generator: Callable[[], Generator]
    discriminator: Callable[[], Discriminator]
    latent: LatentInfo
    straight: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # columns with straight borders in z


@dataclass(frozen=True)
class Ema:
    """The slow copy of G: half-life in pictures, and how much of the pictures seen it may be (see `nn.ema`)."""

    half_life: float
    ramp: float


@dataclass(frozen=True)
class Recipe:
    """How the two networks are trained. G learns from new samples where D takes several steps or `fresh_z` says so,
    else from those of D's step, as the code of the first paper does. `r1` and `r2` are the gammas of the gradient
    penalties, 0 for none; `smoothness` is the weight of `losses.latent_change`, `straightness` of
    `straight.straight_loss`."""

    loss: Loss
    batch_size: int
    optimizers: Mapping[str, OptimizerSettings]
    rates: Rates
    d_steps: int = 1
    fresh_z: bool = False
    r1: float = 0.0
    r2: float = 0.0
    penalty_every: int = 1
    smoothness: float = 0.0
    smooth_every: int = 1
    straightness: float = 0.0
    augment: str = "none"
    augment_strength: float = 0.0
    condition_dropout: float = 0.0
    ema: Ema | None = None


def draw_z(latent: LatentInfo, count: int, rng: torch.Generator, device: torch.device) -> Tensor:
    """Draws from the prior, (count, Z): a standard normal, or uniform in [-1, 1]."""
    if latent.prior == "normal":
        return torch.randn(count, latent.size, generator=rng, device=rng.device).to(device)
    return (torch.rand(count, latent.size, generator=rng, device=rng.device) * 2 - 1).to(device)


def draw_nearby(z_NZ: Tensor, rng: torch.Generator) -> Tensor:
    """Latents near standard normal ones, standard normal themselves: 0.9 z + sqrt(1 - 0.9^2) e."""
    noise = torch.randn(z_NZ.shape, generator=rng, device=rng.device).to(z_NZ.device)
    return NEARBY * z_NZ + math.sqrt(1 - NEARBY**2) * noise


def conditions_of(choice: str, spec: SampleSpec) -> dict[str, tuple[str, ...]]:
    """The columns that a config conditions on, in the order of their names.

    Raises ValueError where the data set has no such column.
    """
    columns = dict(sorted(spec.conditions.items()))
    if choice == "none":
        return {}
    if choice == "label":
        chosen = {name: names for name, names in columns.items() if name == "label"}
    elif choice == "attributes":
        chosen = {name: names for name, names in columns.items() if name != "label"}
    else:
        chosen = columns
    if not chosen:
        what = {"label": "labels", "attributes": "attributes"}.get(choice, "labels or attributes")
        raise FamilyError(f"This data set has no {what}; set condition to none, or choose a data set that has them.")
    return chosen


def picture_size(config: str, spec: SampleSpec, sizes: tuple[int, ...]) -> tuple[int, int]:
    """The side length and the channels of square pictures; raises ValueError where a config cannot take them."""
    wanted = " or ".join(f"{size}x{size}" for size in sizes)
    if spec.is_points:
        raise FamilyError(f"{config} makes pictures of {wanted}; choose gan_2014 or gan_modern for points.")
    height, width, channels = spec.shape
    if height != width or height not in sizes or channels not in (1, 3):
        raise FamilyError(
            f"{config} makes grey or RGB pictures of {wanted}, not {height}x{width} with {channels} channels; choose "
            "that size for the data set, or gan_2014, which takes any."
        )
    return height, channels


def stack_labels(
    columns: Mapping[str, tuple[str, ...]], labels: Mapping[str, Tensor] | None, count: int, device: torch.device
) -> Tensor | None:
    """The labels of the columns that a model uses as (N, K), -1 where one is not given; None without conditions."""
    if not columns:
        return None
    unknown_N = torch.full((count,), -1, dtype=torch.int64, device=device)
    given = labels or {}
    return torch.stack([given[name].to(device) if name in given else unknown_N for name in columns], dim=1)
