"""The sample grid: newest, at the scrubber's step, two steps against each other, and where its samples go."""

from __future__ import annotations

import dataclasses
import json
import shlex
from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

import engine
from engine import DrawPoints, GridDrawn, ReadGrid
from explorer.panel import Panel
from explorer.panels import samples
from explorer.panels.samples import SamplesPanel
from explorer.state import ChooseSnapshot, Scrub, SendToSlot, VisitPoint
from tests.explorer.panels.stage import BUNDLED, Stage, colour, drawn, grid_point, info, pictures, ready, run_opened

LEFT = Qt.MouseButton.LeftButton
RUN = "runs/one"


@pytest.fixture
def panel(put: Callable[[type[Panel]], Panel]) -> SamplesPanel:
    made = put(SamplesPanel)
    assert isinstance(made, SamplesPanel)
    return made


@pytest.fixture
def running(panel: SamplesPanel, stage: Stage) -> SamplesPanel:
    """A run that has drawn its third grid."""
    stage.tell(ready(), run_opened(RUN, (0, 100), (0, 100), training=True))
    stage.tell(grid(200))
    stage.posted.clear()
    return panel


def grid(step: int, channel: str = "", number: int = 0, path: str = RUN) -> GridDrawn:
    return GridDrawn(path, step, pictures([(step, k) for k in range(9)]), channel, number)


def pairs(step: int, channel: str = "", number: int = 0) -> GridDrawn:
    of = [each for k in range(8) for each in (("data", k), ("made", step, k))]
    return GridDrawn(RUN, step, pictures(of), channel, number, "reconstructions")


def shown(panel: SamplesPanel, index: int = 0) -> tuple[int, ...]:
    picture = panel._grid.picture(index)
    assert picture is not None
    return tuple(int(value) for value in picture[0, 0])


