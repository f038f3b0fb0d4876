"""Draws portraits: a batch of faces is painted part after part, from the background to the hat.

Pure NumPy. A picture depends on its own attributes and free variation only, so that the bytes are the same in every
batch; chunks are drawn by two threads, since NumPy releases the interpreter's lock.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from engine.data.dataset import DataError
from engine.data.portraits_face import (
    BACKGROUND,
    CRANIUM_V,
    FLUSH,
    INK,
    MOUTH,
    TONGUE,
    WHITE,
    Face,
    face_of,
    frame_of,
)
from engine.data.portraits_hair import draw_back_hair, draw_front_hair, draw_headwear, draw_locks
from engine.data.portraits_sampling import ATTRIBUTES, Nuisance
from engine.data.portraits_shapes import (
    Array,
    Rows,
    Sheet,
    Window,
    above,
    bow,
    capsule,
    circle,
    drop,
    ellipse,
    lighter,
    melt,
    overlap,
    rounded_box,
    spike,
    union,
)

SIZES = range(16, 257, 16)
"""Sides in pixels that portraits can be drawn at."""

_OPEN = ("smiling", "surprised")
_CHUNK_PIXELS = 1 << 17
_THREADS = 2

Codes = Mapping[str, NDArray[np.integer]]


def draw(labels: Codes, nuisance: Nuisance, size: int) -> NDArray[np.uint8]:
    """Pictures with these attributes, (n, size, size, 3) uint8.

    Args:
        labels: for every attribute (n,) labels, places in `ATTRIBUTES[name]`.
        nuisance: the free variation, n of each.
        size: side in pixels, one of `SIZES`.

    Raises:
        DataError: the size is none of `SIZES`.
    """
    if size not in SIZES:
        raise DataError(f"Portraits cannot be drawn at {size} pixels; use a multiple of 16 from 16 to 256.")
    n = len(nuisance.x)
    step = max(1, _CHUNK_PIXELS // (size * size))
    pictures = np.empty((n, size, size, 3), np.uint8)

    def fill(start: int) -> None:
        rows = slice(start, min(start + step, n))
        part = {name: column[rows] for name, column in labels.items()}
        pictures[rows] = _draw_chunk(part, nuisance.take(rows), size)

    starts = range(0, n, step)
    if len(starts) < 2:
        for start in starts:
            fill(start)
    else:
        with ThreadPoolExecutor(_THREADS, "portraits") as pool:
            list(pool.map(fill, starts))
    return pictures


def _rows(labels: Codes, name: str, *values: str) -> Rows | None:
    """Which pictures have one of the values; None stands for all of them."""
    places = [ATTRIBUTES[name].index(value) for value in values]
    rows = np.flatnonzero(np.isin(labels[name], places))
    return None if len(rows) == len(labels[name]) else rows


def _expressions(labels: Codes, rows: Rows | None) -> NDArray[np.integer]:
    return labels["expression"] if rows is None else labels["expression"][rows]


def _shows(expression: NDArray[np.integer], value: str) -> NDArray[np.bool_]:
    """Which faces have this expression, (m, 1, 1)."""
    shown: NDArray[np.bool_] = expression == ATTRIBUTES["expression"].index(value)
    return shown[:, None, None]


def _draw_chunk(labels: Codes, nuisance: Nuisance, size: int) -> NDArray[np.uint8]:
    face = face_of(labels, nuisance)
    sheet = Sheet(frame_of(nuisance), size, BACKGROUND[labels["background"]])
    _measure_heads(sheet, face)
    hatted = labels["headwear"] != 0
    draw_back_hair(sheet, face, labels, hatted)
    _draw_clothes(sheet, face, nuisance)
    draw_locks(sheet, face, labels)
    _draw_head(sheet, face)
    _draw_eyes(sheet, face, labels)
    _draw_facial_hair(sheet, face, labels)
    _draw_mouth(sheet, face, labels)
    draw_front_hair(sheet, face, labels, hatted)
    _draw_brows(sheet, face, labels)
    _draw_glasses(sheet, face, labels)
    draw_headwear(sheet, face, labels)
    return sheet.finished()


def _measure_heads(sheet: Sheet, face: Face) -> None:
    """Distance to the outline of the head: an egg with a narrow chin, or a circle on a square jaw."""
    u, v = sheet.u, sheet.v
    egg = drop(u, v, CRANIUM_V, face.width, face.chin - face.chin_radius, face.chin_radius)
    egg = melt(egg, ellipse(u, v, 0.0, 2.0, 0.9 * face.width, face.chin - 2.2), 1.5)
    skull = circle(u, v, 0.0, CRANIUM_V, face.width)
    middle = 0.5 * (face.chin - 5.0)
    jaw = rounded_box(u, v, 0.0, middle, face.jaw, face.chin - middle, 6.5)
    sheet.head = np.where(face.woman, egg, melt(skull, jaw, 2.5))


def _draw_clothes(sheet: Sheet, face: Face, nuisance: Nuisance) -> None:
    """Neck with the shadow of the chin, shoulders, and one of three collars."""
    collars = (nuisance.pick_collar * np.float32(3.0)).astype(np.int64)
    neck_half = np.where(face.woman, np.float32(6.2), np.float32(7.6))
    with sheet.window(None, -34, 34, 8, 40, body=True) as w:
        u, v = w.u, w.v
        neck = rounded_box(u, v, 0.0, 20.0, neck_half, 13.0, 3.0)
        torso = melt(rounded_box(u, v, 0.0, 42.0, face.shoulders, 17.6, 10.0), ellipse(u, v, 0.0, 26.5, 11.5, 4.6), 5.0)
        opening = np.where(
            (collars == 1)[:, None, None],
            spike(u, v, 0.0, 18.0, 0.0, 12.0, 11.5),
            ellipse(u, v, 0.0, 21.3, neck_half + 0.9, 4.0),
        )
        w.paint(union(neck, overlap(torso, opening)), face.skin)
        w.paint(overlap(torso, -opening), face.clothes)
        rim = overlap(torso, opening - 1.8, -opening)
        w.paint(rim, np.where((collars == 2)[:, None], lighter(face.clothes, 0.55), face.clothes * np.float32(0.78)))
    with sheet.window(None, -10, 10, 10, 25) as w:
        throat = rounded_box(w.u, w.v, 0.0, 18.0, neck_half - 0.2, 5.6, 2.0)
        w.paint(overlap(throat, w.head - 2.8), face.skin_shade)


def _draw_head(sheet: Sheet, face: Face) -> None:
    with sheet.window(None, -21, 21, -21, 22) as w:
        u, v = np.abs(w.u), w.v
        w.paint(ellipse(u, v, face.width + 0.3, 2.2, 2.7, 3.9), face.skin)
        w.paint(ellipse(u, v, face.width + 0.7, 2.4, 1.2, 2.2), face.skin_shade)
        w.paint(w.head, face.skin)
    with sheet.window(None, -15, 15, 0, 14) as w:
        u, v = np.abs(w.u), w.v
        pink = face.skin * np.float32(0.55) + FLUSH * np.float32(0.45)
        w.paint(ellipse(u, v, face.eye_u + 2.4, 7.6, 3.4, 2.5), pink, face.blush, soft=3.0)
        x = w.u / face.nose_width
        tip = ellipse(x, v, 0.0, 5.0, 2.0 * face.nose, 1.5 * face.nose)
        bridge = drop(x, v, 0.6, 0.7, 4.8, 1.7 * face.nose)
        w.paint(union(bridge, tip), face.skin_shade, 0.55)
        w.paint(overlap(tip, 4.8 - v), face.skin_shade)


def _draw_eyes(sheet: Sheet, face: Face, labels: Codes) -> None:
    rows = _rows(labels, "glasses", "none", "round", "square")
    face = face.take(rows)
    expression = _expressions(labels, rows)
    sad, surprised = _shows(expression, "sad"), _shows(expression, "surprised")
    with sheet.window(rows, -15.5, 15.5, -6.5, 7) as w:
        x, y = np.abs(w.u) - face.eye_u, w.v - face.eye_v
        rx, ry = 3.45 * face.eye_size, 3.4 * face.eye_size
        white = ellipse(x, y, 0.0, 0.0, rx, ry)
        drooping = np.where(sad, np.float32(0.28), np.float32(0.0))
        lid = np.where(sad, np.float32(-1.4), np.where(surprised, np.float32(-6.0), np.float32(-2.3))) + drooping * x
        shown = overlap(white, lid - y)
        w.paint(white, face.skin_shade)
        w.paint(shown, WHITE)
        pupil = np.where(surprised, np.float32(0.8), np.float32(1.0))
        gaze = face.gaze * np.where(w.u < 0, np.float32(-1.0), np.float32(1.0))
        w.paint(overlap(circle(x, y, gaze, 0.4, 2.5 * pupil), shown), face.iris)
        w.paint(overlap(circle(x, y, gaze, 0.4, 1.45 * pupil), shown), INK)
        w.paint(circle(w.u - np.where(w.u < 0, -face.eye_u, face.eye_u), y, face.gaze + 0.9, -0.5, 0.65), WHITE)
    _draw_lashes(sheet, face, rows)


def _draw_lashes(sheet: Sheet, face: Face, rows: Rows | None) -> None:
    women = np.flatnonzero(face.woman[:, 0, 0])
    chosen = women if rows is None else rows[women]
    face = face.take(women)
    with sheet.window(chosen, -16, 16, -7, 4) as w:
        x, y = np.abs(w.u) - face.eye_u, w.v - face.eye_v
        size = face.eye_size
        rim = ellipse(x, y, 0.0, 0.0, 3.9 * size, 3.85 * size)
        inner = ellipse(x, y, 0.0, 0.9, 3.9 * size, 3.6 * size)
        lid = overlap(rim, -inner, y - 0.4)
        wing = spike(x, y, 2.6 * size, -1.5 * size, 2.9, -1.9, 1.25)
        w.paint(union(lid, wing), INK)


def _draw_brows(sheet: Sheet, face: Face, labels: Codes) -> None:
    sad, surprised = _shows(labels["expression"], "sad"), _shows(labels["expression"], "surprised")
    f = np.float32
    with sheet.window(None, -14.5, 14.5, -13.5, -2) as w:
        x = np.abs(w.u) - face.eye_u
        slope = np.where(sad, f(0.42), np.where(surprised, f(0.0), f(-0.06)))
        bend = np.where(sad, f(-0.01), np.where(surprised, f(0.075), f(0.045))) + face.brow_bend
        bend = bend + np.where(face.woman, f(0.012), f(-0.012))
        y = w.v - face.brow_v - slope * x
        taper = face.brow_thick * (1.0 - 0.05 * np.clip(x, -4.0, 4.0))
        w.paint(bow(x, y, 3.7, bend, taper), face.brows)


def _lips(u: Array, v: Array, expression: str, grow: float) -> Array:
    """The outline of the mouth of one expression about its middle, `grow` units wider."""
    if expression == "smiling":
        return overlap(ellipse(u, v, 0.0, -1.5, 6.7, 5.7), -above(u, v, -1.3, -0.012)) - grow
    if expression == "surprised":
        return ellipse(u, v, 0.0, 1.0, 3.0 + grow, 3.5 + grow)
    if expression == "sad":
        return bow(u, v - 0.4, 4.8, 0.075, 0.25 + grow)
    return bow(u, v - 0.9, 4.7, 0.004, 0.25 + grow)


def _full_lips(u: Array, v: Array, line: Array, expression: str) -> Array:
    """Painted lips: two lobes above and one below when the mouth is at rest, a thick bow when it droops."""
    if expression == "sad":
        return line - 1.4 * (1.0 - 0.012 * np.minimum(u * u, 36.0))
    x, y = np.abs(u), v - 0.9
    return melt(ellipse(x, y, 1.75, -0.6, 2.9, 1.35), ellipse(u, y, 0.0, 0.75, 3.7, 1.6), 0.6)


def _draw_mouth(sheet: Sheet, face: Face, labels: Codes) -> None:
    for expression in ATTRIBUTES["expression"]:
        rows = _rows(labels, "expression", expression)
        some = face.take(rows)
        with sheet.window(rows, -11, 11, 6.5, 20) as w:
            u, v = w.u / some.mouth, w.v - some.mouth_v
            colour = np.where(some.woman[:, 0], some.lips, some.skin * np.float32(0.52))
            if expression in _OPEN:
                _paint_open_mouth(w, some, u, v, expression, colour)
            else:
                _paint_closed_mouth(w, some, u, v, expression, colour)


def _paint_open_mouth(w: Window, face: Face, u: Array, v: Array, expression: str, colour: Array) -> None:
    inner = _lips(u, v, expression, 0.0)
    w.paint(inner - np.where(face.woman, np.float32(1.15), np.float32(0.6)), colour)
    w.paint(inner, MOUTH)
    if expression == "smiling":
        w.paint(overlap(inner, v - 0.9), WHITE)
    else:
        w.paint(overlap(inner, 3.0 - v), TONGUE)


def _paint_closed_mouth(w: Window, face: Face, u: Array, v: Array, expression: str, colour: Array) -> None:
    line = _lips(u, v, expression, 0.0)
    full = _full_lips(u, v, line, expression)
    w.paint(np.where(face.woman, union(line - 0.75, full), line - 0.75), colour)
    w.paint(line - 0.1, colour * np.float32(0.55), np.where(face.woman, np.float32(1.0), np.float32(0.0)))


def _draw_facial_hair(sheet: Sheet, face: Face, labels: Codes) -> None:
    rows = _rows(labels, "facial_hair", "beard")
    some = face.take(rows)
    expression = _expressions(labels, rows)
    with sheet.window(rows, -21, 21, -10, 25) as w:
        mouth_u, mouth_v = w.u / some.mouth, w.v - some.mouth_v
        window = np.full_like(w.u, 99.0)
        for code, name in enumerate(ATTRIBUTES["expression"]):
            kind = np.flatnonzero(expression == code)
            window[kind] = _lips(mouth_u[kind], mouth_v[kind], name, 1.7 if name in _OPEN else 2.2)
        cheeks = above(w.u, w.v, 9.6, -0.052)
        beard = overlap(w.head - np.clip(0.25 * w.v, 0.0, 1.6), -cheeks, -window)
        w.paint(overlap(beard - 0.9, w.head), some.skin_shade, 0.7)
        w.paint(beard, some.beard)
    rows = _rows(labels, "facial_hair", "moustache")
    some = face.take(rows)
    with sheet.window(rows, -12, 12, 5, 15) as w:
        x, y = np.abs(w.u), w.v - (some.mouth_v - 4.1)
        shape = melt(ellipse(x, y, 2.6, 0.0, 3.4, 1.6), capsule(x, y, 4.0, 0.5, 8.0, 2.2, 0.95), 1.0)
        w.paint(shape - 0.8, some.skin_shade, 0.7)
        w.paint(shape, some.beard)


def _draw_glasses(sheet: Sheet, face: Face, labels: Codes) -> None:
    for name in ATTRIBUTES["glasses"][1:]:
        rows = _rows(labels, "glasses", name)
        some = face.take(rows)
        with sheet.window(rows, -18, 18, -7.5, 9.5) as w:
            _paint_glasses(w, some, name)


def _paint_glasses(w: Window, face: Face, kind: str) -> None:
    x, y = np.abs(w.u), w.v - face.eye_v
    if kind == "round":
        lens = circle(x, y, face.eye_u, 0.4, 5.5)
    elif kind == "square":
        lens = rounded_box(x, y, face.eye_u + 0.1, 0.3, 5.9, 4.5, 0.6)
    else:
        lens = rounded_box(x - 0.04 * y * x, y, face.eye_u + 0.3, 0.7, 6.2, 5.0, 3.2)
    arm = capsule(x, y, face.eye_u + 5.0, -1.2, face.width + 0.6, -0.6, 0.75)
    bridge = capsule(x, y, 0.0, -0.9, face.eye_u - 4.6, -0.9, 0.8)
    w.paint(overlap(union(arm, bridge), -lens), face.glasses)
    if kind == "sunglasses":
        w.paint(lens - 0.5, face.glasses)
        shine = capsule(w.u - np.where(w.u < 0, -face.eye_u, face.eye_u), y, -2.4, 1.6, 0.4, -1.8, 0.75)
        w.paint(overlap(shine, lens + 1.0), WHITE, 0.4)
    else:
        w.paint(lens, WHITE, 0.3)
        w.paint(np.abs(lens) - (0.85 if kind == "round" else 1.0), face.glasses)
