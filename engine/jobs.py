"""Long things the explore lane works on in slices: generators that yield progress, can be closed, and end in events."""

from __future__ import annotations

import functools
import io
import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import Future, wait
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from PIL import Image

from engine import concepts, latent
from engine.data.catalog import open_data
from engine.data.dataset import Dataset
from engine.data.ref import DataRef
from engine.directions import attribute_vector, pca, sefa
from engine.evaluate.attributes import attribute_directions
from engine.evaluate.judge import Judge
from engine.evaluate.sampling import find_exemplars as search_exemplars
from engine.explore import decode
from engine.looking import describe_data
from engine.messages import (
    DirectionFacts,
    DirectionsFound,
    Event,
    ExemplarsFound,
    ExportWalk,
    FindDirections,
    FindExemplars,
    JobDone,
    JobProgress,
    LoadData,
    MakeDirection,
)
from engine.own_directions import OwnDirection
from engine.shelf import Opened, SnapshotError
from engine.stepper import mix
from engine.storage import files

LARGEST_FILM_SIDE = 16_383  # px: what WebP can hold
LARGEST_FILM = 1 << 30  # bytes of all its pictures
Job = Generator[Event, None, None]
R = TypeVar("R")
PCA_SAMPLES = 512
DIRECTIONS = 8
SLICE = 4  # pictures per slice of a job


class Clock:
    """Turns (done, total) into a progress message with the time that is left."""

    def __init__(self, job: str, doing: str) -> None:
        self._job, self._doing, self._began = job, doing, time.monotonic()

    def at(self, done: int, total: int) -> JobProgress:
        spent = time.monotonic() - self._began
        left = spent / done * (total - done) if done and total else None
        return JobProgress(self._job, self._doing, done, total, left)


def _with_progress(work: Generator[tuple[int, int], None, R], clock: Clock) -> Generator[Event, None, R]:
    """Drive work that yields (done, total) and return its result."""
    while True:
        try:
            done, total = next(work)
        except StopIteration as end:
            result: R = end.value
            return result
        yield clock.at(done, total)


def _aside(work: Callable[[], R], progress: JobProgress) -> Generator[Event, None, R]:
    """Do what cannot be cut into slices in a thread of its own, where it delays no picture. A job that is closed
    meanwhile does not wait for it; so `work` touches nothing but memory."""
    result: Future[R] = Future()

    def do() -> None:
        try:
            result.set_result(work())
        except BaseException as error:  # noqa: BLE001  raised again where the result is wanted
            result.set_exception(error)

    threading.Thread(target=do, name="job", daemon=True).start()
    while not wait([result], timeout=0.002).done:
        yield progress
    return result.result()


def load_data(command: LoadData, home: Path, keep: Callable[[DataRef, Dataset], None]) -> Job:
    """Open a data set for looking at."""
    loading = open_data(command.data, home)
    clock = Clock(command.job, f"Opening {command.data.name}")
    while True:
        try:
            progress = next(loading)
        except StopIteration as end:
            dataset: Dataset = end.value
            break
        yield clock.at(progress.done, progress.total)
    keep(command.data, dataset)
    yield describe_data(command.data, dataset)
    yield JobDone(command.job, f"{dataset.title}: {len(dataset)} samples.")


def find_directions(
    command: FindDirections, opened: Opened, device: torch.device, judge_of: Callable[[Opened], Judge | None]
) -> Job:
    """SeFa on the first layer, PCA over samples, and attribute vectors where a judge knows such pictures."""
    space = opened.space
    found: list[DirectionFacts] = []
    vectors, shares = sefa(space.first_layer().detach().float().cpu().numpy(), DIRECTIONS)
    for index, (vector, share) in enumerate(zip(vectors, shares, strict=True)):
        opened.directions[f"sefa:{index}"] = vector
        found.append(DirectionFacts(f"sefa:{index}", f"SeFa {index + 1}", "sefa", share=float(share)))
    yield DirectionsFound(command.snapshot, tuple(found))

    clock = Clock(command.job, "Looking for principal directions")
    z_NZ = latent.draw_many(space.latent.prior, space.latent.size, mix(11), np.arange(PCA_SAMPLES), 0)
    parts = []
    for first in range(0, PCA_SAMPLES, SLICE):
        part = decode(opened, z_NZ[first : first + SLICE], [()] * SLICE, device)
        parts.append(part.reshape(len(part), -1).astype(np.float32))
        yield clock.at(first + SLICE, PCA_SAMPLES)
    find = functools.partial(pca, z_NZ, np.concatenate(parts), DIRECTIONS)
    vectors, shares = yield from _aside(find, clock.at(PCA_SAMPLES, PCA_SAMPLES))
    for index, (vector, share) in enumerate(zip(vectors, shares, strict=True)):
        opened.directions[f"pca:{index}"] = vector
        found.append(DirectionFacts(f"pca:{index}", f"PCA {index + 1}", "pca", share=float(share)))
    yield DirectionsFound(command.snapshot, tuple(found))

    found += yield from find_attributes(command.job, opened, judge_of)
    yield DirectionsFound(command.snapshot, tuple(found))
    yield JobDone(command.job, f"{len(found)} directions.")


