"""The hand in latent space: drag, sliders, directions, key frames, and what moves by itself."""

from __future__ import annotations

import dataclasses
import json
import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

import engine
from engine import DirectionFacts, DrawPoints, DrawWalk, Move, Point, point_from_plain
from explorer.keyframes import EXPORT
from explorer.motion import TICK_TRAINING_MS
from explorer.panel import Panel
from explorer.panels.latent import LatentPanel
from explorer.state import ChooseSnapshot, Scrub, SendToSlot, VisitPoint
from tests.explorer.panels.stage import BUNDLED, Stage, Z, colour, drawn, grid_point, info, latents, ready, run_opened

LEFT = Qt.MouseButton.LeftButton
FOUND = (
    DirectionFacts("sefa:0", "SeFa 1", "sefa", share=0.2),
    DirectionFacts("pca:0", "PCA 1", "pca", share=0.3),
    DirectionFacts("pca:1", "PCA 2", "pca", share=0.1),
    DirectionFacts("glasses=round", "glasses: round", "attribute", alignment=0.9, cohen_d=2.5),
)


@pytest.fixture
def started(put: Callable[[type[Panel]], Panel], stage: Stage) -> LatentPanel:
    """A panel at the first launch: the picture moves."""
    panel = put(LatentPanel)
    assert isinstance(panel, LatentPanel)
    stage.tell(ready())
    stage.tell(engine.SnapshotOpened(info()))
    stage.answer()
    return panel


@pytest.fixture
def panel(started: LatentPanel, stage: Stage) -> LatentPanel:
    """The same with directions known, standing still at the first place."""
    started.play(False)
    stage.tell(VisitPoint(grid_point(5)))
    stage.tell(engine.DirectionsFound(BUNDLED, FOUND))
    stage.answer()
    stage.undo.clear()
    return started


def asked(stage: Stage) -> Point:
    """The place that was asked for last."""
    return next(c for c in reversed(stage.of(DrawPoints)) if c.channel == "latent.picture").points[0]


def shown(panel: LatentPanel) -> tuple[int, int, int]:
    image = panel._view.canvas.image()
    assert image is not None
    pixel = image.pixelColor(0, 0)
    return pixel.red(), pixel.green(), pixel.blue()


def drag(panel: LatentPanel, dx: int, dy: int) -> None:
    canvas, start = panel._view.canvas, QPoint(200, 200)
    QTest.mousePress(canvas, LEFT, pos=start)
    for part in (1, 2, 3, 4):
        QTest.mouseMove(canvas, start + QPoint(dx, dy) * part / 4)
    QTest.mouseRelease(canvas, LEFT, pos=start + QPoint(dx, dy))


# ------------------------------------------------------------ motion


def test_the_first_picture_moves_until_a_hand_touches_it(started: LatentPanel, stage: Stage) -> None:
    assert started.moving()
    places = []
    for _ in range(5):
        started._motion.tick()
        places.append(asked(stage).x)
        stage.answer()
    assert places == sorted(set(places))
    assert stage.undo.count() == 0
    QTest.mousePress(started._view.canvas, LEFT, pos=QPoint(200, 200))
    assert not started.moving()
    assert started.point().x == places[-1]
    QTest.mouseRelease(started._view.canvas, LEFT, pos=QPoint(200, 200))


def test_it_waits_for_a_picture_before_it_asks_for_the_next(started: LatentPanel, stage: Stage) -> None:
    for _ in range(5):
        started._motion.tick()
    assert len([c for c in stage.of(DrawPoints) if c.channel == "latent.picture"]) == 1


def test_it_rests_while_it_is_hidden_and_slows_down_for_training(started: LatentPanel, stage: Stage) -> None:
    assert started._motion.ticks()
    started.hide()
    assert not started._motion.ticks()
    started.show()
    assert started._motion.ticks()
    stage.tell(engine.TrainState("runs/one", "running", 10))
    assert started._motion.interval() == TICK_TRAINING_MS


# ------------------------------------------------------------ the hand


def test_a_drag_walks_on_the_plane_and_is_one_step(panel: LatentPanel, stage: Stage) -> None:
    drag(panel, 120, -60)
    point = asked(stage)
    assert point == panel.point()
    assert point.x < 5  # the picture on the left was pulled in
    assert point.y > 0
    assert stage.undo.count() == 1
    stage.undo.undo()
    assert panel.point() == grid_point(5)
    stage.answer()
    assert shown(panel) == colour(grid_point(5))


def test_older_answers_and_other_snapshots_are_dropped(panel: LatentPanel, stage: Stage) -> None:
    panel.new_latent()
    panel.new_latent()
    older, newer = [c for c in stage.of(DrawPoints) if c.channel == "latent.picture"]
    stage.tell(drawn(newer), drawn(older))
    assert shown(panel) == colour(panel.point())
    stage.tell(drawn(DrawPoints("latent.picture", 9999, "live", (Point(seed=1),))))
    assert shown(panel) == colour(panel.point())


