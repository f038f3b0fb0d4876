"""The measures and colours of every face of a batch: what attributes and free variation come to, in face units.

The origin is the middle of the head; u runs right, v down; 64 units are a picture side.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from engine.data.dataset import Indices
from engine.data.portraits_sampling import ATTRIBUTES, Nuisance
from engine.data.portraits_shapes import Array, Frame, darker, lighter


def _palette(*colours: str) -> Array:
    return np.array([[int(colour[at : at + 2], 16) for at in (0, 2, 4)] for colour in colours], np.float32)


INK = _palette("2b2430")[0]
WHITE = _palette("fdfcfa")[0]
MOUTH = _palette("6d1f2e")[0]
TONGUE = _palette("d65c64")[0]
FLUSH = _palette("ec4a54")[0]

SKIN = _palette("fddcc9", "f5c6a2", "e2a87a", "c88a5a", "a66641", "784633")
HAIR = _palette("1f1d2b", "4c2916", "efc24c", "e0521c", "8f98a8", "ec5fa0")
BACKGROUND = _palette("f6f5f2", "c3c8cf", "fbe38a", "ffc0cc", "cbb8f0", "a3cbfa", "aee0ae", "7fd3cb")
IRIS = _palette("4a2f22", "3f76b5", "4c8a55", "6f7682")
HAT = _palette("2f6fce", "1f9c92", "7a55c4", "4a9a4f", "1f7590")
CLOTHES = _palette("34457c", "2f9a96", "f3efe6", "4f9d63", "7f62bd", "4b8ede", "e9756b", "8d2f63")
FRAME = _palette("26222c", "3a2230", "1f2c4a")
LIPS = _palette("d0244f", "c02a63")


@dataclass(frozen=True)
class Face:
    """Measures (m, 1, 1) and colours (m, 3), float32, of m faces."""

    woman: NDArray[np.bool_]
    width: Array
    chin: Array
    chin_radius: Array
    jaw: Array
    side: Array
    eye_u: Array
    eye_v: Array
    eye_size: Array
    gaze: Array
    nose: Array
    nose_width: Array
    brow_v: Array
    brow_thick: Array
    brow_bend: Array
    mouth: Array
    mouth_v: Array
    volume: Array
    part: Array
    blush: Array
    shoulders: Array
    skin: Array
    skin_shade: Array
    hair: Array
    hair_dark: Array
    hair_light: Array
    beard: Array
    brows: Array
    lips: Array
    iris: Array
    hat: Array
    clothes: Array
    glasses: Array

    def take(self, rows: Indices | None) -> Self:
        if rows is None:
            return self
        return type(self)(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})


CRANIUM_V = np.float32(-3.5)
"""Height of the middle of the circle that is the upper head; its radius is `Face.width`."""


def _tall(values: Array) -> Array:
    return np.asarray(values, np.float32)[:, None, None]


def _pick(palette: Array, pick: Array) -> Array:
    return palette[np.minimum((pick * np.float32(len(palette))).astype(np.int64), len(palette) - 1)]


def _contrasting(hair: Array, skin: Array) -> Array:
    """A darker or lighter shade of the hair, whichever stands out more on the skin."""
    dark, light = darker(hair, 0.28), lighter(hair, 0.2)
    apart = ((light - skin) * (light - skin)).sum(1) > ((dark - skin) * (dark - skin)).sum(1)
    return np.where(apart[:, None], light, dark)


def frame_of(nuisance: Nuisance) -> Frame:
    """Where the faces stand, in units of the picture."""
    f = np.float32
    return Frame(
        x=f(32.0) + f(2.0) * nuisance.x,
        y=f(33.8) + f(1.2) * nuisance.y,
        scale=f(1.08) + f(0.045) * nuisance.scale,
        tilt=f(0.11) * nuisance.tilt,
    )


def face_of(labels: Mapping[str, NDArray[np.integer]], nuisance: Nuisance) -> Face:
    """The measures and colours of faces with these attribute labels."""
    woman = labels["presentation"] == ATTRIBUTES["presentation"].index("woman")
    surprised = labels["expression"] == ATTRIBUTES["expression"].index("surprised")
    smiling = labels["expression"] == ATTRIBUTES["expression"].index("smiling")
    f = np.float32
    width = f(15.0) + f(0.9) * nuisance.face_width
    skin = SKIN[labels["skin_tone"]] * (f(1.0) + f(0.02) * nuisance.skin_light[:, None])
    hair = HAIR[labels["hair_colour"]] * (f(1.0) + f(0.05) * nuisance.hair_light[:, None])
    lips = LIPS[0] + (LIPS[1] - LIPS[0]) * (f(0.5) + f(0.5) * nuisance.lip_tone[:, None])
    opened = np.where(surprised, f(1.16), np.where(smiling, f(0.94), f(1.0)))
    return Face(
        woman=woman[:, None, None],
        width=_tall(width),
        chin=_tall(f(19.2) + f(0.5) * nuisance.chin),
        chin_radius=_tall(width * (f(0.49) + f(0.03) * nuisance.jaw)),
        jaw=_tall(width * (f(0.89) + f(0.025) * nuisance.jaw)),
        side=_tall(np.where(nuisance.side < 0, f(-1.0), f(1.0))),
        eye_u=_tall(width * (f(0.455) + f(0.022) * nuisance.eye_gap)),
        eye_v=_tall(f(0.9) + f(0.4) * nuisance.eye_height),
        eye_size=_tall(opened * (f(1.0) + f(0.07) * nuisance.eye_size)),
        gaze=_tall(f(0.7) * nuisance.gaze),
        nose=_tall(f(1.0) + f(0.14) * nuisance.nose_size),
        nose_width=_tall(f(1.0) + f(0.22) * nuisance.nose_width),
        brow_v=_tall(f(-7.2) + f(0.3) * nuisance.brow_height - np.where(surprised, f(1.9), f(0.0))),
        brow_thick=_tall(np.where(woman, f(0.78), f(1.36)) * (f(1.0) + f(0.1) * nuisance.brow_thick)),
        brow_bend=_tall(f(0.022) * nuisance.brow_bend),
        mouth=_tall(np.where(woman, f(0.88), f(1.0)) * (f(1.0) + f(0.06) * nuisance.mouth_width)),
        mouth_v=_tall(f(12.5) + f(0.35) * nuisance.mouth_height),
        volume=_tall(f(0.5) + f(0.5) * nuisance.hair_volume),
        part=_tall(nuisance.hair_part),
        blush=_tall(f(0.26) + f(0.18) * nuisance.blush),
        shoulders=_tall(f(24.0) + f(2.0) * nuisance.shoulders),
        skin=skin,
        skin_shade=darker(skin, f(0.15)),
        hair=hair,
        hair_dark=darker(hair, f(0.2)),
        hair_light=lighter(hair, 0.2),
        beard=_contrasting(hair, skin),
        brows=INK + (darker(hair, f(0.35)) - INK) * f(0.2),
        lips=lips,
        iris=_pick(IRIS, nuisance.pick_iris),
        hat=_pick(HAT, nuisance.pick_hat),
        clothes=_pick(CLOTHES, nuisance.pick_clothes),
        glasses=_pick(FRAME, nuisance.pick_frame),
    )
