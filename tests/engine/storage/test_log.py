from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine.storage import files, log
from engine.storage.log import LogReader, LogWriter, Mark
from tests.engine.storage.disk_faults import FAULTS, Counting, Failing


def write(folder: Path, steps: range, flush_every: int = 10, rotate_bytes: int = log.ROTATE_BYTES) -> None:
    writer = LogWriter(folder, flush_seconds=60, rotate_bytes=rotate_bytes)
    for step in steps:
        writer.add(step, step * 0.5, step * 64, values_at(step))
        if step % flush_every == 0:
            assert writer.flush()
    assert writer.close()


def values_at(step: int) -> dict[str, float]:
    """Two metrics at each step and one now and then."""
    often = {"loss/D": math.sin(step), "loss/G": float(step)}
    return {**often, "judge": -float(step)} if step % 7 == 0 else often


def read(folder: Path) -> LogReader:
    reader = LogReader(folder)
    reader.poll()
    return reader


def check_all(reader: LogReader, steps: list[int]) -> None:
    for name in ("loss/D", "loss/G", "judge"):
        wanted = [step for step in steps if name in values_at(step)]
        assert reader.series[name].steps.tolist() == wanted
        assert reader.series[name].values.tolist() == [values_at(step)[name] for step in wanted]
        assert reader.series[name].images.tolist() == [step * 64 for step in wanted]


def segments(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.blocks"))


def test_what_was_logged_is_read_back(tmp_path: Path) -> None:
    write(tmp_path, range(1, 100))
    reader = read(tmp_path)
    check_all(reader, list(range(1, 100)))
    assert (reader.damaged, reader.skipped, reader.rest) == (0, 0, 0)
    assert not reader.poll()


def test_nan_and_infinity_stay_visible(tmp_path: Path) -> None:
    writer = LogWriter(tmp_path)
    for step, value in enumerate([1.0, math.nan, math.inf, -math.inf, 2.0]):
        writer.add(step, step, step, {"loss": value})
    writer.close()
    series = read(tmp_path).series["loss"]
    assert (series.nan_count, series.inf_count, len(series)) == (1, 2, 5)
    np.testing.assert_array_equal(series.values, [1, np.nan, np.inf, -np.inf, 2])


def test_a_log_that_grows_and_is_compacted_is_followed_without_loss_or_repeat(tmp_path: Path) -> None:
    writer = LogWriter(tmp_path, flush_seconds=60, rotate_bytes=3000)
    reader = LogReader(tmp_path)
    rng = np.random.default_rng(0)
    for step in range(1, 400):
        writer.add(step, step * 0.5, step * 64, values_at(step))
        if step % 50 == 0:
            writer.mark(Mark(step, step * 0.5, "note", f"at {step}"))
        if rng.random() < 0.2:
            writer.flush()
            if rng.random() < 0.5:
                reader.poll()
                assert reader.series["loss/G"].steps.tolist() == list(range(1, step + 1))
    writer.close()
    reader.poll()
    assert len(segments(tmp_path)) > 5
    for each in (reader, read(tmp_path)):
        check_all(each, list(range(1, 400)))
        assert [mark.text for mark in each.marks] == [f"at {step}" for step in range(50, 400, 50)]
        assert (each.damaged, each.skipped) == (0, 0)


def test_a_next_writer_begins_a_segment_and_compacts_the_former_one(tmp_path: Path) -> None:
    write(tmp_path, range(1, 50), flush_every=1)
    size = segments(tmp_path)[0].stat().st_size
    write(tmp_path, range(50, 100))
    assert [path.name for path in segments(tmp_path)] == ["000001.blocks", "000002.blocks"]
    assert segments(tmp_path)[0].stat().st_size < size * 0.7
    check_all(read(tmp_path), list(range(1, 100)))


@pytest.mark.parametrize("rotate_bytes", [1500, log.ROTATE_BYTES])
def test_a_run_that_goes_back_does_not_show_what_came_after(tmp_path: Path, rotate_bytes: int) -> None:
    follower = LogReader(tmp_path)
    writer = LogWriter(tmp_path, flush_seconds=60, rotate_bytes=rotate_bytes)
    for begin, end in ((1, 60), (31, 70), (21, 40)):
        writer.rewind(begin - 1)
        writer.mark(Mark(begin - 1, 0.0, "resume", f"resumed at {begin - 1}"))
        for step in range(begin, end):
            writer.add(step, step * 0.5, step * 64, values_at(step))
            if step % 9 == 0:
                writer.flush()
        writer.flush()
        follower.poll()
        check_all(follower, list(range(1, end)))
    writer.close()
    check_all(read(tmp_path), list(range(1, 40)))
    assert [mark.text for mark in follower.marks] == ["resumed at 0", "resumed at 20"]
    assert follower.series["loss/D"].truncations == 2
    assert follower.skipped == 0


def test_a_value_whose_step_does_not_rise_is_left_out_and_counted(tmp_path: Path) -> None:
    writer = LogWriter(tmp_path)
    for step in (1, 2, 2, 1, 3):
        writer.add(step, 9.0 - step, step, {"loss": step})
    writer.close()
    reader = read(tmp_path)
    assert reader.series["loss"].values.tolist() == [1, 2, 3]
    assert reader.series["loss"].seconds.tolist() == [8, 8, 8]
    assert reader.skipped == 2


@pytest.mark.parametrize("fault", FAULTS)
def test_a_disk_that_fails_once_costs_nothing(tmp_path: Path, fault: str) -> None:
    with files.replaced(Counting()) as disk:
        write(tmp_path / "well", range(1, 60), 10, rotate_bytes=2500)
    for at in range(2, len(disk.kinds), 3):
        folder = tmp_path / f"{at}"
        writer = LogWriter(folder, flush_seconds=60, rotate_bytes=2500)
        with files.replaced(Failing(at, fault)):
            for step in range(1, 60):
                writer.add(step, step * 0.5, step * 64, values_at(step))
                if step % 10 == 0:
                    writer.flush()
            assert writer.flush() or writer.flush()
        assert writer.close()
        assert writer.problem == ""
        reader = read(folder)
        check_all(reader, list(range(1, 60)))


def test_while_the_disk_is_full_rows_wait_and_the_problem_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "MOST_WAITING", 30)
    writer = LogWriter(tmp_path, flush_seconds=60)
    writer.add(0, 0, 0, {"loss": 0})
    assert writer.flush()
    with files.replaced(Failing(0, "ENOSPC", for_good=True)):
        for step in range(1, 41):
            writer.add(step, step, step, {"loss": step})
        assert not writer.flush()
        assert "the disk is full: free some space" in writer.problem
        assert not writer.flush()
    assert writer.flush()
    assert writer.problem == ""
    assert writer.dropped == 10
    assert writer.close()
    assert read(tmp_path).series["loss"].steps.tolist() == list(range(31))


