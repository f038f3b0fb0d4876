"""A judge: a small classifier that tells every attribute of a picture, so that models can be measured by machine.

One network reads the picture and has one head per column of the data set's table. It was trained on true pictures
(`train_judge.py`), never on made ones. Its last hidden layer is the feature space of the Frechet distance
(`frechet.py`). A judge is a folder: weights.safetensors (float16) and card.json with its accuracy on unseen pictures.

Legend: N pictures, C channels, H x W pixels, F features, K values of a column.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from engine.nn.frozen import WeightsError, frozen
from engine.storage import files

FORMAT = 1
WEIGHTS, CARD = "weights.safetensors", "card.json"
FEATURES = 96
_CHUNK = 256  # pictures at a time: bounds the memory, and keeps one call below some 50 ms
_COUNTER = "num_batches_tracked"  # of batch norm; counts training steps, which a frozen judge does not have
_MEAN = "running_mean"  # beside it
_LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601: how a colour picture becomes grey


class JudgeError(ValueError):
    """A judge that cannot be used; the message is one sentence that says what to do."""


@dataclass(frozen=True)
class JudgeCard:
    """What is known of a judge.

    data: the built-in name of the data set it was trained on. columns: the names of each column's values.
    size: pictures are judged at size x size pixels; those of `padded_from` pixels get a black border instead.
    accuracy: share of unseen pictures told right, by column. fingerprint: of the weights, names distances.
    """

    data: str
    columns: Mapping[str, tuple[str, ...]]
    size: int
    channels: int
    padded_from: int | None
    accuracy: Mapping[str, float]
    fingerprint: str

    @property
    def name(self) -> str:
        """How a number says what it was measured with, for example "portraits, judge 1f2e3d4c"."""
        return f"{self.data}, judge {self.fingerprint[:8]}"


@dataclass(frozen=True)
class Reading:
    """What a judge sees in one column: the value's code, the probability it gives it, and all logits."""

    labels_N: NDArray[np.int64]
    confidence_N: NDArray[np.float32]
    logits_NK: NDArray[np.float32]


