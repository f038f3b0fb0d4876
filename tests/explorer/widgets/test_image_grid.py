"""Samples side by side: where they lie, what a click, a key and a hover say."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from explorer.widgets.image_grid import ImageGrid

LEFT = Qt.MouseButton.LeftButton


def flat(values: list[int], side: int = 8) -> np.ndarray:
    return np.stack([np.full((side, side, 3), value, np.uint8) for value in values])


@pytest.fixture
def grid(qtbot: QtBot) -> ImageGrid:
    made = ImageGrid(letters="ABC")
    qtbot.addWidget(made)
    made.resize(200, 200)
    made.set_samples(flat([10, 60, 110, 160, 210, 250]))
    made.show()
    return made


def centre(grid: ImageGrid, index: int) -> QPoint:
    return grid.cell(index).center().toPoint()


def test_each_sample_is_where_it_says(grid: ImageGrid) -> None:
    image = grid.grab().toImage()
    for index, value in enumerate([10, 60, 110, 160, 210, 250]):
        assert image.pixelColor(centre(grid, index)).red() == value
        assert grid.index_at(grid.cell(index).center()) == index


def test_there_is_a_line_of_one_pixel_between_samples(grid: ImageGrid) -> None:
    assert grid.cell(1).left() - grid.cell(0).right() == 1


def test_columns_follow_the_shape_of_the_widget(grid: ImageGrid) -> None:
    assert grid.columns() in (2, 3)
    grid.resize(600, 60)
    assert grid.columns() == 6


def test_a_click_chooses_and_a_double_click_opens(grid: ImageGrid, qtbot: QtBot) -> None:
    with qtbot.waitSignal(grid.chosen) as chosen:
        QTest.mouseClick(grid, LEFT, pos=centre(grid, 4))
    assert chosen.args == [4]
    with qtbot.waitSignal(grid.opened) as opened:
        QTest.mouseDClick(grid, LEFT, pos=centre(grid, 2))
    assert opened.args == [2]


def test_arrows_enter_and_letters_do_the_same(grid: ImageGrid, qtbot: QtBot) -> None:
    QTest.keyClick(grid, Qt.Key.Key_Right)
    QTest.keyClick(grid, Qt.Key.Key_Right)
    QTest.keyClick(grid, Qt.Key.Key_Down)
    expected = 1 + grid.columns()
    assert grid.index() == expected
    with qtbot.waitSignal(grid.opened) as opened:
        QTest.keyClick(grid, Qt.Key.Key_Return)
    assert opened.args == [expected]
    with qtbot.waitSignal(grid.typed) as typed:
        QTest.keyClick(grid, Qt.Key.Key_B)
    assert typed.args == [expected, "B"]


def test_letters_of_the_window_pass_by(grid: ImageGrid) -> None:
    grid.set_index(1)
    typed: list[str] = []
    grid.typed.connect(lambda index, letter: typed.append(letter))
    QTest.keyClick(grid, Qt.Key.Key_G)
    assert not typed


def test_hover_says_which(grid: ImageGrid, qtbot: QtBot) -> None:
    with qtbot.waitSignal(grid.hovered) as hovered:
        QTest.mouseMove(grid, centre(grid, 3))
    assert hovered.args == [3]


def test_the_wipe_shows_other_samples_on_its_right(grid: ImageGrid) -> None:
    grid.set_second(flat([255, 255, 255, 255, 255, 0]))
    grid.set_wipe(0.5)
    image, cell = grid.grab().toImage(), grid.cell(0)
    assert image.pixelColor(int(cell.left()) + 3, int(cell.top()) + 3).red() == 10
    assert image.pixelColor(int(cell.right()) - 3, int(cell.top()) + 3).red() == 255


def test_marks_are_drawn(grid: ImageGrid) -> None:
    before = grid.grab().toImage()
    grid.set_marks({2: "A"})
    assert grid.grab().toImage() != before


def test_fewer_samples_let_the_choice_go(grid: ImageGrid) -> None:
    grid.set_index(5)
    grid.set_samples(flat([1, 2]))
    assert grid.index() == -1
    grid.set_samples(None)
    assert grid.count() == 0
    assert grid.image() is None


def test_the_whole_grid_is_one_image(grid: ImageGrid) -> None:
    image = grid.image()
    columns = grid.columns()
    assert image is not None
    assert image.width() == columns * 9 - 1


def test_columns_leave_few_places_empty_where_the_size_is_the_same(qtbot: QtBot) -> None:
    grid = ImageGrid()
    qtbot.addWidget(grid)
    grid.set_samples(np.zeros((36, 32, 32, 3), np.uint8))
    grid.resize(495, 560)  # five columns would be no larger, but leave the last row nearly empty
    assert grid.columns() == 6


def test_pairs_lie_beside_each_other_and_apart_from_other_pairs(grid: ImageGrid) -> None:
    grid.set_pairs(True)
    for size in ((200, 200), (90, 300), (600, 60)):
        grid.resize(*size)
        assert grid.columns() % 2 == 0
        for left in (0, 2, 4):
            assert grid.cell(left).top() == grid.cell(left + 1).top()
            assert grid.cell(left + 1).left() - grid.cell(left).right() == 1
    assert grid.cell(2).left() - grid.cell(1).right() > 4
    image = grid.grab().toImage()
    for index, value in enumerate([10, 60, 110, 160, 210, 250]):
        assert image.pixelColor(centre(grid, index)).red() == value
        assert grid.index_at(grid.cell(index).center()) == index
    between = (grid.cell(1).topRight() + grid.cell(2).bottomLeft()) / 2
    assert grid.index_at(between) == -1
