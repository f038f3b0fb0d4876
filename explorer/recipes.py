"""Changes to an arithmetic and to a walk, as pure functions: each gives a new value, so undo is keeping the old one."""

from __future__ import annotations

import dataclasses
import string
from collections.abc import Collection, Mapping
from typing import Any, Literal

from engine import Arithmetic, KeyFrame, Point, Slot, Walk, point_from_plain
from explorer.text import tr

FIRST_SLOTS = ("A", "B", "C")
MOST_EXEMPLARS = 12


def empty_arithmetic() -> Arithmetic:
    """Three empty slots and the arithmetic of the DCGAN paper."""
    return Arithmetic(slots=tuple(Slot(name) for name in FIRST_SLOTS))


def free_letter(recipe: Arithmetic) -> str:
    """The first letter without a slot; empty where all have one."""
    taken = {slot.name for slot in recipe.slots}
    return next((letter for letter in string.ascii_uppercase if letter not in taken), "")


def with_slot(recipe: Arithmetic, name: str) -> Arithmetic:
    """One more, empty slot."""
    slots = sorted((*recipe.slots, Slot(name)), key=lambda slot: slot.name)
    return dataclasses.replace(recipe, slots=tuple(slots))


def without_slot(recipe: Arithmetic, name: str) -> Arithmetic:
    return dataclasses.replace(recipe, slots=tuple(slot for slot in recipe.slots if slot.name != name))


def with_weight(recipe: Arithmetic, name: str, weight: float) -> Arithmetic:
    return _changed(recipe, name, weight=weight)


def with_exemplar(recipe: Arithmetic, name: str, point: Point) -> Arithmetic:
    """`point` in a slot, which is made where it is not there; the oldest exemplar leaves a slot that is full."""
    if all(slot.name != name for slot in recipe.slots):
        recipe = with_slot(recipe, name)
    slot = slot_of(recipe, name)
    if point in slot.exemplars:
        return recipe
    return _changed(recipe, name, exemplars=(*slot.exemplars, point)[-MOST_EXEMPLARS:], title="")


def without_exemplar(recipe: Arithmetic, name: str, index: int) -> Arithmetic:
    exemplars = slot_of(recipe, name).exemplars
    return _changed(recipe, name, exemplars=exemplars[:index] + exemplars[index + 1 :])


def slot_of(recipe: Arithmetic, name: str) -> Slot:
    """The slot of this name; raises KeyError where there is none."""
    for slot in recipe.slots:
        if slot.name == name:
            return slot
    raise KeyError(name)


def filled(recipe: Arithmetic) -> Arithmetic:
    """The recipe without its empty slots: what can be drawn."""
    return dataclasses.replace(recipe, slots=tuple(slot for slot in recipe.slots if slot.exemplars))


def _changed(recipe: Arithmetic, name: str, **changes: object) -> Arithmetic:
    slots = tuple(dataclasses.replace(s, **changes) if s.name == name else s for s in recipe.slots)
    return dataclasses.replace(recipe, slots=slots)


def known_moves(point: Point, directions: Collection[str]) -> Point:
    """The point without moves along directions that a snapshot does not have."""
    moves = tuple(move for move in point.moves if move.direction in directions)
    return point if moves == point.moves else dataclasses.replace(point, moves=moves)


# ------------------------------------------------------------------------------------------------------------- walks


def path_from_plain(plain: Mapping[str, Any]) -> Walk:
    """The inverse of `engine.to_plain` for a walk; raises ValueError with one sentence where it is none."""
    try:
        keys = tuple(KeyFrame(point_from_plain(key["point"]), int(key["frames"])) for key in plain["frames"])
        kind: Literal["slerp", "lerp"] = "lerp" if plain.get("interpolation") == "lerp" else "slerp"
        return Walk(keys, kind, bool(plain.get("loop", True)))
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise ValueError(
            tr("This is not a walk through a latent space ({error}); save it again.", error=error)
        ) from error


def with_key(path: Walk, index: int, key: KeyFrame) -> Walk:
    """One more stop, at `index`."""
    return dataclasses.replace(path, frames=(*path.frames[:index], key, *path.frames[index:]))


def without_key(path: Walk, index: int) -> Walk:
    return dataclasses.replace(path, frames=path.frames[:index] + path.frames[index + 1 :])


def with_key_moved(path: Walk, index: int, to: int) -> Walk:
    """The stop at `index` taken out and put in at `to`."""
    return with_key(without_key(path, index), to, path.frames[index])


def with_key_frames(path: Walk, index: int, frames: int) -> Walk:
    """Another number of frames from the stop at `index` to the next."""
    key = dataclasses.replace(path.frames[index], frames=frames)
    return dataclasses.replace(path, frames=(*path.frames[:index], key, *path.frames[index + 1 :]))


def frames_of(path: Walk) -> int:
    """How many frames a walk has: every leg counts in a loop, else the last stop leads nowhere."""
    legs = path.frames if path.loop else path.frames[:-1]
    return sum(key.frames for key in legs)
