"""One training step, exactly repeatable: batch, loss, backward, check, optimizer, EMA. Knows no files and no threads.

A step is a function of (weights, optimizer state, step number, seed). The order of the data is a function of
(seed, epoch, position) and every random number of a step comes from a generator seeded by (seed, step, phase), so a
run's position is one integer and a resumed run goes on bit for bit (models.md test 52).

Losses stay on the device; `read_metrics` brings their means over to the host, some twenty times a second.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.data.dataset import Dataset
from engine.family import Batch, Family, FamilyEntry, OptimizerSettings, Phase, SampleSpec, UnknownNameError
from engine.knobs import KnobError, KnobValue, configure, knobs_of, values_of

MEAN_OF = 512  # samples: enough for where a generator begins, and at once there
MOST_SKIPPED = 5  # non-finite steps within SKIP_WINDOW before training stops
SKIP_WINDOW = 100


class StateError(ValueError):
    """A kept state does not belong to this model; the message is one sentence."""


class NotFiniteError(ArithmeticError):
    """Training made too many non-finite gradients; the message says what to do."""


def mix(*numbers: int) -> int:
    """A 63-bit seed from several whole numbers (splitmix64 steps), the same on every machine."""
    state = 0x9E3779B97F4A7C15
    for number in numbers:
        state = (state + number * 0xBF58476D1CE4E5B9 + 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
        state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
        state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
        state ^= state >> 31
    return state >> 1


def spec_of(dataset: Dataset) -> SampleSpec:
    """What a family has to know of a data set. The mean is of some samples, evenly over the set."""
    rows = np.unique(np.linspace(0, len(dataset) - 1, MEAN_OF).astype(np.int64))
    mean = to_model(torch.from_numpy(dataset.batch(rows))).mean(dim=0)
    conditions = {name: column.names for name, column in dataset.table.columns.items()}
    return SampleSpec(dataset.shape, conditions, mean, len(dataset))


def build_family(entry: FamilyEntry, config: Any, spec: SampleSpec, seed: int) -> Family:
    """A family with fresh weights that depend on `seed` alone; the global random state is put back afterwards."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(mix(seed, 1))
        return entry.build(config, spec)


