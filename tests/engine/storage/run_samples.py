"""A run to write tests with. Loads no torch, so that a process that is to be killed starts fast."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from engine.storage.runs import RunRecord


def record(**changes: Any) -> RunRecord:
    plain = RunRecord(
        name="My first faces",
        family="gan_modern",
        preset="tiny",
        knobs={"z": 64, "rate": 2e-4, "loss": "softplus", "limit": math.inf},
        data={"name": "portraits", "size": 32, "points": None},
        data_title="Portraits",
        data_fingerprint="abc123",
        shape=(32, 32, 3),
        conditions={"glasses": ("none", "round")},
        seed=3,
        threads=2,
        device="cpu",
        versions={"torch": "2.13.0"},
        created=1.5e9,
        command="python -m engine train gan_modern:tiny",
    )
    return dataclasses.replace(plain, **changes)
