"""Errors of a lane become one sentence for a person."""

from __future__ import annotations

import pytest
import torch

from engine.lane import sentence
from engine.shelf import SnapshotError


def test_a_full_memory_says_what_to_do():
    with pytest.raises(RuntimeError) as full:
        torch.empty(1 << 50)
    wanted = "There is not enough memory for this; choose a smaller batch size or smaller pictures."
    for error in (full.value, MemoryError(), torch.OutOfMemoryError("CUDA out of memory. Tried to allocate ...")):
        assert sentence(error) == wanted


def test_the_engines_own_errors_are_sentences_and_others_say_their_type():
    assert sentence(SnapshotError("Nothing trains; start a run.")) == "Nothing trains; start a run."
    assert sentence(KeyError("x")) == "KeyError: 'x'"
    assert sentence(ValueError()) == "ValueError"


def test_a_gpu_that_failed_asks_for_a_restart():
    said = sentence(torch.AcceleratorError("CUDA error: illegal memory access\nCUDA kernel errors might be ..."))
    assert said.startswith("The GPU failed (CUDA error: illegal memory access); restart the program")
