"""What a file of codes keeps, and what is said of files that are none."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from engine.code_files import (
    CODE_SUFFIX,
    CodeFile,
    CodeFileError,
    check_codes,
    code_file_from_plain,
    code_file_from_text,
    code_file_text,
    is_of_model,
    read_code_file,
    write_code_file,
)
from engine.controls import CodesInfo

INFO = CodesInfo(grid=(2, 3), book=8, vector=4, cell=4, field=10)


def kept(**changes: object) -> CodeFile:
    facts = {
        "codes": np.arange(6, dtype=np.int64).reshape(1, 2, 3),
        "book": 8,
        "snapshot": "run:runs/vq@800",
        "title": "VQ-VAE",
        "family": "vqvae",
        "step": 800,
    }
    return CodeFile(**{**facts, **changes})  # type: ignore[arg-type]


def plain(**changes: object) -> dict[str, object]:
    return {**json.loads(code_file_text(kept())), **changes}


def test_what_is_written_is_read_again(tmp_path: Path):
    file = tmp_path / f"face{CODE_SUFFIX}"
    write_code_file(kept(), file)
    found = read_code_file(file)
    assert found.codes.tolist() == kept().codes.tolist()
    assert found.codes.dtype == np.int64
    assert (found.grid, found.book, found.snapshot, found.title) == ((2, 3), 8, "run:runs/vq@800", "VQ-VAE")
    assert (found.family, found.step) == ("vqvae", 800)
    assert [each.name for each in tmp_path.iterdir()] == [file.name]


def test_a_write_that_fails_leaves_the_file_that_was_there(tmp_path: Path):
    file = tmp_path / "folder"
    file.mkdir()
    with pytest.raises(CodeFileError, match="choose another folder"):
        write_code_file(kept(), file)
    assert [each.name for each in tmp_path.iterdir()] == ["folder"]


def test_several_grids_and_other_sides_than_two():
    codes = np.zeros((3, 5), np.int64)
    found = code_file_from_text(code_file_text(CodeFile(codes, 2)))
    assert (found.codes.shape, found.grid) == ((3, 5), (5,))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ("[1, 2]", "is no file of codes"),
        ('{"format": "something"}', "is no file of codes"),
    ],
)
def test_a_text_that_is_none(text: str, sentence: str):
    with pytest.raises(CodeFileError, match=sentence):
        code_file_from_text(text)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"version": 2}, "newer Latent Explorer"),
        ({"grid": [0, 3]}, "how large its grid is"),
        ({"grid": "23"}, "how large its grid is"),
        ({"grid": []}, "how large its grid is"),
        ({"book": 0}, "how many codes"),
        ({"book": 2.5}, "how many codes"),
        ({"codes": None}, "whole numbers in grids of 2 x 3"),
        ({"codes": []}, "whole numbers in grids of 2 x 3"),
        ({"codes": [[0, 1, 2], [3, 4, 5]]}, "whole numbers in grids of 2 x 3"),
        ({"codes": [[[0, 1, 2], [3, 4]]]}, "whole numbers in grids of 2 x 3"),
        ({"codes": [[[0, 1, 2], [3, 4, 0.5]]]}, "whole numbers in grids of 2 x 3"),
        ({"codes": [[[0, 1, 2], [3, 4, "5"]]]}, "whole numbers in grids of 2 x 3"),
        ({"codes": [[[0, 1, 2], [3, 4, 10**30]]]}, "whole numbers in grids of 2 x 3"),
        ({"codes": [[[0, 1, 2], [3, 4, 8]]]}, "has the code 8, its book only 0 to 7"),
        ({"codes": [[[0, 1, 2], [3, 4, -1]]]}, "has the code -1, its book only 0 to 7"),
        ({"codes": [[[0, 1, 2], [3, 4, 2**63]]]}, "whole numbers in grids of 2 x 3"),
    ],
)
def test_a_broken_file_is_told_in_one_sentence(changes: dict[str, object], sentence: str):
    with pytest.raises(CodeFileError, match=sentence):
        code_file_from_plain(plain(**changes), "face.codes.json")


def test_a_file_that_cannot_be_read(tmp_path: Path):
    with pytest.raises(CodeFileError, match="could not be read"):
        read_code_file(tmp_path / "none.codes.json")
    binary = tmp_path / "binary.codes.json"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CodeFileError, match="not text"):
        read_code_file(binary)


def test_codes_must_fit_the_decoder():
    check_codes(kept(), INFO, "VQ-VAE")
    other_grid = CodesInfo(grid=(8, 8), book=8, vector=4, cell=4, field=10)
    with pytest.raises(CodeFileError, match=r"grid of 2 x 3, Small decodes 8 x 8; open .*\(VQ-VAE\)"):
        check_codes(kept(), other_grid, "Small")
    other_book = CodesInfo(grid=(2, 3), book=512, vector=4, cell=4, field=10)
    with pytest.raises(CodeFileError, match="a book of 8, Small has 512"):
        check_codes(kept(), other_book, "Small")


def test_another_step_of_a_model_is_the_same_model():
    assert is_of_model(kept(), "run:runs/vq@100")
    assert is_of_model(kept(snapshot=""), "run:runs/vq@100")
    assert not is_of_model(kept(), "run:runs/other@800")
    assert not is_of_model(kept(snapshot="bundled:a"), "bundled:b")
