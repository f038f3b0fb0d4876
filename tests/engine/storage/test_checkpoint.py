from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.storage import checkpoint, files
from engine.storage.checkpoint import (
    BackgroundSaver,
    CheckpointError,
    CheckpointInfo,
    find_checkpoints,
    latest_checkpoint,
    load_checkpoint,
    prune,
    save_checkpoint,
    sweep,
    verify,
)
from tests.engine.storage.disk_faults import FAULTS, Counting, Dribbling, Failing

ROOT = Path(__file__).parents[3]


def tensors(step: int) -> dict[str, torch.Tensor]:
    return {
        "layer.weight": torch.full((4, 3), float(step)),
        "layer.half": torch.full((2,), float(step), dtype=torch.bfloat16),
        "count": torch.tensor(step),
        "rng": torch.arange(16, dtype=torch.uint8),
    }


def save(folder: Path, step: int, keep: int = 2) -> CheckpointInfo:
    state = {"epoch": step // 2, "losses": [math.nan, math.inf, 1.5], "text": "on"}
    return save_checkpoint(folder, step, tensors(step), tensors(-step), state, keep=keep)


def steps(folder: Path) -> list[int]:
    return [info.step for info in find_checkpoints(folder)]


def check_opens(folder: Path, *steps: int) -> None:
    """The newest checkpoint opens, is one of these steps, and is what was saved there."""
    info = latest_checkpoint(folder)
    assert info is not None
    found = load_checkpoint(info.path)
    assert found.step in steps
    assert all(torch.equal(found.weights[name], tensor) for name, tensor in tensors(found.step).items())
    assert all(torch.equal(found.optimizer[name], tensor) for name, tensor in tensors(-found.step).items())


def test_what_was_saved_is_loaded_to_the_bit(tmp_path: Path) -> None:
    save(tmp_path, 7)
    check_opens(tmp_path, 7)
    info = latest_checkpoint(tmp_path)
    assert info is not None
    state = load_checkpoint(info.path).state
    assert math.isnan(state["losses"][0])
    assert state == {"epoch": 3, "losses": [state["losses"][0], math.inf, 1.5], "text": "on"}
    assert sorted(entry.name for entry in info.path.iterdir()) == sorted([*checkpoint.PARTS, checkpoint.COMMIT])


def test_tied_and_strided_tensors_are_saved_by_value(tmp_path: Path) -> None:
    tied = torch.arange(6.0)
    weights = {"a": tied, "b": tied, "c": tied.reshape(2, 3).T}
    save_checkpoint(tmp_path, 1, weights, {}, {})
    info = latest_checkpoint(tmp_path)
    assert info is not None
    found = load_checkpoint(info.path)
    assert all(torch.equal(found.weights[name], tensor) for name, tensor in weights.items())


@pytest.mark.parametrize("for_good", [False, True])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_at_any_operation_of_a_save_keeps_the_previous_checkpoint(
    tmp_path: Path, fault: str, for_good: bool
) -> None:
    for step in (1, 2):
        save(tmp_path / "count", step)
    with files.replaced(Counting()) as disk:
        save(tmp_path / "count", 3)
    assert len(disk.kinds) > 30
    folder = tmp_path / "run"
    for step in (1, 2):
        save(folder, step)
    last = 2
    for at in range(len(disk.kinds)):
        expected = contextlib.suppress(files.StorageError, CheckpointError)  # not raised after the commit and the prune
        with files.replaced(Failing(at, fault, for_good)), expected:
            save(folder, last + 1)
        check_opens(folder, last, last + 1)
        info = latest_checkpoint(folder)
        assert info is not None
        last = info.step
        with files.replaced(Counting()):
            sweep(folder)
            prune(folder)
    assert all(entry.name.startswith("step-") and ".tmp-" not in entry.name for entry in folder.iterdir())
    save(folder, last + 1)
    assert steps(folder) == [last, last + 1]


def test_a_disk_that_takes_few_bytes_at_a_time_is_enough(tmp_path: Path) -> None:
    with files.replaced(Dribbling()):
        save(tmp_path, 1)
    check_opens(tmp_path, 1)


def test_a_full_disk_is_told_before_anything_is_written(tmp_path: Path) -> None:
    class Full(Counting):
        def free_bytes(self, path: Path) -> int:
            return 100

    with files.replaced(Full()) as disk, pytest.raises(files.StorageError, match="free some space"):
        save(tmp_path, 1)
    assert "create" not in disk.kinds


Deaths = dict[str, list[dict[str, int]]]


def die(folder: Path, times: int) -> Deaths:
    """Kill savers in `folder`, see `killed_saves`."""
    if not hasattr(os, "fork"):
        pytest.skip("what is killed is a fork")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.engine.storage.killed_saves", str(folder), str(times), "1"],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    deaths: Deaths = json.loads(done.stdout)
    return deaths


@pytest.fixture(scope="module")
def deaths(tmp_path_factory: pytest.TempPathFactory) -> Deaths:
    return die(tmp_path_factory.mktemp("killed"), 6)


def test_a_kill_ahead_of_any_operation_costs_at_most_this_save(deaths: Deaths) -> None:
    assert len(deaths["each"]) > 30
    assert all(death["found"] - death["before"] in (0, 1) for death in deaths["each"])
    assert {death["found"] - death["before"] for death in deaths["each"]} == {0, 1}


def test_a_kill_at_a_random_moment_costs_at_most_one_save(deaths: Deaths) -> None:
    assert len(deaths["random"]) == 6
    assert all(death["found"] >= death["before"] for death in deaths["random"])
    assert deaths["random"][-1]["found"] > 1


def test_the_harness_notices_a_file_that_is_overwritten_in_place(deaths: Deaths) -> None:
    """The negative control: without the commit, kills leave checkpoints that nobody can open."""
    assert any(death["found"] < death["before"] for death in deaths["plain"])


@pytest.mark.stress
def test_50_kills_at_random_moments_cost_at_most_one_save_each(tmp_path: Path) -> None:
    kills = die(tmp_path, 50)["random"]
    assert len(kills) == 50
    assert all(death["found"] >= death["before"] for death in kills)


def test_the_newest_two_stay(tmp_path: Path) -> None:
    for step in range(1, 9):
        save(tmp_path, step)
    assert steps(tmp_path) == [7, 8]
    save(tmp_path, 9, keep=3)
    assert steps(tmp_path) == [7, 8, 9]
    assert not [entry for entry in tmp_path.iterdir() if entry.name.startswith(checkpoint.TRASH)]


def test_after_a_roll_back_the_newest_is_the_last_saved_not_the_highest_step(tmp_path: Path) -> None:
    for step in (100, 200, 300, 150, 200):
        save(tmp_path, step, keep=9)
    assert steps(tmp_path) == [100, 300, 150, 200]  # of the two at 200 the later one
    check_opens(tmp_path, 200)
    info = latest_checkpoint(tmp_path)
    assert info is not None
    assert info.save == 5


@pytest.mark.parametrize("name", [*checkpoint.PARTS, checkpoint.COMMIT])
def test_a_flipped_bit_anywhere_makes_the_one_before_the_latest(tmp_path: Path, name: str) -> None:
    for step in (1, 2):
        save(tmp_path, step)
    path = find_checkpoints(tmp_path)[-1].path / name
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    for at in rng.integers(8 * len(whole), size=40):
        broken = bytearray(whole)
        broken[at // 8] ^= 1 << at % 8
        path.write_bytes(broken)
        info = latest_checkpoint(tmp_path)
        assert info is not None
        # White space in the commit may change and mean the same.
        assert (info.step, info.newer_damaged) in ((1, 1), (2, 0))
        if name != checkpoint.COMMIT:
            assert info.step == 1
            with pytest.raises(CheckpointError, match="use an earlier one"):
                load_checkpoint(path.parent)
    path.write_bytes(whole[:-1])
    assert [info.step for info in find_checkpoints(tmp_path) if info.path == path.parent] == []


def forge(path: Path, **changes: object) -> None:
    """Rewrite a commit so that it vouches for itself again."""
    facts = json.loads((path / checkpoint.COMMIT).read_text()) | changes
    facts.pop("sum")
    facts["sum"] = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
    (path / checkpoint.COMMIT).write_text(json.dumps(facts))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"format": 2}, "newer version"),
        ({"format": "1"}, "damaged commit"),
        ({"step": None}, "damaged commit"),
        ({"step": math.inf}, "damaged commit"),
        ({"files": {"../../evil": {"size": 1, "sha256": ""}}}, "damaged commit"),
        ({"files": []}, "damaged commit"),
    ],
)
def test_a_commit_that_does_not_fit_is_told(tmp_path: Path, changes: dict[str, object], told: str) -> None:
    path = save(tmp_path, 1).path
    forge(path, **changes)
    with pytest.raises(CheckpointError, match=told):
        verify(path)
    assert latest_checkpoint(tmp_path) is None


