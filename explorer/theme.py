"""How the window looks: two palettes over Qt's Fusion style, one type scale, one accent, and the icons.

Pictures are the only colour; everything else is grey with hairlines between. Colours of curves are those of Okabe and
Ito (2008, "Color Universal Design"), which people with colour-blindness can tell apart. Contrast follows WCAG 2.1
section 1.4.3 (4.5 : 1 for text). Widgets take what they need from their own palette, so that a change of theme is one
palette change; they hear of it as `QEvent.PaletteChange`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QObject, QSettings, QSize, Qt, Signal, Slot
from PySide6.QtGui import QAction, QColor, QFont, QPalette
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QWidget

from explorer.icons import icon

Choice = Literal["system", "light", "dark"]
CHOICES: tuple[Choice, ...] = ("system", "light", "dark")

SMALL, BODY, TITLE, HEADLINE = 12, 13, 16, 22  # the type scale, px
GRID = 8  # every distance is a multiple of this, px
ICON = 16  # side of an icon in a button, px
PRESENTATION = ((800, 1.4), (1440, 2.0))  # on a screen of so many px height type is so much bigger on a projector


@dataclass(frozen=True)
class Colours:
    """The colours of one theme, for what is drawn by hand. `series` are for curves, in order."""

    window: QColor
    base: QColor
    raised: QColor
    ink: QColor
    muted: QColor
    hairline: QColor
    accent: QColor
    on_accent: QColor
    warning: QColor
    series: tuple[QColor, ...]


def _colours(names: str, series: str) -> Colours:
    single = [QColor(name) for name in names.split()]
    return Colours(*single, series=tuple(QColor(name) for name in series.split()))


# window, base, raised, ink, muted, hairline, accent, on accent, warning
LIGHT = _colours(
    "#f4f4f5 #ffffff #e9eaec #1b1c1e #5c6066 #d3d5d9 #1f66c7 #ffffff #a83a00",
    "#1f66c7 #c75000 #00805d #a83e7c #8a6a00 #3a8fb7 #5c6066",
)
DARK = _colours(
    "#1d1f22 #161719 #2a2d31 #e8e9eb #a0a5ad #383c42 #5aa2f5 #0c1218 #ff9d66",
    "#5aa2f5 #f08a45 #2fbf94 #dd86b8 #e0b93b #7cc7ea #a0a5ad",
)


def is_dark(palette: QPalette) -> bool:
    return palette.color(QPalette.ColorRole.Window).lightness() < 128


def colours(palette: QPalette) -> Colours:
    """The colours that go with a widget's palette."""
    return DARK if is_dark(palette) else LIGHT


def faded(color: QColor, share: float) -> QColor:
    """The colour, covering only `share` (0..1) of what lies below."""
    result = QColor(color)
    result.setAlphaF(share)
    return result


def palette_of(look: Colours) -> QPalette:
    """A whole Qt palette from the colours of a theme."""
    role, group = QPalette.ColorRole, QPalette.ColorGroup
    palette = QPalette(look.raised, look.window)
    for each, colour in {
        role.Window: look.window,
        role.WindowText: look.ink,
        role.Base: look.base,
        role.AlternateBase: look.window,
        role.Text: look.ink,
        role.Button: look.raised,
        role.ButtonText: look.ink,
        role.BrightText: look.warning,
        role.PlaceholderText: look.muted,
        role.Highlight: look.accent,
        role.HighlightedText: look.on_accent,
        role.Accent: look.accent,
        role.Link: look.accent,
        role.LinkVisited: look.accent,
        role.ToolTipBase: look.raised,
        role.ToolTipText: look.ink,
        role.Light: look.base if look is LIGHT else look.hairline,
        role.Midlight: look.raised,
        role.Mid: look.hairline,
        role.Dark: look.hairline.darker(115),
        role.Shadow: look.hairline.darker(140),
    }.items():
        palette.setColor(each, colour)
    faded = QColor(look.muted)
    faded.setAlpha(150)
    for each in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(group.Disabled, each, faded)
    palette.setColor(group.Disabled, role.Highlight, look.hairline)
    return palette


def _box_palette(look: Colours) -> QPalette:
    """For check boxes, whose edge Fusion draws darker than the window: in the dark theme it would not be seen."""
    palette = palette_of(look)
    if look is DARK:
        palette.setColor(QPalette.ColorRole.Window, look.muted)
    return palette


