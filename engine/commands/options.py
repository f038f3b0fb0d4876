"""Command-line options from declarations: tyro over dataclasses, with the knobs of a config among them."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import tyro

from engine.data.ref import BUILT_IN, DataRef
from engine.knobs import Knob, KnobValue

A = TypeVar("A")


def parse(options: type[A], words: Sequence[str], command: str, description: str) -> A:
    """Parse `words` into the dataclass `options`; --help and mistakes are answered here and end the program."""
    return tyro.cli(
        options,
        args=list(words),
        prog=f"python -m engine {command}",
        description=description,
    )


def with_knobs(options: type[Any], knobs: Sequence[Knob], values: Mapping[str, KnobValue]) -> type[Any]:
    """`options` with one more option per knob; a knob that is not named stays None, so that presets show through."""
    fields = [
        (each.name, Annotated[_type(each) | None, tyro.conf.arg(help=knob_help(each, values))], None) for each in knobs
    ]
    return dataclasses.make_dataclass("Options", fields, bases=(options,), kw_only=True, frozen=True)


def _type(knob: Knob) -> Any:
    if knob.choices:
        return Literal[knob.choices]
    return {"int": int, "float": float, "bool": bool}[knob.kind]


def knob_help(knob: Knob, values: Mapping[str, KnobValue]) -> str:
    """One line: what it does, its limits, the preset's value and where that comes from."""
    limits = ""
    if knob.low is not None or knob.high is not None:
        low = "" if knob.low is None else f"{knob.low:g}"
        high = "" if knob.high is None else f"{knob.high:g}"
        limits = f" [{low} .. {high}]"
    return f"{knob.help}{limits} (here {values.get(knob.name, knob.default)}; {knob.source})"


@dataclasses.dataclass(frozen=True)
class DataOptions:
    """Which data and how to read it."""

    data: str
    """A built-in name (portraits, fashion-mnist, mnist, cifar-10, ring, grid, ...) or the path of a file or folder."""
    size: int | None = None
    """Height and width of the pictures; without it, the size they have."""
    channels: Literal[1, 3] | None = None
    """1 for grey, 3 for colour; without it, what the pictures are."""
    fit: Literal["crop", "pad", "stretch"] | None = None
    """How a picture comes to the wanted size."""
    count: int | None = None
    """How many samples to use at most."""

    def ref(self, split: str = "train") -> DataRef:
        return DataRef(data_name(self.data), self.size, self.channels, self.fit, split, self.count)


def data_name(text: str) -> str:
    """A built-in name as it is, and a path in full, so that a run finds its data from any folder."""
    path = Path(text).expanduser()
    built_in = text in {entry.name for entry in BUILT_IN}
    return os.path.abspath(path) if not built_in and path.exists() else text
