"""Raw numbers are read piece by piece, and never trusted."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import numpy as np
import pytest

from engine.data.dataset import DataError, finish
from engine.data.packed import opened, read_array


def read(stream: io.BytesIO, shape: tuple[int, ...]) -> np.ndarray:
    return finish(read_array(stream, shape, ">u2", "numbers"))


def test_arrays_are_read_whole() -> None:
    values = np.arange(6, dtype=">u2").reshape(2, 3)
    assert np.array_equal(read(io.BytesIO(values.tobytes()), (2, 3)), values)
    assert read(io.BytesIO(b""), (0, 3)).shape == (0, 3)


def test_short_files_and_absurd_headers_are_refused() -> None:
    with pytest.raises(DataError, match="numbers ends too early"):
        read(io.BytesIO(b"12345"), (3,))
    with pytest.raises(DataError, match="GB of memory"):
        read(io.BytesIO(b"12345"), (2**40,))


def test_gzip_is_known_by_content(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(gzip.compress(b"hello"))
    (tmp_path / "b.gz").write_bytes(b"hello")
    for name in ("a", "b.gz"):
        with opened(tmp_path / name) as stream:
            assert stream.read() == b"hello"


def test_damaged_gzip_and_missing_files_become_sentences(tmp_path: Path) -> None:
    whole = gzip.compress(bytes(range(256)) * 40)
    for name, content in (("cut", whole[:-20]), ("bad", whole[:40] + b"\xff" * 40 + whole[80:])):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DataError, match=f"{name} cannot be read"), opened(tmp_path / name) as stream:
            stream.read()
    with pytest.raises(DataError, match="gone cannot be read"), opened(tmp_path / "gone"):
        pass
