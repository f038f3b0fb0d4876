"""A frozen discrete autoencoder: a codec of pictures by their most likely codes, and a reconstructor of them.

Legend: N samples, C channels, H x W pixels, h x w places, K codes, V numbers of a code vector.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from engine.controls import CodesInfo
from engine.families.dvae.networks import DiscreteAutoencoder, receptive_field
from engine.family import SampleSpec, Tensors
from engine.nn.frozen import WeightsError, frozen
from engine.nn.logit_laplace import LEVELS, log_mass_of_bytes, phi, phi_inverse


class DvaeSnapshot:
    """Satisfies `Codec` and `Reconstructor`."""

    def __init__(
        self, config: Any, spec: SampleSpec, build: Callable[[], DiscreteAutoencoder], tensors: Tensors
    ) -> None:
        """Raises WeightsError where the tensors do not fit the networks."""
        self.spec = spec
        unknown = [name for name in tensors if not name.startswith("net.") and name != "usage"]
        if unknown:
            raise WeightsError(f"The weights do not fit this model ({unknown[0]} does not belong to it).")
        self._net = frozen(build, tensors, "net.")
        self._margin = config.margin
        self._usage = tensors.get("usage", torch.zeros(config.codes)).long()
        if len(self._usage) != config.codes:
            raise WeightsError("The weights do not fit this model (usage has another number of codes).")
        height, width, _ = spec.shape
        cell = 1 << config.halvings
        self.codes = CodesInfo(
            grid=(height // cell, width // cell),
            book=config.codes,
            vector=config.vector,
            cell=cell,
            field=min(receptive_field(config.blocks, config.halvings), max(height, width)),
        )

    def encode(self, x: Tensor) -> Tensor:
        """The most likely codes (N, h, w) of pictures (N, C, H, W) in [-1, 1]: without noise, as a prior wants them."""
        return self._net.logits(phi((x + 1) / 2, self._margin)).argmax(dim=-1)

    def decode_codes(self, codes_NHW: Tensor) -> Tensor:
        """Pictures (N, C, H, W) in [-1, 1]: phi^-1(sigmoid(mu)), without regard to ln b (paper, appendix A.3)."""
        mu, _ = self._net.pixels_of_codes(codes_NHW)
        return phi_inverse(mu.sigmoid(), self._margin) * 2 - 1

    def book(self) -> Tensor:
        """What each code is for the decoder, (K, V): the weight of its first layer. The encoder compares no vectors."""
        return self._net.book()

    def usage(self) -> Tensor:
        """How often each code was the most likely one in the last window of training, (K,)."""
        return self._usage

    def reconstruct(self, x: Tensor) -> Tensor:
        return self.decode_codes(self.encode(x))

    def bits_per_dim(self, x: Tensor) -> Tensor:
        """An upper bound of -log2 p(x) per number, (N,): log2 K for each code, and the bytes given those codes.

        The logit-Laplace is a density, part of whose mass lies beyond the pixels (11 % at b = 1), so its own nats
        cannot be compared with models of bytes. Here each byte has the mass of the distribution between the midpoints
        to its neighbours, and the first and the last byte all that lies beyond: 256 probabilities that sum to 1.
        """
        codes_NHW = self.encode(x)
        mu, ln_b = self._net.pixels_of_codes(codes_NHW)
        levels = ((x + 1) / 2 * (LEVELS - 1)).round()
        nats = -log_mass_of_bytes(levels, mu, ln_b, self._margin).flatten(1).mean(dim=1)
        places, numbers = math.prod(self.codes.grid), math.prod(self.spec.shape)
        return nats / math.log(2) + places * math.log2(self.codes.book) / numbers

    def tensors(self) -> Tensors:
        weights = {f"net.{name}": tensor.contiguous() for name, tensor in self._net.state_dict().items()}
        return {**weights, "usage": self._usage}
