"""Three squares side by side: a picture, its codes over the reconstruction, and what the painted codes decode to."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QVBoxLayout, QWidget

from engine import Codes, Pixels
from explorer import theme
from explorer.code_painting import Cell, Region
from explorer.text import tr
from explorer.widgets import code_tools
from explorer.widgets.code_colours import difference, difference_picture, range_of, signal_to_noise
from explorer.widgets.code_grid import CodeGrid, Overlay
from explorer.widgets.difference_bar import DifferenceBar
from explorer.widgets.elided import ElidedLabel

NO_LIMIT = 16_777_215


class CodeSquares(QWidget):
    """Hover, region and brush go through all three. `picked(cell, in_original)` and the strokes are as of `CodeGrid`;
    the original is not painted on."""

    hovered = Signal(object)
    picked = Signal(object, bool)
    regionChosen = Signal(object)
    strokeBegan = Signal()
    touched = Signal(object, bool)
    strokeEnded = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sources: tuple[Pixels | None, Pixels | None, Pixels | None] = (None, None, None)
        self._step = ""
        self._view = code_tools.DECODED
        self._tall = False
        self.original, self.codes, self.result = CodeGrid(paints=False), CodeGrid(), CodeGrid()
        self._captions = [ElidedLabel(size=theme.SMALL, muted=True) for _ in range(3)]
        self._bar = DifferenceBar()
        self._bar.hide()
        row = self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.GRID)
        names = (tr("Original"), tr("Codes over the reconstruction"), tr("Decoded"))
        for name, caption, square in zip(names, self._captions, self._all(), strict=True):
            square.setAccessibleName(name)
            square.hovered.connect(self.hovered)
            square.picked.connect(self._pick)
            square.regionChosen.connect(self.regionChosen)
            square.strokeBegan.connect(self.strokeBegan)
            square.touched.connect(self.touched)
            square.strokeEnded.connect(self.strokeEnded)
            column = QVBoxLayout()
            column.setSpacing(theme.GRID // 2)
            column.addWidget(caption)
            if square is self.result:
                column.addWidget(self._bar)
            column.addWidget(square, 1)
            row.addLayout(column, 1)
        self.clear()

    def _all(self) -> tuple[CodeGrid, CodeGrid, CodeGrid]:
        return self.original, self.codes, self.result

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and hasattr(self, "_bar"):
            self._fit()
        elif event.type() == QEvent.Type.PaletteChange and hasattr(self, "_bar"):
            self._show_result()

    def let_grow(self, tall: bool) -> None:
        """Take all the height there is, or be no higher than the squares are wide."""
        self._tall = tall
        self._fit()

    def _fit(self) -> None:
        ways = QBoxLayout.Direction
        upright = self._tall and self.height() > 1.2 * self.width()
        self._row.setDirection(ways.TopToBottom if upright else ways.LeftToRight)
        wide = (self.width() - 2 * theme.GRID) // 3
        caption = self._captions[0].sizeHint().height() + theme.GRID // 2
        height = NO_LIMIT if self._tall else wide + caption
        if self.maximumHeight() != height:
            self.setMaximumHeight(height)

    # ---------------------------------------------------------------------------------------------- what is shown

    def show_original(self, title: str, pixels: Pixels | None, empty: str) -> None:
        """The picture; where there is none, a sentence."""
        self._sources = (pixels, *self._sources[1:])
        self._captions[0].setText(title)
        self.original.set_text(empty)
        self.original.set_picture(pixels)

    def clear(self) -> None:
        """No codes are known."""
        self._sources = (self._sources[0], None, None)
        for square in self._all():
            square.set_codes(None)
        self.codes.set_picture(None)
        self._captions[1].setText(tr("Codes"))
        self._show_result()

    def show_rebuilt(self, pixels: Pixels) -> None:
        """What the codes of the picture decode to."""
        self._sources = (self._sources[0], pixels, self._sources[2])
        self.codes.set_picture(pixels)

    def show_codes(self, base_hw: Codes, codes_hw: Codes) -> None:
        """The codes of the picture, and as they are painted; cells that differ are framed."""
        changed = codes_hw != base_hw
        self.original.set_codes(base_hw, changed)
        self.codes.set_codes(codes_hw, changed)
        self.result.set_codes(codes_hw, changed)
        count = int(changed.sum())
        if count:
            self._captions[1].say(tr("Codes, {count} of {all} painted", count=count, all=codes_hw.size))
        else:
            self._captions[1].say(tr("Codes, {grid}", grid=" x ".join(map(str, codes_hw.shape))))

    def show_decoded(self, pixels: Pixels, step: str) -> None:
        """What the painted codes decode to at a step."""
        self._sources, self._step = (*self._sources[:2], pixels), step
        self._show_result()

    def follow(self, tools: code_tools.CodeTools, colours_K3: Pixels | None) -> None:
        """Show what the tools say: the overlay, the view, the width of the brush."""
        tool = tools.tool()
        wide = tools.brush() if tool in (code_tools.BRUSH, code_tools.RESTORE) else 1
        for square in self._all():
            square.selects = tool == code_tools.REGION
            square.set_brush(wide)
        overlay: Overlay = tools.overlay()
        self.codes.set_overlay(overlay, colours_K3)
        self._view = tools.view()
        self._show_result()

    def _show_result(self) -> None:
        """The decode, or what it differs by from another square."""
        original, rebuilt, decoded = self._sources
        other = {code_tools.FROM_ORIGINAL: original, code_tools.FROM_BEFORE: rebuilt}.get(self._view)
        differs = other is not None and decoded is not None
        self._bar.setVisible(differs)
        self._captions[2].setVisible(not differs)
        if decoded is None or other is None:
            self.result.set_picture(decoded)
        else:
            by = difference(decoded, other)
            largest = range_of(by)
            self._bar.set_largest(largest)
            self.result.set_picture(difference_picture(by, largest, dark=theme.is_dark(self.palette())))
        words = tr("Decoded")
        if decoded is not None:
            words = tr("Decoded, step {step}", step=self._step)
            if original is not None:
                words = tr("Decoded, {psnr} dB PSNR", psnr=f"{signal_to_noise(decoded, original):.1f}")
        self._captions[2].say(words)

    def captions(self) -> tuple[str, ...]:
        """What is said over the squares."""
        return tuple(caption.text() for caption in self._captions)

    def scale_ends(self) -> tuple[str, str] | None:
        """What the ends of the scale of differences say; None where no difference is shown."""
        return None if self._bar.isHidden() else self._bar.ends()

    # ---------------------------------------------------------------------------------------------- hands

    def set_hover(self, cell: Cell | None) -> None:
        for square in self._all():
            square.set_hover(cell)

    def set_region(self, region: Region | None) -> None:
        for square in self._all():
            square.set_region(region)

    def cell_at_hand(self) -> Cell:
        """The cell under the mouse, else the cursor of the square with the focus."""
        square = next((each for each in self._all() if each.hasFocus()), self.codes)
        return square.hovered_cell() or square.cursor_cell()

    def cursor_cell(self) -> Cell:
        """The cell that was touched last in the square with the focus."""
        return next((each for each in self._all() if each.hasFocus()), self.codes).cursor_cell()

    @Slot(object)
    def _pick(self, cell: Cell) -> None:
        self.picked.emit(cell, self.sender() is self.original)
