"""Where a picture lies in a latent space: draws, the seed plane, moves, walks, and arithmetic over slots.

Pure functions of plain values; NumPy only. A place is a function of (seed, x, y) alone, on every machine: the random
numbers come from Philox4x32-10 (Salmon et al. 2011, "Parallel Random Numbers: As Easy as 1, 2, 3"), a counter-based
generator, written out here so that no library's version can change a picture. References: Shoemake 1985 and White 2016
(arXiv 1609.04468) for slerp; Radford et al. 2015 (arXiv 1511.06434) section 6.3.2 for the arithmetic. Its typed
expressions are read by `expression.py`; PCA, SeFa and attribute vectors are in `directions.py`.

Legend: N vectors, Z latent size. Vectors go out as float32 and are computed in float64.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.controls import Arithmetic, Interpolation, LatentInfo, Norm, Point, Slot, Walk
from engine.expression import compute, parse

Prior = Literal["normal", "uniform"]
Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Directions = Mapping[str, ArrayLike]

NO_DIRECTIONS: Directions = {}
FARTHEST = 2**31  # places are whole numbers of 32 bits
CENTRE = 4  # the result's place among its neighbours, in reading order of the 3x3


class LatentError(ValueError):
    """A place, a move or a slot that this latent space does not have; the message is one sentence that says why."""


# -------------------------------------------------------------------------------------------------------------- draws

PLANE, NEIGHBOURS, HALVES = 0, 1, 2  # what draws are for: each purpose has numbers of its own
_MASK = np.uint64(0xFFFFFFFF)
_SHIFT = np.uint64(32)


def philox(counter_N4: NDArray[np.uint64], key_N2: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Philox4x32-10: 32-bit words in, 32-bit words (N, 4) out, all held in uint64 (Salmon et al. 2011, section 3.3)."""
    c0, c1, c2, c3 = (counter_N4[..., i] for i in range(4))
    k0, k1 = key_N2[..., 0], key_N2[..., 1]
    for _ in range(10):
        left, right = np.uint64(0xD2511F53) * c0, np.uint64(0xCD9E8D57) * c2
        c0, c1, c2, c3 = (right >> _SHIFT) ^ c1 ^ k0, right & _MASK, (left >> _SHIFT) ^ c3 ^ k1, left & _MASK
        k0, k1 = (k0 + np.uint64(0x9E3779B9)) & _MASK, (k1 + np.uint64(0xBB67AE85)) & _MASK
    return np.stack((c0, c1, c2, c3), axis=-1)


