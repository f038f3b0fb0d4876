"""The pictures at hand in a row: of the data, samples of a run, what was generated last, and files.

The `Sheet` of a picture stays the same object wherever the row goes, as long as something is painted on it, so that
nothing is lost by looking elsewhere.
"""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

import engine
from engine import Event, SnapshotInfo
from explorer import theme
from explorer.code_sheets import Sheet
from explorer.explored import grouped
from explorer.panel import Desk
from explorer.state import Action
from explorer.text import mark, tr
from explorer.widgets.calm_combo import CalmComboBox
from explorer.widgets.elided import ElidedLabel
from explorer.widgets.image_grid import ImageGrid
from explorer.widgets.tool_button import ToolButton

PAGE = "codes.data"  # channel
SHOWN = 12
HEIGHT = 44  # px
DATA, SAMPLES, GENERATED, FILES = "data", "samples", "generated", "files"
SOURCES = (
    (DATA, mark("Data")),
    (SAMPLES, mark("Samples of a run")),
    (GENERATED, mark("Last generated")),
    (FILES, mark("Files")),
)
EMPTY = {
    DATA: mark("The pictures of the data appear here."),
    SAMPLES: mark("Open or start a GAN of this size: its newest samples appear here."),
    GENERATED: mark("What Latent and Arithmetic draw with a model of this size appears here."),
    FILES: mark("Drop a picture here, or open one."),
}
PAINTED = "•"


