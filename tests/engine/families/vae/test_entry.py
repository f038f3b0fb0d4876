"""The config explains itself, its presets build, and its demo names its data."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from engine.data.ref import BUILT_IN
from engine.families.vae import ENTRIES
from engine.families.vae.vae import ENTRY
from engine.family import SampleSpec
from engine.knobs import configure, knobs_of

GROUPS = {"Architecture", "Loss", "Optimizer", "EMA", "Batch"}


def test_every_knob_explains_itself() -> None:
    for knob in knobs_of(ENTRY.config):
        assert knob.help.endswith("."), knob.name
        assert len(knob.help) < 130, knob.name
        assert knob.group in GROUPS, knob.name
        assert knob.source, knob.name
        if knob.kind in ("int", "float"):
            assert knob.low is not None, knob.name
            assert knob.high is not None, knob.name
        knob.check(knob.default)


@pytest.mark.parametrize("size", ENTRY.sizes)
@pytest.mark.parametrize("name", [preset.name for preset in ENTRY.presets])
def test_every_preset_builds_and_takes_pictures_of_every_size(name: str, size: int) -> None:
    preset = ENTRY.preset(name)
    assert preset.help.endswith(".")
    config = dataclasses.replace(configure(ENTRY.config, preset.values), width=4)
    vae = ENTRY.build(config, SampleSpec((size, size, 1)))
    (phase,) = vae.phases()
    assert phase.name == "VAE"
    x = torch.zeros(2, 1, size, size)
    z = vae.network.posterior(x).mean
    assert z.shape == (2, config.z_size)
    assert vae.network.decoder(z, x).shape == (2, vae.likelihood.maps, size, size)


def test_the_best_preset_exists_and_demos_name_their_data() -> None:
    assert ENTRIES == (ENTRY,)
    ENTRY.preset(ENTRY.best)
    assert ENTRY.preset("paper").source
    demos = {preset.name for preset in ENTRY.presets if preset.name.startswith("demo")}
    assert demos == ENTRY.demo_data.keys()
    assert set(ENTRY.demo_data.values()) <= {each.name for each in BUILT_IN}
