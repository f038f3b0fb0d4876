"""The result of an arithmetic, large, and among its neighbours; each of them can be sent on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, Qt, Signal, Slot
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import (
    QMenu,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

import engine
from engine import Frame, Point, Samples
from explorer.text import tr
from explorer.theme import GRID
from explorer.widgets.canvas import PictureCanvas
from explorer.widgets.condition_chooser import Condition
from explorer.widgets.image_grid import ImageGrid
from explorer.widgets.point_view import PointView

CENTRE = 4  # of nine in reading order
SMALLEST = 96  # px: a 32x32 picture three times as large


class SumView(QWidget):
    """Shows the centre as soon as it is there, and the 3x3 after it; of a point model where the result lands.

    `visited(point)` asks to show a place in Latent, `sent(point, slot)` to put it into a slot.
    """

    visited = Signal(object)
    sent = Signal(object, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._centre: Frame | None = None
        self._around: Frame | None = None
        self._condition: Condition = ()
        self._slots: tuple[str, ...] = ()
        self.result = PictureCanvas(text=tr("The result appears here once the slots have exemplars."))
        self.result.setAccessibleName(tr("Result"))
        self.result.setToolTip(tr("The result. A right click sends it on; the wheel zooms."))
        self.result.menuWanted.connect(self._result_menu)
        self.neighbours = ImageGrid(columns=3, letters="ABC")
        self.neighbours.setAccessibleName(tr("The result and its neighbours"))
        self.neighbours.set_hint(tr("Neighbour {index}: double-click shows it in Latent, A, B or C puts it in a slot"))
        self.neighbours.opened.connect(self._visit)
        self.neighbours.menuWanted.connect(self._neighbour_menu)
        self.neighbours.typed.connect(self._send)
        self._progress = QProgressBar()
        self._progress.setTextVisible(False)
        self._progress.setFixedHeight(4)
        self._progress.hide()
        self._pictures = _SideBySide(self.result, self.neighbours)
        self._points = QWidget()
        self._stack = QStackedWidget()
        for page in (self._pictures, self._points):
            self._stack.addWidget(page)
        self._build_points()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._stack)
        self._progress.setParent(self)  # over the pictures, which keep their place

    def _build_points(self) -> None:
        self.landing = PointView()
        self.landing.setAccessibleName(tr("Where the result lands"))
        self.landing.setToolTip(tr("Samples of the model, and the result as a cross; the wheel zooms."))
        show = QPushButton(tr("Show in Latent"))
        show.clicked.connect(self._visit_result)
        column = QVBoxLayout(self._points)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(self.landing, 1)
        column.addWidget(show, 0, Qt.AlignmentFlag.AlignHCenter)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._progress.setFixedWidth(self.width())

    # ---------------------------------------------------------------------------------------------- what is shown

    def show_centre(self, frame: Frame, condition: Condition) -> None:
        """The result: a picture, or a place among the samples of a point model."""
        self._centre, self._condition = frame, condition
        if frame.samples.ndim == 4:
            self.result.set_picture(frame.samples[0])
            self._stack.setCurrentWidget(self._pictures)
        else:
            self.result.set_picture(None)
            self.landing.set_mark(frame.samples[0])
            self._stack.setCurrentWidget(self._points)

    def show_neighbours(self, frame: Frame) -> None:
        """The nine, the result in the middle."""
        self._around = frame
        self.neighbours.set_samples(frame.samples if frame.samples.ndim == 4 else None)

    def show_cloud(self, points_ND: Samples) -> None:
        """Samples (N, D) of a point model."""
        self.landing.set_points(points_ND)

    def show_slots(self, names: tuple[str, ...]) -> None:
        """The slots that a picture can be sent to."""
        self._slots = names

    def show_progress(self, progress: engine.JobProgress | None) -> None:
        """A thin bar while exemplars are looked for; None hides it."""
        self._progress.setVisible(progress is not None)
        self._progress.raise_()
        if progress is not None:
            self._progress.setRange(0, progress.total)
            self._progress.setValue(progress.done)

    def searching(self) -> bool:
        """Whether the bar is shown."""
        return self._progress.isVisible()

    def reset_view(self) -> None:
        self.result.reset_view()
        self.landing.reset_view()

    def centre(self) -> Frame | None:
        """What the result was drawn from."""
        return self._centre

    def chosen_neighbour(self) -> tuple[NDArray[np.uint8], Point] | None:
        """The neighbour that has the focus, with its place; None where that is the result itself."""
        index = self.neighbours.index()
        picture, point = self.neighbours.picture(index), self._neighbour(index)
        if picture is None or point is None or index == CENTRE or not self.neighbours.hasFocus():
            return None
        return picture, point

    # ---------------------------------------------------------------------------------------------- sending on

    def make_menu(self, point: Point) -> QMenu:
        """Where a picture can go: Latent, or one of the slots."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        places = {"": tr("Show in Latent"), **{name: tr("Put into slot {name}", name=name) for name in self._slots}}
        for name, text in places.items():
            action = QAction(text, menu)
            action.setData((point, name))
            menu.addAction(action)
        menu.triggered.connect(self._follow_menu)
        return menu

    @Slot(QAction)
    def _follow_menu(self, action: QAction) -> None:
        point, slot = action.data()
        if slot:
            self.sent.emit(point, slot)
        else:
            self.visited.emit(point)

    @Slot(object)
    def _result_menu(self, place: QPoint) -> None:
        if self._centre is not None:
            self.make_menu(_point_at(self._centre, 0, self._condition)).popup(place)

    @Slot(int, object)
    def _neighbour_menu(self, index: int, place: QPoint) -> None:
        point = self._neighbour(index)
        if point is not None:
            self.make_menu(point).popup(place)

    @Slot()
    def _visit_result(self) -> None:
        if self._centre is not None:
            self.visited.emit(_point_at(self._centre, 0, self._condition))

    @Slot(int)
    def _visit(self, index: int) -> None:
        point = self._neighbour(index)
        if point is not None:
            self.visited.emit(point)

    @Slot(int, str)
    def _send(self, index: int, name: str) -> None:
        point = self._neighbour(index)
        if point is not None:
            self.sent.emit(point, name)

    def _neighbour(self, index: int) -> Point | None:
        if self._around is None or not 0 <= index < len(self._around.z_NZ):
            return None
        return _point_at(self._around, index, self._condition)


class _SideBySide(QWidget):
    """Two views as equal squares, as large as there is room for, in the middle and close to each other."""

    def __init__(self, left: QWidget, right: QWidget) -> None:
        super().__init__()
        self._left, self._right = left, right
        for view in (left, right):
            view.setParent(self)
        self.setMinimumSize(2 * SMALLEST + 2 * GRID, SMALLEST)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def resizeEvent(self, event: QResizeEvent) -> None:
        side = min(self.height(), (self.width() - 2 * GRID) // 2)
        left, top = (self.width() - 2 * side - 2 * GRID) // 2, (self.height() - side) // 2
        self._left.setGeometry(left, top, side, side)
        self._right.setGeometry(left + side + 2 * GRID, top, side, side)


def _point_at(frame: Frame, index: int, condition: Condition) -> Point:
    return Point(z=tuple(frame.z_NZ[index].tolist()), condition=condition)
