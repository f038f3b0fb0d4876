from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.storage import blocks, files, grids
from engine.storage.errands import Errands
from engine.storage.grids import GridError, Grids, GridWriter
from tests.engine.storage.disk_faults import Failing


@pytest.fixture
def errands() -> Iterator[Errands]:
    errands = Errands("test")
    yield errands
    assert errands.close(10)


def pictures(step: int, channels: int = 3) -> np.ndarray:
    return np.random.default_rng(step).integers(0, 256, (4, 8, 6, channels), np.uint8)


def write(folder: Path, errands: Errands, *steps: int) -> None:
    writer = GridWriter(folder, errands)
    for step in steps:
        assert writer.append(step, pictures(step))
    assert errands.wait(10)
    writer.close()


def read(folder: Path) -> Grids:
    reader = Grids(folder)
    reader.poll()
    return reader


def test_every_grid_comes_back_pixel_by_pixel(tmp_path: Path, errands: Errands) -> None:
    points = np.random.default_rng(0).normal(size=(50, 2)).astype(np.float32)
    write(tmp_path, errands, 0, 10, 20)
    writer = GridWriter(tmp_path, errands)
    writer.append(5, pictures(5, channels=1), "grey")
    writer.append(7, points, "points")
    errands.wait(10)
    writer.close()
    reader = read(tmp_path)
    assert reader.kinds() == ("grey", "points", "samples")
    assert reader.steps() == (0, 10, 20)
    for step, shown in ((10, 10), (19, 10), (99, 20), (-1, 0)):
        found, samples = reader.read(step)
        assert found == shown
        np.testing.assert_array_equal(samples, pictures(shown))
    np.testing.assert_array_equal(reader.read(5, "grey")[1], pictures(5, channels=1))
    np.testing.assert_array_equal(reader.read(7, "points")[1], points)
    assert reader.damaged == 0
    assert errands.problem == ""


def test_a_file_that_grows_is_followed(tmp_path: Path, errands: Errands) -> None:
    reader = Grids(tmp_path)
    assert not reader.poll()
    for step in range(5):
        write(tmp_path, errands, step)
        assert reader.poll()
        assert not reader.poll()
        assert reader.steps() == tuple(range(step + 1))


def test_when_a_run_goes_back_later_grids_do_not_count(tmp_path: Path, errands: Errands) -> None:
    write(tmp_path, errands, 0, 10, 20, 30)
    writer = GridWriter(tmp_path, errands)
    writer.rewind(15)
    errands.wait(10)
    assert read(tmp_path).steps() == (0, 10)
    writer.append(25, pictures(25))
    writer.append(5, pictures(5))
    errands.wait(10)
    writer.close()
    assert read(tmp_path).steps() == (0, 5)


def test_damage_costs_one_grid(tmp_path: Path, errands: Errands) -> None:
    write(tmp_path, errands, *range(6))
    path = tmp_path / grids.FILE
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    for at in rng.integers(len(whole), size=60):
        broken = bytearray(whole)
        broken[at] ^= 1 << int(rng.integers(8))
        path.write_bytes(broken)
        reader = read(tmp_path)
        assert len(reader.steps()) >= 5
        unreadable = 0
        for step in reader.steps():
            try:
                np.testing.assert_array_equal(reader.read(step)[1], pictures(step))
            except GridError as told:
                unreadable += 1
                assert "choose another step" in str(told)  # noqa: PT017  most flips leave all grids readable
        assert unreadable + (6 - len(reader.steps())) <= 1
    for size in range(0, len(whole), 101):
        path.write_bytes(whole[:size])
        reader = read(tmp_path)
        assert all(len(reader.read(step)[1]) == 4 for step in reader.steps())


def test_a_grid_that_was_torn_by_a_full_disk_costs_no_other(tmp_path: Path, errands: Errands) -> None:
    writer = GridWriter(tmp_path, errands)
    writer.append(1, pictures(1))
    errands.wait(10)
    with files.replaced(Failing(0, "short")):
        writer.append(2, pictures(2))
        errands.wait(10)
        assert "disk is full" in errands.problem
    writer.append(3, pictures(3))
    errands.wait(10)
    writer.close()
    assert errands.problem == ""
    reader = read(tmp_path)
    assert reader.steps() == (1, 3)
    assert reader.damaged == 1
    np.testing.assert_array_equal(reader.read(3)[1], pictures(3))


@pytest.mark.parametrize(
    "shape", [[4, 8, 6], [4, 8, 6, 4], ["4", 8, 6, 3], [1 << 15, 1 << 15, 6, 3], [-4, 8, 6, 3], [5, 8, 6, 3], None]
)
def test_a_sealed_grid_that_lies_about_its_shape_is_refused(tmp_path: Path, shape: object) -> None:
    honest = blocks.head_at(data := grids.encode_samples(pictures(1), {"kind": "samples", "step": 1}), 0)
    assert honest is not None
    note = files.json_text({"kind": "samples", "step": 1, "shape": shape}).encode()
    (tmp_path / grids.FILE).write_bytes(blocks.encode(grids.PICTURES, note, bytes(honest.body(data))))
    with pytest.raises(GridError, match="choose another step"):
        read(tmp_path).read(1)


def test_other_picture_files_are_not_opened(tmp_path: Path) -> None:
    Image.new("RGB", (6, 32)).save(tmp_path / "a.bmp")
    note = files.json_text({"kind": "samples", "step": 1, "shape": [4, 8, 6, 3]}).encode()
    (tmp_path / grids.FILE).write_bytes(blocks.encode(grids.PICTURES, note, (tmp_path / "a.bmp").read_bytes()))
    with pytest.raises(GridError, match="choose another step"):
        read(tmp_path).read(1)


def test_a_run_without_grids_is_told(tmp_path: Path) -> None:
    with pytest.raises(GridError, match="no sample grids yet"):
        read(tmp_path).read(1)
    with pytest.raises(ValueError, match="samples are uint8"):
        grids.encode_samples(np.zeros((3, 3), np.float64), {})


def test_a_file_that_is_full_keeps_ever_fewer_grids_and_those_that_are_wanted(
    tmp_path: Path, errands: Errands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grids, "BUDGET", 1)
    monkeypatch.setattr(grids, "SPARSE", 10)
    writer = GridWriter(tmp_path, errands)
    kept = []
    for step in range(100, 200):
        if writer.append(step, pictures(step), wanted=step == 150):
            kept.append(step)
        assert errands.wait(10)
    writer.close()
    assert kept == [100, 111, 123, 136, 150, 166, 183]
    assert read(tmp_path).steps() == tuple(kept)
