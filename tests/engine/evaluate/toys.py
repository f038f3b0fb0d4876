"""A generator and a judge whose answers are known: pictures are a linear map of z, attributes are signs of pixels."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from engine.controls import CodesInfo, LatentInfo
from engine.evaluate.judge import Reading

SIZE = 16
TOY_COLUMNS = {
    "glasses": ("none", "round"),
    "presentation": ("woman", "man"),
    "headwear": ("none", "cap"),
    "mood": ("calm", "happy", "sad"),
}


class LinearModel:
    """Pictures (N, 1, 4, 4) that are z turned by an orthogonal matrix: a latent space without any entanglement."""

    conditions: Mapping[str, tuple[str, ...]] = {}

    def __init__(self, entangled: bool = False) -> None:
        self.latent = LatentInfo(SIZE, "normal")
        turn = np.linalg.qr(np.random.default_rng(3).standard_normal((SIZE, SIZE)))[0].astype(np.float32)
        if entangled:
            turn[1] = turn[0]  # the pixels of "glasses" and of "presentation" say the same
        self.turn = torch.from_numpy(turn)

    def decode(self, z_NZ: Tensor, labels: Mapping[str, Tensor] | None = None) -> Tensor:
        return (z_NZ @ self.turn.T).reshape(-1, 1, 4, 4)

    def first_layer(self) -> Tensor:
        return self.turn


class PixelJudge:
    """Pixels 0, 1 and 2 decide three columns by their sign; the largest of pixels 3, 4 and 5 decides "mood"."""

    columns = TOY_COLUMNS

    def __init__(self) -> None:
        self.pictures_seen: list[int] = []

    def classify(self, x: Tensor) -> dict[str, Reading]:
        self.pictures_seen.append(len(x))
        pixels = x.flatten(1).numpy()
        logits = {name: np.stack((-pixels[:, i], pixels[:, i]), axis=1) for i, name in enumerate(TOY_COLUMNS) if i < 3}
        logits["mood"] = pixels[:, 3:6]
        return {name: reading(each) for name, each in logits.items()}


def reading(logits_NK: np.ndarray) -> Reading:
    powers = np.exp(logits_NK - logits_NK.max(axis=1, keepdims=True))
    confidence = powers.max(axis=1) / powers.sum(axis=1)
    return Reading(logits_NK.argmax(axis=1), confidence.astype(np.float32), logits_NK.astype(np.float32))


class ShadeCodec:
    """A codec of grey 16x16 pictures: the mean shade of each quarter, in 8 steps."""

    codes = CodesInfo(grid=(2, 2), book=8, vector=1, cell=8, field=8)

    def encode(self, x: Tensor) -> Tensor:
        means = torch.nn.functional.avg_pool2d(x, 8)[:, 0]
        return ((means + 1) / 2 * 7).round().long().clamp(0, 7)

    def decode_codes(self, codes_NHW: Tensor) -> Tensor:
        shades = codes_NHW.float()[:, None] / 7 * 2 - 1
        return shades.repeat_interleave(8, dim=2).repeat_interleave(8, dim=3)

    def book(self) -> Tensor:
        return torch.linspace(-1, 1, 8)[:, None]

    def usage(self) -> Tensor:
        return torch.zeros(8, dtype=torch.int64)

    def reconstruct(self, x: Tensor) -> Tensor:
        return self.decode_codes(self.encode(x))

    def bits_per_dim(self, x: Tensor) -> Tensor:
        return torch.full((len(x),), 2.0)