class JudgeNetwork(nn.Module):
    """Five 3x3 convolutions from 2x2 pixel blocks down to 4x4, one hidden layer, one linear map for all heads."""

    def __init__(self, channels: int, size: int, outputs: int) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.PixelUnshuffle(2)]
        inputs = 4 * channels
        for width, stride in ((32, 1), (48, 1), (96, 2), (96, 1), (128, 2)):
            layers += [nn.Conv2d(inputs, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
            inputs = width
        hidden = nn.Linear(inputs * (size // 8) ** 2, FEATURES, bias=False)
        self.body = nn.Sequential(*layers, nn.Flatten(), hidden, nn.BatchNorm1d(FEATURES), nn.ReLU())
        self.heads = nn.Linear(FEATURES, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """The logits of all columns side by side, (N, sum of K)."""
        logits: Tensor = self.heads(self.body(x))
        return logits


class Judge:
    """A trained judge. Thread-safe: it only reads its weights."""

    def __init__(self, card: JudgeCard, network: JudgeNetwork) -> None:
        self.card = card
        self.columns = card.columns
        self._network = network.eval().requires_grad_(False)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a judge from its folder.

        Raises:
            JudgeError: the folder holds no judge that this program can read. StorageError: the disk refused.
        """
        weights = files.read_bytes(folder / WEIGHTS)
        card = _card(files.read_json(folder / CARD), hashlib.sha256(weights).hexdigest(), folder)
        build = partial(JudgeNetwork, card.channels, card.size, sum(map(len, card.columns.values())))
        try:
            tensors = load(weights)
            means = [name for name in tensors if name.endswith(_MEAN)]
            counters = {name.removesuffix(_MEAN) + _COUNTER: torch.tensor(0) for name in means}
            network = frozen(build, {**counters, **tensors}, "")
        except (SafetensorError, WeightsError) as error:
            raise JudgeError(f"The judge in {folder} does not fit its card; install the program again.") from error
        return cls(card, network)

    def to(self, device: torch.device) -> Self:
        """Move the judge to a device; pictures must lie there too."""
        self._network.to(device)
        return self

    def classify(self, x: Tensor) -> dict[str, Reading]:
        """What is seen in pictures (N, C, H, W) in [-1, 1] of any size, by column."""
        parts = [self._network(self._prepared(chunk)) for chunk in _chunks(x)]
        logits = torch.cat(parts).float().cpu()
        split = torch.split(logits, [len(names) for names in self.columns.values()], dim=1)
        return {column: _reading(part) for column, part in zip(self.columns, split, strict=True)}

    def features(self, x: Tensor) -> NDArray[np.float32]:
        """The last hidden layer (N, F) of pictures (N, C, H, W) in [-1, 1] of any size."""
        parts = [self._network.body(self._prepared(chunk)) for chunk in _chunks(x)]
        features: NDArray[np.float32] = torch.cat(parts).float().cpu().numpy()
        return features

    def _prepared(self, x: Tensor) -> Tensor:
        return prepared(x.float(), self.card.size, self.card.channels, self.card.padded_from)


def prepared(x: Tensor, size: int, channels: int, padded_from: int | None) -> Tensor:
    """Pictures as a judge of `size` pixels and `channels` channels wants them: resized by area, or padded."""
    if x.ndim != 4 or x.shape[1] not in (1, 3):
        raise JudgeError(f"A judge reads pictures of 1 or 3 channels; this is an array of shape {tuple(x.shape)}.")
    if x.shape[1] != channels:
        grey = x.new_tensor(_LUMA)[None, :, None, None]
        x = x.expand(-1, 3, -1, -1) if channels == 3 else (x * grey).sum(dim=1, keepdim=True)
    if x.shape[-1] == x.shape[-2] == padded_from:
        before = (size - padded_from) // 2
        after = size - padded_from - before
        return F.pad(x, (before, after, before, after), value=-1.0)
    if x.shape[-2:] == (size, size):
        return x
    return F.interpolate(x, size=(size, size), mode="area")


def _chunks(x: Tensor) -> Iterator[Tensor]:
    with torch.no_grad():
        yield from torch.split(x, _CHUNK)


def _reading(logits_NK: Tensor) -> Reading:
    probabilities = logits_NK.softmax(dim=1)
    confidence_N, labels_N = probabilities.max(dim=1)
    return Reading(labels_N.numpy(), confidence_N.numpy(), logits_NK.numpy())


def judge_folder(resources: Path, data: str) -> Path | None:
    """Where the bundled judge of a built-in data set lies, or None where there is none."""
    folder = resources / "judges" / data
    return folder if data and "/" not in data and files.look(folder / CARD) is not None else None


def save_judge(folder: Path, network: JudgeNetwork, card: Mapping[str, Any]) -> None:
    """Write a judge: its weights as float16, and its card. Raises StorageError."""
    kept = {name: tensor for name, tensor in network.state_dict().items() if not name.endswith(_COUNTER)}
    files.make_folder(folder)
    files.write_bytes(folder / WEIGHTS, save({name: tensor.half().contiguous() for name, tensor in kept.items()}))
    files.write_json(folder / CARD, {"format": FORMAT, **card})


def _card(plain: Any, fingerprint: str, folder: Path) -> JudgeCard:
    if not isinstance(plain, Mapping) or plain.get("format") != FORMAT:
        raise JudgeError(f"The judge in {folder} was made by another version of this program; install it again.")
    try:
        return JudgeCard(
            data=str(plain["data"]),
            columns={str(name): tuple(map(str, values)) for name, values in plain["columns"].items()},
            size=int(plain["size"]),
            channels=int(plain["channels"]),
            padded_from=None if plain["padded_from"] is None else int(plain["padded_from"]),
            accuracy={str(name): float(value) for name, value in plain["accuracy"].items()},
            fingerprint=fingerprint,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise JudgeError(f"The card of the judge in {folder} is damaged; install the program again.") from error
