"""Open one picture right: upright, opaque, 8 bits per channel, within limits, or say in one sentence why not.

What Pillow leaves to its caller, and is done here: `convert("RGB")` turns 16-bit grey and int32 into all white and
floats from 0 to 1 into all black, lets hidden colours show where alpha is 0, and ignores the EXIF orientation; a
picture of 144 megapixels only warns. References: Pillow "Concepts: Modes" and "Limits"; EXIF 2.32, tag 0x0112; PNG
specification, section 13.12 (sample depth rescaling).
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, UnidentifiedImageError

from engine.data.levels import scale_levels, to_bytes

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")
FORMAT_NAMES = "PNG, JPEG, WebP, BMP, GIF or TIFF"
MAX_BYTES = 64 << 20
MAX_PIXELS = 64_000_000
MAX_FRAMES = 256
BACKGROUND = (255, 255, 255)  # what shows through transparent pixels: white, as on paper

_ORIENTATION = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_BITS_PER_SAMPLE = 258
_SIXTEEN_BIT = ("I;16", "I;16L", "I;16B", "I;16N")

# A header that promises a huge picture is an error, not a warning, wherever in the program it is opened.
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)
# What decoders murmur about odd tags helps nobody: a picture either decodes or is refused with a reason.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\..*Plugin")


class PictureError(ValueError):
    """This file cannot be used as a picture; the message says why and reads well after "NAME: "."""


def read_picture(source: Path | bytes | BinaryIO, at_least: int = 0) -> Image.Image:
    """The picture in `source` (its first frame), mode RGB, upright, transparent parts white.

    at_least: the side in pixels that is needed; a large JPEG is decoded at 1/2, 1/4 or 1/8 of its size as long as
    both sides stay at least twice that. 0 decodes it whole.

    Raises PictureError.
    """
    with _opened(source) as image:
        if at_least:
            image.draft(None, (2 * at_least, 2 * at_least))
        image.load()
        return _opaque(_upright(image))


def picture_size(source: Path | bytes | BinaryIO) -> tuple[int, int]:
    """(height, width) of the upright picture, from its header alone.

    Raises PictureError."""
    with _opened(source) as image:
        width, height = image.size
        lies = image.format != "TIFF" and image.getexif().get(_ORIENTATION) in (5, 6, 7, 8)  # TIFF: Pillow looked
        return (width, height) if lies else (height, width)


@contextmanager
def _opened(source: Path | bytes | BinaryIO) -> Iterator[Image.Image]:
    """The opened and measured, not yet decoded picture. Every fault inside the block becomes a PictureError."""
    try:
        with _stream(source) as stream:
            _check_bytes(stream)
            with Image.open(stream, formats=FORMATS) as image:
                _check_header(image)
                yield image
    except PictureError:
        raise
    except UnidentifiedImageError as fault:
        raise PictureError(f"it is not a {FORMAT_NAMES} picture") from fault
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as fault:
        raise PictureError(f"it has more than {MAX_PIXELS // 1_000_000} million pixels") from fault
    except FileNotFoundError as fault:
        raise PictureError("the file is not there any more") from fault
    except PermissionError as fault:
        raise PictureError("the file may not be read by this user") from fault
    except MemoryError as fault:
        raise PictureError("there is not enough memory to decode it") from fault
    except Exception as fault:  # decoders meet hostile bytes with whatever exception comes first: all mean one thing
        raise PictureError("it is cut off or damaged") from fault


@contextmanager
def _stream(source: Path | bytes | BinaryIO) -> Iterator[BinaryIO]:
    if isinstance(source, bytes):
        yield io.BytesIO(source)
    elif isinstance(source, Path):
        if not source.is_file():  # a pipe or a device would block for ever
            raise PictureError("it is not a file" if source.exists() else "the file is not there any more")
        with source.open("rb") as stream:
            yield stream
    else:
        yield source


def _check_bytes(stream: BinaryIO) -> None:
    byte_count = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    if byte_count == 0:
        raise PictureError("the file is empty")
    if byte_count > MAX_BYTES:
        raise PictureError(f"it is larger than {MAX_BYTES >> 20} MB")


def _check_header(image: Image.Image) -> None:
    width, height = image.size
    if width < 1 or height < 1:
        raise PictureError("it has no pixels")
    if width * height > MAX_PIXELS:
        raise PictureError(
            f"it has {width * height / 1e6:.0f} million pixels; at most {MAX_PIXELS // 1_000_000} million are read"
        )
    if _has_too_many_frames(image):
        raise PictureError(f"it has more than {MAX_FRAMES} frames")


def _has_too_many_frames(image: Image.Image) -> bool:
    if image.format != "TIFF":
        return int(getattr(image, "n_frames", 1)) > MAX_FRAMES
    # Counting all pages of a TIFF may take minutes in a hostile file: look for the first page too many instead.
    try:
        image.seek(MAX_FRAMES)
    except EOFError:
        image.seek(0)
        return False
    return True


def _upright(image: Image.Image) -> Image.Image:
    """Apply the EXIF orientation of a decoded picture. (TIFF: Pillow did so while decoding, and removed the tag.)"""
    turn = _UPRIGHT.get(image.getexif().get(_ORIENTATION, 1))
    if turn is None:
        return image
    turned = image.transpose(turn)
    turned.info = image.info
    return turned


def _opaque(image: Image.Image) -> Image.Image:
    """Mode RGB from any mode, with `BACKGROUND` behind transparent pixels."""
    if image.mode in _SIXTEEN_BIT:
        return _from_sixteen_bit(image)
    if image.mode in ("I", "F"):
        try:
            return Image.fromarray(to_bytes(np.asarray(image))).convert("RGB")
        except ValueError as fault:
            raise PictureError(str(fault)) from fault
    if image.mode == "LAB":
        raise PictureError("its colours are stored as LAB; save it as RGB")
    if image.has_transparency_data:
        over = image.convert("RGBA")
        under = Image.new("RGBA", over.size, (*BACKGROUND, 255))
        return Image.alpha_composite(under, over).convert("RGB")
    return image.convert("RGB")


def _from_sixteen_bit(image: Image.Image) -> Image.Image:
    """Grey of 16 bits: white is the largest value that the format can hold (12-bit TIFF: 4095)."""
    values_HW = np.asarray(image).astype(np.uint16)
    white = 65535.0
    tags = getattr(image, "tag_v2", None)
    if tags is not None:
        bits = tags.get(_BITS_PER_SAMPLE, (16,))[0]
        white = float(2 ** min(max(int(bits), 1), 16) - 1)
    grey_HW = scale_levels(values_HW, 0.0, white)
    transparent = image.info.get("transparency")
    if isinstance(transparent, int):
        grey_HW[values_HW == transparent] = 255
    return Image.fromarray(grey_HW).convert("RGB")
