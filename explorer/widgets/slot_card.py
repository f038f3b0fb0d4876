"""One concept of the arithmetic: its exemplars, their mean, and how strongly it counts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, Qt, Signal, Slot
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QSizePolicy, QVBoxLayout, QWidget

import engine
from engine import Samples
from explorer.text import tr
from explorer.theme import SMALL, TITLE, label
from explorer.widgets.canvas import PictureCanvas
from explorer.widgets.elided import ElidedLabel
from explorer.widgets.image_grid import ImageGrid
from explorer.widgets.short_numbers import MINUS, short_number
from explorer.widgets.slider import ValueSlider
from explorer.widgets.tool_button import ToolButton

NARROWEST, WIDEST = 106, 276  # px; the widest has three thumbnails as large as their mean
PICTURE = 64  # a 32x32 picture at twice its size: smaller than the result, which is what counts
THUMBNAILS = 28  # px: the least width of the exemplars, below each other
HEAVIEST = 2.0


class SlotCard(QWidget):
    """A slot: letter and title, exemplar thumbnails with their mean behind them, the weight slider. Exemplars of a
    model that makes points have no thumbnails: the place that their mean lands at stands there in numbers.

    Signals carry the slot's name: `weighed(name, weight)` between `started` and `finished`; `emptied(name)` asks to
    take the slot away, `dropped(name, k)` to take exemplar k out, `visited(name, k)` to show it in Latent.
    """

    weighed = Signal(str, float)
    started = Signal()
    finished = Signal()
    emptied = Signal(str)
    dropped = Signal(str, int)
    visited = Signal(str, int)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name = name
        self._count = 0
        self.setMinimumWidth(NARROWEST)
        self.setMaximumWidth(WIDEST)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._title = ElidedLabel(size=SMALL, muted=True)
        self._exemplars = ImageGrid()
        self._exemplars.setFixedHeight(PICTURE)
        self._exemplars.setMinimumWidth(THUMBNAILS)
        self._exemplars.set_hint(tr("Exemplar {index}: double-click shows it in Latent, Delete takes it out"))
        self._exemplars.setAccessibleName(tr("Exemplars of slot {name}", name=name))
        self._exemplars.opened.connect(self._visit)
        self._exemplars.menuWanted.connect(self._menu)
        self._mean = PictureCanvas()
        self._mean.setFixedSize(PICTURE, PICTURE)
        self._mean.setToolTip(tr("The mean of the exemplars of slot {name}", name=name))
        self._mean.setAccessibleName(self._mean.toolTip())
        self._weight = ValueSlider(-HEAVIEST, HEAVIEST, 1.0, 2)
        self._weight.setToolTip(tr("How strongly slot {name} counts", name=name))
        self._weight.setAccessibleName(self._weight.toolTip())
        self._weight.valueChanged.connect(self._weighed)
        self._weight.editStarted.connect(self.started)
        self._weight.editFinished.connect(self.finished)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(self._header())
        layout.addLayout(self._pictures())
        layout.addWidget(self._weight)

    def _pictures(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self._exemplars, 1)
        self._equals = label("=", SMALL, muted=True)
        self._equals.hide()
        row.addWidget(self._equals)
        row.addWidget(self._mean)
        self._mean.hide()
        self._place = label("", SMALL, muted=True)
        self._place.setFixedHeight(PICTURE)
        self._place.setWordWrap(True)
        self._place.hide()
        row.addWidget(self._place, 1)
        return row

    def _header(self) -> QHBoxLayout:
        self._remove = ToolButton("close", tr("Take slot {name} away", name=self.name))
        self._remove.clicked.connect(self._empty)
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(label(self.name, TITLE, bold=True))
        row.addWidget(self._title, 1)
        row.addWidget(self._remove)
        return row

    # ---------------------------------------------------------------------------------------------- what is shown

    def show_slot(self, slot: engine.Slot) -> None:
        """Title and weight; the pictures come by `show_exemplars` and `show_mean`."""
        words = tr(slot.title) if slot.title else tr("{count} exemplars", count=len(slot.exemplars))
        if words != self._title.text():
            self._title.setText(words)
        self._weight.display(slot.weight)
        # where there are exemplars their pictures are on their way
        self._exemplars.set_text("" if slot.exemplars else tr("Click a sample to put it here."))
        self._count = len(slot.exemplars)
        if not slot.exemplars:
            self.show_exemplars(None)
            self._mean.set_picture(None)
        self._mean.setVisible(self._count > 0 and self._exemplars.isVisibleTo(self))

    def show_exemplars(self, samples: Samples | None) -> None:
        """Pictures (N, H, W, C) or points (N, D); None empties the slot."""
        are_points = samples is not None and samples.ndim == 2
        pictures = None if are_points else samples
        self._exemplars.set_samples(pictures)
        self._equals.setVisible(pictures is not None)
        self._exemplars.setVisible(not are_points)
        self._mean.setVisible(pictures is not None)
        self._place.setVisible(are_points)

    def show_mean(self, sample: NDArray[np.generic]) -> None:
        """The mean of the exemplars: a picture (H, W, C) or a point (D,)."""
        if sample.ndim == 3:
            self._mean.set_picture(sample.astype(np.uint8, copy=False))
        else:
            place = ", ".join(short_number(round(float(x), 2)) for x in sample).replace("-", MINUS)
            self._place.setText(tr("{count} points, mean at ({place})", count=self._count, place=place))

    def place_text(self) -> str:
        """Where the mean of points lands, in words."""
        return self._place.text()

    def present(self, on: bool) -> None:
        """Only the pictures and what they are called, or everything."""
        self._remove.setVisible(not on)
        self._weight.setVisible(not on)

    def title_label(self) -> QLabel:
        return self._title

    def weight_slider(self) -> ValueSlider:
        return self._weight

    def exemplar_grid(self) -> ImageGrid:
        return self._exemplars

    # ---------------------------------------------------------------------------------------------- hands

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self._exemplars.index() >= 0:
            self.dropped.emit(self.name, self._exemplars.index())
            return
        super().keyPressEvent(event)

    @Slot(float)
    def _weighed(self, weight: float) -> None:
        self.weighed.emit(self.name, weight)

    @Slot()
    def _empty(self) -> None:
        self.emptied.emit(self.name)

    @Slot(int)
    def _visit(self, index: int) -> None:
        self.visited.emit(self.name, index)

    @Slot(int, object)
    def _menu(self, index: int, place: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        show = QAction(tr("Show in Latent"), menu)
        show.triggered.connect(self._visit_chosen)
        drop = QAction(tr("Take out of slot {name}", name=self.name), menu)
        drop.triggered.connect(self._drop_chosen)
        menu.addActions([show, drop])
        menu.popup(place)

    @Slot()
    def _visit_chosen(self) -> None:
        self.visited.emit(self.name, self._exemplars.index())

    @Slot()
    def _drop_chosen(self) -> None:
        self.dropped.emit(self.name, self._exemplars.index())
