"""Pictures that come as one array (IDX, CIFAR, NPZ) as a data set: any number type, any order of channels, any size."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.data.assemble import Pace, assemble, check_memory, choose, too_few
from engine.data.dataset import Column, DataError, Indices, Loader, LoadProgress, Problem, Table
from engine.data.fit import choose_size, fit_picture, to_array
from engine.data.levels import find_levels, scale_levels
from engine.data.picture import BACKGROUND
from engine.data.ref import FEWEST_SAMPLES, DataRef, Fit

MAX_SIDE = 4096


def as_pictures(array: NDArray[Any]) -> NDArray[Any] | None:
    """A view of `array` with shape (N, H, W, C), C in 1..4, or None where its shape is not that of pictures.

    (N, H, W) is grey; (N, C, H, W) is recognised when C is 1, 3 or 4 and W is not.
    """
    if array.dtype.kind not in "buif":
        return None
    if array.ndim == 3:
        array = array[..., None]
    if array.ndim != 4:
        return None
    if array.shape[3] not in (1, 3, 4) and array.shape[1] in (1, 3, 4):
        array = array.transpose(0, 2, 3, 1)
    fits = array.shape[3] in (1, 3, 4) and all(1 <= side <= MAX_SIDE for side in array.shape[1:3])
    return array if fits else None


def load_pictures(
    name: str,
    title: str,
    split: str,
    pictures: NDArray[Any],
    table: Table,
    ref: DataRef,
    usual_fit: Fit,
    problems: Sequence[Problem] = (),
) -> Loader:
    """`pictures` (N, H, W, C) of any number type and their table as a data set, as `ref` wants it.

    Raises DataError for too few pictures, or values that are not finite."""
    if len(pictures) < FEWEST_SAMPLES:
        raise DataError(too_few(len(pictures), title))
    chosen = choose(len(pictures), ref.count, ref.seed)
    levels = (0.0, 255.0) if pictures.dtype == np.uint8 else (yield from _levels(title, pictures, chosen))
    samples = yield from _fit_all(pictures, chosen, levels, ref, usual_fit)
    return (yield from assemble(name, title, split, samples, _subset(table, chosen), problems))


def _subset(table: Table, chosen: Indices) -> Table:
    columns = {name: Column(column.labels[chosen], column.names) for name, column in table.columns.items()}
    captions = None if table.captions is None else [table.captions[i] for i in chosen.tolist()]
    return Table(columns, captions)


def _pieces(pictures: NDArray[Any], chosen: Indices) -> Generator[tuple[int, NDArray[Any]], None, None]:
    """(position, some of the chosen pictures), about 1 MB each."""
    row_bytes = max(1, pictures[0].nbytes)
    rows = max(1, (1 << 20) // row_bytes)
    for start in range(0, len(chosen), rows):
        yield start, pictures[chosen[start : start + rows]]


def _levels(title: str, pictures: NDArray[Any], chosen: Indices) -> Generator[LoadProgress, None, tuple[float, float]]:
    """Black and white for the whole set, so that all pictures keep their brightness to each other."""
    darkest, brightest = np.inf, -np.inf
    for start, piece in _pieces(pictures, chosen):
        low, high = float(piece.min()), float(piece.max())
        if not (np.isfinite(low) and np.isfinite(high)):
            raise DataError(f"The pictures in {title} hold values that are not finite numbers; repair them first.")
        darkest, brightest = min(darkest, low), max(brightest, high)
        yield LoadProgress("Measuring brightness", start, len(chosen))
    return find_levels(darkest, brightest)


def _fit_all(
    pictures: NDArray[Any], chosen: Indices, levels: tuple[float, float], ref: DataRef, usual_fit: Fit
) -> Generator[LoadProgress, None, NDArray[np.uint8]]:
    """The chosen pictures as (n, H, W, C) bytes."""
    height, width = (ref.size, ref.size) if ref.size is not None else choose_size([pictures.shape[1:3]])
    channels = ref.channels or (1 if pictures.shape[3] == 1 else 3)
    fit = ref.fit or usual_fit
    check_memory(len(chosen) * height * width * channels)
    samples = np.empty((len(chosen), height, width, channels), dtype=np.uint8)
    as_they_are = pictures.shape[1:] == (height, width, channels)
    pace = Pace()
    for start, piece in _pieces(pictures, chosen):
        raw = piece if piece.dtype == np.uint8 else scale_levels(piece, *levels)
        if as_they_are:
            samples[start : start + len(raw)] = raw
            yield LoadProgress("Copying pictures", start + len(raw), len(chosen))
            continue
        for offset, pixels in enumerate(raw):
            samples[start + offset] = to_array(fit_picture(_image(pixels), height, width, fit), channels)
            if pace.due():
                yield LoadProgress("Resizing pictures", start + offset, len(chosen))
    return samples


def _image(pixels: NDArray[np.uint8]) -> Image.Image:
    """One picture (H, W, C) as an opaque Pillow image."""
    if pixels.shape[2] == 1:
        return Image.fromarray(np.ascontiguousarray(pixels[..., 0]))
    image = Image.fromarray(np.ascontiguousarray(pixels))
    if image.mode == "RGBA":
        under = Image.new("RGBA", image.size, (*BACKGROUND, 255))
        return Image.alpha_composite(under, image).convert("RGB")
    return image
