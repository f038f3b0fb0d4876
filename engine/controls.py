"""Where a hand is in a latent space, as plain values: points, moves along directions, and arithmetic over slots.

Every picture that is explored is decided by these values and a snapshot, so a picture can carry them in its metadata
and `python -m engine` can make it again. References: Radford et al. 2015 (arXiv 1511.06434) section 6.3.2 for the
arithmetic; the seed plane follows the idea of the StyleGAN3 viewer.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Interpolation = Literal["slerp", "lerp"]
Norm = Literal["as is", "onto the shell"]
GRID_SEED = 0  # the plane whose places (0, 0), (1, 0), (2, 0) ... every sample grid shows
Condition = tuple[tuple[str, str], ...]  # (column, value) pairs; a column that is not named is not known to the model


@dataclass(frozen=True)
class LatentInfo:
    """A latent space as a window needs to know it. `prior` decides how numbers become draws and what the shell is."""

    size: int
    prior: Literal["normal", "uniform"]


@dataclass(frozen=True)
class CodesInfo:
    """A grid of discrete codes as a window needs to know it: its sides ((h, w) for pictures), how many codes the book
    has, how many numbers one code vector has, and how many pixels wide a code's cell and its field in the picture
    are."""

    grid: tuple[int, ...]
    book: int
    vector: int
    cell: int
    field: int


@dataclass(frozen=True)
class Move:
    """A step along a named direction: "pca:0", "sefa:2" or the name of an attribute vector. The amount is in standard
    deviations of the prior."""

    direction: str
    amount: float


@dataclass(frozen=True)
class Point:
    """One place in a latent space.

    Every pair of whole numbers (x, y) of a plane `seed` names one draw from the prior; places between are
    interpolated, so dragging is always valid. `edits` then set single coordinates, `moves` add directions. `z`, where
    it is given, takes the place of the plane (the result of an inversion or of an arithmetic).
    """

    seed: int = 0
    x: float = 0.0
    y: float = 0.0
    edits: tuple[tuple[int, float], ...] = ()
    moves: tuple[Move, ...] = ()
    z: tuple[float, ...] | None = None
    condition: Condition = ()

    def text(self) -> str:
        """How a command line writes a plain point: "7:3,2.5" (seed 7, x 3, y 2.5)."""
        return f"{self.seed}:{self.x:g},{self.y:g}"


@dataclass(frozen=True)
class Slot:
    """One named concept: the mean of its exemplars. The paper found three stable and one not."""

    name: str
    exemplars: tuple[Point, ...] = ()
    weight: float = 1.0
    title: str = ""


@dataclass(frozen=True)
class Arithmetic:
    """An expression over slots, for example "mean(A) - mean(B) + mean(C)".

    `spread` is the half width of the uniform noise that makes the neighbours of the result (the paper's figure uses
    such neighbours to show that the result is stable); `noise_seed` decides that noise.
    """

    slots: tuple[Slot, ...]
    expression: str = "mean(A) - mean(B) + mean(C)"
    norm: Norm = "onto the shell"
    spread: float = 0.25
    noise_seed: int = 0
    condition: Condition = ()


@dataclass(frozen=True)
class KeyFrame:
    """A stop on a path, and how many frames lead from it to the next."""

    point: Point
    frames: int = 24


@dataclass(frozen=True)
class Walk:
    """A walk through a latent space: key frames joined by an interpolation, closed to a loop or not."""

    frames: tuple[KeyFrame, ...]
    interpolation: Interpolation = "slerp"
    loop: bool = True


def grid_label(column: int, index: int, size: int) -> int:
    """Which of a condition column's `size` values sample `index` of every grid shows: one after the other, and in each
    row of eight shifted against the columns before, so that columns of the same size do not move together."""
    return (index + column * (index // 8)) % size


def to_plain(value: Point | Slot | Arithmetic | Walk) -> dict[str, Any]:
    """The value as JSON-able mappings and lists."""
    return dataclasses.asdict(value)


def point_from_plain(plain: Mapping[str, Any]) -> Point:
    """The inverse of `to_plain` for a point; raises ValueError with one sentence where it is none."""
    try:
        return Point(
            seed=int(plain.get("seed", 0)),
            x=_number(plain.get("x", 0.0)),
            y=_number(plain.get("y", 0.0)),
            edits=tuple((int(i), _number(v)) for i, v in plain.get("edits", ())),
            moves=tuple(Move(str(m["direction"]), _number(m["amount"])) for m in plain.get("moves", ())),
            z=None if plain.get("z") is None else tuple(_number(v) for v in plain["z"]),
            condition=tuple((str(k), str(v)) for k, v in plain.get("condition", ())),
        )
    except (TypeError, ValueError, KeyError, AttributeError, OverflowError) as error:
        raise ValueError(f"This is not a point of a latent space ({error}); save the picture again.") from error


def arithmetic_from_plain(plain: Mapping[str, Any]) -> Arithmetic:
    """The inverse of `to_plain` for an arithmetic; raises ValueError with one sentence where it is none."""
    try:
        slots = tuple(
            Slot(
                name=str(slot["name"]),
                exemplars=tuple(point_from_plain(point) for point in slot.get("exemplars", ())),
                weight=_number(slot.get("weight", 1.0)),
                title=str(slot.get("title", "")),
            )
            for slot in plain["slots"]
        )
        norm: Norm = "as is" if plain.get("norm") == "as is" else "onto the shell"
        return Arithmetic(
            slots=slots,
            expression=str(plain["expression"]),
            norm=norm,
            spread=_number(plain.get("spread", 0.25)),
            noise_seed=int(plain.get("noise_seed", 0)),
            condition=tuple((str(k), str(v)) for k, v in plain.get("condition", ())),
        )
    except (TypeError, ValueError, KeyError, AttributeError, OverflowError) as error:
        raise ValueError(f"This is not a latent arithmetic ({error}); save it again.") from error


def _number(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{number} is no number to go by")
    return number


def point_from_text(text: str) -> Point:
    """Read "7", "7:3" or "7:3,2.5"; raises ValueError with one sentence."""
    seed, _, place = text.partition(":")
    x, _, y = place.partition(",")
    try:
        return Point(seed=int(seed), x=float(x or 0), y=float(y or 0))
    except ValueError:
        raise ValueError(f"{text!r} is not a point; write SEED or SEED:X,Y, for example 7:3,2.5.") from None
