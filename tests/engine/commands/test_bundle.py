"""A run becomes a model that comes with the program: it opens by its name, and nothing in it tells of this machine."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from engine import codes, shelf
from engine.commands import bundle
from engine.controls import GRID_SEED, Point
from engine.data.catalog import open_data
from engine.data.dataset import finish
from engine.data.ref import DataRef
from engine.explore import draw_points
from engine.messages import DrawPoints, Reconstruct
from tests.engine.conftest import Bench

CPU = torch.device("cpu")


def test_a_bundled_model_opens_by_its_name_and_draws_its_sheet(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("LATENT_EXPLORER_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(bundle.evaluate, "measured", lambda *given: {"quality": {"FID-c": 1.0}})
    monkeypatch.setattr(shelf, "judge_folder", lambda *given: None)
    training = bench.start(family="gan_modern", data=DataRef("portraits", size=32, count=64))
    training.advance()
    training.close()
    folder = tmp_path / "resources" / "models" / "faces"
    assert bundle.run([training.path, "--out", str(folder), "--title", "Faces"]) == 0

    card = json.loads((folder / "card.json").read_text())
    assert (card["title"], card["steps"], card["data"]["name"]) == ("Faces", 1, "portraits")
    assert card["command"] == "python -m engine train gan_modern:tiny --data portraits --size 32 --count 64 --steps 1"
    for file in folder.iterdir():
        assert str(tmp_path).encode() not in file.read_bytes(), f"{file.name} names a folder of this machine"

    monkeypatch.setattr(shelf, "RESOURCES", tmp_path / "resources")
    opened = shelf.Shelf(bench.families, bench.live, CPU).open("bundled:faces")
    (frame,) = draw_points(opened, DrawPoints("test", 1, opened.id, (Point(GRID_SEED, 0),)), CPU)
    with Image.open(folder / "sheet.png") as sheet:
        first = np.asarray(sheet)[:32, :32]
    assert np.abs(first.astype(int) - frame.samples[0]).max() <= 2  # the weights on disk are float16


@pytest.mark.parametrize("family", ["vqvae", "dvae"])
def test_a_codec_is_bundled_with_its_counts_and_a_sheet_of_reconstructions(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, family: str
):
    monkeypatch.setenv("LATENT_EXPLORER_HOME", str(tmp_path / "home"))
    training = bench.start(family=family, data=DataRef("portraits", size=32, count=64))
    training.advance()
    training.close()
    folder = tmp_path / "resources" / "models" / "codec"
    words = [training.path, "--out", str(folder), "--title", "Codec", "--samples", "100"]
    with pytest.raises(bundle.CommandError, match="leave --presets away"):
        bundle.run([*words, "--presets", "man - woman"])
    assert not folder.exists()
    assert bundle.run(words) == 0

    card = json.loads((folder / "card.json").read_text())
    assert card["quality"]["reconstruction"]["pictures"] == 32
    assert card["quality"]["codebook"]["codes"] == 64
    assert "measured on 32 of test" in card["quality"]["prior"]["kind"]
    assert card["directions"] == []
    assert not (folder / "directions.safetensors").exists()

    monkeypatch.setattr(shelf, "RESOURCES", tmp_path / "resources")
    opened = shelf.Shelf(bench.families, bench.live, CPU).open("bundled:codec")
    assert int(opened.codec.usage().sum()) == 16 * 8 * 8, "counts are whole numbers also on disk"
    pictures = finish(open_data(DataRef("portraits", size=32, count=64, split="test"))).batch(np.arange(1))
    *_, made = codes.reconstruct(opened, Reconstruct("test", 1, opened.id, pictures), CPU)
    with Image.open(folder / "sheet.png") as sheet:
        first = np.asarray(sheet)[:32, :32]
    assert np.abs(first.astype(int) - made.samples[0]).mean() <= 2
