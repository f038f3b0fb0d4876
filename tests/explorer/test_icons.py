"""Icons are there, take the ink of the palette, and each file is used."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QIcon, QPalette

from explorer.icons import ICONS, icon

NAMES = sorted(path.stem for path in ICONS.glob("*.svg"))


@pytest.mark.parametrize("name", NAMES)
def test_every_drawing_shows_in_the_ink_of_the_palette(qapp, name: str) -> None:
    palette = QPalette(QColor("#ffffff"), QColor("#ffffff"))
    palette.setColor(QPalette.ColorRole.ButtonText, QColor("#3060c0"))
    palette.setColor(QPalette.ColorRole.Mid, QColor("#c0c0c0"))
    made = icon(name, palette)
    for mode, wanted in ((QIcon.Mode.Normal, "#3060c0"), (QIcon.Mode.Disabled, "#c0c0c0")):
        image = made.pixmap(QSize(48, 48), 1.0, mode).toImage()
        solid = {
            image.pixelColor(x, y).name() for x in range(48) for y in range(48) if image.pixelColor(x, y).alpha() == 255
        }
        assert solid == {wanted}


def test_every_drawing_is_used() -> None:
    sources = "".join(
        path.read_text(encoding="utf-8") for path in (Path(__file__).parents[2] / "explorer").rglob("*.py")
    )
    assert [name for name in NAMES if f'"{name}"' not in sources] == []
