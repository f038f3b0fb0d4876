from __future__ import annotations

import pytest

from engine.concepts import PORTRAITS, ConceptError, examples_for, read_concepts, wanted, words_of
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
    with pytest.raises(ConceptError, match="'bananas'"):
        wanted("man with bananas", ATTRIBUTES)
    with pytest.raises(ConceptError, match="'grey'"):
        wanted("grey man", ATTRIBUTES)


def test_terms_become_slots():
    concepts = read_concepts("  man with glasses -  man + woman")
    assert concepts.terms == {"A": "man with glasses", "B": "man", "C": "woman"}
    assert concepts.expression == "mean(A) - mean(B) + mean(C)"
    assert concepts.title == "man with glasses - man + woman"


@pytest.mark.parametrize("text", ["", "man -", "- + man", " + ".join(["man"] * 27)])
def test_what_is_no_arithmetic_is_told(text: str):
    with pytest.raises(ConceptError, match="is not an arithmetic"):
        read_concepts(text)


def test_examples_fit_the_model():
    assert [each.title for each in examples_for({}, "portraits")] == list(PORTRAITS)
    assert examples_for({}, "fashion-mnist") == ()


def test_a_card_may_hold_the_exemplars_and_examples_of_its_own():
    presets = {
        "Man with glasses - man + woman": {"A": [4], "B": [[9, 2]]},
        "Boot - sandal": {"A": [1], "B": [2]},
    }
    first, second, *_, last = examples_for({"presets": presets}, "portraits")
    assert first.exemplars == {"A": (Point(seed=0, x=4.0),), "B": (Point(seed=9, x=2.0),)}
    assert second.exemplars is None
    assert last.title == "Boot - sandal"
    assert last.exemplars == {"A": (Point(seed=0, x=1.0),), "B": (Point(seed=0, x=2.0),)}


def test_every_example_means_something_to_the_judge_of_portraits():
    for example in examples_for({}, "portraits"):
        assert len({tuple(wanted(term, ATTRIBUTES).items()) for term in example.terms.values()}) == 3


def test_slots_give_back_their_words():
    for title in (*PORTRAITS, "man", "a - b"):
        concepts = read_concepts(title)
        assert words_of(concepts.terms, concepts.expression) == title
    assert words_of({"A": "man", "B": ""}, "mean(A) - mean(B)") == ""
    assert words_of({"A": "man", "B": "woman"}, "2 * mean(A) - mean(B)") == ""


def test_a_plus_needs_no_spaces():
    assert read_concepts("woman+black-haired man").terms == {"A": "woman", "B": "black-haired man"}
