"""What comes with the program is shown before the engine is there."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from explorer import stored
from explorer.widgets.canvas import to_qimage
from explorer.widgets.image_grid import ImageGrid


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(stored, "MODELS", tmp_path)
    (tmp_path / "faces").mkdir()
    return tmp_path / "faces"


@pytest.mark.parametrize("channels", [1, 3])
def test_the_samples_of_a_sheet_there_and_back(qapp: QApplication, folder: Path, qtbot, channels: int) -> None:
    samples = np.random.default_rng(0).integers(0, 256, (6, 7, 5, channels)).astype(np.uint8)
    grid = ImageGrid(columns=3)
    qtbot.addWidget(grid)
    grid.set_samples(samples)
    assert grid.image().save(str(folder / "sheet.png"))
    (folder / "card.json").write_text(json.dumps({"shape": [7, 5, channels]}))
    assert np.array_equal(stored.stored_samples("faces"), samples)


def test_without_a_sheet_there_is_nothing(qapp: QApplication, folder: Path) -> None:
    assert stored.stored_samples("faces") is None
    assert stored.stored_samples("gone") is None
    to_qimage(np.zeros((4, 4, 3), np.uint8)).save(str(folder / "sheet.png"))
    assert stored.stored_samples("faces") is None
