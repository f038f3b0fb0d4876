from __future__ import annotations

import json
import shlex
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.__main__ import main
from engine.commands.exploring import Explored, SnapshotOptions


def texts(path: Path) -> dict[str, str]:
    with Image.open(path) as image:
        return dict(image.text)


def again(path: Path) -> list[str]:
    """The words of the command that a picture carries, without "python -m engine"."""
    return shlex.split(texts(path)["latent-explorer:command"])[3:]


@pytest.fixture(scope="module")
def line(home: Path) -> str:
    run = home / "runs" / "line"
    words = ["--data", "gaussian-1d", "--count", "200", "--steps", "2", "--threads", "1", "--json", "--run", str(run)]
    assert main(["train", "gan_2014:tiny", *words]) == 0
    return str(run)


@pytest.mark.parametrize("model", ["line", "spots"])
def test_points_give_the_fields_and_the_value(told, request, model: str, tmp_path: Path):
    snapshot = request.getfixturevalue(model)
    facts = told(["decision", "--snapshot", snapshot, "--out", "fields.npz"])
    with np.load(tmp_path / "fields.npz") as fields:
        assert fields["d"].shape == ((256,) if model == "line" else (64, 64))
        assert fields["samples_ND"].shape[0] == 1000
        assert float(fields["value"]) == facts["value"]
        known = fields["p_data"] / np.maximum(fields["p_data"] + fields["p_g"], 1e-12)
        np.testing.assert_allclose(fields["d_star"], known, rtol=1e-4, atol=1e-6)
    told(["decision", "--snapshot", snapshot, "--out", "first.png"])
    assert json.loads(texts(tmp_path / "first.png")["latent-explorer:value"]) == facts["value"]


@pytest.mark.parametrize("model", ["line", "spots"])
def test_what_is_hidden_is_not_drawn_and_the_command_says_so(told, request, model: str, tmp_path: Path):
    snapshot = request.getfixturevalue(model)
    hidden = ["--hide", "arrows", "--hide", "samples", "--resolution", "20", "--count", "50"]
    for name, words in (("plain", hidden[4:]), ("hidden", hidden)):
        told(["decision", "--snapshot", snapshot, *words, "--out", f"{name}.png"])
        told([*again(tmp_path / f"{name}.png"), "--out", "again.png"])
        assert (tmp_path / f"{name}.png").read_bytes() == (tmp_path / "again.png").read_bytes()
    with Image.open(tmp_path / "plain.png") as plain, Image.open(tmp_path / "hidden.png") as without:
        assert plain.tobytes() != without.tobytes()


def test_pictures_give_their_scores(told, faces: str, tmp_path: Path):
    facts = told(["decision", "--snapshot", faces, "--count", "9", "--look", "4", "--out", "scores.npz"])
    explored = Explored(SnapshotOptions(faces))
    with np.load(tmp_path / "scores.npz") as numbers:
        assert explored.scores(numbers["samples_NHWC"]) == pytest.approx(facts["scores"], abs=1e-4)
        assert numbers["saliency_NHW"].shape == (9, 16, 16)
        np.testing.assert_allclose(np.abs(numbers["saliency_NHW"]).max((1, 2)), 1.0, rtol=1e-5)
        assert (numbers["peaks_N"] > 0).all()


def test_a_grid_of_the_run_is_scored_as_it_was(told, faces: str, tmp_path: Path):
    words = ["decision", "--snapshot", faces, "--grid", "3", "--count", "6", "--look", "2", "--out", "first.png"]
    facts = told(words)
    assert len(facts["scores"]) == 6
    told([*again(tmp_path / "first.png"), "--out", "second.png"])
    assert (tmp_path / "first.png").read_bytes() == (tmp_path / "second.png").read_bytes()
    assert json.loads(texts(tmp_path / "first.png")["latent-explorer:scores"]) == facts["scores"]


@pytest.mark.parametrize(
    ("model", "words", "sentence"),
    [
        ("spots", ("--look", "1"), "leave --grid and --look away"),
        ("spots", ("--resolution", "1"), "choose 2 to"),
        ("faces", ("--hide", "data"), "leave --resolution and --hide away"),
        ("faces", ("--count", "4", "--look", "4"), "choose 0 to 3"),
        ("faces", ("--count", "0"), "choose 1 to"),
        ("faces", ("--grid", "77"), "kept no grid at step 77"),
        ("faces", ("--out", "a.csv"), "end the name in .png or .npz"),
    ],
)
def test_what_cannot_be_drawn_gets_a_sentence(refused, request, model: str, words: tuple[str, ...], sentence: str):
    assert sentence in refused(["decision", "--snapshot", request.getfixturevalue(model), *words])
