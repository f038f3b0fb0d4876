"""Colours for codes, and for differences between pictures.

Likeness: codes that lie close on the map of the book get close hues, and the lightness of a code is its own, so that
two neighbours of the same hue can be told apart. The colours are made in Oklab (Ottosson 2020, "A perceptual color
space for image processing"), in which equal distances look equal.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from engine import Codes, Floats, Pixels
from explorer.widgets.field_drawing import LEVELS, color_table

CHROMA = 0.13
LIGHTNESS = (0.50, 0.86)
SPREAD = 0.6180339887498949  # the golden ratio: numbers in a row land far from each other
RANGES = (8, 16, 32, 64, 128, 255)  # what the end of the scale of differences can stand for, of 255
NEARLY_ALL = 99.0  # per cent of the differences that lie within the scale


def code_colours(book: int, map_K2: Floats | None = None) -> Pixels:
    """A colour for each code, (K, 3): its hue from its place on the map of the book; without a map from its number."""
    own = np.arange(book) * SPREAD % 1.0
    if map_K2 is None:
        hue, chroma = own * 2 * np.pi, np.full(book, CHROMA)
    else:
        middle = np.median(map_K2, axis=0)
        hue = _spread(np.arctan2(*(map_K2 - middle).T[::-1])) * 2 * np.pi
        chroma = CHROMA * (0.55 + 0.45 * _spread(np.hypot(*(map_K2 - middle).T)))
    lightness = LIGHTNESS[0] + (LIGHTNESS[1] - LIGHTNESS[0]) * (own if map_K2 is not None else own * 7 % 1.0)
    return _rgb(np.stack((lightness, chroma * np.cos(hue), chroma * np.sin(hue)), axis=1))


def _spread(values: NDArray[np.floating]) -> NDArray[np.floating]:
    """The ranks of values, 0..1: evenly apart, however the values crowd."""
    ranks = np.empty(len(values))
    ranks[np.argsort(values, kind="stable")] = np.arange(len(values))
    return ranks / max(len(values), 1)


def _rgb(lab_N3: NDArray[np.floating]) -> Pixels:
    """sRGB of Oklab colours."""
    to_lms = np.array(
        [[1, 0.3963377774, 0.2158037573], [1, -0.1055613458, -0.0638541728], [1, -0.0894841775, -1.291485548]]
    )
    to_rgb = np.array(
        [
            [4.0767416621, -3.3077115913, 0.2309699292],
            [-1.2684380046, 2.6097574011, -0.3413193965],
            [-0.0041960863, -0.7034186147, 1.707614701],
        ]
    )
    linear = np.clip((lab_N3 @ to_lms.T) ** 3 @ to_rgb.T, 0.0, 1.0)
    curved = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.rint(curved * 255).astype(np.uint8)


def difference(pixels_HWC: Pixels, other_HWC: Pixels) -> NDArray[np.float32]:
    """How much brighter each pixel is than the other's, -255..255, (H, W)."""
    return (pixels_HWC.astype(np.float32) - other_HWC.astype(np.float32)).mean(axis=2)


def range_of(difference_HW: NDArray[np.float32]) -> int:
    """The smallest scale that nearly all of the differences fit into, of 255."""
    wanted = float(np.percentile(np.abs(difference_HW), NEARLY_ALL))
    return next((each for each in RANGES if wanted <= each), RANGES[-1])


def difference_picture(difference_HW: NDArray[np.float32], largest: int, *, dark: bool) -> Pixels:
    """Differences as colours, (H, W, 3): the middle of the map is none, its ends are `largest` and more."""
    share = np.clip(difference_HW / (2 * largest) + 0.5, 0.0, 1.0)
    return color_table(dark)[np.rint(share * (LEVELS - 1)).astype(np.uint8)]


def signal_to_noise(pixels_HWC: Pixels, other_HWC: Pixels) -> float:
    """PSNR in dB; infinite for pictures that are the same."""
    error = float(((pixels_HWC.astype(np.float64) - other_HWC) ** 2).mean())
    return math.inf if error == 0 else 10 * math.log10(255**2 / error)


def most_used(codes_hw: Codes) -> int:
    """The code that a grid has most often."""
    codes, counts = np.unique(codes_hw, return_counts=True)
    return int(codes[counts.argmax()])
