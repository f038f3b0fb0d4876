"""gan_2014: the first generative adversarial networks (Goodfellow et al. 2014, arXiv 1406.2661 sections 3 and 5).

G is a multi-layer perceptron with ReLU, D one with maxout units and dropout; gradient descent with momentum; the
numbers that the paper leaves out are from the authors' code (goodfeli/adversarial, mnist.yaml). Pictures are flattened,
so any size will do, and points are learned by the same networks with a free output.

Legend: N samples, Z latent size, F = H * W * C features of a picture or D coordinates of a point, K condition columns.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.controls import LatentInfo
from engine.families.gan.family import PHASES, Gan
from engine.families.gan.recipe import CONDITIONS, Discriminator, Generator, Networks, Recipe, conditions_of
from engine.families.gan.snapshot import GanSnapshot
from engine.family import FamilyEntry, OptimizerSettings, SampleSpec, Tensors
from engine.knobs import KnobValue, Preset, knob
from engine.nn.initial import begin_uniform
from engine.nn.layers import ConditionEmbedding, Maxout, dropout

CODE = "goodfeli/adversarial mnist.yaml"
DIGIT = 28 * 28  # numbers in a sample of the paper's first data set


@dataclass(frozen=True)
class Gan2014Config:
    """The settings of `gan_2014`; the defaults are the preset `paper`."""

    z_size: int = knob(100, "How many numbers describe one sample.", group="Architecture", source=CODE, low=1, high=512)
    g_units: int = knob(
        1200, "Units in each of the two hidden layers of G.", group="Architecture", source=CODE, low=2, high=8192
    )
    d_units: int = knob(
        240, "Maxout units in each of the two hidden layers of D.", group="Architecture", source=CODE, low=2, high=4096
    )
    d_pieces: int = knob(
        5,
        "Linear maps in each maxout unit, of which the largest counts.",
        group="Architecture",
        source="Goodfellow et al. 2013; " + CODE,
        low=1,
        high=16,
    )
    g_range: float = knob(
        0.05,
        "The weights of G begin uniform in plus or minus this.",
        group="Architecture",
        source=CODE,
        low=1e-4,
        high=2.0,
        log=True,
    )
    d_range: float = knob(
        0.005,
        "The weights of D begin uniform in plus or minus this.",
        group="Architecture",
        source=CODE,
        low=1e-4,
        high=2.0,
        log=True,
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
    d_steps: int = knob(
        1,
        "Steps of D for each step of G (the paper's k).",
        group="Loss",
        source="Goodfellow et al. 2014 algorithm 1",
        unit="steps",
        low=1,
        high=20,
    )
    keep_input: float = knob(
        0.8,
        "D sees each number of a sample with this chance; 1 turns dropout off.",
        group="Regularisation",
        source=CODE,
        low=0.05,
        high=1.0,
    )
    keep_hidden: float = knob(
        0.5,
        "Each hidden unit of D takes part with this chance; 1 turns dropout off.",
        group="Regularisation",
        source=CODE,
        low=0.05,
        high=1.0,
    )
    optimizer: str = knob(
        "sgd",
        "Gradient descent with momentum as in 2014, or Adam.",
        group="Optimizer",
        source=CODE,
        choices=("sgd", "adam"),
    )
    lr_g: float = knob(
        0.1,
        "Step size of G at the start; for samples of more than 784 numbers plain descent takes it in proportion less.",
        group="Optimizer",
        source=CODE,
        low=1e-7,
        high=1.0,
        live=True,
        log=True,
    )
    lr_d: float = knob(
        0.1,
        "Step size of D at the start, in the same proportion.",
        group="Optimizer",
        source=CODE,
        low=1e-7,
        high=1.0,
        live=True,
        log=True,
    )
    lr_decay: float = knob(
        4e-6,
        "Each step divides both step sizes by 1 plus this, down to a millionth.",
        group="Optimizer",
        source=CODE,
        low=0.0,
        high=0.1,
        live=True,
    )
    momentum_start: float = knob(
        0.5,
        "Momentum of gradient descent at the first step.",
        group="Optimizer",
        source=CODE,
        low=0.0,
        high=0.999,
        live=True,
    )
    momentum_end: float = knob(
        0.7, "Momentum after `momentum_steps`.", group="Optimizer", source=CODE, low=0.0, high=0.999, live=True
    )
    momentum_steps: int = knob(
        125_000,
        "Steps in which momentum goes from start to end; 250 epochs of 50 000 digits in the authors' code.",
        group="Optimizer",
        source=CODE,
        unit="steps",
        low=1,
        high=10_000_000,
        live=True,
    )
    beta1: float = knob(
        0.5,
        "How much Adam remembers of past gradients.",
        group="Optimizer",
        source="Radford et al. 2015 section 4",
        low=0.0,
        high=0.999,
    )
    batch_size: int = knob(100, "Samples in each step.", group="Batch", source=CODE, unit="samples", low=2, high=4096)


class MlpGenerator(Generator):
    """(N, Z) -> pictures (N, C, H, W) in [-1, 1], or points (N, D) without bound."""

    def __init__(
        self, shape: tuple[int, ...], z_size: int, units: int, limit: float, conditions: tuple[int, ...]
    ) -> None:
        super().__init__()
        self.shape = shape
        self.z_size = z_size
        self.embedding = ConditionEmbedding(conditions, z_size) if conditions else None
        self.first = nn.Linear(z_size * 2 if conditions else z_size, units)
        self.second = nn.Linear(units, units)
        self.last = nn.Linear(units, math.prod(shape))
        begin_uniform(self, limit)

    def begin_at(self, mean: Tensor | None) -> None:
        """Begin around the data's mean picture (C, H, W) in [-1, 1]: the bias of the last layer is its logit, as the
        authors' code has it."""
        if mean is not None and len(self.shape) == 3:
            with torch.no_grad():
                self.last.bias.copy_(torch.logit((mean.flatten() + 1) / 2, eps=1e-4))

    def forward(self, z_NZ: Tensor, labels_NK: Tensor | None = None) -> Tensor:
        if self.embedding is not None and labels_NK is not None:
            z_NZ = torch.cat([z_NZ, self.embedding(labels_NK)], dim=1)
        x_NF: Tensor = self.last(F.relu(self.second(F.relu(self.first(z_NZ)))))
        if len(self.shape) == 1:
            return x_NF
        return (2 * torch.sigmoid(x_NF) - 1).view(-1, *self.shape)

    def first_layer(self) -> Tensor:
        return self.first.weight[:, : self.z_size]


