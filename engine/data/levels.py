"""Bring picture values of any number type to the 256 levels of a byte.

Bytes stay as they are. For everything else nobody wrote down what white is, so it is the smallest familiar white that
holds all the values: 1 (masks, floats), 255, 65535. Values from -1 to 1 (the usual range of generators) have black at
-1. Anything else, also a picture of a few levels such as 0..16, is stretched from its darkest to its brightest value.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

FEW_LEVELS = 32  # a brightest value between 1 and this means "levels", not a nearly black picture
CHUNK = 1 << 18


def find_levels(darkest: float, brightest: float) -> tuple[float, float]:
    """(black, white) for values between `darkest` and `brightest`; both must be finite."""
    if darkest >= 0 and brightest <= 1:
        return 0.0, 1.0
    if darkest >= -1 and brightest <= 1:
        return -1.0, 1.0
    if darkest >= 0 and FEW_LEVELS <= brightest <= 255:
        return 0.0, 255.0
    if darkest >= 0 and 255 < brightest <= 65535:
        return 0.0, 65535.0
    return min(darkest, 0.0) if darkest == brightest else darkest, brightest


def scale_levels(values: NDArray[Any], black: float, white: float) -> NDArray[np.uint8]:
    """Map `black` to 0 and `white` to 255, rounded and clipped. Any shape; not finite values must be gone before."""
    span = (white - black) or 1.0
    scaled = (values.astype(np.float64) - black) * (255.0 / span)
    return np.clip(np.rint(scaled), 0, 255).astype(np.uint8)


def to_bytes(values: NDArray[Any]) -> NDArray[np.uint8]:
    """One picture of any number type as bytes.

    Raises ValueError when it holds values that are not finite."""
    if values.dtype == np.uint8:
        return values
    if not values.size:
        return values.astype(np.uint8)
    darkest, brightest = float(values.min()), float(values.max())
    if not (np.isfinite(darkest) and np.isfinite(brightest)):
        raise ValueError("it holds values that are not finite numbers")
    return scale_levels(values, *find_levels(darkest, brightest))
