"""The judge: what it does to pictures before it reads them, its file, and how right the bundled ones are."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from engine.data.portraits import ATTRIBUTES, draw_with
from engine.evaluate.judge import (
    CARD,
    FEATURES,
    WEIGHTS,
    Judge,
    JudgeError,
    JudgeNetwork,
    judge_folder,
    prepared,
    save_judge,
)
from engine.storage.files import StorageError

RESOURCES = Path(__file__).parents[3] / "resources"
FACTS = {
    "data": "toys",
    "columns": {"hat": ["none", "cap"], "hair": ["red", "grey", "black"]},
    "size": 16,
    "channels": 3,
    "padded_from": 12,
    "accuracy": {"hat": 0.5, "hair": 0.25},
}


def network(seed: int = 0) -> JudgeNetwork:
    torch.manual_seed(seed)
    return JudgeNetwork(3, 16, 5).eval()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_judge(tmp_path / "judge", network(), FACTS)
    return tmp_path / "judge"


def pictures(count: int, size: int = 16, channels: int = 3) -> torch.Tensor:
    return torch.rand(count, channels, size, size, generator=torch.Generator().manual_seed(1)) * 2 - 1


def test_a_judge_reads_the_same_after_it_was_written(folder):
    judge = Judge.load(folder)
    x = pictures(300)
    readings = judge.classify(x)
    with torch.no_grad():
        logits = network()(x).numpy()
    assert list(readings) == ["hat", "hair"]
    np.testing.assert_allclose(readings["hair"].logits_NK, logits[:, 2:], atol=0.01)
    np.testing.assert_array_equal(readings["hat"].labels_N, readings["hat"].logits_NK.argmax(1))
    powers = np.exp(readings["hat"].logits_NK)
    np.testing.assert_allclose(readings["hat"].confidence_N, powers.max(1) / powers.sum(1), rtol=1e-4)
    assert judge.features(x).shape == (300, FEATURES)
    assert judge.card.columns == {"hat": ("none", "cap"), "hair": ("red", "grey", "black")}
    assert judge.card.name == f"toys, judge {judge.card.fingerprint[:8]}"


def test_one_picture_is_read_the_same_alone_and_among_others(folder):
    judge, x = Judge.load(folder), pictures(40)
    np.testing.assert_allclose(judge.features(x[7:8])[0], judge.features(x)[7], atol=1e-5)


def test_pictures_of_other_sizes_and_colours_are_brought_to_the_judges():
    x = pictures(2, 32)
    np.testing.assert_allclose(prepared(x, 16, 3, None), F.avg_pool2d(x, 2), atol=1e-6)
    assert prepared(pictures(2, 20), 16, 3, 12).shape == (2, 3, 16, 16)
    padded = prepared(pictures(2, 12), 16, 3, 12)
    np.testing.assert_array_equal(padded[:, :, 2:14, 2:14], pictures(2, 12))
    assert (padded[:, :, :2] == -1).all()
    grey = prepared(pictures(2, 16, 1), 16, 3, None)
    np.testing.assert_array_equal(grey[:, 0], grey[:, 2])
    white = prepared(torch.ones(1, 3, 16, 16), 16, 1, None)
    np.testing.assert_allclose(white, torch.ones(1, 1, 16, 16))
    with pytest.raises(JudgeError, match="1 or 3 channels"):
        prepared(torch.zeros(3, 2, 16, 16), 16, 3, None)


def test_a_judge_that_cannot_be_used_is_told(folder, tmp_path):
    with pytest.raises(StorageError):
        Judge.load(tmp_path / "nowhere")
    weights, card = folder / WEIGHTS, folder / CARD
    whole, facts = weights.read_bytes(), json.loads(card.read_text())
    weights.write_bytes(whole[:-100])
    with pytest.raises(JudgeError, match="does not fit its card"):
        Judge.load(folder)
    weights.write_bytes(whole)
    for change, sentence in (
        ({"format": 99}, "another version"),
        ({"columns": {"hat": ["none"]}}, "does not fit its card"),
        ({"size": "large"}, "card of the judge .* is damaged"),
        ({"accuracy": None}, "card of the judge .* is damaged"),
    ):
        card.write_text(json.dumps(facts | change))
        with pytest.raises(JudgeError, match=sentence):
            Judge.load(folder)
    card.write_text("[]")
    with pytest.raises(JudgeError, match="another version"):
        Judge.load(folder)


def test_the_bundled_judges_are_found_by_the_name_of_their_data():
    assert judge_folder(RESOURCES, "portraits") == RESOURCES / "judges" / "portraits"
    assert judge_folder(RESOURCES, "spiral") is None
    assert judge_folder(RESOURCES, "") is None
    assert judge_folder(RESOURCES, "../judges/portraits") is None


@pytest.mark.parametrize("size", [32, 64])
def test_the_bundled_judge_tells_every_attribute_of_unseen_portraits(size):
    judge = Judge.load(RESOURCES / "judges" / "portraits")
    assert judge.columns == {name: tuple(values) for name, values in ATTRIBUTES.items()}
    drawn, labels = draw_with({}, 977, 400, size)
    readings = judge.classify(torch.from_numpy(drawn).permute(0, 3, 1, 2) / 127.5 - 1)
    for name, reading in readings.items():
        assert (reading.labels_N == labels[name]).mean() >= 0.99, name


@pytest.mark.parametrize("data", ["portraits", "fashion-mnist"])
def test_bundled_judges_are_small_and_say_how_right_they_are(data):
    folder = RESOURCES / "judges" / data
    card = Judge.load(folder).card
    assert card.data == data
    assert (folder / WEIGHTS).stat().st_size <= 2_000_000
    assert set(card.accuracy) == set(card.columns)
    lowest = 0.99 if data == "portraits" else 0.9
    assert min(card.accuracy.values()) >= lowest
    assert dataclasses.is_dataclass(card)
