"""Does latent arithmetic work on a bundled model? Counted by the judge, as `engine.evaluate.arithmetic` says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from engine import shelf
from engine.bench.straight import StraightJudge, StraightSpace
from engine.device import training_threads
from engine.evaluate.arithmetic import measure_arithmetic
from engine.evaluate.judge import Judge, JudgeError, judge_folder
from engine.evaluate.sampling import finished
from engine.family import Families
from engine.live import LiveSnapshot

MODEL = "bundled:portraits-32"
SLOTS = ("success", "wanted", "kept", "strength_0", "chance")
DIRECTIONS = ("wanted", "unchanged", "amount", "alignment")
ONE_AMOUNT = ("wanted", "unchanged")


def bench_arithmetic(model: str = MODEL, samples: int = 4096, trials: int = 200, faces: int = 200) -> dict[str, float]:
    """Shares by attribute in 0..1, and their means; NaN where a model shows too little of an attribute. Those of a
    space without any curve stand beside them as "straight": no model reaches more.

    Raises SnapshotError where the model is not there, JudgeError where no judge knows its data.
    """
    torch.set_num_threads(training_threads())
    opened = shelf.Shelf(Families(), LiveSnapshot(), torch.device("cpu")).open(model)
    folder = None if opened.data is None else judge_folder(shelf.RESOURCES, opened.data.name)
    if folder is None:
        raise JudgeError(f"No judge knows the pictures of {opened.title}; arithmetic cannot be counted.")
    figures = finished(measure_arithmetic(opened.space, Judge.load(folder), samples, trials, faces))
    best = finished(measure_arithmetic(StraightSpace(), StraightJudge(), samples, trials, faces))
    directions: Mapping[str, Mapping[str, Any] | None] = figures["directions"]
    fixed = {column: None if each is None else each["one_amount"] for column, each in directions.items()}
    return {
        **_flat(figures["slots"], "slots", SLOTS),
        **_flat(directions, "directions", DIRECTIONS),
        **_flat(fixed, "one_amount", ONE_AMOUNT),
        **_flat(best["slots"], "straight/slots", ("success",)),
        **_flat(best["directions"], "straight/directions", ("wanted", "unchanged")),
    }


def _flat(by_column: Mapping[str, Mapping[str, Any] | None], kind: str, names: tuple[str, ...]) -> dict[str, float]:
    """The mean over the attributes that could be measured, then each attribute."""
    flat: dict[str, float] = {}
    for name in names:
        known = [each[name] for each in by_column.values() if each is not None]
        flat[f"{kind}/{name}"] = float(np.mean(known)) if known else float("nan")
    for column, each in by_column.items():
        for name in names:
            flat[f"{kind}/{name}/{column}"] = float("nan") if each is None else float(each[name])
    return flat
