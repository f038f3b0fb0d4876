from __future__ import annotations

import errno
import math
import os
from pathlib import Path

import pytest

from engine.storage import files
from tests.engine.storage.disk_faults import FAULTS, Counting, Dribbling, Failing


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_a_replaced_file_is_synced_before_it_is_renamed(tmp_path: Path) -> None:
    with files.replaced(Counting()) as disk:
        files.write_bytes(tmp_path / "a", b"new")
    assert disk.kinds == ["create", "write", "sync", "close", "replace", "sync_folder"]
    assert (tmp_path / "a").read_bytes() == b"new"


@pytest.mark.parametrize("for_good", [False, True])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_failed_replacement_leaves_the_old_bytes(tmp_path: Path, fault: str, for_good: bool) -> None:
    path = tmp_path / "a"
    for at in range(6):
        path.write_bytes(b"old")
        with files.replaced(Failing(at, fault, for_good)), pytest.raises(files.StorageError) as told:
            files.write_bytes(path, b"new bytes")
        # The folder's sync comes after the rename: the new bytes are there then, whole.
        assert path.read_bytes() == (b"old" if at < 5 else b"new bytes")
        assert str(path) in str(told.value)
        assert str(told.value).endswith(".")
        files.sweep_temporaries(tmp_path)
        assert names(tmp_path) == ["a"]


def test_short_writes_are_continued(tmp_path: Path) -> None:
    with files.replaced(Dribbling()):
        files.write_bytes(tmp_path / "a", bytes(range(256)))
        log = files.Appender(tmp_path / "b")
        log.append(b"0123456789" * 3)
        log.close()
    assert (tmp_path / "a").read_bytes() == bytes(range(256))
    assert (tmp_path / "b").read_bytes() == b"0123456789" * 3


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        (errno.ENOSPC, "free some space"),
        (errno.EACCES, "may write"),
        (errno.ENOENT, "check the path"),
        (errno.EIO, "disk"),
    ],
)
def test_faults_are_told_in_one_sentence(code: int, advice: str) -> None:
    sentence = files.sentence(OSError(code, os.strerror(code)), "written", Path("run"))
    assert advice in sentence
    assert sentence.startswith("run could not be written")
    assert sentence.count(".") == 1


def test_a_sentence_names_the_file_that_the_person_knows(tmp_path: Path) -> None:
    temporary = files.temporary_name(tmp_path / "run") / "run.json"
    said = files.sentence(OSError(errno.EACCES, "denied"), "written", temporary)
    assert said.startswith(f"{tmp_path / 'run' / 'run.json'} could not be written")


def test_a_full_disk_is_noticed_before_the_first_byte(tmp_path: Path) -> None:
    class Full(Counting):
        def free_bytes(self, path: Path) -> int:
            return 1000

    with files.replaced(Full()), pytest.raises(files.StorageError, match=r"needs 20 MB of free space.* has 1 kB"):
        files.need_space(tmp_path, 20 << 20)
    files.need_space(tmp_path, 1)


def test_an_appended_file_keeps_what_was_there(tmp_path: Path) -> None:
    for part in (b"one", b"two"):
        log = files.Appender(tmp_path / "log")
        log.append(part)
        log.sync()
        log.close()
    assert files.read_bytes(tmp_path / "log") == b"onetwo"
    assert files.read_part(tmp_path / "log", 3, 2) == b"tw"
    with pytest.raises(ValueError, match="closed"):
        log.append(b"three")


def test_removing_a_tree_does_not_follow_links(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_bytes(b"x")
    tree = tmp_path / "tree"
    (tree / "inner").mkdir(parents=True)
    (tree / "inner" / "file").write_bytes(b"y")
    if hasattr(os, "symlink"):
        (tree / "link").symlink_to(precious, target_is_directory=True)
    files.remove_tree(tree)
    assert names(tmp_path) == ["precious"]
    assert names(precious) == ["file"]


def test_only_own_temporaries_are_swept(tmp_path: Path) -> None:
    files.make_folder(files.temporary_name(tmp_path / "a"))
    files.write_new(files.temporary_name(tmp_path / "b"), b"")
    (tmp_path / "notes.tmp-old").write_bytes(b"mine")
    assert files.sweep_temporaries(tmp_path) == 2
    assert names(tmp_path) == ["notes.tmp-old"]


def test_a_folder_in_the_way_of_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    with pytest.raises(files.StorageError, match="could not be created"):
        files.make_folder(tmp_path / "a" / "b")
    assert files.look(tmp_path / "a" / "b") is None
    assert files.list_folder(tmp_path / "none") == []


def test_json_keeps_what_is_not_finite(tmp_path: Path) -> None:
    value = {"nan": math.nan, "up": [math.inf, {"down": -math.inf}], "text": "NaN?", "none": None}
    files.write_json(tmp_path / "a.json", value)
    text = (tmp_path / "a.json").read_text()
    assert '"NaN"' in text
    assert '"-Infinity"' in text
    back = files.numbers(files.read_json(tmp_path / "a.json"))
    assert math.isnan(back.pop("nan"))
    assert back == {"up": [math.inf, {"down": -math.inf}], "text": "NaN?", "none": None}


@pytest.mark.parametrize("text", [b"", b"{", b"NaN", b"\xff", b"[" * 100_000, b"1" * 10_000, b'{"a": Infinity}'])
def test_bad_json_is_told_and_nothing_else_happens(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "a.json").write_bytes(text)
    with pytest.raises(files.FileFormatError, match="damaged"):
        files.read_json(tmp_path / "a.json")


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bytes(11))
    with pytest.raises(files.FileFormatError, match="11 bytes"):
        files.read_bytes(tmp_path / "a", limit=10)
