"""The entry is complete: knobs that explain themselves, presets that build, schedules that fit the length of a run."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from engine.families.dvae.dvae import DvaeConfig
from engine.family import Batch, FamilyEntry, SampleSpec, card
from engine.knobs import configure, knobs_of

GROUPS = {"Codebook", "Architecture", "Loss", "Schedules", "Optimizer", "EMA", "Measurements", "Batch"}


def test_every_knob_explains_itself(entry: FamilyEntry):
    for knob in knobs_of(entry.config):
        assert knob.help.endswith("."), knob.name
        assert len(knob.help) < 130, knob.name
        assert knob.group in GROUPS, knob.name
        assert knob.source, knob.name
        assert knob.choices or knob.low is not None, knob.name
        assert knob.choices or knob.high is not None, knob.name
        knob.check(knob.default)


@pytest.mark.parametrize("name", ["paper", "modern", "tiny"])
def test_every_preset_builds(entry: FamilyEntry, name: str):
    preset = entry.preset(name)
    config = dataclasses.replace(configure(entry.config, preset.values), width=4)
    config = dataclasses.replace(config, codes=min(config.codes, 512))
    family = entry.build(config, SampleSpec((64, 64, 3)))
    assert [phase.name for phase in family.phases()] == ["dVAE"]
    assert preset.help.endswith(".")


def test_the_defaults_are_the_paper_s(entry: FamilyEntry):
    assert entry.preset("paper").values == {}
    config = DvaeConfig()
    assert (config.codes, config.beta, config.margin, config.batch_size) == (8192, 6.6, 0.1, 512)
    assert (config.weight_decay, config.ema) == (1e-4, 0.999)


def test_the_light_preset_minimises_the_bound_and_keeps_its_codes_in_use(entry: FamilyEntry):
    config = configure(entry.config, entry.preset("modern").values, {"width": 4})
    family = entry.build(config, SampleSpec((32, 32, 3)))
    assert family.kl_weight(100) == pytest.approx(64 / 3072)
    assert config.beta_usage > config.beta
    assert config.clip > 0


def test_a_card_can_be_made_of_it(entry: FamilyEntry):
    shown = card(entry)
    assert shown.best == "modern"
    assert shown.phases == ()
    assert entry.size_for((28, 28, 1)) == 32


@pytest.mark.stress
def test_the_paper_s_preset_takes_a_step(entry: FamilyEntry):
    """97 million weights at 256 pixels, with a batch of one: some 35 seconds of one core and 3.1 GB."""
    config = configure(entry.config, entry.preset("paper").values, {"batch_size": 1})
    family = entry.build(config, SampleSpec((256, 256, 3), count=1))
    (phase,) = family.phases()
    optimizer = torch.optim.AdamW(phase.module.parameters(), phase.optimizer.lr, fused=True)
    x = torch.rand(1, 3, 256, 256, generator=torch.Generator().manual_seed(0)) * 2 - 1
    losses = family.losses("dVAE", Batch(x, {}), torch.Generator().manual_seed(0), 0)
    losses.total.backward()
    optimizer.step()
    family.after_step(0, ("dVAE",), torch.Generator())
    assert all(value.isfinite() for value in losses.terms.values())
    assert all(parameter.isfinite().all() for parameter in phase.module.parameters())
