"""Shapes as signed distances, and a sheet of pictures they are painted on, many pictures at a time in plain NumPy.

A distance is negative inside a shape, positive outside, in face units (64 to a picture side). One pixel's share of a
shape is `clip(1/2 - distance / pixel)`, which is antialiasing without supersampling. Only +, -, *, /, sqrt, min and max
touch pixels: these are exactly rounded, so that a picture has the same bytes whatever the batch and the machine.

Distances: I. Quilez, "2D distance functions", https://iquilezles.org/articles/distfunctions2d/.
Shapes of arrays: n pictures, H x W pixels, m pictures and h x w pixels of one window.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]
Rows = NDArray[np.int64]
Number = float | np.float32 | Array

UNITS = 64.0
"""Face units along the side of a picture, whatever its size in pixels."""


def length(x: Array, y: Array) -> Array:
    return np.sqrt(x * x + y * y)


def union(first: Array, *others: Array) -> Array:
    """What lies in at least one of the shapes."""
    for other in others:
        first = np.minimum(first, other)
    return first


def overlap(first: Array, *others: Array) -> Array:
    """What lies in all of the shapes; -shape is everything outside it."""
    for other in others:
        first = np.maximum(first, other)
    return first


def circle(u: Array, v: Array, cx: Number, cy: Number, radius: Number) -> Array:
    return length(u - cx, v - cy) - radius


def ellipse(u: Array, v: Array, cx: Number, cy: Number, rx: Number, ry: Number) -> Array:
    """First-order distance to an ellipse: k0 (k0 - 1) / k1, exact on the outline."""
    x, y = (u - cx) / rx, (v - cy) / ry
    near = 1e-6  # keeps the centre at -radius instead of 0 / 0
    k0 = np.sqrt(x * x + y * y + near)
    x, y = x / rx, y / ry
    k1 = np.sqrt(x * x + y * y + near / (rx * ry))
    return k0 * (k0 - 1.0) / k1


def rounded_box(u: Array, v: Array, cx: Number, cy: Number, hx: Number, hy: Number, radius: Number) -> Array:
    """`hx` and `hy` are half the sides; `radius` rounds the corners and lies inside the box."""
    x = np.abs(u - cx) - (hx - radius)
    y = np.abs(v - cy) - (hy - radius)
    outside = length(np.maximum(x, 0.0), np.maximum(y, 0.0))
    inside: Array = np.minimum(np.maximum(x, y), 0.0)
    return outside + inside - radius


def capsule(u: Array, v: Array, x0: Number, y0: Number, x1: Number, y1: Number, radius: Number) -> Array:
    """A thick line with round ends from (x0, y0) to (x1, y1)."""
    dx, dy = x1 - x0, y1 - y0
    x, y = u - x0, v - y0
    along = np.clip((x * dx + y * dy) / (dx * dx + dy * dy), 0.0, 1.0)
    return length(x - along * dx, y - along * dy) - radius


def drop(u: Array, v: Array, top: Number, r_top: Number, bottom: Number, r_bottom: Number) -> Array:
    """The hull of two circles on the line u = 0, at heights `top` and `bottom` (an egg when the radii differ)."""
    x, y = np.abs(u), v - top
    h = bottom - top
    b = (r_top - r_bottom) / h
    a = np.sqrt(1.0 - b * b)
    k = a * y - b * x
    side = a * x + b * y - r_top
    return np.where(k < 0.0, length(x, y) - r_top, np.where(k > a * h, length(x, y - h) - r_bottom, side))


def bow(x: Array, y: Array, half: Number, bend: Number, thick: Number) -> Array:
    """A stroke along the parabola y = bend x^2 for |x| <= half, with round ends; `thick` is half its width."""
    on = np.clip(x, -half, half)
    slope = 2.0 * bend * on
    return length(x - on, (y - bend * on * on) / np.sqrt(1.0 + slope * slope)) - thick


def above(x: Array, y: Array, height: Number, bend: Number) -> Array:
    """Distance to the region above (smaller y than) the parabola y = height + bend x^2."""
    slope = 2.0 * bend * x
    return (y - height - bend * x * x) / np.sqrt(1.0 + slope * slope)


def spike(u: Array, v: Array, x: Number, y: Number, dx: Number, dy: Number, half: Number) -> Array:
    """A triangle with the middle of its base at (x, y), its tip at (x + dx, y + dy) and a base `2 half` wide."""
    size = np.sqrt(np.float32(1.0) * dx * dx + dy * dy)
    ex, ey = dx / size, dy / size
    along = (u - x) * ex + (v - y) * ey
    across = np.abs((v - y) * ex - (u - x) * ey)
    slant = np.sqrt(size * size + half * half)
    return np.maximum((across * size + along * half - half * size) / slant, -along)


def melt(a: Array, b: Array, k: float) -> Array:
    """The union of two shapes whose joint is filled smoothly over about `k` units."""
    h = np.clip(0.5 + (b - a) * (0.5 / k), 0.0, 1.0)
    return b + (a - b) * h - k * h * (1.0 - h)


def darker(colour_m3: Array, share: Number) -> Array:
    return colour_m3 * np.float32(1.0 - share)


def lighter(colour_m3: Array, share: float) -> Array:
    return colour_m3 + (np.float32(255.0) - colour_m3) * np.float32(share)


@dataclass(frozen=True)
class Frame:
    """Where every face stands in its picture: position, scale and tilt, each (n,) float32.

    The head turns about `PIVOT` (the neck), by the angle whose tangent is `tilt`.
    """

    x: Array
    y: Array
    scale: Array
    tilt: Array

    PIVOT = 14.0

    def turned(self) -> tuple[Array, Array]:
        """Cosine and sine of the tilt, from its tangent, without a trigonometric function."""
        cos = 1.0 / np.sqrt(1.0 + self.tilt * self.tilt)
        return cos, self.tilt * cos


class Window:
    """A part of some pictures: coordinates `u`, `v` and the pixels to paint on."""

    def __init__(self, u: Array, v: Array, head: Array, pixel: Array, pixels: Array) -> None:
        self.u = u
        self.v = v
        self.head = head
        self._pixel = pixel
        self._pixels = pixels

    def paint(self, distance: Array, colour: Array, alpha: Number = 1.0, soft: float = 0.0) -> None:
        """Lay a shape over the pictures.

        Args:
            distance: (m, h, w) signed distance.
            colour: (m, 3) or (3,) in 0..255.
            alpha: opacity, a number or (m, 1, 1).
            soft: width of the edge in face units; 0 is one pixel.
        """
        edge = np.maximum(self._pixel, np.float32(soft))
        cover = np.clip(0.5 - distance / edge, 0.0, 1.0) * alpha
        for channel in range(3):
            plane = self._pixels[:, channel]
            plane += cover * (colour[..., channel, None, None] - plane)


class Sheet:
    """n pictures being painted together, (n, 3, H, W) float32 in 0..255."""

    def __init__(self, frame: Frame, size: int, background: Array) -> None:
        n = len(frame.x)
        self.frame = frame
        self.size = size
        self.pixels = np.empty((n, 3, size, size), np.float32)
        self.pixels[:] = background[:, :, None, None]
        unit = np.float32(UNITS / size)
        at = (np.arange(size, dtype=np.float32) + np.float32(0.5)) * unit
        self.pixel = (unit / frame.scale)[:, None, None]
        scale = frame.scale[:, None]
        self.x = ((at[None, :] - frame.x[:, None]) / scale)[:, None, :]
        self.y = ((at[None, :] - frame.y[:, None]) / scale)[:, :, None]
        cos, sin = (part[:, None, None] for part in frame.turned())
        low = self.y - np.float32(Frame.PIVOT)
        self.u: Array = cos * self.x + sin * low
        self.v: Array = cos * low - sin * self.x + np.float32(Frame.PIVOT)
        self.head: Array = np.zeros_like(self.u)

    @contextmanager
    def window(
        self, rows: Rows | None, u0: float, u1: float, v0: float, v1: float, *, body: bool = False
    ) -> Iterator[Window]:
        """The smallest window that holds the box u0..u1, v0..v1 of pictures `rows` (None: all).

        With `body` the coordinates are those of the body, which does not tilt.
        """
        every = slice(None) if rows is None else rows
        ys, xs = self._bounds(every, u0, u1, v0, v1, body)
        pixels = self.pixels[every, :, ys, xs]
        head = self.head[every, ys, xs]
        if body:
            u, v = np.broadcast_arrays(self.x[every, :, xs], self.y[every, ys, :])
        else:
            u, v = self.u[every, ys, xs], self.v[every, ys, xs]
        yield Window(u, v, head, self.pixel[every], pixels)
        if rows is not None:
            self.pixels[every, :, ys, xs] = pixels

    def _bounds(
        self, rows: Rows | slice, u0: float, u1: float, v0: float, v1: float, body: bool
    ) -> tuple[slice, slice]:
        frame = self.frame
        u = np.array([u0, u1, u0, u1], np.float32)
        v = np.array([v0, v0, v1, v1], np.float32)
        if body:
            x, y = u[None, :], v[None, :]
        else:
            cos, sin = (part[rows, None] for part in frame.turned())
            low = v - np.float32(Frame.PIVOT)
            x, y = cos * u - sin * low, sin * u + cos * low + np.float32(Frame.PIVOT)
        scale = frame.scale[rows, None]
        return self._span(y * scale + frame.y[rows, None]), self._span(x * scale + frame.x[rows, None])

    def _span(self, at: Array) -> slice:
        """Pixels that can be touched between the smallest and the largest of `at`, with one to spare on each side."""
        if not at.size:
            return slice(0, 0)
        per_unit = self.size / UNITS
        first = int(np.floor(float(at.min()) * per_unit)) - 1
        last = int(np.ceil(float(at.max()) * per_unit)) + 1
        return slice(min(max(first, 0), self.size), min(max(last, 0), self.size))

    def finished(self) -> NDArray[np.uint8]:
        """The pictures, (n, H, W, 3) uint8."""
        rounded = np.clip(self.pixels + np.float32(0.5), 0.0, 255.0).astype(np.uint8)
        return np.ascontiguousarray(rounded.transpose(0, 2, 3, 1))
