"""Directions in a latent space: principal components, a closed form from the first layer, and attribute vectors.

Pure functions; NumPy only. References: Haerkoenen et al. 2020 (GANSpace, arXiv 2004.02546) section 2.3; Shen and Zhou
2021 (SeFa, arXiv 2007.06600) section 3.1; Radford et al. 2015 (arXiv 1511.06434) section 6.3.2 for vectors from groups.

Legend: N samples, Z latent size, F features, K directions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.latent import HALVES, LatentError, draw_many

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

HALVINGS = 10  # random halvings of the exemplars that the scores of an attribute vector are means of


def _signed(directions_KZ: Doubles) -> Doubles:
    """The same directions with the sign that makes the coordinate of largest size positive (the first, where equal)."""
    largest = np.argmax(np.abs(directions_KZ).round(12), axis=1)
    signs = np.sign(directions_KZ[np.arange(len(directions_KZ)), largest])
    return directions_KZ * np.where(signs == 0, 1.0, signs)[:, None]


def pca(z_NZ: ArrayLike, features_NF: ArrayLike, count: int = 10) -> tuple[Floats, Floats]:
    """The directions in z that move the samples' principal components: (unit vectors (K, Z), variance shares (K,)).

    `features_NF` is what was made of `z_NZ`: pictures, or activations of an early layer. Their principal components
    are carried back to z by least squares, u_k = argmin sum_n |z_n - c_nk u_k|^2 (GANSpace, section 2.3). K is
    `count` or what the data has, components without variance left out. Cost: an eigendecomposition of size min(N, F).
    """
    z, features = np.asarray(z_NZ, np.float64), np.asarray(features_NF, np.float64)
    features = features.reshape(len(features), -1)
    z, features = z - z.mean(axis=0), features - features.mean(axis=0)
    wide = features.shape[1] > len(features)
    values, vectors = np.linalg.eigh(features @ features.T if wide else features.T @ features)
    values, vectors = np.maximum(values[::-1], 0.0), vectors[:, ::-1]
    total = values.sum()
    count = min(count, z.shape[1], int(np.count_nonzero(values > 1e-10 * max(total, 1e-300))))
    coordinates_NK = (vectors if wide else features @ vectors)[:, :count]
    back_KZ = coordinates_NK.T @ z
    norms = np.linalg.norm(back_KZ, axis=1, keepdims=True)
    kept = norms[:, 0] > 0
    directions = _signed(back_KZ[kept] / norms[kept])
    return directions.astype(np.float32), (values[:count][kept] / (total or 1.0)).astype(np.float32)


def sefa(weight_FZ: ArrayLike, count: int = 10) -> tuple[Floats, Floats]:
    """The directions that a first layer stretches most: (unit vectors (K, Z), eigenvalue shares (K,)), largest first.

    Eigenvectors of W^T W, where the layer is z -> W z (SeFa, section 3.1, equation 7).
    """
    weight = np.asarray(weight_FZ, np.float64)
    values, vectors = np.linalg.eigh(weight.T @ weight)
    values, vectors = np.maximum(values[::-1], 0.0), vectors[:, ::-1]
    shares = values / (values.sum() or 1.0)
    return _signed(vectors.T[:count]).astype(np.float32), shares[:count].astype(np.float32)


@dataclass(frozen=True)
class AttributeVector:
    """A direction from two groups of latents, and how far to trust it.

    direction: unit vector (Z,) from the mean of the group without to the mean of the group with the attribute.
    distance: how far apart the two means are, in the units of z.
    alignment: the mean cosine between the directions that two halves of the exemplars give (-1..1, 0 for noise): would
        other exemplars give the same direction?
    cohen_d: (mean with - mean without) / pooled standard deviation of projections, each projected on the direction
        that the *other* half gave, so that chance differences do not inflate it: does it tell the groups apart?
    Both scores are means over ten random halvings, and 0 where a group has fewer than two exemplars.
    """

    direction: Floats
    distance: float
    alignment: float
    cohen_d: float


def attribute_vector(z_pos: ArrayLike, z_neg: ArrayLike) -> AttributeVector:
    """The direction of an attribute from latents (N, Z) that have it and latents (M, Z) that do not.

    Raises:
        LatentError: a group is empty, or the two have the same mean.
    """
    pos, neg = np.asarray(z_pos, np.float64), np.asarray(z_neg, np.float64)
    if not len(pos) or not len(neg):
        raise LatentError("An attribute vector needs pictures with and pictures without the attribute; add some.")
    apart = pos.mean(axis=0) - neg.mean(axis=0)
    distance = float(np.linalg.norm(apart))
    if distance < 1e-9:
        raise LatentError("Both groups have the same mean, so that no direction leads from one to the other.")
    scores = [_halved(pos, neg, turn) for turn in range(HALVINGS)] if min(len(pos), len(neg)) > 1 else [(0.0, 0.0)]
    alignment, cohen_d = np.mean(scores, axis=0)
    return AttributeVector((apart / distance).astype(np.float32), distance, float(alignment), float(cohen_d))


def _halved(pos: Doubles, neg: Doubles, turn: int) -> tuple[float, float]:
    """Alignment and Cohen's d of one random halving of both groups."""
    halves = []
    for group, number in ((pos, 0), (neg, 1)):
        order = np.argsort(draw_many("uniform", len(group), 0, [turn], [number], HALVES)[0], kind="stable")
        halves.append((group[order[::2]], group[order[1::2]]))
    (pos_a, pos_b), (neg_a, neg_b) = halves
    from_a, from_b = _unit(pos_a.mean(axis=0) - neg_a.mean(axis=0)), _unit(pos_b.mean(axis=0) - neg_b.mean(axis=0))
    with_it = np.concatenate((pos_a @ from_b, pos_b @ from_a))
    without = np.concatenate((neg_a @ from_b, neg_b @ from_a))
    squares = np.sum((with_it - with_it.mean()) ** 2) + np.sum((without - without.mean()) ** 2)
    pooled = math.sqrt(squares / (len(with_it) + len(without) - 2))
    gap = float(with_it.mean() - without.mean())
    return float(from_a @ from_b), gap / pooled if pooled > 1e-12 else 0.0


def _unit(vector: Doubles) -> Doubles:
    norm = np.linalg.norm(vector)
    return vector / norm if norm > 0 else vector
