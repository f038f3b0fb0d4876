"""A conditional GAN makes what it is asked for (models.md test 23)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from engine.data.dataset import ArraySource, Column, Dataset, Table
from engine.families.gan.family import Gan
from engine.families.gan.recipe import conditions_of, stack_labels
from engine.family import FamilyEntry, SampleSpec
from engine.knobs import configure
from engine.stepper import Stepper, spec_of

MakeGan = Callable[..., Gan]
Entries = dict[str, FamilyEntry]
COLUMNS = {"label": ("cat", "dog"), "hat": ("none", "cap", "crown"), "age": ("young", "old")}
SPEC = SampleSpec((16, 16, 3), COLUMNS)


def test_a_config_chooses_its_columns() -> None:
    assert conditions_of("none", SPEC) == {}
    assert list(conditions_of("label", SPEC)) == ["label"]
    assert list(conditions_of("attributes", SPEC)) == ["age", "hat"]
    assert list(conditions_of("everything", SPEC)) == ["age", "hat", "label"]
    for choice, words in (("label", "no labels"), ("attributes", "no attributes"), ("everything", "no labels or")):
        with pytest.raises(ValueError, match=words):
            conditions_of(choice, SampleSpec((2,)))


def test_labels_are_stacked_in_order_and_what_is_not_given_is_unknown() -> None:
    columns = conditions_of("everything", SPEC)
    labels = stack_labels(columns, {"hat": torch.tensor([2, 0])}, 2, torch.device("cpu"))
    assert labels is not None
    assert labels.tolist() == [[-1, 2, -1], [-1, 0, -1]]
    assert stack_labels({}, None, 2, torch.device("cpu")) is None


@pytest.mark.parametrize("name", ["gan_2014", "dcgan", "gan_modern"])
def test_another_label_is_another_picture_and_another_score(entries: Entries, make_gan: MakeGan, name: str) -> None:
    gan = make_gan(name, "tiny", SPEC, condition="everything")
    for table in gan.discriminator.embedding.tables:
        torch.nn.init.normal_(table.weight, generator=torch.Generator().manual_seed(0))
    tensors = {key: value.detach().clone() for key, value in gan.snapshot_tensors().items()}
    snapshot = entries[name].open_snapshot(gan.config, SPEC, tensors)
    assert list(snapshot.conditions) == ["age", "hat", "label"]
    z = torch.randn(1, snapshot.latent.size, generator=torch.Generator().manual_seed(0))
    x = snapshot.decode(z)
    for code in ({"label": torch.tensor([1])}, {"hat": torch.tensor([2])}):
        assert not torch.equal(snapshot.decode(z, code), x)
        assert not torch.equal(snapshot.score(x, code), snapshot.score(x))
    unknown = {column: torch.tensor([-1]) for column in COLUMNS}
    assert torch.equal(snapshot.decode(z, unknown), x)


def test_g_learns_to_obey_the_label(entries: Entries) -> None:
    """Two clouds of points with a name each: after training the asked one comes (mutual information near log 2)."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 4000).astype(np.int16)
    points = (rng.normal(0, 0.2, (4000, 2)) + np.where(labels[:, None] == 1, 1.5, -1.5)).astype(np.float32)
    table = Table({"label": Column(labels, ("left", "right"))})
    data = Dataset("clouds", "Clouds", "train", ArraySource(points), (2,), table, "0")
    entry = entries["gan_modern"]
    values = {"condition": "label", "point_width": 32, "batch_size": 64, "lr_g": 4e-3, "lr_d": 4e-3}
    config = configure(entry.config, entry.preset("points").values, values)
    stepper = Stepper(entry, config, data, seed=0, device=torch.device("cpu"))
    for _ in range(250):
        stepper.step()
    tensors = {key: value.detach().clone() for key, value in stepper.family.snapshot_tensors().items()}
    snapshot = entry.open_snapshot(config, spec_of(data), tensors)
    z = torch.randn(500, 2, generator=torch.Generator().manual_seed(1))
    for code, side in ((0, -1), (1, 1)):
        made = snapshot.decode(z, {"label": torch.full((500,), code)})
        assert (torch.sign(made.sum(dim=1)) == side).float().mean().item() > 0.98
        assert made.mean(dim=0).tolist() == pytest.approx([1.5 * side] * 2, abs=0.5)
