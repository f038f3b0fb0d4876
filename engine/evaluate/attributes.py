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
from engine.evaluate.sampling import Classifier, Rows, Seen, Steps, counted, search
from engine.family import LatentSpace

EXEMPLARS = 64  # with a value, and as many without
CANDIDATES = 4  # for each of them; the clearest are taken


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
    chosen = {name: judge.columns[name] for name in (judge.columns if columns is None else columns)}
    wanted = [{column: code} for column, values in chosen.items() for code in range(len(values))]
    enough = CANDIDATES * count
    total = enough * len(wanted) + len(wanted)
    seen = yield from counted(search(snapshot, judge, wanted, enough, seed), 0, total)
    return (yield from counted(directions_from(seen, chosen, count), enough * len(wanted), total))


def directions_from(
    seen: Seen, columns: Mapping[str, tuple[str, ...]], count: int = EXEMPLARS
) -> Generator[Steps, None, dict[str, AttributeVector]]:
    """The directions of `attribute_directions` from samples that were looked at already, one value in each turn."""
    directions = {}
    names = [(column, code, value) for column, values in columns.items() for code, value in enumerate(values)]
    for done, (column, code, value) in enumerate(names, 1):
        positives, negatives = exemplars(seen, column, code, count)
        if min(len(positives), len(negatives)) > 1:
            vector = attribute_vector(seen.z_NZ[positives], seen.z_NZ[negatives])
            directions[direction_name(column, value)] = vector
        yield done, len(names)
    return directions


def exemplars(seen: Seen, column: str, code: int, count: int) -> tuple[Rows, Rows]:
    """The clearest `count` samples with a value, and for each a sample without it that is otherwise most like it."""
    positives = seen.clearest(seen.rows({column: code}), {column: code}, count)
    others = np.flatnonzero(seen.labels[column] != code)
    positives = positives[: len(others)]
    rest = [labels for name, labels in seen.labels.items() if name != column]
    alike_PO = np.zeros((len(positives), len(others)))
    for labels in rest:
        alike_PO += labels[positives][:, None] == labels[others]
    rank_O = np.argsort(np.argsort(-seen.margins[column][others, code], kind="stable"), kind="stable")
    likeness_PO = alike_PO + rank_O / max(len(others), 1)  # the rank decides among those that are equally alike
    negatives = np.empty(len(positives), np.int64)
    for row, likeness_O in enumerate(likeness_PO):
        best = int(np.argmax(likeness_O))
        likeness_PO[:, best] = -1.0  # taken
        negatives[row] = others[best]
    return positives, negatives
