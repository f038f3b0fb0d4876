"""What a book of codes is worth: the figures of known counts, and a prior whose bits are known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.evaluate.codes import PlacePrior, book_figures, window
from tests.engine.evaluate.toys import ShadeCodec


def test_codes_that_share_the_work_evenly_have_a_perplexity_of_their_number():
    assert book_figures(np.array([5, 5, 0, 5, 5, 0, 0, 0])) == {
        "codes": 8,
        "counted": 20,
        "perplexity": 4.0,
        "used": 4,
        "used_percent": 50.0,
        "dead": 4,
    }


def test_a_book_that_nobody_counted_is_all_dead():
    found = book_figures(np.zeros(3, np.int64))
    assert (found["perplexity"], found["used"], found["dead"]) == (1.0, 0, 3)


def test_a_prior_that_has_seen_nothing_is_uniform():
    assert PlacePrior(3, 8).bits(np.array([[0, 7, 4]])).tolist() == [9.0]


def test_a_prior_counts_each_place_by_itself_and_adds_one():
    prior = PlacePrior(2, 4)
    prior.count(np.array([[0, 3], [0, 3]]))
    prior.count(np.array([[1, 3]]))
    assert prior.pictures == 3
    expected = -math.log2((2 + 1) / (3 + 4)) - math.log2((3 + 1) / (3 + 4))
    assert prior.bits(np.array([[0, 3]])).tolist() == pytest.approx([expected])
    never = -2 * math.log2(1 / 7)
    assert prior.bits(np.array([[2, 0]])).tolist() == pytest.approx([never])


def test_the_probabilities_at_a_place_sum_to_one():
    prior = PlacePrior(1, 5)
    prior.count(np.array([[0], [0], [4], [2]]))
    assert (2 ** -prior.bits(np.arange(5)[:, None])).sum() == pytest.approx(1.0)


def test_a_window_holds_fifty_codes_for_each_code_of_the_book():
    codec = ShadeCodec()  # 4 places, 8 codes
    assert window(codec, 0) == 100
    assert window(codec, 90) == 10
    assert window(codec, 1000) == 0
