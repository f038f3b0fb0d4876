"""Straight borders of attributes in z: who learns what from whom, and that a space becomes straight."""

from __future__ import annotations

import functools

import pytest
import torch
import torch.nn.functional as F

from engine.data.dataset import Dataset, finish
from engine.data.portraits import load_portraits
from engine.families.gan import straight
from engine.families.gan.gan_modern import ENTRY
from engine.family import FamilyError, SampleSpec
from engine.knobs import configure
from engine.stepper import Stepper

SIZES = (2, 3)


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@functools.cache
def portraits() -> Dataset:
    return finish(load_portraits(size=32, split="train", count=96, seed=0))


def test_an_unknown_label_does_not_count() -> None:
    seen = torch.randn(4, 5, generator=rng())
    labels = torch.tensor([[0, 2], [1, -1], [-1, 0], [1, 1]])
    first = F.cross_entropy(seen[[0, 1, 3], :2], torch.tensor([0, 1, 1]))
    second = F.cross_entropy(seen[[0, 2, 3], 2:], torch.tensor([2, 0, 1]))
    torch.testing.assert_close(straight.told_loss(seen, labels, SIZES), (first + second) / 2)
    assert float(straight.told_loss(seen, torch.full((4, 2), -1), SIZES)) == 0.0


def test_the_map_learns_from_the_picture_and_the_picture_from_the_map_never_the_other_way() -> None:
    said = torch.randn(6, 5, generator=rng(1), requires_grad=True)
    seen = torch.randn(6, 5, generator=rng(2), requires_grad=True)
    (towards_map,) = torch.autograd.grad(straight.map_loss(said, seen, SIZES), said)
    assert towards_map.abs().sum() > 0
    assert torch.autograd.grad(straight.map_loss(said, seen, SIZES), seen, allow_unused=True) == (None,)
    (towards_picture,) = torch.autograd.grad(straight.straight_loss(said, seen, SIZES), seen)
    assert torch.autograd.grad(straight.straight_loss(said, seen, SIZES), said, allow_unused=True) == (None,)
    # descent raises what the map says and lowers the rest
    chosen = said[:, 2:].argmax(dim=1)
    assert bool((-towards_picture[:, 2:].gather(1, chosen[:, None]) > 0).all())


def test_a_map_that_knows_nothing_asks_for_nothing() -> None:
    seen = torch.randn(6, 5, generator=rng(3))
    assert float(straight.straight_loss(torch.zeros(6, 5), seen, SIZES)) == 0.0


def test_agreement_is_the_share_of_values_named_alike() -> None:
    said = F.one_hot(torch.tensor([0, 1]), 2).float()
    assert float(straight.agreement(said, said, (2,))) == 1.0
    assert float(straight.agreement(said, said.flip(1), (2,))) == 0.0


def test_training_with_straightness_shows_its_terms_and_opens_as_a_snapshot() -> None:
    config = configure(ENTRY.config, ENTRY.preset("tiny").values, {"straightness": 1.0})
    stepper = Stepper(ENTRY, config, portraits(), seed=0, device=torch.device("cpu"))
    for _ in range(3):
        stepper.step()
    metrics = stepper.read_metrics()
    assert metrics["loss/attributes"] > 0
    assert 0.0 <= metrics["straight"] <= 1.0
    snapshot = ENTRY.open_snapshot(config, stepper.family.spec, stepper.family.snapshot_tensors())
    assert snapshot.decode(torch.zeros(1, 16)).shape == (1, 3, 32, 32)  # type: ignore[attr-defined]


def test_without_straightness_nothing_is_added() -> None:
    config = configure(ENTRY.config, ENTRY.preset("tiny").values)
    stepper = Stepper(ENTRY, config, portraits(), seed=0, device=torch.device("cpu"))
    stepper.step()
    assert not {"loss/attributes", "straight"} & set(stepper.read_metrics())


def test_data_without_labels_is_refused_with_a_sentence() -> None:
    config = configure(ENTRY.config, {"straightness": 1.0})
    with pytest.raises(FamilyError, match="set straightness to 0"):
        ENTRY.build(config, SampleSpec((32, 32, 3)))