def test_stored_samples_are_there_before_the_engine(
    put: Callable[[type[Panel]], Panel], stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(samples, "stored_samples", lambda: pictures(range(64)))
    panel = put(SamplesPanel)
    assert panel._grid.count() == 36
    assert "stored" in panel._caption.text().lower()
    stage.tell(ready(), engine.SnapshotOpened(info()))
    stage.answer()
    assert "40\u2009000" in panel._caption.text()


def test_before_a_run_it_shows_the_explored_model(panel: SamplesPanel, stage: Stage) -> None:
    stage.tell(ready(), engine.SnapshotOpened(info()))
    (request,) = stage.of(DrawPoints)
    assert (request.snapshot, len(request.points)) == (BUNDLED, 36)
    stage.tell(drawn(request))
    assert shown(panel, 7) == colour(grid_point(7))
    assert "40\u2009000" in panel._caption.text()


def test_the_newest_grid_follows_the_training(running: SamplesPanel, stage: Stage) -> None:
    assert shown(running) == colour((200, 0))
    stage.tell(grid(300))
    assert shown(running) == colour((300, 0))
    assert "step 300" in running._caption.text()
    stage.tell(grid(999, path="runs/other"))
    assert shown(running) == colour((300, 0))


def test_the_scrubber_shows_the_grid_of_its_step(running: SamplesPanel, stage: Stage) -> None:
    stage.tell(Scrub(120))
    (request,) = stage.of(ReadGrid)
    assert (request.path, request.step) == (RUN, 120)
    stage.tell(grid(300))  # the training goes on
    assert shown(running) == colour((200, 0))
    stage.tell(grid(100, request.channel, request.number))
    assert shown(running) == colour((100, 0))
    stage.tell(Scrub(None))
    assert shown(running) == colour((300, 0))


def test_an_older_answer_to_the_scrubber_is_dropped(running: SamplesPanel, stage: Stage) -> None:
    stage.tell(Scrub(10))
    stage.tell(Scrub(100))
    first, second = stage.of(ReadGrid)
    stage.tell(grid(100, second.channel, second.number), grid(0, first.channel, first.number))
    assert shown(running) == colour((100, 0))


def test_an_opened_run_shows_its_last_grid(panel: SamplesPanel, stage: Stage) -> None:
    stage.tell(ready(), run_opened(RUN, (0, 100)))
    (request,) = stage.of(ReadGrid)
    assert request.step == 100


def test_two_steps_are_compared_by_a_wipe(running: SamplesPanel, stage: Stage) -> None:
    running._compare.setChecked(True)
    (request,) = stage.of(ReadGrid)
    assert request.step == 0
    stage.tell(grid(0, request.channel, request.number))
    second = running._grid.second()
    assert shown(running) == colour((0, 0))
    assert second is not None
    assert tuple(second[0, 0, 0]) == colour((200, 0))
    running._compare.setChecked(False)
    assert shown(running) == colour((200, 0))
    assert running._grid.second() is None


def test_a_click_sends_and_a_double_click_visits(running: SamplesPanel, stage: Stage, qtbot: QtBot) -> None:
    running._click.setInterval(1)
    running._slot.setCurrentIndex(running._slot.findData("B"))
    place = running._grid.cell(3).center().toPoint()
    QTest.mouseClick(running._grid, LEFT, pos=place)
    qtbot.waitUntil(lambda: bool(stage.acted), timeout=2000)
    assert stage.acted == [SendToSlot(grid_point(3), "B")]
    stage.acted.clear()
    running._click.setInterval(60_000)
    QTest.mouseClick(running._grid, LEFT, pos=place)
    QTest.mouseDClick(running._grid, LEFT, pos=place)
    assert stage.acted == [VisitPoint(grid_point(3))]
    assert not running._click.isActive()


def test_letters_send_at_once(running: SamplesPanel, stage: Stage) -> None:
    running._grid.set_index(4)
    QTest.keyClick(running._grid, Qt.Key.Key_C)
    assert stage.acted == [SendToSlot(grid_point(4), "C")]


def test_the_menu_sends_too(running: SamplesPanel, stage: Stage) -> None:
    menu = running.make_menu(2)
    menu.triggered.emit(menu.actions()[1])
    menu.triggered.emit(menu.actions()[0])
    menu.deleteLater()
    assert stage.acted == [SendToSlot(grid_point(2), "A"), VisitPoint(grid_point(2))]


def test_samples_of_a_run_that_is_not_explored_offer_to_explore_it(running: SamplesPanel, stage: Stage) -> None:
    stage.tell(ChooseSnapshot(BUNDLED))
    assert running._explore.isVisible()
    QTest.mouseClick(running._explore, LEFT)
    assert stage.acted[-1] == ChooseSnapshot("live")
    assert not running._explore.isVisible()


def test_points_are_a_scatter(panel: SamplesPanel, stage: Stage) -> None:
    stage.tell(ready(), run_opened(RUN))
    points = np.random.default_rng(0).normal(size=(50, 2)).astype(np.float32)
    stage.tell(GridDrawn(RUN, 10, points))
    assert panel._stack.currentWidget() is panel._points
    assert panel._points.count() == 50


def test_points_are_seen_on_the_range_of_the_data(panel: SamplesPanel, stage: Stage) -> None:
    stage.tell(ready(), run_opened(RUN))
    collapsed = np.full((50, 2), 0.5, np.float32)
    collapsed[0] = 40.0
    stage.tell(GridDrawn(RUN, 10, collapsed))
    (request,) = stage.of(engine.ReadDataPage)
    assert (request.data, request.start, request.count) == (stage.state.run.data, 0, 1000)
    page = np.array([[-2, -1], [2, 1]], np.float32)
    rows = ({}, {})
    stage.tell(engine.DataPage(request.channel, request.number, request.data, 0, 2, page, rows))
    (x, y) = panel._points.extent()
    assert x == pytest.approx((-2.8, 2.8))
    assert y == pytest.approx((-1.4, 1.4))
    assert panel._points.outside() == 1
    stage.tell(GridDrawn(RUN, 20, collapsed))
    assert len(stage.of(engine.ReadDataPage)) == 1


def test_a_saved_scatter_says_how_to_make_it_again(panel: SamplesPanel, stage: Stage) -> None:
    stage.tell(ready(), run_opened(RUN))
    stage.tell(GridDrawn(RUN, 10, np.zeros((50, 2), np.float32)))
    saved = panel.save_picture()
    assert saved is not None
    image, facts = saved
    words = shlex.split(facts["latent-explorer:command"])[3:]
    assert words == ["sample", "--snapshot", "run:runs/one@10", "--count", "50", "--scatter", "--stored"]
    assert len(json.loads(facts["latent-explorer:recipe"])) == 50
    assert image.width() > 100


def test_a_saved_grid_says_how_to_make_it_again(running: SamplesPanel) -> None:
    saved = running.save_picture()
    assert saved is not None
    image, facts = saved
    words = shlex.split(facts["latent-explorer:command"])
    assert words[3:6] == ["sample", "--snapshot", "run:runs/one@200"]
    assert "--stored" in words
    assert words.count("--point") == 9
    assert len(json.loads(facts["latent-explorer:recipe"])) == 9
    assert image.width() == 3 * 9 - 1


def test_a_run_in_the_trash_gives_way_to_what_is_explored(running: SamplesPanel, stage: Stage) -> None:
    stage.tell(engine.SnapshotOpened(info()))
    stage.tell(engine.RunTrashed(RUN, "/trash/one"))
    (request,) = stage.of(engine.DrawPoints)[-1:]
    assert request.snapshot == stage.state.explored
    stage.answer()
    assert "draws" in running._caption.text()
    assert "one" not in running._caption.text()


def test_what_was_sent_is_forgotten_with_its_model(panel: SamplesPanel, stage: Stage) -> None:
    stage.tell(ready(), engine.SnapshotOpened(info()))
    stage.answer()
    panel._send(2, "")
    assert dict(panel._grid._marks) == {2: "A"}
    assert "slot A" in panel._said.text()
    stage.tell(run_opened(RUN, (0,), (0,), training=True), grid(0))
    assert dict(panel._grid._marks) == {}
    assert panel._said.text() == ""


@pytest.fixture
def codec(panel: SamplesPanel, stage: Stage) -> SamplesPanel:
    """A run of a model without a latent space that has drawn its third grid."""
    opened = dataclasses.replace(run_opened(RUN, (0, 100), (0, 100), training=True), grid_kinds=("reconstructions",))
    stage.tell(ready(), opened, pairs(200))
    stage.posted.clear()
    return panel


def test_a_model_without_draws_shows_pictures_beside_their_reconstructions(codec: SamplesPanel, stage: Stage) -> None:
    assert (shown(codec, 2), shown(codec, 3)) == (colour(("data", 1)), colour(("made", 200, 1)))
    assert codec._grid.columns() % 2 == 0
    assert codec._grid.cell(2).left() - codec._grid.cell(1).right() > 1
    assert "8 pictures" in codec._caption.text()
    assert not codec._kinds.isVisible()
    stage.tell(pairs(300))
    assert shown(codec, 3) == colour(("made", 300, 1))


def test_reconstructions_are_scrubbed_and_compared(codec: SamplesPanel, stage: Stage) -> None:
    stage.tell(Scrub(100))
    (request,) = stage.of(ReadGrid)
    assert request.kind == "reconstructions"
    stage.tell(pairs(100, request.channel, request.number))
    assert shown(codec, 3) == colour(("made", 100, 1))
    codec._compare.setChecked(True)
    request = stage.of(ReadGrid)[-1]
    assert (request.step, request.kind) == (0, "reconstructions")
    stage.tell(pairs(0, request.channel, request.number))
    assert shown(codec, 3) == colour(("made", 0, 1))


def test_a_reconstruction_is_sent_nowhere(codec: SamplesPanel, stage: Stage) -> None:
    assert not codec._slot.isVisible()
    codec._click.setInterval(0)
    QTest.mouseClick(codec._grid, LEFT, pos=codec._grid.cell(3).center().toPoint())
    QTest.mouseDClick(codec._grid, LEFT, pos=codec._grid.cell(3).center().toPoint())
    QTest.keyClick(codec._grid, Qt.Key.Key_B)
    assert not codec._click.isActive()
    assert stage.acted == []
    stage.tell(run_opened("runs/gan", (0,)))
    request = stage.of(ReadGrid)[-1]
    stage.tell(grid(0, request.channel, request.number, "runs/gan"))
    assert codec._slot.isVisible()


def test_saved_reconstructions_say_how_to_make_them_again(codec: SamplesPanel) -> None:
    saved = codec.save_picture()
    assert saved is not None
    words = shlex.split(saved[1]["latent-explorer:command"])[3:]
    assert words[:7] == ["sample", "--snapshot", "run:runs/one@200", "--stored", "--kind", "reconstructions", "--count"]
    assert words[7] == "16"


def test_a_model_of_both_kinds_offers_the_choice(panel: SamplesPanel, stage: Stage) -> None:
    opened = dataclasses.replace(run_opened(RUN, (0, 100), training=True), grid_kinds=())
    stage.tell(ready(), opened, grid(200), pairs(200))
    assert panel._kinds.isVisible()
    assert panel._kinds.currentData() == "samples"
    assert shown(panel, 1) == colour((200, 1))
    panel._kinds.setCurrentIndex(1)
    panel._kinds.activated.emit(1)
    assert shown(panel, 1) == colour(("made", 200, 0))
    stage.tell(grid(300), pairs(300))
    assert shown(panel, 1) == colour(("made", 300, 0))
    stage.tell(Scrub(100))
    assert stage.of(ReadGrid)[-1].kind == "reconstructions"


def test_what_draws_no_samples_says_where_to_look(panel: SamplesPanel, stage: Stage) -> None:
    stage.tell(ready(), engine.SnapshotOpened(info(latent=None, capabilities=("reconstructor", "codec"))))
    assert panel._grid.count() == 0
    assert "Compare" in panel._grid._text
