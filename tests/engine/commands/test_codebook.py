from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from engine import codes
from engine.commands.exploring import Explored, SnapshotOptions
from tests.engine.commands.test_encode import again, pixels


@pytest.mark.parametrize("family", ["vqvae", "dvae"])
def test_the_figures_of_a_book_are_those_of_its_counts(told, codecs, family: str):
    facts = told(["codebook", codecs[family]])
    usage = np.array(facts["usage"])
    assert facts["codes"] == len(usage) == 64
    assert facts["counted"] == usage.sum() == 3 * 16 * 16  # three steps of 16 pictures of 4x4 places
    assert facts["used"] == (usage > 0).sum() == 64 - facts["dead"]
    shares = usage[usage > 0] / usage.sum()
    assert facts["perplexity"] == pytest.approx(np.exp(-(shares * np.log(shares)).sum()), abs=1e-3)
    most = facts["most_used"]
    assert usage[most[0]] == usage.max()
    assert [usage[code] for code in most] == sorted((usage[code] for code in most), reverse=True)
    assert facts["file"] is None


def test_the_sheet_shows_what_every_code_decodes_to(told, codecs, tmp_path: Path):
    words = ["codebook", codecs["vqvae"], "--scale", "1", "--columns", "8"]
    facts = told([*words, "--out", "book.png"])
    explored = Explored(SnapshotOptions(codecs["vqvae"]))
    with torch.inference_mode():
        cells = codes.alone(explored.opened, torch.arange(64), torch.device("cpu"))
    sheet = pixels(tmp_path / "book.png")
    assert sheet.shape == (8 * 5 - 1, 8 * 5 - 1, 3)
    assert np.array_equal(sheet[5:9, 10:14], cells[8 + 2])
    told([*words, "--order", "usage", "--out", "used.png"])
    assert np.array_equal(pixels(tmp_path / "used.png")[:4, :4], cells[facts["most_used"][0]])
    told([*words, "--order", "likeness", "--out", "like.png"])
    told([*again(tmp_path / "like.png"), "--out", "again.png"])
    assert (tmp_path / "like.png").read_bytes() == (tmp_path / "again.png").read_bytes()
    assert not np.array_equal(pixels(tmp_path / "like.png"), sheet)
