"""Knobs: one declaration of a setting serves the form, the command-line flag, the check and the documentation.

A config is a frozen dataclass whose every field is made by `knob(...)`. This module turns such a class into plain
values (`Knob`) that a window can draw without torch, and checks values on their way in.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

KnobValue = int | float | bool | str
Kind = Literal["int", "float", "bool", "choice"]
C = TypeVar("C")
_YES, _NO = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


class KnobError(ValueError):
    """A value that a knob does not take; the message is one sentence that says what it takes."""


@dataclass(frozen=True)
class Knob:
    """What a person can know and set of one field.

    `low` and `high` are inclusive limits. `source` names the paper and section, or "ours". `live` knobs apply while
    training and leave a mark on the curves; the others need a new run. `log` asks for a logarithmic slider. `samples`
    are the kinds of data that it matters for ("pictures", "points"); empty for all.
    """

    name: str
    kind: Kind
    default: KnobValue
    help: str
    group: str
    source: str = "ours"
    unit: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    live: bool = False
    log: bool = False
    samples: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The name as a person reads it, for example "Learning rate d"."""
        return self.name.replace("_", " ").capitalize()

    def check(self, value: object) -> KnobValue:
        """Return `value` in this knob's type; raises KnobError where it cannot be taken."""
        if self.kind == "bool":
            return self._check_bool(value)
        if self.kind == "choice":
            if value in self.choices:
                return str(value)
            raise KnobError(f"{self.name} is {value!r}; choose one of {', '.join(self.choices)}.")
        return self._check_number(value)

    def _check_bool(self, value: object) -> bool:
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.lower() in _YES + _NO:
            return value.lower() in _YES
        raise KnobError(f"{self.name} is {value!r}; give true or false.")

    def _check_number(self, value: object) -> int | float:
        noun = "a whole number" if self.kind == "int" else "a number"
        try:
            number = float(value)  # type: ignore[arg-type]
        except (TypeError, ValueError, OverflowError):
            raise KnobError(f"{self.name} is {value!r}; give {noun}{self._limits()}.") from None
        whole_wanted = self.kind == "int" and number != math.floor(number) if math.isfinite(number) else True
        below = self.low is not None and number < self.low
        above = self.high is not None and number > self.high
        if isinstance(value, bool) or whole_wanted or below or above:
            raise KnobError(f"{self.name} is {value!r}; give {noun}{self._limits()}.")
        return int(number) if self.kind == "int" else number

    def _limits(self) -> str:
        if self.low is None and self.high is None:
            return ""
        if self.high is None:
            return f" of at least {self.low:g}"
        if self.low is None:
            return f" of at most {self.high:g}"
        return f" from {self.low:g} to {self.high:g}"


@dataclass(frozen=True)
class Preset:
    """Named knob values, with where they come from. `paper` is faithful, `modern` best practice, `tiny` for tests,
    `demo_...` shows a failure or an effect."""

    name: str
    title: str
    help: str
    values: Mapping[str, KnobValue]
    source: str = "ours"


@dataclass(frozen=True)
class FamilyCard:
    """A family of models as plain values: what a window needs to offer it, without torch."""

    name: str
    title: str
    help: str
    samples: tuple[str, ...]
    capabilities: tuple[str, ...]
    knobs: tuple[Knob, ...]
    presets: tuple[Preset, ...]
    best: str
    demo_data: Mapping[str, str]
    phases: tuple[tuple[str, str], ...] = ()  # (name, what it is) of each part of a step that can be taken alone


def knob(
    default: KnobValue,
    help: str,
    *,
    group: str,
    source: str = "ours",
    unit: str = "",
    low: float | None = None,
    high: float | None = None,
    choices: tuple[str, ...] = (),
    live: bool = False,
    log: bool = False,
    samples: tuple[str, ...] = (),
) -> Any:
    """A dataclass field that is a knob. The kind follows from the default; a text default needs `choices`."""
    facts = {
        "default": default,
        "help": help,
        "group": group,
        "source": source,
        "unit": unit,
        "low": low,
        "high": high,
        "choices": choices,
        "live": live,
        "log": log,
        "samples": samples,
    }
    return dataclasses.field(default=default, metadata={"knob": facts})


def knobs_of(config: type[Any] | object) -> tuple[Knob, ...]:
    """The knobs of a config class (or of an instance), in the order in which they are declared."""
    found = []
    for field in dataclasses.fields(config):  # type: ignore[arg-type]
        facts = field.metadata.get("knob")
        if facts is None:
            raise TypeError(f"the field {field.name} is not declared with knob(...)")
        found.append(Knob(name=field.name, kind=_kind(facts["default"], facts["choices"]), **facts))
    return tuple(found)


def _kind(default: KnobValue, choices: tuple[str, ...]) -> Kind:
    if choices:
        return "choice"
    if isinstance(default, bool):
        return "bool"
    if isinstance(default, str):
        raise TypeError("a text knob needs choices")
    return "int" if isinstance(default, int) else "float"


def configure(config: type[C], *layers: Mapping[str, object]) -> C:
    """Make a config from its defaults and `layers` of values (a preset, then a person's changes: the last wins).

    Raises KnobError for a name that the config does not have and for a value that its knob does not take.
    """
    by_name = {each.name: each for each in knobs_of(config)}
    values: dict[str, KnobValue] = {}
    for layer in layers:
        for name, value in layer.items():
            if name not in by_name:
                raise KnobError(f"There is no knob {name!r} here; the knobs are {', '.join(by_name)}.")
            values[name] = by_name[name].check(value)
    return config(**values)


def values_of(config: object) -> dict[str, KnobValue]:
    """The values of a config as a plain mapping, for files and messages."""
    return {each.name: getattr(config, each.name) for each in knobs_of(config)}
