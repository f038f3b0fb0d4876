"""What the state makes of events, beyond keeping them."""

from __future__ import annotations

import dataclasses

from engine import DataOpened, DataRef, Failed, JobCancelled, RunFollowed
from explorer.state import ChooseData, PlanRun, Scrub, State, fold, load_job
from tests.explorer.conftest import ready_event, run_opened


def test_the_plan_is_that_of_the_run_that_trains() -> None:
    state = fold(State(), ready_event())
    values = {"lr": 1e-3, "batch_size": 64, "beta1": 0.5}
    trains = fold(state, run_opened(family="gan_modern", preset="modern", values=values, data=DataRef("ring")))
    assert trains.plan is not None
    assert (trains.plan.family, trains.plan.preset) == ("gan_modern", "modern")
    assert trains.plan.values["lr"] == 1e-3
    assert trains.data == DataRef("ring")


def test_a_run_that_is_only_looked_at_leaves_the_plan() -> None:
    state = fold(fold(State(), ready_event()), PlanRun("gan_modern", "modern", {"beta1": 0.9}))
    looked = fold(state, run_opened(training=False))
    assert looked.plan == PlanRun("gan_modern", "modern", {"beta1": 0.9})
    assert looked.data is None


def test_a_run_that_others_train_is_not_ours() -> None:
    state = fold(fold(State(), ready_event()), run_opened("far", training=False))
    followed = fold(state, RunFollowed("far", "running", 1900, 9000, 12.0, 5.0, 50.0))
    assert followed.training == ""
    assert followed.train is None
    assert followed.last_step == 1900
    assert fold(followed, run_opened("far")).followed == {}


def test_a_followed_run_that_goes_back_does_not_take_the_view() -> None:
    state = State()
    for event in (run_opened("far", training=False), run_opened("near", training=False), Scrub(7)):
        state = fold(state, event)
    back = fold(state, dataclasses.replace(run_opened("far", training=False), anew=True, grid_steps=(0, 5)))
    assert back.run is not None
    assert (back.run.path, back.at_step) == ("near", 7)
    assert back.grid_steps["far"] == (0, 5)


def test_own_data_is_taken_over_once_it_is_open() -> None:
    ring, faces = DataRef("ring"), DataRef("/faces")
    state = fold(State(), ChooseData(ring))
    assert state.data == ring
    wants = fold(state, ChooseData(faces))
    assert (wants.data, wants.wanted_data) == (ring, faces)
    opened = fold(wants, DataOpened(faces, "Faces", 3, (8, 8, 3), {}, False, (), "x"))
    assert (opened.data, opened.wanted_data) == (faces, None)
    assert fold(fold(opened, ChooseData(ring)), ChooseData(faces)).data == faces
    assert fold(state, ChooseData(faces, tried=True)).data == faces


def test_data_that_cannot_be_read_or_is_cancelled_leaves_the_earlier_choice() -> None:
    ring, faces = DataRef("ring"), DataRef("/faces")
    wants = fold(fold(State(), ChooseData(ring)), ChooseData(faces))
    for end in (Failed("Opening", "It is gone.", job=load_job(faces)), JobCancelled(load_job(faces))):
        after = fold(wants, end)
        assert (after.data, after.wanted_data) == (ring, None)
    assert fold(wants, Failed("Opening", "It is gone.", job=load_job(ring))).wanted_data == faces
