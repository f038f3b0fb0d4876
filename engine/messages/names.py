"""What snapshots are called, and what samples are made of, in every message.

Snapshot ids are text: "live" (the newest weights of the training run), "bundled:NAME", "run:PATH@STEP".
Pictures are uint8 (N, H, W, C) with C 1 or 3; points are float32 (N, D).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
Samples = Pixels | Floats
Codes = NDArray[np.int64]

LIVE = "live"
GRID_KINDS = ("samples", "reconstructions")  # what a run draws by itself; the first that it has is shown first


def bundled_snapshot(name: str) -> str:
    """The id of a model in resources/models."""
    return f"bundled:{name}"


def model_of(snapshot: str) -> str:
    """The id of the run or of the bundled model that a snapshot is of: "run:PATH" or "bundled:NAME"."""
    return snapshot.rpartition("@")[0] if snapshot.startswith("run:") else snapshot


def run_snapshot(path: str, step: int | None = None) -> str:
    """The id of a snapshot in a run folder; without a step, the newest."""
    return f"run:{path}@{'last' if step is None else step}"
