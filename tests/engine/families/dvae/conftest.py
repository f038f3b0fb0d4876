"""A small autoencoder and batches of made-up pictures for the tests of this folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch

from engine.data.dataset import ArraySource, Dataset, Table
from engine.families.dvae import ENTRIES
from engine.families.dvae.family import Dvae
from engine.family import Batch, FamilyEntry, SampleSpec
from engine.knobs import configure
from engine.stepper import Stepper

MakeDvae = Callable[..., Dvae]
MakeStepper = Callable[..., Stepper]
RGB_16 = SampleSpec((16, 16, 3), count=64)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Small tensors are quicker on one thread, and sums come out the same."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def entry() -> FamilyEntry:
    (only,) = ENTRIES
    return only


@pytest.fixture
def make_dvae(entry: FamilyEntry) -> MakeDvae:
    def make(spec: SampleSpec = RGB_16, **knobs: object) -> Dvae:
        config = configure(entry.config, entry.preset("tiny").values, knobs)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            family = entry.build(config, spec)
        assert isinstance(family, Dvae)
        return family

    return make


@pytest.fixture
def batch() -> Batch:
    x = torch.rand(4, 3, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1
    return Batch(x, {})


@pytest.fixture
def make_stepper(entry: FamilyEntry) -> MakeStepper:
    """Training on sixteen pictures of one colour each."""

    def make(seed: int = 0, **knobs: object) -> Stepper:
        colours = np.random.default_rng(0).integers(256, size=(16, 1, 1, 3), dtype=np.uint8)
        pictures = np.broadcast_to(colours, (16, 16, 16, 3))
        data = Dataset("colours", "Colours", "train", ArraySource(pictures), (16, 16, 3), Table({}), "0")
        config = configure(entry.config, entry.preset("tiny").values, {"batch_size": 8}, knobs)
        return Stepper(entry, config, data, seed=seed, device=torch.device("cpu"))

    return make
