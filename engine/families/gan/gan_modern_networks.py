"""The networks of `gan_modern`: convolutional ones for pictures, multi-layer perceptrons for points.

G begins with a linear map to 4x4, doubles the size with strided transposed convolutions (kernel 4 and stride 2 divide,
so there is no checkerboard), and lets z set the scale and shift of every batch norm (self-modulation: Chen et al. 2019,
arXiv 1810.01365). D has no batch norm and reads 4x4 patches first: that is where a full-size first layer would spend
most of its time (measured: half the pictures per second, and no better ones). A conditional D projects on the condition
(Miyato and Koyama 2018, arXiv 1802.05637).

Legend: N samples, Z latent size, C channels, H x W pixels, D coordinates, K condition columns.
"""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.families.gan.recipe import Discriminator, Generator
from engine.nn.initial import begin_normal, begin_scaled
from engine.nn.layers import BatchNorm, ConditionEmbedding, MinibatchStd, channels_last


class PictureGenerator(Generator):
    """(N, Z) -> (N, C, H, W) in [-1, 1]; z sets the scale and shift of each batch norm."""

    def __init__(
        self, size: int, channels: int, z_size: int, width: int, conditions: tuple[int, ...], straight: int = 0
    ) -> None:
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
        if straight:
            self.map = nn.Linear(z_size, straight)
            nn.init.zeros_(self.map.weight)
            nn.init.zeros_(self.map.bias)

    def forward(self, z_NZ: Tensor, labels_NK: Tensor | None = None) -> Tensor:
        if self.embedding is not None and labels_NK is not None:
            z_NZ = torch.cat([z_NZ, self.embedding(labels_NK)], dim=1)
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

    def __init__(
        self, size: int, channels: int, width: int, batch_std: bool, conditions: tuple[int, ...], straight: int = 0
    ) -> None:
        super().__init__()
        widths = _widths(width, size)[-2::-1]
        self.halvings = nn.ModuleList(nn.Conv2d(a, b, 4, 2, 1) for a, b in pairwise((channels, *widths)))
        begin_scaled(self.halvings, slope=0.2)
        self.batch_std = MinibatchStd() if batch_std else None
        self.judge = nn.Linear((widths[-1] + batch_std) * 16, 1)
        self.embedding = ConditionEmbedding(conditions, widths[-1]) if conditions else None
        self.head = nn.Linear(widths[-1] * 16, straight) if straight else None
        _begin_undecided(self.judge, self.embedding)

    def forward(self, x: Tensor, labels_NK: Tensor | None = None, rng: torch.Generator | None = None) -> Tensor:
        logits_N, _ = self.score_and_tell(x, labels_NK, rng)
        return logits_N

    def score_and_tell(
        self, x: Tensor, labels_NK: Tensor | None = None, rng: torch.Generator | None = None
    ) -> tuple[Tensor, Tensor | None]:
        x = channels_last(x)
        for halving in self.halvings:
            x = F.leaky_relu(halving(x), 0.2)
        seen = x if self.batch_std is None else self.batch_std(x)
        logits_N: Tensor = self.judge(seen.flatten(1))[:, 0]
        if self.embedding is not None and labels_NK is not None:
            logits_N = logits_N + (self.embedding(labels_NK) * x.mean(dim=(2, 3))).sum(dim=1)
        return logits_N, None if self.head is None else self.head(x.flatten(1))


class PointGenerator(Generator):
    """(N, Z) -> (N, D); no bound on the output."""

    def __init__(self, size: int, z_size: int, width: int, conditions: tuple[int, ...]) -> None:
        super().__init__()
        self.z_size = z_size
        self.embedding = ConditionEmbedding(conditions, z_size) if conditions else None
        self.layers = _perceptron(z_size * 2 if conditions else z_size, width, size)

    def forward(self, z_NZ: Tensor, labels_NK: Tensor | None = None) -> Tensor:
        if self.embedding is not None and labels_NK is not None:
            z_NZ = torch.cat([z_NZ, self.embedding(labels_NK)], dim=1)
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

    def forward(self, x: Tensor, labels_NK: Tensor | None = None, rng: torch.Generator | None = None) -> Tensor:
        x = F.leaky_relu(self.layers(x), 0.2)
        seen = x if self.batch_std is None else self.batch_std(x)
        logits_N: Tensor = self.judge(seen)[:, 0]
        if self.embedding is not None and labels_NK is not None:
            logits_N = logits_N + (self.embedding(labels_NK) * x).mean(dim=1)
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
