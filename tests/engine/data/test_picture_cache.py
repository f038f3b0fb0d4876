"""Pictures are drawn once, kept on disk, and never wrong whatever happens to the files."""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from engine.data import picture_cache
from engine.data.dataset import Indices
from engine.data.picture_cache import PictureCache, Pictures

COUNT, SHAPE = 50, (4, 4, 3)


class _Painter:
    """Draws picture i as its own noise, and counts."""

    def __init__(self) -> None:
        self.drawn: list[int] = []

    def __call__(self, indices: Indices) -> Pictures:
        self.drawn.extend(indices.tolist())
        return np.stack([np.random.default_rng(int(i)).integers(0, 256, SHAPE, np.uint8) for i in indices])


def _cache(painter: Callable[[Indices], Pictures], folder: Path | None) -> PictureCache:
    return PictureCache(COUNT, SHAPE, painter, folder, "noise")


def _true(indices: Indices) -> Pictures:
    return _Painter()(indices)


ALL = np.arange(COUNT)


@pytest.mark.parametrize("on_disk", [True, False])
def test_each_picture_is_drawn_once_and_comes_in_the_order_asked(on_disk: bool, tmp_path: Path) -> None:
    painter = _Painter()
    cache = _cache(painter, tmp_path if on_disk else None)
    indices = np.array([7, 3, 7, 49])
    assert len(cache) == COUNT
    assert np.array_equal(cache.batch(indices), _true(indices))
    assert np.array_equal(cache.batch(indices[::-1]), _true(indices[::-1]))
    assert sorted(painter.drawn) == [3, 7, 49]
    assert cache.batch(np.array([], np.int64)).shape == (0, *SHAPE)


def test_a_second_process_finds_what_the_first_has_drawn(tmp_path: Path) -> None:
    first, second = _Painter(), _Painter()
    early = _cache(second, tmp_path)
    _cache(first, tmp_path).batch(ALL[:20])
    assert np.array_equal(early.batch(ALL), _true(ALL))
    assert sorted(second.drawn) == list(range(20, 50))


@pytest.mark.parametrize("suffix", ["pixels", "crc32"])
@pytest.mark.parametrize("size", [0, 10, 100_000])
def test_a_file_of_the_wrong_length_is_built_again(suffix: str, size: int, tmp_path: Path) -> None:
    _cache(_Painter(), tmp_path).batch(ALL)
    (tmp_path / f"noise.{suffix}").write_bytes(b"\x07" * size)
    assert np.array_equal(_cache(_Painter(), tmp_path).batch(ALL), _true(ALL))


def test_damaged_pixels_are_drawn_again_and_repaired(tmp_path: Path) -> None:
    _cache(_Painter(), tmp_path).batch(ALL)
    with (tmp_path / "noise.pixels").open("r+b") as file:
        file.seek(5 * 48 + 3)
        file.write(b"\x00\x00\x00\x00")
    repairing, after = _Painter(), _Painter()
    assert np.array_equal(_cache(repairing, tmp_path).batch(ALL), _true(ALL))
    assert repairing.drawn == [5]
    _cache(after, tmp_path).batch(ALL)
    assert after.drawn == []


def test_a_folder_that_cannot_be_made_is_replaced_by_memory(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("in the way")
    painter = _Painter()
    with caplog.at_level(logging.WARNING):
        cache = _cache(painter, tmp_path / "file" / "cache")
    assert "kept in memory" in caplog.text
    cache.batch(ALL)
    assert np.array_equal(cache.batch(ALL), _true(ALL))
    assert len(painter.drawn) == COUNT


def test_a_disk_that_fills_up_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    painter = _Painter()
    cache = _cache(painter, tmp_path)
    cache.batch(ALL[:10])

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(picture_cache, "_write_all", full)
    with caplog.at_level(logging.WARNING):
        assert np.array_equal(cache.batch(ALL[5:30]), _true(ALL[5:30]))
    assert np.array_equal(cache.batch(ALL[:40]), _true(ALL[:40]))
    assert sorted(painter.drawn) == list(range(40))
    assert caplog.text.count("No space left") == 1


@pytest.mark.parametrize("index", [-1, COUNT])
def test_a_picture_that_does_not_exist_is_refused(index: int, tmp_path: Path) -> None:
    with pytest.raises(IndexError, match="from 0 to 49"):
        _cache(_Painter(), tmp_path).batch(np.array([index]))


def test_threads_share_a_cache(tmp_path: Path) -> None:
    cache = _cache(_Painter(), tmp_path)
    results: dict[int, Pictures] = {}

    def read(worker: int) -> None:
        order = np.random.default_rng(worker).permutation(COUNT)
        for part in np.array_split(order, 10):
            cache.batch(part)
        results[worker] = cache.batch(ALL)

    threads = [Thread(target=read, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(results[worker], _true(ALL)) for worker in range(4))
