"""Recipes on the command line: points, slots, walks and conditions as text, as JSON, or out of a saved picture.

A recipe is what `engine.controls` holds as plain JSON; a picture that was saved carries its own in its metadata, so
`--recipe` takes the JSON itself, the name of a JSON file or the name of such a picture.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from PIL import Image, UnidentifiedImageError

from engine.commands.pictures import PREFIX
from engine.commands.terminal import CommandError
from engine.controls import (
    Arithmetic,
    Condition,
    KeyFrame,
    Point,
    Slot,
    Walk,
    arithmetic_from_plain,
    point_from_plain,
    point_from_text,
)
from engine.storage import files

_SLOT = re.compile(r"([^\W\d]\w*)=(.+)", re.ASCII)


def read_points(words: Sequence[Sequence[str]]) -> tuple[Point, ...]:
    """Points as "7:3,2.5"; the option may be given many times with many points. Raises CommandError."""
    return tuple(_point(word) for group in words for word in group)


def _point(word: str) -> Point:
    try:
        return point_from_text(word)
    except ValueError as error:
        raise CommandError(str(error)) from error


def read_slots(words: Sequence[Sequence[str]]) -> tuple[Slot, ...]:
    """Slots as "A=0:3,0+0:5,0": a name and its exemplars. Raises CommandError."""
    slots: dict[str, Slot] = {}
    for word in (word for group in words for word in group):
        found = _SLOT.fullmatch(word)
        if found is None:
            raise CommandError(f"{word!r} is not a slot; write NAME=POINT+POINT, for example A=0:3,0+0:5,0.")
        name, points = found.groups()
        if name in slots:
            raise CommandError(f"The slot {name} is given twice; join its points with +.")
        slots[name] = Slot(name, tuple(_point(point) for point in points.split("+")))
    return tuple(slots.values())


def read_condition(words: Sequence[Sequence[str]]) -> Condition:
    """Conditions as "column=value". Raises CommandError."""
    pairs = []
    for word in (word for group in words for word in group):
        column, equals, value = word.partition("=")
        if not (column and equals and value):
            raise CommandError(f"{word!r} is not a condition; write COLUMN=VALUE, for example glasses=round.")
        pairs.append((column, value))
    columns = [column for column, _ in pairs]
    if twice := next((column for column in columns if columns.count(column) > 1), ""):
        raise CommandError(f"{twice} is given twice; a sample can have one value of it.")
    return tuple(pairs)


def points_of(recipe: str) -> tuple[Point, ...]:
    """The points of a recipe: one, or a list. Raises CommandError."""
    plain = _plain(recipe)
    listed = plain if isinstance(plain, list) else [plain]
    try:
        points = tuple(point_from_plain(_mapping(each)) for each in listed)
    except ValueError as error:
        raise CommandError(str(error)) from error
    if not points:
        raise CommandError("The recipe has no points; save the picture again.")
    return points


def arithmetic_of(recipe: str) -> Arithmetic:
    """The arithmetic of a recipe. Raises CommandError."""
    try:
        return arithmetic_from_plain(_mapping(_plain(recipe)))
    except ValueError as error:
        raise CommandError(str(error)) from error


def walk_of(recipe: str) -> Walk:
    """The walk of a recipe. Raises CommandError."""
    plain = _mapping(_plain(recipe))
    try:
        return Walk(
            frames=tuple(
                KeyFrame(point_from_plain(_mapping(frame["point"])), int(frame.get("frames", 24)))
                for frame in map(_mapping, plain["frames"])
            ),
            interpolation="lerp" if plain.get("interpolation") == "lerp" else "slerp",
            loop=bool(plain.get("loop", True)),
        )
    except (TypeError, ValueError, KeyError, OverflowError) as error:
        raise CommandError(f"This is not a walk through a latent space ({error}); save it again.") from error


def conditioned(walk: Walk, condition: Condition) -> Walk:
    """The walk with this condition at every stop; with an empty one as it was."""
    if not condition:
        return walk
    frames = tuple(replace(frame, point=replace(frame.point, condition=condition)) for frame in walk.frames)
    return replace(walk, frames=frames)


def _mapping(plain: Any) -> Mapping[str, Any]:
    if not isinstance(plain, Mapping):
        raise CommandError("The recipe is not of this kind; use the command that is in the picture's metadata.")
    return plain


def _plain(recipe: str) -> Any:
    """The JSON of a recipe that is given as text, as a JSON file or as a picture."""
    text = recipe.strip()
    if not text.startswith(("{", "[")):
        path = Path(text).expanduser()
        if not path.is_file():
            raise CommandError(f"{text!r} is neither a recipe nor a file; give JSON, a JSON file or a saved picture.")
        text = recipe_in(path) if path.suffix.lower() == ".png" else files.read_bytes(path).decode(errors="replace")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CommandError(f"The recipe is not valid JSON ({error}); copy it whole, in quotes.") from error


def recipe_in(path: Path) -> str:
    try:
        with Image.open(path) as image:
            image.load()
            texts = getattr(image, "text", {})
            text = texts.get(f"{PREFIX}:recipe", texts.get(f"{PREFIX}.recipe"))  # the window writes a point
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise CommandError(f"{path} is not a picture that can be read ({error}); choose another one.") from error
    if text is None:
        raise CommandError(f"{path} says nothing about how it was made; choose a picture that was saved here.")
    return str(text)