def test_a_coordinate_is_shown_and_can_be_set(panel: LatentPanel, stage: Stage) -> None:
    z_NZ = latents([grid_point(5)])
    slider = panel._controls.coordinates().slider("3")
    assert slider is not None
    assert slider.value() == pytest.approx(float(z_NZ[0, 3]), abs=1e-6)
    slider.editStarted.emit()
    slider.setValue(1.5)
    slider.setValue(2.0)
    slider.editFinished.emit()
    assert asked(stage).edits == ((3, 2.0),)
    stage.answer()
    assert slider.value() == 2.0
    stage.undo.undo()
    assert panel.point().edits == ()


def test_directions_are_listed_attributes_first_and_move_the_point(panel: LatentPanel, stage: Stage) -> None:
    assert panel._controls.directions().page_keys() == ("glasses=round", "pca:0", "pca:1", "sefa:0")
    slider = panel._controls.directions().slider("glasses=round")
    assert slider is not None
    assert "alignment 0.90" in slider.toolTip()
    slider.setValue(1.5)
    assert asked(stage).moves == (Move("glasses=round", 1.5),)
    slider.setValue(0.0)
    assert asked(stage).moves == ()


def test_a_new_latent_keeps_directions(panel: LatentPanel, stage: Stage) -> None:
    panel._controls.move_along("pca:0", 2.0)
    panel._controls.set_coordinate("1", 1.0)
    panel.new_latent()
    assert asked(stage).moves == (Move("pca:0", 2.0),)
    assert asked(stage).edits == ()
    assert asked(stage).seed != engine.GRID_SEED
    panel._controls.clear_edits()
    assert asked(stage).moves == ()


def test_a_visited_place_off_the_plane_is_dragged_along_two_directions(panel: LatentPanel, stage: Stage) -> None:
    stage.tell(VisitPoint(Point(z=(0.5,) * Z)))
    assert not panel._controls.plane().isEnabled()
    drag(panel, 100, 0)
    point = asked(stage)
    assert point.z == (0.5,) * Z
    assert [move.direction for move in point.moves] == ["pca:0"]
    assert point.moves[0].amount > 0


def test_moves_that_a_snapshot_does_not_know_are_left_out(panel: LatentPanel, stage: Stage) -> None:
    panel._controls.move_along("pca:0", 2.0)
    stage.tell(run_opened(grids=(0, 100), snapshots=(0, 100)), Scrub(100))
    request = stage.of(DrawPoints)[-1]
    assert request.snapshot == "run:runs/one@100"
    assert request.points[0].moves == ()
    assert panel.point().moves == (Move("pca:0", 2.0),)


def test_directions_are_looked_for_after_a_while(started: LatentPanel, stage: Stage, qtbot: QtBot) -> None:
    started._directions._find_soon.setInterval(0)
    stage.tell(ChooseSnapshot("bundled:other"))
    qtbot.waitUntil(lambda: bool(stage.of(engine.FindDirections)), timeout=2000)
    assert stage.of(engine.FindDirections)[-1].snapshot == "bundled:other"
    assert engine.OpenSnapshot("bundled:other") in stage.posted


def test_a_failure_says_why_and_the_picture_stays(panel: LatentPanel, stage: Stage) -> None:
    before = shown(panel)
    stage.tell(engine.Failed("Drawing", "There is no direction 'pca:0'.", channel="latent.picture"))
    assert panel._caption.text() == "There is no direction 'pca:0'."
    assert shown(panel) == before


def test_a_conditional_model_offers_its_values(panel: LatentPanel, stage: Stage) -> None:
    stage.tell(engine.SnapshotOpened(info("bundled:digits", conditions={"label": ("0", "1")})))
    stage.tell(ChooseSnapshot("bundled:digits"))
    chooser = panel._controls.conditions()._lists["label"]
    chooser.setCurrentIndex(2)
    chooser.activated.emit(2)
    assert asked(stage).condition == (("label", "1"),)


def test_points_show_where_the_sample_lands(panel: LatentPanel, stage: Stage) -> None:
    stage.tell(engine.SnapshotOpened(info("bundled:ring", shape=(2,), data=engine.DataRef("ring"))))
    stage.tell(ChooseSnapshot("bundled:ring"))
    for request in stage.of(DrawPoints):
        frame = drawn(request)
        place = frame.channel, frame.number, frame.snapshot, frame.step
        stage.tell(engine.Frame(*place, "points", frame.z_NZ[:, :2], frame.z_NZ, 1.0))
    assert panel._view.shows_points()
    assert panel._view.points.count() == 256
    assert panel._view.points.mark() is not None


