"""The networks of a VAE: an encoder that gives a Gaussian over z, and decoders that know z alone.

The perceptrons are those of Kingma and Welling 2013 (arXiv 1312.6114) appendix C; the convolutions are shared with the
other autoencoders. `autoregressive` has the decoder that also knows the earlier pixels.

Legend: N samples, Z latent size, C channels, H x W pixels, P maps per channel, F features.
"""

from __future__ import annotations

import math
from abc import abstractmethod

import torch
from torch import Tensor, nn

from engine.families.vae.likelihood import Likelihood
from engine.nn.autoencoder import Decoder, Encoder, Style
from engine.nn.gaussian import DiagonalGaussian
from engine.nn.initial import begin_normal
from engine.nn.layers import channels_last

Shape = tuple[int, int, int]  # C, H, W
SIGMA_SPEED = 20.0  # Adam's steps are the same for every number, and this one has far to go
MOST_LOG_VARIANCE = 10.0  # e^10: keeps exp finite where training goes astray


class PictureDecoder(nn.Module):
    """z (N, Z), and the picture x where the decoder looks at its earlier pixels -> (N, P * C, H, W)."""

    start: nn.Linear

    @abstractmethod
    def forward(self, z_NZ: Tensor, x: Tensor) -> Tensor: ...

    @abstractmethod
    def make(self, z_NZ: Tensor, likelihood: Likelihood, log_sigma: Tensor) -> Tensor:
        """The pictures of z, (N, C, H, W) in [-1, 1]. Picture n depends on z_NZ[n] alone."""


class ConvolutionalEncoder(nn.Module):
    """(N, C, H, W) -> (N, 2 Z): mean and log variance."""

    def __init__(self, shape: Shape, z_size: int, width: int, halvings: int, blocks: int, style: Style) -> None:
        super().__init__()
        vector = 2 * width
        self.grid = Encoder(shape[0], vector, width, halvings, blocks, style)
        self.end = nn.Linear(vector * math.prod(shape[1:]) // 4**halvings, 2 * z_size)

    def forward(self, x: Tensor) -> Tensor:
        numbers: Tensor = self.end(self.grid(x).flatten(1))
        return numbers


class ConvolutionalDecoder(PictureDecoder):
    """z -> a grid of vectors by a linear map, then the convolutions."""

    def __init__(
        self, shape: Shape, maps: int, z_size: int, width: int, halvings: int, blocks: int, style: Style
    ) -> None:
        super().__init__()
        vector = 2 * width
        self.sides = (shape[1] >> halvings, shape[2] >> halvings)
        self.start = nn.Linear(z_size, vector * math.prod(self.sides))
        self.grid = Decoder(maps * shape[0], vector, width, halvings, blocks, style)

    def forward(self, z_NZ: Tensor, x: Tensor | None = None) -> Tensor:
        out: Tensor = self.grid(self.start(z_NZ).unflatten(1, (-1, *self.sides)))
        return out

    def make(self, z_NZ: Tensor, likelihood: Likelihood, log_sigma: Tensor) -> Tensor:
        return likelihood.mean(self(z_NZ))


class PerceptronEncoder(nn.Module):
    """(N, C, H, W) -> (N, 2 Z) through one hidden layer of tanh units."""

    def __init__(self, shape: Shape, z_size: int, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(math.prod(shape), width), nn.Tanh(), nn.Linear(width, 2 * z_size))
        begin_normal(self, std=0.01)

    def forward(self, x: Tensor) -> Tensor:
        numbers: Tensor = self.layers(x.flatten(1))
        return numbers


class PerceptronDecoder(PictureDecoder):
    """z -> one hidden layer of tanh units -> (N, P * C, H, W)."""

    def __init__(self, shape: Shape, maps: int, z_size: int, width: int) -> None:
        super().__init__()
        self.shape = (maps * shape[0], *shape[1:])
        self.start = nn.Linear(z_size, width)
        self.end = nn.Linear(width, math.prod(self.shape))
        begin_normal(self, std=0.01)

    def forward(self, z_NZ: Tensor, x: Tensor | None = None) -> Tensor:
        return channels_last(self.end(torch.tanh(self.start(z_NZ))).unflatten(1, self.shape))

    def make(self, z_NZ: Tensor, likelihood: Likelihood, log_sigma: Tensor) -> Tensor:
        return likelihood.mean(self(z_NZ))


class Autoencoder(nn.Module):
    """Encoder, decoder and what the likelihood learns itself: everything that a VAE trains."""

    def __init__(self, encoder: nn.Module, decoder: PictureDecoder, sigma: float, learns_sigma: bool) -> None:
        super().__init__()
        self.encoder, self.decoder = encoder, decoder
        self.sigma = nn.Parameter(torch.tensor(math.log(sigma) / SIGMA_SPEED), requires_grad=learns_sigma)

    @property
    def log_sigma(self) -> Tensor:
        """The log of the likelihood's standard deviation, 0-d."""
        return self.sigma * SIGMA_SPEED

    def posterior(self, x: Tensor) -> DiagonalGaussian:
        """q(z|x) of pictures (N, C, H, W)."""
        mean, log_variance = self.encoder(x).chunk(2, dim=1)
        return DiagonalGaussian(mean, log_variance.clamp(max=MOST_LOG_VARIANCE))
