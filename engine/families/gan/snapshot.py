"""A frozen GAN: its latent space decodes to samples, and its D is a critic of them.

Legend: N samples, Z latent size, C channels, H x W pixels, D coordinates.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from torch import Tensor

from engine.families.gan.recipe import Networks, conditions_of, stack_labels
from engine.family import SampleSpec, Tensors
from engine.nn.frozen import WeightsError, frozen


class GanSnapshot:
    """G (its slow copy, where there is one) and D in eval mode; satisfies `LatentSpace` and `Critic`."""

    def __init__(
        self,
        spec: SampleSpec,
        networks: Networks,
        condition: str,
        critic_scale: Literal["probability", "difference"],
        tensors: Tensors,
    ) -> None:
        """Raises ValueError where the tensors do not fit the networks."""
        self.spec = spec
        self.latent = networks.latent
        self.conditions: Mapping[str, tuple[str, ...]] = conditions_of(condition, spec)
        self.critic_scale = critic_scale
        unknown = [name for name in tensors if not name.startswith(("G.", "D."))]
        if unknown:
            raise WeightsError(f"The weights do not fit this model ({unknown[0]} is neither of G nor of D).")
        self._generator = frozen(networks.generator, tensors, "G.")
        self._discriminator = frozen(networks.discriminator, tensors, "D.")

    def decode(self, z_NZ: Tensor, labels: Mapping[str, Tensor] | None = None) -> Tensor:
        """Samples (N, C, H, W) in [-1, 1] or (N, D). A column that is not given counts as not known."""
        made: Tensor = self._generator(z_NZ, stack_labels(self.conditions, labels, len(z_NZ), z_NZ.device))
        return made

    def first_layer(self) -> Tensor:
        """The weights (F, Z) of every linear map that z meets first, stacked."""
        return self._generator.first_layer()

    def score(self, x: Tensor, labels: Mapping[str, Tensor] | None = None) -> Tensor:
        """The logit of D for each sample, (N,). Differentiable in x."""
        logits_N: Tensor = self._discriminator(x, stack_labels(self.conditions, labels, len(x), x.device))
        return logits_N

    def tensors(self) -> Tensors:
        """The weights of G and D in plain memory order, as a file wants them."""
        networks = {"G.": self._generator, "D.": self._discriminator}
        return {
            prefix + name: tensor.contiguous()
            for prefix, net in networks.items()
            for name, tensor in net.state_dict().items()
        }
