"""A decoder that sees z and all earlier pixels: so able that it can do without z, and then z falls silent.

Masked convolutions in raster order (van den Oord et al. 2016, arXiv 1601.06759 section 3.4), wider from layer to layer
by holes in their kernels, and z as a bias of every layer. That a decoder's reach decides whether z is used: Chen et al.
2017 (arXiv 1611.02731); Yang et al. 2017 (arXiv 1702.08139), who vary it by holes too. Nothing normalises over places,
which would tell later pixels. Within a pixel red moves the mean of green, and both that of blue, by factors that the
network gives (Salimans et al. 2017, arXiv 1701.05517 section 2.2). Pixels far to the right in the rows above stay
unseen (the blind spot of masked convolutions).

Legend: N samples, Z latent size, C channels, H x W pixels, P maps per channel, F features, O outputs.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.families.vae.likelihood import Likelihood
from engine.families.vae.networks import PictureDecoder, Shape
from engine.nn.layers import channels_last

HOLES = (1, 2, 4)  # the distance between the taps of a kernel, layer after layer, and from the start again
NOISE_SEED = 0


class CausalConv(nn.Conv2d):
    """A convolution that reads `rows` rows above, and of its own row what is to the left, with the place itself where
    `sees_own`. Keeps H and W; what lies outside counts as 0."""

    def __init__(self, inputs: int, outputs: int, rows: int, reach: int, hole: int, sees_own: bool) -> None:
        super().__init__(inputs, outputs, (rows + 1, 2 * reach + 1), dilation=hole)
        self.top, self.side = rows * hole, reach * hole
        self.own_taps = reach + sees_own

    def forward(self, x: Tensor) -> Tensor:
        mask = torch.ones_like(self.weight[:1, :1])
        mask[:, :, -1, self.own_taps :] = 0
        padded = F.pad(x, (self.side, self.side, self.top, 0))
        return F.conv2d(padded, self.weight * mask, self.bias, dilation=self.dilation)


class CausalBlock(nn.Module):
    """x + f(x + ...): ReLU, masked 2x3, the bias that z gives, ReLU, 1x1."""

    def __init__(self, width: int, hole: int) -> None:
        super().__init__()
        self.conv = CausalConv(width, width, rows=1, reach=1, hole=hole, sees_own=True)
        self.mix = nn.Conv2d(width, width, 1)

    def forward(self, x: Tensor, bias_NF: Tensor) -> Tensor:
        y: Tensor = x + self.mix(F.relu(self.conv(F.relu(x)) + bias_NF[:, :, None, None]))
        return y


class AutoregressiveDecoder(PictureDecoder):
    """z (N, Z) and x (N, C, H, W) -> (N, P * C, H, W); what it gives for a number depends on z and those before it."""

    def __init__(self, shape: Shape, likelihood: Likelihood, z_size: int, width: int, layers: int) -> None:
        super().__init__()
        self.shape, self.maps = shape, likelihood.maps
        self.start = nn.Linear(z_size, (layers + 1) * width)  # one bias for each layer
        self.near = CausalConv(shape[0], shape[0], rows=1, reach=1, hole=1, sees_own=False)
        self.first = CausalConv(shape[0], width, rows=2, reach=2, hole=1, sees_own=False)
        self.blocks = nn.ModuleList(CausalBlock(width, HOLES[layer % len(HOLES)]) for layer in range(layers))
        self.widen = nn.Conv2d(width, 2 * width, 1)
        self.end = nn.Conv2d(2 * width, self.maps * shape[0] + shape[0] * (shape[0] - 1) // 2, 1)
        with torch.no_grad():  # before it has learned anything, a pixel is like those to its left and above it
            nn.init.zeros_(self.near.weight)
            for channel in range(shape[0]):
                self.near.weight[channel, channel, 0, 1] = likelihood.like / 2
                self.near.weight[channel, channel, 1, 0] = likelihood.like / 2

    def forward(self, z_NZ: Tensor, x: Tensor) -> Tensor:
        channels = self.shape[0]
        raw = self.raw(z_NZ, x)
        maps, factors = raw[:, : self.maps * channels], raw[:, self.maps * channels :]
        shifts = torch.stack([shift(factors, x, channel) for channel in range(channels)], dim=1)
        return torch.cat([maps[:, :channels] + shifts, maps[:, channels:]], dim=1)

    def raw(self, z_NZ: Tensor, x: Tensor) -> Tensor:
        """What earlier pixels and z say alone: the maps (N, P * C, ...) and the C (C - 1) / 2 factors of channels."""
        biases = self.start(z_NZ).chunk(len(self.blocks) + 1, dim=1)
        h = self.first(channels_last(x)) + biases[0][:, :, None, None]
        for block, bias_NF in zip(self.blocks, biases[1:], strict=True):
            h = block(h, bias_NF)
        out: Tensor = self.end(F.relu(self.widen(F.relu(h))))
        return torch.cat([out[:, : self.shape[0]] + self.near(x), out[:, self.shape[0] :]], dim=1)

    def make(self, z_NZ: Tensor, likelihood: Likelihood, log_sigma: Tensor) -> Tensor:
        """Draws pixel after pixel, with the same noise for every picture, so that pictures differ by z alone."""
        rng = torch.Generator().manual_seed(NOISE_SEED)
        noise = torch.randn(1, *self.shape, generator=rng).to(z_NZ.device)
        return PixelByPixel(self, z_NZ).draw(likelihood, log_sigma, noise)


def shift(factors: Tensor, x: Tensor, channel: int) -> Tensor:
    """How far the earlier channels of its own pixel move the mean of a channel, (N, ...)."""
    first = channel * (channel - 1) // 2
    return (factors[:, first : first + channel] * x[:, :channel]).sum(dim=1)


class PixelByPixel:
    """Draws pictures at the price of one place of each layer per pixel: what a layer said of earlier places is kept,
    and stays true because every layer is causal (Ramachandran et al. 2017, arXiv 1704.06001).

    It computes in double precision: a picture must not depend on the others of its batch, and the rounding to levels of
    a byte would blow the last bit of a sum up to another picture.
    """

    def __init__(self, decoder: AutoregressiveDecoder, z_NZ: Tensor) -> None:
        self._decoder, self._z = decoder, z_NZ
        biases = F.linear(z_NZ.double(), *_double(decoder.start)).chunk(len(decoder.blocks) + 1, dim=1)
        blocks = [block for block in decoder.blocks if isinstance(block, CausalBlock)]
        height, width = decoder.shape[1:]
        nothing_NC = biases[0].new_zeros(len(z_NZ), decoder.shape[0])
        self._near = _Layer(decoder.near, nothing_NC, height, width)
        convs = [decoder.first, *(block.conv for block in blocks)]
        self._layers = [_Layer(conv, bias, height, width) for conv, bias in zip(convs, biases, strict=True)]
        self._mixes = [_double(block.mix) for block in blocks]
        self._ends = (_double(decoder.widen), _double(decoder.end))

    def draw(self, likelihood: Likelihood, log_sigma: Tensor, noise: Tensor) -> Tensor:
        """(N, C, H, W) on the levels of a byte, from standard normal noise (N or 1, C, H, W)."""
        channels, height, width = self._decoder.shape
        x = self._z.new_zeros(len(self._z), channels, height, width)
        noise, log_sigma = noise.double(), log_sigma.double()
        for row in range(height):
            for column in range(width):
                pixel_NC = self._pixel(self.raw(row, column), likelihood, log_sigma, noise[:, :, row, column])
                self.keep(row, column, pixel_NC)
                x[:, :, row, column] = pixel_NC.to(x.dtype)
        return x

    def _pixel(self, raw: Tensor, likelihood: Likelihood, log_sigma: Tensor, noise_NC: Tensor) -> Tensor:
        """One pixel (N, C), channel after channel."""
        channels, count = self._decoder.shape[0], self._decoder.maps
        maps_NPC, factors = raw[:, : count * channels].view(-1, count, channels), raw[:, count * channels :]
        pixel_NC = raw.new_zeros(len(raw), channels)
        for channel in range(channels):
            out_NP = maps_NPC[:, :, channel].clone()
            out_NP[:, 0] += shift(factors, pixel_NC, channel)
            pixel_NC[:, channel] = likelihood.sample(out_NP, log_sigma, noise_NC[:, channel, None])[:, 0]
        return pixel_NC

    def raw(self, row: int, column: int) -> Tensor:
        """What the decoder's `raw` says at one pixel, (N, ...), once all earlier ones are kept."""
        first, *others = self._layers
        h_NF = first.at(row, column)
        for layer, (weight, bias) in zip(others, self._mixes, strict=True):
            layer.keep(row, column, F.relu(h_NF))
            h_NF = h_NF + F.linear(F.relu(layer.at(row, column)), weight, bias)
        (widen, widen_bias), (end, end_bias) = self._ends
        out = F.linear(F.relu(F.linear(F.relu(h_NF), widen, widen_bias)), end, end_bias)
        out[:, : self._decoder.shape[0]] += self._near.at(row, column)
        return out

    def keep(self, row: int, column: int, pixel_NC: Tensor) -> None:
        """Take this for the pixel."""
        self._layers[0].keep(row, column, pixel_NC)
        self._near.keep(row, column, pixel_NC)


