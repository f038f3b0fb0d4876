"""Answers to requests: what a snapshot draws, scores and decides. Pure functions of (snapshot, request).

Each answer is a generator of events, the most wanted part first, so that a newer request can overtake the rest.
Legend: N samples, C channels, H x W pixels, D coordinates, Z latent size, R field resolution.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine import codes, latent
from engine.controls import Condition
from engine.data.dataset import Dataset
from engine.data.points import POINT_SETS, log_density
from engine.data.ref import DataRef
from engine.family import Critic
from engine.messages import (
    Decision,
    DecodeCodes,
    DrawArithmetic,
    DrawDecision,
    DrawPoints,
    DrawWalk,
    Event,
    Frame,
    ReadBook,
    Reconstruct,
    Samples,
    Scores,
    ScoreSamples,
)
from engine.shelf import Opened, SnapshotError
from engine.stepper import mix, to_model, to_samples

CHUNK = 16  # pictures decoded at once: small enough that a newer request waits little
POINT_CHUNK = 4096


def labels_for(opened: Opened, conditions: list[Condition], device: torch.device) -> Mapping[str, Tensor] | None:
    """The condition labels of samples, one tensor per column; -1 where a point says nothing."""
    columns = opened.space.conditions
    if not columns:
        return None
    found = {}
    for name, values in columns.items():
        wanted = [dict(condition).get(name) for condition in conditions]
        labels = [values.index(value) if value in values else -1 for value in wanted]
        found[name] = torch.tensor(labels, dtype=torch.int64, device=device)
    return found


def decode(opened: Opened, z_NZ: NDArray[np.float32], conditions: list[Condition], device: torch.device) -> Samples:
    """Samples of latents, as uint8 (N, H, W, C) or float32 (N, D)."""
    parts: list[Any] = []
    chunk = POINT_CHUNK if opened.snapshot.spec.is_points else CHUNK
    with torch.inference_mode():
        for first in range(0, len(z_NZ), chunk):
            last = first + chunk
            labels = labels_for(opened, conditions[first:last], device)
            z = torch.from_numpy(np.ascontiguousarray(z_NZ[first:last], np.float32)).to(device)
            parts.append(to_samples(opened.space.decode(z, labels)))
    samples: Samples = np.concatenate(parts)
    return samples


def _frame(
    request: DrawPoints | DrawArithmetic | DrawWalk,
    opened: Opened,
    part: Literal["points", "centre", "neighbours", "slots"],
    z_NZ: NDArray[np.float32],
    conditions: list[Condition],
    device: torch.device,
) -> Frame:
    began = time.perf_counter()
    samples = decode(opened, z_NZ, conditions, device)
    took = (time.perf_counter() - began) * 1000.0
    return Frame(request.channel, request.number, request.snapshot, opened.step, part, samples, z_NZ, took)


def draw_points(opened: Opened, request: DrawPoints, device: torch.device) -> Iterator[Event]:
    z_NZ = latent.places(request.points, opened.space.latent, request.interpolation, opened.directions)
    yield _frame(request, opened, "points", z_NZ, [point.condition for point in request.points], device)


def draw_walk(opened: Opened, request: DrawWalk, device: torch.device) -> Iterator[Event]:
    z_Z = latent.walk(request.walk, request.t, opened.space.latent, opened.directions)
    condition = request.walk.frames[0].point.condition if request.walk.frames else ()
    yield _frame(request, opened, "points", z_Z[None], [condition], device)


def draw_arithmetic(opened: Opened, request: DrawArithmetic, device: torch.device) -> Iterator[Event]:
    arithmetic, space = request.arithmetic, opened.space.latent
    condition = arithmetic.condition
    z_Z = latent.evaluate(arithmetic, space, opened.directions)
    yield _frame(request, opened, "centre", z_Z[None], [condition], device)
    if request.neighbours:
        z_9Z = latent.neighbours(arithmetic, z_Z, space)
        yield _frame(request, opened, "neighbours", z_9Z, [condition] * len(z_9Z), device)
    means = [latent.slot_mean(slot, space, directions=opened.directions) for slot in arithmetic.slots if slot.exemplars]
    if means:
        conditions = [slot.exemplars[0].condition for slot in arithmetic.slots if slot.exemplars]
        yield _frame(request, opened, "slots", np.stack(means), conditions, device)


def _critic(opened: Opened) -> Critic:
    if not isinstance(opened.snapshot, Critic):
        raise SnapshotError(f"{opened.title} has no discriminator to ask; choose a GAN.")
    return opened.snapshot


def score_samples(opened: Opened, request: ScoreSamples, device: torch.device) -> Iterator[Event]:
    """D's logit per sample and, where asked, the norm over channels of its gradient with the sign of the gradient."""
    critic = _critic(opened)
    samples = request.samples
    if samples.shape[1:] != tuple(opened.snapshot.spec.shape):
        raise SnapshotError(
            f"The samples have the shape {samples.shape[1:]}, but {opened.title} judges {opened.snapshot.spec.shape}."
        )
    x = to_model(torch.from_numpy(np.ascontiguousarray(samples)).to(device))
    saliency = peaks = None
    if request.saliency:
        x = x.clone().requires_grad_(True)
        with torch.enable_grad():
            logits = critic.score(x)
            (gradient,) = torch.autograd.grad(logits.sum(), x)
        if gradient.ndim == 4:
            signed = gradient.sum(1)
            size = gradient.norm(dim=1) * signed.sign()
            peak = size.abs().amax((1, 2), keepdim=True).clamp_min(1e-12)
            saliency, peaks = (size / peak).cpu().numpy(), peak.flatten().cpu().numpy()
    else:
        with torch.inference_mode():
            logits = critic.score(x)
    yield Scores(
        request.channel,
        request.number,
        request.snapshot,
        opened.step,
        logits.detach().float().cpu().numpy(),
        saliency,
        peaks,
    )


