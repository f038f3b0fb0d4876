"""Which snapshot the Explore panels show, and what it is called; pure functions of the state.

The scrubber moves every panel: while it stands at a step of a run that has snapshots, that run's snapshot at or before
the step is explored. Where it follows the newest, what was chosen is explored.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import engine
from explorer.launch import card_of
from explorer.state import State
from explorer.text import tr


@dataclass(frozen=True)
class Choice:
    """A snapshot that can be explored, as a list offers it."""

    snapshot: str
    title: str


def step_at(steps: Sequence[int], step: int) -> int | None:
    """The newest of `steps` (ascending) at or before `step`, else the first one; None where there is none."""
    if not steps:
        return None
    return steps[max(bisect_right(steps, step) - 1, 0)]


def shown_snapshot(state: State, needs: tuple[str, ...] = ()) -> str:
    """The id of the snapshot that a panel with these needs shows now: what is explored where it meets them, else what
    was explored last of those that do, else the first such model at hand. Where there is none, what is explored."""
    wanted = _wanted_snapshot(state)
    if _meets(state, wanted, needs):
        return wanted
    known = {choice.snapshot for choice in choices(state)}
    before = next((each for each in state.visited if each in known and _meets(state, each, needs)), "")
    first = fitting(state, needs)
    return before or (first.snapshot if first is not None else wanted)


def _wanted_snapshot(state: State) -> str:
    """What the scrubber, else a choice says."""
    if state.at_step is not None and state.run is not None:
        step = step_at(state.snapshot_steps.get(state.run.path, ()), state.at_step)
        if step is not None:
            return engine.run_snapshot(state.run.path, step)
    return state.explored


def _meets(state: State, snapshot: str, needs: tuple[str, ...]) -> bool:
    """Whether a snapshot has what is needed, as far as one knows."""
    has = capabilities_of(state, snapshot) if needs else None
    return has is None or set(needs) <= set(has)


def fitting(state: State, needs: tuple[str, ...]) -> Choice | None:
    """The first model at hand that is known to meet all needs; one of the same data, and of pictures of the same size,
    as what is explored goes before others."""
    fit = [each for each in choices(state) if set(needs) <= set(capabilities_of(state, each.snapshot) or ())]
    data, size = _data_of(state, state.explored)

    def strangeness(choice: Choice) -> tuple[bool, bool]:
        its_data, its_size = _data_of(state, choice.snapshot)
        return its_data != data, its_size != size

    return min(fit, key=strangeness, default=None)


def _data_of(state: State, snapshot: str) -> tuple[str, int | None]:
    """The name of the data that a model was trained on, and their size; ("", None) where it is not known."""
    info = state.snapshots.get(snapshot)
    if info is not None and info.data is not None:
        return info.data.name, info.shape[0]
    cards = state.ready.bundled if state.ready is not None else ()
    card = next((card for card in cards if engine.bundled_snapshot(card.name) == snapshot), None)
    shape = card.facts.get("shape", ()) if card is not None else ()
    return (card.data, int(shape[0]) if shape else None) if card is not None else ("", None)


def capabilities_of(state: State, snapshot: str) -> tuple[str, ...] | None:
    """What a snapshot can do: as it says itself, else as its family does; None where neither is known."""
    info, family = state.snapshots.get(snapshot), _family_of(state, snapshot)
    if info is not None and family in ("", info.family):  # each run that trains is "live", one after the other
        return info.capabilities
    card = card_of(state, family)
    return card.capabilities if card is not None else None


def _family_of(state: State, snapshot: str) -> str:
    """The family of a snapshot that may not be open; empty where it is not known."""
    if snapshot == engine.LIVE:
        path = state.training
    elif snapshot.startswith("run:"):
        path = snapshot.removeprefix("run:").rpartition("@")[0]
    else:
        bundled = state.ready.bundled if state.ready is not None else ()
        return next((card.family for card in bundled if engine.bundled_snapshot(card.name) == snapshot), "")
    runs = (*state.opened.values(), *state.runs)
    return next((run.family for run in runs if run.path == path), "")


def is_scrubbed(state: State) -> bool:
    """Whether the scrubber, not the choice, decides what is explored."""
    return shown_snapshot(state) != state.explored


def explored_model(state: State, snapshot: str) -> str:
    """The run or bundled model that a snapshot is of, as `engine.model_of`, also where it is "live"."""
    return f"run:{state.live_run}" if snapshot == engine.LIVE else engine.model_of(snapshot)


def directions_of(state: State, snapshot: str) -> tuple[engine.DirectionFacts, ...]:
    """The directions that were found in a snapshot, and those that a person made for its model."""
    own = state.own_directions.get(explored_model(state, snapshot), ())
    return (*state.directions.get(snapshot, ()), *own)


def choices(state: State, needs: tuple[str, ...] = ()) -> tuple[Choice, ...]:
    """What can be explored by a panel with these needs: the bundled models, the run that trains, and the newest
    snapshot of each opened run.

    What is explored or shown is among them where it meets the needs; a snapshot has several names ("@last", "@200")
    but one line."""
    return tuple(choice for choice in _all_choices(state) if _meets(state, choice.snapshot, needs))


def _all_choices(state: State) -> tuple[Choice, ...]:
    shown = shown_snapshot(state)
    named = {_place(state, each): each for each in (state.explored, shown)}
    bundled = state.ready.bundled if state.ready is not None else ()
    found = [Choice(engine.bundled_snapshot(card.name), tr("Bundled: {title}", title=card.title)) for card in bundled]
    if state.training or engine.LIVE in state.snapshots:
        found.append(Choice(engine.LIVE, tr("Live: the run that trains")))
    for path, run in state.opened.items():
        steps = state.snapshot_steps.get(path)
        if steps:
            title = tr("Run: {name}, step {step}", name=run.name, step=grouped(steps[-1]))
            newest = engine.run_snapshot(path, steps[-1])
            found.append(Choice(named.get(_place(state, newest), newest), title))
    known = {_place(state, choice.snapshot) for choice in found}
    if is_scrubbed(state) and _place(state, shown) not in known:
        found.append(Choice(shown, tr("Scrubber: {title}", title=snapshot_title(state, shown))))
    if state.explored and _place(state, state.explored) not in known:
        found.append(Choice(state.explored, snapshot_title(state, state.explored)))
    return tuple(found)


def _place(state: State, snapshot: str) -> tuple[str, int | None]:
    """What a snapshot is of, and its step where it is one of a run on disk: the same for all its names."""
    of, at, step = snapshot.rpartition("@")
    if not at or not of.startswith("run:"):
        return snapshot, None
    info = state.snapshots.get(snapshot)
    if info is not None:
        return of, info.step
    steps = state.snapshot_steps.get(of.removeprefix("run:"), ())
    return of, int(step) if step.isdecimal() else steps[-1] if steps else None


def snapshot_title(state: State, snapshot: str) -> str:
    """A snapshot in words: its title and, where it has one, its step."""
    info = state.snapshots.get(snapshot)
    if info is not None:
        step = state.live_step if snapshot == engine.LIVE and state.live_step is not None else info.step
        return tr("{title}, step {step}", title=info.title, step=grouped(step))
    return snapshot


def grouped(step: int) -> str:
    """A step as people read it: 1 234 567 with thin spaces."""
    return f"{step:,}".replace(",", "\u2009")


def conditions_of_run(state: State, path: str) -> Mapping[str, tuple[str, ...]]:
    """The columns and values that a run's model takes, as far as one of its snapshots is known."""
    for snapshot, info in state.snapshots.items():
        if snapshot.startswith(f"run:{path}@") or (snapshot == engine.LIVE and state.training == path):
            return info.conditions
    return {}


def run_is_explored(state: State, path: str) -> bool:
    """Whether what is explored belongs to the run in this folder."""
    shown = shown_snapshot(state)
    return shown.startswith(f"run:{path}@") or (shown == engine.LIVE and state.training == path)
