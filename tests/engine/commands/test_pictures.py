from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.commands import pictures
from engine.commands.terminal import CommandError


def test_a_picture_keeps_its_pixels_and_its_texts(tmp_path: Path):
    grey = np.arange(12, dtype=np.uint8).reshape(3, 4, 1)
    texts = pictures.facts("sample", "run:/a b@3", 3, {"x": "\u00e9\u4e00"}, ["--count", "1"])
    pictures.write_png(tmp_path / "new" / "grey.png", grey, texts)
    with Image.open(tmp_path / "new" / "grey.png") as image:
        assert np.array_equal(np.asarray(image), grey[..., 0])
        assert image.text["latent-explorer:command"] == "python -m engine sample --snapshot 'run:/a b@3' --count 1"
        assert image.text["latent-explorer:recipe"] == texts["latent-explorer:recipe"]
        assert set(image.text) == {f"latent-explorer:{key}" for key in ("command", "snapshot", "step", "recipe")}


def test_a_grid_that_is_too_large_is_refused():
    with pytest.raises(CommandError, match="largest side"):
        pictures.grid(np.zeros((4, 64, 64, 3), np.uint8), scale=200)


def test_a_name_is_checked(tmp_path: Path):
    with pytest.raises(CommandError, match=r"\.csv or \.npy"):
        pictures.target("points.png", "sample", pictures.POINTS)
    (tmp_path / "x.png").mkdir()
    with pytest.raises(CommandError, match="is a folder"):
        pictures.target(str(tmp_path / "x.png"), "sample", pictures.PICTURES)
