"""The table of runs, with the hands."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

import engine
from engine import DataRef
from explorer.bridge import Bridge
from explorer.panels.runs import RunsPanel
from explorer.state import ChooseSnapshot, PlanRun
from explorer.theme import Theme, colours
from explorer.widgets.run_table import ALARM, BEGUN, BELOW, LOSS, RUN, STEP, losses
from tests.explorer.conftest import FakeEngine, pictures, ready_event, run_facts, run_opened, train_state

RUNS = (
    run_facts("runs/one", created=3.0, thumbnail=pictures(4)),
    run_facts(
        "runs/two",
        created=2.0,
        status="ended",
        values={"lr": 1e-3, "batch_size": 64},
        metrics={"loss/G": 0.0001374, "loss/D": 12.345, "D(real)": 0.5},
    ),
    run_facts("runs/bad", created=1.0, family="", problem="run.json is damaged; restore it from a backup."),
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


def cell(panel: RunsPanel, row: int, column: int) -> tuple[str, str]:
    """Both lines."""
    item = panel._table.item(row, column)
    return item.text(), item.data(BELOW)


def test_an_empty_table_offers_what_fills_it(qtbot, theme, bridge: Bridge, fake: FakeEngine) -> None:
    panel = RunsPanel(bridge.desk)
    qtbot.addWidget(panel)
    bridge.listen(panel)
    assert panel._view.currentWidget() is panel._empty
    assert "Space" in panel._empty.text()
    assert not panel._empty.button().isEnabled()
    fake.say(ready_event())
    bridge.poll()
    panel._empty.button().click()
    assert len(fake.of(engine.StartRun)) == 1


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
    assert cell(panel, 0, RUN) == ("one", "Modern GAN · Modern, Portraits")
    assert cell(panel, 0, STEP) == ("1\u2009200", "running")
    assert cell(panel, 0, LOSS) == ("", "")
    assert cell(panel, 1, STEP)[1] == "ended"
    assert cell(panel, 1, LOSS) == ("D 12.35", "G 0.000137")
    assert cell(panel, 2, RUN)[1] == "run.json is damaged; restore it from a backup."
    assert cell(panel, 2, STEP) == ("\u2013", "broken")


def test_a_narrow_table_shows_what_matters_a_wide_one_all(panel: RunsPanel) -> None:
    for width, seen in ((436, {RUN, STEP}), (500, {RUN, STEP, LOSS}), (900, {RUN, STEP, LOSS, BEGUN})):
        panel.resize(width, 320)
        table = panel._table
        assert {column for column in range(4) if not table.isColumnHidden(column)} == seen
        assert sum(table.columnWidth(column) for column in seen) <= table.viewport().width()
        assert table.columnWidth(RUN) >= 300


def test_losses_are_said_to_be_the_latest(panel: RunsPanel) -> None:
    assert panel._table.horizontalHeaderItem(LOSS).text() == "Latest loss"
    assert losses({"loss": 0.25, "D(real)": 0.5}) == ("loss 0.25", "")
    assert losses({"D(real)": 0.5}) == ("", "")


def test_a_run_that_failed_can_be_opened(panel: RunsPanel, bridge: Bridge, fake: FakeEngine) -> None:
    failed = run_facts("runs/three", created=9.0, status="failed", problem="The losses are not finite.")
    fake.say(engine.RunsListed((failed, *RUNS)))
    bridge.poll()
    assert cell(panel, 0, STEP)[1] == "failed"
    assert panel._table.item(0, STEP).data(ALARM)
    assert "not finite" in panel._table.item(0, RUN).toolTip()
    select(panel, 0)
    assert panel._buttons["resume"].isEnabled()
    assert panel._buttons["explore"].isEnabled()


def test_thumbnails_stand_on_the_ground_of_the_theme(panel: RunsPanel, theme: Theme) -> None:
    for choice in ("dark", "light"):
        theme.choose(choice)
        ground = panel._table.item(1, RUN).icon().pixmap(8).toImage().pixelColor(4, 4)
        assert ground == colours(panel.palette()).raised


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
    assert cell(panel, 0, STEP) == ("1\u2009500", "running")
    assert panel._table.item(0, 0).font().bold()
    select(panel, 0)
    assert not panel._buttons["resume"].isEnabled()
    assert not panel._buttons["trash"].isEnabled()


def test_renaming_in_the_table(panel: RunsPanel, fake: FakeEngine, qtbot: QtBot) -> None:
    select(panel, 1)
    panel._buttons["rename"].click()
    editor = panel._table.findChild(QLineEdit)
    QTest.keyClicks(editor, "glasses")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bool(fake.posted))
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
    assert rows[0] == ["Learning rate", "0.0002", "0.001"]
    assert ["Batch size", "64", "64"] in rows[2:]
    assert table.item(0, 0).font().bold()
    assert not table.item(table.rowCount() - 1, 0).font().bold()
    assert panel.clear_selection()
    assert panel._view.currentWidget() is panel._table
    assert not panel.clear_selection()


def test_two_runs_stand_beside_each_other_in_a_narrow_panel(panel: RunsPanel) -> None:
    panel.resize(436, 320)
    select(panel, 0, 1)
    panel._buttons["compare"].click()
    table = panel._comparison
    assert sum(table.columnWidth(column) for column in range(3)) <= table.viewport().width()
    assert table.columnWidth(1) == table.columnWidth(2) > 120


def test_the_selection_stays_when_the_list_is_read_again(panel: RunsPanel, bridge: Bridge, fake: FakeEngine) -> None:
    select(panel, 1)
    fake.say(engine.RunsListed((run_facts("runs/new", created=9.0), *RUNS)))
    bridge.poll()
    assert [run.path for run in panel.selected()] == ["runs/two"]
