"""A frozen network holds the given weights, asks for no gradient and disturbs no random numbers."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from torch import nn

from engine.nn.frozen import frozen


def build() -> nn.Sequential:
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    nn.init.normal_(net[0].weight)
    return net


def tensors() -> dict[str, torch.Tensor]:
    return {f"G.{name}": value for name, value in build().state_dict().items()} | {"D.weight": torch.zeros(1)}


def test_it_has_the_weights_in_eval_mode_without_gradients() -> None:
    given = tensors()
    net = frozen(build, given, "G.")
    assert not net.training
    assert not any(parameter.requires_grad for parameter in net.parameters())
    assert all(torch.equal(value, given[f"G.{name}"]) for name, value in net.state_dict().items())
    x = torch.randn(2, 3, 5, 5, requires_grad=True)
    net(x).sum().backward()
    assert x.grad is not None


def test_half_precision_files_become_float() -> None:
    given = {name: value.half() if value.is_floating_point() else value for name, value in tensors().items()}
    net = frozen(build, given, "G.")
    assert {parameter.dtype for parameter in net.parameters()} == {torch.float32}
    assert net[1].num_batches_tracked.dtype == torch.int64


def test_building_draws_no_random_numbers() -> None:
    given = tensors()
    before = torch.get_rng_state()
    frozen(build, given, "G.")
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.pop("G.0.bias"), r"G\.0\.bias is missing"),
        (lambda t: t.update({"G.9.bias": torch.zeros(1)}), r"G\.9\.bias does not belong"),
        (lambda t: t.update({"G.0.bias": torch.zeros(5)}), r"\(5,\), not \(4,\)"),
    ],
)
def test_what_does_not_fit_is_said_in_one_sentence(change: object, words: str) -> None:
    given = tensors()
    change(given)  # type: ignore[operator]
    with pytest.raises(ValueError, match=words):
        frozen(build, given, "G.")


def test_building_leaves_the_compiler_of_torch_alone() -> None:
    """It is a second's worth of modules, which the first picture would wait for."""
    code = (
        "import sys; from torch import nn; from engine.nn.frozen import frozen; from engine.nn.initial import *\n"
        "def build():\n"
        "    net = nn.Sequential(nn.Linear(2, 3), nn.Embedding(4, 5))\n"
        "    begin_normal(net, 0.1), begin_scaled(net, 0.2), begin_uniform(net, 0.1)\n"
        "    return net\n"
        "frozen(build, build().state_dict(), '')\n"
        "print('torch._dynamo' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