def check_field(opened: Opened) -> None:
    """Raises SnapshotError where a decision field cannot be drawn, before any data are read for it."""
    spec = opened.snapshot.spec
    if not spec.is_points or spec.shape[0] > 2:
        raise SnapshotError("The decision field is drawn for 1-D and 2-D data; for pictures see the scores.")


def decide(opened: Opened, request: DrawDecision, dataset: Dataset, device: torch.device) -> Iterator[Event]:
    """D over the line or plane, beside the optimal D* = p_data / (p_data + p_g) (Goodfellow et al. 2014, eq. 2).

    p_data is the exact density where the set has one, else estimated from samples like p_g, by a Gaussian kernel.
    """
    check_field(opened)
    critic, space = _critic(opened), opened.space
    dims = opened.snapshot.spec.shape[0]
    order = np.arange(min(request.count, len(dataset)), dtype=np.int64)
    reals_ND = np.asarray(dataset.batch(order), np.float32)
    z_NZ = latent.draw_many(space.latent.prior, space.latent.size, mix(7), np.arange(request.count), 0)
    samples_ND = decode(opened, z_NZ, [()] * len(z_NZ), device).astype(np.float32)
    extent = extent_of(reals_ND)
    axes = [np.linspace(low, high, request.resolution, dtype=np.float32) for low, high in extent]
    field_shape = (request.resolution,) * dims
    mesh = np.stack(np.meshgrid(*axes, indexing="xy"), axis=-1).reshape(-1, dims)
    x = torch.from_numpy(mesh).to(device).requires_grad_(True)
    with torch.enable_grad():
        logits = critic.score(x)
        (gradient,) = torch.autograd.grad(logits.sum(), x)
    d = torch.sigmoid(logits.detach()).cpu().numpy().reshape(field_shape)
    p_g = _kernel_density(samples_ND, axes, _widths(samples_ND, axes))
    p_data = _data_density(request.data, mesh, field_shape, reals_ND, axes)
    if p_data is None:  # both with the wider kernels of the two: else their ratio tells of the widths alone
        widths = np.maximum(_widths(samples_ND, axes), _widths(reals_ND, axes))
        p_g, p_data = _kernel_density(samples_ND, axes, widths), _kernel_density(reals_ND, axes, widths)
    yield Decision(
        channel=request.channel,
        number=request.number,
        snapshot=request.snapshot,
        step=opened.step,
        extent=extent,
        p_data=p_data.astype(np.float32),
        p_g=p_g.astype(np.float32),
        d=d,
        d_star=(p_data / np.maximum(p_data + p_g, 1e-12)).astype(np.float32),
        gradient=gradient.cpu().numpy().reshape((*field_shape, dims)),
        reals_ND=reals_ND,
        samples_ND=samples_ND,
        z_NZ=z_NZ,
        value=_value(critic, reals_ND, samples_ND, device),
    )


