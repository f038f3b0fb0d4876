"""A long list of named sliders, some at a time: page through it or search it.

Used for the coordinates of z (hundreds) and for directions (dozens). Rows are made once and filled again, so that a
new page costs no new widgets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from explorer.text import tr
from explorer.theme import SMALL, label
from explorer.widgets.elided import ElidedLabel
from explorer.widgets.slider import ValueSlider
from explorer.widgets.tool_button import ToolButton

NAME_WIDTH = 142  # px, for the longest attribute in small type


@dataclass(frozen=True)
class BankItem:
    """One slider: what it is called, what a tooltip adds, and what a search finds it by besides its name."""

    key: str
    title: str
    hint: str = ""
    words: str = ""


class SliderBank(QWidget):
    """`rows` sliders of all `items`, between `low` and `high`.

    `moved(key, value)` comes from the hands; `started` and `finished` enclose one gesture.
    """

    moved = Signal(str, float)
    started = Signal()
    finished = Signal()

    def __init__(
        self,
        *,
        low: float,
        high: float,
        rows: int = 8,
        name_width: int = NAME_WIDTH,
        search: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._items: tuple[BankItem, ...] = ()
        self._found: tuple[BankItem, ...] = ()
        self._values: Mapping[str, float] = {}
        self._marked: frozenset[str] = frozenset()
        self._first = 0
        self._rows = rows
        self._name_width = name_width
        self._names: list[ElidedLabel] = []
        self._sliders: list[ValueSlider] = []
        self._showing = False
        self._build(low, high, search)

    # ---------------------------------------------------------------------------------------------- what is shown

    def set_items(self, items: Sequence[BankItem]) -> None:
        """Offer other sliders; the search stays."""
        if tuple(items) != self._items:
            self._items = tuple(items)
            self._seek()

    def set_range(self, low: float, high: float) -> None:
        """Other limits for all sliders."""
        self._showing = True
        for slider in self._sliders:
            if slider.range() != (low, high):
                slider.setRange(low, high)
        self._showing = False
        self._fill()

    def set_values(self, values: Mapping[str, float], marked: frozenset[str] = frozenset()) -> None:
        """Show where each slider stands (0 where nothing is said); the `marked` ones were set by hand."""
        self._values = values
        if marked != self._marked:
            self._marked = marked
            self._fill()
            return
        for item, slider in zip(self._page(), self._sliders, strict=False):
            slider.display(values.get(item.key, 0.0))

    def page_keys(self) -> tuple[str, ...]:
        """The keys of the sliders in view."""
        return tuple(item.key for item in self._page())

    def slider(self, key: str) -> ValueSlider | None:
        """The slider of an item, where it is in view."""
        for item, slider in zip(self._page(), self._sliders, strict=False):
            if item.key == key:
                return slider
        return None

    # ---------------------------------------------------------------------------------------------- inside

    def _build(self, low: float, high: float, search: str) -> None:
        self._search = QLineEdit()
        self._search.setPlaceholderText(search or tr("Search"))
        self._search.setAccessibleName(self._search.placeholderText())
        self._search.setClearButtonEnabled(True)
        self._search.textChanged.connect(self._seek)
        self._where = label("", SMALL, muted=True)
        self._back = ToolButton("chevron-left", tr("Previous page"))
        self._on = ToolButton("chevron-right", tr("Next page"))
        self._back.clicked.connect(self._go_back)
        self._on.clicked.connect(self._go_on)
        top = QHBoxLayout()
        top.setContentsMargins(0, 0, 0, 0)
        top.addWidget(self._search, 1)
        for widget in (self._where, self._back, self._on):
            top.addWidget(widget)
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(0)
        for row in range(self._rows):
            self._add_row(grid, row, low, high)
        grid.setColumnStretch(1, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(top)
        layout.addLayout(grid)
        self._fill()

    def _add_row(self, grid: QGridLayout, row: int, low: float, high: float) -> None:
        name = ElidedLabel(size=SMALL)
        name.setFixedWidth(self._name_width)
        slider = ValueSlider(low, high, 0.0, 2, aligned=False)
        slider.setProperty("row", row)
        slider.valueChanged.connect(self._slid)
        slider.editStarted.connect(self.started)
        slider.editFinished.connect(self.finished)
        grid.addWidget(name, row, 0)
        grid.addWidget(slider, row, 1)
        for widget in (name, slider):  # rows keep their place while there is nothing in them
            policy = widget.sizePolicy()
            policy.setRetainSizeWhenHidden(True)
            widget.setSizePolicy(policy)
        self._names.append(name)
        self._sliders.append(slider)

    def _page(self) -> tuple[BankItem, ...]:
        return self._found[self._first : self._first + self._rows]

    @Slot()
    def _seek(self) -> None:
        """Find the items that have every word of the search; bare numbers name items by their key."""
        words = self._search.text().lower().replace(",", " ").split()
        keys = {item.key for item in self._items}
        if words and all(word in keys for word in words):
            self._found = tuple(item for item in self._items if item.key in words)
        else:
            self._found = tuple(i for i in self._items if all(w in f"{i.title} {i.words}".lower() for w in words))
        self._first = 0
        self._fill()

    def _fill(self) -> None:
        page = self._page()
        self._showing = True
        for row, (name, slider) in enumerate(zip(self._names, self._sliders, strict=True)):
            there = row < len(page)
            name.setVisible(there)
            slider.setVisible(there)
            if there:
                item = page[row]
                star = " •" if item.key in self._marked else ""
                name.setText(item.title + star)
                name.setToolTip(item.hint or item.title)
                slider.setToolTip(item.hint or item.title)
                slider.setAccessibleName(item.title)
                slider.display(self._values.get(item.key, 0.0))
        self._showing = False
        last = self._first + len(page)
        some = tr("{first}-{last} of {total}", first=self._first + 1, last=last, total=len(self._found))
        self._where.setText(some if page else tr("none"))
        self._back.setEnabled(self._first > 0)
        self._on.setEnabled(last < len(self._found))

    @Slot()
    def _go_back(self) -> None:
        self._first = max(self._first - self._rows, 0)
        self._fill()

    @Slot()
    def _go_on(self) -> None:
        self._first += self._rows
        self._fill()

    @Slot(float)
    def _slid(self, value: float) -> None:
        row = int(self.sender().property("row"))
        page = self._page()
        if not self._showing and row < len(page):
            self.moved.emit(page[row].key, value)
