"""The data set Portraits (`portraits-1`): drawn faces of which every attribute is known.

Sample i of a split is a function of (seed, split, i): its attributes and free variation (`portraits_sampling`), its
picture (`portraits_draw`) and its caption (`portraits_captions`). Some combinations of attributes are held out of
every split but "held-out", so that one can measure what a model makes of combinations it never saw.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.data.dataset import Column, DataError, Dataset, Indices, Loader, LoadProgress, Table
from engine.data.picture_cache import PictureCache
from engine.data.portraits_captions import Captions, caption
from engine.data.portraits_draw import SIZES, draw
from engine.data.portraits_sampling import (
    ATTRIBUTES,
    HELD_OUT_PAIRS,
    HELD_OUT_TRIPLES,
    Codes,
    Nuisance,
    Split,
    free_attributes,
    free_nuisance,
    held_out,
    sample_attributes,
    sample_nuisance,
)

__all__ = [
    "ATTRIBUTES",
    "HELD_OUT_PAIRS",
    "HELD_OUT_TRIPLES",
    "SIZES",
    "VERSION",
    "Codes",
    "Nuisance",
    "Split",
    "caption",
    "draw",
    "draw_with",
    "free_attributes",
    "free_nuisance",
    "held_out",
    "load_portraits",
    "sample_attributes",
    "sample_nuisance",
]

VERSION = "portraits-1"
"""Changes whenever a pixel, an attribute or a caption would."""

_BLOCK = 2048


def draw_with(
    fixed: Mapping[str, str], seed: int, count: int, size: int = 32, start: int = 0
) -> tuple[NDArray[np.uint8], dict[str, Codes]]:
    """Portraits with chosen attributes, the others free; held-out combinations are included.

    Args:
        fixed: value by attribute, for example {"glasses": "round"}; may be empty.
        seed: the same seed gives the same faces whatever is fixed, apart from what is fixed.
        count: how many.
        size: side in pixels.
        start: number of the first face.

    Returns:
        Pictures (count, size, size, 3) uint8 and the labels of every attribute, each (count,) int16.

    Raises:
        DataError: an attribute, a value or the size does not exist.
    """
    indices = np.arange(start, start + count)
    labels = free_attributes(seed, indices, fixed)
    return draw(labels, free_nuisance(seed, indices), size), labels


def load_portraits(
    size: int = 32, split: Split = "train", count: int = 50_000, seed: int = 0, cache: Path | None = None
) -> Loader:
    """Load portraits; pictures are drawn when they are first asked for.

    Args:
        size: side in pixels, one of `SIZES`.
        split: "train", "validation", "test" or "held-out"; a split has samples of its own.
        count: how many samples.
        seed: of the whole data set.
        cache: folder where drawn pictures are kept; None keeps them in memory.

    Raises:
        DataError: size, split or count cannot be used.
    """
    if size not in SIZES:
        raise DataError(f"Portraits cannot be drawn at {size} pixels; use a multiple of 16 from 16 to 256.")
    if count < 1:
        raise DataError("A portrait data set needs at least one picture; ask for a count of 1 or more.")
    labels = {name: np.empty(count, np.int16) for name in ATTRIBUTES}
    for start in range(0, count, _BLOCK):
        yield LoadProgress("Preparing portraits", start, count)
        rows = np.arange(start, min(start + _BLOCK, count))
        for name, column in sample_attributes(seed, rows, split).items():
            labels[name][rows] = column
    yield LoadProgress("Preparing portraits", count, count)
    about = f"{VERSION}|{size}|{split}|{count}|{seed}"
    fingerprint = hashlib.sha256(about.encode()).hexdigest()[:16]
    source = PictureCache(
        count, (size, size, 3), partial(_pictures, labels, seed, split, size), cache, _cache_name(about, size, split)
    )
    columns = {name: Column(labels[name], values) for name, values in ATTRIBUTES.items()}
    return Dataset(
        name="portraits",
        title="Portraits",
        split=split,
        source=source,
        shape=(size, size, 3),
        table=Table(columns, Captions(labels, seed, split)),
        fingerprint=fingerprint,
    )


def _pictures(labels: Mapping[str, Codes], seed: int, split: Split, size: int, indices: Indices) -> NDArray[np.uint8]:
    chosen = {name: column[indices] for name, column in labels.items()}
    return draw(chosen, sample_nuisance(seed, indices, split), size)


def _cache_name(about: str, size: int, split: Split) -> str:
    """A file name that also depends on how a few faces come out, so that pictures of another drawing are never read."""
    probes, _ = draw_with({}, 0, 8, 32)
    digest = hashlib.sha256(about.encode() + probes.tobytes()).hexdigest()[:16]
    return f"{VERSION}-{size}-{split}-{digest}"
