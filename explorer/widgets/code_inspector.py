"""One code from all sides: what it decodes to, the codes nearest to it, patches of the data that chose it, and what can
be done to it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from explorer import theme
from explorer.text import tr
from explorer.widgets.code_pictures import CodePictures
from explorer.widgets.code_row import CodeRow
from explorer.widgets.elided import ElidedLabel
from explorer.widgets.image_grid import ImageGrid

UNBOUND = (1 << 24) - 1  # what Qt calls QWIDGETSIZE_MAX
WIDE = 240  # beside the views, px
LOW = 176  # below them, px
PATCHES = 32  # the least height of the patches, px
ROOMY = 330  # from this height on there is room for a title more, px


class CodeInspector(QWidget):
    """`went(code)` comes from the row of nearest codes, `placed(row, column)` from the picture."""

    went = Signal(int)
    placed = Signal(int, int)

    def __init__(self, actions: Sequence[QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = ElidedLabel("", bold=True)
        self.about = ElidedLabel("", theme.SMALL, muted=True)
        self.pictures = CodePictures()
        self.pictures.placed.connect(self.placed)
        self.near = CodeRow()
        self.near.chosen.connect(self.went)
        self.found = ElidedLabel("", theme.SMALL, muted=True)
        self.patches = ImageGrid(centred=False, text="")
        self.patches.setMinimumHeight(PATCHES)
        self.patches.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.patches.set_hint(tr("A patch of the data that chose this code, with what is around it"))
        self._buttons = QWidget()
        row = QHBoxLayout(self._buttons)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.GRID // 2)
        for action in actions:
            button = QToolButton()
            button.setDefaultAction(action)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            row.addWidget(button)
        row.addStretch(1)
        self._layout = QBoxLayout(QBoxLayout.Direction.TopToBottom, self)
        self._layout.setContentsMargins(theme.GRID, 0, theme.GRID, 0)
        self._layout.setSpacing(theme.GRID // 2)
        self._near_title = theme.label(tr("Nearest codes and their distances"), theme.SMALL, muted=True)
        self._layout.addWidget(_column(self.title, self.about, self.pictures, self._near_title, self.near))
        self._layout.addWidget(_column(self.found, self.patches, self._buttons), 1)
        self.set_across(False)

    def set_across(self, across: bool) -> None:
        """Lie below the views with two columns, or stand beside them with one."""
        direction = QBoxLayout.Direction.LeftToRight if across else QBoxLayout.Direction.TopToBottom
        self._layout.setDirection(direction)
        wide, low = round(WIDE * theme.scale()), round(LOW * theme.scale())
        self.setMinimumWidth(0 if across else wide)
        self.setMaximumWidth(UNBOUND if across else wide)
        self.setMaximumHeight(low if across else UNBOUND)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._near_title.setVisible(self.height() >= ROOMY * theme.scale())

    def show_patches(self, patches: NDArray[np.uint8] | None, said: str) -> None:
        """Patches (N, s, s, C) of the data, and the sentence over them."""
        self.patches.set_samples(patches)
        self.found.setText(said)
        self.found.setToolTip("")


def _column(*widgets: QWidget) -> QWidget:
    whole = QWidget()
    layout = QVBoxLayout(whole)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(theme.GRID // 2)
    for widget in widgets:
        layout.addWidget(widget, 1 if isinstance(widget, ImageGrid) else 0)
    if not any(isinstance(widget, ImageGrid) for widget in widgets):
        layout.addStretch(1)
    return whole
