"""Samples as files: a PNG of one picture or of a grid that says how to make it again, or points as CSV or NPY.

The metadata is the window's: PNG texts "latent-explorer:command", ":snapshot", ":step" and ":recipe".
Legend: N samples, H x W pixels, C channels, D coordinates.
"""

from __future__ import annotations

import io
import itertools
import json
import math
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from engine.commands.terminal import CommandError
from engine.messages import Samples
from engine.storage import files

PREFIX = "latent-explorer"
GUTTER = 1  # black pixels between the pictures of a grid
LARGEST_SIDE = 16_384  # pixels
Pixels = NDArray[np.uint8]


def facts(
    verb: str, snapshot: str, step: int, recipe: Any, options: Sequence[str], *, model_first: bool = False
) -> dict[str, str]:
    """What a picture says of itself: the command line that makes it again, its snapshot, step and recipe (as JSON).
    `model_first`: the verb takes the snapshot as its first word."""
    words = ["python", "-m", "engine", verb, *([] if model_first else ["--snapshot"]), snapshot, *options]
    return {
        f"{PREFIX}:command": shlex.join(words),
        f"{PREFIX}:snapshot": snapshot,
        f"{PREFIX}:step": str(step),
        f"{PREFIX}:recipe": compact_json(recipe),
    }


def compact_json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def scaled(picture: Pixels, scale: int) -> Pixels:
    """A picture (H, W, C) with every pixel `scale` times as wide and high. Raises CommandError if too large."""
    side = max(picture.shape[:2]) * scale
    if side > LARGEST_SIDE:
        raise CommandError(f"The picture would be {side} pixels wide; choose a --scale that leaves it {LARGEST_SIDE}.")
    return picture.repeat(scale, axis=0).repeat(scale, axis=1)


def grid_shape(count: int, height: int, width: int, columns: int | None = None) -> tuple[int, int, int]:
    """(columns, height, width) of a grid of pictures; square without `columns`. Raises CommandError if too large."""
    columns = min(columns or math.ceil(math.sqrt(count)), count)
    rows = math.ceil(count / columns)
    high, wide = rows * (height + GUTTER) - GUTTER, columns * (width + GUTTER) - GUTTER
    if max(high, wide) > LARGEST_SIDE:
        raise CommandError(
            f"{count} pictures make an image of {wide} x {high} pixels, and {LARGEST_SIDE} is the largest side; "
            "choose a smaller --count or --scale."
        )
    return columns, high, wide


def grid(pictures: Pixels, scale: int = 1, columns: int | None = None) -> Pixels:
    """Pictures (N, H, W, C) as one, black lines between them. Raises CommandError where it is too large."""
    count, height, width, channels = pictures.shape
    height, width = height * scale, width * scale
    columns, high, wide = grid_shape(count, height, width, columns)
    sheet = np.zeros((high, wide, channels), np.uint8)
    for place, picture in enumerate(pictures):
        top, left = place // columns * (height + GUTTER), place % columns * (width + GUTTER)
        sheet[top : top + height, left : left + width] = scaled(picture, scale)
    return sheet


def beside(left: Pixels, right: Pixels) -> Pixels:
    """Two pictures next to each other on black, centred in height, with a gutter between them."""
    height = max(len(left), len(right))
    parts = []
    for picture in (left, right):
        above = (height - len(picture)) // 2
        parts.append(np.pad(picture, ((above, height - len(picture) - above), (0, 0), (0, 0))))
    return np.concatenate((np.pad(parts[0], ((0, 0), (0, GUTTER), (0, 0))), parts[1]), axis=1)


def write_png(path: Path, picture: Pixels, texts: Mapping[str, str]) -> None:
    """Write a picture (H, W, C) with its texts, whole or not at all. Raises StorageError."""
    info = PngInfo()
    for key, value in texts.items():
        info.add_text(key, value)
    buffer = io.BytesIO()
    Image.fromarray(picture[..., 0] if picture.shape[-1] == 1 else picture).save(buffer, "PNG", pnginfo=info)
    write_bytes(path, buffer.getvalue())


def write_points(path: Path, points_ND: Samples) -> None:
    """Write points as CSV with a head line, or as NPY, by the suffix. Raises StorageError."""
    buffer = io.BytesIO()
    if path.suffix.lower() == ".npy":
        np.save(buffer, points_ND, allow_pickle=False)
    else:
        names = "xyz"[: points_ND.shape[1]] if points_ND.shape[1] <= 3 else [f"x{i}" for i in range(points_ND.shape[1])]
        np.savetxt(buffer, points_ND, fmt="%.9g", delimiter=",", header=",".join(names), comments="")
    write_bytes(path, buffer.getvalue())


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file, whole or not at all. Raises StorageError."""
    files.make_folder(path.absolute().parent)
    files.write_bytes(path, data, durable=False)


def target(out: str | None, verb: str, suffixes: Sequence[str]) -> Path:
    """The file to write: `out`, or a free name of the verb in this folder. Raises CommandError for another suffix."""
    if out is None:
        names = (f"{verb}{suffixes[0]}" if n == 1 else f"{verb}-{n}{suffixes[0]}" for n in itertools.count(1))
        return next(path for name in names if not (path := Path(name)).exists())
    path = Path(out).expanduser()
    if not path.suffix or not path.name.lower().endswith(tuple(suffixes)):
        raise CommandError(f"{path.name} cannot be written; end the name in {' or '.join(suffixes)}.")
    if path.is_dir():
        raise CommandError(f"{path} is a folder; give the name of a file.")
    return path


PICTURES = (".png",)
POINTS = (".csv", ".npy")
FILMS = (".gif", ".webp")
