"""What decides a portrait: nine independent attributes and the free variation beside them, from (seed, split, index).

Every number is a hash of (seed, split, index, slot), a counter-based generator in the manner of
Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3" (2011) with the mixer of SplitMix64
(Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", 2014): a sample depends on no other sample.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from engine.data.dataset import DataError, Indices

Codes = NDArray[np.int16]
Array = NDArray[np.float32]
Split = Literal["train", "validation", "test", "held-out"]

ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "presentation": ("woman", "man"),
    "glasses": ("none", "round", "square", "sunglasses"),
    "hair_colour": ("black", "brown", "blonde", "red", "grey", "pink"),
    "hair_style": ("short", "spiky", "curly", "bob", "long", "ponytail"),
    "expression": ("smiling", "neutral", "surprised", "sad"),
    "headwear": ("none", "cap", "beanie"),
    "skin_tone": ("porcelain", "fair", "tan", "bronze", "brown", "deep"),
    "facial_hair": ("none", "moustache", "beard"),
    "background": ("white", "grey", "yellow", "pink", "purple", "blue", "green", "turquoise"),
}
"""Every attribute and its values; the code of a value is its place."""

_WEIGHTS = {"glasses": (4, 2, 2, 2), "headwear": (2, 1, 1), "facial_hair": (2, 1, 1)}

Value = tuple[str, str]

HELD_OUT_PAIRS: tuple[tuple[Value, Value], ...] = (
    (("glasses", "sunglasses"), ("headwear", "beanie")),
    (("glasses", "round"), ("hair_colour", "grey")),
    (("glasses", "square"), ("expression", "surprised")),
    (("headwear", "cap"), ("hair_style", "curly")),
    (("headwear", "beanie"), ("expression", "sad")),
    (("facial_hair", "beard"), ("hair_colour", "pink")),
    (("facial_hair", "moustache"), ("hair_style", "bob")),
    (("hair_style", "ponytail"), ("hair_colour", "blonde")),
    (("hair_style", "spiky"), ("background", "yellow")),
    (("skin_tone", "deep"), ("background", "white")),
    (("expression", "smiling"), ("background", "grey")),
    (("hair_colour", "red"), ("background", "turquoise")),
)
"""Pairs of values that no picture of the splits "train", "validation" and "test" contains."""

HELD_OUT_TRIPLES: tuple[tuple[Value, Value, Value], ...] = (
    (("presentation", "woman"), ("glasses", "square"), ("headwear", "cap")),
    (("presentation", "man"), ("glasses", "round"), ("hair_style", "long")),
    (("expression", "smiling"), ("facial_hair", "beard"), ("headwear", "cap")),
    (("expression", "sad"), ("glasses", "sunglasses"), ("hair_colour", "blonde")),
    (("expression", "surprised"), ("facial_hair", "moustache"), ("hair_style", "spiky")),
    (("hair_style", "curly"), ("hair_colour", "pink"), ("glasses", "round")),
)
"""The same for three values together."""

_STREAMS: dict[str, int] = {"train": 1, "validation": 2, "test": 3, "held-out": 4, "free": 5}
_ATTEMPTS = 64
_NUISANCE_SLOT = 1 << 20

_U = np.uint64


def _mixed(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finalizer of SplitMix64, a bijection of 64-bit words."""
    words = (words ^ (words >> _U(30))) * _U(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> _U(27))) * _U(0x94D049BB133111EB)
    return words ^ (words >> _U(31))


class Draws:
    """Uniform numbers of samples `indices` of one stream; every (sample, slot) has its own."""

    def __init__(self, seed: int, stream: str, indices: Indices) -> None:
        start = np.array([seed % (1 << 64)], np.uint64)
        start = _mixed(_mixed(start + _U(0x9E3779B97F4A7C15)) ^ _U(_STREAMS[stream]))
        self._keys = _mixed(start + indices.astype(np.uint64) * _U(0x9E3779B97F4A7C15))

    def uniform(self, slot: int, rows: Indices | None = None) -> NDArray[np.float64]:
        """Numbers in [0, 1), one per sample (of `rows` only, where given)."""
        keys = self._keys if rows is None else self._keys[rows]
        return (_mixed(keys + _U((slot + 1) * 0xD1342543DE82EF95 % (1 << 64))) >> _U(11)).astype(np.float64) * 2.0**-53


def held_out(labels: Mapping[str, NDArray[np.integer]]) -> NDArray[np.bool_]:
    """Which samples contain a held-out pair or triple, (n,) bool."""
    found = np.zeros(len(labels["presentation"]), np.bool_)
    for combination in (*HELD_OUT_PAIRS, *HELD_OUT_TRIPLES):
        every = np.ones_like(found)
        for name, value in combination:
            every &= labels[name] == ATTRIBUTES[name].index(value)
        found |= every
    return found


