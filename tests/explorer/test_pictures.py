"""A saved picture keeps its pixels and says how it was made, to us and to others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtGui import QImage

from explorer.pictures import PictureError, facts_in, write_png

LONG = json.dumps({"z": [0.25] * 64}, separators=(",", ":"))
FACTS = {"latent-explorer:step": "1200", "latent-explorer:recipe": LONG, "latent-explorer:run": "Läufe/한국"}


@pytest.fixture
def image(qapp) -> QImage:
    made = QImage(4, 4, QImage.Format.Format_RGB888)
    made.fill(0x123456)
    return made


def test_there_and_back(image: QImage, tmp_path: Path) -> None:
    write_png(image, FACTS, tmp_path / "a.png")
    assert facts_in(tmp_path / "a.png") == FACTS
    with Image.open(tmp_path / "a.png") as opened:
        opened.load()
        assert opened.getpixel((0, 0)) == (0x12, 0x34, 0x56)
        assert opened.text["latent-explorer.recipe"] == LONG
        assert opened.text["Software"].startswith("Latent Explorer")


def test_a_picture_of_others_says_nothing(image: QImage, tmp_path: Path) -> None:
    image.save(str(tmp_path / "b.png"))
    assert facts_in(tmp_path / "b.png") == {}


def test_a_folder_that_is_not_there(image: QImage, tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="another folder"):
        write_png(image, {}, tmp_path / "none" / "c.png")
