"""A frozen VQ-VAE: a codec of pictures, and a reconstructor of them.

Legend: N samples, C channels, H x W pixels, h x w places, K codes, D numbers of a vector.
"""

from __future__ import annotations

import functools
import math

from torch import Tensor

from engine.controls import CodesInfo
from engine.families.vqvae.networks import Architecture, VqAutoencoder
from engine.family import SampleSpec, Tensors
from engine.nn.autoencoder import receptive_field
from engine.nn.frozen import WeightsError, frozen
from engine.nn.likelihoods import discretised_gaussian_bits


class VqVaeSnapshot:
    """Satisfies `Codec` and `Reconstructor`."""

    def __init__(self, spec: SampleSpec, plan: Architecture, tensors: Tensors) -> None:
        """Raises WeightsError where the tensors do not fit, or the book is not finite."""
        self.spec = spec
        unknown = [name for name in tensors if not name.startswith("net.") and name != "usage"]
        if unknown:
            raise WeightsError(f"The weights do not fit this model ({unknown[0]} does not belong to it).")
        self._net = frozen(functools.partial(VqAutoencoder, plan), tensors, "net.")
        book = self._net.quantiser.book()
        self._usage = tensors.get("usage", book.new_zeros(len(book))).long()
        if len(self._usage) != len(book):
            raise WeightsError("The weights do not fit this model (usage has another number of codes).")
        if not bool(book.isfinite().all()):
            raise WeightsError("The codebook of this model is not finite; go back to an earlier step of its run.")
        self.codes = CodesInfo(
            grid=(plan.grid, plan.grid),
            book=len(book),
            vector=book.shape[1],
            cell=spec.shape[0] // plan.grid,
            field=min(receptive_field(plan.halvings, plan.blocks), spec.shape[0]),
        )

    def encode(self, x: Tensor) -> Tensor:
        """The codes of pictures (N, C, H, W) in [-1, 1]: (N, h, w) int64."""
        return self._net.codes_of(x)

    def decode_codes(self, codes_NHW: Tensor) -> Tensor:
        """Pictures (N, C, H, W) in [-1, 1]."""
        return self._net.picture_of(codes_NHW).clamp(-1, 1)

    def book(self) -> Tensor:
        """The code vectors (K, D) as they are compared."""
        return self._net.quantiser.book()

    def usage(self) -> Tensor:
        """How often training chose each code in its last window, (K,)."""
        return self._usage

    def reconstruct(self, x: Tensor) -> Tensor:
        return self.decode_codes(self.encode(x))

    def bits_per_dim(self, x: Tensor) -> Tensor:
        """-log2 p(x | z_q) - log2 p(z) per number, (N,): each byte has its mass under a Gaussian around the
        reconstruction whose variance is the training error; all codes are as likely (log2 K bits for each place)."""
        mean = self._net.picture_of(self.encode(x))
        pixels = discretised_gaussian_bits(x, mean, 0.5 * self._net.error.clamp_min(1e-6).log())
        places, numbers = math.prod(self.codes.grid), math.prod(self.spec.shape)
        return pixels + places * math.log2(self.codes.book) / numbers

    def tensors(self) -> Tensors:
        weights = {f"net.{name}": tensor.contiguous() for name, tensor in self._net.state_dict().items()}
        return {**weights, "usage": self._usage}
