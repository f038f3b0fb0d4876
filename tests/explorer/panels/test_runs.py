"""The table of runs, with the hands."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QItemSelectionModel

import engine
from engine import DataRef
from explorer.bridge import Bridge
from explorer.panels.runs import RunsPanel
from explorer.state import ChooseSnapshot, PlanRun
from tests.explorer.conftest import FakeEngine, pictures, ready_event, run_facts, run_opened, train_state

RUNS = (
    run_facts("runs/one", created=3.0, thumbnail=pictures(4)),
    run_facts("runs/two", created=2.0, status="ended", values={"lr": 1e-3, "batch_size": 64}, metrics={"fid": 12.345}),
    run_facts("runs/bad", created=1.0, problem="run.json is damaged; restore it from a backup."),
)


@pytest.fixture
def panel(qtbot, theme, bridge: Bridge, fake: FakeEngine) -> RunsPanel:
    made = RunsPanel(bridge.desk)
    qtbot.addWidget(made)
    made.resize(640, 320)
    made.show()
    bridge.listen(made)
    fake.say(ready_event(), engine.RunsListed(RUNS))
    bridge.poll()
    fake.posted.clear()
    return made


def select(panel: RunsPanel, *rows: int) -> None:
    model, flags = panel._table.selectionModel(), QItemSelectionModel.SelectionFlag
    model.clearSelection()
    for row in rows:
        model.select(panel._table.model().index(row, 0), flags.Select | flags.Rows)


def cells(panel: RunsPanel, row: int) -> list[str]:
    return [panel._table.item(row, column).text() for column in range(6)]


def test_an_empty_table_says_what_fills_it(qtbot, theme, bridge: Bridge) -> None:
    panel = RunsPanel(bridge.desk)
    qtbot.addWidget(panel)
    assert panel._view.currentWidget() is panel._empty
    assert "Space" in panel._empty.text()


def test_it_asks_for_the_runs_when_the_engine_is_ready(qtbot, theme, bridge: Bridge, fake: FakeEngine) -> None:
    panel = RunsPanel(bridge.desk)
    qtbot.addWidget(panel)
    bridge.listen(panel)
    panel.show()
    assert fake.posted == []
    fake.say(ready_event())
    bridge.poll()
    assert fake.posted == [engine.ListRuns()]


def test_rows_newest_first(panel: RunsPanel) -> None:
    assert cells(panel, 0) == ["one", "1 200", "running", "gan_modern · modern", "Portraits", ""]
    assert cells(panel, 1)[2] == "ended"
    assert cells(panel, 1)[5] == "fid 12.35"
    assert panel._table.item(2, 0).toolTip() == "run.json is damaged; restore it from a backup."


def test_buttons_do_what_they_say(panel: RunsPanel, fake: FakeEngine, bridge: Bridge) -> None:
    select(panel, 1)
    for name in ("open", "resume", "explore", "trash"):
        panel._buttons[name].click()
    assert fake.posted == [
        engine.OpenRun("runs/two"),
        engine.ResumeRun("runs/two"),
        engine.OpenSnapshot("run:runs/two@last"),
        engine.TrashRun("runs/two"),
    ]
    assert bridge.state.explored == ChooseSnapshot("run:runs/two@last").snapshot


def test_a_broken_run_can_only_be_thrown_away(panel: RunsPanel) -> None:
    select(panel, 2)
    able = {name for name, button in panel._buttons.items() if button.isEnabled()}
    assert able == {"trash", "folder"}


def test_the_run_that_trains_is_not_resumed_or_thrown_away(panel: RunsPanel, bridge: Bridge, fake: FakeEngine) -> None:
    fake.say(run_opened("runs/one"), train_state("runs/one", step=1500))
    bridge.poll()
    assert cells(panel, 0)[1:3] == ["1 500", "running"]
    assert panel._table.item(0, 0).font().bold()
    select(panel, 0)
    assert not panel._buttons["resume"].isEnabled()
    assert not panel._buttons["trash"].isEnabled()


def test_renaming_in_the_table(panel: RunsPanel, fake: FakeEngine) -> None:
    panel._table.item(1, 0).setText("glasses")
    assert fake.posted == [engine.RenameRun("runs/two", "glasses")]


def test_its_settings_become_the_plan(panel: RunsPanel, bridge: Bridge) -> None:
    select(panel, 1)
    panel._buttons["again"].click()
    assert bridge.state.plan == PlanRun("gan_modern", "modern", {"lr": 1e-3, "batch_size": 64})
    assert bridge.state.data == DataRef("portraits", size=32)


def test_comparing_puts_differences_first(panel: RunsPanel) -> None:
    select(panel, 0, 1)
    panel._buttons["compare"].click()
    table = panel._comparison
    assert panel._view.currentWidget() is table
    rows = [[table.item(row, column).text() for column in range(3)] for row in range(table.rowCount())]
    assert ["lr", "0.0002", "0.001"] in rows[:3]
    assert table.item(0, 0).font().bold()
    assert not table.item(table.rowCount() - 1, 0).font().bold()
    assert panel.clear_selection()
    assert panel._view.currentWidget() is panel._table
    assert not panel.clear_selection()


def test_the_selection_stays_when_the_list_is_read_again(panel: RunsPanel, bridge: Bridge, fake: FakeEngine) -> None:
    select(panel, 1)
    fake.say(engine.RunsListed((run_facts("runs/new", created=9.0), *RUNS)))
    bridge.poll()
    assert [run.path for run in panel.selected()] == ["runs/two"]
