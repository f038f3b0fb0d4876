"""Hair and headwear of portraits: six styles, each with a part behind the head and one in front, and two hats.

A hat hides hair above `HAT_EDGE` only, and every style shows a shape of its own below that line.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from engine.data.portraits_face import CRANIUM_V, WHITE, Face
from engine.data.portraits_sampling import ATTRIBUTES
from engine.data.portraits_shapes import (
    Array,
    Rows,
    Sheet,
    above,
    bow,
    capsule,
    circle,
    darker,
    ellipse,
    lighter,
    melt,
    overlap,
    rounded_box,
    spike,
    union,
)

HAT_EDGE = -12.0
"""Where headwear ends on the forehead; brows stay below it."""

Codes = Mapping[str, NDArray[np.integer]]

# Directions around the skull as (right, up) of unit length.
_CURLS_BEHIND = ((0.0, 1.0), (0.5, 0.866), (0.866, 0.5), (1.0, 0.0), (0.899, -0.438))
_CURLS_BEFORE = ((0.208, 0.978), (0.559, 0.829), (0.829, 0.559))
_SPIKES = ((-0.78, 0.626), (-0.41, 0.912), (0.0, 1.0), (0.41, 0.912), (0.78, 0.626))


def _skull(u: Array, v: Array, face: Face, grow: float | Array) -> Array:
    return circle(u, v, 0.0, CRANIUM_V, face.width + grow)


def _style(labels: Codes, name: str) -> Rows:
    return np.flatnonzero(labels["hair_style"] == ATTRIBUTES["hair_style"].index(name))


def _below_hat(u: Array, v: Array, shape: Array, face: Face, hatted: NDArray[np.bool_]) -> Array:
    """Without what would stand out above a hat; beside the hat the hair slopes away from it."""
    edge = HAT_EDGE - 2.5 + 0.7 * np.maximum(np.abs(u) - face.width - 0.5, 0.0)
    return np.where(hatted[:, None, None], overlap(shape, 0.9 * (edge - v)), shape)


def _curls_behind(u: Array, v: Array, face: Face) -> Array:
    shape = _skull(u, v, face, 3.6)
    shape = overlap(shape, v - 5.0)
    x = np.abs(u)
    for right, up in _CURLS_BEHIND:
        reach = face.width + 2.0
        shape = union(shape, circle(x, v, right * reach, CRANIUM_V - up * reach, 4.9 + 0.8 * face.volume))
    return shape


def _bob_behind(u: Array, v: Array, face: Face) -> Array:
    hang = rounded_box(u, v, 0.0, 1.5, face.width + 3.2 + face.volume, 14.0, 6.0)
    return melt(_skull(u, v, face, 2.8), hang, 3.0)


def _long_behind(u: Array, v: Array, face: Face) -> Array:
    hang = rounded_box(u, v, 0.0, 16.0, face.width + 2.6 + face.volume, 24.0, 5.0)
    return melt(_skull(u, v, face, 2.6), hang, 3.0)


def _tail(u: Array, v: Array, face: Face) -> Array:
    x = u * face.side - face.width
    y = v
    swing = melt(circle(x, y, 3.4, -6.0, 4.2), ellipse(x, y, 5.6, 3.0, 4.7 + 0.7 * face.volume, 9.5), 4.0)
    return melt(swing, spike(x, y, 5.2, 7.0, -2.6, 13.5, 4.4), 2.0)


def _spikes_behind(u: Array, v: Array, face: Face) -> Array:
    shape = _skull(u, v, face, 1.4)
    shape = overlap(shape, v - 3.0)
    for right, up in _SPIKES:
        at = face.width - 2.0
        tall = 8.6 + 1.4 * face.volume
        lean = right + 0.12 * face.side
        shape = union(shape, spike(u, v, right * at, CRANIUM_V - up * at, lean * tall, -up * tall, 5.2))
    x = np.abs(u)
    edge = face.width - 1.0
    for y, dx, dy in ((-8.4, 6.4, -2.2), (-3.4, 6.6, 1.2), (1.2, 4.6, 4.4)):
        shape = union(shape, spike(x, v, edge, y, dx, dy, 3.6))
    return shape


def draw_back_hair(sheet: Sheet, face: Face, labels: Codes, hatted: NDArray[np.bool_]) -> None:
    """Hair behind head and shoulders."""
    for name, behind, low in (
        ("curly", _curls_behind, 10.0),
        ("spiky", _spikes_behind, 9.0),
        ("bob", _bob_behind, 17.0),
        ("long", _long_behind, 41.0),
    ):
        rows = _style(labels, name)
        if rows.size:
            some = face.take(rows)
            with sheet.window(rows, -26, 26, -31, low) as w:
                shape = _below_hat(w.u, w.v, behind(w.u, w.v, some), some, hatted[rows])
                w.paint(shape, some.hair if name in ("curly", "spiky") else some.hair_dark)


def draw_locks(sheet: Sheet, face: Face, labels: Codes) -> None:
    """Hair that hangs in front of the shoulders: the ponytail and both sides of long hair."""
    rows = _style(labels, "ponytail")
    if rows.size:
        some = face.take(rows)
        with sheet.window(rows, -29, 29, -18, 23) as w:
            w.paint(_tail(w.u, w.v, some), some.hair)
            x = w.u * some.side - some.width
            w.paint(capsule(x, w.v, 6.6, 0.0, 5.4, 10.0, 0.7), some.hair_dark)
            w.paint(capsule(x, w.v, 0.6, -9.0, 1.8, -4.2, 1.7), some.hat)
    rows = _style(labels, "long")
    if rows.size:
        some = face.take(rows)
        with sheet.window(rows, -24, 24, -12, 42) as w:
            x = np.abs(w.u) - (some.width + 0.4)
            lock = rounded_box(x - 0.02 * w.v, w.v, 0.0, 16.0, 4.0 + 0.6 * some.volume, 25.0, 3.5)
            w.paint(lock, some.hair)
            w.paint(capsule(x, w.v, 0.6, 2.0, 1.4, 21.0, 0.6), some.hair_dark)


def _opening(u: Array, v: Array, face: Face, inset: float, top: float, radius: float) -> Array:
    """The part of the face that front hair leaves free, open below."""
    return rounded_box(u, v, 0.0, top + 25.0, face.width - inset, 25.0, radius)


def _short_before(u: Array, v: Array, face: Face) -> Array:
    s = u * face.side
    crown = melt(_skull(u, v, face, 2.3), ellipse(s, v, 2.5 + face.part, -18.5, 10.5, 4.6 + face.volume), 3.0)
    slant = (-13.4 - 0.15 * s - v) * 0.99
    free = overlap(_opening(u, v, face, 2.8, -12.0, 4.0), slant)
    return overlap(crown, -free, v - 2.6)


def _spiky_before(u: Array, v: Array, face: Face) -> Array:
    free = _opening(u, v, face, 2.0, -14.6, 3.0)
    shape = overlap(_skull(u, v, face, 1.4), -free, v - 2.6)
    s = u * face.side
    for x in (-8.4, -2.8, 2.8, 8.4):
        shape = union(shape, spike(s, v, x, -15.0, 1.6, 3.9, 3.0))
    return shape


def _curls_before(u: Array, v: Array, face: Face) -> Array:
    x = np.abs(u)
    shape = overlap(_skull(u, v, face, 2.0), -_opening(u, v, face, 2.2, -13.5, 7.0), v - 1.0)
    reach = face.width - 0.6
    for right, up in _CURLS_BEFORE:
        shape = union(shape, circle(x, v, right * reach, CRANIUM_V - up * reach, 3.5))
    for y, radius in ((-4.0, 3.3), (2.4, 4.4)):
        shape = union(shape, circle(x, v, face.width + 1.2, y, radius))
    return shape


def _bob_before(u: Array, v: Array, face: Face) -> Array:
    hang = rounded_box(u, v, 0.0, 0.5, face.width + 3.0 + face.volume, 14.0, 5.0)
    outer = melt(_skull(u, v, face, 2.8), hang, 3.0)
    free = _opening(u, v, face, 2.3, -12.2, 5.0)
    return overlap(outer, -free, v - 14.0)


def _long_before(u: Array, v: Array, face: Face) -> Array:
    outer = melt(_skull(u, v, face, 2.5), rounded_box(u, v, 0.0, 2.0, face.width + 2.6, 9.0, 3.0), 2.0)
    parting = above(u - 2.0 * face.part, v, -16.2, 0.052)
    free = overlap(_opening(u, v, face, 1.2, -17.0, 5.0), -parting)
    return overlap(outer, -free)


def _tied_before(u: Array, v: Array, face: Face) -> Array:
    free = _opening(u, v, face, 1.7, -13.2, 9.0)
    return overlap(_skull(u, v, face, 1.5), -free, v + 1.5)


def draw_front_hair(sheet: Sheet, face: Face, labels: Codes, hatted: NDArray[np.bool_]) -> None:
    """Hair over forehead and temples with its shadow on the skin and a lit streak."""
    for name, before in (
        ("short", _short_before),
        ("spiky", _spiky_before),
        ("curly", _curls_before),
        ("bob", _bob_before),
        ("long", _long_before),
        ("ponytail", _tied_before),
    ):
        rows = _style(labels, name)
        if not rows.size:
            continue
        some = face.take(rows)
        with sheet.window(rows, -23, 23, -28, 18) as w:
            shape = _below_hat(w.u, w.v, before(w.u, w.v, some), some, hatted[rows])
            w.paint(overlap(shape - 1.1, w.head), some.skin_shade, 0.8)
            w.paint(shape, some.hair)
            if name not in ("curly", "spiky"):
                streak = bow(w.u * some.side + 4.5, w.v + 16.2, 4.2, 0.035, 0.85)
                w.paint(overlap(streak, shape + 0.6), some.hair_light, 0.8)


def draw_headwear(sheet: Sheet, face: Face, labels: Codes) -> None:
    """Cap or beanie, with its shadow on the forehead."""
    rows = np.flatnonzero(labels["headwear"] == ATTRIBUTES["headwear"].index("cap"))
    if rows.size:
        _draw_cap(sheet, face.take(rows), rows)
    rows = np.flatnonzero(labels["headwear"] == ATTRIBUTES["headwear"].index("beanie"))
    if rows.size:
        _draw_beanie(sheet, face.take(rows), rows)


def _draw_cap(sheet: Sheet, face: Face, rows: Rows) -> None:
    with sheet.window(rows, -25, 25, -31, -7) as w:
        u, v = w.u, w.v
        dome = overlap(rounded_box(u, v, 0.0, -8.0, face.width + 1.8, 18.0, 13.5), v + 12.6)
        brim = rounded_box(u, v - 0.009 * u * u, 0.0, -14.9, face.width + 2.2, 2.3, 2.2)
        w.paint(overlap(brim - 0.9, w.head), face.skin_shade, 0.8)
        w.paint(dome, face.hat)
        seam = np.abs(np.abs(u) - 6.5 - 0.35 * (v + 12.0)) - 0.35
        w.paint(overlap(seam, dome + 0.5), darker(face.hat, 0.2))
        w.paint(rounded_box(u, v, 0.0, -21.0, 3.4, 2.1, 1.6), WHITE)
        w.paint(ellipse(u, v, 0.0, -26.0, 2.0, 1.1), darker(face.hat, 0.25))
        w.paint(brim, darker(face.hat, 0.3))


def _draw_beanie(sheet: Sheet, face: Face, rows: Rows) -> None:
    with sheet.window(rows, -21, 21, -33, -9) as w:
        u, v = w.u, w.v
        dome = overlap(ellipse(u, v, 0.0, -14.0, face.width + 1.2, 11.6), v + 13.0)
        cuff = rounded_box(u, v + 0.006 * u * u, 0.0, -15.0, face.width + 2.0, 3.3, 2.2)
        w.paint(overlap(cuff - 0.9, w.head), face.skin_shade, 0.8)
        w.paint(circle(u, v, 0.0, -25.3, 3.7), lighter(face.hat, 0.75))
        w.paint(dome, face.hat)
        w.paint(cuff, lighter(face.hat, 0.4))
        for x in (3.2, 9.4):
            rib = np.abs(np.abs(u) - x) - 0.5
            w.paint(overlap(rib, cuff + 0.5), lighter(face.hat, 0.18))
