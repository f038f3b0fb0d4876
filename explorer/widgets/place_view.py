"""The sample at a place in latent space, large: a picture, or of a point model where it lands among other samples."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QSizePolicy, QStackedWidget, QWidget

from engine import Samples
from explorer.text import tr
from explorer.widgets.canvas import PictureCanvas, canvas_hint
from explorer.widgets.point_view import PointView


class PlaceView(QStackedWidget):
    """`dragged(dx, dy)` is a movement of the hand in shares of the view, between `dragStarted` and `dragEnded`;
    `menuWanted(place)` asks for what can be done with the picture."""

    dragStarted = Signal()
    dragged = Signal(float, float)
    dragEnded = Signal()
    menuWanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.canvas = PictureCanvas(explores=True, text=tr("A picture appears here once a model is open."))
        self.canvas.setAccessibleName(tr("Picture of the place in latent space"))
        self.canvas.setToolTip(canvas_hint())
        self.canvas.menuWanted.connect(self.menuWanted)
        self.points = PointView()
        for view in (self.canvas, self.points):
            view.dragStarted.connect(self.dragStarted)
            view.dragged.connect(self.dragged)
            view.dragEnded.connect(self.dragEnded)
            self.addWidget(view)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_kind(self, *, points: bool) -> None:
        """Whether the model makes points or pictures."""
        self.setCurrentWidget(self.points if points else self.canvas)

    def shows_points(self) -> bool:
        return self.currentWidget() is self.points

    def show_sample(self, samples: Samples) -> None:
        """The first of pictures (N, H, W, C) or points (N, D)."""
        if samples.ndim == 4:
            self.canvas.set_picture(samples[0])
        else:
            self.points.set_mark(samples[0])

    def reset_view(self) -> None:
        self.canvas.reset_view()
        self.points.reset_view()
