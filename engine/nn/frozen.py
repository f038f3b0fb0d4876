"""Networks that only look: built without memory, filled with given weights, in eval mode and without gradients.

Building on the meta device draws nothing from the global random numbers, so exploring never disturbs training.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

M = TypeVar("M", bound=nn.Module)


class WeightsError(ValueError):
    """Weights that do not fit a network; the message is one sentence."""


def frozen(build: Callable[[], M], tensors: Mapping[str, Tensor], prefix: str) -> M:
    """Build a network and fill it with the tensors whose names begin with `prefix`, cast to float32.

    Raises WeightsError with one sentence where a tensor is missing, is not wanted, or has another shape.
    """
    with torch.device("meta"), _Unfilled():
        module = build()
    given = {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
    wanted = module.state_dict()
    _check(wanted, given, prefix)
    filled = {name: _laid_out(value.detach().to(wanted[name].dtype)) for name, value in given.items()}
    module.load_state_dict(filled, strict=True, assign=True)
    return module.eval().requires_grad_(False)


class _Unfilled(TorchFunctionMode):
    """Leaves out how weights begin: they are given. On the meta device normal_ would also load torch's compiler and
    sympy, 800 modules, which made the first picture a second late (torch 2.13)."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        given = kwargs or {}
        if func is Tensor.normal_ or getattr(func, "__module__", "") == "torch.nn.init":
            return given["tensor"] if "tensor" in given else args[0]
        return func(*args, **given)


def _laid_out(tensor: Tensor) -> Tensor:
    """Convolution weights as their activations lie: decoding one picture then takes 1.3 ms in place of 8 (gan_modern
    at 32 pixels, one thread), because nothing is put into order again at each call."""
    return tensor.contiguous(memory_format=torch.channels_last) if tensor.ndim == 4 else tensor


def _check(wanted: Mapping[str, Tensor], given: Mapping[str, Tensor], prefix: str) -> None:
    missing, extra = sorted(wanted.keys() - given.keys()), sorted(given.keys() - wanted.keys())
    if missing or extra:
        what = f"{prefix}{missing[0]} is missing" if missing else f"{prefix}{extra[0]} does not belong to it"
        raise WeightsError(f"The weights do not fit this model ({what}); use the config they were made with.")
    for name, tensor in wanted.items():
        if given[name].shape != tensor.shape:
            shapes = f"{prefix}{name} is {tuple(given[name].shape)}, not {tuple(tensor.shape)}"
            raise WeightsError(f"The weights do not fit this model ({shapes}); use the config they came from.")