class _Layer:
    """One masked convolution with its inputs so far, (N, H + top, W + 2 side, F), zeros where nothing is yet."""

    def __init__(self, conv: CausalConv, bias_NF: Tensor, height: int, width: int) -> None:
        self._top, self._side, self._hole = conv.top, conv.side, conv.dilation[0]
        weight_OHWF = conv.weight.double().permute(0, 2, 3, 1)
        self._own_taps = conv.own_taps
        self._weight = torch.cat(
            [weight_OHWF[:, :-1].flatten(1), weight_OHWF[:, -1, : conv.own_taps].flatten(1)], dim=1
        )
        self._bias_NF = bias_NF if conv.bias is None else bias_NF + conv.bias.double()
        self._kept = bias_NF.new_zeros(len(bias_NF), height + conv.top, width + 2 * conv.side, conv.in_channels)

    def keep(self, row: int, column: int, input_NF: Tensor) -> None:
        self._kept[:, row + self._top, column + self._side] = input_NF

    def at(self, row: int, column: int) -> Tensor:
        """The output (N, F) at one place."""
        above = self._kept[:, row : row + self._top : self._hole, column : column + 2 * self._side + 1 : self._hole]
        left = self._kept[:, row + self._top, column :: self._hole][:, : self._own_taps]
        taps = torch.cat([above.flatten(1), left.flatten(1)], dim=1)
        return torch.addmm(self._bias_NF, taps, self._weight.T)


def _double(layer: nn.Linear | nn.Conv2d) -> tuple[Tensor, Tensor]:
    """Weight (outputs, inputs) and bias of a linear map or of a 1x1 convolution."""
    return layer.weight.flatten(1).double(), layer.bias.double()  # type: ignore[union-attr]