class Stepper:
    """A family with its optimizers, its data and its position."""

    def __init__(self, entry: FamilyEntry, config: Any, dataset: Dataset, *, seed: int, device: torch.device) -> None:
        self.entry, self.config, self.dataset, self.seed, self.device = entry, config, dataset, seed, device
        self.family = build_family(entry, config, spec_of(dataset), seed)
        for module in self.family.modules().values():
            module.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.phases = self.family.phases()
        self.optimizers = {phase.name: _optimizer(phase.optimizer, phase.module) for phase in self.phases}
        self.step_number = 0
        self._statistics = _running_statistics(self.family)
        self._rng = torch.Generator(device)
        self._terms: dict[str, list[Tensor]] = {}
        self._skipped: list[tuple[int, Tensor]] = []
        self._skipped_count = 0
        self._epoch_order: tuple[int, NDArray[np.int64]] = (-1, np.empty(0, np.int64))

    @property
    def images_per_step(self) -> int:
        return int(self.config.batch_size) * max(phase.repeats for phase in self.phases)

    @property
    def images(self) -> int:
        """How many samples of the data training has seen."""
        return self.step_number * self.images_per_step

    def step(self, only: str | None = None) -> None:
        """One step of every phase, or of the one named `only`. Raises UnknownNameError where there is no such phase."""
        names = [phase.name for phase in self.phases]
        if only is not None and only not in names:
            raise UnknownNameError(f"There is no phase {only!r}; choose one of {', '.join(names)}.")
        for index, phase in enumerate(self.phases):
            if only is None or phase.name == only:
                for repeat in range(phase.repeats):
                    self._phase_step(index, phase, repeat)
        self._rng.manual_seed(mix(self.seed, 4, self.step_number))
        self.family.after_step(self.step_number, tuple(names) if only is None else (only,), self._rng)
        self.step_number += 1

    def _phase_step(self, index: int, phase: Phase, repeat: int) -> None:
        step, optimizer = self.step_number, self.optimizers[phase.name]
        self._rng.manual_seed(mix(self.seed, 2, step, index, repeat))

        # Loss and gradient of this phase alone.
        batch = self.batch(step, repeat)
        statistics = [buffer.clone() for buffer in self._statistics]
        losses = self.family.losses(phase.name, batch, self._rng, step)
        parameters = [p for p in phase.module.parameters() if p.requires_grad]
        gradients = torch.autograd.grad(losses.total, parameters, allow_unused=True)
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = None if gradient is None else laid_out_like(parameter, gradient)

        # The optimizer itself passes over a step whose gradient is not finite, without asking the host.
        norm = torch.nn.utils.get_total_norm([g for g in gradients if g is not None])
        not_finite = (~torch.isfinite(norm)).to(torch.float32)
        if phase.optimizer.clip > 0:
            torch.nn.utils.clip_grads_with_norm_(parameters, phase.optimizer.clip, norm)
        for group in optimizer.param_groups:
            group.update(self.family.rates(phase.name, step))
        optimizer.found_inf = not_finite  # type: ignore[attr-defined]
        optimizer.grad_scale = None  # type: ignore[attr-defined]
        optimizer.step()
        for buffer, before in zip(self._statistics, statistics, strict=True):  # a NaN would stay in them for ever
            # `data`, because a graph of this phase may serve the next, and its backward does not read these.
            buffer.data.copy_(torch.where(not_finite > 0, before, buffer))

        # What the curves show.
        self._skipped.append((step, not_finite))
        for name, value in {**losses.terms, f"gradient norm/{phase.name}": norm.detach()}.items():
            self._terms.setdefault(name, []).append(value)

    def batch(self, step: int, repeat: int = 0) -> Batch:
        """The batch of a step: samples in the shuffled order of their epoch; an epoch's end may fall within it."""
        size = int(self.config.batch_size)
        repeats = max(phase.repeats for phase in self.phases)
        first = (step * repeats + repeat) * size
        indices = np.concatenate(
            [
                self._order(epoch)[max(first - epoch * len(self.dataset), 0) : first + size - epoch * len(self.dataset)]
                for epoch in range(first // len(self.dataset), (first + size - 1) // len(self.dataset) + 1)
            ]
        )
        labels = {
            name: torch.from_numpy(column.labels[indices].astype(np.int64)).to(self.device)
            for name, column in self.dataset.table.columns.items()
        }
        return Batch(to_model(torch.from_numpy(self.dataset.batch(indices)).to(self.device)), labels)

    def _order(self, epoch: int) -> NDArray[np.int64]:
        if self._epoch_order[0] != epoch:
            order = np.random.Generator(np.random.Philox(key=mix(self.seed, 3, epoch))).permutation(len(self.dataset))
            self._epoch_order = (epoch, order)
        return self._epoch_order[1]

    def read_metrics(self) -> dict[str, float]:
        """The mean of each term since the last call; NaN and infinite ones are told as they are."""
        if not self._terms:
            return {}
        names = list(self._terms)
        means = torch.stack([torch.stack(self._terms[name]).float().mean() for name in names]).tolist()
        self._terms = {}
        self._count_skipped()
        return dict(zip(names, means, strict=True))

    def _count_skipped(self) -> None:
        self._skipped = [(step, flag) for step, flag in self._skipped if step >= self.step_number - SKIP_WINDOW]
        flags = torch.stack([flag for _, flag in self._skipped]).tolist() if self._skipped else []
        self._skipped_count = len({step for (step, _), flag in zip(self._skipped, flags, strict=True) if flag})

    def check_finite(self) -> None:
        """Raises NotFiniteError where, as of the last `read_metrics`, too many steps had to be skipped."""
        count = self._skipped_count
        if count > MOST_SKIPPED:
            self._skipped, self._skipped_count = [], 0
            raise NotFiniteError(
                f"{count} of the last {SKIP_WINDOW} steps had gradients that are not finite, and those steps changed "
                "nothing, so training stops here; lower the learning rate, or go back to the last checkpoint."
            )

    def set_knob(self, name: str, value: KnobValue) -> KnobValue:
        """Change a live knob and return the value before. Raises KnobError where the knob needs a new run."""
        by_name = {each.name: each for each in knobs_of(self.config)}
        if name in by_name and not by_name[name].live:
            raise KnobError(f"{name} needs a new run; it cannot change while training.")
        before = values_of(self.config)
        self.config = configure(type(self.config), before, {name: value})
        self.family.set_config(self.config)
        return before[name]

    def _entries_of(self, phase: Phase, optimizer: Mapping[str, Tensor]) -> dict[int, dict[str, Tensor]]:
        """What the optimizer of a phase remembers, by the number of the parameter. A fused optimizer walks through
        memory by the size of the parameter, so a tensor of another size must never reach it. Raises StateError."""
        parameters = [p for p in phase.module.parameters() if p.requires_grad]
        entries: dict[int, dict[str, Tensor]] = {}
        for name, value in optimizer.items():
            owner, _, rest = name.partition(".")
            if owner == phase.name:
                index, _, key = rest.partition(".")
                known = index.isdecimal() and int(index) < len(parameters)
                if not known or value.shape not in (torch.Size([]), parameters[int(index)].shape):
                    raise StateError(f"The optimizer remembers {name}, which does not fit this model.")
                entries.setdefault(int(index), {})[key] = value
        names = {frozenset(each) for each in entries.values()}
        if entries and (len(entries) != len(parameters) or len(names) != 1):
            raise StateError(f"The optimizer of {phase.name} remembers only some of the weights; the state is damaged.")
        return entries

    def state(self) -> tuple[dict[str, Tensor], dict[str, Tensor], dict[str, Any]]:
        """Weights, optimizer tensors and the plain rest: all that makes this training again. Nothing is copied."""
        optimizer: dict[str, Tensor] = {}
        for phase in self.phases:
            for index, entries in self.optimizers[phase.name].state_dict()["state"].items():
                optimizer |= {
                    f"{phase.name}.{index}.{key}": value for key, value in entries.items() if value is not None
                }
        plain = {"step": self.step_number, "config": values_of(self.config), "seed": self.seed}
        return self.family.state(), optimizer, plain

    def load_state(
        self, weights: Mapping[str, Tensor], optimizer: Mapping[str, Tensor], plain: Mapping[str, Any]
    ) -> None:
        """The inverse of `state`. Raises StateError where the tensors or numbers do not fit."""
        try:
            step, config = int(plain["step"]), configure(type(self.config), plain["config"])
            self.family.load_state(weights)
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise StateError("The kept weights and numbers belong to another model, or are damaged.") from error
        if step < 0:
            raise StateError(f"The kept state says step {step}; it is damaged.")
        by_phase = {phase.name: self._entries_of(phase, optimizer) for phase in self.phases}
        self.config = config
        self.family.set_config(self.config)
        for phase in self.phases:
            entries, own = by_phase[phase.name], self.optimizers[phase.name]
            own.load_state_dict({"state": entries, "param_groups": own.state_dict()["param_groups"]})
            for parameter, kept in own.state.items():
                for key, value in kept.items():
                    if value.shape == parameter.shape:
                        kept[key] = laid_out_like(parameter, value)
        self.step_number = step
        self._terms, self._skipped, self._skipped_count = {}, [], 0


def laid_out_like(parameter: Tensor, value: Tensor) -> Tensor:
    """`value` with the strides of `parameter`. Fused optimizers walk through memory without looking at strides: a
    gradient in another memory format would move the wrong weights, and nothing would say so (torch 2.13)."""
    if value.stride() == parameter.stride():
        return value
    return torch.empty_like(parameter, dtype=value.dtype, requires_grad=False).copy_(value)


def _running_statistics(family: Family) -> list[Tensor]:
    """What normalisation layers remember of the batches they saw."""
    layers = [layer for module in family.modules().values() for layer in module.modules()]
    norms = [layer for layer in layers if isinstance(layer, torch.nn.modules.batchnorm._NormBase)]
    return [buffer for layer in norms for buffer in layer.buffers()]


def _optimizer(settings: OptimizerSettings, module: torch.nn.Module) -> torch.optim.Optimizer:
    parameters = [p for p in module.parameters() if p.requires_grad]
    if settings.kind == "sgd":
        sgd = torch.optim.SGD(
            parameters, settings.lr, momentum=settings.momentum, weight_decay=settings.weight_decay, fused=True
        )
        # Were the very first step passed over, fused SGD would go on with a momentum of uninitialised memory.
        for parameter in parameters:
            sgd.state[parameter]["momentum_buffer"] = torch.zeros_like(parameter)
        return sgd
    kind = torch.optim.AdamW if settings.kind == "adamw" else torch.optim.Adam
    return kind(parameters, settings.lr, betas=settings.betas, weight_decay=settings.weight_decay, fused=True)


def to_model(samples: Tensor) -> Tensor:
    """uint8 (N, H, W, C) -> float (N, C, H, W) in [-1, 1], channels last in memory; points pass unchanged."""
    if samples.dtype != torch.uint8:
        return samples
    return samples.permute(0, 3, 1, 2).to(torch.float32).div_(127.5).sub_(1.0)


def to_samples(x: Tensor) -> NDArray[np.uint8] | NDArray[np.float32]:
    """The inverse of `to_model` on the device: float (N, C, H, W) -> uint8 (N, H, W, C); points come out float32."""
    if x.ndim == 2:
        return x.to(torch.float32).cpu().numpy()
    pixels = x.float().add(1.0).mul_(127.5).round_().clamp_(0, 255).to(torch.uint8)
    return pixels.permute(0, 2, 3, 1).contiguous().cpu().numpy()
