"""Directions that a person made outlive the program, whatever happens to the disk meanwhile."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engine.own_directions import FOLDER, OwnDirection, OwnDirectionError, OwnDirections
from engine.storage import files
from tests.engine.storage.disk_faults import FAULTS, Counting, Failing

SIZE = 4
FILE = "run-1"


def direction(title: str, step: int | None = 100) -> OwnDirection:
    vector = np.random.default_rng(len(title)).normal(size=SIZE).astype(np.float32)
    return OwnDirection(title, step, 0.5, 1.25, vector / np.linalg.norm(vector))


def names(home: Path) -> list[str]:
    return list(OwnDirections(home).read(FILE, SIZE))


def stored(home: Path) -> Path:
    return home / FOLDER / f"{FILE}.json"


def test_what_was_kept_is_read_again_to_the_last_bit(tmp_path: Path):
    assert names(tmp_path) == []
    kept = OwnDirections(tmp_path).keep(FILE, direction("glasses"))
    again = OwnDirections(tmp_path).read(FILE, SIZE)
    assert list(again) == list(kept) == ["own:glasses@100"]
    assert np.array_equal(again["own:glasses@100"].vector, direction("glasses").vector)
    assert again["own:glasses@100"].facts == direction("glasses").facts
    assert OwnDirections(tmp_path).read("run-2", SIZE) == {}


def test_a_name_is_taken_again_at_another_step_and_replaced_at_its_own(tmp_path: Path):
    own = OwnDirections(tmp_path)
    for step in (100, 200, 200, None):
        own.keep(FILE, direction("smile", step))
    assert names(tmp_path) == ["own:smile@100", "own:smile@200", "own:smile"]


def test_what_is_removed_comes_back_in_this_session_only(tmp_path: Path):
    own = OwnDirections(tmp_path)
    own.keep(FILE, direction("a"))
    own.keep(FILE, direction("b"))
    assert list(own.remove(FILE, "own:a@100")) == names(tmp_path) == ["own:b@100"]
    assert list(own.bring_back(FILE, "own:a@100")) == names(tmp_path) == ["own:b@100", "own:a@100"]
    assert list(own.bring_back(FILE, "own:a@100")) == names(tmp_path)
    own.remove(FILE, "own:a@100")
    with pytest.raises(OwnDirectionError, match="was not removed in this session; make it again"):
        OwnDirections(tmp_path).bring_back(FILE, "own:a@100")


def test_two_windows_lose_nothing_of_each_other(tmp_path: Path):
    first, second = OwnDirections(tmp_path), OwnDirections(tmp_path)
    first.keep(FILE, direction("a"))
    second.keep(FILE, direction("b"))
    first.keep(FILE, direction("c"))
    assert list(second.remove(FILE, "own:c@100")) == ["own:a@100", "own:b@100"]


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"[" * 5000,
        b'{"format": 1}',
        b'{"format": 1, "directions": [{"title": "a"}]}',
        b'{"format": 1, "directions": "ab"}',
        b'{"format": 0, "directions": []}',
        json.dumps({"format": 1, "directions": [{"title": "a", "step": 1, "alignment": 0, "cohen_d": 0}]}).encode(),
        *(
            json.dumps(
                {"format": 1, "directions": [{"title": "a", "step": 1, "alignment": 0, "cohen_d": 0, "vector": vector}]}
            ).encode()
            for vector in ([], [1.0], [[1.0] * SIZE], ["x"] * SIZE, ["NaN"] * SIZE, [1e300] * SIZE, 7, None)
        ),
    ],
)
def test_a_damaged_file_gets_one_sentence_and_is_set_aside_whole(tmp_path: Path, damage: bytes):
    files.make_folder(tmp_path / FOLDER)
    stored(tmp_path).write_bytes(damage)
    own = OwnDirections(tmp_path)
    with pytest.raises(OwnDirectionError, match=r"run-1\.json is damaged; mend it, or make new ones") as caught:
        own.read(FILE, SIZE)
    assert "\n" not in str(caught.value)
    assert stored(tmp_path).read_bytes() == damage
    own.keep(FILE, direction("new"))
    assert names(tmp_path) == ["own:new@100"]
    assert stored(tmp_path).with_name("run-1.json.damaged-1").read_bytes() == damage


def test_a_file_of_a_newer_version_is_left_alone(tmp_path: Path):
    files.make_folder(tmp_path / FOLDER)
    stored(tmp_path).write_text('{"format": 2}')
    own = OwnDirections(tmp_path)
    for change in (lambda: own.read(FILE, SIZE), lambda: own.keep(FILE, direction("a"))):
        with pytest.raises(OwnDirectionError, match="newer version: update this program"):
            change()
    assert stored(tmp_path).read_text() == '{"format": 2}'


def operations(home: Path) -> int:
    """How many operations of the disk it takes to keep one more direction."""
    counting = Counting()
    with files.replaced(counting):
        OwnDirections(home).keep(FILE, direction("counted"))
    OwnDirections(home).remove(FILE, "own:counted@100")
    return len(counting.kinds)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_disk_that_fails_at_any_moment_leaves_the_old_or_the_new(tmp_path: Path, fault: str):
    OwnDirections(tmp_path).keep(FILE, direction("old"))
    for at in range(operations(tmp_path)):
        own = OwnDirections(tmp_path)
        with files.replaced(Failing(at, fault)), contextlib.suppress(files.StorageError):
            own.keep(FILE, direction("new"))
        assert names(tmp_path)[:1] == ["own:old@100"]
        own.remove(FILE, "own:new@100")
        assert sorted(path.name for path in (tmp_path / FOLDER).glob("[!.]*")) == ["run-1.json"]


KILLS = """
import os, sys
from pathlib import Path
from engine.own_directions import OwnDirections
from engine.storage import files
from tests.engine.storage.disk_faults import Killing
from tests.engine.test_own_directions import FILE, direction, names
home = Path(sys.argv[1])
for at in range(int(sys.argv[2])):
    child = os.fork()
    if child == 0:
        with files.replaced(Killing(at)):
            OwnDirections(home).keep(FILE, direction("new"))
        os._exit(0)
    assert os.waitpid(child, 0)[1] != 0, at
    print(*names(home))
    OwnDirections(home).remove(FILE, "own:new@100")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_kill_at_any_moment_leaves_the_old_or_the_new(tmp_path: Path):
    OwnDirections(tmp_path).keep(FILE, direction("old"))
    command = [sys.executable, "-c", KILLS, str(tmp_path), str(operations(tmp_path))]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.splitlines()) == {"own:old@100", "own:old@100 own:new@100"}
    OwnDirections(tmp_path).keep(FILE, direction("last"))
    assert sorted(path.name for path in (tmp_path / FOLDER).glob("[!.]*")) == ["run-1.json"]


def test_a_folder_that_cannot_be_written_gets_a_sentence(tmp_path: Path):
    (tmp_path / FOLDER).write_text("in the way")
    with pytest.raises(files.StorageError, match="a file of that name is in the way"):
        OwnDirections(tmp_path).keep(FILE, direction("a"))
