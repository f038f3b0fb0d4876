"""Command-line options from declarations: tyro over dataclasses, with the knobs of a config among them."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import tyro

from engine.data.ref import BUILT_IN, DataRef
from engine.knobs import Knob, KnobValue

A = TypeVar("A")
BOX = "\u256d\u2570\u251c\u2500"  # the corners and lines of a box


class OptionError(ValueError):
    """Words of a command line that cannot be read; the message is one sentence."""


def parse(options: type[A], words: Sequence[str], command: str, description: str) -> A:
    """Parse `words` into the dataclass `options`; --help is answered here and ends the program.

    Raises OptionError for what cannot be read.
    """
    told = io.StringIO()
    try:
        with contextlib.redirect_stderr(told):
            return tyro.cli(options, args=list(words), prog=f"python -m engine {command}", description=description)
    except SystemExit as end:
        if not end.code:
            raise
        # tyro draws a box of many lines around what it has to say.
        lines = [line.strip("\u2502 \t") for line in told.getvalue().splitlines()]
        said = [line for line in lines if line and line[0] not in BOX and not line.startswith("For full helptext")]
        text = _mistake(re.sub(r"\s+", " ", " ".join(said)))
        raise OptionError(f"{text}; `python -m engine {command} --help` tells what there is.") from None


def _mistake(told: str) -> str:
    """What tyro says of a mistake, in a few words."""
    if unknown := re.search(r"Unrecognized options: (.*?)(?= python -m engine|$)", told):
        return f"There is no option {unknown[1]}"
    if wrong := re.search(r"Error parsing (\S+): .*?\[(.*?)\]", told):
        return f"{wrong[1]} does not take {wrong[2]}"
    if missing := re.search(r"Missing from [^:]*: (.*)", told):
        names = re.findall(r"(?<!\S)--[\w-]+(?= (?:[A-Z{]|$))", missing[1])
        return f"Missing: {', '.join((['the first argument'] if missing[1][:1].isupper() else []) + names)}"
    return told.strip(" .")


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
    split: str = "train"
    """Which part of the data: train, test, or another that the set has."""
    data_seed: int = 0
    """Which samples, where there are more than --count; the random numbers of generated sets."""

    def ref(self) -> DataRef:
        return DataRef(data_name(self.data), self.size, self.channels, self.fit, self.split, self.count, self.data_seed)


def data_name(text: str) -> str:
    """A built-in name as it is, and a path in full, so that a run finds its data from any folder."""
    path = Path(text).expanduser()
    built_in = text in {entry.name for entry in BUILT_IN}
    return os.path.abspath(path) if not built_in and path.exists() else text
