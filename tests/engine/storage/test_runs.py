from __future__ import annotations

import dataclasses
import json
import math
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.storage import files, run_record, runs
from engine.storage.checkpoint import latest_checkpoint, save_checkpoint
from engine.storage.runs import Preview, Run, RunError, continue_run, create_run, delete_run, list_runs, open_run
from tests.engine.storage.disk_faults import Counting, Failing
from tests.engine.storage.run_samples import record

ROOT = Path(__file__).parents[3]


def faces(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 8, 8, 3), np.uint8)


def test_a_run_is_read_back_while_it_is_written(tmp_path: Path) -> None:
    rows = tuple({"label": str(i), "caption": f"face {i}"} for i in range(64))
    writer = create_run(tmp_path / "run", record(), Preview(faces(64), rows))
    for step in range(1, 30):
        writer.log.add(step, step * 0.1, step * 64, {"loss": 1 / step})
    writer.mark(10, 1.0, "knob", "rate 2e-4 → 1e-4")
    writer.grids.append(20, faces(64, 1))
    writer.snapshots.add(20, {"w": torch.ones(3)}, {"config": {"z": 64}})
    writer.set_status(29, 2.9, 29 * 64, {"loss": 0.5, "judge": math.nan})
    assert writer.flush()

    run = open_run(tmp_path / "run" / "run.json")
    assert run.record == record()
    status = run.status()
    assert (status.state, status.step, status.images) == ("running", 29, 29 * 64)
    assert math.isnan(status.metrics["judge"])
    log = run.log()
    log.poll()
    assert len(log.series["loss"]) == 29
    assert log.marks[0].text == "rate 2e-4 → 1e-4"
    np.testing.assert_array_equal(run.grids().read(29)[1], faces(64, 1))
    assert [file.step for file in run.snapshots().list()] == [20]
    preview = run.preview()
    assert preview is not None
    assert preview.rows == rows
    np.testing.assert_array_equal(preview.samples, faces(64))
    np.testing.assert_array_equal(run.thumbnail(), faces(64, 1)[:16])
    assert writer.problem == ""
    writer.end()
    assert writer.close()
    assert writer.close()
    assert run.status().state == "ended"


def test_points_are_kept_as_a_preview_too(tmp_path: Path) -> None:
    points = np.random.default_rng(0).normal(size=(1000, 2)).astype(np.float32)
    create_run(tmp_path / "run", record(shape=(2,)), Preview(points)).close()
    run = open_run(tmp_path / "run")
    preview, thumbnail = run.preview(), run.thumbnail()
    assert preview is not None
    np.testing.assert_array_equal(preview.samples, points)
    assert thumbnail is not None
    assert thumbnail.shape == (300, 2)


def test_a_second_writer_is_told_in_one_sentence_and_a_reader_is_not_hindered(tmp_path: Path) -> None:
    writer = create_run(tmp_path / "run", record())
    with pytest.raises(RunError, match=r"being written by another process \(process \d+ on .*\): stop that one first"):
        continue_run(tmp_path / "run")
    with pytest.raises(RunError, match="being written"):
        delete_run(tmp_path / "run")
    assert open_run(tmp_path / "run").status().state == "running"
    writer.close()
    continue_run(tmp_path / "run").close()


