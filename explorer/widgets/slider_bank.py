"""A long list of named sliders, some at a time: page through it or search it.

Used for the coordinates of z (hundreds) and for directions (dozens). Rows are made once and filled again, so that a
new page costs no new widgets. What is in use can come first; it is gathered when the list is arranged anew (another
page, another search, a value from elsewhere), never under the hand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
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

REMOVAL_WIDTH = 20  # px
NAME_WIDTH, NAME_SHARE = 160, 0.42  # px, for the longest attribute in small type; of the width, where that is less


@dataclass(frozen=True)
class BankItem:
    """One slider: what it is called, what a tooltip adds, and what a search finds it by besides its name. `removal` is
    what its button for removal says; without words it has none."""

    key: str
    title: str
    hint: str = ""
    words: str = ""
    removal: str = ""


class SliderBank(QWidget):
    """`rows` sliders of all `items`, between `low` and `high`; with `gathers` those that are not at 0 come first.

    `moved(key, value)` and `removed(key)` come from the hands; `started` and `finished` enclose one gesture.
    """

    moved = Signal(str, float)
    removed = Signal(str)
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
        gathers: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._items: tuple[BankItem, ...] = ()
        self._found: tuple[BankItem, ...] = ()
        self._values: Mapping[str, float] = {}
        self._marked: frozenset[str] = frozenset()
        self._first = 0
        self._gathers = gathers
        self._gathered: frozenset[str] = frozenset()  # the keys that stand first
        self._rows = rows
        self._name_width = name_width
        self._names: list[ElidedLabel] = []
        self._sliders: list[ValueSlider] = []
        self._removals: list[ToolButton] = []
        self._heads: list[QWidget] = []  # a name, and the button beside it
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
        if self._gathers and self._first == 0 and self._in_use() - self._gathered - set(self.page_keys()):
            self._seek()  # one that nobody sees was moved from elsewhere
        if marked != self._marked:
            self._marked = marked
            self._fill()
            return
        for item, slider in zip(self._page(), self._sliders, strict=False):
            slider.display(values.get(item.key, 0.0))

    def set_text(self, text: str) -> None:
        """The sentence that stands here while there are no sliders."""
        self._text.setText(text)

    def text(self) -> str:
        """That sentence, where it is shown; else empty."""
        return self._text.text() if self._text.isVisibleTo(self) else ""

    def add_tool(self, tool: QWidget) -> None:
        """One more button behind the search."""
        self._top.addWidget(tool)

    def page_keys(self) -> tuple[str, ...]:
        """The keys of the sliders in view."""
        return tuple(item.key for item in self._page())

    def slider(self, key: str) -> ValueSlider | None:
        """The slider of an item, where it is in view."""
        for item, slider in zip(self._page(), self._sliders, strict=False):
            if item.key == key:
                return slider
        return None

    def removal(self, key: str) -> ToolButton | None:
        """The button that removes an item, where it is in view and may be removed."""
        for item, removal in zip(self._page(), self._removals, strict=False):
            if item.key == key and item.removal:
                return removal
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
        self._top = QHBoxLayout()
        self._top.setContentsMargins(0, 0, 0, 0)
        self._top.addWidget(self._search, 1)
        for widget in (self._where, self._back, self._on):
            self._top.addWidget(widget)
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(0)
        for row in range(self._rows):
            self._add_row(grid, row, low, high)
        grid.setColumnStretch(1, 1)
        self._text = label("", SMALL, muted=True)
        self._text.setWordWrap(True)
        self._text.setAlignment(Qt.AlignmentFlag.AlignTop)
        grid.addWidget(self._text, 0, 0, self._rows, 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(self._top)
        layout.addLayout(grid)
        self._fill()

    def _add_row(self, grid: QGridLayout, row: int, low: float, high: float) -> None:
        name = ElidedLabel(size=SMALL, mode=Qt.TextElideMode.ElideMiddle)
        slider = ValueSlider(low, high, 0.0, 2, aligned=False)
        slider.setProperty("row", row)
        slider.valueChanged.connect(self._slid)
        slider.editStarted.connect(self.started)
        slider.editFinished.connect(self.finished)
        grid.addWidget(slider, row, 1)
        removal = ToolButton("trash-can-outline", "")
        removal.setFixedSize(REMOVAL_WIDTH, slider.sizeHint().height())
        removal.setProperty("row", row)
        removal.clicked.connect(self._remove)
        head = QWidget()
        line = QHBoxLayout(head)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(0)
        line.addWidget(name, 1)
        line.addWidget(removal)
        grid.addWidget(head, row, 0)
        self._heads.append(head)
        self._removals.append(removal)
        for widget in (name, slider):  # rows keep their place while there is nothing in them
            policy = widget.sizePolicy()
            policy.setRetainSizeWhenHidden(True)
            widget.setSizePolicy(policy)
        self._names.append(name)
        self._sliders.append(slider)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        width = min(self._name_width, round(NAME_SHARE * self.width()))
        for head in self._heads:
            head.setFixedWidth(width)

    def _in_use(self) -> frozenset[str]:
        """The keys of the sliders that are not at 0."""
        return frozenset(key for key, value in self._values.items() if value != 0.0)

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
        self._gather()
        self._fill()

    def _gather(self) -> None:
        """Bring what is in use to the front, each part in its old order."""
        self._gathered = self._in_use() if self._gathers else frozenset()
        places = {item.key: place for place, item in enumerate(self._items)}
        self._found = tuple(sorted(self._found, key=lambda item: (item.key not in self._gathered, places[item.key])))

    def _fill(self) -> None:
        page = self._page()
        self._showing = True
        rows = zip(self._names, self._sliders, self._removals, strict=True)
        for row, (name, slider, removal) in enumerate(rows):
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
                removal.setToolTip(item.removal)
                removal.setAccessibleName(f"{item.removal}: {item.title}")
            removal.setVisible(there and bool(page[row].removal))
        self._showing = False
        self._text.setVisible(not page)
        last = self._first + len(page)
        some = tr("{first}-{last} of {total}", first=self._first + 1, last=last, total=len(self._found))
        self._where.setText(some if page else tr("none"))
        self._back.setEnabled(self._first > 0)
        self._on.setEnabled(last < len(self._found))

    @Slot()
    def _go_back(self) -> None:
        self._first = max(self._first - self._rows, 0)
        self._gather()
        self._fill()

    @Slot()
    def _go_on(self) -> None:
        self._first += self._rows
        self._gather()
        self._fill()

    @Slot()
    def _remove(self) -> None:
        self.removed.emit(self._page()[int(self.sender().property("row"))].key)

    @Slot(float)
    def _slid(self, value: float) -> None:
        row = int(self.sender().property("row"))
        page = self._page()
        if not self._showing and row < len(page):
            self.moved.emit(page[row].key, value)
