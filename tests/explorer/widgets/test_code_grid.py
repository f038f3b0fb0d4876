"""One square of codes: hands touch cells, and the overlay shows what was touched."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from explorer.theme import Theme
from explorer.widgets.code_grid import CodeGrid


@pytest.fixture
def grid(qtbot: QtBot, theme: Theme) -> CodeGrid:
    made = CodeGrid()
    qtbot.addWidget(made)
    made.resize(200, 160)
    made.set_picture(np.full((8, 8, 3), 90, np.uint8))
    made.set_codes(np.arange(16).reshape(4, 4), np.zeros((4, 4), bool))
    made.show()
    return made


def at(grid: CodeGrid, cell: tuple[int, int]) -> QPoint:
    return grid.cell_rect(cell).center().toPoint()


def test_a_stroke_comes_over_every_cell_on_its_way(grid: CodeGrid):
    heard: list[object] = []
    grid.strokeBegan.connect(lambda: heard.append("began"))
    grid.touched.connect(lambda cells, shift: heard.append((cells, shift)))
    grid.strokeEnded.connect(lambda: heard.append("ended"))
    QTest.mousePress(grid, Qt.MouseButton.LeftButton, pos=at(grid, (1, 0)))
    QTest.mouseMove(grid, at(grid, (1, 3)))
    QTest.mouseMove(grid, at(grid, (1, 3)))
    QTest.mouseRelease(grid, Qt.MouseButton.LeftButton, pos=at(grid, (1, 3)))
    assert heard == ["began", ([(1, 0)], False), ([(1, 0), (1, 1), (1, 2), (1, 3)], False), "ended"]


@pytest.mark.parametrize(
    ("button", "modifier"),
    [
        (Qt.MouseButton.RightButton, Qt.KeyboardModifier.NoModifier),
        (Qt.MouseButton.LeftButton, Qt.KeyboardModifier.AltModifier),
    ],
)
def test_a_right_click_or_alt_picks(qtbot: QtBot, grid: CodeGrid, button, modifier):
    with qtbot.waitSignal(grid.picked, timeout=0) as picked:
        QTest.mouseClick(grid, button, modifier, at(grid, (2, 3)))
    assert picked.args == [(2, 3)]


def test_a_drag_with_the_region_tool_chooses_a_region(grid: CodeGrid):
    grid.selects = True
    regions: list[object] = []
    grid.regionChosen.connect(regions.append)
    QTest.mousePress(grid, Qt.MouseButton.LeftButton, pos=at(grid, (2, 2)))
    QTest.mouseMove(grid, at(grid, (1, 0)))
    QTest.mouseRelease(grid, Qt.MouseButton.LeftButton, pos=at(grid, (1, 0)))
    assert regions == [None, (1, 0, 2, 3)]


def test_the_keys_move_touch_and_choose(grid: CodeGrid):
    touched: list[object] = []
    regions: list[object] = []
    grid.touched.connect(lambda cells, shift: touched.append(cells))
    grid.regionChosen.connect(regions.append)
    QTest.keyClick(grid, Qt.Key.Key_Right)
    QTest.keyClick(grid, Qt.Key.Key_Down)
    QTest.keyClick(grid, Qt.Key.Key_Return)
    QTest.keyClick(grid, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert touched == [[(1, 1)]]
    assert regions == [(1, 1, 1, 2)]


def test_the_overlay_follows_the_codes(grid: CodeGrid):
    grid.set_overlay("numbers")
    assert grid.has_numbers()
    before = grid.grab().toImage()
    codes = np.arange(16).reshape(4, 4)
    codes[2, 2] = 77
    grid.set_codes(codes, codes != np.arange(16).reshape(4, 4))
    after = grid.grab().toImage()
    inside, beside = at(grid, (2, 2)), at(grid, (0, 0))
    area = [(x, y) for x in range(-8, 9) for y in range(-8, 9)]
    assert any(before.pixel(inside + QPoint(*d)) != after.pixel(inside + QPoint(*d)) for d in area)
    assert all(before.pixel(beside + QPoint(*d)) == after.pixel(beside + QPoint(*d)) for d in area)


def test_small_cells_have_no_numbers(grid: CodeGrid):
    grid.set_overlay("numbers")
    grid.resize(40, 40)
    assert not grid.has_numbers()


def test_places_beside_the_picture_are_no_cells(grid: CodeGrid):
    assert grid.cell_at(grid.target().topLeft() - QPoint(2, 0)) is None
    assert grid.cell_at(grid.target().topLeft() - QPoint(2, 0), nearest=True) == (0, 0)