KILLED = """
import sys, time
from pathlib import Path
import numpy as np
from engine.storage import files
from engine.storage.runs import create_run
from tests.engine.storage.run_samples import record

writer = create_run(Path(sys.argv[1]), record())
for step in range(1, 50):
    writer.log.add(step, step, step, {"loss": step})
writer.grids.append(49, np.zeros((4, 8, 8, 3), np.uint8))
writer.set_status(49, 49.0, 49, {"loss": 49.0})
assert writer.flush()
files.make_folder(files.temporary_name(writer.checkpoints / "step-00000050-save-00002"))
print("ready", flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no such kill here")
def test_a_killed_writer_leaves_a_run_that_opens_resumes_and_is_not_locked(tmp_path: Path) -> None:
    path = tmp_path / "run"
    arguments = [sys.executable, "-c", KILLED, str(path)]
    with subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        assert open_run(path).status().state == "running"
        with pytest.raises(RunError, match=f"process {child.pid} on"):
            continue_run(path)
        child.kill()
    assert open_run(path).status().state == "interrupted"
    assert list_runs(tmp_path)[0].state == "interrupted"
    writer = continue_run(path)
    assert list(writer.checkpoints.iterdir()) == []
    writer.rewind(40)
    for step in range(41, 60):
        writer.log.add(step, step, step, {"loss": -step})
    assert writer.close()
    log = open_run(path).log()
    log.poll()
    assert log.series["loss"].values.tolist() == [*range(1, 41), *range(-41, -60, -1)]
    assert open_run(path).grids().kinds() == ()


def test_a_run_goes_back_everywhere_at_once(tmp_path: Path) -> None:
    writer = create_run(tmp_path / "run", record())
    for step in (10, 20, 30):
        writer.log.add(step, step, step, {"loss": step})
        writer.grids.append(step, faces(4))
        writer.snapshots.add(step, {"w": torch.ones(3)}, {})
    writer.rewind(20)
    writer.close()
    run = open_run(tmp_path / "run")
    log, grids = run.log(), run.grids()
    log.poll()
    grids.poll()
    assert log.series["loss"].steps.tolist() == [10, 20]
    assert grids.steps() == (10, 20)
    assert [file.step for file in run.snapshots().list()] == [10, 20]


def test_a_failed_run_says_why_and_can_go_on(tmp_path: Path) -> None:
    writer = create_run(tmp_path / "run", record())
    writer.fail("The gradients are not finite.")
    writer.close()
    assert list_runs(tmp_path)[0].reason == "The gradients are not finite."
    writer = continue_run(tmp_path / "run")
    assert open_run(tmp_path / "run").status().state == "failed"
    writer.set_status(1, 1.0, 1, {})
    writer.flush()
    assert open_run(tmp_path / "run").status().state == "running"
    writer.close()


def test_training_goes_on_while_the_disk_is_full(tmp_path: Path) -> None:
    writer = create_run(tmp_path / "run", record())
    with files.replaced(Failing(0, "ENOSPC", for_good=True)):
        for step in range(1, 20):
            writer.log.add(step, step, step, {"loss": step})
        writer.grids.append(19, faces(4))
        writer.set_status(19, 19, 19, {})
        assert not writer.flush()
        assert "disk is full" in writer.problem
    writer.set_status(20, 20, 20, {})
    writer.grids.append(20, faces(4))
    writer.end()
    assert writer.close()
    assert writer.problem == ""
    run = open_run(tmp_path / "run")
    log, grids = run.log(), run.grids()
    log.poll()
    grids.poll()
    assert len(log.series["loss"]) == 19
    assert grids.steps() == (20,)
    assert run.status().step == 20


class Stalling(Counting):
    """A disk that does not answer until it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.answer = threading.Event()

    def write(self, handle: int, path: Path, data: memoryview) -> int:
        self.answer.wait(30)
        return super().write(handle, path, data)


def test_a_disk_that_does_not_answer_holds_up_neither_training_nor_closing(tmp_path: Path) -> None:
    writer = create_run(tmp_path / "run", record())
    with files.replaced(Stalling()) as disk:
        writer.log.add(1, 1.0, 1, {"loss": 1.0})
        writer.set_status(1, 1.0, 1, {})
        assert not writer.flush(0.01)
        assert not writer.close(0.01)
        with pytest.raises(RunError, match="being written"):
            continue_run(tmp_path / "run")
        disk.answer.set()
        assert writer.close(10)
    continue_run(tmp_path / "run").close()


def test_a_run_is_made_whole_or_not_at_all(tmp_path: Path) -> None:
    with files.replaced(Counting()) as disk:
        create_run(tmp_path / "count", record(), Preview(faces(4))).close()
    made_at = len(disk.kinds) - disk.kinds[::-1].index("replace")
    for at in range(made_at):
        with files.replaced(Failing(at, "EIO")):
            try:
                create_run(tmp_path / f"{at}", record(), Preview(faces(4))).close()
            except files.StorageError:
                assert not (tmp_path / f"{at}").exists()
    assert all(not info.problem for info in list_runs(tmp_path))
    assert not [entry.name for entry in tmp_path.iterdir() if ".tmp-" in entry.name]


def test_a_new_run_does_not_touch_a_folder_that_holds_something(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.png").write_bytes(b"x")
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "empty").mkdir()
    create_run(tmp_path / "empty", record()).close()
    for name, told in (("photos", "is not empty"), ("file", "is a file"), ("empty", "holds a run: resume it")):
        with pytest.raises(RunError, match=f"{told}.* choose another folder"):
            create_run(tmp_path / name, record())
    assert [entry.name for entry in (tmp_path / "photos").iterdir()] == ["a.png"]


def broken_runs(folder: Path) -> dict[str, str]:
    """Folders that are no good runs, and a part of what is told of each."""
    told = {
        "empty": "has no run.json",
        "cut": "run.json is damaged",
        "text": "run.json is damaged",
        "newer": "newer version: update this program",
        "odd": '"knobs" in its run.json',
        "flat": '"shape" in its run.json is wrong',
        "names": '"conditions" in its run.json is wrong',
    }
    plain = {"format": 1, **dataclasses.asdict(record())}
    for name in told:
        (folder / name).mkdir()
    good = files.json_text(plain)
    (folder / "cut" / "run.json").write_text(good[:50])
    (folder / "text" / "run.json").write_text('"run"')
    (folder / "newer" / "run.json").write_text(files.json_text(plain | {"format": 2, "knobs": None}))
    (folder / "odd" / "run.json").write_text(files.json_text(plain | {"knobs": [1]}))
    (folder / "flat" / "run.json").write_text(files.json_text(plain | {"shape": [32, -32, 3]}))
    (folder / "names" / "run.json").write_text(files.json_text(plain | {"conditions": {"glasses": 3}}))
    return told


