"""Words and numbers become columns; text from files becomes plain text."""

from __future__ import annotations

import numpy as np
import pytest

from engine.data.columns import clean_text, is_category, number_column, word_column
from engine.data.dataset import DataError


def test_text_from_files_becomes_one_plain_line() -> None:
    assert clean_text("  a\tred\x00 \x1b[31mcap\r\n now ") == "a red [31mcap now"
    assert clean_text("plain") == "plain"
    assert len(clean_text("x" * 9999)) == 2000


def test_words_are_sorted_as_people_count() -> None:
    column = word_column(["10", "9", None, "b2", "b10"])
    assert column.names == ("9", "10", "b2", "b10")
    assert [column.value(i) for i in range(5)] == ["10", "9", None, "b2", "b10"]


def test_numbers_may_have_names() -> None:
    assert number_column(np.array([7, 3, 7])).names == ("3", "7")
    assert number_column(np.array([True, False])).value(0) == "yes"
    named = number_column(np.array([1, 0, -1]), ("cat", "dog"))
    assert [named.value(i) for i in range(3)] == ["dog", "cat", None]
    with pytest.raises(DataError, match="label 2 has no name"):
        number_column(np.array([0, 2]), ("cat", "dog"))
    with pytest.raises(DataError, match="different labels"):
        number_column(np.arange(40_000))


def test_a_category_comes_back() -> None:
    assert is_category(["a", "b", "a", None])
    assert not is_category(["a", "b", "c"])
    assert not is_category([str(i % 300) for i in range(900)])
    assert not is_category([None, None])