# ------------------------------------------------------------ key frames


@pytest.fixture
def walking(panel: LatentPanel, stage: Stage) -> LatentPanel:
    """Three key frames: 5, 6, 7."""
    for k in (5, 6, 7):
        stage.tell(VisitPoint(grid_point(k)))
        panel._keys.add()
    stage.answer()
    return panel


def keys(panel: LatentPanel) -> list[float]:
    return [key.point.x for key in panel.path().frames]


def test_key_frames_are_added_moved_and_removed_with_undo(walking: LatentPanel, stage: Stage) -> None:
    assert keys(walking) == [5, 6, 7]
    assert walking._walk.key_grid().count() == 3
    walking._walk.move_key(2, 0)
    assert keys(walking) == [7, 5, 6]
    walking._walk.choose(1)
    QTest.keyClick(walking._walk, Qt.Key.Key_Delete)
    assert keys(walking) == [7, 6]
    stage.undo.undo()
    stage.undo.undo()
    assert keys(walking) == [5, 6, 7]


def test_a_path_plays_and_the_hand_goes_on_from_there(walking: LatentPanel, stage: Stage) -> None:
    walking.play(True)
    moments = []
    for _ in range(4):
        walking._motion.tick()
        moments.append(stage.of(DrawWalk)[-1].t)
        stage.answer()
    assert moments == sorted(set(moments))
    assert shown(walking) == colour(moments[-1])
    frame = walking._frame
    assert frame is not None
    QTest.mousePress(walking._view.canvas, LEFT, pos=QPoint(200, 200))
    assert walking.point().z == tuple(frame.z_NZ[0].tolist())
    QTest.mouseRelease(walking._view.canvas, LEFT, pos=QPoint(200, 200))


def test_the_time_slider_looks_at_one_moment(walking: LatentPanel, stage: Stage) -> None:
    walking._walk.time_slider().setValue(0.25)
    assert stage.of(DrawWalk)[-1].t == 0.25
    assert not walking.moving()
    stage.answer()
    saved = walking.save_picture()
    assert saved is not None
    (plain,) = json.loads(saved[1]["latent-explorer:recipe"])
    assert point_from_plain(plain).z == pytest.approx(latents([0.25])[0].tolist())


def test_an_open_path_ends(walking: LatentPanel, stage: Stage) -> None:
    walking._walk.set_loop(False)
    walking.play(True)
    walking._motion.t = 0.999
    walking._motion.tick()
    assert not walking.moving()
    assert stage.of(DrawWalk)[-1].t == 1.0


def test_a_walk_is_exported_with_progress_and_cancel(walking: LatentPanel, stage: Stage, tmp_path: Path) -> None:
    walking._keys.export_to(str(tmp_path / "walk.mp4"))
    assert not stage.of(engine.ExportWalk)
    assert ".gif" in walking._walk.said()
    walking._keys.export_to(str(tmp_path / "walk.webp"))
    (export,) = stage.of(engine.ExportWalk)
    assert (export.job, export.walk, export.scale) == (EXPORT, walking.path(), 32)
    stage.tell(engine.JobProgress(EXPORT, "Writing walk.webp", 8, 72, 3.0))
    assert walking._walk._cancel.isVisible()
    QTest.mouseClick(walking._walk._cancel, LEFT)
    assert engine.CancelJob(EXPORT) in stage.posted
    stage.tell(engine.JobCancelled(EXPORT))
    assert walking._walk.said() == "Stopped; no file was written."
    assert not walking._walk._cancel.isVisible()


# ------------------------------------------------------------ sending on


def test_the_place_can_be_sent_to_a_slot(panel: LatentPanel, stage: Stage) -> None:
    menu = panel.make_menu()
    menu.triggered.emit(menu.actions()[1])
    menu.deleteLater()
    assert stage.acted[-1] == SendToSlot(grid_point(5), "B")


def test_a_saved_picture_says_how_to_make_it_again(panel: LatentPanel) -> None:
    saved = panel.save_picture()
    assert saved is not None
    words = shlex.split(saved[1]["latent-explorer:command"])
    assert words == ["python", "-m", "engine", "sample", "--snapshot", BUNDLED, "--point", "0:5,0", "--scale", "1"]


def test_a_saved_scatter_marks_the_point(panel: LatentPanel, stage: Stage) -> None:
    stage.tell(ChooseSnapshot("run:a@5"), engine.SnapshotOpened(info("run:a@5", shape=(2,))))
    stage.posted.clear()
    cloud = engine.Frame(
        "latent.cloud", 10_000, "run:a@5", 5, "points", np.zeros((9, 2), np.float32), latents([0]), 1.0
    )
    place = dataclasses.replace(cloud, channel="latent.picture", samples=np.ones((1, 2), np.float32))
    stage.tell(cloud, place)
    saved = panel.save_picture()
    assert saved is not None
    words = shlex.split(saved[1]["latent-explorer:command"])[3:]
    assert words == ["sample", "--snapshot", "run:a@5", "--count", "9", "--mark", '{"x":5.0}', "--scatter"]


