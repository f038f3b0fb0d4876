"""Arrays of pictures in any number type and order of channels become the same kind of data set."""

from __future__ import annotations

import numpy as np
import pytest

from engine.data.arrays import as_pictures, load_pictures
from engine.data.dataset import Column, DataError, Dataset, Table, finish
from engine.data.ref import DataRef

NOISE = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3), dtype=np.uint8)


def load(pictures: np.ndarray, table: Table | None = None, **options: object) -> Dataset:
    return finish(load_pictures("n", "t", "train", pictures, table or Table(), DataRef("n", **options), "crop"))


def everything(dataset: Dataset) -> np.ndarray:
    return dataset.batch(np.arange(len(dataset)))


@pytest.mark.parametrize(
    ("shape", "seen"),
    [
        ((9, 8, 8), (9, 8, 8, 1)),
        ((9, 8, 8, 3), (9, 8, 8, 3)),
        ((9, 3, 8, 8), (9, 8, 8, 3)),
        ((9, 1, 8, 8), (9, 8, 8, 1)),
        ((9, 8, 8, 4), (9, 8, 8, 4)),
        ((9, 8, 8, 5), None),
        ((9, 8), None),
        ((9, 0, 8), None),
        ((9, 2, 8, 8, 3), None),
    ],
)
def test_orders_of_axes(shape: tuple[int, ...], seen: tuple[int, ...] | None) -> None:
    view = as_pictures(np.zeros(shape, np.uint8))
    assert (None if view is None else view.shape) == seen


def test_bytes_pass_through_and_floats_keep_their_common_brightness() -> None:
    assert np.array_equal(everything(load(NOISE)), NOISE)
    assert np.array_equal(everything(load((NOISE / 255).astype(np.float32))), NOISE)
    assert np.array_equal(everything(load(NOISE / 127.5 - 1)), NOISE)
    assert np.array_equal(everything(load(NOISE.astype(np.int64))), NOISE)
    dim = NOISE.astype(np.float64)
    dim[0] /= 10
    assert np.array_equal(everything(load(dim))[0], np.rint(dim[0]))


def test_sizes_channels_and_transparency() -> None:
    assert load(NOISE, size=16).shape == (16, 16, 3)
    assert load(NOISE, channels=1).shape == (8, 8, 1)
    assert load(NOISE[..., 0][..., None], channels=3).shape == (8, 8, 3)
    clear = np.concatenate([NOISE, np.zeros((6, 8, 8, 1), np.uint8)], axis=-1)
    assert (everything(load(clear)) == 255).all()


def test_a_subset_takes_its_table_along() -> None:
    table = Table({"label": Column(np.arange(6, dtype=np.int16), tuple("abcdef"))}, list("ABCDEF"))
    dataset = load(NOISE, table, count=3, seed=5)
    assert len(dataset) == 3
    label = dataset.table.columns["label"]
    assert dataset.table.captions == [str(label.value(i)).upper() for i in range(3)]
    for position, code in enumerate(label.labels):
        assert np.array_equal(everything(dataset)[position], NOISE[code])


def test_what_cannot_be_used_is_said() -> None:
    with pytest.raises(DataError, match="only one sample"):
        load(NOISE[:1])
    broken = NOISE.astype(np.float32)
    broken[2, 0, 0, 0] = np.nan
    with pytest.raises(DataError, match="not finite"):
        load(broken)
