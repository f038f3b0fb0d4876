"""Does latent arithmetic work? Counted by a judge: `bench arithmetic`.

Two measurements. (1) mean(A) - mean(B) + mean(C) with three exemplars each, as in Radford et al. 2015, section 6.3.2:
A shows the wanted value and a context, B the context without the wanted value, C another context ("man with glasses
- man + woman"). A trial succeeds when the wanted value appears and every other column that C's exemplars share stays.
Beside it: strength 0 (mean(C) alone) and chance (any sample). (2) Directions from 64 + 64 exemplars, added to single
samples until the wanted value shows, as a hand does that pulls a slider: how often it comes, and how often each other
column is then as it was. Beside it the same with one amount for all samples.

Exemplars are samples of the model itself, chosen by what the judge sees in them. Legend: N samples, T trials, Z latent
size.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.directions import AttributeVector
from engine.evaluate.attributes import EXEMPLARS, direction_name, directions_from
from engine.evaluate.sampling import (
    AT_ONCE,
    CLEAR,
    Classifier,
    ExemplarError,
    Floats,
    Rows,
    Seen,
    Steps,
    counted,
    look,
    look_at_draws,
)
from engine.family import LatentSpace
from engine.latent import deviation, draw_many, normed

CONTEXTS = {
    "glasses": "presentation",
    "expression": "presentation",
    "presentation": "glasses",
    "headwear": "presentation",
    "hair_colour": "presentation",
}
"""What is measured: the attribute that is moved, and the context in which A and B agree and C differs."""

EXEMPLARS_PER_SLOT = 3
AMOUNTS = tuple(step / 2 for step in range(1, 13))  # standard deviations of the prior
_ATTEMPTS = 4  # combinations that are tried for each wanted trial, where a model shows some of them too rarely
_TRIALS_SEED, _FACES_SEED = 0x7121A15, 0x5EED  # planes of their own, so that no face is an exemplar


@dataclass(frozen=True)
class Trials:
    """Trials of one attribute: the latents of A, B and C's means, the wanted code, and for each column the code that
    C's exemplars share, -1 where they differ."""

    means_T3Z: Floats
    wanted_T: Rows
    shared: Mapping[str, Rows]

    def __len__(self) -> int:
        return len(self.wanted_T)


def measure_arithmetic(
    snapshot: LatentSpace,
    judge: Classifier,
    samples: int = 4096,
    trials: int = 200,
    faces: int = 200,
    seed: int = 0,
    contexts: Mapping[str, str] = CONTEXTS,
    at_once: int = AT_ONCE,
) -> Generator[Steps, None, dict[str, Any]]:
    """Both measurements as plain values, by attribute; shares are in 0..1, None where a model shows too little of it.

    `samples` draws of plane `seed` serve as exemplars and for chance. `trials` is per attribute. `faces` single samples
    measure the directions, as many others choose the one amount. `at_once` is how many samples a turn makes. The
    result is decided by the arguments alone.

    Raises:
        ExemplarError: the judge does not know the columns that are measured.
    """
    unknown = sorted({*contexts, *contexts.values()} - set(judge.columns))
    if unknown:
        raise ExemplarError(f"The judge does not know {', '.join(unknown)}; measure a model of portraits.")
    own = 2 * trials + 2 * faces * len(AMOUNTS)
    total = samples + 2 * faces + len(contexts) * own
    pool = yield from counted(look_at_draws(snapshot, judge, samples, seed, at_once), 0, total)
    singles = yield from counted(look_at_draws(snapshot, judge, 2 * faces, seed + _FACES_SEED, at_once), samples, total)
    by_slots, by_directions = {}, {}
    for number, (column, context) in enumerate(contexts.items()):
        done = samples + 2 * faces + number * own
        made = make_trials(pool, judge, column, context, trials, seed + _TRIALS_SEED, number)
        by_slots[column] = yield from counted(
            _measured(snapshot, judge, pool, column, context, made, at_once), done, total
        )
        values = {column: judge.columns[column]}
        directions = yield from counted(directions_from(pool, values), done + 2 * trials, total)
        job = _applied(snapshot, judge, singles, column, directions, faces, at_once)
        by_directions[column] = yield from counted(job, done + 2 * trials, total)
    return {
        "samples": samples,
        "seed": seed,
        "exemplars_per_slot": EXEMPLARS_PER_SLOT,
        "exemplars_per_direction": EXEMPLARS,
        "slots": by_slots,
        "directions": by_directions,
    }


