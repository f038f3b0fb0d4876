from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.storage import files, snapshots
from engine.storage.errands import Errands
from engine.storage.snapshots import SnapshotError, SnapshotFile, Snapshots, SnapshotWriter, keep_exactly, thin
from tests.engine.storage.disk_faults import Failing


@pytest.fixture
def errands() -> Iterator[Errands]:
    errands = Errands("test")
    yield errands
    assert errands.close(10)


def weights(step: int) -> dict[str, torch.Tensor]:
    return {
        "layer.weight": torch.linspace(-1, 1, 500) * step,
        "layer.count": torch.tensor(step),
        "layer.huge": torch.tensor([1e6, 2.0]),
        "layer.half": torch.ones(3, dtype=torch.bfloat16),
        "layer.broken": torch.tensor([math.nan, math.inf, 1.0]),
    }


def test_weights_come_back_in_their_types_within_half_precision(tmp_path: Path, errands: Errands) -> None:
    writer = SnapshotWriter(tmp_path, errands)
    model = weights(3)
    assert writer.add(3, model, {"config": {"z": 64, "scale": math.inf}})
    model["layer.weight"].zero_()
    assert errands.wait(10)
    (file,) = Snapshots(tmp_path).list()
    found = Snapshots(tmp_path).load(file)
    for name, tensor in weights(3).items():
        assert found[name].dtype == tensor.dtype
        torch.testing.assert_close(found[name], tensor, rtol=1e-3, atol=1e-6, equal_nan=True)
    assert file.info == {"config": {"z": 64, "scale": math.inf}}
    assert file.size < 3000
    assert file.step == 3


def test_the_snapshot_nearest_before_a_step_is_shown(tmp_path: Path, errands: Errands) -> None:
    writer = SnapshotWriter(tmp_path, errands)
    assert Snapshots(tmp_path).before(5) is None
    for step in (10, 20, 30):
        writer.add(step, weights(step), {})
    errands.wait(10)
    shown = [Snapshots(tmp_path).before(step) for step in (5, 10, 29, 99)]
    assert [file.step for file in shown if file] == [10, 10, 20, 30]


def test_weights_kept_for_a_picture_are_exact_and_outlast_thinning_and_going_back(
    tmp_path: Path, errands: Errands
) -> None:
    writer = SnapshotWriter(tmp_path, errands, budget=1)
    for step in (10, 20, 30):
        writer.add(step, weights(step), {})
    keep_exactly(tmp_path, 25, weights(25), {"config": {"z": 2}})
    writer.rewind(10)
    errands.wait(10)
    reader = Snapshots(tmp_path)
    assert [file.step for file in reader.list()] == [10]
    file = reader.at(25)
    assert file is not None
    assert file.info == {"config": {"z": 2}}
    for name, tensor in reader.load(file).items():
        torch.testing.assert_close(tensor, weights(25)[name], rtol=0, atol=0, equal_nan=True)
    assert [reader.at(step).step for step in (10, 24, 26)] == [10, 10, 10]


def test_a_run_that_goes_back_removes_what_came_after(tmp_path: Path, errands: Errands) -> None:
    writer = SnapshotWriter(tmp_path, errands)
    for step in (10, 20, 30):
        writer.add(step, weights(step), {})
    writer.rewind(20)
    assert [file.step for file in writer.list()] == [10, 20]
    writer.add(20, weights(21), {})
    errands.wait(10)
    assert [file.step for file in Snapshots(tmp_path).list()] == [10, 20]
    file = Snapshots(tmp_path).list()[-1]
    assert Snapshots(tmp_path).load(file)["layer.count"] == 21