def presentation_scale(height: int) -> float:
    """How much bigger type and lines are in presentation mode on a screen of `height` px, seen from the same seats."""
    (low, small), (high, big) = PRESENTATION
    return max(small + (height - low) * (big - small) / (high - low), 1.2)


def scale() -> float:
    """How much bigger type is than in the type scale; what is drawn by hand is as much bigger."""
    return QApplication.font().pixelSize() / BODY


def set_type(widget: QWidget, size: int, *, bold: bool = False, muted: bool = False) -> None:
    """Give a widget a size of the type scale; it grows with presentation mode. `muted` is for what explains."""
    widget.setProperty("typeSize", size)
    widget.setProperty("typeBold", bold)
    if muted:
        widget.setForegroundRole(QPalette.ColorRole.PlaceholderText)
    _apply_type(widget, scale())


def _apply_type(widget: QWidget, scale: float) -> None:
    font = QFont(QApplication.font())
    font.setPixelSize(round(widget.property("typeSize") * scale))
    font.setBold(bool(widget.property("typeBold")))
    widget.setFont(font)


def set_icon(target: QAbstractButton | QAction, name: str, side: int = ICON) -> None:
    """Give a button or action an icon of the Material Design set ("play"); it follows the theme. On a button it is
    `side` px wide and grows with presentation mode."""
    target.setProperty("iconName", name)
    target.setProperty("iconSide", side)
    _apply_icon(target, scale())


def _apply_icon(target: QAbstractButton | QAction, scale: float) -> None:
    target.setIcon(icon(target.property("iconName"), QApplication.palette()))
    if isinstance(target, QAbstractButton):
        side = round(target.property("iconSide") * scale)
        target.setIconSize(QSize(side, side))


def label(text: str = "", size: int = BODY, *, bold: bool = False, muted: bool = False) -> QLabel:
    """A text of the type scale that is not wrapped and whose markup is not read."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    set_type(made, size, bold=bold, muted=muted)
    return made


class Theme(QObject):
    """The theme of the application: follows the system, or what the person chose, and remembers it.

    `changed` comes after every change of colours or type.
    """

    changed = Signal()

    def __init__(self, app: QApplication, settings: QSettings) -> None:
        super().__init__(app)
        self._app, self._settings = app, settings
        stored = str(settings.value("theme", "system"))
        self._choice: Choice = next((each for each in CHOICES if each == stored), "system")
        self._scale = 1.0
        app.setStyle("Fusion")
        app.styleHints().colorSchemeChanged.connect(self._system_changed)
        self._apply()

    @property
    def choice(self) -> Choice:
        return self._choice

    @property
    def look(self) -> Colours:
        dark = self._app.styleHints().colorScheme() == Qt.ColorScheme.Dark
        if self._choice != "system":
            dark = self._choice == "dark"
        return DARK if dark else LIGHT

    def choose(self, choice: Choice) -> None:
        """Follow the system, or stay light or dark."""
        self._choice = choice
        self._settings.setValue("theme", choice)
        self._apply()

    def set_scale(self, scale: float) -> None:
        """Make all type bigger (presentation mode) or 1.0 again."""
        self._scale = scale
        self._apply()

    @Slot()
    def _system_changed(self) -> None:
        if self._choice == "system":
            self._apply()

    def _apply(self) -> None:
        scheme = {"system": Qt.ColorScheme.Unknown, "light": Qt.ColorScheme.Light, "dark": Qt.ColorScheme.Dark}
        if self._app.styleHints().colorScheme() != scheme[self._choice]:
            self._app.styleHints().setColorScheme(scheme[self._choice])
        look = self.look
        self._app.setPalette(palette_of(look))
        self._app.setPalette(_box_palette(look), "QCheckBox")
        self._refresh_icons()  # first: who makes room for larger type makes room for its icons too
        font = QFont(self._app.font())
        font.setPixelSize(round(BODY * self._scale))
        font.setFeature(QFont.Tag("tnum"), 1)
        self._app.setFont(font)
        self._refresh_type()
        self.changed.emit()

    def _refresh_icons(self) -> None:
        for widget in self._app.allWidgets():
            for target in (widget, *widget.actions()):
                if target.property("iconName") is not None:
                    _apply_icon(target, self._scale)

    def _refresh_type(self) -> None:
        for widget in self._app.allWidgets():
            if widget.property("typeSize") is not None:
                _apply_type(widget, self._scale)
