"""Bring a picture to a wanted size: crop it, pad it or stretch it, always through this one function.

Filters. Shrinking by a whole number takes the mean of each block (BOX: exact, and pixel art stays clean); any other
shrinking uses LANCZOS, which is antialiased. Enlarging by a whole number repeats pixels (NEAREST); any other enlarging
uses BICUBIC. Reference for why antialiasing matters to generative models: Parmar, Zhang, Zhu, "On Aliased Resizing and
Surprising Subtleties in GAN Evaluation", CVPR 2022, section 3.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.data.ref import SMALLEST_SIZE, Fit

SMALL_SIZE, USUAL_SIZE = 32, 64

Box = tuple[float, float, float, float]


def choose_size(sizes: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """(height, width) when nobody names one. All pictures alike and at most 64: as they are. All at most 32: 32.
    Everything else: 64, a size that a laptop can train."""
    height, width = sizes[0]
    alike = all(size == sizes[0] for size in sizes)
    if alike and min(height, width) >= SMALLEST_SIZE and max(height, width) <= USUAL_SIZE:
        return height, width
    size = SMALL_SIZE if max(max(pair) for pair in sizes) <= SMALL_SIZE else USUAL_SIZE
    return size, size


def fit_picture(image: Image.Image, height: int, width: int, fit: Fit) -> Image.Image:
    """`image` (mode L or RGB) with `height` x `width` pixels.

    crop: fills the whole size; what is too much at two sides is cut off, equally.
    pad: shows the whole picture. It is shrunk until it fits, or enlarged by the largest whole number that fits (28 in
        32: not at all), and the rest is filled with the median colour of its edge.
    stretch: fills the whole size with the whole picture; proportions change.
    """
    if image.size == (width, height):
        return image
    if fit == "stretch":
        return _resize(image, (width, height), (0, 0, *image.size))
    if fit == "crop":
        return _resize(image, (width, height), _centre_box(image, height, width))
    return _pad(image, height, width)


def to_array(image: Image.Image, channels: int) -> NDArray[np.uint8]:
    """The pixels of a picture, shape (H, W, channels). Grey is the luma of ITU-R BT.601."""
    mode = "L" if channels == 1 else "RGB"
    pixels = np.asarray(image if image.mode == mode else image.convert(mode))
    return pixels[:, :, None] if channels == 1 else pixels


def _centre_box(image: Image.Image, height: int, width: int) -> Box:
    """The largest centred part of `image` with the proportions of the target."""
    scale = min(image.width / width, image.height / height)
    box_width, box_height = min(width * scale, image.width), min(height * scale, image.height)
    left, top = (image.width - box_width) / 2, (image.height - box_height) / 2
    if box_width == width and box_height == height:  # nothing but cutting: stay on whole pixels
        left, top = float(int(left)), float(int(top))
    return left, top, left + box_width, top + box_height


def _pad(image: Image.Image, height: int, width: int) -> Image.Image:
    scale = min(width / image.width, height / image.height)
    if scale >= 1:
        scale = int(scale)
    inner_width = min(width, max(1, round(image.width * scale)))
    inner_height = min(height, max(1, round(image.height * scale)))
    inner = _resize(image, (inner_width, inner_height), (0, 0, *image.size))
    padded = Image.new(image.mode, (width, height), _edge_colour(image))
    padded.paste(inner, ((width - inner_width) // 2, (height - inner_height) // 2))
    return padded


def _edge_colour(image: Image.Image) -> int | tuple[int, ...]:
    pixels = np.asarray(image)
    edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    colour = edge[0] if (edge == edge[0]).all() else np.median(edge, axis=0)  # the first is much faster
    return int(colour) if colour.ndim == 0 else tuple(int(c) for c in colour)


def _resize(image: Image.Image, size: tuple[int, int], box: Box) -> Image.Image:
    if size == image.size and box == (0, 0, *size):
        return image
    across, down = (box[2] - box[0]) / size[0], (box[3] - box[1]) / size[1]
    return image.resize(size, _filter(across, down), box=box)


def _filter(across: float, down: float) -> Image.Resampling:
    """The filter for pixels that were `across` x `down` old pixels large."""
    if across > 1 or down > 1:
        whole = across >= 1 and down >= 1 and across.is_integer() and down.is_integer()
        return Image.Resampling.BOX if whole else Image.Resampling.LANCZOS
    whole = (1 / across).is_integer() and (1 / down).is_integer()
    return Image.Resampling.NEAREST if whole else Image.Resampling.BICUBIC
