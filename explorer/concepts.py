"""Ready arithmetics over faces: what each slot should show, in the attribute values that the judge knows.

The examples follow Radford et al. 2015 (arXiv 1511.06434), figure 7: smiling woman - neutral woman + neutral man, man
with glasses - man without + woman without. A bundled model's card may hold chosen exemplars for a title, and examples
of its own, under facts["presets"][title][slot] = places on the seed plane GRID_SEED, or [seed, x] pairs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine import GRID_SEED, Point
from explorer.text import mark

DEFAULT_EXPRESSION = "mean(A) - mean(B) + mean(C)"
Wanted = Mapping[str, str]


@dataclass(frozen=True)
class Concept:
    """One slot of an example: its words, and the values that its exemplars should have."""

    title: str
    wanted: Wanted


@dataclass(frozen=True)
class Example:
    """A whole arithmetic: slots by letter. `exemplars`, where a card has them, spare the search."""

    title: str
    slots: Mapping[str, Concept]
    expression: str = DEFAULT_EXPRESSION
    exemplars: Mapping[str, tuple[Point, ...]] | None = None


def _concept(title: str, **wanted: str) -> Concept:
    return Concept(title, {"facial_hair": "none", "headwear": "none", "glasses": "none", **wanted})


_MAN, _WOMAN = {"presentation": "man"}, {"presentation": "woman"}

EXAMPLES: tuple[Example, ...] = (
    Example(
        mark("Man with glasses - man + woman"),
        {
            "A": _concept(mark("man with glasses"), **{**_MAN, "glasses": "round"}),
            "B": _concept(mark("man"), **_MAN),
            "C": _concept(mark("woman"), **_WOMAN),
        },
    ),
    Example(
        mark("Smiling woman - neutral woman + neutral man"),
        {
            "A": _concept(mark("smiling woman"), **{**_WOMAN, "expression": "smiling"}),
            "B": _concept(mark("neutral woman"), **{**_WOMAN, "expression": "neutral"}),
            "C": _concept(mark("neutral man"), **{**_MAN, "expression": "neutral"}),
        },
    ),
    Example(
        mark("Woman with a cap - woman + man"),
        {
            "A": _concept(mark("woman with a cap"), **{**_WOMAN, "headwear": "cap"}),
            "B": _concept(mark("woman"), **_WOMAN),
            "C": _concept(mark("man"), **_MAN),
        },
    ),
    Example(
        mark("Man with a beard - man + smiling man"),
        {
            "A": _concept(mark("man with a beard"), **{**_MAN, "facial_hair": "beard"}),
            "B": _concept(mark("man"), **_MAN),
            "C": _concept(mark("smiling man"), **{**_MAN, "expression": "smiling"}),
        },
    ),
    Example(
        mark("Blonde woman - black-haired woman + black-haired man"),
        {
            "A": _concept(mark("blonde woman"), **{**_WOMAN, "hair_colour": "blonde"}),
            "B": _concept(mark("black-haired woman"), **{**_WOMAN, "hair_colour": "black"}),
            "C": _concept(mark("black-haired man"), **{**_MAN, "hair_colour": "black"}),
        },
    ),
    Example(
        mark("Surprised man - neutral man + neutral woman"),
        {
            "A": _concept(mark("surprised man"), **{**_MAN, "expression": "surprised"}),
            "B": _concept(mark("neutral man"), **{**_MAN, "expression": "neutral"}),
            "C": _concept(mark("neutral woman"), **{**_WOMAN, "expression": "neutral"}),
        },
    ),
)


def examples_for(facts: Mapping[str, Any], data_name: str) -> tuple[Example, ...]:
    """The examples that fit a model: those of its card, then the ones above where it was trained on Portraits."""
    stored: Mapping[str, Mapping[str, Any]] = facts.get("presets", {})
    known = EXAMPLES if data_name == "portraits" else ()
    found = [
        _with_exemplars(example, stored[example.title]) if example.title in stored else example for example in known
    ]
    titles = {example.title for example in known}
    for title, slots in stored.items():
        if title not in titles:
            found.append(_with_exemplars(Example(title, {name: Concept(name, {}) for name in slots}), slots))
    return tuple(found)


def _with_exemplars(example: Example, stored: Mapping[str, Any]) -> Example:
    exemplars = {name: tuple(_point(entry) for entry in places) for name, places in stored.items()}
    return Example(example.title, example.slots, example.expression, exemplars)


def _point(entry: Any) -> Point:
    """A place as a card writes it: x on the plane of the sample grids, or [seed, x]."""
    seed, x = entry if isinstance(entry, list | tuple) else (GRID_SEED, entry)
    return Point(seed=int(seed), x=float(x))
