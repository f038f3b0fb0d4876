"""Slots, expression, result: what a person sees and what is asked of the engine."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QSize, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

import engine
from engine import DrawArithmetic, DrawPoints, FindExemplars, Point, arithmetic_from_plain
from explorer import recipes
from explorer.panel import Panel
from explorer.panels import arithmetic
from explorer.panels.arithmetic import ArithmeticPanel
from explorer.state import ChooseSnapshot, Scrub, SendToSlot, VisitPoint
from tests.explorer.panels.stage import (
    BUNDLED,
    Stage,
    colour,
    drawn,
    grid_point,
    info,
    latents,
    ready,
    run_opened,
    summed,
)

TITLE = "Man with glasses - man + woman"
PLACES = {"A": [1, 2, 3], "B": [4, 5, 6], "C": [[7, 1], [7, 2], [7, 3]]}


@pytest.fixture
def empty(put: Callable[[type[Panel]], Panel]) -> ArithmeticPanel:
    panel = put(ArithmeticPanel)
    assert isinstance(panel, ArithmeticPanel)
    return panel


@pytest.fixture
def panel(empty: ArithmeticPanel, stage: Stage) -> ArithmeticPanel:
    """A panel whose slots the card of the bundled model has filled, with its pictures drawn."""
    stage.tell(ready())
    stage.tell(engine.SnapshotOpened(info(facts={"presets": {TITLE: PLACES}})))
    stage.answer()
    return empty


def shown(panel: ArithmeticPanel) -> tuple[int, int, int]:
    image = panel._sum.result.image()
    assert image is not None
    pixel = image.pixelColor(0, 0)
    return pixel.red(), pixel.green(), pixel.blue()


def type_text(panel: ArithmeticPanel, text: str) -> None:
    panel._expression.text_field().setFocus()
    panel._expression.text_field().selectAll()
    QTest.keyClicks(panel._expression.text_field(), text)


# ------------------------------------------------------------ the first launch


def test_the_card_fills_the_slots_without_a_click(panel: ArithmeticPanel) -> None:
    recipe = panel.recipe()
    assert [slot.title for slot in recipe.slots] == ["man with glasses", "man", "woman"]
    assert recipes.slot_of(recipe, "A").exemplars[0] == grid_point(1)
    assert recipes.slot_of(recipe, "C").exemplars[2] == Point(seed=7, x=3.0)
    assert shown(panel) == colour(recipe)
    assert panel._sum.neighbours.count() == 9
    assert panel.desk.undo.count() == 0


def test_before_the_engine_is_there_the_stored_card_names_the_slots(
    put: Callable[[type[Panel]], Panel], stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = {"data": {"name": "portraits"}, "presets": {TITLE: PLACES}}
    monkeypatch.setattr(arithmetic, "stored_card", lambda: card)
    panel = put(ArithmeticPanel)
    assert isinstance(panel, ArithmeticPanel)
    assert [slot.title for slot in panel.recipe().slots] == ["man with glasses", "man", "woman"]
    assert not stage.posted
    stage.tell(ready(), engine.SnapshotOpened(info(facts=card)))
    assert stage.of(DrawArithmetic)
    assert len(stage.of(DrawPoints)[-1].points) == 9
    stage.answer()
    assert panel._slots.card("A").exemplar_grid().count() == 3


def test_the_result_is_the_largest_picture(panel: ArithmeticPanel) -> None:
    panel.parentWidget().parentWidget().resize(640, 500)
    assert panel._sum.result.width() == panel._sum.neighbours.width()
    assert panel._sum.result.width() >= 192 > panel._slots.card("A")._mean.width()


def test_on_a_projector_only_pictures_and_the_expression(panel: ArithmeticPanel) -> None:
    before = panel._sum.result.width()
    panel.present(True)
    assert not panel._slots.card("A").weight_slider().isVisible()
    assert not panel._maker.isVisible()
    assert panel._expression.text_field().isVisible()
    panel.present(False)
    assert panel._slots.card("A").weight_slider().isVisible()
    assert panel._sum.result.width() == before


def test_without_exemplars_in_the_card_they_are_looked_for(empty: ArithmeticPanel, stage: Stage) -> None:
    stage.tell(ready())
    stage.tell(engine.SnapshotOpened(info()))
    (search,) = stage.of(FindExemplars)
    assert search.terms == {"A": "man with glasses", "B": "man", "C": "woman"}
    stage.tell(engine.JobProgress(search.job, "Looking", 1, 3, None))
    assert empty._sum.searching()
    found = {name: tuple(grid_point(10 * k + n) for n in range(3)) for k, name in enumerate("ABC")}
    stage.tell(engine.ExemplarsFound(search.job, BUNDLED, found), engine.JobDone(search.job, "Found."))
    assert not empty._sum.searching()
    assert len(stage.of(DrawArithmetic)) == 1
    stage.answer()
    assert shown(empty) == colour(empty.recipe())


def test_a_model_without_examples_offers_to_fill_the_slots(empty: ArithmeticPanel, stage: Stage) -> None:
    stage.tell(ready())
    stage.tell(engine.SnapshotOpened(info(data=engine.DataRef("fashion-mnist"))))
    assert not stage.of(FindExemplars)
    assert empty._slots.offers_filling()
    QTest.mouseClick(empty._slots._fill, Qt.MouseButton.LeftButton)
    stage.answer()
    assert [len(slot.exemplars) for slot in empty.recipe().slots] == [3, 3, 3]
    assert shown(empty) == colour(empty.recipe())
    assert not empty._slots.offers_filling()


# ------------------------------------------------------------ answers


def test_the_centre_shows_before_its_neighbours(panel: ArithmeticPanel, stage: Stage) -> None:
    panel._expression._choose_norm(1)
    centre, neighbours, _ = summed(stage.of(DrawArithmetic)[-1])
    before = panel._sum.neighbours.samples()
    stage.tell(centre)
    assert shown(panel) == colour(panel.recipe())
    assert panel._sum.neighbours.samples() is before
    stage.tell(neighbours)
    assert panel._sum.neighbours.samples() is neighbours.samples


def test_an_older_answer_never_replaces_a_newer_one(panel: ArithmeticPanel, stage: Stage) -> None:
    panel._slots.weigh("A", 0.5)
    panel._slots.weigh("A", 0.7)
    older, newer = stage.of(DrawArithmetic)[-2:]
    stage.tell(summed(newer)[0])
    right = shown(panel)
    stage.tell(*summed(older))
    assert shown(panel) == right == colour(panel.recipe())


def test_answers_of_another_snapshot_are_dropped(panel: ArithmeticPanel, stage: Stage) -> None:
    before = shown(panel)
    other = DrawArithmetic("arithmetic.result", 999, "live", recipes.with_weight(panel.recipe(), "A", 2.0))
    stage.tell(*summed(other))
    assert shown(panel) == before


def test_each_slot_shows_its_exemplars_and_their_mean(panel: ArithmeticPanel) -> None:
    card = panel._slots.card("B")
    exemplars = recipes.slot_of(panel.recipe(), "B").exemplars
    picture = card.exemplar_grid().picture(1)
    assert picture is not None
    assert tuple(picture[0, 0]) == colour(exemplars[1])
    mean = card._mean.image()
    assert mean is not None
    assert mean.pixelColor(0, 0).red() == colour(recipes.slot_of(panel.recipe(), "B"))[0]


def test_a_failure_says_why_and_the_last_good_picture_stays(panel: ArithmeticPanel, stage: Stage) -> None:
    before = shown(panel)
    stage.tell(engine.Failed("Drawing", "Slot A has another length.", channel="arithmetic.result"))
    assert panel._expression.problem()
    assert panel._expression.problem() == "Slot A has another length."
    assert shown(panel) == before


# ------------------------------------------------------------ edits


def test_dragging_a_weight_asks_for_the_centre_and_is_one_step(panel: ArithmeticPanel, stage: Stage) -> None:
    slider = panel._slots.card("A").weight_slider()
    slider.editStarted.emit()
    for value in (0.9, 0.5, 0.2):
        slider.setValue(value)
    moving = stage.of(DrawArithmetic)
    assert len(moving) == 3
    assert not any(request.neighbours for request in moving)
    slider.editFinished.emit()
    assert panel.desk.undo.count() == 1
    panel.desk.undo.undo()
    assert recipes.slot_of(panel.recipe(), "A").weight == 1.0
    assert slider.value() == 1.0


def test_the_neighbours_follow_when_the_hand_rests(panel: ArithmeticPanel, stage: Stage, qtbot: QtBot) -> None:
    slider = panel._slots.card("A").weight_slider()
    slider.editStarted.emit()
    slider.setValue(0.5)
    qtbot.waitUntil(lambda: stage.of(DrawArithmetic)[-1].neighbours, timeout=2000)
    slider.editFinished.emit()


def test_a_wrong_expression_gets_one_sentence_and_keeps_the_last_good(panel: ArithmeticPanel, stage: Stage) -> None:
    before = panel.recipe()
    type_text(panel, "mean(A) - mean(Q")
    assert panel._expression.problem()
    assert "Column" in panel._expression.problem()
    assert panel.recipe().expression == "mean(A)"  # the last text that was one
    type_text(panel, "mean(A) + C ")
    assert not panel._expression.problem()
    assert panel._expression.text_field().text() == "mean(A) + C "
    assert stage.of(DrawArithmetic)[-1].arithmetic.expression == "mean(A) + C"
    QTest.keyClick(panel._expression.text_field(), Qt.Key.Key_Return)
    panel.desk.undo.setIndex(0)
    assert panel.recipe() == before
    assert panel._expression.text_field().text() == before.expression


def test_an_expression_that_is_being_typed_is_no_mistake(panel: ArithmeticPanel) -> None:
    type_text(panel, "mean(A) - ")
    assert panel._expression.problem() == 'Not finished yet: it could go on with "A".'
    type_text(panel, "mean(A) - )")
    assert panel._expression.problem().startswith("Column 11: ")
    type_text(panel, "mean(A) - mean(B)")
    assert panel._expression.problem() == ""


def test_an_empty_slot_in_the_expression_is_named(panel: ArithmeticPanel) -> None:
    panel._slots.add_slot()
    type_text(panel, "A + D")
    assert panel._expression.problem() == "Slot D is empty; click a sample to put it there."


def test_slots_come_and_go(panel: ArithmeticPanel, stage: Stage) -> None:
    panel._slots.add_slot()
    assert list(panel._slots.names()) == ["A", "B", "C", "D"]
    stage.tell(SendToSlot(Point(seed=3)))  # without a name: the slot that was used last
    assert recipes.slot_of(panel.recipe(), "D").exemplars == (Point(seed=3),)
    panel._slots.remove_slot("D")
    assert list(panel._slots.names()) == ["A", "B", "C"]
    panel.desk.undo.undo()
    assert recipes.slot_of(panel.recipe(), "D").exemplars == (Point(seed=3),)


def test_samples_can_be_sent_and_taken_out(panel: ArithmeticPanel, stage: Stage) -> None:
    stage.tell(SendToSlot(grid_point(30), "B"))
    assert len(recipes.slot_of(panel.recipe(), "B").exemplars) == 4
    stage.answer()
    grid = panel._slots.card("B").exemplar_grid()
    assert grid.count() == 4
    grid.set_index(0)
    grid.setFocus()
    QTest.keyClick(grid, Qt.Key.Key_Delete)
    assert recipes.slot_of(panel.recipe(), "B").exemplars[0] == grid_point(5)


def test_words_of_ones_own_are_looked_for(panel: ArithmeticPanel, stage: Stage) -> None:
    words = panel._presets.lineEdit()
    words.setText("blonde woman - woman")
    QTest.keyClick(words, Qt.Key.Key_Return)
    (search,) = stage.of(FindExemplars)
    assert search.terms == {"A": "blonde woman", "B": "woman"}
    stage.tell(engine.ExemplarsFound(search.job, BUNDLED, {"A": (grid_point(8),), "B": (grid_point(9),)}))
    assert [slot.title for slot in panel.recipe().slots] == ["blonde woman", "woman"]
    assert panel.recipe().expression == "mean(A) - mean(B)"


def test_words_that_are_no_arithmetic_get_a_sentence(panel: ArithmeticPanel, stage: Stage) -> None:
    words = panel._presets.lineEdit()
    words.setText("man -")
    QTest.keyClick(words, Qt.Key.Key_Return)
    assert not stage.of(FindExemplars)
    assert "is not an arithmetic" in panel._expression.problem()


def test_an_example_that_is_typed_out_is_taken_once(panel: ArithmeticPanel, stage: Stage) -> None:
    words = panel._presets.lineEdit()
    words.setText("smiling woman - neutral woman + neutral man")
    QTest.keyClick(words, Qt.Key.Key_Return)
    assert len(stage.of(FindExemplars)) == 1


def test_an_example_replaces_the_slots_and_can_be_undone(panel: ArithmeticPanel, stage: Stage) -> None:
    before = panel.recipe()
    panel._choose_example(1)
    (search,) = stage.of(FindExemplars)
    assert search.terms["A"] == "smiling woman"
    found = {name: (grid_point(k),) for k, name in enumerate("ABC")}
    stage.tell(engine.ExemplarsFound(search.job, BUNDLED, found))
    assert recipes.slot_of(panel.recipe(), "A").title == "smiling woman"
    panel.desk.undo.undo()
    assert panel.recipe() == before


# ------------------------------------------------------------ snapshots


def test_live_is_chosen_by_hand_only(panel: ArithmeticPanel, stage: Stage) -> None:
    stage.tell(run_opened(training=True, grids=(0,), snapshots=(0, 100)))
    assert stage.state.explored == BUNDLED
    index = panel._chooser.findData("live")
    assert index >= 0
    panel._chooser.activated.emit(index)
    assert stage.acted[-1] == ChooseSnapshot("live")
    assert engine.OpenSnapshot("live") in stage.posted
    assert stage.of(DrawArithmetic)[-1].snapshot == "live"


def test_new_weights_of_the_live_run_are_drawn(panel: ArithmeticPanel, stage: Stage, qtbot: QtBot) -> None:
    stage.tell(run_opened(training=True), ChooseSnapshot("live"), engine.SnapshotOpened(info("live", title="one")))
    stage.answer()
    stage.tell(engine.LiveChanged("/runs/a", 200))
    qtbot.waitUntil(lambda: bool(stage.of(DrawArithmetic)), timeout=2000)
    assert stage.of(DrawPoints)


def test_the_scrubber_moves_the_arithmetic_to_a_step(panel: ArithmeticPanel, stage: Stage) -> None:
    stage.tell(run_opened(grids=(0, 100, 200), snapshots=(0, 100, 200)))
    stage.tell(Scrub(150))
    assert stage.of(DrawArithmetic)[-1].snapshot == "run:runs/one@100"
    stage.tell(Scrub(None))
    assert stage.of(DrawArithmetic)[-1].snapshot == BUNDLED


def test_a_hidden_panel_asks_nothing_and_catches_up(panel: ArithmeticPanel, stage: Stage) -> None:
    panel.hide()
    stage.tell(SendToSlot(grid_point(30), "A"))
    assert not stage.of(DrawArithmetic)
    panel.show()
    assert stage.of(DrawArithmetic)[-1].arithmetic == recipes.filled(panel.recipe())


# ------------------------------------------------------------ sending on


def test_a_direction_is_made_of_two_slots_and_scored(panel: ArithmeticPanel, stage: Stage) -> None:
    panel._maker.set_name("glasses")
    QTest.mouseClick(panel._maker._make, Qt.MouseButton.LeftButton)
    (wish,) = stage.of(engine.MakeDirection)
    assert (wish.name, wish.positives, wish.negatives) == (
        "glasses",
        recipes.slot_of(panel.recipe(), "A").exemplars,
        recipes.slot_of(panel.recipe(), "B").exemplars,
    )
    stage.tell(
        engine.DirectionMade(BUNDLED, engine.DirectionFacts("glasses", "glasses", "own", alignment=0.8, cohen_d=3.1))
    )
    assert panel._maker.score_text() == "alignment 0.80, Cohen's d 3.1"
    assert panel._maker._score.shown() == panel._maker.score_text()


def test_the_pictures_keep_their_place_whatever_is_said(panel: ArithmeticPanel, stage: Stage) -> None:
    def place() -> tuple[QPoint, QSize]:
        QApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest)
        return panel._sum.result.mapTo(panel, QPoint()), panel._sum.result.size()

    before = place()
    for text in ("mean(A) - ", "mean(A) )", "mean(A) - mean(B)"):
        type_text(panel, text)
        assert place() == before
    stage.tell(engine.DirectionMade(BUNDLED, engine.DirectionFacts("glasses", "glasses", "own", cohen_d=3.1)))
    stage.tell(engine.JobProgress("arithmetic.search", "Looking", 1, 2, None))
    assert panel._sum.searching()
    assert place() == before


def test_a_neighbour_can_be_visited(panel: ArithmeticPanel, stage: Stage) -> None:
    panel._sum.neighbours.opened.emit(2)
    (visit,) = [action for action in stage.acted if isinstance(action, VisitPoint)]
    assert visit.point.z is not None


def test_the_result_can_be_put_into_a_slot(panel: ArithmeticPanel) -> None:
    frame = panel._sum.centre()
    assert frame is not None
    menu = panel._sum.make_menu(Point(z=tuple(frame.z_NZ[0].tolist())))
    menu.triggered.emit(menu.actions()[3])
    menu.deleteLater()
    assert recipes.slot_of(panel.recipe(), "C").exemplars[-1].z is not None


def test_a_saved_result_says_how_to_make_it_again(panel: ArithmeticPanel) -> None:
    saved = panel.save_picture()
    assert saved is not None
    image, facts = saved
    assert image.width() == 8
    words = shlex.split(facts["latent-explorer:command"])
    assert words[:6] == ["python", "-m", "engine", "arithmetic", "--snapshot", BUNDLED]
    assert arithmetic_from_plain(json.loads(words[words.index("--recipe") + 1])) == panel.recipe()
    assert facts["latent-explorer:step"] == "40000"
    assert facts["latent-explorer:snapshot"] == BUNDLED


def test_a_session_brings_the_arithmetic_back(panel: ArithmeticPanel) -> None:
    panel._slots.weigh("B", 0.5)
    kept, recipe = json.loads(json.dumps(panel.remember())), panel.recipe()
    panel.desk.undo.undo()
    panel.recall(kept)
    assert panel.recipe() == recipe
    panel.recall({"arithmetic": {"slots": 3}})
    assert "not a latent arithmetic" in panel._expression.problem()
    assert panel.recipe() == recipe


def test_a_point_model_says_where_to_look(empty: ArithmeticPanel, stage: Stage) -> None:
    stage.tell(ready())
    stage.tell(engine.SnapshotOpened(info(shape=(2,), data=engine.DataRef("ring"))))
    empty._slots.fill_slots()
    request = stage.of(DrawArithmetic)[-1]
    centre = summed(request)[0]
    stage.tell(engine.Frame(*_place(centre), "centre", centre.z_NZ[:, :2], centre.z_NZ, 1.0))
    exemplars = stage.of(DrawPoints)[-1]
    stage.tell(engine.Frame(*_place(drawn(exemplars)), "points", centre.z_NZ[:, :2], centre.z_NZ, 1.0))
    assert empty._sum.result.image() is None


def _place(frame: engine.Frame) -> tuple[str, int, str, int]:
    return frame.channel, frame.number, frame.snapshot, frame.step


def test_undo_brings_the_words_back_too(panel: ArithmeticPanel, stage: Stage) -> None:
    before = panel._presets.currentText()
    words = panel._presets.lineEdit()
    words.setText("blonde woman - woman")
    QTest.keyClick(words, Qt.Key.Key_Return)
    (search,) = stage.of(FindExemplars)
    stage.tell(engine.ExemplarsFound(search.job, BUNDLED, {"A": (grid_point(8),), "B": (grid_point(9),)}))
    assert panel._presets.currentText() == "blonde woman - woman"
    panel.desk.undo.undo()
    assert panel._presets.currentText() == before


# ------------------------------------------------------------ points


def drawn_points(request: DrawPoints) -> engine.Frame:
    places = np.array([[point.x, 1.0] for point in request.points], np.float32)
    return engine.Frame(
        request.channel, request.number, request.snapshot, 5, "points", places, latents(request.points), 1.0
    )


def test_a_model_of_points_shows_no_strangers_but_where_the_result_lands(panel: ArithmeticPanel, stage: Stage) -> None:
    assert panel._slots.card("A").exemplar_grid().isVisible()
    points = info("run:ring@5", shape=(2,), data=engine.DataRef("ring"))
    stage.posted.clear()
    stage.tell(engine.SnapshotOpened(points), ChooseSnapshot("run:ring@5"))
    for request in stage.of(DrawPoints):
        stage.tell(drawn_points(request))
    request = stage.of(DrawArithmetic)[-1]
    place = (request.channel, request.number, request.snapshot, 5)
    means = np.array([[0.5, -1.25]] * 3, np.float32)
    stage.tell(
        engine.Frame(*place, "centre", np.array([[2.0, 1.0]], np.float32), latents(["sum"]), 1.0),
        engine.Frame(*place, "slots", means, latents("ABC"), 1.0),
    )
    assert not panel._slots.card("A").exemplar_grid().isVisible()
    assert not panel._slots.card("A")._mean.isVisible()
    assert panel._slots.card("A").place_text() == "3 points, mean at (0.5, \N{MINUS SIGN}1.25)"
    assert panel._sum.landing.isVisible()
    assert panel._sum.landing.mark() == (2.0, 1.0)
    assert panel._sum.landing.count() == 256
    assert panel.save_picture() is None
    (show,) = [button for button in panel._sum.findChildren(QPushButton) if button.isVisible()]
    QTest.mouseClick(show, Qt.MouseButton.LeftButton)
    assert [action.point.z for action in stage.acted if isinstance(action, VisitPoint)] == [
        tuple(latents(["sum"])[0].tolist())
    ]
    stage.tell(ChooseSnapshot(BUNDLED))
    stage.answer()
    assert panel._slots.card("A").exemplar_grid().isVisible()
    assert panel._sum.result.isVisible()


# ------------------------------------------------------------ many slots, words


def test_five_slots_have_room_and_the_button_for_more_never_scrolls_away(panel: ArithmeticPanel, qtbot: QtBot) -> None:
    panel.parentWidget().parentWidget().resize(640, 640)
    for _ in range(2):
        panel._slots.add_slot()
    cards = [panel._slots.card(name) for name in "ABCDE"]
    qtbot.waitUntil(lambda: all(card.visibleRegion().boundingRect().width() == card.width() for card in cards))
    assert not panel._slots._scroll.horizontalScrollBar().isVisible()
    for _ in range(3):
        panel._slots.add_slot()
    qtbot.waitUntil(lambda: panel._slots._scroll.horizontalScrollBar().maximum() > 0)
    assert panel._slots._add.visibleRegion().boundingRect().width() == panel._slots._add.width()


def test_nothing_is_looked_for_without_words(panel: ArithmeticPanel, stage: Stage) -> None:
    words = panel._presets.lineEdit()
    words.setFocus()
    words.selectAll()
    QTest.keyClick(words, Qt.Key.Key_Delete)
    assert not panel._again.isEnabled()
    QTest.keyClick(words, Qt.Key.Key_Return)
    assert panel._expression.problem() == ""
    assert not stage.of(FindExemplars)
    QTest.keyClicks(words, "man")
    assert panel._again.isEnabled()


def test_the_desk_knows_which_slot_was_used_last(panel: ArithmeticPanel, stage: Stage) -> None:
    stage.act(SendToSlot(grid_point(30), "B"))
    assert stage.state.last_slot == "B"
    stage.act(SendToSlot(grid_point(31)))
    assert grid_point(31) in recipes.slot_of(panel.recipe(), "B").exemplars
    panel._slots.add_slot()
    assert stage.state.last_slot == "D"
