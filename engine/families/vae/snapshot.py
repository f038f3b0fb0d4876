"""A frozen VAE: its latents decode to pictures, pictures have latents, and a bound says how well it knows a picture.

Legend: N samples, Z latent size, C channels, H x W pixels, K draws.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from engine.controls import LatentInfo
from engine.families.vae import bounds
from engine.families.vae.likelihood import Likelihood
from engine.families.vae.networks import Autoencoder
from engine.family import SampleSpec, Tensors
from engine.nn.frozen import WeightsError, frozen
from engine.nn.gaussian import DiagonalGaussian

DRAWS = 8  # of z for each picture in `bits_per_dim`
DRAWS_SEED = 0


class VaeSnapshot:
    """Encoder and decoder (their slow copy) in eval mode; satisfies `LatentSpace`, `Inverter` and `Reconstructor`, and
    `bounds.LatentModel` for bytes."""

    def __init__(
        self,
        spec: SampleSpec,
        latent: LatentInfo,
        likelihood: Likelihood,
        network: Callable[[], Autoencoder],
        tensors: Tensors,
    ) -> None:
        """Raises ValueError where the tensors do not fit the network."""
        self.spec = spec
        self.latent = latent
        self.likelihood = likelihood
        self.conditions: Mapping[str, tuple[str, ...]] = {}
        unknown = [name for name in tensors if not name.startswith("VAE.")]
        if unknown:
            raise WeightsError(f"The weights do not fit this model ({unknown[0]} is not of a VAE).")
        self._network = frozen(network, tensors, "VAE.")

    def decode(self, z_NZ: Tensor, labels: Mapping[str, Tensor] | None = None) -> Tensor:
        """The decoder's mean, (N, C, H, W) in [-1, 1], without noise. An autoregressive decoder has no such mean: it
        draws each pixel given those before, with the same noise for every z."""
        return self._network.decoder.make(z_NZ, self.likelihood, self._network.log_sigma)

    def first_layer(self) -> Tensor:
        """The weight (F, Z) of the linear map that z meets first; an autoregressive decoder has no other."""
        return self._network.decoder.start.weight

    def invert(self, x: Tensor) -> Tensor:
        """The means of q(z|x), (N, Z)."""
        return self.posterior(x).mean

    def reconstruct(self, x: Tensor) -> Tensor:
        """What the mean of q(z|x) decodes to, (N, C, H, W) in [-1, 1]."""
        return self.decode(self.invert(x))

    def bits_per_dim(self, x: Tensor) -> Tensor:
        """Minus the ELBO of the 256 levels of each number, in bits per number, (N,): an upper bound of -log2 p(x).

        Levels have the mass of a Gaussian around the decoder's mean: of the sigma that training used or learned, or of
        the stated one after training on chances of white. The KL is exact; the expectation is the mean over
        8 draws of z with fixed noise, the same for every picture.
        """
        rng = torch.Generator().manual_seed(DRAWS_SEED)
        noise = torch.randn(DRAWS, 1, self.latent.size, generator=rng).to(x.device)
        return -bounds.elbo(self, x, noise) / (x[0].numel() * math.log(2))

    def posterior(self, x: Tensor) -> DiagonalGaussian:
        """q(z|x), (N, Z)."""
        return self._network.posterior(self.likelihood.seen(x))

    def log_likelihood(self, x: Tensor, z_NZ: Tensor) -> Tensor:
        """log p(x|z) of the bytes of each sample in nats, (N,)."""
        out = self._network.decoder(z_NZ, self.likelihood.seen(x))
        return self.likelihood.log_mass(x, out, self._network.log_sigma)

    def tensors(self) -> Tensors:
        """The weights in plain memory order, as a file wants them."""
        return {f"VAE.{name}": tensor.contiguous() for name, tensor in self._network.state_dict().items()}