def test_a_closed_writer_counts_what_still_comes(tmp_path: Path) -> None:
    writer = LogWriter(tmp_path)
    assert writer.close()
    assert writer.close()
    writer.add(1, 1, 1, {"loss": 1})
    assert writer.dropped == 1
    with pytest.raises(ValueError, match="4096"):
        writer.add(1, 1, 1, {str(i): 0.0 for i in range(5000)})


def test_two_writers_that_got_past_the_lock_mix_whole_blocks(tmp_path: Path) -> None:
    writers = [LogWriter(tmp_path, flush_seconds=60) for _ in range(2)]
    for step in range(1, 40):
        writers[step % 2].add(step, step, step, {f"loss {step % 2}": step})
        if step % 3 == 0:
            assert writers[step // 3 % 2].flush()
    for writer in writers:
        assert writer.close()
    reader = read(tmp_path)
    assert len(segments(tmp_path)) == 1
    assert reader.series["loss 0"].steps.tolist() == list(range(2, 40, 2))
    assert reader.series["loss 1"].steps.tolist() == list(range(1, 40, 2))
    assert reader.damaged == 0


def test_a_line_too_short_at_the_end_is_waited_for(tmp_path: Path) -> None:
    write(tmp_path, range(1, 40))
    (path,) = segments(tmp_path)
    whole = path.read_bytes()
    reader = LogReader(tmp_path)
    for size in range(0, len(whole) + 1, 97):
        path.write_bytes(whole[:size])
        reader.poll()
        assert reader.damaged == 0
    path.write_bytes(whole)
    reader.poll()
    check_all(reader, list(range(1, 40)))
    assert reader.rest == 0


# ---- damage

Damage = Callable[[bytes, np.random.Generator], bytes]


def flip(data: bytes, rng: np.random.Generator) -> bytes:
    broken = bytearray(data)
    broken[rng.integers(len(data))] ^= 1 << int(rng.integers(8))
    return bytes(broken)


def truncate(data: bytes, rng: np.random.Generator) -> bytes:
    return data[: rng.integers(len(data))]


def insert(data: bytes, rng: np.random.Generator) -> bytes:
    at = rng.integers(len(data))
    return data[:at] + rng.bytes(int(rng.integers(1, 300))) + data[at:]


def remove(data: bytes, rng: np.random.Generator) -> bytes:
    at = rng.integers(len(data))
    return data[:at] + data[at + int(rng.integers(1, 30)) :]


def interleave(data: bytes, rng: np.random.Generator) -> bytes:
    at, other = sorted(rng.integers(len(data), size=2))
    return data[:at] + data[other : other + int(rng.integers(1, 400))] + data[at:]


DAMAGES = (flip, truncate, insert, remove, interleave)


def damage_and_read(folder: Path, seed: int) -> None:
    """Damage a log of eight blocks of ten steps in one place and look at what is left."""
    folder.mkdir(exist_ok=True)
    path = log.segment_path(folder, 1)
    if not path.exists():
        write(folder, range(1, 81))
    whole = path.read_bytes()
    rng = np.random.default_rng(seed)
    how = DAMAGES[seed % len(DAMAGES)]
    path.write_bytes(how(whole, rng))
    try:
        reader = read(folder)
        for name, series in reader.series.items():
            assert series.values.tolist() == [values_at(int(step))[name] for step in series.steps]
        if how in (flip, insert):
            table = reader.series["loss/D"]
            missing = sorted(set(range(1, 81)) - set(table.steps.tolist()))
            assert not missing or missing[-1] - missing[0] < 10
            assert bool(missing) <= (reader.damaged + reader.rest > 0)
            assert reader.damaged <= 1
    finally:
        path.write_bytes(whole)


def test_damage_costs_one_block_and_never_more(tmp_path: Path) -> None:
    for seed in range(150):
        damage_and_read(tmp_path, seed)


@pytest.mark.stress
@pytest.mark.parametrize("thousand", range(1, 21))
def test_damage_costs_one_block_and_never_more_20_000_times(tmp_path: Path, thousand: int) -> None:
    for seed in range(1000 * thousand, 1000 * thousand + 1000):
        damage_and_read(tmp_path, seed)


def test_a_folder_without_a_log_is_an_empty_log(tmp_path: Path) -> None:
    reader = LogReader(tmp_path / "none")
    assert not reader.poll()
    assert reader.series == {}