class MaxoutDiscriminator(Discriminator):
    """Pictures or points to logits (N,). As in the authors' code, pixels are moved from -1..1 to 0..1 first."""

    def __init__(
        self,
        shape: tuple[int, ...],
        units: int,
        pieces: int,
        keep_input: float,
        keep_hidden: float,
        limit: float,
        conditions: tuple[int, ...],
    ) -> None:
        super().__init__()
        self.keep_input = keep_input
        self.keep_hidden = keep_hidden
        self.first = Maxout(math.prod(shape), units, pieces)
        self.second = Maxout(units, units, pieces)
        self.judge = nn.Linear(units, 1)
        self.embedding = ConditionEmbedding(conditions, units) if conditions else None
        begin_uniform(self, limit)
        for parameter in self.embedding.parameters() if self.embedding is not None else ():
            nn.init.zeros_(parameter)

    def forward(self, x: Tensor, labels_NK: Tensor | None = None, rng: torch.Generator | None = None) -> Tensor:
        x_NF = x if x.ndim == 2 else (x.flatten(1) + 1) / 2
        h_NF = self.first(dropout(x_NF, self.keep_input, rng))
        h_NF = self.second(dropout(h_NF, self.keep_hidden, rng))
        h_NF = dropout(h_NF, self.keep_hidden, rng)
        logits_N: Tensor = self.judge(h_NF)[:, 0]
        if self.embedding is not None and labels_NK is not None:
            logits_N = logits_N + (self.embedding(labels_NK) * h_NF).sum(dim=1)
        return logits_N


def networks_of(config: Gan2014Config, spec: SampleSpec) -> Networks:
    """Raises ValueError for a condition that the data set does not have."""
    sizes = tuple(len(names) for names in conditions_of(config.condition, spec).values())
    shape = spec.shape if spec.is_points else (spec.shape[2], *spec.shape[:2])
    return Networks(
        functools.partial(MlpGenerator, shape, config.z_size, config.g_units, config.g_range, sizes),
        functools.partial(
            MaxoutDiscriminator,
            shape,
            config.d_units,
            config.d_pieces,
            config.keep_input,
            config.keep_hidden,
            config.d_range,
            sizes,
        ),
        LatentInfo(config.z_size, "uniform"),
    )


def learning_rate(start: float, decay: float, step: int) -> float:
    """`start` divided by 1 + decay at each step, but never under a millionth (where it starts above)."""
    return max(start * (1 + decay) ** -step, min(start, 1e-6))


def momentum(start: float, end: float, steps: int, step: int) -> float:
    """From `start` to `end` in a straight line over `steps`, then constant."""
    return start + (end - start) * min(step / steps, 1.0)


