"""Points, curves and fields as one picture, drawn with Pillow: what a window shows as a plot, made without a window.

Legend: N points, R cells along an axis, H x W pixels.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Floats = NDArray[np.floating]
Color = tuple[int, int, int]
Box = tuple[float, float, float, float]  # left, top, right, bottom
Extent = tuple[tuple[float, float], tuple[float, float]]  # of x and of y

GROUND, INK, MUTED, HAIRLINE = (255, 255, 255), (27, 28, 30), (92, 96, 102), (211, 213, 217)
D_COLOR, SAMPLE_COLOR, MARK_COLOR, DATA_COLOR = (31, 102, 199), (0, 128, 93), (199, 80, 0), (150, 153, 158)
LOW_COLOR, HIGH_COLOR = (56, 92, 201), (201, 60, 46)  # of a field at 0 and at 1; 1/2 is the ground
FONT_SIZE, LINE = 13, 18  # px
TICKS = 5  # about so many numbers along an axis


class Sheet:
    """A white picture to draw on; `pixels` gives it as (H, W, 3)."""

    def __init__(self, width: int, height: int) -> None:
        self._image = Image.new("RGB", (width, height), GROUND)
        self.pen = ImageDraw.Draw(self._image)
        self.font = ImageFont.load_default(FONT_SIZE)

    def pixels(self) -> NDArray[np.uint8]:
        return np.asarray(self._image, np.uint8)

    def text(self, x: float, y: float, text: str, color: Color = MUTED, anchor: str = "la") -> None:
        """Text at a place; `anchor` as Pillow has it: "la" left above, "mm" in the middle, "ra" right above."""
        self.pen.text((x, y), text, color, self.font, anchor)

    def paste(self, picture_HWC: NDArray[np.uint8], box: Box) -> None:
        """A picture, every pixel a block, stretched over a box."""
        left, top, right, bottom = (round(side) for side in box)
        drawn = Image.fromarray(picture_HWC).resize((right - left, bottom - top), Image.Resampling.NEAREST)
        self._image.paste(drawn, (left, top))

    def legend(self, x: float, y: float, entries: Iterable[tuple[str, Color, str]]) -> None:
        """(shape, colour, name) beside each other; the shape is "dot", "line", "dashes" or "arrow"."""
        for shape, color, name in entries:
            middle = y + LINE / 2
            if shape == "dot":
                dots(self, np.array([[x + 9, middle]]), color, 3.0)
            elif shape == "arrow":
                arrow(self, (x, middle), (x + 18, middle), color)
            else:
                path = [(x, middle), (x + 18, middle)]
                dashes(self, path, color) if shape == "dashes" else self.pen.line(path, color, 2)
            self.text(x + 24, middle, name, INK, "lm")
            x += 24 + self.font.getlength(name) + 18


@dataclass(frozen=True)
class Axes:
    """Where the plane lies on a sheet."""

    box: Box
    extent: Extent

    def places(self, points_N2: Floats) -> NDArray[np.float64]:
        """The pixels (N, 2) of points that are finite; others are left out."""
        points = points_N2[np.isfinite(points_N2).all(axis=1)].astype(np.float64)
        (x0, x1), (y0, y1) = self.extent
        left, top, right, bottom = self.box
        x = left + (points[:, 0] - x0) / (x1 - x0) * (right - left)
        y = bottom - (points[:, 1] - y0) / (y1 - y0) * (bottom - top)
        return np.stack((x, y), axis=1)

    def inside(self, places_N2: NDArray[np.float64]) -> NDArray[np.float64]:
        """Those places that lie in the box."""
        left, top, right, bottom = self.box
        x, y = places_N2[:, 0], places_N2[:, 1]
        return places_N2[(x >= left) & (x <= right) & (y >= top) & (y <= bottom)]


def square(left: float, top: float, side: float, extent: Extent) -> Box:
    """The largest box of at most `side` with the aspect of the plane."""
    (x0, x1), (y0, y1) = extent
    aspect = (x1 - x0) / (y1 - y0)
    return left, top, left + side * min(aspect, 1.0), top + side / max(aspect, 1.0)


def frame(sheet: Sheet, axes: Axes, title: str = "", *, numbers_y: bool = True) -> None:
    """The outline of axes with a title over it and round numbers beside it."""
    left, top, right, bottom = axes.box
    (x0, x1), (y0, y1) = axes.extent
    sheet.pen.rectangle((left, top, right, bottom), outline=HAIRLINE)
    sheet.text(left, top - LINE, title, INK)
    for value in ticks(x0, x1):
        x = left + (value - x0) / (x1 - x0) * (right - left)
        sheet.pen.line((x, bottom, x, bottom + 4), MUTED)
        sheet.text(x, bottom + 5, f"{value:g}", anchor="ma")
    for value in ticks(y0, y1) if numbers_y else ():
        y = bottom - (value - y0) / (y1 - y0) * (bottom - top)
        sheet.pen.line((left - 4, y, left, y), MUTED)
        sheet.text(left - 6, y, f"{value:g}", anchor="rm")


def ticks(low: float, high: float) -> list[float]:
    """Round numbers from `low` to `high`: multiples of 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10((high - low) / TICKS))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power * TICKS >= (high - low) * 0.999)
    return [float(f"{k * step:.12g}") for k in range(math.ceil(low / step), math.floor(high / step) + 1)]


