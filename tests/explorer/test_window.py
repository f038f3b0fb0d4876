"""The whole window on a fake engine: keys, workspaces, files, the card, the end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, QSettings, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QTabBar

import engine
from engine import Arithmetic, DataRef, Point, Slot
from explorer import docks
from explorer.bridge import Bridge
from explorer.keysheet import KeySheet
from explorer.pictures import facts_in, write_png
from explorer.provenance import arithmetic_facts, decision_facts, points_facts
from explorer.session import read_session
from explorer.state import ChooseData, ChooseSnapshot, Scrub, SendToSlot
from explorer.theme import Theme
from explorer.widgets.canvas import to_qimage
from explorer.window import MainWindow
from tests.explorer.conftest import FakeEngine, pictures, ready_event, run_opened, train_state
from tests.explorer.panels.stage import info


@pytest.fixture
def window(qtbot, theme: Theme, settings: QSettings, bridge: Bridge, fake: FakeEngine) -> Iterator[MainWindow]:
    made = MainWindow(bridge, theme, settings)
    qtbot.addWidget(made)
    made.resize(1280, 800)
    made.show()
    made.docks.fit()
    fake.say(ready_event())
    bridge.poll()
    fake.posted.clear()
    yield made
    made.close()


def visible(window: MainWindow) -> set[str]:
    return {key for key in window.panels if not window.docks.dock(key).isHidden()}


def press(window: MainWindow, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    QTest.keyClick(QApplication.focusWidget() or window, key, modifier)


def drop(window: MainWindow, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    buttons = (Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    enter = QDragEnterEvent(window.rect().center(), Qt.DropAction.CopyAction, data, *buttons)
    window.dragEnterEvent(enter)
    assert enter.isAccepted()
    window.dropEvent(QDropEvent(QPointF(window.rect().center()), Qt.DropAction.CopyAction, data, *buttons))


# -------------------------------------------------------------------------------------------------- life


def test_the_bundled_model_opens_by_itself(qtbot, theme, settings, bridge: Bridge, fake: FakeEngine) -> None:
    window = MainWindow(bridge, theme, settings)
    qtbot.addWidget(window)
    fake.say(ready_event())
    bridge.poll()
    assert engine.OpenSnapshot("bundled:portraits-32") in fake.posted
    assert window.docks.workspace == "explore"
    window.close()


def test_closing_keeps_the_layout_and_closes_the_engine(
    window: MainWindow, settings: QSettings, fake: FakeEngine
) -> None:
    window.show_theory()
    window.docks.dock("samples").titleBarWidget()._close.click()
    assert window.close()
    assert fake.closed
    assert settings.value("workspace") == "theory"
    assert settings.contains("layout/theory")


def test_live_is_known_once_a_run_has_weights(window: MainWindow, bridge: Bridge, fake: FakeEngine) -> None:
    fake.say(run_opened(), train_state())
    bridge.poll()
    assert engine.OpenSnapshot(engine.LIVE) not in fake.posted
    fake.say(engine.LiveChanged("/runs/a", 1), engine.LiveChanged("/runs/a", 2))
    bridge.poll()
    fake.say(engine.LiveChanged("/runs/a", 3))
    bridge.poll()
    assert fake.posted.count(engine.OpenSnapshot(engine.LIVE)) == 1
    assert bridge.state.explored != engine.LIVE


def test_closing_and_opening_goes_on_where_one_was(
    window: MainWindow, bridge: Bridge, fake: FakeEngine, qtbot, theme, settings: QSettings, tmp_path: Path
) -> None:
    run = tmp_path / "one"
    run.mkdir()
    (run / "run.json").write_text("{}")
    fake.say(run_opened(str(run), training=False))
    bridge.poll()
    bridge.act(ChooseData(DataRef("ring")))
    bridge.act(ChooseSnapshot("bundled:fashion"))
    window.close()
    again = MainWindow(fresh := Bridge(), theme, settings)
    qtbot.addWidget(again)
    other = FakeEngine()
    fresh.start(other)
    other.say(ready_event())
    fresh.poll()
    assert other.of(engine.OpenRun) == [engine.OpenRun(str(run))]
    assert engine.OpenSnapshot("bundled:fashion") in other.posted
    assert not other.of(engine.StartRun)
    assert not other.of(engine.ResumeRun)
    assert fresh.state.data == DataRef("ring")
    again.close()


def test_runs_over_each_other_come_back_but_those_that_are_gone(
    window: MainWindow, bridge: Bridge, fake: FakeEngine, qtbot, theme, settings: QSettings, tmp_path: Path
) -> None:
    shown, beside, gone = (str(tmp_path / name) for name in ("shown", "beside", "gone"))
    for run in (gone, beside, shown):
        Path(run).mkdir()
        (Path(run) / "run.json").write_text("{}")
        fake.say(run_opened(run, training=False))
        bridge.poll()
    for run in (gone, beside):
        window.panels["curves"].toggle_run(run)
    window.close()
    (Path(gone) / "run.json").unlink()
    again = MainWindow(fresh := Bridge(), theme, settings)
    qtbot.addWidget(again)
    other = FakeEngine()
    other.answers[engine.OpenRun] = lambda command: [run_opened(command.path, training=False)]
    fresh.start(other)
    other.say(ready_event())
    fresh.poll()
    fresh.poll()
    assert {command.path for command in other.of(engine.OpenRun)} == {shown, beside}
    assert fresh.state.run.path == shown
    assert [run.path for run in again.panels["curves"].runs()] == [shown, beside]
    again.close()


def test_a_run_that_is_gone_is_not_asked_for(
    window: MainWindow, bridge: Bridge, fake: FakeEngine, qtbot, theme, settings: QSettings
) -> None:
    fake.say(run_opened("/gone", training=False))
    bridge.poll()
    bridge.act(ChooseSnapshot("run:/gone@7"))
    window.close()
    again = MainWindow(fresh := Bridge(), theme, settings)
    qtbot.addWidget(again)
    other = FakeEngine()
    fresh.start(other)
    other.say(ready_event())
    fresh.poll()
    assert not other.of(engine.OpenRun)
    assert other.of(engine.OpenSnapshot) == [engine.OpenSnapshot("bundled:portraits-32")]
    again.close()


def test_panels_are_held_to_what_they_need(window: MainWindow, bridge: Bridge, fake: FakeEngine) -> None:
    fake.say(engine.SnapshotOpened(info("bundled:codes", family="vqvae", capabilities=("codec",), latent=None)))
    bridge.poll()
    bridge.act(ChooseSnapshot("bundled:codes"))
    assert {panel.key for panel in window.panels.made() if panel.isVisible()} == {"samples", "latent", "arithmetic"}
    assert window.panels["latent"].snapshot(bridge.state) == "bundled:portraits-32"
    assert window.panels["codes"].snapshot(bridge.state) == "bundled:codes"


# -------------------------------------------------------------------------------------------------- workspaces


def test_workspaces_on_their_keys(window: MainWindow, qtbot) -> None:
    for key, name in ((Qt.Key.Key_1, "train"), (Qt.Key.Key_6, "theory"), (Qt.Key.Key_2, "explore")):
        press(window, key)
        assert window.docks.workspace == name
        wanted = {panel for column in docks.BY_NAME[name].columns for row in column.rows for panel in row}
        assert visible(window) == wanted
        assert window.menus.actions[f"show_{name}"].isChecked()


def test_the_window_keeps_its_size_through_all_workspaces(window: MainWindow) -> None:
    for name in ("train", "theory", "explore", "train"):
        window.docks.show_workspace(name)
        QApplication.processEvents()
        assert (window.width(), window.height()) == (1280, 800)


def test_no_tab_bar_without_its_panels(window: MainWindow) -> None:
    for name in ("train", "explore"):
        window.docks.show_workspace(name)
        QApplication.processEvents()
    bars = [bar for bar in window._ground.findChildren(QTabBar) if bar.isVisible() and bar.parent() is window._ground]
    bars = [bar for bar in bars if bar.geometry().intersects(window._ground.rect())]  # Qt parks unused ones outside
    assert bars == []


def test_a_person_s_layout_comes_back_and_goes(window: MainWindow) -> None:
    window.docks.show_workspace("train")
    window.docks.dock("runs").titleBarWidget()._close.click()
    window.docks.show_workspace("explore")
    window.docks.show_workspace("train")
    assert "runs" not in visible(window)
    window.docks.forget()
    assert "runs" in visible(window)


def test_presentation_shows_only_pictures_in_big_type(window: MainWindow) -> None:
    size, icon = QApplication.font().pixelSize(), window.transport._run.iconSize().width()
    window.show_train()
    before = visible(window)
    press(window, Qt.Key.Key_F)
    assert visible(window) == {"samples"}
    assert window.isFullScreen()
    assert not window.menuBar().isVisible()
    assert window.transport.isVisible()
    assert QApplication.font().pixelSize() > size
    assert window.transport._run.iconSize().width() > icon
    press(window, Qt.Key.Key_Escape)
    assert not window.isFullScreen()
    assert visible(window) == before
    assert QApplication.font().pixelSize() == size
    assert window.transport._run.iconSize().width() == icon


# -------------------------------------------------------------------------------------------------- keys


def test_space_starts_then_pauses(window: MainWindow, bridge: Bridge, fake: FakeEngine) -> None:
    press(window, Qt.Key.Key_Space)
    assert fake.of(engine.StartRun) == [engine.StartRun("gan_modern", "modern", DataRef("portraits", size=32), {})]
    fake.say(run_opened(), train_state())
    bridge.poll()
    press(window, Qt.Key.Key_T)
    assert fake.of(engine.SetRunning) == [engine.SetRunning(False)]


def test_a_new_run_while_one_is_paused(window: MainWindow, bridge: Bridge, fake: FakeEngine) -> None:
    fake.say(run_opened(), train_state())
    bridge.poll()
    press(window, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    assert len(fake.of(engine.StartRun)) == 1


def test_presentation_stays_when_the_workspace_changes(window: MainWindow) -> None:
    press(window, Qt.Key.Key_F)
    press(window, Qt.Key.Key_1)
    assert window.docks.presenting
    assert not window.menuBar().isVisible()
    assert "settings" not in visible(window)
    press(window, Qt.Key.Key_F)
    assert not window.docks.presenting
    assert window.menuBar().isVisible()
    assert "settings" in visible(window)


def test_space_trains_after_a_change_of_workspace(window: MainWindow, fake: FakeEngine) -> None:
    window.card.fail("Working", "Something went wrong.")
    press(window, Qt.Key.Key_Escape)
    window.panels["latent"].setFocus()
    press(window, Qt.Key.Key_1)
    press(window, Qt.Key.Key_Space)
    assert len(fake.of(engine.StartRun)) == 1


def test_escape_leaves_a_text_field(window: MainWindow, fake: FakeEngine) -> None:
    press(window, Qt.Key.Key_2)
    words = window.panels["arithmetic"]._presets.lineEdit()
    words.setFocus()
    press(window, Qt.Key.Key_Escape)
    press(window, Qt.Key.Key_Space)
    assert len(fake.of(engine.StartRun)) == 1


def test_letters_and_space_are_text_in_a_text_field(window: MainWindow, fake: FakeEngine) -> None:
    window.show_train()
    field = window.panels["settings"].findChild(QLineEdit)
    field.setFocus()
    QTest.keyClicks(field, "g 1f")
    assert field.text() == "g 1f"
    assert window.docks.workspace == "train"
    assert not fake.of(engine.StartRun)


def test_space_presses_a_button_that_has_the_focus(window: MainWindow, fake: FakeEngine, qtbot) -> None:
    button = QPushButton("x", window)
    button.show()
    button.setFocus()
    with qtbot.waitSignal(button.clicked):
        press(window, Qt.Key.Key_Space)
    assert not fake.of(engine.StartRun)


def test_escape_cancels_then_clears_and_never_quits(window: MainWindow, bridge: Bridge, fake: FakeEngine) -> None:
    fake.say(engine.JobProgress("walk", "Exporting", 1, 10, None), run_opened(training=False))
    bridge.poll()
    press(window, Qt.Key.Key_Escape)
    assert fake.of(engine.CancelJob) == [engine.CancelJob("walk")]
    fake.say(engine.JobCancelled("walk"))
    bridge.poll()
    bridge.act(Scrub(600))
    for _ in range(3):
        press(window, Qt.Key.Key_Escape)
    assert bridge.state.at_step is None
    assert window.isVisible()


def test_keys_can_be_changed(window: MainWindow, qtbot) -> None:
    window.show_keys()
    sheet = window.findChild(KeySheet)
    step = next(key for key in sheet._edits.values() if key.name == "present")
    sheet.set_key(step, "R")
    assert "Reset the view" in sheet._said.text()
    assert window.menus.actions["present"].shortcut().toString() == "R"
    assert window.menus.actions["reset_view"].shortcuts() == []
    sheet.close()


def test_undo_and_redo_name_what_they_undo(window: MainWindow, bridge: Bridge) -> None:
    window.show_train()
    slider = window.panels["settings"]._form.row("beta1")._editor
    slider.editStarted.emit()
    slider.setValue(0.9)
    slider.editFinished.emit()
    undo = window.menus.actions["undo"]
    assert undo.isEnabled()
    assert undo.text() == "Undo Beta1 0.9"
    undo.trigger()
    assert slider.value() == 0.5
    window.menus.actions["redo"].trigger()
    assert slider.value() == pytest.approx(0.9)


# -------------------------------------------------------------------------------------------------- files


def test_dropping_a_run_and_a_folder(window: MainWindow, bridge: Bridge, fake: FakeEngine, tmp_path: Path) -> None:
    run, faces = tmp_path / "run", tmp_path / "faces"
    run.mkdir()
    faces.mkdir()
    (run / "run.json").write_text("{}")
    drop(window, run)
    assert fake.of(engine.OpenRun) == [engine.OpenRun(str(run))]
    assert window.docks.workspace == "train"
    drop(window, faces)
    read = [command for command in fake.of(engine.LoadData) if command.data == DataRef(str(faces))]
    assert len(read) == 1
    assert window.transport._what.text().startswith("faces is being read")
    assert bridge.state.data != DataRef(str(faces))
    fake.say(engine.DataOpened(DataRef(str(faces)), "Faces", 3, (8, 8, 3), {}, False, (), "x"))
    bridge.poll()
    assert bridge.state.data == DataRef(str(faces))


def test_a_dropped_picture_of_ours_brings_its_latent_back(window: MainWindow, bridge: Bridge, tmp_path: Path) -> None:
    recipe = json.dumps([{"seed": 42, "x": 1.5, "y": 2.0}])
    facts = {"latent-explorer:recipe": recipe, "latent-explorer:snapshot": "bundled:fashion"}
    write_png(to_qimage(pictures(1)[0]), facts, tmp_path / "a.png")
    seen = []
    window.panels["latent"].take = seen.append
    drop(window, tmp_path / "a.png")
    assert bridge.state.explored == "bundled:fashion"
    assert [event.point.seed for event in seen if hasattr(event, "point")] == [42]


@pytest.mark.parametrize(
    ("facts", "workspace", "panel"),
    [
        (points_facts("bundled:fashion", 1, [Point(seed=2)]), "explore", "Latent"),
        (arithmetic_facts("bundled:fashion", 1, Arithmetic((Slot("A", (Point(),)),), "A")), "explore", "Arithmetic"),
        (decision_facts("bundled:fashion", 1, ["--count", "9"], {}), "theory", "Decision"),
    ],
)
def test_a_dropped_picture_is_brought_before_the_eyes(
    window: MainWindow, bridge: Bridge, tmp_path: Path, facts: dict[str, str], workspace: str, panel: str
) -> None:
    window.docks.show_workspace("train")
    write_png(to_qimage(pictures(1)[0]), facts, tmp_path / "a.png")
    drop(window, tmp_path / "a.png")
    assert window.docks.workspace == workspace
    assert window.docks.dock(panel.lower()).isVisible()
    assert bridge.state.explored == "bundled:fashion"
    assert window.card.text() == f"a.png is open in {panel}."


def test_a_dropped_picture_of_curves_opens_its_run(window: MainWindow, fake: FakeEngine, tmp_path: Path) -> None:
    write_png(
        to_qimage(pictures(1)[0]), {"latent-explorer:run": "runs/far", "latent-explorer:step": "7"}, tmp_path / "a.png"
    )
    drop(window, tmp_path / "a.png")
    assert fake.of(engine.OpenRun)[-1] == engine.OpenRun("runs/far")
    assert window.card.text() == "a.png is open in Curves."


def test_what_cannot_be_opened_is_said(window: MainWindow, tmp_path: Path) -> None:
    write_png(to_qimage(pictures(1)[0]), {"latent-explorer:recipe": "broken"}, tmp_path / "a.png")
    window.filing.open_path(tmp_path / "a.png")
    assert "cannot be read" in window.card.text()
    window.filing.open_path(tmp_path / "gone")
    assert "nothing at" in window.card.text()
    assert window.card.isVisible()


def test_saving_a_picture_with_its_metadata(window: MainWindow, tmp_path: Path) -> None:
    panel = window.panels["data"]
    panel.save_picture = lambda: (to_qimage(pictures(1)[0]), {"latent-explorer:step": "7"})
    window.filing.save_picture(panel, tmp_path / "a.jpg")
    assert facts_in(tmp_path / "a.png") == {"latent-explorer:step": "7"}
    assert window.card.text() == "Saved a.png."
    window.filing.save_picture(panel, tmp_path / "no" / "a.png")
    assert "another folder" in window.card.text()


def test_a_picture_of_the_live_run_names_weights_that_the_run_keeps(
    window: MainWindow, bridge: Bridge, fake: FakeEngine, tmp_path: Path
) -> None:
    fake.say(run_opened(), train_state(), engine.LiveChanged("/runs/a", 7))
    bridge.poll()
    panel = window.panels["data"]
    panel.save_picture = lambda: (to_qimage(pictures(1)[0]), points_facts(engine.LIVE, 7, [Point(seed=2)]))
    window.filing.save_picture(panel, tmp_path / "a.png")
    assert engine.KeepWeights("/runs/a", 7) in fake.posted
    facts = facts_in(tmp_path / "a.png")
    assert facts["latent-explorer:snapshot"] == "run:/runs/a@7"
    assert "--snapshot run:/runs/a@7" in facts["latent-explorer:command"]


def test_a_session_there_and_back(window: MainWindow, bridge: Bridge, fake: FakeEngine, tmp_path: Path) -> None:
    fake.say(run_opened(training=False))
    bridge.poll()
    bridge.act(Scrub(600))
    bridge.act(ChooseSnapshot("live"))
    window.show_theory()
    window.filing.save_session(tmp_path / "mine")
    file = tmp_path / "mine.session.json"
    assert read_session(file).step == 600
    bridge.act(Scrub(None))
    bridge.act(ChooseSnapshot("bundled:portraits-32"))
    window.show_explore()
    window.filing.open_path(file)
    assert (bridge.state.at_step, bridge.state.explored, window.docks.workspace) == (600, "live", "theory")


def test_a_session_of_another_run_waits_for_it(
    window: MainWindow, bridge: Bridge, fake: FakeEngine, tmp_path: Path
) -> None:
    file = tmp_path / "a.session.json"
    file.write_text(json.dumps({"format": 1, "run": "runs/far", "step": 600}))
    window.filing.open_path(file)
    assert engine.OpenRun("runs/far") in fake.posted
    assert bridge.state.at_step is None
    fake.say(run_opened("runs/far", training=False))
    bridge.poll()
    assert bridge.state.at_step == 600


# -------------------------------------------------------------------------------------------------- the card


def test_a_failure_is_a_card_with_details_to_copy(window: MainWindow, bridge: Bridge, fake: FakeEngine) -> None:
    fake.say(engine.Failed("Opening the run", "It is damaged.", "Traceback"))
    bridge.poll()
    assert window.card.text() == "Opening the run\nIt is damaged."
    QTest.mouseClick(window.card._copy, Qt.MouseButton.LeftButton)
    assert QApplication.clipboard().text().endswith("Traceback")
    press(window, Qt.Key.Key_Escape)
    assert not window.card.isVisible()


def test_a_notice_goes_by_itself(window: MainWindow, bridge: Bridge, fake: FakeEngine) -> None:
    fake.say(engine.Notice("Resumed with one thread."))
    bridge.poll()
    assert window.card.text() == "Resumed with one thread."
    window.card._timer.timeout.emit()
    assert not window.card.isVisible()


def test_a_delivered_layout_keeps_its_shares_in_a_larger_window(window: MainWindow, qtbot, settings: QSettings) -> None:
    window.docks.show_workspace("train")
    window.resize(2560, 1440)
    qtbot.waitUntil(lambda: abs(window.panels["samples"].width() - 2560 * 540 / 1280) < 60)
    qtbot.waitUntil(lambda: abs(window.panels["curves"].height() / window.panels["runs"].height() - 2) < 0.3)
    window.docks.show_workspace("explore")
    assert not settings.contains("layout/train")  # nobody changed it


def test_a_person_s_layout_keeps_its_shares_in_a_larger_window(
    window: MainWindow, qtbot, theme, settings: QSettings
) -> None:
    window.show_theory()
    keys, widths = ("settings", "decision", "curves"), (300, 500, 470)
    QTest.mousePress(window._ground, Qt.MouseButton.LeftButton, pos=QPoint(300, 200))  # an edge between docks
    window._ground.resizeDocks([window.docks.dock(key) for key in keys], widths, Qt.Orientation.Horizontal)
    QTest.mouseRelease(window._ground, Qt.MouseButton.LeftButton)
    shares = [width / window.width() for width in widths]
    qtbot.waitUntil(lambda: window.docks.dock("curves").width() == pytest.approx(470, abs=8))
    assert window.close()
    again = MainWindow(Bridge(), theme, settings)
    qtbot.addWidget(again)
    again.resize(2560, 1440)
    again.show()
    again.resize(2560, 1440)
    again.docks.fit()
    assert [again.docks.dock(key).width() / again.width() for key in keys] == pytest.approx(shares, abs=0.02)
    again.resize(1280, 800)
    qtbot.waitUntil(lambda: abs(again.docks.dock("decision").width() / again.width() - shares[1]) < 0.02)
    again.close()


def test_undo_after_enter_is_the_window_s(window: MainWindow, bridge: Bridge) -> None:
    panel = window.panels["arithmetic"]
    window.docks.show_panel("arithmetic")
    for name in ("A", "B", "C"):
        bridge.act(SendToSlot(Point(seed=0, x=1.0), name))
    field = panel._expression.text_field()
    before = field.text()
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, "mean(A)")
    press(window, Qt.Key.Key_Return)
    assert panel.recipe().expression == "mean(A)"
    press(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert panel.recipe().expression == field.text() == before


def test_a_panel_of_another_workspace_comes_as_a_tab(window: MainWindow) -> None:
    window.docks.show_workspace("theory")
    heights = [window.panels[key].height() for key in ("decision", "curves")]
    window.docks.show_panel("runs")
    QApplication.processEvents()
    assert window.panels["runs"].isVisible()
    assert [window.panels[key].height() for key in ("decision", "curves")] == pytest.approx(heights, abs=30)


def test_a_failure_of_no_run_goes_by_itself_and_can_be_read_again(
    window: MainWindow, bridge: Bridge, fake: FakeEngine
) -> None:
    fake.say(engine.Failed("Opening the model", "It is gone."))
    bridge.poll()
    window.card._timer.timeout.emit()
    assert not window.card.isVisible()
    (action,) = window.status._said.menu().actions()
    action.trigger()
    assert window.card.text() == "Opening the model\nIt is gone."
    assert not window.card._timer.isActive()


def test_a_failure_while_a_run_trains_stays(window: MainWindow, bridge: Bridge, fake: FakeEngine) -> None:
    fake.say(run_opened(), train_state(), engine.Failed("Saving a checkpoint", "The disk is full."))
    bridge.poll()
    assert not window.card._timer.isActive()


def test_panels_are_made_when_they_are_wanted(qtbot, theme, settings, bridge: Bridge) -> None:
    window = MainWindow(bridge, theme, settings)
    qtbot.addWidget(window)
    assert {panel.key for panel in window.panels.made()} == {"samples", "arithmetic", "latent"}
    window.make_panels()
    qtbot.waitUntil(lambda: len(window.panels.made()) == len(window.panels))
    assert [window.docks.dock(panel.key).widget().panel for panel in window.panels.made()] == [*window.panels.made()]
    window.close()