def recipe_of(config: Gan2014Config, spec: SampleSpec) -> Recipe:
    # The authors take 0.1 for the 784 numbers of a digit and 0.025 for the 3072 of CIFAR-10: the gradient of a first
    # layer grows with its inputs, and at 0.1 colour pictures end in NaN within a hundred steps.
    larger = config.optimizer == "sgd" and not spec.is_points
    scale = min(DIGIT / math.prod(spec.shape), 1.0) if larger else 1.0
    starts = {"D": config.lr_d * scale, "G": config.lr_g * scale}

    def rates(phase: str, step: int) -> dict[str, float]:
        lr = {"lr": learning_rate(starts[phase], config.lr_decay, step)}
        if config.optimizer == "adam":
            return lr
        return {
            **lr,
            "momentum": momentum(config.momentum_start, config.momentum_end, config.momentum_steps, step),
        }

    return Recipe(
        loss=config.loss,  # type: ignore[arg-type]
        batch_size=config.batch_size,
        optimizers={
            name: OptimizerSettings(
                config.optimizer,  # type: ignore[arg-type]
                lr,
                betas=(config.beta1, 0.999),
                momentum=config.momentum_start,
            )
            for name, lr in starts.items()
        },
        rates=rates,
        d_steps=config.d_steps,
        condition_dropout=config.condition_dropout,
    )


def build(config: Gan2014Config, spec: SampleSpec) -> Gan:
    gan = Gan(config, spec, networks_of(config, spec), recipe_of)
    assert isinstance(gan.generator, MlpGenerator)
    gan.generator.begin_at(spec.mean)
    if gan.average is not None:
        gan.average.load_state_dict(gan.generator.state_dict())
    return gan


def open_snapshot(config: Gan2014Config, spec: SampleSpec, tensors: Tensors) -> GanSnapshot:
    return GanSnapshot(spec, networks_of(config, spec), config.condition, "probability", tensors)


# Small networks for points; the ranges keep signals alive through few units.
_POINTS: dict[str, KnobValue] = {
    "z_size": 2,
    "g_units": 128,
    "d_units": 64,
    "d_pieces": 2,
    "g_range": 0.2,
    "d_range": 0.2,
    "keep_input": 1.0,
    "keep_hidden": 1.0,
    "optimizer": "adam",
    "lr_g": 1e-3,
    "lr_d": 1e-3,
    "lr_decay": 0.0,
    "batch_size": 256,
}

PRESETS = (
    Preset("paper", "As published", "The networks and numbers of the authors' code for digits.", {}, source=CODE),
    Preset(
        "modern",
        "With Adam",
        "The same networks with Adam: quicker and easier to tune.",
        {"optimizer": "adam", "lr_g": 2e-4, "lr_d": 2e-4, "lr_decay": 0.0, "d_range": 0.02, "batch_size": 128},
    ),
    Preset(
        "tiny",
        "Tiny",
        "Very small networks, to try things out in seconds.",
        {
            "z_size": 8,
            "g_units": 32,
            "d_units": 16,
            "d_pieces": 2,
            "g_range": 0.2,
            "d_range": 0.1,
            "optimizer": "adam",
            "lr_g": 1e-3,
            "lr_d": 1e-3,
            "lr_decay": 0.0,
            "batch_size": 16,
        },
    ),
    Preset("points", "Points", "Small networks that learn a set of points in seconds.", _POINTS),
    Preset(
        "demo_d_too_strong",
        "D too strong",
        "D learns five times as often and ten times as fast; it is soon sure, and log(1 - D) gives G no gradient.",
        {**_POINTS, "loss": "minimax", "d_steps": 5, "lr_d": 1e-2, "lr_g": 2e-4, "g_range": 0.05},
        source="Goodfellow et al. 2014 section 3",
    ),
    Preset(
        "demo_d_too_weak",
        "D too weak",
        "D is one straight line: it can only say on which side the data lies, and G's cloud swings about shapeless.",
        {**_POINTS, "d_units": 2, "d_pieces": 1, "g_range": 0.6, "lr_g": 2e-4},
        source="Goodfellow et al. 2014 section 6",
    ),
    Preset(
        "demo_mode_collapse",
        "Mode collapse",
        "G learns five times as fast as D and runs from spot to spot; step sizes of 0.001 for both heal it.",
        {**_POINTS, "lr_g": 5e-3},
        source="Goodfellow et al. 2014 section 6",
    ),
)

ENTRY = FamilyEntry(
    name="gan_2014",
    title="GAN (2014)",
    help="Multi-layer perceptrons as in the first paper, for pictures of any size and for points.",
    config=Gan2014Config,
    presets=PRESETS,
    best="modern",
    samples=("pictures", "points"),
    capabilities=("latent", "critic"),
    phases=PHASES,
    build=build,
    open_snapshot=open_snapshot,
    demo_data={
        "points": "mixture",
        "demo_d_too_strong": "mixture",
        "demo_d_too_weak": "mixture",
        "demo_mode_collapse": "mixture",
    },
)
