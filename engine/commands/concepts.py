"""Concepts in words, such as "man with glasses - man + woman": what each slot of an arithmetic should show.

The words are those that a judge knows, its columns and their values; so what is written here works for every data set
that has a judge. What a term says nothing of and may be absent, such as glasses, should be absent.
"""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.commands.terminal import CommandError
from engine.controls import GRID_SEED, Arithmetic, Point, Slot

ABSENT = "none"
_SILENT = frozenset(("a", "an", "the", "with", "and", "in", "of", "on", "wearing", "who", "is"))
_NOT = frozenset(("no", "without"))

Columns = Mapping[str, tuple[str, ...]]
Value = tuple[str, str]


@dataclass(frozen=True)
class Phrase:
    """Terms and the expression that joins them: the slot A is the first term, B the second, and so on."""

    terms: tuple[str, ...]
    expression: str

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(string.ascii_uppercase[: len(self.terms)])


def read_phrase(text: str) -> Phrase:
    """Split "x - y + z" into its terms. Raises CommandError."""
    parts = [part.strip() for part in re.split(r"(?:^|\s+)([+-])(?:\s+|$)", text.strip())]
    terms, signs = tuple(parts[::2]), parts[1::2]
    if not all(terms) or len(terms) > len(string.ascii_uppercase):
        raise CommandError(f"{text!r} is not an arithmetic; write it like 'man with glasses - man + woman'.")
    names = string.ascii_uppercase
    rest = (f" {sign} mean({name})" for sign, name in zip(signs, names[1:], strict=False))
    return Phrase(terms, f"mean({names[0]})" + "".join(rest))


def wanted(term: str, columns: Columns) -> dict[str, str]:
    """The values that a term names, by column. Raises CommandError for a word that means nothing here."""
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
            known = "; ".join(f"{column}: {', '.join(values)}" for column, values in columns.items())
            raise CommandError(f"{words[at]!r} in {term!r} is nothing that the judge can see; it knows {known}.")
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


def stored(phrase: Phrase, text: str, facts: Mapping[str, Any]) -> Arithmetic | None:
    """The arithmetic whose exemplars a model's card holds under this title, or None."""
    by_title = {title.lower(): slots for title, slots in facts.get("presets", {}).items()}
    slots = by_title.get(text.strip().lower())
    if slots is None:
        return None
    titles = dict(zip(phrase.names, phrase.terms, strict=True))
    return Arithmetic(
        tuple(Slot(name, tuple(map(_place, places)), title=titles.get(name, "")) for name, places in slots.items()),
        phrase.expression,
    )


def _place(entry: Any) -> Point:
    """A place as a card writes it: x on the plane of the sample grids, or [seed, x]."""
    seed, x = entry if isinstance(entry, list | tuple) else (GRID_SEED, entry)
    return Point(seed=int(seed), x=float(x))
