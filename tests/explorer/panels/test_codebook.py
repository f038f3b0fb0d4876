"""The Codebook panel: whose book it shows, what it asks for, and how codes are mended and that is taken back."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

import engine
from engine import DataRef, Event
from explorer.panel import Panel
from explorer.panels.codebook import CodebookPanel
from explorer.state import ChooseSnapshot, Scrub
from explorer.widgets.code_book import numbers_of
from tests.explorer.panels.stage import Stage, info, run_facts

K = 16
RUN = "runs/one"
CARD = engine.FamilyCard(
    name="vqvae",
    title="VQ-VAE",
    help="",
    samples=("pictures",),
    capabilities=("reconstructor", "codec"),
    knobs=(),
    presets=(),
    best="",
    demo_data={},
)
USED = np.array([100, 50, 25, 0] * 4)


@pytest.fixture
def panel(put: Callable[[type[Panel]], Panel]) -> CodebookPanel:
    made = put(CodebookPanel)
    assert isinstance(made, CodebookPanel)
    return made


def begin(*, training: bool = True) -> list[Event]:
    """The engine is up, and a run with a codebook is open."""
    card = engine.BundledCard("vqvae-32", "Codes", "vqvae", "modern", "portraits", {})
    facts = run_facts(RUN, family="vqvae", data=DataRef("portraits", size=32))
    return [
        engine.Ready((CARD,), (), (card,), "cpu", 2, "home"),
        engine.RunOpened(facts, training, {}, (), (0, 100), (0, 100, 200), grid_kinds=("reconstructions",)),
    ]


def live_weights(step: int = 300) -> list[Event]:
    return [engine.LiveChanged(RUN, step), engine.SnapshotOpened(info(engine.LIVE, family="vqvae"))]


def counted(step: int = 300, window: np.ndarray = USED, **held: Any) -> engine.CodesCounted:
    flags = {f"{name}_K": np.isin(np.arange(K), held.get(name, ())) for name in ("frozen", "barred")}
    return engine.CodesCounted(RUN, step, np.stack((window, window // 5)), **flags)


def read(request: engine.ReadBook, usage: np.ndarray = USED) -> engine.BookRead:
    rng = np.random.default_rng(0)
    return engine.BookRead(
        channel=request.channel,
        number=request.number,
        snapshot=request.snapshot,
        step=300,
        map_K2=rng.uniform(-1, 1, (K, 2)).astype(np.float32),
        shares=(0.6, 0.3),
        chain_K=np.arange(K)[::-1].copy(),
        usage_K=usage,
        thumbnails=rng.integers(0, 255, (K, 4, 4, 3)).astype(np.uint8),
    )


def inspected(request: engine.InspectCode, **changes: Any) -> engine.CodeInspected:
    values: dict[str, Any] = {
        "part": "code",
        "alone": np.zeros((32, 32, 3), np.uint8),
        "neighbours": ((3, 0.5), (5, 1)),
    }
    return engine.CodeInspected(
        request.channel, request.number, request.snapshot, 300, request.code, **{**values, **changes}
    )


def test_counts_of_the_run_that_trains_are_shown_as_they_come(panel: CodebookPanel, stage: Stage) -> None:
    stage.tell(*begin(), *live_weights())
    assert "Space" in panel._emptiness()
    stage.tell(counted())
    assert panel._numbers.texts()[1:] == ("12 / 16 (75 %)", "4", "700 codes")
    stage.tell(counted(310, np.eye(K, dtype=np.int64)[3] * 640))
    assert panel._numbers.texts() == ("1.0 of 16", "1 / 16 (6.2 %)", "15", "640 codes")
    assert "live" not in panel._note.text()  # it is paused


def test_the_epoch_can_be_shown(panel: CodebookPanel, stage: Stage) -> None:
    stage.tell(*begin(), counted())
    panel._span.setCurrentIndex(1)
    assert panel._numbers.texts()[3] == "140 codes"


def test_counts_of_another_run_do_not_matter(panel: CodebookPanel, stage: Stage) -> None:
    stage.tell(*begin(), counted())
    stage.tell(engine.CodesCounted("runs/other", 5, np.ones((2, K), np.int64)))
    assert panel._numbers.texts()[3] == "700 codes"


def test_the_scrubber_shows_the_usage_of_its_step(panel: CodebookPanel, stage: Stage) -> None:
    stage.tell(*begin(), *live_weights(), counted())
    stage.act(Scrub(100))
    assert panel.snapshot(stage.state) == engine.run_snapshot(RUN, 100)
    (request,) = stage.of(engine.ReadUsage)
    assert (request.path, request.step) == (RUN, 100)
    stage.tell(counted(400))  # the training goes on
    assert panel._numbers.texts()[3] == "700 codes"
    answer = engine.CodesCounted(RUN, 100, np.stack((USED * 2, USED * 0)), request.channel, request.number)
    stage.tell(answer)
    assert panel._numbers.texts()[3] == "1\u2009400 codes"
    assert not panel._span.isEnabled()
    stage.act(Scrub(None))
    assert panel._numbers.texts()[3] == "700 codes"


def test_a_late_answer_is_dropped(panel: CodebookPanel, stage: Stage) -> None:
    stage.tell(*begin(), counted())
    stage.act(Scrub(100))
    stage.act(Scrub(200))
    first, second = stage.of(engine.ReadUsage)
    stage.tell(engine.CodesCounted(RUN, 200, np.ones((2, K), np.int64), second.channel, second.number))
    stage.tell(engine.CodesCounted(RUN, 100, np.ones((2, K), np.int64) * 9, first.channel, first.number))
    assert panel._numbers.texts()[3] == "16 codes"


def test_a_model_without_its_run_brings_its_usage_along(panel: CodebookPanel, stage: Stage) -> None:
    codes = engine.bundled_snapshot("vqvae-32")
    stage.tell(begin()[0], engine.SnapshotOpened(info(codes, family="vqvae", capabilities=("codec",))))
    stage.act(ChooseSnapshot(codes))
    (request,) = stage.of(engine.ReadBook)
    assert request.snapshot == codes
    stage.tell(read(request))
    assert panel._numbers.texts()[3] == "700 codes"
    panel._view.setCurrentIndex(2)
    assert "history" in panel._times._empty


def test_a_book_is_read_only_for_what_needs_it(panel: CodebookPanel, stage: Stage) -> None:
    stage.tell(*begin(), *live_weights(), counted())
    assert not stage.of(engine.ReadBook)
    panel._cells.setCurrentIndex(1)
    (request,) = stage.of(engine.ReadBook)
    before = panel._map.grab().toImage()
    stage.tell(read(request))
    assert panel._map.grab().toImage() != before
    panel._ask_again()
    assert len(stage.of(engine.ReadBook)) == 1  # it is not old yet


def test_codes_are_sorted(panel: CodebookPanel, stage: Stage) -> None:
    stage.tell(*begin(), *live_weights(), counted())
    panel._sort.setCurrentIndex(1)
    assert panel._map.book().order_P[:4].tolist() == [0, 4, 8, 12]
    panel._sort.setCurrentIndex(2)
    stage.tell(read(stage.of(engine.ReadBook)[-1]))
    assert panel._map.book().order_P[:3].tolist() == [15, 14, 13]


def test_an_order_by_usage_rests_under_the_hand(panel: CodebookPanel, stage: Stage) -> None:
    stage.tell(*begin(), *live_weights(), counted())
    panel._sort.setCurrentIndex(1)
    panel._map.set_hover(4)
    stage.tell(counted(310, USED[::-1].copy()))
    assert panel._map.book().order_P[:4].tolist() == [0, 4, 8, 12]
    panel._map.set_hover(-1)
    stage.tell(counted(320, USED[::-1].copy()))
    assert panel._map.book().order_P[:4].tolist() == [3, 7, 11, 15]


def test_hover_shows_a_code_and_a_click_locks_it(panel: CodebookPanel, stage: Stage) -> None:
    stage.tell(*begin(), *live_weights(), counted())
    panel._map.set_hover(4)
    panel._note._show_said()
    assert "Code 4 · 100 times in the window (14 %)" in panel._note.text()
    request = stage.of(engine.InspectCode)[-1]
    assert (request.code, request.data, request.snapshot) == (4, None, engine.LIVE)
    stage.tell(inspected(request))
    assert panel._inspector.near.codes() == (3, 5)
    panel._map.chosen.emit(4, False)
    assert "locked" in panel._inspector.title.text()
    search = stage.of(engine.InspectCode)[-1]
    assert search.data == DataRef("portraits", size=32)
    stage.tell(inspected(search))
    stage.tell(inspected(search, part="patches", patches=np.zeros((3, 8, 8, 3), np.uint8), found=3, looked=65536))
    assert panel._inspector.found.text() == "3 of 65\u2009536 places chose it"
    assert panel._inspector.patches.count() == 3
    panel._map.set_hover(9)  # what is locked stays
    assert stage.of(engine.InspectCode)[-1].code == 4
    assert panel.clear_selection()
    assert not panel.clear_selection()


def test_a_code_is_put_into_a_picture_of_the_run(panel: CodebookPanel, stage: Stage) -> None:
    grid = engine.GridDrawn(RUN, 300, np.zeros((8, 32, 32, 3), np.uint8), kind="reconstructions")
    stage.tell(*begin(), *live_weights(), counted(), grid)
    panel._map.set_hover(4)
    (request,) = stage.of(engine.Reconstruct)
    assert request.samples.shape == (1, 32, 32, 3)
    n = np.zeros(1, np.float32)
    codes = np.zeros((1, 8, 8), np.int64)
    stage.tell(
        engine.Reconstructed(request.channel, request.number, engine.LIVE, 300, request.samples, request.samples, codes,
                             n, n, n, n, 1.0)
    )  # fmt: skip
    inspect = stage.of(engine.InspectCode)[-1]
    assert inspect.context.shape == (8, 8)
    assert inspect.place == (4, 4)
    panel._inspector.placed.emit(1, 6)
    assert stage.of(engine.InspectCode)[-1].place == (1, 6)


def test_the_history_is_read_when_it_is_looked_at(panel: CodebookPanel, stage: Stage) -> None:
    stage.tell(*begin(), *live_weights(), counted())
    assert not stage.of(engine.ReadUsageHistory)
    panel._view.setCurrentIndex(2)
    (request,) = stage.of(engine.ReadUsageHistory)
    history = engine.UsageHistory(request.channel, request.number, RUN, np.array([0, 100]), np.ones((2, K), np.float32))
    stage.tell(history)
    assert [column.step for column in panel._times.columns()] == [0, 100, 300]
    panel._times.set_hover(3)
    panel._times.pointed.emit(3, 100, 1)
    panel._note._show_said()
    assert "Code 3 · step 100 · 1 times" in panel._note.text()


def test_edits_say_why_they_cannot_be_done(panel: CodebookPanel, stage: Stage) -> None:
    stage.tell(*begin(training=False))
    assert not panel._revive_all.isEnabled()
    assert "trains here" in panel._revive_all.toolTip()


def test_locked_codes_are_mended_and_that_is_taken_back(panel: CodebookPanel, stage: Stage) -> None:
    stage.tell(*begin(), *live_weights(), counted())
    assert "Click a code" in panel._freeze.toolTip()
    panel._map.chosen.emit(4, False)
    panel._map.chosen.emit(9, True)
    panel._merge.trigger()
    assert stage.of(engine.EditCodes)[-1] == engine.EditCodes("merge", (4, 9))
    stage.tell(engine.CodesEdited(RUN, 301, "merge", (4, 9), 1))
    assert "Merged 2 codes at step 301" in panel._notice[0]
    stage.undo.undo()
    assert len(stage.of(engine.UndoCodes)) == 1
    stage.tell(engine.CodesEdited(RUN, 302, "undo", (4, 9), 0))
    stage.undo.redo()
    assert len(stage.of(engine.EditCodes)) == 2


def test_frozen_codes_can_be_thawed(panel: CodebookPanel, stage: Stage) -> None:
    stage.tell(*begin(), *live_weights(), counted(frozen=(4,)))
    panel._map.chosen.emit(4, False)
    assert panel._freeze.text() == "Thaw"
    panel._freeze.trigger()
    assert stage.of(engine.EditCodes)[-1] == engine.EditCodes("thaw", (4,))


def test_all_dead_codes_are_revived_but_not_those_that_are_held(panel: CodebookPanel, stage: Stage) -> None:
    stage.tell(*begin(), *live_weights(), counted(frozen=(3,), barred=(7,)))
    panel._revive_all.trigger()
    assert stage.of(engine.EditCodes)[-1] == engine.EditCodes("revive", (11, 15))


def test_an_edit_that_the_engine_refused_takes_nothing_back(panel: CodebookPanel, stage: Stage) -> None:
    stage.tell(*begin(), *live_weights(), counted())
    panel._revive_all.trigger()
    stage.tell(engine.Failed("Mending the codebook", "FSQ has no code vectors."))
    stage.undo.undo()
    assert not stage.of(engine.UndoCodes)
    assert stage.undo.count() == 0


def test_the_edits_of_a_run_that_ended_are_void(panel: CodebookPanel, stage: Stage) -> None:
    stage.tell(*begin(), *live_weights(), counted())
    panel._revive_all.trigger()
    stage.tell(engine.CodesEdited(RUN, 301, "revive", (3, 7, 11, 15), 1))
    stage.tell(engine.TrainState(RUN, "ended", 310))
    stage.undo.undo()
    assert not stage.of(engine.UndoCodes)


def test_a_small_dock_shows_the_codes_and_hides_the_inspector(panel: CodebookPanel, stage: Stage, qtbot: QtBot) -> None:
    stage.tell(*begin(), *live_weights(), counted())
    assert panel._inspector.isVisible()
    panel.window().takeWidget()
    qtbot.addWidget(panel)
    panel.resize(436, 190)  # what the Train workspace leaves of 1280x800
    panel.show()
    assert not panel._inspector.isVisible()
    assert panel._mend.isVisible()
    assert panel._map.height() >= 70
    panel.present(True)
    assert not panel._bar.isVisible()


def test_a_saved_picture_says_what_it_shows(panel: CodebookPanel, stage: Stage) -> None:
    assert panel.save_picture() is None
    stage.tell(*begin(), *live_weights(), counted())
    saved = panel.save_picture()
    assert saved is not None
    image, facts = saved
    assert not image.isNull()
    assert facts["latent-explorer:snapshot"] == engine.run_snapshot(RUN, 200)
    assert facts["latent-explorer:step"] == "300"
    assert json.loads(facts["latent-explorer:recipe"])["shows"] == "codebook"
    expected = numbers_of(panel._map.book()).perplexity
    assert json.loads(facts["latent-explorer:perplexity"]) == pytest.approx(expected, abs=1e-3)
