"""Mistakes on the command line end in one sentence."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("train --foo 1", "There is no option --foo 1"),
        ("train gan_modern:tiny --data ring --lr-g abc", "--lr-g does not take 'abc'"),
        ("bundle", "Missing: the first argument, --out, --title"),
        ("sample --scale", "Missing value for argument '--scale'"),
        ("train gan_modern:tiny", "Missing: --data"),
        ("sample --device meta", "'meta' is not a device"),
        ("evaluate --threads 0", "0 threads are not possible"),
        ("train gan_modern:tiny --data ring --batch-size 1" + 400 * "0", "give a whole number from 2 to 4096"),
        ('sample --recipe {"seed":1e400}', "not a point"),
        ("arithmetic --slot A=0:1 --recipe x", "recipe"),
        ("arithmetic --slot A=0:1 --spread nan", "The spread is nan; choose 0 to 10."),
        ("sample --condition label=1 label=2", "label is given twice"),
    ],
)
def test_a_mistake_is_one_sentence(refused, words: str, sentence: str):
    assert sentence in refused(words.split())
