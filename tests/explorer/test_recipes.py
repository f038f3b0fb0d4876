"""Changes to an arithmetic and to a walk give new values and leave the old ones alone."""

from __future__ import annotations

import json
import shlex

import pytest

from engine import KeyFrame, Move, Point, Walk, point_from_plain, point_from_text
from explorer import recipes
from explorer.provenance import points_facts


def test_slots_get_exemplars_and_lose_the_oldest() -> None:
    recipe = recipes.empty_arithmetic()
    for k in range(recipes.MOST_EXEMPLARS + 2):
        recipe = recipes.with_exemplar(recipe, "B", Point(x=float(k)))
    assert len(recipes.slot_of(recipe, "B").exemplars) == recipes.MOST_EXEMPLARS
    assert recipes.slot_of(recipe, "B").exemplars[0] == Point(x=2.0)
    assert recipes.with_exemplar(recipe, "B", Point(x=5.0)) is recipe
    assert [slot.name for slot in recipes.filled(recipe).slots] == ["B"]
    assert recipes.slot_of(recipes.empty_arithmetic(), "B").exemplars == ()


def test_an_unknown_slot_is_made_in_its_place() -> None:
    recipe = recipes.without_slot(recipes.empty_arithmetic(), "B")
    assert recipes.free_letter(recipe) == "B"
    assert [slot.name for slot in recipes.with_exemplar(recipe, "B", Point()).slots] == ["A", "B", "C"]
    with pytest.raises(KeyError):
        recipes.slot_of(recipe, "B")


def test_only_known_moves_are_sent() -> None:
    point = Point(moves=(Move("pca:0", 1.0), Move("mine", 2.0)))
    assert recipes.known_moves(point, {"mine"}).moves == (Move("mine", 2.0),)
    assert recipes.known_moves(point, {"mine", "pca:0"}) is point


def test_key_frames_change_places() -> None:
    keys = tuple(KeyFrame(Point(x=float(k)), 10 * (k + 1)) for k in range(3))
    path = Walk(keys)
    assert recipes.with_key_moved(path, 0, 2).frames == (keys[1], keys[2], keys[0])
    assert recipes.without_key(path, 1).frames == (keys[0], keys[2])
    assert recipes.with_key_frames(path, 1, 5).frames[1].frames == 5
    assert recipes.frames_of(path) == 60
    assert recipes.frames_of(Walk(keys, loop=False)) == 30
    assert recipes.frames_of(Walk(())) == 0


def test_a_plain_place_is_written_short_and_any_other_as_json() -> None:
    short = points_facts("bundled:x", 3, [Point(seed=7, x=3.0, y=2.5)])
    words = shlex.split(short["latent-explorer:command"])
    assert point_from_text(words[words.index("--point") + 1]) == Point(seed=7, x=3.0, y=2.5)
    point = Point(edits=((3, 1.5),), moves=(Move("a name with spaces", 1.0),), condition=(("label", "it's"),))
    long = shlex.split(points_facts("bundled:x", 3, [point])["latent-explorer:command"])
    (plain,) = json.loads(long[long.index("--recipe") + 1])
    assert point_from_plain(plain) == point
