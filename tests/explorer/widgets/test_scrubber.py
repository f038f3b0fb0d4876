"""The scrubber: one handle for the whole window, by mouse, by keys, and as a film."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

import engine
from explorer.bridge import Bridge
from explorer.state import Scrub
from explorer.theme import Theme
from explorer.widgets.scrubber import Scrubber, nearest
from tests.explorer.conftest import run_facts, train_state

PATH = "runs/one"
GRIDS = tuple(range(0, 1001, 100))
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def scrubber(qtbot: QtBot, theme: Theme, bridge: Bridge) -> Scrubber:
    made = Scrubber(bridge.desk)
    qtbot.addWidget(made)
    made.resize(800, 50)
    made.show()
    bridge.listen(made)
    opened = engine.RunOpened(run_facts(PATH, step=1000), True, {}, ((250, "lr 0.1"),), GRIDS, (0, 500, 1000))
    bridge._tell([opened, train_state(PATH, step=1000)])
    return made


def spot(scrubber: Scrubber, step: float) -> QPoint:
    return QPoint(round(scrubber.line.x_of(step)), scrubber.line.height() - 10)


def test_without_a_run_there_is_nothing_to_scrub(qtbot: QtBot, theme: Theme, bridge: Bridge) -> None:
    made = Scrubber(bridge.desk)
    qtbot.addWidget(made)
    made.show()
    bridge.listen(made)
    assert not made.isEnabled()
    assert not made.grab().isNull()


def test_a_click_and_a_drag_move_all_panels(scrubber: Scrubber, bridge: Bridge) -> None:
    QTest.mousePress(scrubber.line, LEFT, pos=spot(scrubber, 333))
    assert bridge.state.at_step == pytest.approx(333, abs=2)
    QTest.mouseMove(scrubber.line, spot(scrubber, 701))
    assert bridge.state.at_step == 700  # a grid is near: it is meant
    QTest.mouseRelease(scrubber.line, LEFT, pos=spot(scrubber, 701))
    assert scrubber.line.at() == 700
    QTest.mouseClick(scrubber._live, LEFT)
    assert bridge.state.at_step is None


@pytest.mark.parametrize(
    ("at", "key", "to"),
    [
        (500, Qt.Key.Key_Left, 400),
        (500, Qt.Key.Key_Right, 600),
        (550, Qt.Key.Key_Left, 500),
        (550, Qt.Key.Key_Right, 600),
        (500, Qt.Key.Key_PageUp, 0),
        (500, Qt.Key.Key_Home, 0),
        (500, Qt.Key.Key_End, None),
        (1000, Qt.Key.Key_Right, None),
        (None, Qt.Key.Key_Left, 900),
    ],
)
def test_keys(scrubber: Scrubber, bridge: Bridge, at: int | None, key: Qt.Key, to: int | None) -> None:
    bridge.act(Scrub(at))
    QTest.keyClick(scrubber.line, key)
    assert bridge.state.at_step == to


def test_the_film_plays_all_grids_and_ends_at_the_newest(scrubber: Scrubber, bridge: Bridge) -> None:
    scrubber._film.setInterval(1_000_000)  # the test turns the reel
    scrubber._play.click()
    seen = [bridge.state.at_step]
    while bridge.state.at_step is not None:
        scrubber._next_frame()
        seen.append(bridge.state.at_step)
    assert seen == [*GRIDS, None]
    assert not scrubber._film.isActive()
    assert not scrubber._play.isChecked()


def test_a_hand_stops_the_film(scrubber: Scrubber, bridge: Bridge) -> None:
    scrubber._play.click()
    assert scrubber._film.isActive()
    QTest.mouseClick(scrubber.line, LEFT, pos=spot(scrubber, 400))
    assert not scrubber._film.isActive()
    assert bridge.state.at_step == 400


def test_new_grids_appear_while_training(scrubber: Scrubber, bridge: Bridge) -> None:
    bridge._tell([engine.SnapshotSaved(PATH, (0, 500, 1000, 1500)), train_state(PATH, step=1600)])
    before = scrubber.line.x_of(500)
    assert scrubber.line.at() == 1600
    bridge._tell([train_state(PATH, step=3200)])
    assert scrubber.line.x_of(500) < before
    assert not scrubber.grab().isNull()


def test_the_nearest_of_none() -> None:
    assert nearest((), 5) is None
    assert nearest((1, 9), 4) == 1
    assert nearest((1, 9), 99) == 9
