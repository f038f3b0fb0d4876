"""Concepts in words, such as "man with glasses - man + woman": what each slot of an arithmetic should show.

The words are those that a judge knows, its columns and their values; so what is written here works for every data set
that has a judge. What a term says nothing of and may be absent, such as glasses, should be absent. The ready examples
follow Radford et al. 2015 (arXiv 1511.06434), figure 7.
"""

from __future__ import annotations

import dataclasses
import re
import string
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.controls import GRID_SEED, Point

ABSENT = "none"
PORTRAITS = (
    "man with glasses - man + woman",
    "smiling woman - neutral woman + neutral man",
    "woman with a cap - woman + man",
    "man with a beard - man + smiling man",
    "blonde woman - black-haired woman + black-haired man",
    "surprised man - neutral man + neutral woman",
)
"""Arithmetics that a model of the portraits can do."""

_SILENT = frozenset(("a", "an", "the", "with", "and", "in", "of", "on", "wearing", "who", "is"))
_NOT = frozenset(("no", "without"))

Columns = Mapping[str, tuple[str, ...]]
Exemplars = Mapping[str, tuple[Point, ...]]
Value = tuple[str, str]


class ConceptError(ValueError):
    """Words that are no arithmetic or that mean nothing here; the message is a sentence for the person."""


@dataclass(frozen=True)
class Concepts:
    """An arithmetic in words: slot A is the first term, B the second, and so on. `exemplars` spare the search for
    samples that show them."""

    title: str
    terms: Mapping[str, str]
    expression: str
    exemplars: Exemplars | None = None


def read_concepts(text: str) -> Concepts:
    """Split "x - y + z" into its terms. Raises ConceptError."""
    title = " ".join(text.split())
    # a hyphen may be within a word ("black-haired"), a plus may not
    parts = [part.strip() for part in re.split(r"\s*(\+)\s*|(?:^|\s+)(-)(?:\s+|$)", title) if part is not None]
    terms, signs = parts[::2], parts[1::2]
    if not all(terms) or len(terms) > len(string.ascii_uppercase):
        raise ConceptError(f"{text!r} is not an arithmetic; write it like '{PORTRAITS[0]}'.")
    by_slot = dict(zip(string.ascii_uppercase, terms, strict=False))
    _, *others = by_slot
    rest = (f" {sign} mean({name})" for sign, name in zip(signs, others, strict=True))
    return Concepts(title, by_slot, "mean(A)" + "".join(rest))


def words_of(titles: Mapping[str, str], expression: str) -> str:
    """The inverse of `read_concepts`: "x - y + z" for slots with these titles; "" where the expression says more."""
    if not titles or not all(titles.values()):
        return ""
    concepts = read_concepts(" + ".join(titles.values()))
    signs = re.findall(r" ([+-]) mean\(", expression)
    if len(signs) != len(titles) - 1 or tuple(concepts.terms) != tuple(titles):
        return ""
    first, *others = titles.values()
    text = first + "".join(f" {sign} {term}" for sign, term in zip(signs, others, strict=True))
    return text if read_concepts(text).expression == expression else ""


def wanted(term: str, columns: Columns) -> dict[str, str]:
    """The values that a term names, by column. Raises ConceptError for a word that means nothing here."""
    vocabulary = _vocabulary(columns)
    words = [word for word in re.findall(r"[^\s,]+", term.lower()) if word not in _SILENT]
    found = {column: ABSENT for column, values in columns.items() if ABSENT in values}
    at = 0
    while at < len(words):
        for end in range(len(words), at, -1):
            meant = vocabulary.get(" ".join(words[at:end]))
            if meant is not None:
                found[meant[0]] = meant[1]
                at = end
                break
        else:
            known = ", ".join(
                dict.fromkeys(next(v for v in values[::-1] if v != ABSENT) for values in columns.values())
            )
            raise ConceptError(f"{words[at]!r} is nothing that the judge can see; it knows words such as {known}.")
    return found


def _vocabulary(columns: Columns) -> dict[str, Value]:
    """What words mean: a value where only one column has it, a value with its column's noun, the noun alone."""
    words: dict[str, Value] = {}
    values = [value for names in columns.values() for value in names]
    for column, names in columns.items():
        noun = column.partition("_")[0] if column != "facial_hair" else "facial hair"
        present = [name for name in names if name != ABSENT]
        for name in present:
            words[f"{name} {noun}".lower()] = words[f"{name}-{noun}ed".lower()] = (column, name)
            if values.count(name) == 1:
                words[name.lower()] = (column, name)
        if ABSENT in names and present:
            words.setdefault(noun, (column, present[0]))
            words |= {f"{word} {each}".lower(): (column, ABSENT) for word in _NOT for each in (noun, *present)}
    return words


def examples_for(facts: Mapping[str, Any], data_name: str) -> tuple[Concepts, ...]:
    """The ready arithmetics of a model: the ones above where it was trained on portraits, then others of its card.

    A card keeps exemplars under facts["presets"][title][slot]: places x on the plane of the sample grids, or [seed, x].
    """
    kept = {
        title.lower(): {slot: tuple(map(_place, places)) for slot, places in slots.items()}
        for title, slots in facts.get("presets", {}).items()
    }
    known = PORTRAITS if data_name == "portraits" else ()
    others = [title for title in facts.get("presets", {}) if title.lower() not in known]
    return tuple(
        dataclasses.replace(read_concepts(title), exemplars=kept.get(title.lower())) for title in (*known, *others)
    )


def _place(entry: Any) -> Point:
    seed, x = entry if isinstance(entry, list | tuple) else (GRID_SEED, entry)
    return Point(seed=int(seed), x=float(x))
