"""The status line: figures and the oldest job."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

import engine
from explorer.bridge import Bridge
from explorer.statusline import StatusLine
from tests.explorer.conftest import FakeEngine, pictures, ready_event, run_opened, train_state


@pytest.fixture
def line(qtbot, theme, bridge: Bridge) -> StatusLine:
    made = StatusLine()
    qtbot.addWidget(made)
    made.show()
    bridge.listen(made)
    return made


def test_figures(line: StatusLine, bridge: Bridge, fake: FakeEngine) -> None:
    frame = engine.Frame("a", 1, "live", 1, "points", pictures(4), np.zeros((4, 2), np.float32), 12.0)
    fake.say(ready_event(), run_opened(), train_state(), frame)
    bridge.poll()
    texts = {name: label.text() for name, label in line._figures.items()}
    assert texts == {
        "device": "cpu · threads: 2",
        "step": "step 1 200",
        "rate": "12.5 steps/s",
        "picture": "3.0 ms/picture",
        "memory": "300 MB",
    }


def test_a_job_shows_how_far_it_is_and_can_be_cancelled(
    line: StatusLine, bridge: Bridge, fake: FakeEngine, qtbot
) -> None:
    assert not line._bar.isVisible()
    fake.say(engine.JobProgress("load", "Loading Fashion-MNIST", 30, 100, 12.0))
    bridge.poll()
    assert line._bar.isVisible()
    assert line._bar.value() == 30
    assert line._job.text() == "Loading Fashion-MNIST, 12 s left"
    with qtbot.waitSignal(line.cancelled):
        QTest.mouseClick(line._stop, Qt.MouseButton.LeftButton)
    fake.say(engine.JobDone("load", "Loaded."))
    bridge.poll()
    assert not line._bar.isVisible()