def _uniforms(
    size: int, seeds_N: NDArray[np.uint64], x_N: NDArray[np.int64], y_N: NDArray[np.int64], purpose: int
) -> Doubles:
    """Numbers strictly between 0 and 1, shape (N, size)."""
    blocks = -(-size // 4)
    counter = np.zeros((len(seeds_N), blocks, 4), np.uint64)
    counter[..., 0] = np.arange(blocks, dtype=np.uint64)
    counter[..., 1] = x_N.astype(np.uint64)[:, None] & _MASK
    counter[..., 2] = y_N.astype(np.uint64)[:, None] & _MASK
    counter[..., 3] = np.uint64(purpose)
    key = np.stack((seeds_N & _MASK, seeds_N >> _SHIFT), axis=-1)[:, None, :]
    words = philox(counter, key).reshape(len(seeds_N), -1)[:, :size]
    return (words.astype(np.float64) + 0.5) * 2.0**-32


def _seeds(seed: int | Sequence[int], count: int) -> NDArray[np.uint64]:
    seeds = [seed] * count if isinstance(seed, int) else seed
    return np.array([each % (1 << 64) for each in seeds], np.uint64)


def draw_many(
    prior: Prior, size: int, seed: int | Sequence[int], x_N: ArrayLike, y_N: ArrayLike, purpose: int = PLANE
) -> Floats:
    """One draw from the prior for each lattice place (x, y) of its plane `seed`, shape (N, size).

    "normal" is N(0, I) by Box and Muller (1958), "uniform" is U(-1, 1). The words of the generator are exact
    everywhere; what a platform's logarithm and cosine differ by is below the rounding to float32.
    """
    columns_N = np.atleast_1d(np.asarray(x_N, np.int64))
    rows_N = np.broadcast_to(np.asarray(y_N, np.int64), columns_N.shape)
    seeds_N = _seeds(seed, len(columns_N))
    if prior == "uniform":
        return (2.0 * _uniforms(size, seeds_N, columns_N, rows_N, purpose) - 1.0).astype(np.float32)
    pairs = -(-size // 2)
    u = _uniforms(2 * pairs, seeds_N, columns_N, rows_N, purpose).reshape(len(seeds_N), pairs, 2)
    radius, angle = np.sqrt(-2.0 * np.log(u[..., 0])), 2.0 * math.pi * u[..., 1]
    both: Doubles = np.stack((radius * np.cos(angle), radius * np.sin(angle)), axis=-1)
    return both.reshape(len(seeds_N), -1)[:, :size].astype(np.float32)


def draw(prior: Prior, size: int, seed: int, x: int, y: int) -> Floats:
    """The draw that the whole numbers (x, y) of plane `seed` name, shape (size,)."""
    return draw_many(prior, size, seed, [x], [y]).reshape(size)


# ----------------------------------------------------------------------------------------------- between two vectors


def lerp(a: ArrayLike, b: ArrayLike, t: ArrayLike) -> Doubles:
    """The straight way from `a` (t = 0) to `b` (t = 1). Vectors are (..., Z), `t` is a number or (...)."""
    start, end, share = _ends(a, b, t)
    return (1.0 - share) * start + share * end


def slerp(a: ArrayLike, b: ArrayLike, t: ArrayLike) -> Doubles:
    """The way from `a` to `b` along a circle: the direction turns evenly, the length goes evenly from |a| to |b|.

    Vectors are (..., Z), `t` is a number or (...). Exact at both ends. Opposite vectors have no shortest way; a fixed
    perpendicular decides it. Where a vector is zero, or Z is 1, there is no circle, and the way is straight.
    """
    start, end, share = _ends(a, b, t)
    length_a, length_b = np.linalg.norm(start, axis=-1, keepdims=True), np.linalg.norm(end, axis=-1, keepdims=True)
    straight = (1.0 - share) * start + share * end
    round_way = (length_a > 0) & (length_b > 0) & (start.shape[-1] > 1)
    if not round_way.any():
        return straight
    u, v = start / np.where(length_a > 0, length_a, 1.0), end / np.where(length_b > 0, length_b, 1.0)
    cosine = np.sum(u * v, axis=-1, keepdims=True)
    across = v - cosine * u
    sine = np.linalg.norm(across, axis=-1, keepdims=True)
    no_plane = sine < 1e-9  # parallel or opposite: the two vectors span no plane
    across = np.where(no_plane, _perpendicular(u), across / np.where(no_plane, 1.0, sine))
    angle = np.arctan2(sine, cosine) * share
    turned = (np.cos(angle) * u + np.sin(angle) * across) * ((1.0 - share) * length_a + share * length_b)
    way = np.where(round_way, turned, straight)
    return np.where(share == 0.0, start, np.where(share == 1.0, end, way))


def _ends(a: ArrayLike, b: ArrayLike, t: ArrayLike) -> tuple[Doubles, Doubles, Doubles]:
    start, end = np.broadcast_arrays(np.asarray(a, np.float64), np.asarray(b, np.float64))
    return start, end, np.asarray(t, np.float64)[..., None]


def _perpendicular(u: Doubles) -> Doubles:
    """A unit vector at right angles to each unit vector of `u` (..., Z), Z >= 2, from the axis that it uses least."""
    axis = np.zeros_like(u)
    np.put_along_axis(axis, np.argmin(np.abs(u), axis=-1)[..., None], 1.0, axis=-1)
    axis -= np.sum(axis * u, axis=-1, keepdims=True) * u
    unit: Doubles = axis / np.linalg.norm(axis, axis=-1, keepdims=True)
    return unit


def between(a: ArrayLike, b: ArrayLike, t: ArrayLike, latent: LatentInfo, interpolation: Interpolation) -> Doubles:
    """`lerp` or `slerp`. What a circle leads out of a uniform prior's cube is clipped to it."""
    if interpolation == "lerp":
        return lerp(a, b, t)
    way = slerp(a, b, t)
    return np.clip(way, -1.0, 1.0) if latent.prior == "uniform" else way


def deviation(latent: LatentInfo) -> float:
    """The standard deviation of one coordinate under the prior: the unit of moves."""
    return 1.0 if latent.prior == "normal" else 1.0 / math.sqrt(3.0)


def shell_radius(latent: LatentInfo) -> float:
    """The root mean square length of a draw: sqrt(Z) for N(0, I), sqrt(Z / 3) for U(-1, 1)."""
    return math.sqrt(latent.size) * deviation(latent)


def onto_shell(z: ArrayLike, latent: LatentInfo) -> Floats:
    """Vectors (..., Z) at the length that draws have, where nearly all of the prior lies (White 2016, section 2).

    Lengths become `shell_radius`; for a uniform prior, coordinates are then clipped to the cube. Zero stays zero.
    """
    vector = np.asarray(z, np.float64)
    length = np.linalg.norm(vector, axis=-1, keepdims=True)
    out: Doubles = vector * (shell_radius(latent) / np.where(length > 0, length, 1.0))
    return (np.clip(out, -1.0, 1.0) if latent.prior == "uniform" else out).astype(np.float32)


def normed(z: ArrayLike, latent: LatentInfo, norm: Norm) -> Floats:
    """Vectors (..., Z) with a norm mode applied."""
    return np.asarray(z, np.float32) if norm == "as is" else onto_shell(z, latent)


# ------------------------------------------------------------------------------------------------------------- places


def place(
    point: Point,
    latent: LatentInfo,
    interpolation: Interpolation = "slerp",
    directions: Directions = NO_DIRECTIONS,
) -> Floats:
    """The latent vector (Z,) of a point; see `places`."""
    return places((point,), latent, interpolation, directions).reshape(latent.size)


def places(
    points: Sequence[Point],
    latent: LatentInfo,
    interpolation: Interpolation = "slerp",
    directions: Directions = NO_DIRECTIONS,
) -> Floats:
    """The latent vectors (N, Z) of points: the seed plane (or the given z), then edits, then moves.

    Between lattice places the plane is bilinear, built of `interpolation` along x and then along y: continuous, and
    exact at lattice places. A move adds `amount` standard deviations of the prior along the unit vector that
    `directions` has by its name.

    Raises:
        LatentError: a vector of another length, a coordinate or direction that is not there, a place out of reach.
    """
    z_NZ = np.zeros((len(points), latent.size), np.float64)
    on_plane = [i for i, point in enumerate(points) if point.z is None]
    if on_plane:
        z_NZ[on_plane] = _plane([points[i] for i in on_plane], latent, interpolation)
    for i, point in enumerate(points):
        if point.z is not None:
            z_NZ[i] = _checked(point.z, latent, "The point")
        for coordinate, value in point.edits:
            if not 0 <= coordinate < latent.size:
                raise LatentError(f"There is no coordinate {coordinate}; choose 0 to {latent.size - 1}.")
            z_NZ[i, coordinate] = value
        for move in point.moves:
            z_NZ[i] += move.amount * deviation(latent) * _direction(move.direction, directions, latent)
    return z_NZ.astype(np.float32)


def _plane(points: Sequence[Point], latent: LatentInfo, interpolation: Interpolation) -> Doubles:
    at_N2 = np.array([(point.x, point.y) for point in points], np.float64)
    if not np.all(np.abs(at_N2) < FARTHEST):  # also false for NaN
        raise LatentError(f"A place of the seed plane lies between -{FARTHEST} and {FARTHEST}; choose a nearer one.")
    low_N2 = np.floor(at_N2)
    t_N2 = at_N2 - low_N2
    x, y = low_N2.astype(np.int64).T
    corners = draw_many(
        latent.prior,
        latent.size,
        [point.seed for point in points] * 4,
        np.concatenate((x, x + 1, x, x + 1)),
        np.concatenate((y, y, y + 1, y + 1)),
    ).reshape(4, len(points), latent.size)
    low_y = between(corners[0], corners[1], t_N2[:, 0], latent, interpolation)
    high_y = between(corners[2], corners[3], t_N2[:, 0], latent, interpolation)
    return between(low_y, high_y, t_N2[:, 1], latent, interpolation)


def _checked(z: ArrayLike, latent: LatentInfo, what: str) -> Doubles:
    vector = np.asarray(z, np.float64)
    if vector.shape != (latent.size,):
        raise LatentError(f"{what} has {vector.size} coordinates but this model has {latent.size}; make it again here.")
    if not np.isfinite(vector).all():
        raise LatentError(f"{what} has a coordinate that is not a finite number; make it again.")
    return vector


def _direction(name: str, directions: Directions, latent: LatentInfo) -> Doubles:
    if name not in directions:
        known = f"choose one of {', '.join(directions)}" if directions else "find directions first"
        raise LatentError(f"There is no direction {name!r} for this model; {known}.")
    return _checked(directions[name], latent, f"The direction {name!r}")


# -------------------------------------------------------------------------------------------------------------- walks


def leg(path: Walk, t: float) -> tuple[int, int, float]:
    """Where a walk is at time `t` in 0..1: the key frame it comes from, the one it goes to, and the share between."""
    last = len(path.frames) - 1
    if last < 0:
        raise LatentError("The path has no key frames; add one.")
    lengths = np.array([max(frame.frames, 0) for frame in path.frames[: None if path.loop else last]], np.float64)
    if last == 0 or not lengths.any():
        return 0, 0, 0.0
    ends = np.cumsum(lengths)
    now = min(max(t, 0.0), 1.0) * ends[-1]
    at = int(np.searchsorted(ends, now, side="right"))
    if at == len(lengths):
        return (0, 0, 0.0) if path.loop else (last, last, 0.0)
    return at, (at + 1) % len(path.frames), float((now - (ends[at] - lengths[at])) / lengths[at])


def frame_count(path: Walk) -> int:
    """How many frames a walk has: a loop does not show its first frame twice, an open walk shows its last."""
    if len(path.frames) == 1:
        return max(path.frames[0].frames, 1)
    total = sum(max(frame.frames, 0) for frame in path.frames[: None if path.loop else -1])
    return max(total, 1) if path.loop else total + 1


def walk(path: Walk, t: float, latent: LatentInfo, directions: Directions = NO_DIRECTIONS) -> Floats:
    """The latent vector (Z,) of a walk at time `t` in 0..1."""
    return _walked(path, [t], latent, directions).reshape(latent.size)


def walk_frames(path: Walk, latent: LatentInfo, directions: Directions = NO_DIRECTIONS) -> Floats:
    """The latent vectors of all frames of a walk, (`frame_count`, Z)."""
    count = frame_count(path)
    steps = count if path.loop else max(count - 1, 1)
    return _walked(path, [i / steps for i in range(count)], latent, directions)


def _walked(path: Walk, times: Sequence[float], latent: LatentInfo, directions: Directions) -> Floats:
    legs = [leg(path, t) for t in times]
    stops = places([frame.point for frame in path.frames], latent, path.interpolation, directions)
    start, end, share = (list(each) for each in zip(*legs, strict=True))
    return between(stops[start], stops[end], share, latent, path.interpolation).astype(np.float32)


# --------------------------------------------------------------------------------------------------------- arithmetic


def slot_mean(
    slot: Slot,
    latent: LatentInfo,
    interpolation: Interpolation = "slerp",
    directions: Directions = NO_DIRECTIONS,
) -> Floats:
    """The mean latent vector (Z,) of a slot's exemplars, without its weight. Raises LatentError where it is empty."""
    if not slot.exemplars:
        raise LatentError(f"Slot {slot.name} is empty; put a picture into it.")
    mean: Doubles = places(slot.exemplars, latent, interpolation, directions).mean(axis=0, dtype=np.float64)
    return mean.astype(np.float32)


def evaluate(
    arithmetic: Arithmetic,
    latent: LatentInfo,
    directions: Directions = NO_DIRECTIONS,
    interpolation: Interpolation = "slerp",
) -> Floats:
    """The result (Z,) of an arithmetic: each slot's mean times its weight, the expression, then the norm mode.

    Raises:
        ExpressionError: the expression is not one. LatentError: a slot that it uses is empty or does not fit.
    """
    by_name = {slot.name: slot for slot in arithmetic.slots}
    expression = parse(arithmetic.expression, tuple(by_name))
    means = {
        name: by_name[name].weight * slot_mean(by_name[name], latent, interpolation, directions).astype(np.float64)
        for name in expression.slots
    }
    return normed(compute(expression, means, {"slerp": slerp, "lerp": lerp}), latent, arithmetic.norm)


def neighbours(arithmetic: Arithmetic, z: ArrayLike, latent: LatentInfo) -> Floats:
    """The result and eight neighbours (9, Z) in reading order of a 3x3, the result itself in the centre.

    A neighbour is the result plus uniform noise of half width `spread` in every coordinate, with the norm mode applied
    again; each has noise of its own that `noise_seed` decides.
    """
    result = _checked(z, latent, "The result")
    noise = draw_many("uniform", latent.size, arithmetic.noise_seed, np.arange(9), 0, NEIGHBOURS).astype(np.float64)
    out = normed(result + arithmetic.spread * noise, latent, arithmetic.norm)
    out[CENTRE] = result
    return out