def test_the_budget_is_kept_and_the_start_stays_denser(tmp_path: Path, errands: Errands) -> None:
    one = {"w": torch.zeros(2000)}
    writer = SnapshotWriter(tmp_path, errands, budget=120_000)
    for step in range(0, 3000, 10):
        assert writer.add(step, one, {})
        errands.wait(10)
    kept = Snapshots(tmp_path).list()
    assert [file.step for file in kept] == [file.step for file in writer.list()]
    assert 0.8 * 120_000 < sum(file.size for file in kept) <= 120_000
    steps = [file.step for file in kept]
    assert steps[0] == 0
    assert steps[-1] == 2990
    early, late = sum(step < 750 for step in steps), sum(step >= 2250 for step in steps)
    assert early > 2 * late
    gaps = np.diff(np.sqrt(steps))
    assert gaps.max() < 4 * np.median(gaps)


def test_thinning_keeps_the_first_the_newest_and_a_few() -> None:
    files_ = [SnapshotFile(Path(str(step)), step, 100) for step in range(50)]
    surplus = thin(files_, 2000)
    left = [file for file in files_ if file not in surplus]
    assert len(left) == 20
    assert (left[0].step, left[-1].step) == (0, 49)
    assert len(thin(files_, 0)) == 50 - snapshots.FEWEST


def test_what_is_wanted_spreads_over_the_run_and_spares_the_disk(
    tmp_path: Path, errands: Errands, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = itertools.count(0.0, 0.1)  # each look is a tenth of a second later, like a quick training step
    monkeypatch.setattr(snapshots.time, "monotonic", lambda: next(clock))
    writer = SnapshotWriter(tmp_path, errands, budget=60_000)
    taken = [step for step in range(4000) if writer.wants(step) and writer.add(step, {"w": torch.zeros(1000)}, {})]
    errands.wait(10)
    assert taken[0] == 0
    assert min(np.diff(taken)) >= 5
    assert len(taken) < 200
    assert len([step for step in taken if step > 2000]) > 5
    assert sum(file.size for file in Snapshots(tmp_path).list()) <= 60_000


def test_a_full_disk_costs_this_snapshot_only(tmp_path: Path, errands: Errands) -> None:
    writer = SnapshotWriter(tmp_path, errands)
    writer.add(1, weights(1), {})
    errands.wait(10)
    with files.replaced(Failing(2, "ENOSPC", for_good=True)):
        writer.add(2, weights(2), {})
        errands.wait(10)
        assert "disk is full" in errands.problem
    assert [file.step for file in writer.list()] == [1]
    writer.add(3, weights(3), {})
    errands.wait(10)
    assert errands.problem == ""
    assert [file.step for file in Snapshots(tmp_path).list()] == [1, 3]


def test_damaged_snapshots_are_told(tmp_path: Path, errands: Errands) -> None:
    SnapshotWriter(tmp_path, errands).add(1, weights(1), {"config": {}})
    errands.wait(10)
    (file,) = Snapshots(tmp_path).list()
    whole = file.path.read_bytes()
    rng = np.random.default_rng(0)
    for trial in range(120):
        broken = bytearray(whole)
        at = int(rng.integers(400)) if trial % 2 else int(rng.integers(len(whole)))
        broken[at] ^= 1 << int(rng.integers(8))
        file.path.write_bytes(broken[: at + 1] if trial % 5 == 0 else broken)
        try:
            found = Snapshots(tmp_path).load(file)
            assert isinstance(file.info, dict)
            assert all(isinstance(tensor, torch.Tensor) for tensor in found.values())
        except SnapshotError as told:
            assert "choose another step" in str(told) or "newer version" in str(told)  # noqa: PT017  either may happen
    file.path.write_bytes(b"")
    with pytest.raises(SnapshotError, match="damaged"):
        _ = file.info


def test_a_flipped_byte_in_the_weights_is_noticed(tmp_path: Path, errands: Errands) -> None:
    SnapshotWriter(tmp_path, errands).add(1, weights(1), {})
    assert errands.wait(10)
    (file,) = Snapshots(tmp_path).list()
    data = bytearray(file.path.read_bytes())
    data[-500] ^= 1
    file.path.write_bytes(data)
    with pytest.raises(SnapshotError, match="is damaged; choose another step"):
        Snapshots(tmp_path).load(file)
