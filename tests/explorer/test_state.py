"""What the state makes of events, beyond keeping them."""

from __future__ import annotations

from engine import DataRef
from explorer.state import PlanRun, State, fold
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