class PictureStrip(QWidget):
    """`picked(sheet)` follows a click, and the first picture that is there; `openWanted` and `saveWanted`
    ask for a file."""

    picked = Signal(object)
    openWanted = Signal()
    saveWanted = Signal()

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._info: SnapshotInfo | None = None
        self._sheets: list[Sheet] = []
        self._current: Sheet | None = None
        self._kept: dict[Hashable, Sheet] = {}  # in the row, shown or painted, by where they are from
        self._files: list[Sheet] = []
        self._generated: dict[str, engine.Frame] = {}
        self._page: engine.DataPage | None = None
        self._asked = 0  # the number of the newest page
        self._start = self._total = 0
        self._source = CalmComboBox()
        self._source.setAccessibleName(tr("Where the pictures are from"))
        for name, title in SOURCES:
            self._source.addItem(tr(title), name)
        self._source.setMinimumContentsLength(10)
        self._source.currentIndexChanged.connect(self._show_source)
        self._before = ToolButton("chevron-left", tr("The pictures before"))
        self._next = ToolButton("chevron-right", tr("The next pictures"))
        self._dice = ToolButton("dice-5-outline", tr("Pictures from anywhere in the data"))
        self._open = ToolButton("folder-open-outline", tr("Open a picture, or codes that were saved"))
        self._save = ToolButton(
            "content-save-outline", tr("Save the codes as a file; the key S saves the picture with its codes")
        )
        for button, slot in (
            (self._before, self._go_back),
            (self._next, self._go_on),
            (self._dice, self._go_anywhere),
            (self._open, self.openWanted),
            (self._save, self.saveWanted),
        ):
            button.clicked.connect(slot)
        self._said = ElidedLabel(size=theme.SMALL, muted=True)
        self._row = ImageGrid(columns=SHOWN, centred=False, text=tr(EMPTY[DATA]))
        self._row.setAccessibleName(tr("Pictures at hand"))
        self._row.set_hint(tr("Picture {index}: a click shows it with its codes"))
        self._row.chosen.connect(self._choose)
        self._row.opened.connect(self._choose)
        bar = QHBoxLayout()
        bar.setSpacing(theme.GRID // 2)
        for widget in (self._source, self._before, self._next, self._dice, self._open, self._save):
            bar.addWidget(widget)
        bar.addWidget(self._said, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.GRID // 2)
        layout.addLayout(bar)
        layout.addWidget(self._row)
        self.fit()

    def fit(self) -> None:
        """As high as the type asks for."""
        self._row.setFixedHeight(round(HEIGHT * theme.scale()))

    # ---------------------------------------------------------------------------------------------- what is told

    def show_model(self, info: SnapshotInfo) -> None:
        """The pictures that this model takes."""
        before, self._info = self._info, info
        if before is None or (before.shape, before.data) != (info.shape, info.data):
            self._page, self._start = None, 0
            self._ask_page()
            self._show_source()

    def take(self, event: Event | Action) -> None:
        if isinstance(event, engine.DataPage) and (event.channel, event.number) == (PAGE, self._asked):
            self._page, self._start, self._total = event, event.start, event.total
            self._show_if(DATA)
        elif isinstance(event, engine.GridDrawn) and not event.channel:
            self._show_if(SAMPLES)
        elif isinstance(event, engine.Frame) and event.part in ("points", "centre") and event.samples.ndim == 4:
            self._generated[event.channel] = event
            self._show_if(GENERATED)
        elif isinstance(event, engine.Failed) and event.channel == PAGE:
            self._said.setText(event.reason)

    def add(self, sheet: Sheet) -> None:
        """A picture from a file: it is shown at once."""
        self._files.append(sheet)
        self._current = sheet
        self._source.blockSignals(True)
        self._source.setCurrentIndex(self._source.findData(FILES))
        self._source.blockSignals(False)
        self._show_source()
        self.picked.emit(sheet)

    def show_current(self, sheet: Sheet) -> None:
        """Mark the picture that is shown, where it is in the row, and those that are painted."""
        self._current = sheet
        index = next((k for k, each in enumerate(self._sheets) if each is sheet), -1)
        self._row.set_index(index)
        self._row.set_marks({k: PAINTED for k, each in enumerate(self._sheets) if each.is_painted()})

    def refresh(self) -> None:
        """What the row is made of may be other now."""
        self._show_source()

    # ---------------------------------------------------------------------------------------------- the row

    def _show_if(self, source: str) -> None:
        if self._source.currentData() == source and self.isVisible():
            self._show_source()

    @Slot()
    def _show_source(self) -> None:
        """The row of the source that is chosen."""
        source = str(self._source.currentData())
        paged = source == DATA
        for button in (self._before, self._next, self._dice):
            button.setEnabled(paged and self._total > SHOWN)
        made = {DATA: self._of_data, SAMPLES: self._of_run, GENERATED: self._of_frames, FILES: self._of_files}
        found = made[source]()
        needed = {id(sheet) for sheet in (*found, self._current)}
        self._kept = {k: each for k, each in self._kept.items() if each.is_painted() or id(each) in needed}
        shown = [sheet.pixels for sheet in found if sheet.pixels is not None]
        self._sheets = [sheet for sheet in found if sheet.pixels is not None]
        self._row.set_text(tr(EMPTY[source]))
        self._row.set_samples(np.stack(shown) if shown else None)
        self._said.setText(self._words(source))
        if self._current is None and self._sheets:
            self._choose(0)
        elif self._current is not None:
            self.show_current(self._current)

    def _words(self, source: str) -> str:
        if source == DATA and self._page is not None and self._sheets:
            last = self._start + len(self._sheets)
            return tr("{first} to {last} of {total}", first=grouped(self._start), last=grouped(last - 1),
                      total=grouped(self._total))  # fmt: skip
        return ""

    def _of_data(self) -> list[Sheet]:
        page = self._page
        if page is None or not self._fits(page.samples):
            return []
        title = page.data.name
        return [
            self._sheet((page.data, page.start + k), tr("{data} {index}", data=title, index=page.start + k), pixels)
            for k, pixels in enumerate(page.samples)
        ]

    def _of_run(self) -> list[Sheet]:
        """The newest samples of the run that is shown, else of another that is open."""
        state = self._desk.state()
        first = state.run.path if state.run is not None else ""
        for path in sorted(self._desk.stores.runs, key=lambda each: each != first):
            grid = self._desk.stores.runs[path].grids.get("samples")
            if grid is not None and self._fits(grid.samples):
                run = state.opened.get(path)
                name = run.name if run is not None else path
                title = tr("{run}, step {step}, sample", run=name, step=grouped(grid.step))
                pixels = grid.samples[:SHOWN]
                return [self._sheet((path, grid.step, k), f"{title} {k}", each) for k, each in enumerate(pixels)]
        return []

    def _of_frames(self) -> list[Sheet]:
        found: list[Sheet] = []
        for frame in reversed(self._generated.values()):
            if self._fits(frame.samples):
                title = tr("Generated by {model}", model=frame.snapshot)
                shown = frame.samples[: SHOWN - len(found)]
                found += [self._sheet(pixels.tobytes(), title, pixels) for pixels in shown]
        return found

    def _of_files(self) -> list[Sheet]:
        return [sheet for sheet in self._files if self._info is not None and sheet.fits(self._info)][-SHOWN:]

    def _fits(self, samples: engine.Samples) -> bool:
        return self._info is not None and samples.ndim == 4 and samples.shape[1:] == tuple(self._info.shape)

    def _sheet(self, key: Hashable, title: str, pixels: engine.Samples) -> Sheet:
        """The sheet of a picture: the one that was there before, else a new one."""
        if key not in self._kept:
            self._kept[key] = Sheet(title, np.ascontiguousarray(pixels, np.uint8))
        return self._kept[key]

    # ---------------------------------------------------------------------------------------------- hands

    @Slot(int)
    def _choose(self, index: int) -> None:
        sheet = self._sheets[index]
        self.show_current(sheet)
        self.picked.emit(sheet)

    @Slot()
    def _go_back(self) -> None:
        self._go_to(self._start - SHOWN)

    @Slot()
    def _go_on(self) -> None:
        self._go_to(self._start + SHOWN)

    @Slot()
    def _go_anywhere(self) -> None:
        self._go_to(int(np.random.default_rng().integers(max(self._total - SHOWN, 1))))

    def _go_to(self, start: int) -> None:
        self._start = min(max(start, 0), max(self._total - SHOWN, 0))
        self._ask_page()

    def _ask_page(self) -> None:
        if self._info is not None and self._info.data is not None:
            self._asked = self._desk.number()
            self._desk.post(engine.ReadDataPage(PAGE, self._asked, self._info.data, self._start, SHOWN))
