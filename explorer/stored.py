"""What a bundled model made when it was trained: its sheet of samples, shown until the engine can draw.

The sheet holds the draws (0, 0), (1, 0), (2, 0) ... of the plane GRID_SEED with a line of one pixel between them, so
sample k of it is the very picture that the engine will draw for that place.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from explorer.launch import BUNDLED

MODELS = Path(__file__).resolve().parents[1] / "resources" / "models"
GUTTER = 1


def stored_card(name: str = BUNDLED) -> Mapping[str, Any] | None:
    """What is written about a bundled model; None where it is not there, or damaged: the engine tells of that."""
    card = MODELS / name / "card.json"
    try:
        found = json.loads(card.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def stored_samples(name: str = BUNDLED) -> NDArray[np.uint8] | None:
    """The samples (N, H, W, C) on the sheet of a bundled model; None where it has no sheet that can be read."""
    card, sheet = stored_card(name), QImage(str(MODELS / name / "sheet.png"))
    if sheet.isNull() or card is None:
        return None
    height, width, channels = card["shape"]
    sheet = sheet.convertToFormat(QImage.Format.Format_RGB888 if channels == 3 else QImage.Format.Format_Grayscale8)
    lines = np.frombuffer(sheet.constBits(), np.uint8).reshape(sheet.height(), sheet.bytesPerLine())
    pixels = lines[:, : sheet.width() * channels].reshape(sheet.height(), sheet.width(), channels)
    rows, columns = (sheet.height() + GUTTER) // (height + GUTTER), (sheet.width() + GUTTER) // (width + GUTTER)
    cells = [
        pixels[top : top + height, left : left + width]
        for top in range(0, rows * (height + GUTTER), height + GUTTER)
        for left in range(0, columns * (width + GUTTER), width + GUTTER)
    ]
    return np.stack(cells) if cells else None
