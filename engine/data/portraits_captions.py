"""Captions of portraits in natural words: they name some of the attributes, in varied and true sentences.

Which attributes, which synonyms and which form of sentence follow from (seed, split, index), like the picture.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np

from engine.data.portraits_sampling import ATTRIBUTES, Codes, Draws, Split

_SLOT = 1 << 21

_NOUNS = {"woman": ("woman", "lady"), "man": ("man", "gentleman")}
_MOODS = {
    "smiling": ("smiling", "happy", "cheerful"),
    "neutral": ("calm", "serious"),
    "surprised": ("surprised", "astonished", "amazed"),
    "sad": ("sad", "unhappy", "gloomy"),
}
_LOOKS = {
    "smiling": ("looking happy", "smiling broadly"),
    "neutral": ("looking calm", "showing no emotion"),
    "surprised": ("looking surprised", "looking startled"),
    "sad": ("looking sad", "looking downcast"),
}
_COLOURS = {
    "black": ("black",),
    "brown": ("brown",),
    "blonde": ("blonde",),
    "red": ("red", "ginger"),
    "grey": ("grey", "silver"),
    "pink": ("pink",),
}
_STYLES = {
    "short": ("short {} hair",),
    "spiky": ("spiky {} hair",),
    "curly": ("curly {} hair", "{} curls"),
    "bob": ("a {} bob",),
    "long": ("long {} hair",),
    "ponytail": ("a {} ponytail", "{} hair in a ponytail"),
}
_GLASSES = {
    "round": ("round glasses", "round spectacles"),
    "square": ("square glasses", "square spectacles"),
    "sunglasses": ("sunglasses", "dark glasses", "shades"),
}
_HATS = {"cap": ("a cap", "a baseball cap"), "beanie": ("a beanie", "a woolly hat")}
_FACIAL = {"moustache": ("a moustache", "a mustache"), "beard": ("a beard", "a full beard")}
_SKIN = {
    "porcelain": ("porcelain skin", "very pale skin"),
    "fair": ("fair skin", "light skin"),
    "tan": ("tan skin", "tanned skin"),
    "bronze": ("bronze skin", "golden brown skin"),
    "brown": ("brown skin",),
    "deep": ("dark skin", "deep brown skin"),
}
_GROUNDS = ("on a {} background", "in front of a {} wall", "against a {} background")
_SHARE = {"presentation": 0.75, "expression": 0.5, "skin_tone": 0.25, "background": 0.3}
_USUAL_SHARE = 0.5
_ABSENT_SHARE = 0.15


class _Chooser:
    """The numbers of one sample, taken in order."""

    def __init__(self, seed: int, split: Split, index: int) -> None:
        self._draws = Draws(seed, split, np.array([index], np.int64))
        self._slot = _SLOT

    def number(self) -> float:
        self._slot += 1
        return float(self._draws.uniform(self._slot)[0])

    def one(self, choices: Sequence[str]) -> str:
        return choices[int(self.number() * len(choices))]


def article(words: str) -> str:
    """The words with "a" or "an" before them."""
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def listed(parts: Sequence[str]) -> str:
    """ "x", "x and y" or "x, y and z"."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def caption(labels: Mapping[str, int], seed: int, split: Split, index: int) -> str:
    """One caption, such as "a smiling woman with round glasses and red hair".

    Args:
        labels: for every attribute the place of its value in `ATTRIBUTES[name]`.
        seed: of the data set.
        split: of the data set.
        index: number of the sample.
    """
    value = {name: values[int(labels[name])] for name, values in ATTRIBUTES.items()}
    choose = _Chooser(seed, split, index)
    named = {name: choose.number() < _SHARE.get(name, _USUAL_SHARE) for name in ATTRIBUTES}
    worn, had = _worn(value, named, choose), _had(value, named, choose)
    absent = _absent(value, choose)
    if not (worn or had or named["expression"]):
        named["expression"] = True
    return _sentence(value, named, worn, had, absent, choose)


def _hair(value: Mapping[str, str], named: Mapping[str, bool], choose: _Chooser) -> list[str]:
    colour = choose.one(_COLOURS[value["hair_colour"]])
    style = choose.one(_STYLES[value["hair_style"]])
    if named["hair_style"]:
        words = style.format(colour if named["hair_colour"] else "").split()
        return [" ".join(words)]
    return [f"{colour} hair"] if named["hair_colour"] else []


def _had(value: Mapping[str, str], named: Mapping[str, bool], choose: _Chooser) -> list[str]:
    parts = _hair(value, named, choose)
    facial = _FACIAL.get(value["facial_hair"])
    if facial and named["facial_hair"]:
        parts.append(choose.one(facial))
    if named["skin_tone"]:
        parts.append(choose.one(_SKIN[value["skin_tone"]]))
    return parts


def _worn(value: Mapping[str, str], named: Mapping[str, bool], choose: _Chooser) -> list[str]:
    parts = []
    for name, words in (("glasses", _GLASSES), ("headwear", _HATS)):
        if named[name] and value[name] != "none":
            parts.append(choose.one(words[value[name]]))
    return parts


def _absent(value: Mapping[str, str], choose: _Chooser) -> list[str]:
    draws = [choose.number() < _ABSENT_SHARE for _ in range(2)]
    things = [words for name, words in (("glasses", "glasses"), ("headwear", "hat")) if value[name] == "none"]
    return [f"no {thing}" for thing, said in zip(things, draws, strict=False) if said][:1]


def _sentence(
    value: Mapping[str, str],
    named: Mapping[str, bool],
    worn: list[str],
    had: list[str],
    absent: list[str],
    choose: _Chooser,
) -> str:
    noun = choose.one(_NOUNS[value["presentation"]]) if named["presentation"] else "person"
    mood, look = choose.one(_MOODS[value["expression"]]), choose.one(_LOOKS[value["expression"]])
    form = choose.number()
    late = named["expression"] and form >= 0.75
    subject = article(f"{mood} {noun}" if named["expression"] and not late else noun)
    if form < 0.25:
        subject = f"{choose.one(('a portrait of', 'a drawing of'))} {subject}"
    if worn and 0.4 <= form < 0.75:
        words = f"{subject} wearing {listed(worn)}"
        if had or absent:
            words = f"{words}, with {listed([*had, *absent])}"
    else:
        details = [*(worn + had if form < 0.5 else had + worn), *absent]
        words = f"{subject} with {listed(details)}" if details else subject
    if late:
        words = f"{words}, {look}" if " with " in words else f"{words} {look}"
    if named["background"]:
        words = f"{words} {choose.one(_GROUNDS).format(value['background'])}"
    return words


@dataclass(frozen=True)
class Captions(Sequence[str]):
    """The captions of a data set, each made when it is asked for. `labels` are (N,) per attribute."""

    labels: Mapping[str, Codes]
    seed: int
    split: Split

    def __len__(self) -> int:
        return len(self.labels["presentation"])

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...

    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        place = range(len(self))[index]
        return caption({name: int(column[place]) for name, column in self.labels.items()}, self.seed, self.split, place)
