"""Drawing one's own points."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from explorer.widgets.point_pad import EXTENT, FEWEST, MOST, DrawDialog


@pytest.fixture
def dialog(qtbot, theme) -> DrawDialog:
    made = DrawDialog()
    qtbot.addWidget(made)
    made.show()
    return made


def test_points_land_under_the_brush(dialog: DrawDialog) -> None:
    pad = dialog.pad
    QTest.mouseClick(pad, Qt.MouseButton.LeftButton, pos=pad.rect().center() + QPoint(pad.height() // 4, 0))
    xs, ys = zip(*pad.points(), strict=True)
    assert sum(xs) / len(xs) == pytest.approx(EXTENT / 2, abs=0.1)
    assert sum(ys) / len(ys) == pytest.approx(0, abs=0.1)


def test_enough_points_can_be_used(dialog: DrawDialog, qtbot) -> None:
    assert not dialog._use.isEnabled()
    while len(dialog.pad.points()) < FEWEST:
        dialog.pad.sprinkle(0, 0)
    with qtbot.waitSignal(dialog.drawn) as told:
        dialog._use.click()
    assert told.args == [dialog.pad.points()]


def test_the_pad_gets_full_and_empty(dialog: DrawDialog) -> None:
    for _ in range(MOST // 5):
        dialog.pad.sprinkle(3, 3)
    assert len(dialog.pad.points()) == MOST
    assert "full" in dialog._said.text()
    assert max(max(row) for row in dialog.pad.points()) <= EXTENT
    dialog.pad.clear()
    assert not dialog._use.isEnabled()
