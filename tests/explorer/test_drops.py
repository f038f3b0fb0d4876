"""What a dropped file is."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtGui import QImage

from explorer.drops import DropError, what_is
from explorer.pictures import write_png
from explorer.provenance import PREFIX


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    (folder / "snapshots").mkdir(parents=True)
    (folder / "run.json").write_text("{}")
    (folder / "snapshots" / "000100.safetensors").write_bytes(b"x")
    return folder


def picture(path: Path, **texts: str) -> Path:
    image = QImage(4, 4, QImage.Format.Format_RGB888)
    image.fill(0)
    if texts:
        write_png(image, {f"{PREFIX}:{key}": value for key, value in texts.items()}, path)
    else:
        image.save(str(path))
    return path


def test_a_run_by_its_folder_its_file_or_its_weights(run: Path) -> None:
    for path in (run, run / "run.json", run / "snapshots" / "000100.safetensors"):
        found = what_is(path)
        assert (found.kind, found.path) == ("run", run)


def test_data_sessions_and_models(tmp_path: Path) -> None:
    for name in ("faces.zip", "train-images-idx3-ubyte.gz", "set.npz", "table.csv", "data_batch_1.bin"):
        (tmp_path / name).write_bytes(b"x")
        assert what_is(tmp_path / name).kind == "data"
    assert what_is(tmp_path).kind == "data"
    (tmp_path / "a.session.json").write_text("{}")
    assert what_is(tmp_path / "a.session.json").kind == "session"
    (tmp_path / "card.json").write_text("{}")
    (tmp_path / "weights.safetensors").write_bytes(b"x")
    assert what_is(tmp_path / "weights.safetensors").kind == "model"


def test_a_saved_picture_carries_its_recipe(qapp, tmp_path: Path) -> None:
    found = what_is(picture(tmp_path / "a.png", recipe='[{"seed": 3}]', snapshot="live"))
    assert found.kind == "picture"
    assert found.facts[f"{PREFIX}:recipe"] == '[{"seed": 3}]'


def test_what_is_of_no_use_says_what_would_be(qapp, tmp_path: Path) -> None:
    with pytest.raises(DropError, match="drop the folder"):
        what_is(picture(tmp_path / "plain.png"))
    (tmp_path / "lone").mkdir()
    (tmp_path / "lone" / "w.safetensors").write_bytes(b"x")
    with pytest.raises(DropError, match="run folder"):
        what_is(tmp_path / "lone" / "w.safetensors")
    with pytest.raises(DropError, match="nothing"):
        what_is(tmp_path / "gone")