def find_attributes(
    job: str, opened: Opened, judge_of: Callable[[Opened], Judge | None]
) -> Generator[Event, None, list[DirectionFacts]]:
    """Attribute vectors where a judge knows such pictures; those that a bundled model brings with it at once."""
    if "directions" in opened.facts:
        return [DirectionFacts(**facts) for facts in opened.facts["directions"]]
    judge = judge_of(opened)
    if judge is None:
        return []
    by_name = yield from _with_progress(attribute_directions(opened.space, judge), Clock(job, "Looking for attributes"))
    opened.directions.update({name: vector.direction for name, vector in by_name.items()})
    return [
        DirectionFacts(name, name, "attribute", alignment=vector.alignment, cohen_d=vector.cohen_d)
        for name, vector in by_name.items()
    ]


def find_exemplars(command: FindExemplars, opened: Opened, judge: Judge | None) -> Job:
    """Samples in which the judge sees what the words of each slot say."""
    if judge is None:
        raise SnapshotError(
            f"No judge knows the pictures of {opened.title}; click samples into the slots yourself instead."
        )
    clock = Clock(command.job, "Looking for examples")
    wanted = {slot: concepts.wanted(term, judge.columns) for slot, term in command.terms.items()}
    work = search_exemplars(opened.space, judge, wanted, command.count, command.seed)
    points = yield from _with_progress(work, clock)
    yield ExemplarsFound(command.job, command.snapshot, points)
    yield JobDone(command.job, "Examples found.")


def make_direction(command: MakeDirection, opened: Opened) -> OwnDirection:
    """An attribute vector from two groups of points, with its score."""
    space = opened.space.latent
    if not command.positives or not command.negatives:
        raise SnapshotError("A direction needs at least one sample on each side; add samples to both slots.")
    z_pos = latent.places(command.positives, space, "slerp", opened.directions)
    z_neg = latent.places(command.negatives, space, "slerp", opened.directions)
    vector = attribute_vector(z_pos, z_neg)
    step = None if opened.id.startswith("bundled:") else opened.step
    return OwnDirection(command.name, step, vector.alignment, vector.cohen_d, vector.direction)


def export_walk(command: ExportWalk, opened: Opened, device: torch.device) -> Job:
    """Write a walk as an animated GIF or WebP; the file appears when it is whole."""
    file = Path(command.file)
    formats = {".gif": "GIF", ".webp": "WEBP"}
    if file.suffix.lower() not in formats:
        raise SnapshotError(f"{file.name} is no film; end the name in .gif or .webp.")
    if opened.snapshot.spec.is_points:
        raise SnapshotError("A film needs pictures; this model makes points.")
    height, width, channels = opened.snapshot.spec.shape
    z_FZ = latent.walk_frames(command.walk, opened.space.latent, opened.directions)
    side, size = max(height, width) * command.scale, len(z_FZ) * height * width * channels * command.scale**2
    if side > LARGEST_FILM_SIDE or size > LARGEST_FILM:
        raise SnapshotError(
            f"A film of {len(z_FZ)} pictures of {side} pixels is too large; choose a smaller scale or fewer pictures."
        )
    condition = command.walk.frames[0].point.condition
    clock, frames = Clock(command.job, f"Writing {file.name}"), []
    for first in range(0, len(z_FZ), SLICE):
        part = z_FZ[first : first + SLICE]
        frames += [_scaled(picture, command.scale) for picture in decode(opened, part, [condition] * len(part), device)]
        yield clock.at(len(frames), len(z_FZ) + SLICE)
    options = {"lossless": True} if file.suffix.lower() == ".webp" else {}
    film = io.BytesIO()
    encode = functools.partial(
        frames[0].save,
        film,
        format=formats[file.suffix.lower()],
        save_all=True,
        append_images=frames[1:],
        duration=round(1000 / command.frames_per_s),
        loop=0,
        **options,
    )
    yield from _aside(encode, clock.at(len(frames), len(frames) + SLICE))
    files.make_folder(file.absolute().parent)
    files.write_bytes(file.absolute(), film.getvalue(), durable=False)
    yield JobDone(command.job, f"{len(frames)} frames in {file.name}.", str(file))


def _scaled(picture: np.ndarray, scale: int) -> Image.Image:
    image = Image.fromarray(picture[..., 0] if picture.shape[-1] == 1 else picture)
    return image.resize((image.width * scale, image.height * scale), Image.Resampling.NEAREST)
