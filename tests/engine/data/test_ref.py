"""A reference to data is a plain value that survives JSON and refuses nonsense."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys

import pytest

from engine.data.dataset import DataError
from engine.data.ref import BUILT_IN, DataRef


def test_a_reference_survives_json_and_pickle() -> None:
    ref = DataRef("own", size=32, channels=1, fit="pad", split="test", count=10, seed=3, points=((0.5, 1.0), (2, 3)))
    assert DataRef.from_plain(json.loads(json.dumps(ref.as_plain()))) == ref
    assert pickle.loads(pickle.dumps(ref)) == ref
    assert hash(ref) == hash(DataRef.from_plain(ref.as_plain()))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"size": 2}, "size of 2"),
        ({"size": 5000}, "size of 5000"),
        ({"channels": 2}, "2 channels"),
        ({"fit": "squash"}, "squash"),
        ({"count": 1}, "at least 2"),
        ({"seed": -1}, "seed"),
        ({"name": ""}, "No data set"),
        ({"size": "32"}, "whole number"),
        ({"size": True}, "whole number"),
        ({"seed": None}, "whole number"),
        ({"name": 7}, "text"),
        ({"colour": 1}, "colour"),
        ({"points": 7}, "points"),
        ({"points": ["ab"]}, "points"),
    ],
)
def test_nonsense_is_refused_in_a_sentence(values: dict[str, object], words: str) -> None:
    with pytest.raises(DataError, match=words):
        DataRef.from_plain({"name": "mnist", **values})


def test_built_in_names_are_unique_and_explained() -> None:
    assert len({entry.name for entry in BUILT_IN}) == len(BUILT_IN)
    assert all(entry.title and entry.help.endswith(".") for entry in BUILT_IN)


def test_naming_data_needs_neither_torch_nor_pillow() -> None:
    code = "import sys, engine.data.ref; sys.exit(any(m in sys.modules for m in ('torch', 'PIL', 'PySide6')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
