"""Every config of the folder is complete: knobs that explain themselves, presets that build, data for the demos."""

from __future__ import annotations

import dataclasses

import pytest

from engine.data.points import POINT_SETS
from engine.data.ref import BUILT_IN
from engine.families.gan import ENTRIES
from engine.family import FamilyEntry, SampleSpec
from engine.knobs import configure, knobs_of

GROUPS = {"Architecture", "Condition", "Loss", "Regularisation", "Optimizer", "EMA", "Batch"}
PRESETS = [(entry, preset.name) for entry in ENTRIES for preset in entry.presets]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_every_knob_explains_itself(entry: FamilyEntry) -> None:
    for knob in knobs_of(entry.config):
        assert knob.help.endswith("."), knob.name
        assert len(knob.help) < 130, knob.name
        assert knob.group in GROUPS, knob.name
        assert knob.source, knob.name
        if knob.kind in ("int", "float"):
            assert knob.low is not None, knob.name
            assert knob.high is not None, knob.name
        knob.check(knob.default)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_the_knobs_that_everyone_looks_for_are_there(entry: FamilyEntry) -> None:
    knobs = {knob.name: knob for knob in knobs_of(entry.config)}
    assert {"batch_size", "lr_g", "lr_d", "z_size", "condition", "loss"} <= knobs.keys()
    assert knobs["lr_g"].live
    assert knobs["lr_d"].live
    assert knobs["batch_size"].group == "Batch"


@pytest.mark.parametrize(("entry", "name"), PRESETS, ids=[f"{entry.name}-{name}" for entry, name in PRESETS])
def test_every_preset_builds(entry: FamilyEntry, name: str) -> None:
    preset = entry.preset(name)
    assert preset.help.endswith(".")
    config = configure(entry.config, preset.values)
    # The largest networks are not needed to see that a preset fits.
    small = {"width": 4, "g_units": 16, "d_units": 4} if name in ("paper", "modern", "few_pictures") else {}
    names = {field.name for field in dataclasses.fields(config)}
    config = dataclasses.replace(config, **{key: value for key, value in small.items() if key in names})
    on_points = name == "points" or entry.demo_data.get(name) in POINT_SETS
    labelled = {"glasses": ("none", "round")}
    spec = SampleSpec((2,)) if on_points else SampleSpec((32, 32, 3), labelled)
    gan = entry.build(config, spec)
    assert [phase.name for phase in gan.phases()] == ["D", "G"]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_the_best_preset_exists_and_demos_name_their_data(entry: FamilyEntry) -> None:
    entry.preset(entry.best)
    assert entry.preset("tiny").title == "Tiny"
    assert entry.preset("paper").source
    demos = {preset.name for preset in entry.presets if preset.name.startswith("demo")}
    assert demos <= entry.demo_data.keys()
    for preset, data in entry.demo_data.items():
        entry.preset(preset)
        assert data in {each.name for each in BUILT_IN}
