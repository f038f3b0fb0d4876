"""Numbers of any kind become sensible levels of grey."""

from __future__ import annotations

import numpy as np
import pytest

from engine.data.levels import find_levels, to_bytes


@pytest.mark.parametrize(
    ("values", "levels"),
    [
        ((0, 1), (0, 1)),
        ((0.2, 0.9), (0, 1)),
        ((-1, 1), (-1, 1)),
        ((0, 255), (0, 255)),
        ((0, 40), (0, 255)),
        ((0, 16), (0, 16)),
        ((0, 65535), (0, 65535)),
        ((0, 4095), (0, 65535)),
        ((-400, 400), (-400, 400)),
        ((0, 1e6), (0, 1e6)),
    ],
)
def test_white_is_the_smallest_familiar_one(values: tuple[float, float], levels: tuple[float, float]) -> None:
    assert find_levels(*values) == levels


def test_bytes_are_left_alone() -> None:
    dark = np.array([0, 1, 2], np.uint8)
    assert to_bytes(dark) is dark


def test_constant_pictures_do_not_divide_by_zero() -> None:
    assert to_bytes(np.full((2, 2), 1e6)).tolist() == [[255, 255]] * 2
    assert to_bytes(np.full((2, 2), -7.0)).tolist() == [[0, 0]] * 2
    assert to_bytes(np.zeros((0, 3), np.float32)).shape == (0, 3)


def test_masks_become_black_and_white() -> None:
    assert to_bytes(np.array([True, False])).tolist() == [255, 0]


def test_infinity_is_refused() -> None:
    with pytest.raises(ValueError, match="not finite"):
        to_bytes(np.array([0.0, np.inf]))
