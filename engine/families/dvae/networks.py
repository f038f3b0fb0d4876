"""The networks of DALL-E's discrete autoencoder: bottleneck residual blocks on either side of a grid of codes.

Reference: Ramesh et al. 2021 (arXiv 2102.12092) section 2.1 and appendix A.2, with the sizes of the published networks
(openai/DALL-E). The layers next to the choice of a code are 1x1 convolutions, which the paper found to matter. There is
no normalisation; each block's change is made small at first and for ever, by a fixed factor.

Legend: N samples, C channels, H x W pixels, h x w places of the grid, K codes, V numbers of a code vector.
"""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.nn.layers import channels_last


class DiscreteAutoencoder(nn.Module):
    """Both networks, with what a hand has set for each code: `off` codes are never chosen, `frozen` ones not moved."""

    off: Tensor
    frozen: Tensor

    def __init__(
        self,
        channels: int,
        codes: int,
        width: int,
        vector: int,
        blocks: int,
        halvings: int,
        lowest: float,
        highest: float,
    ) -> None:
        super().__init__()
        self.encoder = Encoder(channels, codes, width, blocks, halvings)
        self.decoder = Decoder(channels, codes, width, vector, blocks, halvings)
        self.lowest, self.highest = lowest, highest
        self.register_buffer("off", torch.zeros(codes, dtype=torch.bool))
        self.register_buffer("frozen", torch.zeros(codes, dtype=torch.bool))

    def logits(self, x: Tensor) -> Tensor:
        """(N, C, H, W) in (0, 1) -> (N, h, w, K); -inf for the codes that are off."""
        logits_NKhw: Tensor = self.encoder(x)
        return logits_NKhw.permute(0, 2, 3, 1).masked_fill(self.off, -torch.inf)

    def pixels(self, choice_NhwK: Tensor) -> tuple[Tensor, Tensor]:
        """Shares of the codes at each place, one-hot or relaxed -> mu and ln b of the pixels, (N, C, H, W) each."""
        return self._halves(self.decoder(self.decoder.input(choice_NhwK.permute(0, 3, 1, 2))))

    def pixels_of_codes(self, codes_Nhw: Tensor) -> tuple[Tensor, Tensor]:
        """The same for one code at each place, by looking its vector up."""
        vectors_NhwV = F.embedding(codes_Nhw, self.book()) + _bias(self.decoder.input)
        return self._halves(self.decoder(vectors_NhwV.permute(0, 3, 1, 2)))

    def _halves(self, maps: Tensor) -> tuple[Tensor, Tensor]:
        mu, ln_b = maps.chunk(2, dim=1)
        return mu, ln_b.clamp(self.lowest, self.highest)

    def book(self) -> Tensor:
        """The code vectors (K, V): the weight of the decoder's first layer. A view, not a copy."""
        return self.decoder.input.weight[:, :, 0, 0].T

    def rows(self) -> dict[str, Tensor]:
        """Everything that belongs to single codes, as views whose first axis is K: what an edit of codes changes."""
        return {
            "logit": self.encoder.output.weight[:, :, 0, 0],
            "bias": _bias(self.encoder.output),
            "book": self.book(),
        }


class Encoder(nn.Module):
    """(N, C, H, W) -> logits (N, K, h, w) with h = H / 2**halvings."""

    def __init__(self, channels: int, codes: int, width: int, blocks: int, halvings: int) -> None:
        super().__init__()
        widths = [width << group for group in range(halvings + 1)]
        gain = 1 / (len(widths) * blocks) ** 2
        self.input = nn.Conv2d(channels, width, 7, padding=3)
        self.groups = nn.ModuleList(
            nn.Sequential(*(EncoderBlock(a if block == 0 else b, b, gain) for block in range(blocks)))
            for a, b in pairwise([width, *widths])
        )
        self.output = nn.Conv2d(widths[-1], codes, 1)
        _begin(self)

    def forward(self, x: Tensor) -> Tensor:
        x = self.input(channels_last(x))
        for number, group in enumerate(self.groups):
            x = group(F.max_pool2d(x, 2) if number else x)
        logits: Tensor = self.output(F.relu(x))
        return logits


class Decoder(nn.Module):
    """Code vectors (N, V, h, w), which its layer `input` makes from shares of codes -> (N, 2C, H, W)."""

    def __init__(self, channels: int, codes: int, width: int, vector: int, blocks: int, halvings: int) -> None:
        super().__init__()
        widths = [width << group for group in reversed(range(halvings + 1))]
        gain = 1 / (len(widths) * blocks) ** 2
        self.input = nn.Conv2d(codes, vector, 1)
        self.groups = nn.ModuleList(
            nn.Sequential(*(DecoderBlock(a if block == 0 else b, b, gain) for block in range(blocks)))
            for a, b in pairwise([vector, *widths])
        )
        self.output = nn.Conv2d(width, 2 * channels, 1)
        _begin(self)

    def forward(self, x: Tensor) -> Tensor:
        for number, group in enumerate(self.groups):
            x = group(F.interpolate(x, scale_factor=2, mode="nearest") if number else x)
        maps: Tensor = self.output(F.relu(x))
        return maps


class Block(nn.Module):
    """identity(x) + gain * f(x), with f four convolutions of kernels `kernels` through a quarter of the channels."""

    def __init__(self, inputs: int, outputs: int, kernels: tuple[int, int, int, int], gain: float) -> None:
        super().__init__()
        hidden = max(outputs // 4, 1)
        self.gain = gain
        self.identity = nn.Identity() if inputs == outputs else nn.Conv2d(inputs, outputs, 1)
        sizes = pairwise((inputs, hidden, hidden, hidden, outputs))
        self.layers = nn.ModuleList(
            nn.Conv2d(a, b, kernel, padding=kernel // 2) for (a, b), kernel in zip(sizes, kernels, strict=True)
        )

    def forward(self, x: Tensor) -> Tensor:
        y = x
        for layer in self.layers:
            y = layer(F.relu(y))
        return torch.add(self.identity(x), y, alpha=self.gain)


class EncoderBlock(Block):
    def __init__(self, inputs: int, outputs: int, gain: float) -> None:
        super().__init__(inputs, outputs, (3, 3, 3, 1), gain)


class DecoderBlock(Block):
    def __init__(self, inputs: int, outputs: int, gain: float) -> None:
        super().__init__(inputs, outputs, (1, 3, 3, 3), gain)


def receptive_field(blocks: int, halvings: int) -> int:
    """How many pixels wide the part of the picture is that one place of the grid reaches through the decoder."""
    side = 1
    for group in range(halvings + 1):
        side = (2 * side if group else side) + 6 * blocks  # three 3x3 convolutions in each block
    return side


def _begin(module: nn.Module) -> None:
    """Weights normal with variance 1 / fan-in, biases 0 (openai/DALL-E, dall_e/utils.py)."""
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.normal_(layer.weight, std=layer.weight[0].numel() ** -0.5)
            nn.init.zeros_(_bias(layer))


def _bias(layer: nn.Conv2d) -> Tensor:
    assert layer.bias is not None
    return layer.bias
