"""Small pictures of samples."""

from __future__ import annotations

import numpy as np
import pytest

from explorer.theme import DARK, LIGHT
from explorer.widgets.thumbnail import thumbnail
from tests.explorer.conftest import pictures


def test_four_pictures_with_their_own_colours(qapp) -> None:
    flat = np.full((4, 8, 8, 3), [[[[10, 200, 30]]]], np.uint8)
    image = thumbnail(flat, 40, LIGHT).toImage()
    assert (image.width(), image.height()) == (40, 40)
    for x, y in ((5, 5), (35, 5), (5, 35), (35, 35)):
        assert image.pixelColor(x, y).getRgb()[:3] == (10, 200, 30)


def test_grey_pictures_and_high_resolution(qapp) -> None:
    grey = np.full((1, 8, 8, 1), 90, np.uint8)
    pixmap = thumbnail(grey, 20, LIGHT, 2.0)
    assert pixmap.width() == 40
    assert pixmap.toImage().pixelColor(20, 20).getRgb()[:3] == (90, 90, 90)


@pytest.mark.parametrize("size", [1, 2])
def test_points_leave_ink(qapp, size: int) -> None:
    points = np.random.default_rng(0).normal(size=(200, size)).astype(np.float32)
    image = thumbnail(points, 40, DARK).toImage()
    inked = sum(image.pixelColor(x, y) != DARK.raised for x in range(40) for y in range(40))
    assert inked > 100


def test_nothing_is_an_empty_square(qapp) -> None:
    assert thumbnail(None, 10, LIGHT).toImage().pixelColor(5, 5) == LIGHT.raised
    assert thumbnail(pictures(4)[:0], 10, LIGHT).toImage().pixelColor(5, 5) == LIGHT.raised
