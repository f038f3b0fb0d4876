"""The training of a GAN, the same for every config: D learns to tell real from made, G learns to fool D.

Reference: Goodfellow et al. 2014 (arXiv 1406.2661) algorithm 1. D goes first, then G; each phase gives gradients to
its own network alone and leaves every number of the other as it was.

Legend: N samples, Z latent size, K condition columns.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from engine.families.gan import losses, straight
from engine.families.gan.recipe import Networks, Recipe, conditions_of, draw_nearby, draw_z, stack_labels
from engine.family import Batch, Family, Losses, Phase, SampleSpec, Tensors
from engine.nn.diffaugment import diffaugment
from engine.nn.ema import ema_beta, ema_update
from engine.nn.layers import held


@dataclass(frozen=True)
class Lent:
    """Samples that G made for D in a step, with their graph, so that G need not make them again (as the public code
    of DCGAN does). `statistics` are G's buffers after making them."""

    step: int
    z_NZ: Tensor
    made: Tensor
    labels_NK: Tensor | None
    statistics: list[Tensor]


def _set_buffers(module: nn.Module, values: list[Tensor]) -> None:
    """Through `.data`, which autograd does not watch: backward in train mode needs no running statistics."""
    for buffer, value in zip(module.buffers(), values, strict=True):
        buffer.data.copy_(value)


PHASES = (("D", "the network that judges"), ("G", "the network that makes"))