def test_broken_folders_are_listed_with_their_reason_beside_the_good_ones(tmp_path: Path) -> None:
    told = broken_runs(tmp_path)
    (tmp_path / "notes.txt").write_text("not a folder")
    writer = create_run(tmp_path / "good", record(), Preview(faces(4)))
    writer.grids.append(1, faces(64))
    writer.set_status(77, 1.0, 2, {"loss": 0.25})
    writer.end()
    writer.close()
    (tmp_path / "good-2").mkdir()
    (tmp_path / "good-2" / "run.json").write_text(files.json_text({"format": 1, **dataclasses.asdict(record())}))
    found = {info.path.name: info for info in list_runs(tmp_path)}
    assert set(found) == {*told, "good", "good-2"}
    for name, part in told.items():
        assert part in found[name].problem
        with pytest.raises(RunError, match=str(tmp_path)):
            open_run(tmp_path / name)
    good = found["good"]
    assert (good.name, good.family, good.preset, good.data_title) == (
        "My first faces",
        "gan_modern",
        "tiny",
        "Portraits",
    )
    assert (good.step, good.state, good.metrics, good.problem) == (77, "ended", {"loss": 0.25}, "")
    assert good.thumbnail is not None
    assert found["good-2"].state == "interrupted"
    assert next(iter(list_runs(tmp_path))).path.name == "good"


@pytest.mark.parametrize("name", ["run.json", "status.json", "preview.block", "thumbnail.block"])
def test_a_damaged_file_never_keeps_a_run_from_being_listed(tmp_path: Path, name: str) -> None:
    writer = create_run(tmp_path / "run", record(), Preview(faces(16)))
    writer.grids.append(1, faces(4))
    writer.set_status(1, 1.0, 1, {"loss": 1.0})
    writer.end()
    writer.close()
    path = tmp_path / "run" / name
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    for trial in range(60):
        broken = bytearray(whole)
        at = int(rng.integers(len(whole)))
        broken[at] ^= 1 << int(rng.integers(8))
        path.write_bytes(broken[:at] if trial % 4 == 0 else broken)
        (info,) = list_runs(tmp_path)
        assert info.problem == "" or name == "run.json"
        if not info.problem:
            run = open_run(tmp_path / "run")
            for look in (run.preview, run.thumbnail):
                try:
                    assert look() is not None
                except RunError as told:
                    assert "the rest of the run can be used" in str(told)  # noqa: PT017  many flips do no harm


def test_who_writes_on_another_machine_is_alive_while_it_writes(tmp_path: Path) -> None:
    writer = create_run(tmp_path / "run", record())
    writer.close()
    path = tmp_path / "run" / "status.json"
    plain = json.loads(path.read_text()) | {"host": "elsewhere", "pid": 1}
    path.write_text(json.dumps(plain))
    assert open_run(tmp_path / "run").status().state == "running"
    path.write_text(json.dumps(plain | {"updated": plain["updated"] - 2 * run_record.STALE_SECONDS}))
    assert open_run(tmp_path / "run").status().state == "interrupted"


def test_a_run_is_renamed_and_goes_to_the_trash_whole(tmp_path: Path) -> None:
    create_run(tmp_path / "run", record()).close()
    runs.rename_run(tmp_path / "run", "Nouvelle série 2")
    assert list_runs(tmp_path)[0].name == "Nouvelle série 2"
    for name in ("", "  ", "a\nb", "x" * 500):
        with pytest.raises(RunError, match="needs a name"):
            runs.rename_run(tmp_path / "run", name)
    place = delete_run(tmp_path / "run")
    assert place.parent.name == ".trash"
    assert open_run(place).record.name == "Nouvelle série 2"
    assert list_runs(tmp_path) == []
    with pytest.raises(RunError, match="not there any more"):
        delete_run(tmp_path / "run")
    create_run(tmp_path / "run", record()).close()
    assert delete_run(tmp_path / "run") != place


def test_new_runs_get_free_readable_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(runs.HOME_VARIABLE, str(tmp_path))
    path = runs.new_run_path("gan_modern: tiny / Portraits!")
    assert path == tmp_path / "runs" / "gan_modern-tiny-portraits-1"
    create_run(path, record()).close()
    assert runs.new_run_path("gan_modern: tiny / Portraits!").name == "gan_modern-tiny-portraits-2"
    assert runs.new_run_path("...", tmp_path).name == "run-1"
    assert [info.path for info in list_runs()] == [path]
    monkeypatch.delenv(runs.HOME_VARIABLE)
    assert "latent-explorer" in str(runs.home_folder())


def test_a_checkpoint_survives_in_the_run_it_belongs_to(tmp_path: Path) -> None:
    writer = create_run(tmp_path / "run", record())
    save_checkpoint(writer.checkpoints, 5, {"w": torch.ones(2)}, {}, {"seconds": 2.5})
    writer.close()
    info = latest_checkpoint(Run(tmp_path / "run", record()).checkpoints)
    assert info is not None
    assert info.step == 5


def test_reading_runs_does_not_load_torch() -> None:
    code = "import sys, engine.storage.runs, engine.series, engine.storage.log; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=dict(os.environ), check=False).returncode == 0
