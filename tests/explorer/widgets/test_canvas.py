"""The picture stays pixels, the wheel zooms at the cursor, a drag is handed out."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QWheelEvent
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from explorer.widgets.canvas import PictureCanvas, to_qimage

LEFT = Qt.MouseButton.LeftButton


def checkerboard(side: int = 4) -> np.ndarray:
    y, x = np.mgrid[:side, :side]
    return np.repeat(((x + y) % 2 * 255).astype(np.uint8)[..., None], 3, axis=2)


@pytest.fixture
def canvas(qtbot: QtBot) -> PictureCanvas:
    made = PictureCanvas(explores=True)
    qtbot.addWidget(made)
    made.resize(403, 400)
    made.show()
    made.set_picture(checkerboard())
    return made


def shown(canvas: PictureCanvas) -> QImage:
    return canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)


def wheel(canvas: PictureCanvas, place: QPointF, notches: int) -> None:
    event = QWheelEvent(
        place,
        canvas.mapToGlobal(place),
        QPoint(),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    canvas.wheelEvent(event)


def test_every_pixel_gets_the_same_whole_number_of_screen_pixels(canvas: PictureCanvas) -> None:
    assert canvas.scale() == 100
    image, target = shown(canvas), canvas.target()
    for row in range(4):
        for column in range(4):
            x, y = int(target.left()) + column * 100, int(target.top()) + row * 100
            values = {image.pixelColor(x + dx, y + dy).red() for dx in (0, 50, 99) for dy in (0, 50, 99)}
            assert values == {255 if (row + column) % 2 else 0}  # no blur up to the edge


def test_the_wheel_keeps_the_pixel_under_the_cursor(canvas: PictureCanvas) -> None:
    place = QPointF(130, 250)
    before = canvas.pixel_at(place)
    for _ in range(4):
        wheel(canvas, place, 1)
    assert canvas.zoom() > 2
    assert canvas.pixel_at(place) == before
    QTest.mouseDClick(canvas, LEFT)
    assert canvas.zoom() == 1


def test_r_shows_the_whole_picture(canvas: PictureCanvas) -> None:
    wheel(canvas, QPointF(10, 10), 3)
    QTest.keyClick(canvas, Qt.Key.Key_R)
    assert canvas.zoom() == 1


def test_a_drag_is_handed_out_in_pictures(canvas: PictureCanvas, qtbot: QtBot) -> None:
    moves: list[tuple[float, float]] = []
    canvas.dragged.connect(lambda dx, dy: moves.append((dx, dy)))
    with qtbot.waitSignals([canvas.dragStarted, canvas.dragEnded]):
        QTest.mousePress(canvas, LEFT, pos=QPoint(100, 100))
        QTest.mouseMove(canvas, QPoint(300, 100))
        QTest.mouseRelease(canvas, LEFT, pos=QPoint(300, 100))
    assert sum(dx for dx, _ in moves) == pytest.approx(0.5)
    assert sum(dy for _, dy in moves) == 0


def test_shift_moves_the_view_instead(canvas: PictureCanvas) -> None:
    wheel(canvas, QPointF(200, 200), 5)
    moves: list[float] = []
    canvas.dragged.connect(lambda dx, dy: moves.append(dx))
    before = canvas.target().left()
    QTest.mousePress(canvas, LEFT, Qt.KeyboardModifier.ShiftModifier, QPoint(200, 200))
    QTest.mouseMove(canvas, QPoint(240, 200))
    QTest.mouseRelease(canvas, LEFT, Qt.KeyboardModifier.ShiftModifier, QPoint(240, 200))
    assert not moves
    assert canvas.target().left() == before + 40


def test_arrows_explore_too(canvas: PictureCanvas, qtbot: QtBot) -> None:
    with qtbot.waitSignal(canvas.dragged) as moved:
        QTest.keyClick(canvas, Qt.Key.Key_Right)
    assert moved.args == [0.05, 0]


def test_grey_and_read_only_pictures_show(canvas: PictureCanvas) -> None:
    grey = np.full((5, 7, 1), 77, np.uint8)
    grey.setflags(write=False)
    canvas.set_picture(grey)
    image = canvas.image()
    assert image is not None
    assert (image.width(), image.height()) == (7, 5)
    assert image.pixelColor(6, 4).red() == 77


def test_without_a_picture_there_is_a_sentence(qtbot: QtBot) -> None:
    canvas = PictureCanvas(text="Nothing yet.")
    qtbot.addWidget(canvas)
    canvas.resize(300, 200)
    empty = shown(canvas)
    canvas.set_text("")
    assert shown(canvas) != empty
    assert canvas.image() is None


def test_only_pictures_become_images() -> None:
    with pytest.raises(ValueError, match="A picture is uint8"):
        to_qimage(np.zeros((4, 4, 3), np.float32))