def dots(sheet: Sheet, places_N2: NDArray[np.float64], color: Color, radius: float) -> None:
    for x, y in places_N2.tolist():
        sheet.pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=color)


def cross(sheet: Sheet, place: Sequence[float], color: Color, reach: float = 9.0) -> None:
    x, y = place
    sheet.pen.line((x - reach, y, x + reach, y), color, 3)
    sheet.pen.line((x, y - reach, x, y + reach), color, 3)


def arrow(sheet: Sheet, start: tuple[float, float], end: tuple[float, float], color: Color, head: float = 5.0) -> None:
    """A line with a small head; shorter than its head it is left out."""
    dx, dy = start[0] - end[0], start[1] - end[1]
    if math.hypot(dx, dy) < head:
        return
    sheet.pen.line((*start, *end), color)
    angle = math.atan2(dy, dx)
    for turn in (0.5, -0.5):
        wing = (end[0] + head * math.cos(angle + turn), end[1] + head * math.sin(angle + turn))
        sheet.pen.line((*end, *wing), color)


def curve(sheet: Sheet, axes: Axes, values_R: Floats, color: Color, *, dashed: bool = False, width: int = 2) -> None:
    """Values at even places of x, in pieces where some are not finite."""
    x = np.linspace(*axes.extent[0], len(values_R))
    for piece in np.split(np.arange(len(values_R)), np.flatnonzero(~np.isfinite(values_R))):
        path = [(x, y) for x, y in axes.places(np.stack((x[piece], values_R[piece]), axis=1)).tolist()]
        if len(path) < 2:
            continue
        dashes(sheet, path, color) if dashed else sheet.pen.line(path, color, width)


def dashes(sheet: Sheet, path: Sequence[tuple[float, float]], color: Color, length: float = 6.0) -> None:
    """A path of which every other `length` is drawn."""
    gone = 0.0
    for (x0, y0), (x1, y1) in itertools.pairwise(path):
        whole = math.hypot(x1 - x0, y1 - y0)
        at = 0.0
        while at < whole:
            here = min(length - gone % length, whole - at)
            if gone // length % 2 == 0:
                a, b = at / whole, (at + here) / whole
                sheet.pen.line(
                    (x0 + a * (x1 - x0), y0 + a * (y1 - y0), x0 + b * (x1 - x0), y0 + b * (y1 - y0)), color, 2
                )
            at, gone = at + here, gone + max(here, 1e-6)


def colored(field: Floats) -> NDArray[np.uint8]:
    """A field (H, W) of values 0..1 as colours (H, W, 3): blue 0, white 1/2, red 1; grey where it is not finite."""
    low, middle, high = (np.array(color, np.float64) for color in (LOW_COLOR, GROUND, HIGH_COLOR))
    value = np.clip(np.nan_to_num(field, nan=0.5), 0.0, 1.0)[..., None]
    away = np.abs(2.0 * value - 1.0)
    mixed = middle * (1 - away) + np.where(value < 0.5, low, high) * away
    mixed = np.where(np.isfinite(field)[..., None], mixed, np.array(HAIRLINE))
    return np.rint(mixed).astype(np.uint8)


def shaded(field: Floats) -> NDArray[np.uint8]:
    """A field (H, W) of values 0..1 as greys (H, W, 3): white 0, black 1."""
    grey = np.rint(255.0 * (1.0 - np.clip(np.nan_to_num(field), 0.0, 1.0))).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def scatter(points_ND: Floats, extent: Sequence[tuple[float, float]], data_ND: Floats | None, mark_D: Floats | None,
            title: str) -> NDArray[np.uint8]:  # fmt: skip
    """Samples as dots over the data, (H, W, 3); points on a line lie at a height that is their number."""
    flat = points_ND.shape[1] == 1
    plane: Extent = (extent[0], (0.0, 1.0)) if flat else (extent[0], extent[1])
    sheet = Sheet(640, 640 if not flat else 400)
    left, top = 52.0, 2 * LINE + 12.0
    box = (left, top, 628.0, 368.0) if flat else square(left, top, 560.0, plane)
    axes = Axes(box, plane)
    for cloud, color, radius in ((data_ND, DATA_COLOR, 1.2), (points_ND, SAMPLE_COLOR, 2.5)):
        if cloud is not None:
            dots(sheet, axes.inside(axes.places(in_plane(cloud))), color, radius)
    if mark_D is not None:
        places = axes.inside(axes.places(np.array([[float(mark_D[0]), 0.5 if flat else float(mark_D[1])]])))
        for place in places.tolist():
            cross(sheet, place, MARK_COLOR)
    frame(sheet, axes, numbers_y=not flat)
    sheet.text(left, 4, title, INK)
    entries = [("dot", DATA_COLOR, "data")] if data_ND is not None else []
    sheet.legend(left, LINE + 6, [*entries, ("dot", SAMPLE_COLOR, f"{len(points_ND)} samples")])
    return sheet.pixels()


def in_plane(points_ND: Floats) -> Floats:
    """Places (N, 2) for points of one dimension or more."""
    if points_ND.shape[1] >= 2:
        return points_ND[:, :2]
    heights = np.linspace(0.0, 1.0, max(len(points_ND), 2))[: len(points_ND)]
    return np.stack((points_ND[:, 0], heights), axis=1)