def test_values_that_are_not_finite_are_named(tmp_path: Path) -> None:
    weights = {"good": torch.ones(2), "bad": torch.tensor([1.0, math.nan])}
    path = save_checkpoint(tmp_path, 1, weights, {"worse": torch.tensor(math.inf)}, {}).path
    assert load_checkpoint(path).not_finite == ("bad", "worse")


def test_a_pickle_in_place_of_tensors_is_not_opened(tmp_path: Path) -> None:
    path = save(tmp_path, 1).path
    marker = tmp_path / "ran"

    class Evil:
        def __reduce__(self) -> tuple[object, tuple[object, ...]]:
            return Path.touch, (marker,)

    torch.save(Evil(), path / checkpoint.WEIGHTS)
    data = (path / checkpoint.WEIGHTS).read_bytes()
    parts = json.loads((path / checkpoint.COMMIT).read_text())["files"]
    parts[checkpoint.WEIGHTS] = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    forge(path, files=parts)
    with pytest.raises(CheckpointError, match="no readable tensors"):
        load_checkpoint(path)
    assert not marker.exists()


def test_no_checkpoint_is_no_error(tmp_path: Path) -> None:
    assert latest_checkpoint(tmp_path / "none") is None
    assert find_checkpoints(tmp_path / "none") == []
    assert sweep(tmp_path / "none") == 0


