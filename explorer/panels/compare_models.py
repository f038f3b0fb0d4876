"""Which models the panel Compare can show, and what each of them is; functions of the state."""

from __future__ import annotations

import math
from dataclasses import dataclass

import engine
from explorer.explored import choices, grouped
from explorer.launch import card_of
from explorer.needs import lacking
from explorer.state import State
from explorer.text import tr

NEED = ("reconstructor",)


@dataclass(frozen=True)
class Model:
    """A model that can reconstruct pictures: its snapshot, what it is called, its family in words, and the shape (H, W,
    C) that it takes, where that is known."""

    snapshot: str
    title: str
    family: str
    shape: tuple[int, ...] = ()


def models(state: State) -> tuple[Model, ...]:
    """What can be compared: the bundled models, the run that trains, the open runs, and the other runs on disk."""
    offered = [(choice.snapshot, choice.title) for choice in choices(state)]
    known = {engine.model_of(snapshot) for snapshot, _ in offered}
    training = f"run:{state.training}" if state.training else ""
    for run in state.runs:
        card = card_of(state, run.family)
        can = card is not None and set(NEED) <= set(card.capabilities) and run.step > 0 and not run.problem
        if can and f"run:{run.path}" not in known | {training}:
            offered.append((engine.run_snapshot(run.path), tr("Run: {name}, on disk", name=run.name)))
    return tuple(model_of(state, snapshot, title) for snapshot, title in offered if not lacking(state, snapshot, NEED))


def model_of(state: State, snapshot: str, title: str = "") -> Model:
    """What is known of a snapshot."""
    info, run = info_of(state, snapshot), _run_of(state, snapshot)
    bundled = next((b for b in _bundled(state) if engine.bundled_snapshot(b.name) == snapshot), None)
    family = info.family if info is not None else run.family if run is not None else bundled.family if bundled else ""
    card = card_of(state, family)
    said = bundled.facts.get("shape", ()) if bundled is not None else ()
    shape = info.shape if info is not None else run.shape if run is not None else said
    called = title or (info.title if info is not None else run.name if run is not None else snapshot)
    named = card.title.partition(" (")[0] if card is not None else family  # without the year of its paper
    return Model(snapshot, called, named, tuple(shape))


def info_of(state: State, snapshot: str) -> engine.SnapshotInfo | None:
    """What a snapshot says of itself; of "live" only where it is of the run that trains now."""
    info = state.snapshots.get(snapshot)
    run = state.opened.get(state.training)
    if snapshot == engine.LIVE and info is not None and run is not None and run.family != info.family:
        return None
    return info


def refusal(model: Model, shape: tuple[int, ...]) -> str:
    """Why a model cannot take pictures of this shape; empty where it can, or that is not known yet."""
    if not shape or not model.shape or model.shape == shape:
        return ""
    takes, given = (" x ".join(map(str, each)) for each in (model.shape, shape))
    return tr("Takes pictures of {takes}, and these are {given}. Choose data of that size.", takes=takes, given=given)


def code_bits(info: engine.SnapshotInfo | None) -> float | None:
    """What the codes of one picture cost where all are as likely: places x log2 K. None for a model without codes."""
    if info is None or info.codes is None:
        return None
    return math.prod(info.codes.grid) * math.log2(info.codes.book)


def note_of(model: Model, step: int | None) -> str:
    """The line under the head of a column."""
    if step is None:
        return model.family
    return tr("{family} · step {step}", family=model.family, step=grouped(step))


def _bundled(state: State) -> tuple[engine.BundledCard, ...]:
    return state.ready.bundled if state.ready is not None else ()


def _run_of(state: State, snapshot: str) -> engine.RunFacts | None:
    path = state.training if snapshot == engine.LIVE else engine.model_of(snapshot).removeprefix("run:")
    return state.opened.get(path) or next((run for run in state.runs if run.path == path), None)


def data_of_model(state: State, snapshot: str) -> engine.DataRef | None:
    """What a model was trained on, where that is known."""
    info, run = info_of(state, snapshot), _run_of(state, snapshot)
    return run.data if run is not None else info.data if info is not None else None
