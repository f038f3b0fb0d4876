"""The data set Portraits: who is in which split, how often, and what is said about it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from engine.data.dataset import DataError, LoadProgress, finish
from engine.data.portraits import (
    ATTRIBUTES,
    HELD_OUT_PAIRS,
    HELD_OUT_TRIPLES,
    VERSION,
    Codes,
    Split,
    draw_with,
    held_out,
    load_portraits,
    sample_attributes,
    sample_nuisance,
)
from engine.data.portraits_captions import Captions, article, caption, listed

SPLITS: tuple[Split, ...] = ("train", "validation", "test", "held-out")
_INDICES = np.arange(20_000)


@pytest.fixture(scope="module")
def train() -> dict[str, Codes]:
    return sample_attributes(0, _INDICES, "train")


def test_the_attributes_are_those_of_the_design() -> None:
    assert VERSION == "portraits-1"
    assert {name: len(values) for name, values in ATTRIBUTES.items()} == {
        "presentation": 2,
        "glasses": 4,
        "hair_colour": 6,
        "hair_style": 6,
        "expression": 4,
        "headwear": 3,
        "skin_tone": 6,
        "facial_hair": 3,
        "background": 8,
    }


def test_twelve_pairs_and_six_triples_of_real_values_are_held_out() -> None:
    assert len(set(HELD_OUT_PAIRS)) == 12
    assert len(set(HELD_OUT_TRIPLES)) == 6
    for combination in (*HELD_OUT_PAIRS, *HELD_OUT_TRIPLES):
        assert len({name for name, _ in combination}) == len(combination)
        assert all(value in ATTRIBUTES[name] for name, value in combination)
    for triple in HELD_OUT_TRIPLES:  # a triple that contains a pair would hold out nothing of its own
        assert not any(set(pair) <= set(triple) for pair in HELD_OUT_PAIRS)


@pytest.mark.parametrize("split", SPLITS)
def test_only_the_held_out_split_has_held_out_combinations(split: Split) -> None:
    labels = sample_attributes(0, _INDICES, split)
    assert held_out(labels).all() if split == "held-out" else not held_out(labels).any()


def test_the_held_out_split_has_every_held_out_combination() -> None:
    labels = sample_attributes(0, _INDICES, "held-out")
    for combination in (*HELD_OUT_PAIRS, *HELD_OUT_TRIPLES):
        found = np.ones(len(_INDICES), bool)
        for name, value in combination:
            found &= labels[name] == ATTRIBUTES[name].index(value)
        assert found.sum() > 20


def test_every_value_alone_keeps_five_percent_of_the_training_pictures(train: Mapping[str, Codes]) -> None:
    for name, values in ATTRIBUTES.items():
        shares = np.bincount(train[name], minlength=len(values)) / len(_INDICES)
        assert shares.min() > 0.05, name


def test_attributes_are_nearly_independent_in_training(train: Mapping[str, Codes]) -> None:
    """Mutual information of any two attributes, in nats, stays small: only the held-out pairs bind them."""
    names = list(ATTRIBUTES)
    for place, first in enumerate(names):
        for second in names[:place]:
            joint = np.zeros((len(ATTRIBUTES[first]), len(ATTRIBUTES[second])))
            np.add.at(joint, (train[first], train[second]), 1 / len(_INDICES))
            apart = joint.sum(1, keepdims=True) * joint.sum(0, keepdims=True)
            seen = joint > 0
            assert (joint[seen] * np.log(joint[seen] / apart[seen])).sum() < 0.08, (first, second)


def test_a_sample_does_not_depend_on_the_others() -> None:
    some = np.array([19_999, 3, 3, 512])
    whole, part = sample_attributes(5, _INDICES, "train"), sample_attributes(5, some, "train")
    assert all(np.array_equal(part[name], whole[name][some]) for name in ATTRIBUTES)
    assert np.array_equal(sample_nuisance(5, some, "train").tilt, sample_nuisance(5, _INDICES, "train").tilt[some])


def test_splits_and_seeds_have_samples_of_their_own() -> None:
    faces = {
        tuple(float(value) for value in (nuisance.x[row], nuisance.y[row], nuisance.face_width[row]))
        for nuisance in (
            *(sample_nuisance(0, np.arange(500), split) for split in SPLITS),
            sample_nuisance(1, np.arange(500), "train"),
        )
        for row in range(500)
    }
    assert len(faces) == 2500


def test_loading_returns_before_anything_is_drawn_and_reports_its_way() -> None:
    seen: list[LoadProgress] = []
    data = finish(load_portraits(count=5000), seen.append)
    assert [step.done for step in seen] == sorted(step.done for step in seen)
    assert seen[-1] == LoadProgress("Preparing portraits", 5000, 5000)
    assert (data.name, data.title, data.split, data.shape, len(data)) == (
        "portraits",
        "Portraits",
        "train",
        (32, 32, 3),
        5000,
    )
    assert set(data.table.columns) == set(ATTRIBUTES)
    assert data.table.captions is not None
    assert len(data.table.captions) == 5000


def test_pictures_show_the_attributes_of_the_table_and_survive_in_the_cache(tmp_path: Path) -> None:
    indices = np.array([7, 0, 7, 30])
    first = finish(load_portraits(32, "test", 40, cache=tmp_path))
    pictures = first.batch(indices)
    assert pictures.shape == (4, 32, 32, 3)
    assert pictures.dtype == np.uint8
    again = finish(load_portraits(32, "test", 40, cache=tmp_path))
    in_memory = finish(load_portraits(32, "test", 40))
    assert np.array_equal(again.batch(indices), pictures)
    assert np.array_equal(in_memory.batch(indices), pictures)
    assert again.fingerprint == in_memory.fingerprint


def test_the_fingerprint_tells_data_sets_apart() -> None:
    loaders = (
        load_portraits(count=10),
        load_portraits(count=11),
        load_portraits(count=10, seed=1),
        load_portraits(count=10, size=64),
        load_portraits(count=10, split="test"),
    )
    assert len({finish(loader).fingerprint for loader in loaders}) == 5


def test_chosen_attributes_are_drawn_and_the_rest_of_the_face_stays() -> None:
    plain, labels = draw_with({"glasses": "none", "presentation": "man"}, 3, 8)
    worn, others = draw_with({"glasses": "round", "presentation": "man"}, 3, 8)
    assert (labels["glasses"] == 0).all()
    assert (others["glasses"] == 1).all()
    assert all(np.array_equal(labels[name], others[name]) for name in ATTRIBUTES if name != "glasses")
    assert not np.array_equal(plain, worn)
    assert np.array_equal(plain[:, 26:], worn[:, 26:])
    assert np.array_equal(draw_with({"glasses": "round", "presentation": "man"}, 3, 3, start=5)[0], worn[5:])


@pytest.mark.parametrize(
    ("attempt", "message"),
    [
        (lambda: draw_with({"hat": "cap"}, 0, 1), 'no attribute "hat"'),
        (lambda: draw_with({"headwear": "crown"}, 0, 1), "none, cap, beanie"),
        (lambda: sample_attributes(0, np.array([0]), "holdout"), "use train, validation, test or held-out"),  # type: ignore[arg-type]
        (lambda: sample_attributes(0, np.array([-1]), "train"), "numbered from 0"),
        (lambda: finish(load_portraits(size=33)), "multiple of 16"),
        (lambda: finish(load_portraits(count=0)), "at least one picture"),
    ],
)
def test_what_does_not_exist_is_refused_in_one_sentence(attempt: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        attempt()  # type: ignore[operator]


_SAYS = {
    "presentation": {"woman": ("woman", "lady"), "man": (" man", "gentleman")},
    "glasses": {
        "none": ("no glasses",),
        "round": ("round glasses", "round spectacles"),
        "square": ("square glasses", "square spectacles"),
        "sunglasses": ("sunglasses", "dark glasses", "shades"),
    },
    "hair_style": {
        "short": ("short ",),
        "spiky": ("spiky ",),
        "curly": ("curly ", "curls"),
        "bob": (" bob",),
        "long": ("long ",),
        "ponytail": ("ponytail",),
    },
    "headwear": {"none": ("no hat",), "cap": (" cap",), "beanie": ("beanie", "woolly hat")},
    "facial_hair": {"none": (), "moustache": ("moustache", "mustache"), "beard": ("beard",)},
}


def test_captions_are_true_and_varied(train: Mapping[str, Codes]) -> None:
    captions = Captions(train, 0, "train")
    texts = captions[:1500]
    assert len(set(texts)) > 1100
    for index, text in enumerate(texts):
        for name, words in _SAYS.items():
            for code, value in enumerate(ATTRIBUTES[name]):
                if any(word in text for word in words[value]):
                    assert train[name][index] == code, (text, name, value)
        assert "  " not in text
        assert text == text.strip()
        assert text.startswith(("a ", "an "))
        assert " a a" not in text
        assert text.count(" with ") <= 2


def test_captions_mention_some_attributes_and_every_value_sometimes(train: Mapping[str, Codes]) -> None:
    texts = Captions(train, 0, "train")[:1500]
    for words_of in _SAYS.values():
        for words in words_of.values():
            assert not words or any(word in text for text in texts for word in words)
    assert all(any(f" {colour} " in text for text in texts) for colour in ATTRIBUTES["background"])


def test_a_caption_is_the_same_every_time_and_negative_places_count_from_the_end(train: Mapping[str, Codes]) -> None:
    captions = Captions(train, 0, "train")
    labels = {name: int(column[42]) for name, column in train.items()}
    assert captions[42] == captions[42] == caption(labels, 0, "train", 42)
    assert captions[-1] == captions[len(captions) - 1]
    with pytest.raises(IndexError):
        captions[len(captions)]


def test_words_join_as_people_write_them() -> None:
    assert article("amazed man") == "an amazed man"
    assert article("calm man") == "a calm man"
    assert listed(["red hair"]) == "red hair"
    assert listed(["a beard", "red hair", "no hat"]) == "a beard, red hair and no hat"
