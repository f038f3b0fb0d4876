"""Pictures of any size and mode become what a model takes, and the person hears what was done."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from explorer.picture_files import PictureFileError, read_picture


def save(file: Path, width: int, height: int, colour: QColor, form: QImage.Format = QImage.Format.Format_RGB32) -> Path:
    image = QImage(width, height, form)
    image.fill(colour)
    image.save(str(file))
    return file


def test_a_picture_that_fits_is_taken_as_it_is(qtbot: QtBot, tmp_path: Path):
    pixels, note = read_picture(save(tmp_path / "a.png", 5, 4, QColor(10, 20, 30)), (4, 5, 3))
    assert (pixels.shape, pixels[0, 0].tolist(), note) == ((4, 5, 3), [10, 20, 30], "")


def test_another_size_is_cut_and_scaled_and_said(qtbot: QtBot, tmp_path: Path):
    file = tmp_path / "wide.png"
    image = QImage(30, 10, QImage.Format.Format_RGB32)
    image.fill(QColor("red"))
    for x in range(10, 20):
        for y in range(10):
            image.setPixelColor(x, y, QColor("blue"))
    image.save(str(file))
    pixels, note = read_picture(file, (4, 4, 3))
    assert (pixels == [0, 0, 255]).all()
    assert note == "wide.png: the middle of 30 x 10 pixels, scaled to 4 x 4."


def test_transparency_and_colour_are_said(qtbot: QtBot, tmp_path: Path):
    file = save(tmp_path / "clear.png", 4, 4, QColor(0, 0, 0, 0), QImage.Format.Format_ARGB32)
    pixels, note = read_picture(file, (4, 4, 3))
    assert (pixels == 255).all()
    assert "laid over white" in note
    pixels, note = read_picture(save(tmp_path / "red.png", 4, 4, QColor("red")), (4, 4, 1))
    assert pixels.shape == (4, 4, 1)
    assert "made grey" in note


@pytest.mark.parametrize("content", [b"", b"no picture"])
def test_what_is_no_picture_is_told(qtbot: QtBot, tmp_path: Path, content: bytes):
    file = tmp_path / "bad.png"
    file.write_bytes(content)
    with pytest.raises(PictureFileError, match=r"bad\.png is no picture that can be read .*choose another file"):
        read_picture(file, (4, 4, 3))