class Gan(Family):
    """Two networks and a recipe. `recipe_of` makes the recipe again from a config whose live knobs were moved."""

    def __init__(
        self, config: Any, spec: SampleSpec, networks: Networks, recipe_of: Callable[[Any, SampleSpec], Recipe]
    ) -> None:
        self.config = config
        self.spec = spec
        self.latent = networks.latent
        self.conditions = conditions_of(config.condition, spec)
        self.straight = networks.straight
        self._sizes = tuple(len(names) for names in networks.straight.values())
        self.recipe = recipe_of(config, spec)
        self._recipe_of = recipe_of
        self.generator = networks.generator()
        self.discriminator = networks.discriminator()
        self._lent: Lent | None = None
        self.average = copy.deepcopy(self.generator).eval().requires_grad_(False) if self.recipe.ema else None

    def phases(self) -> tuple[Phase, ...]:
        optimizers = self.recipe.optimizers
        return (
            Phase("D", "Discriminator", self.discriminator, optimizers["D"], repeats=self.recipe.d_steps),
            Phase("G", "Generator", self.generator, optimizers["G"]),
        )

    def losses(self, phase: str, batch: Batch, rng: torch.Generator, step: int) -> Losses:
        labels_NK = self._labels(batch, rng)
        if phase == "D":
            told_NK = stack_labels(self.straight, batch.labels, len(batch.x), batch.x.device)
            return self._discriminator_losses(batch.x, labels_NK, told_NK, rng, step)
        return self._generator_losses(batch.x, labels_NK, rng, step)

    def _discriminator_losses(
        self, x: Tensor, labels_NK: Tensor | None, told_NK: Tensor | None, rng: torch.Generator, step: int
    ) -> Losses:
        recipe = self.recipe
        due = step % recipe.penalty_every == 0

        # Make samples; G only lends them, and may learn from the same ones in its own phase.
        if recipe.d_steps == 1 and not recipe.fresh_z:
            self._lent = self._lend(x, labels_NK, rng, step)
            made = self._lent.made
        else:
            with torch.no_grad(), held(self.generator):
                made = self.generator(self._draw(x, rng), labels_NK)

        # Score real and made samples in batches of their own (batch norm must not mix them).
        real = self._augment(x, rng).detach().requires_grad_(due and recipe.r1 > 0)
        made = self._augment(made, rng).detach().requires_grad_(due and recipe.r2 > 0)
        real_N, seen_NV = self.discriminator.score_and_tell(real, labels_NK, rng)
        made_N = self.discriminator(made, labels_NK, rng)
        total = losses.discriminator_loss(recipe.loss, real_N, made_N)
        terms = {"loss/D": total.detach(), **self._opinions(real_N.detach(), made_N.detach())}

        # Keep D smooth around the samples: now and then, and then the more (lazy regularisation).
        for name, gamma, logits_N, inputs in (("R1", recipe.r1, real_N, real), ("R2", recipe.r2, made_N, made)):
            if due and gamma > 0:
                penalty = losses.gradient_penalty(logits_N, inputs)
                total = total + penalty * (gamma / 2 * recipe.penalty_every)
                terms[name] = penalty.detach()

        # Learn to tell the attributes of real samples, for G to be held to.
        if seen_NV is not None and told_NK is not None:
            told = straight.told_loss(seen_NV, told_NK, self._sizes)
            total = total + told
            terms["loss/attributes"] = told.detach()
        return Losses(total, terms)

    def _lend(self, x: Tensor, labels_NK: Tensor | None, rng: torch.Generator, step: int) -> Lent:
        """Samples with their graph. The running statistics of G stay as they are until G itself takes the step."""
        before = [each.clone() for each in self.generator.buffers()]
        z_NZ = self._draw(x, rng)
        made = self.generator(z_NZ, labels_NK)
        after = [each.clone() for each in self.generator.buffers()]
        _set_buffers(self.generator, before)
        return Lent(step, z_NZ, made, labels_NK, after)

    def _generator_losses(self, x: Tensor, labels_NK: Tensor | None, rng: torch.Generator, step: int) -> Losses:
        lent, self._lent = self._lent, None
        if lent is not None and lent.step == step:
            z_NZ, made, labels_NK = lent.z_NZ, lent.made, lent.labels_NK
            _set_buffers(self.generator, lent.statistics)
        else:
            z_NZ = self._draw(x, rng)
            made = self.generator(z_NZ, labels_NK)
        with held(self.discriminator):
            made_N, seen_NV = self.discriminator.score_and_tell(self._augment(made, rng), labels_NK, rng)
            real_N = None
            if self.recipe.loss == "relativistic":
                with torch.no_grad():
                    real_N = self.discriminator(self._augment(x, rng), labels_NK, rng)
        total = losses.generator_loss(self.recipe.loss, made_N, real_N)
        terms = {"loss/G": total.detach()}

        # Keep the latent space smooth: now and then, and then the more.
        recipe = self.recipe
        if recipe.smoothness > 0 and step % recipe.smooth_every == 0:
            change = losses.latent_change(made, self.generator(draw_nearby(z_NZ, rng), labels_NK))
            total = total + change * (recipe.smoothness * recipe.smooth_every)
            terms["latent change"] = change.detach()

        # Keep the borders of attributes straight: make what a linear map of z says.
        if seen_NV is not None and self.generator.map is not None:
            said_NV = self.generator.map(z_NZ)
            total = total + straight.map_loss(said_NV, seen_NV, self._sizes)
            total = total + straight.straight_loss(said_NV, seen_NV, self._sizes) * recipe.straightness
            terms["straight"] = straight.agreement(said_NV.detach(), seen_NV.detach(), self._sizes)
        return Losses(total, terms)

    def _opinions(self, real_N: Tensor, made_N: Tensor) -> Tensors:
        """What D thinks, as curves: probabilities and the value, or how sure it is of the real one of each pair."""
        if self.recipe.loss == "relativistic":
            return {"D(real > fake)": torch.sigmoid(real_N - made_N).mean()}
        return {
            "D(real)": torch.sigmoid(real_N).mean(),
            "D(fake)": torch.sigmoid(made_N).mean(),
            "V(G,D)": losses.value(real_N, made_N),
        }

    def _draw(self, x: Tensor, rng: torch.Generator) -> Tensor:
        return draw_z(self.latent, len(x), rng, x.device)

    def _augment(self, x: Tensor, rng: torch.Generator) -> Tensor:
        if self.spec.is_points:
            return x
        return diffaugment(x, self.recipe.augment, self.recipe.augment_strength, rng)

    def _labels(self, batch: Batch, rng: torch.Generator) -> Tensor | None:
        """The labels of a batch, now and then hidden, so that the model also learns to do without."""
        labels_NK = stack_labels(self.conditions, batch.labels, len(batch.x), batch.x.device)
        if labels_NK is None or self.recipe.condition_dropout == 0:
            return labels_NK
        chance = torch.rand(labels_NK.shape, generator=rng, device=rng.device).to(labels_NK.device)
        return labels_NK.masked_fill(chance < self.recipe.condition_dropout, -1)

    def rates(self, phase: str, step: int) -> dict[str, float]:
        return self.recipe.rates(phase, step)

    def after_step(self, step: int, phases: tuple[str, ...], rng: torch.Generator) -> None:
        if self.average is None or self.recipe.ema is None or "G" not in phases:
            return
        size, ema = self.recipe.batch_size, self.recipe.ema
        ema_update(self.average, self.generator, ema_beta(size, ema.half_life, (step + 1) * size, ema.ramp))

    def set_config(self, config: Any) -> None:
        self.recipe = self._recipe_of(config, self.spec)
        self.config = config

    def modules(self) -> Mapping[str, nn.Module]:
        average = {} if self.average is None else {"G_ema": self.average}
        return {"G": self.generator, "D": self.discriminator, **average}

    def snapshot_tensors(self) -> Tensors:
        networks = {"G.": self.generator if self.average is None else self.average, "D.": self.discriminator}
        return {prefix + name: tensor for prefix, net in networks.items() for name, tensor in net.state_dict().items()}
