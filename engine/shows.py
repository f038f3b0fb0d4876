"""What a model shows by itself while it trains: a grid of each kind that its capabilities allow."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from engine import latent
from engine.controls import GRID_SEED, grid_label
from engine.data.dataset import Dataset
from engine.family import LatentSpace, Reconstructor, Snapshot
from engine.messages import GRID_KINDS, Samples
from engine.stepper import to_model, to_samples

SAMPLES, RECONSTRUCTIONS = GRID_KINDS
USAGE = "usage"  # kept beside them: the window counts of a codebook
GRID_COUNT = 64
POINT_COUNT = 1000


def probe_of(dataset: Dataset, device: torch.device) -> Tensor:
    """The samples whose reconstructions are shown at every step: the first of the data set, (N, ..) for the model."""
    count = min(GRID_COUNT // 2, len(dataset))
    return to_model(torch.from_numpy(dataset.batch(np.arange(count, dtype=np.int64))).to(device))


def grids_of(snapshot: Snapshot, probe: Tensor, device: torch.device) -> Iterator[tuple[str, Samples]]:
    """(kind, samples) of each grid that this model can draw. Of reconstructions, each follows its original."""
    if isinstance(snapshot, LatentSpace):
        yield SAMPLES, grid_samples(snapshot, snapshot.spec.is_points, device)
    if isinstance(snapshot, Reconstructor):
        with torch.inference_mode():
            pairs = torch.stack((probe, snapshot.reconstruct(probe)), dim=1).flatten(0, 1)
            yield RECONSTRUCTIONS, to_samples(pairs)


def grid_samples(space: LatentSpace, points: bool, device: torch.device) -> Samples:
    """The fixed samples of every grid: the places (0, 0), (1, 0), ... of the plane GRID_SEED."""
    count = POINT_COUNT if points else GRID_COUNT
    z_NZ = latent.draw_many(space.latent.prior, space.latent.size, GRID_SEED, np.arange(count), 0)
    labels = {
        name: torch.tensor([grid_label(column, index, len(values)) for index in range(count)], device=device)
        for column, (name, values) in enumerate(space.conditions.items())
        if values
    }
    with torch.inference_mode():
        return to_samples(space.decode(torch.from_numpy(z_NZ).to(device), labels or None))