def make_trials(
    pool: Seen, judge: Classifier, column: str, context: str, count: int, seed: int, number: int = 0
) -> Trials:
    """At most `count` trials of one attribute: every value in turn is wanted; the value it replaces, both contexts and
    the exemplars are drawn by (seed, number)."""
    values, contexts = len(judge.columns[column]), len(judge.columns[context])
    means, wanted, shared = [], [], []
    for attempt in range(_ATTEMPTS * count):
        u = draw_many("uniform", 3 + 3 * CLEAR * EXEMPLARS_PER_SLOT, seed, [number], [attempt])[0] / 2 + 0.5
        target = attempt % values
        replaced = (target + 1 + int(u[0] * (values - 1))) % values
        inside = int(u[1] * contexts)
        outside = (inside + 1 + int(u[2] * (contexts - 1))) % contexts
        wishes = (
            {column: target, context: inside},
            {column: replaced, context: inside},
            {column: replaced, context: outside},
        )
        picks = [_exemplars(pool, wish, draws) for wish, draws in zip(wishes, u[3:].reshape(3, -1), strict=True)]
        if min(map(len, picks)) < EXEMPLARS_PER_SLOT:
            continue
        means.append([pool.z_NZ[rows].mean(axis=0) for rows in picks])
        wanted.append(target)
        shared.append({name: _shared(labels[picks[2]]) for name, labels in pool.labels.items() if name != column})
        if len(means) == count:
            break
    names = [name for name in pool.labels if name != column]
    return Trials(
        np.array(means, np.float32).reshape(len(means), 3, pool.z_NZ.shape[1]),
        np.array(wanted, np.int64),
        {name: np.array([each[name] for each in shared], np.int64) for name in names},
    )


def _exemplars(pool: Seen, wish: Mapping[str, int], draws_N: Floats) -> Rows:
    """Some samples of what is wished, and of those the clearest: what a person does who looks for good examples."""
    rows = pool.rows(wish)
    if not len(rows):
        return rows
    candidates = np.unique(rows[(draws_N * len(rows)).astype(np.int64)])
    return pool.clearest(candidates, wish, EXEMPLARS_PER_SLOT)


def _shared(labels_N: Rows) -> int:
    return int(labels_N[0]) if (labels_N == labels_N[0]).all() else -1


def _measured(
    snapshot: LatentSpace, judge: Classifier, pool: Seen, column: str, context: str, trials: Trials, at_once: int
) -> Generator[Steps, None, dict[str, Any] | None]:
    """How often A - B + C succeeds, beside C alone and any sample."""
    if not len(trials):
        return None
    a, b, c = np.moveaxis(trials.means_T3Z.astype(np.float64), 1, 0)
    results = np.concatenate(
        (normed(a - b + c, snapshot.latent, "onto the shell"), normed(c, snapshot.latent, "onto the shell"))
    )
    seen = yield from look(snapshot, judge, results, at_once)
    count = len(trials)
    wanted = seen.labels[column] == np.tile(trials.wanted_T, 2)
    kept = {
        name: (np.tile(labels, 2) < 0) | (seen.labels[name] == np.tile(labels, 2))
        for name, labels in trials.shared.items()
    }
    everything = np.logical_and.reduce(list(kept.values()))
    return {
        "success": _share((wanted & everything)[:count]),
        "wanted": _share(wanted[:count]),
        "kept": _share(everything[:count]),
        "kept_context": _share(kept[context][:count]),
        "strength_0": _share((wanted & everything)[count:]),
        "chance": _chance(pool, column, trials),
        "trials": count,
    }


