"""Points: where they are drawn, clicked and marked."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from explorer.widgets.point_view import PointView

LEFT = Qt.MouseButton.LeftButton
CORNERS = np.array([[-1, -1], [1, -1], [-1, 1], [1, 1], [np.nan, 0]], np.float32)


@pytest.fixture
def view(qtbot: QtBot) -> PointView:
    made = PointView()
    qtbot.addWidget(made)
    made.resize(300, 300)
    made.set_points(CORNERS)
    made.show()
    return made


def test_up_is_up_and_right_is_right(view: PointView) -> None:
    assert view.place(1, 1).x() > view.place(-1, 1).x()
    assert view.place(1, 1).y() < view.place(1, -1).y()


def test_a_click_chooses_the_sample(view: PointView, qtbot: QtBot) -> None:
    with qtbot.waitSignal(view.chosen) as chosen:
        QTest.mouseClick(view, LEFT, pos=view.place(1, 1).toPoint())
    assert chosen.args == [3]


def test_a_drag_is_handed_out_and_chooses_nothing(view: PointView, qtbot: QtBot) -> None:
    chosen: list[int] = []
    view.chosen.connect(chosen.append)
    with qtbot.waitSignals([view.dragStarted, view.dragged, view.dragEnded]):
        QTest.mousePress(view, LEFT, pos=QPoint(100, 100))
        QTest.mouseMove(view, QPoint(160, 100))
        QTest.mouseRelease(view, LEFT, pos=QPoint(160, 100))
    assert not chosen


def test_the_mark_is_seen(view: PointView) -> None:
    before = view.grab().toImage()
    view.set_mark(np.array([0, 0], np.float32))
    assert view.mark() == (0, 0)
    assert view.grab().toImage() != before


def test_the_range_of_the_data_is_shown_whatever_the_samples_are(view: PointView) -> None:
    view.set_data(10 * CORNERS)
    assert view.extent() == (pytest.approx((-14, 14)), pytest.approx((-14, 14)))
    before = view.grab().toImage()
    view.set_points(CORNERS * 0.001)
    assert view.extent()[0] == pytest.approx((-14, 14))
    assert view.grab().toImage() != before
    assert view.outside() == 0
    view.set_points(CORNERS * 100)
    assert view.outside() == 4
    view.set_data(None)
    assert view.extent()[0] == pytest.approx((-120, 120))


def test_points_on_a_line_show(view: PointView) -> None:
    view.set_points(np.linspace(-3, 3, 20, dtype=np.float32)[:, None])
    view.set_mark(np.array([1.5], np.float32))
    assert view.count() == 20
    assert view.mark() == (1.5, 0.5)
    view.set_points(None)
    assert view.count() == 0


def test_the_legend_hides_nothing_of_the_data(qtbot: QtBot) -> None:
    view = PointView()
    qtbot.addWidget(view)
    view.resize(300, 110)
    corners = np.array([[-2.0, -2.0], [2.0, 2.0]], np.float32)
    view.set_points(corners)
    view.set_data(corners)
    assert view.place(2.0, 2.0).y() > view.fontMetrics().height() + 6
    assert view.place(-2.0, -2.0).y() < view.height() - 20
