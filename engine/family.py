"""What a kind of generative model is to the rest of the house, and what can be done with one that is frozen.

A `Family` is trained: it names its phases and gives their losses; `engine.train` owns backward, stepping and files.
A `Snapshot` is explored: frozen EMA weights in eval mode that satisfy some of the capability protocols below. The
rest of the engine and the whole window ask for capabilities, never for one model.

Legend: N samples, C channels, H x W pixels, D coordinates, Z latent size. Pictures are float in [-1, 1].
"""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from engine.controls import CodesInfo, LatentInfo
from engine.knobs import FamilyCard, Preset, knobs_of

Tensors = dict[str, Tensor]
CodeEdit = Literal["revive", "freeze", "thaw", "merge"]


@dataclass(frozen=True)
class SampleSpec:
    """What one sample looks like: `shape` is (H, W, C) or (D,); `conditions` names the values of each column that the
    data set has (a config decides whether it uses one). `mean` is the data's mean sample as the model sees it, (C, H,
    W) in [-1, 1] or (D,), and `count` the number of samples, where a model is to be trained."""

    shape: tuple[int, ...]
    conditions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    mean: Tensor | None = field(default=None, compare=False, repr=False)
    count: int = 0

    @property
    def is_points(self) -> bool:
        return len(self.shape) == 1


@dataclass(frozen=True)
class Batch:
    """Training samples on the device: x is (N, C, H, W) float in [-1, 1] or (N, D) float; `labels` holds one (N,) int64
    tensor for each column of the data set, -1 where the value is not known."""

    x: Tensor
    labels: Mapping[str, Tensor]


@dataclass(frozen=True)
class OptimizerSettings:
    """Which optimizer a phase wants; the loop builds it and asks `Family.rates` for what changes with the step. A
    gradient longer than `clip` is made that long; 0 leaves all as they are."""

    kind: Literal["adam", "adamw", "sgd"]
    lr: float
    betas: tuple[float, float] = (0.9, 0.999)
    momentum: float = 0.0
    weight_decay: float = 0.0
    clip: float = 0.0


@dataclass(frozen=True)
class Phase:
    """One part of a training step: which module's parameters it moves, and how often within a step."""

    name: str
    title: str
    module: nn.Module
    optimizer: OptimizerSettings
    repeats: int = 1


@dataclass(frozen=True)
class Losses:
    """`total` is what backward is called on; `terms` are 0-d detached tensors on the device, by metric name."""

    total: Tensor
    terms: Tensors


