"""How weights begin. Each function draws from the global random numbers, which the training loop seeds."""

from __future__ import annotations

from torch import Tensor, nn

_WITH_WEIGHTS = (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)


def begin_normal(module: nn.Module, std: float) -> None:
    """Weights N(0, std), biases 0, in every linear and convolutional layer (Radford et al. 2015 section 4)."""
    for layer in _layers(module):
        nn.init.normal_(layer.weight, std=std)
        _zero_bias(layer)


def begin_uniform(module: nn.Module, limit: float) -> None:
    """Weights uniform in [-limit, limit], biases 0 (the authors' code of Goodfellow et al. 2014)."""
    for layer in _layers(module):
        nn.init.uniform_(layer.weight, -limit, limit)
        _zero_bias(layer)


def begin_scaled(module: nn.Module, slope: float) -> None:
    """Weights normal with the variance that keeps signals alive through leaky ReLUs (He et al. 2015 section 2.2)."""
    for layer in _layers(module):
        nn.init.kaiming_normal_(layer.weight, a=slope)
        _zero_bias(layer)


def _layers(module: nn.Module) -> list[nn.Linear | nn.Conv2d | nn.ConvTranspose2d]:
    return [layer for layer in module.modules() if isinstance(layer, _WITH_WEIGHTS)]


def _zero_bias(layer: nn.Linear | nn.Conv2d | nn.ConvTranspose2d) -> None:
    bias: Tensor | None = layer.bias
    if bias is not None:
        nn.init.zeros_(bias)
