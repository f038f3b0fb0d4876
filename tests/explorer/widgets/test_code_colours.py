"""Colours that tell codes apart, and a scale of differences."""

from __future__ import annotations

import math

import numpy as np

from explorer.widgets.code_colours import (
    code_colours,
    difference,
    difference_picture,
    most_used,
    range_of,
    signal_to_noise,
)


def test_codes_have_colours_of_their_own_that_stay():
    map_K2 = np.random.default_rng(0).normal(size=(64, 2)).astype(np.float32)
    colours = code_colours(64, map_K2)
    assert len(np.unique(colours, axis=0)) == 64
    assert (colours == code_colours(64, map_K2)).all()
    assert len(np.unique(code_colours(64), axis=0)) == 64


def test_no_difference_is_the_middle_of_the_scale():
    a, b = np.full((2, 2, 3), 100, np.uint8), np.full((2, 2, 3), 120, np.uint8)
    assert difference(a, b)[0, 0] == -20
    assert range_of(difference(a, b)) == 32
    assert range_of(difference(a, a)) == 8
    table = difference_picture(np.array([[-32.0, 0.0, 32.0, 300.0]], np.float32), 32, dark=False)[0]
    assert table[2].tolist() == table[3].tolist()
    assert not (table[0] == table[2]).all()


def test_psnr():
    a = np.zeros((2, 2, 3), np.uint8)
    assert signal_to_noise(a, a) == math.inf
    assert round(signal_to_noise(a, a + 255), 6) == 0.0


def test_the_code_that_is_used_most():
    assert most_used(np.array([[3, 3], [1, 2]])) == 3
