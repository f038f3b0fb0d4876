from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from engine.storage import blocks, log_tables
from engine.storage.log import segment_path
from tests.engine.storage.test_log import check_all, read, segments, write


def test_compacting_makes_a_segment_smaller_and_leaves_a_damaged_one_alone(tmp_path: Path) -> None:
    write(tmp_path, range(1, 200), flush_every=2)
    (path,) = segments(tmp_path)
    before = path.read_bytes()
    damaged = bytearray(before)
    damaged[len(damaged) // 2] ^= 1
    path.write_bytes(damaged)
    assert not log_tables.compact(path)
    assert path.read_bytes() == damaged
    path.write_bytes(before)
    assert log_tables.compact(path)
    assert len(path.read_bytes()) < len(before) * 0.7
    check_all(read(tmp_path), list(range(1, 200)))
    assert not log_tables.compact(path)


@pytest.mark.parametrize(
    ("kind", "note", "body"),
    [
        (1, b'["a"]', bytes(33)),
        (1, b"[]", b""),
        (1, b'["a", "a"]', bytes(40)),
        (1, b"{}", bytes(32)),
        (1, b"[1]", bytes(32)),
        (1, b"[" * 9000, bytes(32)),
        (2, b"", b"{}"),
        (2, b"", b'[[1, 2, "a"]]'),
        (2, b"", b'[[1e400, 2, "a", "b"]]'),
        (2, b"", b'[["x", 2, "a", "b"]]'),
        (9, b"", b"[]"),
    ],
)
def test_well_sealed_nonsense_is_counted_as_damage(tmp_path: Path, kind: int, note: bytes, body: bytes) -> None:
    write(tmp_path, range(1, 20))
    (path,) = segments(tmp_path)
    path.write_bytes(blocks.encode(kind, note, body) + path.read_bytes())
    reader = read(tmp_path)
    check_all(reader, list(range(1, 20)))
    assert reader.damaged == 1
    assert not log_tables.compact(path)


def test_extreme_numbers_in_a_sealed_table_are_read_without_harm(tmp_path: Path) -> None:
    big = np.iinfo(np.int64)
    table = log_tables.Table(
        ("a",),
        np.array([big.min, -5, big.max, 3]),
        np.array([math.nan, math.inf, -1e308, 5.0]),
        np.array([big.max, big.min, 0, 0]),
        np.array([[1.0, 2.0, 3.0, 4.0]]),
    )
    segment_path(tmp_path, 1).write_bytes(b"".join(log_tables.encode_table(table)))
    reader = read(tmp_path)
    assert reader.series["a"].values.tolist() == [2.0, 3.0]
    assert reader.skipped == 2
    assert len(reader.series["a"].window(-1e300, 1e300, 10)) == 2


def test_metrics_that_stand_apart_are_joined_in_their_own_order() -> None:
    def table(names: tuple[str, ...], steps: list[int]) -> log_tables.Table:
        column = np.array(steps)
        values = np.array([[len(name) * step for step in steps] for name in names], np.float64)
        return log_tables.Table(names, column, column * 0.5, column * 64, values)

    parts = [table(("a", "bb"), [1, 2]), table(("a",), [3]), table(("bb", "a"), [4, 5]), table(("ccc",), [9])]
    joined = {name: (whole, row) for whole in log_tables.join(parts) for row, name in enumerate(whole.names)}
    for name, steps in (("a", [1, 2, 3, 4, 5]), ("bb", [1, 2, 4, 5]), ("ccc", [9])):
        whole, row = joined[name]
        assert whole.steps.tolist() == steps
        assert whole.values[row].tolist() == [len(name) * step for step in steps]
