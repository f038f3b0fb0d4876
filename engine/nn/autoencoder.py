"""The convolutional encoder and decoder that the autoencoding families share: a picture to a grid of vectors and back.

`plain` is the network of van den Oord et al. 2017 (arXiv 1711.00937) section 4.1: strided 4x4 convolutions, then
residual blocks (ReLU, 3x3, ReLU, 1x1), the decoder mirrored. `modern` normalises the channels of each place before
each residual convolution, uses SiLU, and doubles the channels with each halving of the side. Groups of channels over
the whole map, as usual since Esser et al. 2021, would let every code change every pixel: a painted code would have no
place.

Legend: N samples, C channels, H x W pixels, h x w places of the grid, D numbers of a vector.
"""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn

from engine.nn.layers import channels_last

Style = Literal["plain", "modern"]


class Encoder(nn.Module):
    """(N, C, H, W) -> (N, D, h, w) with h = H / 2**halvings."""

    def __init__(self, channels: int, vector: int, width: int, halvings: int, blocks: int, style: Style) -> None:
        super().__init__()
        widths = _widths(width, halvings, style)
        stages: list[nn.Module] = []
        for stage, (a, b) in enumerate(zip((channels, *widths[:-1]), widths, strict=True)):
            if stage:
                stages.append(_activation(style))
            stages.append(nn.Conv2d(a, b, 4, 2, 1))
        if style == "plain":
            stages += [nn.ReLU(), nn.Conv2d(widths[-1], widths[-1], 3, 1, 1)]
        stages += [ResidualBlock(widths[-1], style) for _ in range(blocks)]
        stages += [*_end(widths[-1], style), nn.Conv2d(widths[-1], vector, 1)]
        self.layers = nn.Sequential(*stages)

    def forward(self, x: Tensor) -> Tensor:
        z: Tensor = self.layers(channels_last(x))
        return z


class Decoder(nn.Module):
    """(N, D, h, w) -> (N, C, H, W) with H = h * 2**halvings; no bound on the output."""

    def __init__(self, channels: int, vector: int, width: int, halvings: int, blocks: int, style: Style) -> None:
        super().__init__()
        widths = _widths(width, halvings, style)[::-1]
        stages: list[nn.Module] = [nn.Conv2d(vector, widths[0], 3, 1, 1)]
        stages += [ResidualBlock(widths[0], style) for _ in range(blocks)]
        stages += _end(widths[0], style)
        for stage, (a, b) in enumerate(zip(widths, (*widths[1:], channels), strict=True)):
            if stage:
                stages.append(_activation(style))
            stages.append(nn.ConvTranspose2d(a, b, 4, 2, 1))
        self.layers = nn.Sequential(*stages)

    def forward(self, z: Tensor) -> Tensor:
        x: Tensor = self.layers(channels_last(z))
        return x


class ResidualBlock(nn.Module):
    """x + f(x) with f = (normalise,) activate, 3x3 to half the channels, (normalise,) activate, 1x1 back."""

    def __init__(self, width: int, style: Style) -> None:
        super().__init__()
        half = max(width // 2, 1)
        parts: list[nn.Module] = [
            *_end(width, style),
            nn.Conv2d(width, half, 3, 1, 1),
            *_end(half, style),
            nn.Conv2d(half, width, 1),
        ]
        self.layers = nn.Sequential(*parts)
        if style == "modern":
            nn.init.zeros_(parts[-1].weight)  # type: ignore[arg-type]  # a block begins as the identity
            nn.init.zeros_(parts[-1].bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = x + self.layers(x)
        return y


def receptive_field(halvings: int, blocks: int) -> int:
    """How many pixels wide the part of the picture is that one place of the grid can reach through the decoder."""
    side = 3 + 2 * blocks  # places that feel it before the picture grows
    for _ in range(halvings):
        side = 2 * side + 2  # a 4x4 transposed convolution with stride 2
    return side


def _widths(width: int, halvings: int, style: Style) -> tuple[int, ...]:
    """The channels after each halving, finest first."""
    if style == "plain":
        return (width,) * halvings
    return tuple(width << stage for stage in range(halvings))


def _activation(style: Style) -> nn.Module:
    return nn.ReLU() if style == "plain" else nn.SiLU()


def _end(width: int, style: Style) -> list[nn.Module]:
    """What comes before a convolution."""
    if style == "plain":
        return [nn.ReLU()]
    return [PlaceNorm(width), nn.SiLU()]


class PlaceNorm(nn.Module):
    """Normalises the channels of each place by themselves: (N, C, H, W) -> (N, C, H, W)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        return y
