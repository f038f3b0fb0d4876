"""What a person sees in the plane: the healthy presets settle, the demo presets fail in their own way."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.data.dataset import ArraySource, Dataset, Table
from engine.data.points import POINT_SETS
from engine.families.gan.snapshot import GanSnapshot
from engine.family import FamilyEntry
from engine.knobs import configure
from engine.stepper import Stepper, spec_of

Entries = dict[str, FamilyEntry]
Train = Callable[[str, str, str, int], Stepper]


@pytest.fixture
def train(entries: Entries) -> Train:
    def run(family: str, preset: str, name: str, steps: int) -> Stepper:
        entry = entries[family]
        points = POINT_SETS[name].draw(20_000, np.random.default_rng(0))[0].astype(np.float32)
        data = Dataset(name, name, "train", ArraySource(points), points.shape[1:], Table(), "0")
        config = configure(entry.config, entry.preset(preset).values)
        stepper = Stepper(entry, config, data, seed=0, device=torch.device("cpu"))
        for _ in range(steps):
            stepper.step()
        return stepper

    return run


def snapshot_of(stepper: Stepper) -> GanSnapshot:
    tensors = {name: value.detach().clone() for name, value in stepper.family.snapshot_tensors().items()}
    snapshot = stepper.entry.open_snapshot(stepper.config, spec_of(stepper.dataset), tensors)
    assert isinstance(snapshot, GanSnapshot)
    return snapshot


def draw(stepper: Stepper, count: int = 2000) -> Tensor:
    snapshot = snapshot_of(stepper)
    rng = torch.Generator().manual_seed(7)
    if snapshot.latent.prior == "normal":
        return snapshot.decode(torch.randn(count, snapshot.latent.size, generator=rng))
    return snapshot.decode(torch.rand(count, snapshot.latent.size, generator=rng) * 2 - 1)


def modes(points_ND: Tensor) -> int:
    """How many of the eight spots of the mixture have at least a fifth of their share."""
    spots = torch.tensor(POINT_SETS["mixture"].means_KD, dtype=torch.float32)  # type: ignore[attr-defined]
    distance, nearest = torch.cdist(points_ND, spots).min(dim=1)
    share = torch.bincount(nearest[distance < 0.48], minlength=len(spots)) / len(points_ND)
    return int((share >= 1 / 8 / 5).sum())


def test_figure_1_d_cannot_tell_in_the_end(train: Train) -> None:
    """models.md test 17: on a Gaussian, D is one half on the support and the samples have its mean and deviation."""
    stepper = train("gan_modern", "points", "gaussian-1d", 250)
    support = torch.linspace(-0.5, 1.5, 50)[:, None]
    assert (torch.sigmoid(snapshot_of(stepper).score(support)) - 0.5).abs().max().item() < 0.05
    made = draw(stepper)
    assert made.mean().item() == pytest.approx(0.5, abs=0.12)
    assert made.std().item() == pytest.approx(0.5, abs=0.12)


def test_mode_collapse_collapses_where_the_healthy_preset_does_not(train: Train) -> None:
    healthy = train("gan_modern", "points", "mixture", 450)
    assert modes(draw(healthy)) >= 7
    collapsed = train("gan_2014", "demo_mode_collapse", "mixture", 300)
    assert modes(draw(collapsed)) <= 2


def test_a_d_that_is_too_strong_leaves_g_without_a_gradient(train: Train) -> None:
    stepper = train("gan_2014", "demo_d_too_strong", "mixture", 60)
    stepper.read_metrics()
    before = draw(stepper)
    for _ in range(20):
        stepper.step()
    metrics = stepper.read_metrics()
    assert metrics["D(real)"] > 0.99
    assert metrics["D(fake)"] < 0.01
    assert metrics["gradient norm/G"] < 1e-3
    assert (draw(stepper) - before).abs().max().item() < 0.05
    assert modes(draw(stepper)) == 0


def test_a_d_that_is_too_weak_says_one_half_and_g_stays_wrong(train: Train) -> None:
    stepper = train("gan_2014", "demo_d_too_weak", "mixture", 250)
    stepper.read_metrics()
    for _ in range(20):
        stepper.step()
    metrics = stepper.read_metrics()
    assert metrics["D(real)"] == pytest.approx(0.5, abs=0.05)
    assert metrics["D(fake)"] == pytest.approx(0.5, abs=0.05)
    assert modes(draw(stepper)) <= 3
