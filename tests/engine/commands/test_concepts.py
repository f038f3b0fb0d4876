from __future__ import annotations

import pytest

from engine.commands.concepts import read_phrase, stored, wanted
from engine.commands.terminal import CommandError
from engine.controls import Point
from engine.data.portraits_sampling import ATTRIBUTES

PLAIN = {"glasses": "none", "headwear": "none", "facial_hair": "none"}


@pytest.mark.parametrize(
    ("term", "values"),
    [
        ("man with glasses", {"presentation": "man", "glasses": "round"}),
        ("Man with square glasses", {"presentation": "man", "glasses": "square"}),
        ("woman without glasses", {"presentation": "woman"}),
        ("a smiling woman with a cap", {"presentation": "woman", "expression": "smiling", "headwear": "cap"}),
        ("man with a beard and sunglasses", {"presentation": "man", "facial_hair": "beard", "glasses": "sunglasses"}),
        ("black-haired man", {"presentation": "man", "hair_colour": "black"}),
        ("blonde woman with long hair", {"presentation": "woman", "hair_colour": "blonde", "hair_style": "long"}),
        ("pink background", {"background": "pink"}),
    ],
)
def test_words_mean_values(term: str, values: dict[str, str]):
    assert wanted(term, ATTRIBUTES) == {**PLAIN, **values}


def test_words_work_for_any_judge():
    assert wanted("Ankle boot", {"label": ("Bag", "Ankle boot", "T-shirt/top")}) == {"label": "Ankle boot"}


def test_a_word_that_means_nothing_or_two_things_is_told():
    with pytest.raises(CommandError, match="'bananas'"):
        wanted("man with bananas", ATTRIBUTES)
    with pytest.raises(CommandError, match="'grey'"):
        wanted("grey man", ATTRIBUTES)


def test_terms_become_slots():
    phrase = read_phrase("man with glasses - man + woman")
    assert phrase.terms == ("man with glasses", "man", "woman")
    assert phrase.expression == "mean(A) - mean(B) + mean(C)"


def test_a_card_may_hold_the_exemplars():
    text = "Man with glasses - man + woman"
    facts = {"presets": {text: {"A": [3, [7, 5]], "B": [1], "C": [2]}}}
    found = stored(read_phrase(text.lower()), text.lower(), facts)
    assert found is not None
    assert found.slots[0].exemplars == (Point(0, 3.0), Point(7, 5.0))
    assert stored(read_phrase("man - woman"), "man - woman", facts) is None