def test_live_weights_are_drawn_again(panel: LatentPanel, stage: Stage) -> None:
    stage.tell(ChooseSnapshot("live"), engine.SnapshotOpened(info("live")))
    stage.posted.clear()
    stage.tell(engine.LiveChanged("/runs/a", 100))
    assert stage.of(DrawPoints)[-1].snapshot == "live"


def test_a_session_brings_place_and_walk_back(walking: LatentPanel, stage: Stage) -> None:
    walking._controls.set_coordinate("2", 1.0)
    kept = json.loads(json.dumps(walking.remember()))
    point, path = walking.point(), walking.path()
    stage.undo.setIndex(0)
    assert walking.path() != path
    walking.recall(kept)
    assert (walking.point(), walking.path()) == (point, path)
    walking.recall({"path": {"frames": [{}]}})
    assert "not a walk" in walking._caption.text()
    assert walking.path() == path


def test_a_picture_moved_along_an_own_direction_keeps_its_latent(panel: LatentPanel, stage: Stage) -> None:
    stage.tell(engine.DirectionsKept(BUNDLED, (DirectionFacts("mine", "mine", "own"),)))
    panel._controls.move_along("mine", 2.0)
    stage.answer()
    saved = panel.save_picture()
    assert saved is not None
    (plain,) = json.loads(saved[1]["latent-explorer:recipe"])
    assert panel._frame is not None
    assert point_from_plain(plain).moves == ()
    assert point_from_plain(plain).z == pytest.approx(panel._frame.z_NZ[0].tolist())


def test_own_directions_stand_first_with_their_step_and_are_removed_with_undo(panel: LatentPanel, stage: Stage) -> None:
    own = DirectionFacts("own:smile@1000", "smile", "own", made_at=1000)
    stage.tell(engine.DirectionsKept("run:a", (own,)))
    assert own.name not in panel._controls.directions().page_keys()
    stage.tell(ChooseSnapshot("run:a@2000"), engine.SnapshotOpened(info("run:a@2000")))
    bank = panel._controls.directions()
    assert bank.page_keys() == (own.name,)
    assert bank.slider(own.name).accessibleName() == "smile, step 1\u2009000"
    panel._controls.move_along(own.name, 2.0)
    assert asked(stage).moves == (Move(own.name, 2.0),)

    bank.removal(own.name).click()
    assert stage.of(engine.KeepDirection) == [engine.KeepDirection("run:a", own.name, kept=False)]
    stage.tell(engine.DirectionsKept("run:a", ()))
    assert bank.page_keys() == ()
    assert asked(stage).moves == ()
    stage.undo.undo()
    assert stage.of(engine.KeepDirection)[-1] == engine.KeepDirection("run:a", own.name, kept=True)
    stage.tell(engine.DirectionsKept("run:a", (own,)))
    assert bank.page_keys() == (own.name,)
    assert asked(stage).moves == (Move(own.name, 2.0),)


def test_own_directions_of_the_live_run_are_those_of_its_snapshots(panel: LatentPanel, stage: Stage) -> None:
    own = DirectionFacts("own:smile@10", "smile", "own", made_at=10)
    stage.tell(engine.LiveChanged("a", 20), engine.SnapshotOpened(info("live")), ChooseSnapshot("live"))
    stage.tell(engine.DirectionsKept("run:a", (own,)))
    assert panel._controls.directions().page_keys() == (own.name,)
    stage.tell(engine.LiveChanged("b", 0))
    assert panel._controls.directions().page_keys() == ()


def test_own_directions_do_not_stand_in_for_a_search(started: LatentPanel, stage: Stage, qtbot: QtBot) -> None:
    stage.tell(engine.DirectionsKept("bundled:other", (DirectionFacts("own:mine", "mine", "own"),)))
    started._directions._find_soon.setInterval(0)
    stage.tell(ChooseSnapshot("bundled:other"), engine.SnapshotOpened(info("bundled:other")))
    qtbot.waitUntil(lambda: bool(stage.of(engine.FindDirections)), timeout=2000)


def test_in_a_narrow_place_the_controls_lie_below_the_picture(panel: LatentPanel) -> None:
    assert panel._split.orientation() == Qt.Orientation.Horizontal
    panel.window().resize(380, 820)
    assert panel.width() < 400
    assert panel._split.orientation() == Qt.Orientation.Vertical
    panel.window().resize(900, 820)
    assert panel._split.orientation() == Qt.Orientation.Horizontal
