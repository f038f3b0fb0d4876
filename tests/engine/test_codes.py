"""What is asked about codes is answered from the model's own codec; what does not fit is refused with a sentence."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from engine import codes
from engine.data.catalog import open_data
from engine.data.dataset import Dataset, finish
from engine.messages import (
    BookRead,
    CodeInspected,
    CodesDecoded,
    DecodeCodes,
    Event,
    InspectCode,
    ReadBook,
    Reconstruct,
    Reconstructed,
    run_snapshot,
)
from engine.shelf import Opened, Shelf, SnapshotError
from tests.engine.conftest import FACES, Bench

CPU = torch.device("cpu")


def told(answer: Iterator[Event | None]) -> list[Event]:
    return [event for event in answer if event is not None]


@pytest.fixture
def opened(bench: Bench) -> Opened:
    training = bench.start(family="vqvae", data=FACES, codes=32)
    for _ in range(3):
        training.advance()
    training.close()
    return Shelf(bench.families, bench.live, CPU).open(run_snapshot(training.path))


@pytest.fixture
def faces(bench: Bench) -> Dataset:
    return finish(open_data(FACES, bench.home))


def pictures(faces: Dataset, count: int = 3) -> np.ndarray:
    return faces.batch(np.arange(count, dtype=np.int64))


def test_a_reconstruction_comes_with_its_codes_and_numbers_that_are_of_the_bytes_shown(
    opened: Opened, faces: Dataset
) -> None:
    (answer,) = told(codes.reconstruct(opened, Reconstruct("c", 1, opened.id, pictures(faces)), CPU))
    assert isinstance(answer, Reconstructed)
    assert answer.samples.shape == (3, 16, 16, 3)
    assert answer.codes_NHW is not None
    assert answer.codes_NHW.shape == (3, 4, 4)
    error = (answer.originals.astype(float) - answer.samples.astype(float)) / 255
    np.testing.assert_allclose(answer.psnr_N, -10 * np.log10((error**2).mean(axis=(1, 2, 3))), rtol=1e-5)
    np.testing.assert_allclose(answer.l1_N, np.abs(error).mean(axis=(1, 2, 3)), rtol=1e-5)
    assert (answer.bits_N > 0).all()


def test_painted_codes_decode_to_what_the_reconstruction_was(opened: Opened, faces: Dataset) -> None:
    (whole,) = told(codes.reconstruct(opened, Reconstruct("c", 1, opened.id, pictures(faces)), CPU))
    assert isinstance(whole, Reconstructed)
    assert whole.codes_NHW is not None
    (decoded,) = told(codes.decode_codes(opened, DecodeCodes("d", 2, opened.id, whole.codes_NHW), CPU))
    assert isinstance(decoded, CodesDecoded)
    assert np.array_equal(decoded.samples, whole.samples)


@pytest.mark.parametrize(
    ("grid", "sentence"),
    [
        (np.zeros((1, 8, 8), np.int64), "grids of 4 x 4 codes, not 8 x 8"),
        (np.full((1, 4, 4), 32, np.int64), "codes 0 to 31"),
        (np.full((1, 4, 4), -1, np.int64), "codes 0 to 31"),
        (np.zeros((0, 4, 4), np.int64), "grids of 4 x 4"),
    ],
)
def test_codes_that_do_not_fit_are_refused(opened: Opened, grid: np.ndarray, sentence: str) -> None:
    with pytest.raises(SnapshotError, match=sentence):
        told(codes.decode_codes(opened, DecodeCodes("d", 1, opened.id, grid), CPU))


def test_pictures_of_another_size_are_refused(opened: Opened) -> None:
    with pytest.raises(SnapshotError, match=r"16 x 16 x 3 .*, not 8 x 8 x 3"):
        told(codes.reconstruct(opened, Reconstruct("c", 1, opened.id, np.zeros((1, 8, 8, 3), np.uint8)), CPU))


def test_a_model_without_codes_says_so(bench: Bench) -> None:
    training = bench.start(family="gan_modern", data=FACES)
    training.close()
    gan = Shelf(bench.families, bench.live, CPU).open(run_snapshot(training.path))
    with pytest.raises(SnapshotError, match="has no codes"):
        told(codes.read_book(gan, ReadBook("b", 1, gan.id), CPU))
    with pytest.raises(SnapshotError, match="cannot reconstruct"):
        told(codes.reconstruct(gan, Reconstruct("c", 1, gan.id, np.zeros((1, 16, 16, 3), np.uint8)), CPU))


def test_the_book_is_read_whole(opened: Opened) -> None:
    (book,) = told(codes.read_book(opened, ReadBook("b", 1, opened.id), CPU))
    assert isinstance(book, BookRead)
    assert book.map_K2.shape == (32, 2)
    assert np.abs(book.map_K2).max() == pytest.approx(1.0)
    assert sorted(book.chain_K.tolist()) == list(range(32))
    assert book.thumbnails.shape == (32, 4, 4, 3)
    assert book.usage_K.sum() == 3 * 16 * 16
    assert 0 < sum(book.shares) <= 1.0


def test_the_chain_goes_from_each_code_to_the_nearest_of_the_rest() -> None:
    line = torch.tensor([[3.0], [0.0], [1.0], [10.0]])
    assert codes.chain_of(line).tolist() == [3, 0, 2, 1]


def test_one_code_is_shown_alone_in_its_grid_and_where_the_data_chose_it(opened: Opened, faces: Dataset) -> None:
    (whole,) = told(codes.reconstruct(opened, Reconstruct("c", 1, opened.id, pictures(faces, 1)), CPU))
    assert isinstance(whole, Reconstructed)
    assert whole.codes_NHW is not None
    context = whole.codes_NHW[0]
    code, other = int(context[1, 2]), int((context[1, 2] + 1) % 32)
    asked = InspectCode("i", 1, opened.id, other, FACES, context, (1, 2))
    first, second = told(codes.inspect_code(opened, asked, faces, CPU))
    assert isinstance(first, CodeInspected)
    assert isinstance(second, CodeInspected)
    assert np.array_equal(first.before, whole.samples[0])
    assert not np.array_equal(first.after, first.before)
    distances = [distance for _, distance in first.neighbours]
    assert distances == sorted(distances)
    assert other not in dict(first.neighbours)
    everything = told(codes.reconstruct(opened, Reconstruct("c", 2, opened.id, pictures(faces, len(faces))), CPU))[0]
    assert isinstance(everything, Reconstructed)
    assert second.found == int((everything.codes_NHW == other).sum())
    assert second.looked == len(faces) * 16
    assert code in everything.codes_NHW  # type: ignore[operator]


def test_a_code_that_the_book_has_not_is_refused(opened: Opened) -> None:
    with pytest.raises(SnapshotError, match="codes 0 to 31, not 32"):
        told(codes.inspect_code(opened, InspectCode("i", 1, opened.id, 32), None, CPU))
