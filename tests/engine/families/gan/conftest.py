"""Small GANs and batches of made-up numbers for the tests of this folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import torch

from engine.families.gan import ENTRIES
from engine.families.gan.family import Gan
from engine.family import Batch, FamilyEntry, SampleSpec
from engine.knobs import configure

MakeGan = Callable[..., Gan]
MakeBatch = Callable[..., Batch]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Small tensors are quicker on one thread, and sums come out the same."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def entries() -> dict[str, FamilyEntry]:
    return {entry.name: entry for entry in ENTRIES}


@pytest.fixture
def make_gan(entries: dict[str, FamilyEntry]) -> MakeGan:
    def make(name: str, preset: str, spec: SampleSpec, **knobs: object) -> Gan:
        entry = entries[name]
        config = configure(entry.config, entry.preset(preset).values, knobs)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            gan = entry.build(config, spec)
        assert isinstance(gan, Gan)
        return gan

    return make


@pytest.fixture
def make_batch() -> MakeBatch:
    def make(spec: SampleSpec, count: int = 8, seed: int = 0) -> Batch:
        rng = torch.Generator().manual_seed(seed)
        shape = spec.shape if spec.is_points else (spec.shape[2], *spec.shape[:2])
        labels = {
            name: torch.randint(-1, len(names), (count,), generator=rng) for name, names in spec.conditions.items()
        }
        return Batch(torch.rand(count, *shape, generator=rng) * 2 - 1, labels)

    return make
