"""Pictures reach the wanted size without surprises."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from engine.data.fit import choose_size, fit_picture, to_array
from engine.data.ref import FITS, Fit


def fitted(pixels: np.ndarray, height: int, width: int, fit: Fit) -> np.ndarray:
    return np.asarray(fit_picture(Image.fromarray(pixels), height, width, fit))


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (7, 5), (32, 32), (64, 48), (31, 33)])
def test_every_shape_comes_out_at_the_wanted_size(fit: Fit, shape: tuple[int, int]) -> None:
    grey = np.full(shape, 77, np.uint8)
    assert (fitted(grey, 32, 32, fit) == 77).all()
    colour = np.full((*shape, 3), 77, np.uint8)
    assert fitted(colour, 16, 24, fit).shape == (16, 24, 3)


def test_crop_keeps_the_middle() -> None:
    wide = np.zeros((4, 12), np.uint8)
    wide[:, 4:8] = 200
    assert (fitted(wide, 4, 4, "crop") == 200).all()
    assert (fitted(wide, 8, 8, "crop") == 200).all()


def test_cropping_an_odd_rest_does_not_blur() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (9, 12), dtype=np.uint8)
    assert np.array_equal(fitted(noise, 9, 9, "crop"), noise[:, 1:10])


def test_pad_keeps_every_pixel_of_a_digit_and_takes_the_colour_of_the_edge() -> None:
    digit = np.zeros((28, 28), np.uint8)
    digit[5:20, 5:20] = np.random.default_rng(0).integers(1, 256, (15, 15))
    padded = fitted(digit, 32, 32, "pad")
    assert np.array_equal(padded[2:30, 2:30], digit)
    assert padded.sum() == digit.sum()
    paper = np.full((28, 28, 3), (250, 240, 230), np.uint8)
    assert (fitted(paper, 32, 40, "pad") == (250, 240, 230)).all()


def test_pad_enlarges_by_whole_numbers_only() -> None:
    art = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    assert np.array_equal(fitted(art, 20, 20, "pad")[2:18, 2:18], art.repeat(2, 0).repeat(2, 1))


def test_pad_shows_all_of_a_large_picture() -> None:
    wide = np.zeros((40, 80), np.uint8)
    wide[10:30, 10:70] = 255
    padded = fitted(wide, 16, 16, "pad")
    assert padded[:4].max() == 0
    assert padded[8, 8] == 255


def test_shrinking_is_antialiased() -> None:
    stripes = np.zeros((60, 60), np.uint8)
    stripes[:, ::2] = 255
    for side in (30, 20, 13):
        assert np.abs(fitted(stripes, side, side, "crop").astype(int) - 128).max() <= 45


def test_shrinking_by_a_whole_number_is_the_mean() -> None:
    blocks = np.random.default_rng(0).integers(0, 256, (4, 4), dtype=np.uint8).repeat(3, 0).repeat(3, 1)
    assert np.array_equal(fitted(blocks, 4, 4, "crop"), blocks[::3, ::3])


def test_enlarging_by_a_whole_number_repeats_pixels() -> None:
    art = np.random.default_rng(0).integers(0, 256, (5, 5), dtype=np.uint8)
    assert np.array_equal(fitted(art, 15, 15, "stretch"), art.repeat(3, 0).repeat(3, 1))


def test_grey_and_colour() -> None:
    red = Image.new("RGB", (2, 2), (255, 0, 0))
    assert to_array(red, 1).shape == (2, 2, 1)
    assert to_array(red, 1)[0, 0, 0] == 76
    assert to_array(Image.new("L", (2, 2), 9), 3).tolist() == [[[9] * 3] * 2] * 2


def test_a_size_is_chosen_when_nobody_names_one() -> None:
    assert choose_size([(28, 28)] * 3) == (28, 28)
    assert choose_size([(48, 64)] * 3) == (48, 64)
    assert choose_size([(20, 20), (32, 31)]) == (32, 32)
    assert choose_size([(40, 40), (32, 32)]) == (64, 64)
    assert choose_size([(800, 600)] * 2) == (64, 64)
    assert choose_size([(2, 2)]) == (32, 32)
