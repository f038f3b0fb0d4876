"""The built-in data sets as a shelf of thumbnails; those that are made on this machine draw themselves."""

from __future__ import annotations

import dataclasses

from PySide6.QtCore import QEvent, QSize, Qt, Signal, Slot
from PySide6.QtGui import QIcon, QPixmap, QShowEvent
from PySide6.QtWidgets import QListView, QListWidget, QListWidgetItem, QWidget

import engine
from engine import DataRef, Event
from explorer import theme
from explorer.icons import icon
from explorer.panel import Desk
from explorer.state import Action, State
from explorer.text import tr
from explorer.widgets.thumbnail import thumbnail

ICON = 56  # side of a thumbnail, px
DOTS = 400  # points that a thumbnail is made of
SHOWN = 4  # pictures that one is made of
CHANNEL = "data.thumbnail."
SIZES = {"portraits": 32, "fashion-mnist": 32, "mnist": 32, "cifar-10": 32}
STAND_INS = {"portraits": "account-outline", "pictures": "download-outline", "points": "scatter-plot-outline"}


def built_in_ref(name: str) -> DataRef:
    """A built-in set as the window offers it first."""
    return DataRef(name, size=SIZES.get(name))


class DataShelf(QListWidget):
    """`picked(name)` comes from a click or Enter. What must be fetched shows a picture once it was loaded."""

    picked = Signal(str)

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._by_name: dict[str, QListWidgetItem] = {}
        self._pictures: dict[str, QPixmap] = {}
        self._asked = False
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMovement(QListView.Movement.Static)
        self.setIconSize(QSize(ICON, ICON))
        self.setGridSize(QSize(84, ICON + 40))
        self.setWordWrap(True)
        self.setFrameShape(QListWidget.Shape.NoFrame)
        self.setMinimumHeight(ICON + 32)
        self.setAccessibleName(tr("Built-in data"))
        theme.set_type(self, theme.SMALL)
        self.itemClicked.connect(self._pick)
        self.itemActivated.connect(self._pick)

    def show_sets(self, state: State) -> None:
        """List what the engine knows."""
        self.clear()
        self._by_name = {}
        for each in state.ready.data if state.ready else ():
            item = QListWidgetItem(each.title)
            item.setToolTip(each.help)
            item.setData(Qt.ItemDataRole.UserRole, each.name)
            self._by_name[each.name] = item
            self.addItem(item)
        self._pictures = {name: picture for name, picture in self._pictures.items() if name in self._by_name}
        self._draw()
        self._ask()

    def _draw(self) -> None:
        """The picture of each set, or what stands in for it, in the ink of the theme."""
        kinds = {each.name: each.kind for each in ready.data} if (ready := self._desk.state().ready) else {}
        for name, item in self._by_name.items():
            if name in self._pictures:
                kept = QIcon(self._pictures[name])
                kept.addPixmap(self._pictures[name], QIcon.Mode.Selected)  # a chosen picture keeps its colours
                item.setIcon(kept)
            elif name in kinds:
                item.setIcon(icon(STAND_INS[kinds[name]], self.palette()))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_pictures"):
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
            picture = thumbnail(event.samples, ICON, theme.colours(self.palette()), self.devicePixelRatioF())
            self._pictures[event.data.name] = picture
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
                count = SHOWN if each.kind == "portraits" else DOTS
                data = dataclasses.replace(built_in_ref(each.name), count=count)
                self._desk.post(engine.LoadData(CHANNEL + each.name, data))

    @Slot(QListWidgetItem)
    def _pick(self, item: QListWidgetItem) -> None:
        self.picked.emit(str(item.data(Qt.ItemDataRole.UserRole)))
