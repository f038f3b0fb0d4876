"""What starts a run from the window: the plan of the person, or the one that Space begins with."""

from __future__ import annotations

import engine
from engine import DataRef
from explorer.state import PlanRun, State

DEFAULT_PLAN = PlanRun("gan_modern", "modern", {})
DEFAULT_DATA = DataRef("portraits", size=32)
BUNDLED = "portraits-32"  # the model that the first launch opens


def plan_of(state: State) -> PlanRun:
    """What Space would start."""
    return state.plan or DEFAULT_PLAN


def data_of(state: State) -> DataRef:
    """What it would train on."""
    return state.data or DEFAULT_DATA


def data_kind(state: State) -> str:
    """Whether it is "pictures" or "points"; "" while that is not known."""
    data = data_of(state)
    opened = state.opened_data.get(data)
    if data.points is not None or (opened is not None and len(opened.shape) == 1):
        return "points"
    if opened is not None:
        return "pictures"
    built_in = next((each.kind for each in engine.BUILT_IN if each.name == data.name), "")
    return "pictures" if built_in == "portraits" else built_in


def start_command(state: State) -> engine.StartRun:
    """The command that begins a new run by the plan."""
    plan = plan_of(state)
    return engine.StartRun(plan.family, plan.preset, data_of(state), dict(plan.values))


def card_of(state: State, family: str) -> engine.FamilyCard | None:
    """The facts of a family; None before the engine is ready or for an unknown name."""
    families = state.ready.families if state.ready else ()
    return next((card for card in families if card.name == family), None)


def is_loading(state: State) -> bool:
    """Whether a run is on its way: its data is being read."""
    return state.train is not None and state.train.phase == "loading"


def followed_run(state: State) -> engine.RunFollowed | None:
    """The run that is shown, where another process trains it at this moment; None while this engine trains."""
    followed = state.followed.get(state.run.path) if state.run is not None and not state.training else None
    return followed if followed is not None and followed.status == "running" else None


def is_running(state: State) -> bool:
    return bool(state.training) and state.train is not None and state.train.phase == "running"


def phases_of(state: State) -> tuple[tuple[str, str], ...]:
    """The parts of a step that can be taken alone, (name, what it is): of the run that trains, else of the plan."""
    run = state.opened.get(state.training)
    card = card_of(state, run.family if run is not None else plan_of(state).family)
    return card.phases if card is not None else ()
