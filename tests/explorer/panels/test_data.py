"""The data panel, with the hands."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

import engine
from engine import DataRef
from explorer.bridge import Bridge
from explorer.opening import Opening
from explorer.panels.data import PAGE, PAGE_CHANNEL, DataPanel
from explorer.state import ChooseData, load_job
from explorer.widgets.data_shelf import CHANNEL
from tests.explorer.conftest import FakeEngine, pictures, ready_event

COLUMNS = {"glasses": (("none", 70), ("round", 30))}
POINTS = {each.name for each in engine.BUILT_IN if each.kind == "points"}


def load(command: engine.LoadData) -> list[engine.Event]:
    points = command.data.name in POINTS
    shape = (2,) if points else (16, 16, 3)
    problems = () if points else (("broken.png", "it is no picture"),)
    title = command.data.name.capitalize()
    return [engine.DataOpened(command.data, title, 100, shape, {} if points else COLUMNS, not points, problems, "x")]


def page(command: engine.ReadDataPage) -> list[engine.Event]:
    total = 30 if command.where else 100
    count = max(0, min(command.count, total - command.start))
    points = command.data.name in POINTS
    samples = np.random.default_rng(0).random((count, 2)).astype(np.float32) if points else pictures(count, 16)
    rows = tuple({"glasses": "round", "caption": f"face {command.start + k}"} for k in range(count))
    return [engine.DataPage(command.channel, command.number, command.data, command.start, total, samples, rows)]


def fails(command: engine.LoadData) -> list[engine.Event]:
    return [engine.Failed("Opening", "It is empty.", "", "", command.job)]


@pytest.fixture
def panel(qtbot, theme, bridge: Bridge, fake: FakeEngine) -> DataPanel:
    fake.answers = {engine.LoadData: load, engine.ReadDataPage: page}
    made = DataPanel(bridge.desk)
    qtbot.addWidget(made)
    made.resize(320, 700)
    made.show()
    bridge.listen(Opening(bridge.desk, ()))
    bridge.listen(made)
    fake.say(ready_event())
    settle(bridge, fake)
    return made


def settle(bridge: Bridge, fake: FakeEngine) -> None:
    while fake.events:
        bridge.poll()


def loads(fake: FakeEngine) -> list[DataRef]:
    return [command.data for command in fake.of(engine.LoadData) if not command.job.startswith(CHANNEL)]


def test_it_opens_with_the_portraits_loaded(panel: DataPanel, fake: FakeEngine) -> None:
    assert loads(fake) == [DataRef("portraits", size=32)]
    assert panel._facts.text() == "Portraits · 100 samples · 16x16 colour · with captions · 1 left out"
    assert panel._grid.count() == PAGE
    assert panel._place.text() == "1-48 of 100"
    assert panel._problems.topLevelItem(0).text(1) == "it is no picture"


def test_every_set_made_here_gets_a_thumbnail(panel: DataPanel, fake: FakeEngine) -> None:
    jobs = {command.job for command in fake.of(engine.LoadData)}
    asked = {job.removeprefix(CHANNEL) for job in jobs if job.startswith(CHANNEL)}
    assert asked == POINTS | {"portraits"}
    assert len(panel._sets._by_name) == len(engine.BUILT_IN)


def column(panel: DataPanel) -> str:
    return panel._columns.topLevelItem(0).text(2)


def test_hover_shows_what_is_known_and_a_click_keeps_it(panel: DataPanel) -> None:
    assert column(panel) == ""
    panel._grid.hovered.emit(3)
    assert (column(panel), panel._detail.text()) == ("round", "Sample 4 · caption: face 3")
    place = panel._grid.cell(5).center().toPoint()
    QTest.mouseClick(panel._grid, Qt.MouseButton.LeftButton, pos=place)
    panel._grid.hovered.emit(-1)
    assert panel._detail.text() == "Sample 6 · caption: face 5"


def test_the_keyboard_reads_labels_and_captions_too(panel: DataPanel, bridge: Bridge, fake: FakeEngine) -> None:
    QTest.keyClick(panel._grid, Qt.Key.Key_Right)
    QTest.keyClick(panel._grid, Qt.Key.Key_Right)
    assert panel._detail.text() == "Sample 2 · caption: face 1"
    QTest.mouseClick(panel._on, Qt.MouseButton.LeftButton)
    settle(bridge, fake)
    assert "caption" in panel._detail.text()
    assert "face" not in panel._detail.text()
    assert column(panel) == ""


def test_paging_and_filtering(panel: DataPanel, bridge: Bridge, fake: FakeEngine) -> None:
    QTest.mouseClick(panel._on, Qt.MouseButton.LeftButton)
    settle(bridge, fake)
    assert panel._place.text() == "49-96 of 100"
    panel._columns.topLevelItem(0).child(1).setSelected(True)
    settle(bridge, fake)
    asked = [command for command in fake.of(engine.ReadDataPage) if command.channel == PAGE_CHANNEL][-1]
    assert (asked.start, asked.where) == (0, {"glasses": "round"})
    assert panel._place.text() == "1-30 of 30"
    assert not panel._on.isEnabled()


def test_points_are_a_cloud_without_picture_options(panel: DataPanel, bridge: Bridge, fake: FakeEngine) -> None:
    panel._sets.itemClicked.emit(panel._sets._by_name["ring"])
    settle(bridge, fake)
    assert bridge.state.data == DataRef("ring")
    assert panel._view.currentWidget() is panel._cloud
    assert not panel._options.isVisible()
    assert not panel._columns.isVisible()


def test_a_download_begins_only_when_it_is_asked_for(panel: DataPanel, bridge: Bridge, fake: FakeEngine) -> None:
    panel._sets.itemClicked.emit(panel._sets._by_name["cifar-10"])
    settle(bridge, fake)
    wanted = DataRef("cifar-10", size=32)
    assert bridge.state.data == wanted
    assert wanted not in loads(fake)
    assert panel._load.isVisible()
    QTest.mouseClick(panel._load, Qt.MouseButton.LeftButton)
    settle(bridge, fake)
    assert loads(fake)[-1] == wanted
    assert panel._facts.text().startswith("Cifar-10")


def test_an_own_folder_is_read_at_once_with_the_options(panel: DataPanel, bridge: Bridge, fake: FakeEngine) -> None:
    bridge.act(ChooseData(DataRef("/pictures/cats")))
    assert loads(fake)[-1] == DataRef("/pictures/cats")
    settle(bridge, fake)
    panel._size.setCurrentIndex(5)
    panel._channels.setCurrentIndex(1)
    panel._fit.setCurrentIndex(2)
    panel._fit.activated.emit(2)
    assert loads(fake)[-1] == DataRef("/pictures/cats", size=64, channels=1, fit="pad")


def test_a_hidden_panel_loads_nothing(qtbot, theme, bridge: Bridge, fake: FakeEngine) -> None:
    panel = DataPanel(bridge.desk)
    qtbot.addWidget(panel)
    bridge.listen(panel)
    fake.say(ready_event())
    bridge.poll()
    assert fake.posted == []


def test_the_page_can_be_saved(panel: DataPanel) -> None:
    image, facts = panel.save_picture()
    assert image.width() > 16
    assert facts["data"] == "portraits"


def test_a_new_run_on_the_data_at_hand(panel: DataPanel, bridge: Bridge, fake: FakeEngine) -> None:
    panel.choose(DataRef("/somewhere/pictures"))
    settle(bridge, fake)
    QTest.mouseClick(panel._train, Qt.MouseButton.LeftButton)
    (start,) = fake.of(engine.StartRun)
    assert start.data == DataRef("/somewhere/pictures")


def test_what_was_left_out_says_why_in_full(panel: DataPanel) -> None:
    item = panel._problems.topLevelItem(0)
    assert item.toolTip(1) == "broken.png: it is no picture"


def test_data_that_cannot_be_read_says_why_and_cannot_be_trained_on(
    panel: DataPanel, bridge: Bridge, fake: FakeEngine
) -> None:
    fake.answers = {engine.LoadData: fails}
    panel.choose(DataRef("cifar-10", size=32))
    panel.load()
    settle(bridge, fake)
    assert panel._empty.text() == "It is empty."
    assert not panel._train.isEnabled()
    fake.answers = {engine.LoadData: load, engine.ReadDataPage: page}
    panel.choose(DataRef("/somewhere/full"))
    settle(bridge, fake)
    assert panel._train.isEnabled()


def test_a_file_that_cannot_be_opened_leaves_the_choice_as_it_was(
    panel: DataPanel, bridge: Bridge, fake: FakeEngine
) -> None:
    panel.choose(DataRef("ring"))
    settle(bridge, fake)
    fake.answers = {}
    panel.choose(DataRef("/etc/hostname"))
    assert panel._empty.text() == "hostname is being read."
    assert not panel._train.isEnabled()
    assert bridge.state.data == DataRef("ring")
    fake.say(engine.Failed("Opening", "It is no data.", "", "", load_job(DataRef("/etc/hostname"))))
    bridge.poll()
    assert bridge.state.data == DataRef("ring")
    assert panel._facts.text().startswith("Ring")
    assert panel._train.isEnabled()
    QTest.mouseClick(panel._train, Qt.MouseButton.LeftButton)
    assert fake.of(engine.StartRun)[-1].data == DataRef("ring")


def test_a_newer_choice_ends_the_reading_of_an_older_one(panel: DataPanel, bridge: Bridge, fake: FakeEngine) -> None:
    fake.answers = {}
    first, second = DataRef("/large"), DataRef("/small")
    panel.choose(first)
    panel.choose(second)
    assert engine.CancelJob(load_job(first)) in fake.posted
    fake.say(engine.JobCancelled(load_job(first)), *load(engine.LoadData(load_job(second), second)))
    bridge.poll()
    assert bridge.state.data == second
