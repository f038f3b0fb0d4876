"""Which snapshot is explored, and what can be."""

from __future__ import annotations

import dataclasses

import pytest

import engine
from explorer.explored import (
    Choice,
    choices,
    conditions_of_run,
    is_scrubbed,
    run_is_explored,
    shown_snapshot,
    snapshot_title,
    step_at,
)
from explorer.state import ChooseSnapshot, Scrub, State, fold
from tests.explorer.panels.stage import BUNDLED, info, ready, run_opened

RUN = "runs/one"


@pytest.fixture
def state() -> State:
    state = State()
    for event in (ready(), engine.SnapshotOpened(info()), run_opened(RUN, (0, 100, 200), (0, 100, 200), training=True)):
        state = fold(state, event)
    return state


@pytest.mark.parametrize(("step", "expected"), [(-5, 0), (0, 0), (99, 0), (100, 100), (150, 100), (900, 200)])
def test_the_newest_step_at_or_before(step: int, expected: int) -> None:
    assert step_at((0, 100, 200), step) == expected
    assert step_at((), step) is None


def test_what_is_chosen_is_explored_until_the_scrubber_moves(state: State) -> None:
    assert shown_snapshot(state) == BUNDLED
    scrubbed = fold(state, Scrub(150))
    assert shown_snapshot(scrubbed) == "run:runs/one@100"
    assert is_scrubbed(scrubbed)
    assert shown_snapshot(fold(scrubbed, Scrub(None))) == BUNDLED


def test_a_run_without_snapshots_leaves_the_choice(state: State) -> None:
    bare = dataclasses.replace(state, snapshot_steps={RUN: ()})
    assert shown_snapshot(fold(bare, Scrub(150))) == BUNDLED


def test_bundled_live_and_runs_can_be_chosen(state: State) -> None:
    offered = {choice.snapshot: choice.title for choice in choices(state)}
    assert list(offered) == [BUNDLED, "live", "run:runs/one@200"]
    assert offered["run:runs/one@200"] == "Run: one, step 200"
    other = fold(state, ChooseSnapshot("run:elsewhere@5"))
    assert choices(other)[-1].snapshot == "run:elsewhere@5"


def test_titles_have_the_step(state: State) -> None:
    assert snapshot_title(state, BUNDLED) == "Portraits, step 40\u2009000"
    live = fold(fold(state, engine.SnapshotOpened(info("live", title="one", step=3))), engine.LiveChanged("/runs/a", 7))
    assert snapshot_title(live, "live") == "one, step 7"


def test_live_belongs_to_the_run_that_trains(state: State) -> None:
    assert not run_is_explored(state, RUN)
    assert run_is_explored(fold(state, ChooseSnapshot("live")), RUN)
    assert run_is_explored(fold(state, ChooseSnapshot("run:runs/one@100")), RUN)
    live = fold(state, engine.SnapshotOpened(info("live", conditions={"label": ("0", "1")})))
    assert conditions_of_run(live, RUN) == {"label": ("0", "1")}
    assert conditions_of_run(live, "runs/two") == {}


def test_the_scrubber_s_snapshot_can_be_seen_in_the_choice(state: State) -> None:
    scrubbed = fold(state, Scrub(100))
    assert shown_snapshot(scrubbed) == "run:runs/one@100"
    assert choices(scrubbed)[-1] == Choice("run:runs/one@100", "Scrubber: run:runs/one@100")


def test_nothing_of_a_run_in_the_trash_stays(state: State) -> None:
    scrubbed = fold(fold(state, ChooseSnapshot("run:runs/one@200")), Scrub(100))
    gone = fold(scrubbed, engine.RunTrashed(RUN, "/trash/one"))
    assert gone.run is None
    assert gone.at_step is None
    assert RUN not in gone.opened
    assert not gone.explored.startswith("run:")
    assert all("runs/one" not in choice.snapshot for choice in choices(gone))


def test_a_new_name_reaches_the_run_that_is_open(state: State) -> None:
    renamed = dataclasses.replace(state.opened[RUN], name="better")
    assert fold(state, engine.RunsListed((renamed,))).opened[RUN].name == "better"


def test_a_snapshot_under_another_name_is_listed_once(state: State) -> None:
    last = "run:runs/one@last"
    chosen = fold(fold(state, engine.SnapshotOpened(info(last, title="one", step=200))), ChooseSnapshot(last))
    assert [choice.title for choice in choices(chosen)][2:] == ["Run: one, step 200"]
    assert choices(chosen)[-1].snapshot == last == shown_snapshot(chosen)
    older = fold(fold(state, engine.SnapshotOpened(info("run:runs/one@100", title="one", step=100))), Scrub(100))
    assert [choice.title for choice in choices(older)][2:] == ["Run: one, step 200", "Scrubber: one, step 100"]
