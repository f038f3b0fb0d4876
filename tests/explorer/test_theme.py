"""Both themes can be read, follow the choice, and reach what was made before."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QToolButton

from explorer import theme
from explorer.theme import DARK, LIGHT, Colours, Theme, presentation_scale, scale


def contrast(a: QColor, b: QColor) -> float:
    """WCAG 2.1 contrast ratio."""

    def luminance(colour: QColor) -> float:
        parts = [colour.redF(), colour.greenF(), colour.blueF()]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    bright, dim = sorted((luminance(a), luminance(b)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


@pytest.mark.parametrize("look", [LIGHT, DARK], ids=["light", "dark"])
def test_text_can_be_read(look: Colours) -> None:
    for ground in (look.window, look.base, look.raised):
        assert contrast(look.ink, ground) >= 7
        assert contrast(look.muted, ground) >= 4.5
        assert contrast(look.warning, ground) >= 4.5
    assert contrast(look.on_accent, look.accent) >= 4.5
    for line in look.series:
        assert contrast(line, look.base) >= 3


def test_choice_sets_the_palette_and_is_kept(qapp, theme, settings: QSettings) -> None:
    theme.choose("dark")
    assert qapp.palette().color(QPalette.ColorRole.Window) == DARK.window
    assert settings.value("theme") == "dark"
    theme.choose("light")
    assert qapp.palette().color(QPalette.ColorRole.Window) == LIGHT.window


def test_palette_says_the_colours(qapp) -> None:
    assert theme.colours(theme.palette_of(DARK)) is DARK
    assert theme.colours(theme.palette_of(LIGHT)) is LIGHT


def test_type_and_icons_follow(qtbot, theme: Theme) -> None:
    from explorer.theme import HEADLINE, label, set_icon

    title = label("x", HEADLINE, bold=True)
    button = QToolButton()
    qtbot.addWidget(title)
    qtbot.addWidget(button)
    set_icon(button, "play")
    light, side = button.icon().pixmap(32).toImage(), button.iconSize().width()
    theme.set_scale(1.5)
    assert button.iconSize().width() == 1.5 * side
    assert title.font().pixelSize() == 33
    assert title.font().bold()
    theme.choose("dark")
    assert button.icon().pixmap(32).toImage() != light


def test_a_projector_shows_type_that_grows_with_its_screen(theme: Theme) -> None:
    assert presentation_scale(800) == pytest.approx(1.4)
    assert presentation_scale(1440) == pytest.approx(2.0)
    assert 1.6 < presentation_scale(1080) < 1.7
    theme.set_scale(presentation_scale(1440))
    assert scale() == pytest.approx(2.0)