def test_a_background_save_is_of_the_moment_it_was_asked_for(tmp_path: Path) -> None:
    saver = BackgroundSaver(tmp_path)
    weights = tensors(1)
    saver.save(1, weights, tensors(-1), {})
    for tensor in weights.values():
        tensor.zero_()
    assert saver.wait(30)
    check_opens(tmp_path, 1)
    assert saver.last is not None
    assert saver.last.step == 1


class Stalling(Counting):
    """A disk that does not answer until it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.reached, self.answer = threading.Event(), threading.Event()

    def free_bytes(self, path: Path) -> int:
        self.reached.set()
        self.answer.wait(30)
        return super().free_bytes(path)


def test_while_a_save_is_in_flight_only_the_newest_waits(tmp_path: Path) -> None:
    saver = BackgroundSaver(tmp_path, keep=9)
    with files.replaced(Stalling()) as disk:
        saver.save(1, tensors(1), tensors(-1), {})
        assert disk.reached.wait(30)
        for step in (2, 3, 4):
            saver.save(step, tensors(step), tensors(-step), {})
        assert not saver.wait(0.01)
        assert "does not answer" in saver.problem
        disk.answer.set()
        assert saver.wait(30)
    assert steps(tmp_path) == [1, 4]
    assert saver.problem == ""


def test_a_background_save_that_fails_is_told_and_the_next_one_works(tmp_path: Path) -> None:
    saver = BackgroundSaver(tmp_path)
    with files.replaced(Failing(5, "ENOSPC", for_good=True)):
        saver.save(1, tensors(1), tensors(-1), {})
        assert saver.wait(30)
    assert saver.problem.startswith("The checkpoint at step 1 was not saved.")
    assert "disk is full" in saver.problem
    saver.save(2, tensors(2), tensors(-2), {"not": object()})
    assert saver.wait(30)
    assert "step 2" in saver.problem
    saver.save(3, tensors(3), tensors(-3), {})
    assert saver.wait(30)
    assert saver.problem == ""
    check_opens(tmp_path, 3)


def test_a_full_memory_is_a_problem_and_the_next_save_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saver = BackgroundSaver(tmp_path)

    def no_memory(*_: object, **__: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr("engine.storage.checkpoint.save_checkpoint", no_memory)
        saver.save(1, {"w": torch.ones(2)}, {}, {})
        assert saver.wait(30)
    assert "memory is full" in saver.problem
    saver.save(2, {"w": torch.ones(2)}, {}, {})
    assert saver.wait(30)
    assert (saver.problem, saver.last and saver.last.step) == ("", 2)
