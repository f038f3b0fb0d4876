"""Pictures become files of codes and come back, as the window would make them; what does not fit gets a sentence."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from engine import codes
from engine.code_files import read_code_file
from engine.commands.exploring import Explored, SnapshotOptions
from engine.messages import Reconstruct

CPU = torch.device("cpu")


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


def again(path: Path) -> list[str]:
    """The words of the command that a picture carries, without "python -m engine"."""
    with Image.open(path) as image:
        return shlex.split(image.text["latent-explorer:command"])[3:]


def picture(path: Path, height: int = 16, width: int = 16, mode: str = "RGB") -> str:
    shape = (height, width) if mode == "L" else (height, width, len(mode))
    drawn = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    Image.fromarray(drawn).save(path)
    return str(path)


@pytest.mark.parametrize("family", ["vqvae", "dvae"])
def test_codes_that_come_back_are_the_window_s_reconstruction(told, codecs, tmp_path: Path, family: str):
    own = picture(tmp_path / "own.png")
    facts = told(["encode", codecs[family], "--data", own, "--out", "own.codes.json"])
    kept = read_code_file(tmp_path / "own.codes.json")
    assert (kept.codes.shape, kept.book, kept.family) == ((1, 4, 4), 64, family)
    assert facts["different_codes"] == len(np.unique(kept.codes))
    told(["decode", codecs[family], "own.codes.json", "--scale", "1", "--out", "back.png"])
    explored = Explored(SnapshotOptions(codecs[family]))
    request = Reconstruct("panel", 1, explored.name, pixels(Path(own))[None].copy())
    *_, made = codes.reconstruct(explored.opened, request, CPU)
    assert np.array_equal(made.codes_NHW, kept.codes)
    assert np.array_equal(made.samples[0], pixels(tmp_path / "back.png"))


def test_a_data_set_is_taken_from_the_part_that_no_model_learned_from(told, codecs, tmp_path: Path):
    facts = told(["encode", codecs["vqvae"], "--count", "5"])
    assert (facts["pictures"], facts["source"], facts["file"]) == (5, "Portraits (test)", "encoded.codes.json")
    train = told(["encode", codecs["vqvae"], "--count", "5", "--split", "train"])
    assert train["file"] == "encoded-2.codes.json"
    first, second = (read_code_file(tmp_path / found["file"]).codes for found in (facts, train))
    assert not np.array_equal(first, second)
    told([*shlex.split(facts["command"])[3:], "--out", "third.codes.json"])
    assert (tmp_path / "third.codes.json").read_bytes() == (tmp_path / "encoded.codes.json").read_bytes()


def test_a_folder_of_pictures_without_parts_is_taken_as_it_is(told, codecs, tmp_path: Path):
    (tmp_path / "own").mkdir()
    for number in range(3):
        picture(tmp_path / "own" / f"{number}.png", height=20 + number)
    facts = told(["encode", codecs["vqvae"], "--data", "own"])
    assert (facts["pictures"], facts["source"]) == (3, "own (train)")


def test_a_decoded_picture_is_a_recipe_and_says_how_to_make_it_again(told, codecs, tmp_path: Path):
    told(["encode", codecs["dvae"], "--count", "3", "--out", "some.codes.json"])
    told(["decode", codecs["dvae"], "some.codes.json", "--columns", "3", "--out", "first.png"])
    told(["decode", codecs["dvae"], "first.png", "--columns", "3", "--out", "second.png"])
    (tmp_path / "some.codes.json").unlink()
    told([*again(tmp_path / "first.png"), "--out", "third.png"])
    assert (tmp_path / "first.png").read_bytes() == (tmp_path / "second.png").read_bytes()
    assert (tmp_path / "first.png").read_bytes() == (tmp_path / "third.png").read_bytes()
    assert pixels(tmp_path / "first.png").shape == (64, 3 * 64 + 2, 3)


def test_a_folder_gets_one_picture_for_each_grid(told, codecs, tmp_path: Path):
    told(["encode", codecs["vqvae"], "--count", "3", "--out", "some.codes.json"])
    told(["decode", codecs["vqvae"], "some.codes.json", "--scale", "1", "--out", "made"])
    told(["decode", codecs["vqvae"], "some.codes.json", "--scale", "1", "--columns", "1", "--out", "all.png"])
    assert [path.name for path in sorted((tmp_path / "made").iterdir())] == ["00000.png", "00001.png", "00002.png"]
    assert np.array_equal(pixels(tmp_path / "made" / "00002.png"), pixels(tmp_path / "all.png")[34:])


def test_pictures_of_another_size_come_to_the_model_s_where_it_is_said_how(told, codecs, tmp_path: Path):
    wide, own = picture(tmp_path / "wide.png", 20, 48), picture(tmp_path / "own.png", mode="RGBA")
    facts = told(["encode", codecs["vqvae"], "--data", wide, own, "--fit", "pad"])
    assert (facts["pictures"], facts["source"]) == (2, "2 files")


@pytest.fixture
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files")


def test_pictures_that_do_not_fit_get_one_sentence(refused, codecs, files: Path):
    wide = picture(files / "wide.png", 20, 48)
    (files / "cut.png").write_bytes(Path(picture(files / "own.png")).read_bytes()[:200])
    for words, says in (
        ([wide], "wide.png is 20 x 48 pixels and vqvae tiny portraits takes 16 x 16; say with --fit"),
        ([str(files / "cut.png")], "cut.png cannot be used: it is cut off or damaged"),
        ([str(files / "own.png"), str(files)], "cannot be used: it is not a file"),
        ([str(files / "none.png")], "There is no file or folder"),
        (["mixture"], "choose other data"),
        ([str(files / "own.png"), "--count", "2"], "leave --count and --split away"),
    ):
        assert says in refused(["encode", codecs["vqvae"], "--data", *words])
    assert "choose 1 to" in refused(["encode", codecs["vqvae"], "--count", "0"])
    assert 'have no "dev" split' in refused(["encode", codecs["vqvae"], "--split", "dev"])


def test_codes_that_do_not_fit_get_one_sentence(refused, codecs, files: Path):
    plain = {"format": "latent-explorer codes", "version": 1, "grid": [4, 4], "book": 64, "codes": [[[0] * 4] * 4]}
    for name, changes, says in (
        ("range", {"codes": [[[64] * 4] * 4]}, "has the code 64, its book only 0 to 63"),
        ("grid", {"grid": [2, 2], "codes": [[[0] * 2] * 2]}, "a grid of 2 x 2"),
        ("book", {"book": 512}, "a book of 512"),
        ("format", {"format": "x"}, "no file of codes"),
    ):
        (files / f"{name}.codes.json").write_text(json.dumps({**plain, **changes}))
        assert says in refused(["decode", codecs["vqvae"], str(files / f"{name}.codes.json")])
    assert "Name the model and then" in refused(["decode", codecs["vqvae"]])
    assert "could not be read" in refused(["decode", codecs["vqvae"], "none.codes.json"])


def test_codes_of_another_model_are_decoded_with_a_word_of_warning(told, codecs, capsys, monkeypatch):
    said: list[str] = []
    monkeypatch.setattr("engine.commands.decode.note", said.append)
    told(["encode", codecs["vqvae"], "--count", "1", "--out", "one.codes.json"])
    told(["decode", codecs["dvae"], "one.codes.json", "--out", "one.png"])
    assert said == ["These codes are from vqvae tiny portraits; here each of them means something else."]


@pytest.mark.parametrize("verb", ["encode", "decode", "codebook"])
def test_a_model_without_codes_gets_one_sentence(refused, codecs, faces: str, verb: str):
    more = ["any.codes.json"] if verb == "decode" else []
    for model in (codecs["vae"], faces):
        assert "has no codes; choose a model that has" in refused([verb, model, *more])


def test_other_names_of_files_get_one_sentence(refused, codecs):
    assert "end the name in .codes.json" in refused(["encode", codecs["vqvae"], "--out", "codes.txt"])
    assert "end the name in .png" in refused(["codebook", codecs["vqvae"], "--out", "book.jpg"])


VERBS = {
    "sample": ["--count", "2"],
    "arithmetic": ["--slot", "A=0:1", "B=0:2", "C=0:3"],
    "walk": ["--points", "0:0", "0:1"],
}


@pytest.mark.parametrize("family", ["vqvae", "dvae"])
@pytest.mark.parametrize("verb", VERBS)
def test_what_needs_a_latent_space_says_so_for_codecs(refused, codecs, family: str, verb: str):
    assert "has no latent space; choose a model that has one" in refused(
        [verb, "--snapshot", codecs[family], *VERBS[verb]]
    )


@pytest.mark.parametrize("family", ["vae", "vqvae", "dvae"])
def test_what_needs_a_discriminator_says_so(refused, codecs, family: str):
    assert "has no discriminator to ask" in refused(["decision", "--snapshot", codecs[family]])
