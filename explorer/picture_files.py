"""A picture from a file as a model takes it: its size and its channels, and what was done to it in words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QImage, QImageReader, QPainter

from engine import Pixels
from explorer.text import tr

MOST_PIXELS = 64 << 20  # of a file: more would only stand still


class PictureFileError(ValueError):
    """A file that is no picture which can be read; the message is one sentence that says what to do."""


def read_picture(file: Path, shape: tuple[int, ...]) -> tuple[Pixels, str]:
    """The picture in `file` as uint8 of `shape` (H, W, C), and a sentence of what was changed; empty for nothing.

    Another size is cut to the middle and scaled, transparency is laid over white. Raises PictureFileError."""
    reader = QImageReader(str(file))
    reader.setAutoTransform(True)
    size = reader.size()
    if size.isValid() and size.width() * size.height() > MOST_PIXELS:
        raise PictureFileError(
            tr("{name} has more than {most} million pixels; make it smaller.", name=file.name, most=MOST_PIXELS >> 20)
        )
    image = reader.read()
    if image.isNull():
        raise PictureFileError(
            tr("{name} is no picture that can be read ({why}); choose another file.",
               name=file.name, why=reader.errorString())
        )  # fmt: skip
    height, width, channels = shape
    given = f"{image.width()} x {image.height()}"
    said = []
    if (image.width(), image.height()) != (width, height):
        image = _cut_to_fit(image, QSize(width, height))
        said.append(tr("the middle of {given} pixels, scaled to {wanted}", given=given, wanted=f"{width} x {height}"))
    if image.hasAlphaChannel():
        image = _over_white(image)
        said.append(tr("laid over white"))
    if channels == 1 and not image.isGrayscale():
        said.append(tr("made grey"))
    form = QImage.Format.Format_Grayscale8 if channels == 1 else QImage.Format.Format_RGB888
    note = tr("{name}: {changes}.", name=file.name, changes=", ".join(said)) if said else ""
    return _pixels(image.convertToFormat(form), channels), note


def _cut_to_fit(image: QImage, wanted: QSize) -> QImage:
    """The largest part in the middle with the wanted aspect, scaled."""
    part = wanted.scaled(image.size(), Qt.AspectRatioMode.KeepAspectRatio).expandedTo(QSize(1, 1))
    left, top = (image.width() - part.width()) // 2, (image.height() - part.height()) // 2
    cut = image.copy(QRect(left, top, part.width(), part.height()))
    modes = Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
    return cut.scaled(wanted, *modes)


def _over_white(image: QImage) -> QImage:
    white = QImage(image.size(), QImage.Format.Format_RGB32)
    white.fill(Qt.GlobalColor.white)
    with QPainter(white) as painter:
        painter.drawImage(0, 0, image)
    return white


def _pixels(image: QImage, channels: int) -> Pixels:
    """The bytes of an image (H, W, C) without the padding of its lines."""
    height, width = image.height(), image.width()
    lines = np.frombuffer(image.constBits(), np.uint8).reshape(height, image.bytesPerLine())
    return lines[:, : width * channels].reshape(height, width, channels).copy()
