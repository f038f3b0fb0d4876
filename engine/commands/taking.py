"""The first words of encode, decode, reconstruct and codebook: a model, and the pictures that go into it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import tyro
from numpy.typing import NDArray

from engine.commands.exploring import Explored, SnapshotOptions
from engine.commands.options import data_name
from engine.commands.terminal import Bars, CommandError
from engine.data.catalog import open_data
from engine.data.dataset import DataError, Dataset
from engine.data.fit import fit_picture, to_array
from engine.data.picture import PictureError, read_picture
from engine.data.ref import Channels, DataRef
from engine.data.tree import HEAD_BYTES, looks_like_picture
from engine.storage.runs import home_folder

COUNT = 16
MOST = 10_000
HELD_OUT = "test"  # the part of a data set that no model learns from


@dataclass(frozen=True)
class ModelOptions:
    """Which model."""

    model: Annotated[str, tyro.conf.Positional]
    """bundled:NAME, run:FOLDER@STEP, run:FOLDER@last, or the folder or the name of a run for its newest snapshot."""
    device: str | None = None
    """cpu, cuda or mps; without it, the best there is."""

    def open(self) -> Explored:
        """Raises CommandError, SnapshotError, RunError or DeviceError, each with one sentence."""
        return Explored(SnapshotOptions(self.model, self.device))


@dataclass(frozen=True)
class PictureOptions(ModelOptions):
    """Which pictures to take."""

    data: tuple[str, ...] = ()
    """A built-in name, the path of a data set, or picture files; without it, what the model was trained on."""
    split: str | None = None
    """Which part of a data set; without it, test where there is one (the model never saw it), else train."""
    count: int | None = None
    """How many pictures of a data set, the first ones; without it, 16. Picture files are all taken."""
    fit: Literal["crop", "pad", "stretch"] | None = None
    """How a picture of another size comes to that of the model."""


@dataclass(frozen=True)
class Taken:
    """Pictures (N, H, W, C), where they are from, and the options that take them again."""

    pictures: NDArray[np.uint8]
    source: str
    words: tuple[str, ...]


def take_pictures(explored: Explored, options: PictureOptions, bars: Bars) -> Taken:
    """The pictures that the options name, as the model takes them. Raises CommandError or DataError."""
    if explored.is_points:
        raise CommandError(f"{explored.opened.title} takes points; choose a model of pictures.")
    if options.count is not None and not 1 <= options.count <= MOST:
        raise CommandError(f"The count is {options.count}; choose 1 to {MOST}.")
    paths = [Path(word).expanduser() for word in options.data]
    if paths and (len(paths) > 1 or _is_picture(paths[0])):
        return _of_files(explored, paths, options)
    dataset, split = _dataset(explored, options, bars)
    count = min(options.count or COUNT, len(dataset))
    pictures = dataset.batch(np.arange(count, dtype=np.int64))
    words = ["--data", data_name(options.data[0])] if options.data else []
    words += ["--split", split, "--count", str(count)] + ([] if options.fit is None else ["--fit", options.fit])
    return Taken(np.asarray(pictures, np.uint8), f"{dataset.title} ({split})", tuple(words))


def _dataset(explored: Explored, options: PictureOptions, bars: Bars) -> tuple[Dataset, str]:
    """The data set in the size and the colours of the model, and which part of it."""
    height, width, channels = explored.opened.snapshot.spec.shape
    known = explored.opened.data
    if options.data:
        known = DataRef(data_name(options.data[0]), height, _colours(channels), options.fit)
    elif known is None:
        raise CommandError(f"Nobody knows what {explored.opened.title} was trained on; name pictures with --data.")
    dataset, split = open_part(known, options.split, bars)
    if tuple(dataset.shape) != (height, width, channels):
        given = " x ".join(map(str, dataset.shape))
        raise CommandError(
            f"{dataset.title} has samples of {given}, {explored.opened.title} takes {height} x {width} x {channels}; "
            "choose other data."
        )
    return dataset, split


def open_part(known: DataRef, split: str | None, bars: Bars) -> tuple[Dataset, str]:
    """A part of a data set, and which: `split`, or the held-out one where there is one, else what models learn from.
    Raises DataError."""
    if split is None:
        try:
            return bars.loaded(open_data(replace(known, split=HELD_OUT), home_folder())), HELD_OUT
        except DataError:
            split = "train"  # what is wrong for another reason is said now
    return bars.loaded(open_data(replace(known, split=split), home_folder())), split


def _colours(channels: int) -> Channels:
    return 1 if channels == 1 else 3


def _is_picture(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        return looks_like_picture(stream.read(HEAD_BYTES))


def _of_files(explored: Explored, paths: Sequence[Path], options: PictureOptions) -> Taken:
    """Picture files; one of another size is refused unless --fit says how it should come to the model's."""
    height, width, channels = explored.opened.snapshot.spec.shape
    if options.count is not None or options.split is not None:
        raise CommandError("All picture files are taken; leave --count and --split away, they are for data sets.")
    taken = []
    for path in paths:
        try:
            image = read_picture(path)
        except PictureError as error:
            raise CommandError(f"{path.name} cannot be used: {error}.") from error
        if image.size != (width, height) and options.fit is None:
            raise CommandError(
                f"{path.name} is {image.height} x {image.width} pixels and {explored.opened.title} takes {height} x "
                f"{width}; say with --fit how to bring it there (crop, pad or stretch)."
            )
        coloured = to_array(fit_picture(image, height, width, options.fit or "crop"), 3)
        if channels == 1 and (coloured != coloured[..., :1]).any():
            raise CommandError(
                f"{path.name} is in colour and {explored.opened.title} takes grey pictures; make it grey first."
            )
        taken.append(coloured[..., :channels])
    words = ["--data", *map(str, (path.resolve() for path in paths))]
    words += [] if options.fit is None else ["--fit", options.fit]
    source = paths[0].name if len(paths) == 1 else f"{len(paths)} files"
    return Taken(np.ascontiguousarray(np.stack(taken)), source, tuple(words))
