"""What all loaders share: choosing samples, and a fingerprint that follows the content."""

from __future__ import annotations

import numpy as np
import pytest

from engine.data.assemble import assemble, check_memory, choose
from engine.data.dataset import Column, DataError, Table, finish

PICTURES = np.arange(2 * 4 * 4 * 3, dtype=np.uint8).reshape(2, 4, 4, 3)


def fingerprint(samples: np.ndarray, table: Table | None = None) -> str:
    return finish(assemble("n", "t", "train", samples, table or Table())).fingerprint


def test_the_fingerprint_is_the_same_everywhere() -> None:
    assert fingerprint(PICTURES) == "f05a6da082f6275b"
    assert fingerprint(np.arange(6, dtype=">f4").reshape(3, 2)) == fingerprint(np.arange(6, dtype="<f4").reshape(3, 2))


def test_the_fingerprint_follows_samples_labels_and_captions() -> None:
    changed = PICTURES.copy()
    changed[1, 2, 3, 0] ^= 1
    label = Table({"label": Column(np.array([0, 1], np.int16), ("a", "b"))})
    other = Table({"label": Column(np.array([1, 0], np.int16), ("a", "b"))})
    tables = [Table(), label, other, Table(captions=["x", "y"]), Table(captions=["x", "z"])]
    prints = [fingerprint(PICTURES, table) for table in tables]
    prints += [fingerprint(changed), fingerprint(PICTURES.reshape(2, 4, 3, 4)), fingerprint(PICTURES[:1])]
    assert len(set(prints)) == len(prints)


def test_a_subset_is_decided_by_its_seed_and_keeps_the_order() -> None:
    assert choose(5, None, 0).tolist() == [0, 1, 2, 3, 4]
    assert choose(5, 9, 0).tolist() == [0, 1, 2, 3, 4]
    some = choose(1000, 100, 7)
    assert np.array_equal(some, choose(1000, 100, 7))
    assert (np.diff(some) > 0).all()
    assert not np.array_equal(some, choose(1000, 100, 8))


def test_too_much_data_is_refused_before_it_is_allocated() -> None:
    with pytest.raises(DataError, match="choose a smaller picture size or fewer samples"):
        check_memory(10**15)
