"""Pictures come out as a person sees them in a viewer, or are refused with a reason."""

from __future__ import annotations

import contextlib
import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from engine.data.picture import MAX_BYTES, PictureError, picture_size, read_picture


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def pixels(source: bytes) -> np.ndarray:
    picture = read_picture(source)
    assert picture.mode == "RGB"
    return np.asarray(picture)


def png(width: int, height: int, bit_depth: int, colour_type: int, rows: bytes, *, extra: bytes = b"") -> bytes:
    """A PNG written by hand, for what Pillow does not write."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, bit_depth, colour_type, 0, 0, 0)
    body = chunk(b"IHDR", header) + extra + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


RAMP = np.tile(np.linspace(0, 255, 8).astype(np.uint8), (8, 1))


@pytest.mark.parametrize("kind", ["PNG", "BMP", "GIF", "TIFF"])
def test_lossless_formats_keep_every_pixel(kind: str) -> None:
    assert np.array_equal(pixels(encoded(Image.fromarray(RAMP), kind))[..., 0], RAMP)


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_lossy_formats_come_close(kind: str) -> None:
    assert np.abs(pixels(encoded(Image.fromarray(RAMP), kind, quality=95))[..., 1].astype(int) - RAMP).max() < 12


def test_16_bit_grey_keeps_its_steps() -> None:
    deep = (np.arange(64).reshape(8, 8) * 1040).astype(np.uint16)
    for kind in ("PNG", "TIFF"):
        assert np.abs(pixels(encoded(Image.fromarray(deep), kind))[..., 0] - deep / 257).max() <= 0.5


def test_big_endian_16_bit_tiff() -> None:
    deep = np.array([[0, 65535], [32896, 257]], np.uint16)
    entries = [(256, 3, 1, 2), (257, 3, 1, 2), (258, 3, 1, 16), (259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, 8)]
    entries += [(277, 3, 1, 1), (278, 3, 1, 2), (279, 4, 1, 8)]
    data = b"MM\0*" + struct.pack(">I", 16) + deep.astype(">u2").tobytes() + struct.pack(">H", len(entries))
    for tag, kind, count, value in entries:
        data += struct.pack(">HHI", tag, kind, count) + struct.pack(
            ">HH" if kind == 3 else ">I", *([value, 0] if kind == 3 else [value])
        )
    assert pixels(data + b"\0\0\0\0")[..., 0].tolist() == [[0, 255], [128, 1]]


def test_transparent_key_of_16_bit_grey_is_white() -> None:
    rows = b"\0" + struct.pack(">HH", 0, 30000)
    key = struct.pack(">I", 2) + b"tRNS" + struct.pack(">H", 0)
    key += struct.pack(">I", zlib.crc32(key[4:]))
    assert pixels(png(2, 1, 16, 0, rows, extra=key))[0, :, 0].tolist() == [255, 117]


def test_int32_tiff() -> None:
    assert pixels(encoded(Image.fromarray(np.array([[0, 65535], [32768, 1]], np.int32)), "TIFF"))[..., 2].tolist() == [
        [0, 255],
        [128, 0],
    ]
    assert pixels(encoded(Image.fromarray(np.array([[0, 200]], np.int32)), "TIFF"))[0, :, 0].tolist() == [0, 200]


def test_float_tiff_from_0_to_1_is_not_black() -> None:
    values = np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8)
    assert np.abs(pixels(encoded(Image.fromarray(values), "TIFF"))[..., 0] - values * 255).max() <= 0.51


def test_float_tiff_of_any_range_is_stretched() -> None:
    values = np.array([[-400.0, 240.0, 400.0]], np.float32)
    assert pixels(encoded(Image.fromarray(values), "TIFF"))[0, :, 0].tolist() == [0, 204, 255]


def test_float_tiff_with_nan_is_refused() -> None:
    with pytest.raises(PictureError, match="not finite"):
        read_picture(encoded(Image.fromarray(np.array([[0.0, np.nan]], np.float32)), "TIFF"))


def test_cmyk_jpeg_is_not_inverted() -> None:
    red = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    r, g, b = pixels(encoded(red, "JPEG", quality=95))[8, 8]
    assert r > 200
    assert g < 60
    assert b < 60


def test_palette_with_transparency_shows_white() -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 200, 100, 50])
    image.putpixel((1, 0), 1)
    assert pixels(encoded(image, "PNG", transparency=0))[0].tolist() == [[255, 255, 255], [200, 100, 50]]


def test_hidden_colours_stay_hidden() -> None:
    image = Image.fromarray(np.array([[[255, 0, 0, 0], [255, 0, 0, 255], [0, 0, 0, 128]]], np.uint8))
    assert pixels(encoded(image))[0].tolist() == [[255, 255, 255], [255, 0, 0], [127, 127, 127]]
    grey = Image.fromarray(np.array([[[0, 0], [0, 255]]], np.uint8))
    assert pixels(encoded(grey))[0, :, 0].tolist() == [255, 0]


def test_one_bit_pictures() -> None:
    assert pixels(encoded(Image.fromarray(np.array([[True, False]]))))[0, :, 0].tolist() == [255, 0]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_is_applied_once(kind: str, orientation: int) -> None:
    scene = np.zeros((16, 32, 3), np.uint8)
    scene[:8, :8] = 255  # the bright corner belongs at the upper left
    undo = {2: np.fliplr, 3: lambda a: np.rot90(a, 2), 4: np.flipud, 5: lambda a: a.transpose(1, 0, 2)}
    undo |= {6: lambda a: np.rot90(a, 1), 7: lambda a: np.rot90(a, 2).transpose(1, 0, 2), 8: lambda a: np.rot90(a, -1)}
    stored = np.ascontiguousarray(undo.get(orientation, lambda a: a)(scene))
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(Image.fromarray(stored), kind, exif=exif, **({"lossless": True} if kind == "WEBP" else {}))
    seen = pixels(data)
    assert seen.shape == scene.shape
    assert np.abs(seen.astype(int) - scene).max() < 40
    assert picture_size(data) == (16, 32)


def test_animated_gif_gives_its_first_frame() -> None:
    frames = [Image.new("L", (4, 4), level) for level in (10, 200)]
    assert (pixels(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])) == 10).all()


@pytest.mark.parametrize("kind", ["GIF", "TIFF"])
def test_too_many_frames_are_refused(kind: str) -> None:
    frames = [Image.new("L", (1, 1), i % 256) for i in range(257)]
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
    with pytest.raises(PictureError, match="more than 256 frames"):
        read_picture(data)


@pytest.mark.parametrize("side", [8001, 12000, 60000])
def test_bombs_are_refused_before_decoding(side: int) -> None:
    with pytest.raises(PictureError, match="million pixels"):
        read_picture(png(side, side, 1, 0, b""))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF"])
def test_truncated_pictures_are_refused(kind: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    data = encoded(Image.fromarray(noise), kind)
    for share in (0.3, 0.6, 0.9):
        with pytest.raises(PictureError):
            read_picture(data[: int(len(data) * share)])


def test_other_things_are_named(tmp_path: Path) -> None:
    for content, words in ((b"", "empty"), (b"hello, world", "not a PNG"), (b"P6 1 1 255 abc", "not a PNG")):
        with pytest.raises(PictureError, match=words):
            read_picture(content)
    with pytest.raises(PictureError, match="not there"):
        read_picture(tmp_path / "gone.png")
    with pytest.raises(PictureError, match="not a file"):
        read_picture(tmp_path)


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.png"
    with path.open("wb") as stream:
        stream.truncate(MAX_BYTES + 1)
    with pytest.raises(PictureError, match="larger than 64 MB"):
        read_picture(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes are files only on Unix")
def test_a_pipe_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(PictureError, match="not a file"):
        read_picture(tmp_path / "pipe.png")


def test_large_jpegs_are_decoded_smaller_but_never_too_small() -> None:
    data = encoded(Image.new("RGB", (800, 400), (10, 200, 30)), "JPEG")
    small = read_picture(data, at_least=40)
    assert 80 <= min(small.size) < 400
    assert read_picture(data).size == (800, 400)


SEEDS = [encoded(Image.fromarray(RAMP), kind) for kind in ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")] + [
    encoded(Image.fromarray(RAMP.astype(np.float32)), "TIFF"),
    encoded(Image.fromarray(RAMP.astype(np.uint16))),
]


@settings(max_examples=300, derandomize=True, deadline=None, database=None)
@given(
    seed=st.sampled_from(SEEDS),
    cut=st.floats(0.02, 1),
    flips=st.lists(st.tuples(st.floats(0, 0.999), st.integers(1, 255)), max_size=6),
)
def test_damaged_pictures_only_ever_raise_picture_errors(
    seed: bytes, cut: float, flips: list[tuple[float, int]]
) -> None:
    data = bytearray(seed[: max(1, int(len(seed) * cut))])
    for place, mask in flips:
        data[int(place * len(data))] ^= mask
    for reader in (read_picture, picture_size):
        with contextlib.suppress(PictureError):
            reader(bytes(data))
