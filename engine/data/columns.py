"""Make the columns of a `Table` from the words or numbers that files give: labels, attributes, captions."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.data.dataset import Column, DataError

MAX_VALUES = 256  # different values of an attribute; with more it is no category
MAX_LABELS = 30_000  # classes; labels are int16
MAX_TEXT = 2000  # characters of a caption


def clean_text(text: str) -> str:
    """One line of plain text: no control characters, no line breaks, at most `MAX_TEXT` characters."""
    if text.isprintable():
        return " ".join(text.split())[:MAX_TEXT]
    printable = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in text[: 4 * MAX_TEXT])
    return " ".join(printable.split())[:MAX_TEXT]


def natural_order(text: str) -> tuple[tuple[int, int, str], ...]:
    """A sort key that puts "9" before "10" and "a2" before "a10"."""
    parts = re.split(r"([0-9]{1,18})", text)
    return tuple((0, int(part), "") if i % 2 else (1, 0, part.lower()) for i, part in enumerate(parts))


def word_column(words: Sequence[str | None]) -> Column:
    """A column of words; None is unknown. Names are in natural order.

    Raises DataError when there are more than `MAX_LABELS` different words."""
    names = sorted({w for w in words if w is not None}, key=lambda w: (natural_order(w), w))
    if len(names) > MAX_LABELS:
        raise DataError(f"There are {len(names)} different labels; at most {MAX_LABELS} can be used.")
    code_of = {name: code for code, name in enumerate(names)}
    labels = np.fromiter((-1 if w is None else code_of[w] for w in words), dtype=np.int16, count=len(words))
    return Column(labels, tuple(names))


def number_column(values: NDArray[np.integer] | NDArray[np.bool_], names: Sequence[str] = ()) -> Column:
    """A column of whole numbers, shape (N,). With `names`, the numbers are positions in it (-1: unknown).

    Raises DataError when a number has no name, or when there are more than `MAX_LABELS` different numbers."""
    if names:
        lowest, highest = (int(values.min()), int(values.max())) if values.size else (0, 0)
        if lowest < -1 or highest >= len(names):
            wrong = highest if highest >= len(names) else lowest
            raise DataError(f"The label {wrong} has no name: there are names for 0 to {len(names) - 1}.")
        return Column(values.astype(np.int16), tuple(names))
    if values.dtype == np.bool_:
        return Column(values.astype(np.int16), ("no", "yes"))
    distinct, labels = np.unique(values, return_inverse=True)
    if len(distinct) > MAX_LABELS:
        raise DataError(f"There are {len(distinct)} different labels; at most {MAX_LABELS} can be used.")
    return Column(labels.reshape(-1).astype(np.int16), tuple(str(int(value)) for value in distinct))


def is_category(words: Sequence[str | None]) -> bool:
    """Whether `words` look like an attribute: a few values that come back, not a number or name of each sample."""
    known = [w for w in words if w is not None]
    distinct = len(set(known))
    return 1 <= distinct <= MAX_VALUES and (distinct < len(known) or len(known) <= 2)
