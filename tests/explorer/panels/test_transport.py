"""The bar on top, with the hands."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

import engine
from engine import DataRef
from explorer.bridge import Bridge
from explorer.panels.transport import TransportPanel, clock
from explorer.state import ChooseData, PlanRun
from explorer.theme import Theme
from tests.explorer.conftest import FakeEngine, ready_event, run_opened, train_state

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def bar(qtbot, theme, bridge: Bridge, fake: FakeEngine) -> TransportPanel:
    made = TransportPanel(bridge.desk)
    qtbot.addWidget(made)
    made.resize(1280, 48)
    made.show()
    bridge.listen(made)
    fake.say(ready_event())
    bridge.poll()
    return made


def test_start_begins_the_default_run(bar: TransportPanel, fake: FakeEngine) -> None:
    assert bar._run.text() == "Start"
    assert bar._what.text() == "Next: Modern GAN, Modern, on Portraits"
    QTest.mouseClick(bar._run, LEFT)
    assert fake.posted[-1] == engine.StartRun("gan_modern", "modern", DataRef("portraits", size=32), {})


def test_start_begins_what_was_planned(bar: TransportPanel, bridge: Bridge, fake: FakeEngine) -> None:
    bridge.act(PlanRun("gan_modern", "demo_collapse", {"lr": 1e-4}))
    bridge.act(ChooseData(DataRef("mixture")))
    bar.toggle()
    assert fake.posted[-1] == engine.StartRun("gan_modern", "demo_collapse", DataRef("mixture"), {"lr": 1e-4})


def test_run_and_pause(bar: TransportPanel, bridge: Bridge, fake: FakeEngine) -> None:
    fake.say(run_opened(), train_state())
    bridge.poll()
    assert bar._run.text() == "Pause"
    assert (bar._phase.text(), bar._what.text(), bar._dot.isVisible()) == ("Training", "one", True)
    bar.toggle()
    assert fake.posted[-1] == engine.SetRunning(False)
    fake.say(train_state(phase="paused"))
    bridge.poll()
    assert bar._run.text() == "Run"
    bar.toggle()
    assert fake.posted[-1] == engine.SetRunning(True)


def test_while_data_loads_no_second_run_begins(bar: TransportPanel, bridge: Bridge, fake: FakeEngine) -> None:
    fake.say(engine.TrainState("", "loading", doing="Preparing portraits", done=1, total=2))
    bridge.poll()
    assert not bar._run.isEnabled()
    assert "Preparing portraits" in bar._what.text()
    bar.toggle()
    assert not fake.of(engine.StartRun)


def test_single_steps_pause_first(bar: TransportPanel, bridge: Bridge, fake: FakeEngine) -> None:
    bar.step_both()
    assert fake.posted == []
    fake.say(run_opened(), train_state())
    bridge.poll()
    QTest.mouseClick(bar._phase_steps.buttons()[0], LEFT)
    assert fake.posted == [engine.SetRunning(False), engine.StepOnce("D")]


def test_a_family_of_one_phase_has_no_d_and_g(bar: TransportPanel, bridge: Bridge, fake: FakeEngine) -> None:
    fake.say(run_opened(family="vae"), train_state())
    bridge.poll()
    assert not bar._phase_steps.buttons()
    bar.step_phase("G")
    assert fake.posted == []


def test_figures(bar: TransportPanel, bridge: Bridge, fake: FakeEngine) -> None:
    fake.say(run_opened(), train_state(step=12345))
    bridge.poll()
    shown = {name: figure._number.text() for name, figure in bar._figures.items()}
    assert shown == {"step": "12 345", "time": "1:35", "steps": "12.5", "images": "800"}
    assert clock(3661) == "1:01:01"


def test_pace_and_share(bar: TransportPanel, fake: FakeEngine) -> None:
    bar._share.setValue(40)
    assert fake.posted[-1] == engine.SetPace(None, 0.4)
    bar._pace.setCurrentIndex(4)
    bar._pace.activated.emit(4)
    assert fake.posted[-1] == engine.SetPace(1.0, 0.4)


def test_large_type_has_room_and_nothing_moves_when_the_word_changes(
    bar: TransportPanel, theme: Theme, bridge: Bridge, fake: FakeEngine
) -> None:
    bar.resize(2560, 96)
    theme.set_scale(2.0)
    QApplication.processEvents()
    assert bar._run.width() >= bar._run.sizeHint().width()
    width = bar._run.width()
    assert bar._run.iconSize().height() == bar._end.iconSize().height() == 40
    fake.say(run_opened(), train_state(step=12345))
    bridge.poll()
    QApplication.processEvents()
    assert bar._run.width() == width
    for figure in bar._figures.values():
        assert figure._number.width() >= figure._number.sizeHint().width()
    theme.set_scale(1.0)
    QApplication.processEvents()
    assert bar._run.minimumWidth() < width


def test_a_long_name_is_cut_and_told_by_the_tooltip(bar: TransportPanel, bridge: Bridge, fake: FakeEngine) -> None:
    fake.say(
        run_opened(name="a run whose name is longer than any bar that a person has on a screen " * 3), train_state()
    )
    bridge.poll()
    assert "…" in bar._what.shown()
    assert bar._what.geometry().right() < bar._device.geometry().left()
    assert bar.minimumSizeHint().width() < 1280
