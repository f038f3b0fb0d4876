"""One declaration of a setting: checked on its way in, turned into plain values, layered over defaults."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from engine.knobs import KnobError, configure, knob, knobs_of, values_of


@dataclass(frozen=True)
class Example:
    width: int = knob(64, "Channels.", group="Network", low=4, high=128)
    rate: float = knob(2e-4, "Learning rate.", group="Optimizer", low=0.0, live=True)
    average: bool = knob(True, "Keep an average.", group="Network")
    loss: str = knob("softplus", "Loss.", group="Network", choices=("softplus", "hinge"))


def test_kinds_follow_from_the_defaults():
    assert [each.kind for each in knobs_of(Example)] == ["int", "float", "bool", "choice"]


def test_later_layers_win_and_text_is_turned_into_the_right_type():
    config = configure(Example, {"width": 32, "loss": "hinge"}, {"width": "16", "average": "off"})
    assert config == Example(width=16, rate=2e-4, average=False, loss="hinge")
    assert values_of(config) == {"width": 16, "rate": 2e-4, "average": False, "loss": "hinge"}


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("width", 3, "from 4 to 128"),
        ("width", 4.5, "whole number"),
        ("width", "many", "whole number"),
        ("rate", -1.0, "at least 0"),
        ("rate", float("nan"), "number"),
        ("rate", float("inf"), "number"),
        ("rate", True, "number"),
        ("average", "maybe", "true or false"),
        ("loss", "wasserstein", "softplus, hinge"),
        ("depth", 3, "width, rate, average, loss"),
    ],
)
def test_a_bad_value_gets_one_sentence_that_says_what_is_taken(name: str, value: object, wanted: str):
    with pytest.raises(KnobError, match=wanted):
        configure(Example, {name: value})


def test_a_field_without_a_declaration_is_a_mistake_of_the_programmer():
    @dataclass(frozen=True)
    class Bare:
        width: int = 3

    with pytest.raises(TypeError, match="width"):
        knobs_of(Bare)


def test_a_text_knob_needs_choices():
    @dataclass(frozen=True)
    class Free:
        name: str = knob("x", "Any text.", group="Network")

    with pytest.raises(TypeError, match="choices"):
        knobs_of(Free)
