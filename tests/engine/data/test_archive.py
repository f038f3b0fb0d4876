"""A zip of pictures is read without trusting it."""

from __future__ import annotations

import io
import stat
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.data.archive import load_zip
from engine.data.dataset import DataError, Dataset, finish
from engine.data.ref import DataRef


def png(level: int) -> bytes:
    stream = io.BytesIO()
    Image.new("L", (8, 8), level).save(stream, "PNG")
    return stream.getvalue()


def pack(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def load(path: Path, **options: object) -> Dataset:
    return finish(load_zip(path, DataRef(str(path), **options)))


def test_class_folders_and_captions_inside_work(tmp_path: Path) -> None:
    members = {"pets/cat/a.png": png(1), "pets/dog/b.png": png(2), "pets/dog/b.txt": b"a dog", "__MACOSX/x.png": b""}
    dataset = load(pack(tmp_path / "pets.zip", members))
    assert dataset.batch(np.arange(2))[:, 0, 0, 0].tolist() == [1, 2]
    assert dataset.table.columns["label"].names == ("cat", "dog")
    assert dataset.table.captions == ["", "a dog"]
    assert dataset.problems == ()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["pets.zip"]


def test_evil_members_are_refused_and_the_rest_loads(tmp_path: Path) -> None:
    path = pack(tmp_path / "x.zip", {"a.png": png(1), "b.png": png(2), "../out.png": png(3), "/abs.png": png(4)})
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        link = zipfile.ZipInfo("link.png")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("bomb.bmp", b"BM" + bytes(40 << 20))
        archive.writestr("C:/drive.png", png(5))
        archive.writestr("nested.zip", b"PK\x03\x04 whatever")
    dataset = load(path)
    reasons = {problem.path: problem.reason for problem in dataset.problems}
    assert len(dataset) == 2
    assert set(reasons) == {"../out.png", "/abs.png", "link.png", "bomb.bmp", "C:/drive.png"}
    assert "leads out of the archive" in reasons["../out.png"]
    assert "a link" in reasons["link.png"]
    assert "more than 100 times" in reasons["bomb.bmp"]
    assert not (tmp_path.parent / "out.png").exists()


def test_a_member_that_lies_about_its_size_is_a_problem_of_its_own(tmp_path: Path) -> None:
    path = pack(tmp_path / "x.zip", {"a.png": png(1), "b.png": png(2), "c.png": png(3)}, zipfile.ZIP_STORED)
    raw = bytearray(path.read_bytes())
    place = raw.rindex(png(3))
    raw[place + 20] ^= 0xFF  # its checksum is wrong now
    path.write_bytes(raw)
    dataset = load(path)
    assert len(dataset) == 2
    assert [(p.path, p.reason) for p in dataset.problems] == [("c.png", "its place in the archive is damaged")]


def test_encrypted_members_are_told(tmp_path: Path) -> None:
    path = pack(tmp_path / "x.zip", {"a.png": png(1), "b.png": png(2), "c.png": png(3)}, zipfile.ZIP_STORED)
    raw = bytearray(path.read_bytes())
    raw[raw.rindex(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(raw)
    assert [p.reason for p in load(path).problems] == ["it is encrypted"]


def test_too_little_and_too_broken(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"empty\.zip is empty"):
        load(pack(tmp_path / "empty.zip", {}))
    with pytest.raises(DataError, match="only one sample"):
        load(pack(tmp_path / "one.zip", {"a.png": png(1)}))
    whole = pack(tmp_path / "cut.zip", {"a.png": png(1), "b.png": png(2)}).read_bytes()
    (tmp_path / "cut.zip").write_bytes(whole[:-10])
    with pytest.raises(DataError, match="not a zip file that can be read"):
        load(tmp_path / "cut.zip")