class Family(ABC):
    """A model that is being trained. Knows nothing of threads, files, messages, windows or optimizer stepping.

    All randomness of a step comes from the generator that is handed in, so that a step is a function of
    (state, step number, batch) and a resumed run is bit-identical.
    """

    config: Any
    spec: SampleSpec

    @abstractmethod
    def phases(self) -> tuple[Phase, ...]:
        """The phases of one step, in order. Each phase has its own optimizer."""

    @abstractmethod
    def losses(self, phase: str, batch: Batch, rng: torch.Generator, step: int) -> Losses:
        """The loss of a phase. Gradients reach only that phase's module."""

    def rates(self, phase: str, step: int) -> dict[str, float]:
        """What the optimizer of a phase uses at a step: any of lr, momentum, weight_decay. A pure function."""
        return {}

    @abstractmethod
    def after_step(self, step: int, phases: tuple[str, ...], rng: torch.Generator) -> None:
        """What follows the phases that took this step, all or one by itself: EMA of weights, codebooks. A phase whose
        gradient was not finite has changed neither weights nor running statistics."""

    @abstractmethod
    def set_config(self, config: Any) -> None:
        """Take a config that differs from the present one in live knobs only."""

    @abstractmethod
    def modules(self) -> Mapping[str, nn.Module]:
        """Everything with weights or buffers, by name: what a checkpoint must hold, the EMA copy included."""

    @abstractmethod
    def snapshot_tensors(self) -> Tensors:
        """The tensors that `FamilyEntry.open_snapshot` needs, EMA weights where there are any. Not copied."""

    def state(self) -> Tensors:
        """Everything a checkpoint must hold of the model, by name. Not copied."""
        return {
            f"{name}.{key}": tensor
            for name, module in self.modules().items()
            for key, tensor in module.state_dict(keep_vars=False).items()
        }

    def load_state(self, tensors: Mapping[str, Tensor]) -> None:
        """The inverse of `state`. Raises ValueError where names or shapes do not fit."""
        for name, module in self.modules().items():
            prefix = f"{name}."
            own = {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
            try:
                module.load_state_dict(own, strict=True)
            except RuntimeError as error:
                raise FamilyError(f"The saved weights do not fit this model; start a new run. ({error})") from error


@runtime_checkable
class TrainsCodebook(Protocol):
    """A family whose codebook can be watched and mended while it trains."""

    def usage(self) -> Tensor:
        """How often each code was chosen, (2, K) int64 on the device: in a rolling window, and in this epoch."""
        ...

    def held_codes(self) -> Tensor:
        """(2, K) bool: the codes that are frozen, and those that are never chosen."""
        ...

    def edit_codes(self, edit: CodeEdit, codes_M: Tensor, rng: torch.Generator) -> None:
        """Mend these codes. Raises ValueError where an edit makes no sense for them."""
        ...

    def book_state(self) -> Tensors:
        """Everything that an edit may change, by name. Not copied."""
        ...

    def restore_codes(self, codes_M: Tensor, before: Tensors) -> None:
        """Make these codes what they were in copies of an earlier `book_state`."""
        ...


class FamilyError(ValueError):
    """A family cannot be built for this data or from these weights; the message is one sentence that says why."""


class Snapshot(Protocol):
    """A frozen model. What it can do, it shows by satisfying the capability protocols below."""

    spec: SampleSpec

    def tensors(self) -> Tensors:
        """What a file must hold to make this snapshot again."""
        ...


@runtime_checkable
class LatentSpace(Protocol):
    """Has latent vectors that decode to samples."""

    latent: LatentInfo
    conditions: Mapping[str, tuple[str, ...]]  # the columns that decoding is conditioned on; empty where none

    def decode(self, z_NZ: Tensor, labels: Mapping[str, Tensor] | None = None) -> Tensor:
        """Samples (N, C, H, W) in [-1, 1] or (N, D). Sample n depends on z_NZ[n] (and its labels) alone."""
        ...

    def first_layer(self) -> Tensor:
        """The weight (F, Z) of the first linear map that z meets, for closed-form factorisation (SeFa)."""
        ...


@runtime_checkable
class Critic(Protocol):
    """Scores samples."""

    critic_scale: Literal["probability", "difference"]  # sigmoid of the logit means D(x), or only differences count

    def score(self, x: Tensor, labels: Mapping[str, Tensor] | None = None) -> Tensor:
        """The logit of D for each sample, shape (N,). Differentiable in x."""
        ...


@runtime_checkable
class Reconstructor(Protocol):
    """Takes a picture apart and puts it together again."""

    def reconstruct(self, x: Tensor) -> Tensor:
        """The best reconstruction of each sample, in [-1, 1], without noise. Sample n depends on x[n] alone."""
        ...

    def bits_per_dim(self, x: Tensor) -> Tensor:
        """An upper bound of -log2 p(x) per number of each sample, (N,), where numbers are the 256 levels of a byte."""
        ...


@runtime_checkable
class Inverter(Protocol):
    """Finds the latent vector of a sample."""

    def invert(self, x: Tensor) -> Tensor:
        """The latents (N, Z) whose samples are most like x."""
        ...


@runtime_checkable
class Codec(Protocol):
    """Turns samples into grids of codes and back."""

    codes: CodesInfo

    def encode(self, x: Tensor) -> Tensor:
        """The codes of each sample, (N, h, w) int64 in 0..K-1."""
        ...

    def decode_codes(self, codes_NHW: Tensor) -> Tensor:
        """Samples (N, C, H, W) in [-1, 1]."""
        ...

    def book(self) -> Tensor:
        """The code vectors, (K, D), as the nearest-code search compares them."""
        ...

    def usage(self) -> Tensor:
        """How often training chose each code in its last window, (K,) int64."""
        ...


CAPABILITIES: dict[str, type] = {
    "latent": LatentSpace,
    "critic": Critic,
    "reconstructor": Reconstructor,
    "inverter": Inverter,
    "codec": Codec,
}


@dataclass(frozen=True)
class FamilyEntry:
    """One line of the catalog: a config class with its presets, and how to build what it configures.

    `best` is the preset that is used where none is named. `samples` says what the family trains on.
    """

    name: str
    title: str
    help: str
    config: type
    presets: tuple[Preset, ...]
    best: str
    samples: tuple[Literal["pictures", "points"], ...]
    capabilities: tuple[str, ...]
    build: Callable[[Any, SampleSpec], Family]
    open_snapshot: Callable[[Any, SampleSpec, Tensors], Snapshot]
    demo_data: Mapping[str, str] = field(default_factory=dict)  # preset name -> the data set that shows it best
    sizes: tuple[int, ...] = ()  # the heights and widths that it takes; empty: any
    phases: tuple[tuple[str, str], ...] = ()  # (name, what it is) of each phase, where there is more than one

    def size_for(self, shape: tuple[int, ...]) -> int | None:
        """The size that pictures of this shape are best brought to: the next larger one, else the largest. None where
        they can stay as they are."""
        if len(shape) != 3 or not self.sizes or (shape[0] == shape[1] and shape[0] in self.sizes):
            return None
        return min((size for size in self.sizes if size >= max(shape[:2])), default=max(self.sizes))

    def preset(self, name: str) -> Preset:
        for preset in self.presets:
            if preset.name == name:
                return preset
        names = ", ".join(preset.name for preset in self.presets)
        raise UnknownNameError(f"{self.name} has no preset {name!r}; choose one of {names}.")


class UnknownNameError(ValueError):
    """A family or preset that does not exist; the message lists those that do."""


class Families:
    """The families that exist, found in the modules named in `MODULES`; each of them has `ENTRIES`."""

    MODULES: ClassVar[tuple[str, ...]] = (
        "engine.families.gan",
        "engine.families.vae",
        "engine.families.vqvae",
        "engine.families.dvae",
    )

    def __init__(self) -> None:
        found: Iterable[FamilyEntry] = (
            entry for module in self.MODULES for entry in importlib.import_module(module).ENTRIES
        )
        self.entries: dict[str, FamilyEntry] = {entry.name: entry for entry in found}

    def __getitem__(self, name: str) -> FamilyEntry:
        if name not in self.entries:
            raise UnknownNameError(f"There is no model family {name!r}; choose one of {', '.join(self.entries)}.")
        return self.entries[name]


def card(entry: FamilyEntry) -> FamilyCard:
    return FamilyCard(
        name=entry.name,
        title=entry.title,
        help=entry.help,
        samples=entry.samples,
        capabilities=entry.capabilities,
        knobs=knobs_of(entry.config),
        presets=entry.presets,
        best=entry.best,
        demo_data=entry.demo_data,
        phases=entry.phases,
    )


def capabilities_of(snapshot: Snapshot) -> tuple[str, ...]:
    """The names of the protocols that a snapshot satisfies, in the order of `CAPABILITIES`."""
    return tuple(name for name, protocol in CAPABILITIES.items() if isinstance(snapshot, protocol))