def _chance(pool: Seen, column: str, trials: Trials) -> float:
    """How often any sample shows the wanted value and what C's exemplars share."""
    shares = []
    for trial, code in enumerate(trials.wanted_T):
        wish = {name: int(labels[trial]) for name, labels in trials.shared.items() if labels[trial] >= 0}
        shares.append(len(pool.rows({column: int(code), **wish})) / len(pool))
    return _share(np.array(shares))


def _applied(
    snapshot: LatentSpace,
    judge: Classifier,
    singles: Seen,
    column: str,
    directions: Mapping[str, AttributeVector],
    faces: int,
    at_once: int,
) -> Generator[Steps, None, dict[str, Any] | None]:
    """What directions do to single samples of the second half: pulled until the wanted value shows, and by one amount
    for all that the first half chose."""
    labels = [code for code, value in enumerate(judge.columns[column]) if direction_name(column, value) in directions]
    if len(labels) < 2:
        return None
    vectors = {code: directions[direction_name(column, judge.columns[column][code])] for code in labels}
    targets_N = np.array([_other(labels, int(now), row) for row, now in enumerate(singles.labels[column])], np.int64)
    steps_NZ = np.stack([vectors[code].direction for code in targets_N.tolist()]) * deviation(snapshot.latent)
    choose, measure = slice(0, faces), slice(faces, 2 * faces)
    shown, kept = [], []
    for number, each in enumerate(AMOUNTS):
        job = look(snapshot, judge, singles.z_NZ + np.float32(each) * steps_NZ, at_once)
        after = yield from counted(job, number * 2 * faces, len(AMOUNTS) * 2 * faces)
        shown.append(after.labels[column] == targets_N)
        kept.append(_same(singles, after, column))
    shows_AN, same_ANC = np.stack(shown), np.stack(kept)
    by_amount = np.minimum(shows_AN[:, choose].mean(axis=1), same_ANC[:, choose].mean(axis=(1, 2)))
    fixed = int(np.argmax(by_amount))
    shows_N: NDArray[np.bool_] = np.logical_or.reduce(shows_AN, axis=0)
    first_N = np.where(shows_N, shows_AN.argmax(axis=0), len(AMOUNTS) - 1)  # of the amounts that a hand passes
    kept_NC = same_ANC[first_N, np.arange(2 * faces)][measure]
    others = [name for name in singles.labels if name != column]
    return {
        "wanted": _share(shows_N[measure]),
        "unchanged": _share(kept_NC),
        "unchanged_by_column": {name: _share(kept_NC[:, at]) for at, name in enumerate(others)},
        "amount": _share(np.array(AMOUNTS)[first_N[measure]]),
        "one_amount": {
            "amount": AMOUNTS[fixed],
            "wanted": _share(shows_AN[fixed, measure]),
            "unchanged": _share(same_ANC[fixed, measure]),
        },
        "alignment": _share(np.array([vector.alignment for vector in vectors.values()])),
        "cohen_d": _share(np.array([vector.cohen_d for vector in vectors.values()])),
        "faces": faces,
    }


def _same(before: Seen, after: Seen, column: str) -> NDArray[np.bool_]:
    """Whether each other column is as it was, (N, C)."""
    return np.stack([after.labels[name] == before.labels[name] for name in before.labels if name != column], axis=1)


def _other(labels: list[int], now: int, row: int) -> int:
    """A value to move to that is not the present one; all are used about equally."""
    others = [code for code in labels if code != now]
    return others[row % len(others)]


def _share(values: NDArray[np.bool_] | NDArray[np.float64]) -> float:
    return round(float(values.mean()), 4)