def _attempt(draws: Draws, attempt: int, rows: Indices) -> dict[str, Codes]:
    labels: dict[str, Codes] = {}
    for place, (name, values) in enumerate(ATTRIBUTES.items()):
        weights = np.cumsum(np.asarray(_WEIGHTS.get(name, (1,) * len(values)), np.float64))
        at = draws.uniform(attempt * len(ATTRIBUTES) + place, rows) * weights[-1]
        labels[name] = np.searchsorted(weights, at, side="right").astype(np.int16)
    return labels


def _checked(indices: Indices) -> Indices:
    indices = np.asarray(indices, np.int64)
    if indices.ndim != 1 or (indices.size and int(indices.min()) < 0):
        raise DataError("Portraits are numbered from 0; ask for a list of such numbers.")
    return indices


def sample_attributes(seed: int, indices: Indices, split: Split) -> dict[str, Codes]:
    """Attribute labels of samples `indices`, each (n,) int16.

    Each sample tries attribute sets of its own until one belongs to the split: one with a held-out combination for
    "held-out", one without for the others.

    Raises:
        DataError: the split is unknown or an index is negative.
    """
    if split not in ("train", "validation", "test", "held-out"):
        raise DataError(f'There is no split "{split}" of the portraits; use train, validation, test or held-out.')
    indices = _checked(indices)
    draws = Draws(seed, split, indices)
    labels = {name: np.zeros(len(indices), np.int16) for name in ATTRIBUTES}
    left = np.arange(len(indices))
    for attempt in range(_ATTEMPTS):
        tried = _attempt(draws, attempt, left)
        fits = held_out(tried) == (split == "held-out")
        for name, column in tried.items():
            labels[name][left[fits]] = column[fits]
        left = left[~fits]
        if not left.size:
            break
    # About one set in three is held out: 64 misses in a row (1e-11) do not happen in a data set one can store.
    return labels


def free_attributes(seed: int, indices: Indices, fixed: Mapping[str, str]) -> dict[str, Codes]:
    """Attribute labels with `fixed` values and the others free, held-out combinations included.

    Raises:
        DataError: `fixed` names an unknown attribute or value.
    """
    indices = _checked(indices)
    labels = _attempt(Draws(seed, "free", indices), 0, np.arange(len(indices)))
    for name, value in fixed.items():
        if name not in ATTRIBUTES:
            raise DataError(f'Portraits have no attribute "{name}"; choose one of: {", ".join(ATTRIBUTES)}.')
        if value not in ATTRIBUTES[name]:
            choices = ", ".join(ATTRIBUTES[name])
            raise DataError(f'The attribute "{name}" has no value "{value}"; choose one of: {choices}.')
        labels[name][:] = ATTRIBUTES[name].index(value)
    return labels


@dataclass(frozen=True)
class Nuisance:
    """What varies freely from face to face, each (n,) float32.

    Fields without a unit are uniform (or the mean of two uniforms) in -1..1; `pick_*` are uniform in 0..1.
    """

    x: Array
    y: Array
    scale: Array
    tilt: Array
    side: Array
    face_width: Array
    jaw: Array
    chin: Array
    eye_gap: Array
    eye_size: Array
    eye_height: Array
    gaze: Array
    nose_size: Array
    nose_width: Array
    brow_height: Array
    brow_thick: Array
    brow_bend: Array
    mouth_width: Array
    mouth_height: Array
    lip_tone: Array
    hair_volume: Array
    hair_part: Array
    hair_light: Array
    skin_light: Array
    blush: Array
    shoulders: Array
    pick_iris: Array
    pick_hat: Array
    pick_clothes: Array
    pick_collar: Array
    pick_frame: Array

    def take(self, rows: Indices | slice) -> Self:
        return type(self)(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})


_CENTRED = {"x", "y", "scale", "tilt"}


def _nuisance(draws: Draws) -> Nuisance:
    values: dict[str, Array] = {}
    for place, field in enumerate(fields(Nuisance)):
        slot = _NUISANCE_SLOT + 2 * place
        number = draws.uniform(slot)
        if field.name.startswith("pick_"):
            values[field.name] = number.astype(np.float32)
            continue
        if field.name in _CENTRED:  # a triangle: most faces stand near the middle
            number = (number + draws.uniform(slot + 1)) / 2.0
        values[field.name] = (2.0 * number - 1.0).astype(np.float32)
    return Nuisance(**values)


def sample_nuisance(seed: int, indices: Indices, split: Split) -> Nuisance:
    """The free variation of samples `indices` of a split."""
    return _nuisance(Draws(seed, split, _checked(indices)))


def free_nuisance(seed: int, indices: Indices) -> Nuisance:
    """The free variation that goes with `free_attributes`; it does not depend on the fixed values."""
    return _nuisance(Draws(seed, "free", _checked(indices)))
