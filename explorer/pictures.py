"""Pictures as PNG files that say how to make them again, and what such a file says.

Qt takes the texts of a PNG for "key: value" lines and splits them at the first colon, so the colon of our keys
("latent-explorer:step") is a point in the file. References: PNG specification, section 11.3.4 (textual information).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtGui import QImage, QImageReader

from engine import __version__
from explorer.provenance import PREFIX
from explorer.text import tr


class PictureError(OSError):
    """A picture that could not be written; the message says so in one sentence."""


def write_png(image: QImage, facts: Mapping[str, str], file: Path) -> None:
    """Write `image` with `facts` as PNG texts; raises PictureError where the disk does not take it."""
    image = image.copy()
    for name, value in {**facts, "Software": f"Latent Explorer {__version__}"}.items():
        image.setText(name.replace(":", "."), value)
    if not image.save(str(file), "PNG"):
        raise PictureError(tr("{name} could not be written; choose another folder.", name=file.name))


def facts_in(file: Path) -> dict[str, str]:
    """What a saved picture says of itself, by our keys; empty for a picture that is not ours."""
    reader = QImageReader(str(file))
    ours = f"{PREFIX}."
    return {f"{PREFIX}:{key.removeprefix(ours)}": reader.text(key) for key in reader.textKeys() if key.startswith(ours)}
