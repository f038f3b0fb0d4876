"""The settings: plan the next run, change the one that trains."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

import engine
from engine import DataRef
from explorer.bridge import Bridge
from explorer.panels.settings import SettingsPanel
from explorer.state import ChooseData, PlanRun
from tests.explorer.conftest import FakeEngine, ready_event, run_opened, train_state


@pytest.fixture
def panel(qtbot, theme, bridge: Bridge, fake: FakeEngine) -> SettingsPanel:
    made = SettingsPanel(bridge.desk)
    qtbot.addWidget(made)
    made.resize(320, 640)
    made.show()
    bridge.listen(made)
    fake.say(ready_event())
    bridge.poll()
    return made


def pick(combo, data: str) -> None:
    combo.setCurrentIndex(combo.findData(data))
    combo.activated.emit(combo.currentIndex())


def edit(panel: SettingsPanel, name: str, value: float) -> None:
    slider = panel._form.row(name)._editor
    slider.editStarted.emit()
    slider.setValue(value)
    slider.editFinished.emit()


def test_before_the_engine_is_there_nothing_can_be_chosen(qtbot, theme, bridge: Bridge) -> None:
    panel = SettingsPanel(bridge.desk)
    qtbot.addWidget(panel)
    assert not panel.isEnabled()
    assert panel._state.text() == "The engine is starting."


def test_it_begins_with_the_default_plan(panel: SettingsPanel) -> None:
    assert panel._family.currentText() == "Modern GAN"
    assert panel._preset.currentText() == "Modern"
    assert panel._data.text() == "Portraits · 32x32"
    assert len(panel._form.rows()) == 6


def test_changes_go_into_the_plan(panel: SettingsPanel, bridge: Bridge, fake: FakeEngine) -> None:
    edit(panel, "beta1", 0.9)
    assert bridge.state.plan == PlanRun("gan_modern", "modern", {"beta1": 0.9})
    QTest.mouseClick(panel._start, Qt.MouseButton.LeftButton)
    assert fake.posted == [engine.StartRun("gan_modern", "modern", DataRef("portraits", size=32), {"beta1": 0.9})]


def test_a_demo_brings_its_data(panel: SettingsPanel, bridge: Bridge) -> None:
    pick(panel._preset, "demo_collapse")
    assert bridge.state.plan == PlanRun("gan_modern", "demo_collapse", {})
    assert bridge.state.data == DataRef("mixture")
    assert "Goodfellow" in panel._help.text()
    assert panel._form.row("lr").value() == 1e-3


def test_another_family_has_its_own_form(panel: SettingsPanel, bridge: Bridge) -> None:
    pick(panel._family, "vae")
    assert [row.knob.name for row in panel._form.rows()] == ["lr", "beta1"]
    assert panel._form.row("beta1").value() == 0.9
    assert bridge.state.plan == PlanRun("vae", "modern", {})


def test_live_knobs_reach_the_run_others_wait(panel: SettingsPanel, bridge: Bridge, fake: FakeEngine) -> None:
    fake.say(run_opened(), train_state())
    bridge.poll()
    edit(panel, "lr", 1e-3)
    edit(panel, "beta1", 0.9)
    assert fake.posted == [engine.SetKnob("lr", 1e-3)]
    assert panel._state.text() == "one trains: live knobs apply at once. Needs a new run: Beta1."


def test_undo_reaches_the_run_too(panel: SettingsPanel, bridge: Bridge, fake: FakeEngine) -> None:
    fake.say(run_opened(), train_state())
    bridge.poll()
    edit(panel, "lr", 1e-3)
    bridge.undo.undo()
    assert fake.posted[-1] == engine.SetKnob("lr", 2e-4)
    assert bridge.state.plan == PlanRun("gan_modern", "modern", {})


def test_a_plan_from_elsewhere_is_shown(panel: SettingsPanel, bridge: Bridge) -> None:
    bridge.act(PlanRun("gan_modern", "modern", {"ema": False}))
    assert panel._form.row("ema").value() is False


def test_points_bring_other_knobs_than_pictures(panel: SettingsPanel, bridge: Bridge) -> None:
    assert panel._form._kind == "pictures"
    bridge.act(ChooseData(DataRef("ring")))
    assert panel._form._kind == "points"
    bridge.act(ChooseData(DataRef("/somewhere"), tried=True))
    assert panel._form._kind == ""
