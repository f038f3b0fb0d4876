"""Directions of attributes in a latent space, from samples in which a judge sees them.

For every value of a column: the mean of exemplars that show it minus the mean of exemplars that do not (Radford et al.
2015, section 6.3.2; for a normal prior much like what InterFaceGAN fits, Shen et al. 2020, arXiv 1907.10786). An
exemplar without the value is chosen to resemble one with it in all other columns, so that the difference of the means
says little about them.

Legend: N samples, Z latent size.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence

import numpy as np

from engine.controls import GRID_SEED
from engine.directions import AttributeVector, attribute_vector
from engine.evaluate.sampling import AT_ONCE, CLEAR, Classifier, Rows, Seen, Steps, search
from engine.family import LatentSpace

EXEMPLARS = 64  # with a value, and as many without


def direction_name(column: str, value: str) -> str:
    """How an attribute direction is called, for example "glasses: round"."""
    return f"{column}: {value}"


def attribute_directions(
    snapshot: LatentSpace,
    judge: Classifier,
    columns: Sequence[str] | None = None,
    count: int = EXEMPLARS,
    seed: int = GRID_SEED,
) -> Generator[Steps, None, dict[str, AttributeVector]]:
    """A direction for every value of `columns` (None: all of the judge's), by `direction_name`.

    Values that fewer than two samples show, or that all samples show, have none.
    """
    chosen = tuple(judge.columns) if columns is None else tuple(columns)
    wanted = [{column: code} for column in chosen for code in range(len(judge.columns[column]))]
    seen = yield from search(snapshot, judge, wanted, CLEAR * count, seed, AT_ONCE)
    return directions_from(seen, {column: judge.columns[column] for column in chosen}, count)


def directions_from(seen: Seen, columns: Mapping[str, tuple[str, ...]], count: int) -> dict[str, AttributeVector]:
    """The directions of `attribute_directions` from samples that were looked at already."""
    directions = {}
    for column, values in columns.items():
        for code, value in enumerate(values):
            positives, negatives = exemplars(seen, column, code, count)
            if min(len(positives), len(negatives)) > 1:
                vector = attribute_vector(seen.z_NZ[positives], seen.z_NZ[negatives])
                directions[direction_name(column, value)] = vector
    return directions


def exemplars(seen: Seen, column: str, code: int, count: int) -> tuple[Rows, Rows]:
    """The clearest `count` samples with a value, and for each a sample without it that is otherwise most like it."""
    positives = seen.clearest(seen.rows({column: code}), {column: code}, count)
    others = np.flatnonzero(seen.codes[column] != code)
    count = min(len(positives), len(others))
    rest = [seen.codes[name] for name in seen.codes if name != column]
    free = np.ones(len(others), np.bool_)
    negatives = []
    for row in positives[:count]:
        alike = np.sum([codes[others] == codes[row] for codes in rest], axis=0) if rest else np.zeros(len(others))
        unlike_it = -seen.margins[column][others, code]
        best = int(np.lexsort((unlike_it, alike, free))[-1])
        free[best] = False
        negatives.append(others[best])
    return positives[:count], np.array(negatives, np.int64)