def extent_of(reals_ND: NDArray[np.float32]) -> tuple[tuple[float, float], ...]:
    """The range of every axis: the data's, with a fifth more on both sides."""
    low, high = reals_ND.min(0), reals_ND.max(0)
    margin = np.maximum((high - low) * 0.2, 1e-3)
    return tuple((float(a - m), float(b + m)) for a, b, m in zip(low, high, margin, strict=True))


def _widths(points_ND: NDArray[np.float32], axes: list[NDArray[np.float32]]) -> NDArray[np.float64]:
    """The width of a kernel in each axis: half of Scott's rule, at least a grid cell."""
    count, dims = points_ND.shape
    finite = points_ND[np.isfinite(points_ND).all(1)].astype(np.float64)
    spreads = finite.std(axis=0) if len(finite) else np.zeros(dims)
    cells = np.array([float(axis[1] - axis[0]) for axis in axes])
    widths: NDArray[np.float64] = np.maximum(0.5 * spreads * count ** (-1.0 / (dims + 4)), cells)
    return widths


def _kernel_density(
    points_ND: NDArray[np.float32], axes: list[NDArray[np.float32]], widths_D: NDArray[np.float64]
) -> NDArray[np.float64]:
    """A product of Gaussian kernels, separable in the axes.

    Points that are not finite are left out, and count as density that is nowhere."""
    count, dims = points_ND.shape
    finite = points_ND[np.isfinite(points_ND).all(1)].astype(np.float64)
    kernels = []
    for axis, coordinates, width in zip(axes, finite.T, widths_D, strict=True):
        distance = (axis[:, None].astype(np.float64) - coordinates[None]) / width
        kernels.append(np.exp(-0.5 * distance**2) / (width * np.sqrt(2.0 * np.pi)))
    if dims == 1:
        return np.asarray(kernels[0].sum(1) / count)
    return np.asarray(kernels[1] @ kernels[0].T / count)


def _data_density(
    data: DataRef,
    mesh: NDArray[np.float32],
    shape: tuple[int, ...],
    reals_ND: NDArray[np.float32],
    axes: list[NDArray[np.float32]],
) -> NDArray[np.float64] | None:
    """The density that a built-in set was drawn from; None where nobody knows it."""
    if data.points is not None or data.name not in POINT_SETS:
        return None
    return np.exp(log_density(data.name, mesh.astype(np.float64))).reshape(shape)


def _value(
    critic: Critic, reals_ND: NDArray[np.float32], samples_ND: NDArray[np.float32], device: torch.device
) -> float:
    """V(G, D) = mean log D(x) + mean log(1 - D(G(z))), from logits."""
    with torch.inference_mode():
        real = critic.score(torch.from_numpy(reals_ND).to(device))
        fake = critic.score(torch.from_numpy(samples_ND).to(device))
        value = torch.nn.functional.logsigmoid(real).mean() + torch.nn.functional.logsigmoid(-fake).mean()
    return float(value)


ANSWERS: dict[type, Callable[[Opened, Any, torch.device], Iterator[Event | None]]] = {
    DrawPoints: draw_points,
    DrawArithmetic: draw_arithmetic,
    DrawWalk: draw_walk,
    ScoreSamples: score_samples,
    Reconstruct: codes.reconstruct,
    DecodeCodes: codes.decode_codes,
    ReadBook: codes.read_book,
}


def answer(opened: Opened, request: Any, device: torch.device) -> Iterator[Event | None]:
    """The answer to a request that needs a snapshot and nothing else."""
    return ANSWERS[type(request)](opened, request, device)
