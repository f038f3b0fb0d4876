from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.engine.commands.test_encode import again, picture, pixels


@pytest.mark.parametrize("family", ["vae", "vqvae", "dvae"])
def test_every_picture_has_its_figures(told, codecs, tmp_path: Path, family: str):
    facts = told(["reconstruct", codecs[family], "--count", "5", "--out", "sheet.png"])
    assert (facts["pictures"], facts["source"]) == (5, "Portraits (test)")
    for name, low, high in (("psnr_db", 0, 100), ("ssim", -1, 1), ("l1", 0, 1), ("bits_per_dim", 0, 100)):
        assert len(facts["each"][name]) == 5
        assert all(low <= value <= high for value in facts["each"][name])
        assert facts["mean"][name] == pytest.approx(np.mean(facts["each"][name]), abs=1e-3)
    told([*again(tmp_path / "sheet.png"), "--out", "second.png"])
    assert (tmp_path / "sheet.png").read_bytes() == (tmp_path / "second.png").read_bytes()


def test_the_original_stands_above_the_reconstruction(told, codecs, tmp_path: Path):
    own = picture(tmp_path / "own.png")
    told(["reconstruct", codecs["vqvae"], "--data", own, "--scale", "1", "--out", "sheet.png"])
    told(["encode", codecs["vqvae"], "--data", own, "--out", "own.codes.json"])
    told(["decode", codecs["vqvae"], "own.codes.json", "--scale", "1", "--out", "back.png"])
    sheet = pixels(tmp_path / "sheet.png")
    places = [
        [
            top
            for top in range(sheet.shape[0] - 15)
            if any(
                np.array_equal(sheet[top : top + 16, left : left + 16], wanted) for left in range(sheet.shape[1] - 15)
            )
        ]
        for wanted in (pixels(Path(own)), pixels(tmp_path / "back.png"))
    ]
    assert len(places[0]) == len(places[1]) == 1
    assert places[1][0] == places[0][0] + 17


def test_a_sheet_says_its_figures(told, codecs, tmp_path: Path):
    facts = told(["reconstruct", codecs["dvae"], "--count", "2", "--out", "sheet.png"])
    with Image.open(tmp_path / "sheet.png") as image:
        assert str(facts["each"]["psnr_db"][0]) in image.text["latent-explorer:figures"]


def test_what_cannot_be_reconstructed_gets_one_sentence(refused, codecs, faces: str, spots: str):
    assert "cannot reconstruct samples; choose a VAE" in refused(["reconstruct", faces])
    assert "cannot reconstruct samples; choose a VAE" in refused(["reconstruct", spots])
    assert "at least 1" in refused(["reconstruct", codecs["vae"], "--scale", "0"])
    assert "choose a smaller --count or --scale" in refused(
        ["reconstruct", codecs["vae"], "--count", "100", "--scale", "60"]
    )
