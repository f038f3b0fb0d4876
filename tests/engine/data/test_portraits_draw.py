"""Portraits come out the same in every batch, and every attribute can be seen in the pixels."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.data import portraits_draw, portraits_shapes
from engine.data.dataset import DataError
from engine.data.portraits import draw_with
from engine.data.portraits_draw import SIZES, draw
from engine.data.portraits_face import HAIR, HAT, SKIN, Face, face_of
from engine.data.portraits_sampling import (
    ATTRIBUTES,
    Codes,
    Nuisance,
    free_attributes,
    free_nuisance,
    sample_attributes,
    sample_nuisance,
)

_Mask = NDArray[np.bool_]


def _faces(count: int, seed: int = 0, fixed: Mapping[str, str] | None = None) -> tuple[dict[str, Codes], Nuisance]:
    indices = np.arange(count)
    return free_attributes(seed, indices, fixed or {}), free_nuisance(seed, indices)


def _some(
    labels: Mapping[str, Codes], nuisance: Nuisance, rows: NDArray[np.int64]
) -> tuple[dict[str, Codes], Nuisance]:
    return {name: column[rows] for name, column in labels.items()}, nuisance.take(rows)


@pytest.mark.parametrize("size", [32, 64])
def test_a_picture_is_the_same_in_every_batch(size: int) -> None:
    labels, nuisance = _faces(150)
    pictures = draw(labels, nuisance, size)
    order = np.random.default_rng(1).permutation(150)
    assert np.array_equal(draw(*_some(labels, nuisance, order), size), pictures[order])
    for index in range(0, 150, 15):
        alone = draw(*_some(labels, nuisance, np.array([index])), size)
        assert np.array_equal(alone[0], pictures[index])


@pytest.mark.parametrize("size", [32, 64])
def test_no_part_is_cut_off_by_the_window_it_is_painted_in(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    labels, nuisance = _faces(800 if size == 32 else 200, seed=4)
    pictures = draw(labels, nuisance, size)
    monkeypatch.setattr(
        portraits_shapes.Sheet, "_span", lambda sheet, at: slice(0, sheet.size) if at.size else slice(0, 0)
    )
    assert np.array_equal(draw(labels, nuisance, size), pictures)


def test_the_drawing_is_version_1() -> None:
    """A change of pixels breaks trained models and caches: it needs a new version, not a new digest here."""
    indices = np.arange(200)
    labels, nuisance = sample_attributes(0, indices, "train"), sample_nuisance(0, indices, "train")
    digests = {size: hashlib.sha256(draw(labels, nuisance, size).tobytes()).hexdigest()[:16] for size in (32, 64)}
    assert digests == {32: "aa6267588054ca24", 64: "272190fb5de4e948"}


@pytest.mark.parametrize("size", [16, 48, 256])
def test_other_sizes_show_the_same_faces(size: int) -> None:
    labels, nuisance = _faces(4)
    pictures = draw(labels, nuisance, size)
    assert pictures.shape == (4, size, size, 3)
    coarse = pictures.reshape(4, 16, size // 16, 16, size // 16, 3).mean((2, 4))
    expected = draw(labels, nuisance, 128).reshape(4, 16, 8, 16, 8, 3).mean((2, 4))
    assert np.abs(coarse - expected).mean() < 6


@pytest.mark.parametrize("size", [0, 20, 272])
def test_an_unusual_size_is_refused_in_one_sentence(size: int) -> None:
    assert size not in SIZES
    with pytest.raises(DataError, match="use a multiple of 16"):
        draw(*_faces(1), size)


def test_an_empty_batch_gives_no_pictures() -> None:
    assert draw(*_faces(0), 32).shape == (0, 32, 32, 3)


@pytest.mark.parametrize("name", list(ATTRIBUTES))
def test_every_value_changes_the_picture_whatever_else_it_shows(name: str) -> None:
    """For 80 combinations of everything else: any two values differ by far more than a shade in some pixels."""
    labels, nuisance = _faces(80, seed=9)
    pictures = []
    for code in range(len(ATTRIBUTES[name])):
        pictures.append(draw({**labels, name: np.full(80, code, np.int16)}, nuisance, 32).astype(int))
    for first in range(len(pictures)):
        for second in range(first):
            apart = np.abs(pictures[first] - pictures[second]).sum(-1) > 24
            assert apart.sum((1, 2)).min() >= 6, (ATTRIBUTES[name][first], ATTRIBUTES[name][second])


def _where(part: str, labels: Mapping[str, Codes], nuisance: Nuisance, monkeypatch: pytest.MonkeyPatch) -> _Mask:
    """Pixels that show the part of this name: those that change with its colour."""
    pictures = []
    for level in (0.0, 255.0):

        def face(labels: Mapping[str, Codes], nuisance: Nuisance, level: float = level) -> Face:
            true = face_of(labels, nuisance)
            return replace(true, **{part: np.full_like(getattr(true, part), level)})

        monkeypatch.setattr(portraits_draw, "face_of", face)
        pictures.append(draw(labels, nuisance, 32).astype(int))
    return np.abs(pictures[1] - pictures[0]).sum(-1) > 100


def test_nothing_covers_the_brows(monkeypatch: pytest.MonkeyPatch) -> None:
    bare, nuisance = _faces(120, seed=2, fixed={"glasses": "none", "headwear": "none"})
    visible = _where("brows", bare, nuisance, monkeypatch).sum((1, 2))
    assert visible.min() >= 8
    for glasses, headwear in ((1, 1), (3, 2)):
        worn = {**bare, "glasses": np.full(120, glasses, np.int16), "headwear": np.full(120, headwear, np.int16)}
        assert (_where("brows", worn, nuisance, monkeypatch).sum((1, 2)) >= 0.7 * visible).all()


def test_facial_hair_and_all_the_rest_leave_the_mouth_free(monkeypatch: pytest.MonkeyPatch) -> None:
    bare, nuisance = _faces(120, seed=3, fixed={"facial_hair": "none", "presentation": "woman", "glasses": "none"})
    lips = _where("lips", bare, nuisance, monkeypatch)
    assert lips.any((1, 2)).all()
    for facial_hair in (1, 2):
        hairy = {**bare, "facial_hair": np.full(120, facial_hair, np.int16), "glasses": np.full(120, 3, np.int16)}
        covered = lips & ~_where("lips", hairy, nuisance, monkeypatch)
        assert covered.sum((1, 2)).max() <= 1  # a pixel may fall below the threshold by rounding


def test_every_hair_style_shows_below_every_hat(monkeypatch: pytest.MonkeyPatch) -> None:
    for headwear in ("cap", "beanie"):
        labels, nuisance = _faces(120, seed=5, fixed={"headwear": headwear})
        assert _where("hair", labels, nuisance, monkeypatch).sum((1, 2)).min() >= 12


def test_hair_stands_out_from_every_skin_and_every_hat() -> None:
    for others in (SKIN, HAT):
        apart = np.sqrt(((HAIR[:, None] - others[None]) ** 2).sum(-1))
        assert apart.min() > 45


def test_facial_hair_stands_out_from_the_skin() -> None:
    skin, hair = np.divmod(np.arange(36), 6)
    labels, nuisance = _faces(36)
    face = face_of({**labels, "skin_tone": skin, "hair_colour": hair}, nuisance)
    assert np.sqrt(((face.beard - face.skin) ** 2).sum(1)).min() > 45


def test_no_measure_of_women_and_men_overlaps() -> None:
    labels, nuisance = _faces(4000)
    face = face_of(labels, nuisance)
    woman = labels["presentation"] == 0
    thick = face.brow_thick[:, 0, 0]
    assert thick[woman].max() < 0.8 * thick[~woman].min()
    assert (face.chin_radius / face.width)[woman].max() < 0.6 < (face.jaw / face.width)[~woman].min()


def test_the_faces_vary_without_their_attributes() -> None:
    fixed = {name: values[0] for name, values in ATTRIBUTES.items()}
    pictures, _ = draw_with(fixed, 0, 100, 32)
    assert len({picture.tobytes() for picture in pictures}) == 100
