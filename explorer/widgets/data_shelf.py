"""The built-in data sets as a shelf of thumbnails; those that are made on this machine draw themselves."""

from __future__ import annotations

import dataclasses

from PySide6.QtCore import QEvent, QSize, Qt, Signal, Slot
from PySide6.QtGui import QIcon, QShowEvent
from PySide6.QtWidgets import QListView, QListWidget, QListWidgetItem, QWidget

import engine
from engine import DataRef, Event
from explorer import theme
from explorer.icons import icon
from explorer.panel import Desk
from explorer.state import Action, State
from explorer.stored import stored_samples
from explorer.text import tr
from explorer.widgets.thumbnail import thumbnail

ICON = 24  # side of a thumbnail, px
CELL = QSize(132, ICON + 4)
ROWS = 4.5  # in view at first: the half one says that there are more
DOTS = 400  # points that a thumbnail is made of
READ, SHOWN = 2, 1  # pictures that are read for a thumbnail (a data set has no fewer), and that it is made of
CHANNEL = "data.thumbnail."
SIZES = {"portraits": 32, "fashion-mnist": 32, "mnist": 32, "cifar-10": 32}
STAND_INS = {"portraits": "account-outline", "pictures": "download-outline", "points": "scatter-plot-outline"}


def built_in_ref(name: str) -> DataRef:
    """A built-in set as the window offers it first."""
    return DataRef(name, size=SIZES.get(name))


class DataShelf(QListWidget):
    """`picked(name)` comes from a click or Enter. What must be fetched shows a picture of its own once it
    was loaded."""

    picked = Signal(str)

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._by_name: dict[str, QListWidgetItem] = {}
        self._samples: dict[str, engine.Samples] = {}
        self._asked = False
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(True)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setIconSize(QSize(ICON, ICON))
        self.setGridSize(CELL)
        self.setFrameShape(QListWidget.Shape.NoFrame)
        self.setMinimumHeight(2 * CELL.height())
        self.setAccessibleName(tr("Built-in data"))
        theme.set_type(self, theme.SMALL)
        self.itemClicked.connect(self._pick)
        self.itemActivated.connect(self._pick)

    def sizeHint(self) -> QSize:
        return QSize(2 * CELL.width(), round(ROWS * CELL.height()))

    def show_sets(self, state: State) -> None:
        """List what the engine knows."""
        self.clear()
        self._by_name = {}
        for each in state.ready.data if state.ready else ():
            item = QListWidgetItem(each.title)
            item.setToolTip(f"{each.title}: {each.help}")
            item.setSizeHint(CELL)
            item.setData(Qt.ItemDataRole.UserRole, each.name)
            self._by_name[each.name] = item
            self.addItem(item)
            if each.kind == "pictures" and each.name not in self._samples:
                self._show_made(item, each.name)
        self._samples = {name: samples for name, samples in self._samples.items() if name in self._by_name}
        self._draw()
        self._ask()

    def _show_made(self, item: QListWidgetItem, name: str) -> None:
        """Until a set is fetched: what a bundled model makes that was trained on it."""
        made = stored_samples(name)
        if made is not None:
            self._samples[name] = made[:SHOWN]
            item.setToolTip(item.toolTip() + " " + tr("The picture is made by the bundled model."))

    def _draw(self) -> None:
        """The picture of each set, or what stands in for it, in the ink of the theme."""
        kinds = {each.name: each.kind for each in ready.data} if (ready := self._desk.state().ready) else {}
        look, ratio = theme.colours(self.palette()), self.devicePixelRatioF()
        for name, item in self._by_name.items():
            if name in self._samples:
                picture = thumbnail(self._samples[name], ICON, look, ratio)
                kept = QIcon(picture)
                kept.addPixmap(picture, QIcon.Mode.Selected)  # a chosen picture keeps its colours
                item.setIcon(kept)
            elif name in kinds:
                item.setIcon(icon(STAND_INS[kinds[name]], self.palette()))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_samples"):
            self._draw()

    def choose(self, name: str) -> None:
        """Mark a set; none for data of one's own."""
        item = self._by_name.get(name)
        self.setCurrentItem(item)  # type: ignore[arg-type]  # None is no current item
        if item is None:
            self.clearSelection()

    def take(self, event: Event | Action) -> None:
        """Draw a thumbnail of what was opened."""
        if isinstance(event, engine.DataOpened) and event.data.name in self._by_name:
            count = SHOWN if len(event.shape) == 3 else DOTS
            channel = CHANNEL + event.data.name
            self._desk.post(engine.ReadDataPage(channel, self._desk.number(), event.data, 0, count))
        elif isinstance(event, engine.DataPage) and event.channel.startswith(CHANNEL):
            self._samples[event.data.name] = event.samples
            self._draw()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._ask()

    def _ask(self) -> None:
        """Load a few samples of the sets that need no download, once, when somebody looks."""
        ready = self._desk.state().ready
        if ready is None or self._asked or not self.isVisible():
            return
        self._asked = True
        for each in ready.data:
            if each.kind != "pictures":
                count = READ if each.kind == "portraits" else DOTS
                data = dataclasses.replace(built_in_ref(each.name), count=count)
                self._desk.post(engine.LoadData(CHANNEL + each.name, data))

    @Slot(QListWidgetItem)
    def _pick(self, item: QListWidgetItem) -> None:
        self.picked.emit(str(item.data(Qt.ItemDataRole.UserRole)))
