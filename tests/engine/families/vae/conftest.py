"""Small VAEs and batches of made-up bytes for the tests of this folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import torch

from engine.families.vae.family import Vae
from engine.families.vae.vae import ENTRY
from engine.family import Batch, SampleSpec
from engine.knobs import configure

MakeVae = Callable[..., Vae]
MakeBatch = Callable[..., Batch]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Small tensors are quicker on one thread, and sums come out the same."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def make_vae() -> MakeVae:
    def make(spec: SampleSpec, **knobs: object) -> Vae:
        config = configure(ENTRY.config, ENTRY.preset("tiny").values, {"causal_layers": 3}, knobs)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            vae = ENTRY.build(config, spec)
        assert isinstance(vae, Vae)
        return vae

    return make


@pytest.fixture
def make_batch() -> MakeBatch:
    def make(spec: SampleSpec, count: int = 8, seed: int = 0) -> Batch:
        rng = torch.Generator().manual_seed(seed)
        levels = torch.randint(0, 256, (count, spec.shape[2], *spec.shape[:2]), generator=rng)
        return Batch(levels.float().div(127.5).sub(1), {})

    return make
