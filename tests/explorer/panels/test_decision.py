"""The Decision panel: D over a line, over a plane, and under pictures; asked for at a bounded pace."""

from __future__ import annotations

import itertools
import json
import shlex
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

import engine
from engine import DataRef
from explorer.panel import Panel
from explorer.panels.decision import DecisionPanel, score_texts
from explorer.panels.decision_subject import subject_of
from explorer.state import ChooseSnapshot, Scrub
from explorer.theme import Theme, colours
from explorer.widgets.decision_plane import sample_color
from explorer.widgets.field_drawing import best_where_known, readout
from tests.explorer.panels.stage import BUNDLED, Stage, info, pictures, ready, run_facts

RUN = "runs/one"
MIXTURE = DataRef("mixture")
ANGLES = np.arange(8) * np.pi / 4
CENTRES = 2 * np.stack((np.cos(ANGLES), np.sin(ANGLES)), 1)


def blobs(count: int, modes: int = 8, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (CENTRES[rng.integers(modes, size=count)] + rng.normal(0, 0.12, (count, 2))).astype(np.float32)


def decision(dims: int, number: int, snapshot: str = engine.LIVE, modes: int = 8, step: int = 100) -> engine.Decision:
    shape = (32,) * dims
    reals = blobs(600)[:, :dims]
    samples = blobs(600, modes, 1)[:, :dims]
    return engine.Decision(
        channel="decision",
        number=number,
        snapshot=snapshot,
        step=step,
        extent=((-3.0, 3.0),) * dims,
        p_data=np.linspace(0, 1, 32**dims, dtype=np.float32).reshape(shape),
        p_g=np.linspace(1, 0, 32**dims, dtype=np.float32).reshape(shape),
        d=np.full(shape, 0.4, np.float32),
        d_star=np.linspace(0, 1, 32**dims, dtype=np.float32).reshape(shape),
        gradient=np.ones((*shape, dims), np.float32),
        reals_ND=reals,
        samples_ND=samples,
        z_NZ=np.random.default_rng(0).normal(size=(600, 1)).astype(np.float32),
        value=-1.2,
    )


def points_run(dims: int = 2, **changes: Any) -> engine.RunOpened:
    data = MIXTURE if dims == 2 else DataRef("gaussian-1d")
    facts = run_facts(RUN, data=data, shape=(dims,), family="gan_2014", **changes)
    return engine.RunOpened(facts, True, {}, (), (0, 100, 200), (0, 200))


def live(dims: int = 2, **changes: Any) -> engine.SnapshotOpened:
    data = MIXTURE if dims == 2 else DataRef("gaussian-1d")
    values = {"family": "gan_2014", "shape": (dims,), "data": data, "critic_scale": "probability", **changes}
    return engine.SnapshotOpened(info(engine.LIVE, **values))


@pytest.fixture
def panel(put: Callable[[type[Panel]], Panel]) -> DecisionPanel:
    made = put(DecisionPanel)
    assert isinstance(made, DecisionPanel)
    return made


def command_of(facts: dict[str, str]) -> list[str]:
    """The words of the command line in a saved picture, without "python -m engine"."""
    return shlex.split(facts["latent-explorer:command"])[3:]


def ask(panel: DecisionPanel) -> None:
    """What the timer does when it is due."""
    panel._pace.stop()
    panel._ask()


def asked(stage: Stage, kind: type) -> Any:
    return stage.of(kind)[-1]


def test_an_empty_panel_says_what_would_fill_it(panel: DecisionPanel) -> None:
    assert "Space" in panel._empty.text()
    assert panel.save_picture() is None


def test_a_run_on_points_is_shown_unasked(panel: DecisionPanel, stage: Stage) -> None:
    stage.tell(ready(), engine.SnapshotOpened(info(BUNDLED)), points_run(), live())
    ask(panel)
    request = asked(stage, engine.DrawDecision)
    assert (request.channel, request.snapshot, request.data) == ("decision", engine.LIVE, MIXTURE)
    stage.tell(decision(2, request.number))
    assert panel._views.currentWidget() is panel._plane
    assert panel._value.text() == "V(G, D) = \u22121.200"
    assert "modes covered: 8 of 8" in panel._numbers.text()


def test_a_collapse_is_said_in_numbers(panel: DecisionPanel, stage: Stage) -> None:
    stage.tell(points_run(), live())
    ask(panel)
    stage.tell(decision(2, asked(stage, engine.DrawDecision).number, modes=2))
    assert "modes covered: 2 of 8" in panel._numbers.text()
    before = panel._plane.grab().toImage()
    panel._parts["modes"].setChecked(False)
    assert panel._plane.grab().toImage() != before
    panel.reset_view()
    assert panel._plane.grab().toImage() == before


def test_another_snapshot_can_be_chosen_while_points_train(panel: DecisionPanel, stage: Stage) -> None:
    stage.tell(ready(), engine.SnapshotOpened(info(BUNDLED)), points_run(), live())
    panel._choose(BUNDLED)
    assert panel._subject is not None
    assert panel._subject.snapshot == BUNDLED
    panel._choose(engine.LIVE)
    assert panel._subject.snapshot == engine.LIVE


def test_it_asks_again_for_new_weights_one_request_at_a_time(panel: DecisionPanel, stage: Stage) -> None:
    stage.tell(points_run(), live())
    ask(panel)
    for step in (10, 20, 30):
        stage.tell(engine.LiveChanged("/runs/a", step))
        ask(panel)
    assert len(stage.of(engine.DrawDecision)) == 1
    stage.tell(decision(2, asked(stage, engine.DrawDecision).number))
    assert panel._pace.isActive()
    assert 0 <= panel._pace.interval() <= 100  # at most ten a second
    ask(panel)
    assert len(stage.of(engine.DrawDecision)) == 2


def test_a_run_on_points_that_ended_stays_until_something_else_is_chosen(panel: DecisionPanel, stage: Stage) -> None:
    stage.tell(ready(), engine.SnapshotOpened(info(BUNDLED)), points_run(), live())
    ask(panel)
    stage.tell(decision(2, asked(stage, engine.DrawDecision).number))
    stage.tell(engine.SnapshotSaved(RUN, (0, 200, 300)), engine.TrainState(RUN, "ended", 300))
    assert panel._views.currentWidget() is panel._plane
    ask(panel)
    assert asked(stage, engine.DrawDecision).snapshot == engine.run_snapshot(RUN, 300)
    assert panel._chooser.currentData() == engine.run_snapshot(RUN, 300)
    stage.act(ChooseSnapshot(BUNDLED))  # also by another panel
    assert panel._subject is not None
    assert panel._subject.snapshot == BUNDLED
    stage.act(ChooseSnapshot(engine.run_snapshot(RUN, 300)))
    assert panel._subject.dims == 2


def test_a_plane_names_what_lies_over_it(panel: DecisionPanel, stage: Stage) -> None:
    stage.tell(points_run(), live())
    ask(panel)
    stage.tell(decision(2, asked(stage, engine.DrawDecision).number, modes=2))
    assert panel._plane.legend() == (
        "data", "samples of G", "gradient of D at samples", "mode that G reaches", "mode that G misses",
    )  # fmt: skip
    panel._parts["modes"].setChecked(False)
    panel._parts["data"].setChecked(False)
    assert panel._plane.legend() == ("samples of G", "gradient of D at samples")


@pytest.mark.parametrize("dims", [1, 2])
def test_the_numbers_under_the_pointer_are_read_out(panel: DecisionPanel, stage: Stage, dims: int) -> None:
    stage.tell(points_run(dims), live(dims))
    ask(panel)
    given = decision(dims, asked(stage, engine.DrawDecision).number)
    stage.tell(given)
    view = panel._line if dims == 1 else panel._plane
    QApplication.processEvents()  # the note below takes its room
    before = view.grab().toImage()
    area = view._plot if dims == 1 else view.areas()[1]
    QTest.mouseMove(view, area.center().toPoint())
    assert view.grab().toImage() != before
    assert view._cell is not None
    assert all(abs(k - 15.5) <= 1 for k in view._cell)
    QTest.keyClick(view, Qt.Key.Key_Right)
    said = readout(given, view._cell)
    assert "D 0.400" in said
    assert f"D* {given.d_star[tuple(reversed(view._cell))]:.3f}" in said
    QTest.mouseMove(view, QPoint(1, 1))
    assert view._cell is None


def test_nobody_looks_nothing_is_asked(panel: DecisionPanel, stage: Stage) -> None:
    panel.window().hide()
    stage.tell(points_run(), live())
    stage.tell(engine.LiveChanged("/runs/a", 5))
    assert not panel._pace.isActive()
    panel.window().show()
    assert panel._pace.isActive()


def test_the_scrubber_moves_it_and_the_last_picture_stays(panel: DecisionPanel, stage: Stage) -> None:
    stage.tell(points_run(), live())
    ask(panel)
    stage.tell(decision(2, asked(stage, engine.DrawDecision).number))
    stage.act(Scrub(150))
    assert panel._views.currentWidget() is panel._plane
    ask(panel)
    assert asked(stage, engine.DrawDecision).snapshot == engine.run_snapshot(RUN, 0)
    stage.act(Scrub(250))
    stage.tell(decision(2, asked(stage, engine.DrawDecision).number, engine.run_snapshot(RUN, 0), step=0))
    assert "step 0" in panel._numbers.text()  # the hand went on, but what came is shown
    ask(panel)
    assert asked(stage, engine.DrawDecision).snapshot == engine.run_snapshot(RUN, 200)


def test_a_line_is_drawn_like_figure_1(panel: DecisionPanel, stage: Stage, theme: Theme) -> None:
    stage.tell(points_run(1), live(1))
    ask(panel)
    request = asked(stage, engine.DrawDecision)
    assert request.resolution >= 200
    stage.tell(decision(1, request.number))
    assert panel._views.currentWidget() is panel._line
    before = panel._line.grab().toImage()
    panel._parts["arrows"].setChecked(False)
    assert panel._line.grab().toImage() != before
    saved = panel.save_picture()
    assert saved is not None
    assert saved[1]["latent-explorer:snapshot"] == engine.LIVE
    assert command_of(saved[1]) == ["decision", "--snapshot", "live", "--count", "600", "--resolution", "32",
                                    "--hide", "arrows"]  # fmt: skip
    assert json.loads(saved[1]["latent-explorer:value"]) == -1.2


def test_numbers_that_are_not_finite_do_no_harm(panel: DecisionPanel, stage: Stage) -> None:
    for dims in (1, 2):
        stage.tell(points_run(dims), live(dims))
        ask(panel)
        broken = decision(dims, asked(stage, engine.DrawDecision).number)
        for field in (broken.d, broken.p_g, broken.gradient, broken.samples_ND):
            field[: len(field) // 2] = np.nan
        object.__setattr__(broken, "value", float("nan"))
        stage.tell(broken)
        assert not panel.grab().isNull()


def test_d_star_has_no_value_where_nothing_is() -> None:
    given = decision(2, 1)
    given.p_data[:4], given.p_g[:4] = 0.0, 0.0
    known = best_where_known(given)
    assert np.isnan(known[:4]).all()
    assert np.isfinite(known[4:]).all()


def picture_run(**changes: Any) -> engine.RunOpened:
    facts = run_facts(RUN, step=200, **changes)
    return engine.RunOpened(facts, True, {}, (), (0, 100, 200), (0, 200))


def scores(number: int, count: int, *, heat: bool = False) -> engine.Scores:
    logits = np.linspace(-2, 2, count, dtype=np.float32)
    saliency = np.random.default_rng(0).uniform(-1, 1, (count, 8, 8)).astype(np.float32) if heat else None
    peaks = np.full(count, 0.25, np.float32) if heat else None
    return engine.Scores("decision.scores", number, engine.LIVE, 200, logits, saliency, peaks)


@pytest.fixture
def scored(panel: DecisionPanel, stage: Stage) -> DecisionPanel:
    """The nine samples of a run, with their scores."""
    stage.tell(picture_run(), engine.SnapshotOpened(info(engine.LIVE, critic_scale="probability")))
    stage.act(ChooseSnapshot(engine.LIVE))
    stage.tell(engine.GridDrawn(RUN, 200, pictures(range(9))))
    ask(panel)
    request = asked(stage, engine.ScoreSamples)
    assert not request.saliency
    stage.tell(scores(request.number, len(request.samples)))
    return panel


def test_the_grid_of_a_run_is_scored(scored: DecisionPanel) -> None:
    assert len(scored._grid.texts()) == 9
    assert scored._grid.texts()[0] == "0.12"
    assert scored._grid.texts()[-1] == "0.88"
    assert "probability" in scored._note.text()


def test_a_chosen_sample_shows_where_d_looks(scored: DecisionPanel, stage: Stage) -> None:
    grid = scored._grid
    before = grid.grab().toImage()
    assert "Click one" in scored._note.text()
    QTest.mouseClick(grid, Qt.MouseButton.LeftButton, pos=grid.cell(4).center().toPoint())
    assert grid.index() == 4
    request = asked(stage, engine.ScoreSamples)
    assert request.saliency
    stage.tell(scores(request.number, 9, heat=True))
    assert grid.grab().toImage() != before
    assert grid.bar_labels() == ("\u22120.25", "0", "+0.25")
    assert "brightness" in scored._note.text()
    saved = scored.save_picture()
    assert saved is not None
    assert command_of(saved[1]) == ["decision", "--snapshot", "live", "--count", "9", "--grid", "200", "--look", "4"]
    assert json.loads(saved[1]["latent-explorer:scores"])[0] == -2.0
    QTest.keyClick(grid, Qt.Key.Key_Right)
    assert grid.index() == 5
    scored.reset_view()
    assert grid.index() == -1


def test_the_scrubber_chooses_the_grid_that_is_scored(scored: DecisionPanel, stage: Stage) -> None:
    stage.act(Scrub(100))
    ask(scored)
    request = asked(stage, engine.ReadGrid)
    assert (request.channel, request.step) == ("decision.grid", 100)
    stage.tell(engine.GridDrawn(RUN, 100, pictures(range(20, 29)), "decision.grid", request.number))
    assert asked(stage, engine.ScoreSamples).snapshot == engine.run_snapshot(RUN, 0)


def test_a_bundled_model_scores_its_own_samples_and_says_what_a_relativistic_score_is(
    panel: DecisionPanel, stage: Stage
) -> None:
    stage.tell(ready(), engine.SnapshotOpened(info(BUNDLED, critic_scale="difference")))
    ask(panel)
    request = asked(stage, engine.DrawPoints)
    frame = engine.Frame(
        request.channel, request.number, BUNDLED, 1, "points", pictures(range(36)), np.zeros((36, 12), np.float32), 1.0
    )
    stage.tell(frame)
    stage.tell(scores(asked(stage, engine.ScoreSamples).number, 36))
    assert panel._grid.texts()[0] == "\u22122.0"
    assert panel._grid.texts()[-1] == "+2.0"
    assert "differences" in panel._note.text()
    assert "Click one" in panel._note.text()
    assert "D of step 200" in panel._note.text()
    saved = panel.save_picture()
    assert saved is not None
    assert command_of(saved[1])[-2:] == ["--count", "36"]


def test_a_failure_is_told_and_the_next_change_asks_again(panel: DecisionPanel, stage: Stage) -> None:
    stage.tell(points_run(), live())
    ask(panel)
    stage.tell(engine.Failed("Drawing", "The data set is gone; open it again.", channel="decision"))
    assert panel._note.text() == "The data set is gone; open it again."
    stage.tell(engine.LiveChanged("/runs/a", 9))
    ask(panel)
    assert len(stage.of(engine.DrawDecision)) == 2


def test_facts_of_an_earlier_live_run_are_not_used(stage: Stage, panel: DecisionPanel) -> None:
    stage.tell(engine.SnapshotOpened(info(engine.LIVE, critic_scale="difference")))
    families = (engine.FamilyCard("gan_2014", "GAN", "", ("points",), ("latent", "critic"), (), (), "paper", {}),)
    stage.tell(engine.Ready(families, (), (), "cpu", 2, "home"), points_run())
    subject = subject_of(stage.state, engine.LIVE)
    assert subject is not None
    assert subject.lacks_facts
    assert subject.scale == "probability"
    ask(panel)
    assert asked(stage, engine.OpenSnapshot).snapshot == engine.LIVE


@pytest.mark.parametrize("size", [(420, 300), (900, 520), (420, 640), (1600, 900)])
def test_every_size_and_theme_can_be_painted(scored: DecisionPanel, theme: Theme, size: tuple[int, int]) -> None:
    scored._grid.choose(3)
    scored.window().resize(*size)
    for choice in ("dark", "light"):
        theme.choose(choice)
        assert not scored.grab().isNull()
    cells = [scored._grid.cell(k) for k in range(scored._grid.shown())]
    assert cells
    assert all(not a.intersects(b) for a, b in itertools.pairwise(cells))


@pytest.mark.parametrize("dims", [1, 2])
def test_dots_and_lines_grow_with_the_type(panel: DecisionPanel, stage: Stage, theme: Theme, dims: int) -> None:
    """What is drawn in the colour of the samples covers more of a picture of the same size."""
    stage.tell(points_run(dims), live(dims))
    ask(panel)
    stage.tell(decision(dims, asked(stage, engine.DrawDecision).number))
    view = panel._views.currentWidget()
    panel._show_menu.menu().actions()[2].setChecked(False)  # without arrows over them
    view.setFixedSize(900, 600)

    def inked() -> int:
        picture = view.grab().toImage()
        ink = sample_color(colours(view.palette())).rgb()
        return sum(picture.pixel(x, y) == ink for x in range(picture.width()) for y in range(picture.height()))

    small = inked()
    theme.set_scale(2.0)
    assert inked() > 1.25 * small > 0  # the fields are smaller, and dots hide each other


def test_score_texts() -> None:
    levels, texts = score_texts(np.array([0.0, np.nan, 3.0], np.float32), relative=False)
    assert texts == ("0.50", "NaN", "0.95")
    assert np.isnan(levels[1])
    assert score_texts(np.array([5.0, 6.0, 7.5], np.float32), relative=True)[1] == ("\u22121.0", "+0.0", "+1.5")
