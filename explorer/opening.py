"""What happens by itself: the bundled model when the engine is there, Live when a run trains, the reading of data that
was chosen, and the opening of what a person dropped or named on the command line."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

import engine
from engine import DataRef, Event, Point, bundled_snapshot, point_from_plain
from explorer.drops import Found
from explorer.launch import BUNDLED
from explorer.panel import Desk, Panel
from explorer.provenance import PREFIX, RUN, shows_curves
from explorer.session import Remembers, Session, still_there
from explorer.state import (
    Action,
    ChooseData,
    ChooseSnapshot,
    PlanRun,
    Scrub,
    State,
    VisitPoint,
    load_job,
)
from explorer.text import tr


class RecallError(ValueError):
    """A saved picture whose recipe cannot be read; the message says so in one sentence."""


class Opening:
    """Listens for what calls for a next step, and opens what it is given."""

    def __init__(self, desk: Desk, panels: Collection[Panel], last: Session | None = None) -> None:
        """`last` is what was on the desk when the window was closed."""
        self._desk, self.panels, self._last = desk, panels, last
        self._waiting: Session | None = None
        self._reading: DataRef | None = None  # the data that was asked for last
        self._live_of = ""  # the run whose live weights were asked about

    def show_state(self, state: State, changed: frozenset[str]) -> None:
        """Nothing is shown here."""

    def take(self, event: Event | Action) -> None:
        if isinstance(event, engine.Ready):
            if self._last is not None:
                self._go_on_with_last(still_there(self._last))
            self._open_bundled(event)
        elif isinstance(event, engine.RunOpened):
            self._live_of = "" if event.training else self._live_of
            self._go_on_with_session(event.run.path)
        elif isinstance(event, engine.LiveChanged):
            self._learn_of_live(self._desk.state().training)
        elif isinstance(event, ChooseData):
            self._read(self._desk.state().wanted_data)

    def _learn_of_live(self, training: str) -> None:
        """What the run that trains makes and can do, once it has weights to show."""
        if training and training != self._live_of:
            self._live_of = training
            self._desk.post(engine.OpenSnapshot(engine.LIVE))

    def _read(self, wanted: DataRef | None) -> None:
        """Read the data that was chosen; what was chosen before it is read no further."""
        before, self._reading = self._reading, wanted
        if before is not None and (wanted is None or load_job(before) != load_job(wanted)):
            self._desk.post(engine.CancelJob(load_job(before)))
        if wanted is not None:
            self._desk.post(engine.LoadData(load_job(wanted), wanted))

    def _go_on_with_last(self, last: Session) -> None:
        """The desk as it was left; a run is opened and waits, it does not train by itself."""
        self._last = None
        self.open_session(last)

    def _open_bundled(self, ready: engine.Ready) -> None:
        names = [card.name for card in ready.bundled]
        if names and not self._desk.state().explored:
            self._desk.post(engine.OpenSnapshot(bundled_snapshot(BUNDLED if BUNDLED in names else names[0])))

    # ---------------------------------------------------------------------------------------------- opening things

    def open_found(self, found: Found) -> None:
        """Open what was dropped or chosen, sessions apart; raises RecallError for a picture with a broken recipe."""
        if found.kind == "run":
            self._desk.post(engine.OpenRun(str(found.path)))
        elif found.kind == "data":
            data = DataRef(str(found.path))
            self._desk.act(ChooseData(data))
        elif found.kind == "model":
            self._explore(bundled_snapshot(found.path.name))
        elif found.kind == "picture":
            self.recall(found.facts)

    def recall(self, facts: dict[str, str]) -> None:
        """Bring back what a saved picture was made from: its snapshot and its point, arithmetic or walk; of curves the
        run."""
        if shows_curves(facts):
            self._desk.post(engine.OpenRun(facts[RUN]))
            return
        try:
            recipe = json.loads(facts.get(f"{PREFIX}:recipe", ""))
            point = _first_point(recipe)
        except (ValueError, TypeError) as error:
            raise RecallError(tr("The recipe in this picture cannot be read; save the picture again.")) from error
        snapshot = facts.get(f"{PREFIX}:snapshot", "")
        if point is None and "shows" in recipe:
            if snapshot:
                self._explore(snapshot)
            for panel in self.panels:
                if isinstance(panel, Remembers) and panel.key == recipe["shows"] == "codes":
                    panel.recall({"codes": facts[f"{PREFIX}:recipe"]})
            return
        if snapshot and snapshot != self._desk.state().explored:
            self._explore(snapshot)
        if point is not None:
            self._desk.act(VisitPoint(point))
            return
        for panel in self.panels:
            if isinstance(panel, Remembers) and panel.key == ("arithmetic" if "slots" in recipe else "latent"):
                panel.recall({"arithmetic" if "slots" in recipe else "path": recipe})

    def _explore(self, snapshot: str) -> None:
        self._desk.post(engine.OpenSnapshot(snapshot))
        self._desk.act(ChooseSnapshot(snapshot))

    # ---------------------------------------------------------------------------------------------- sessions

    def open_session(self, session: Session) -> None:
        """Bring a session back; its step follows when its run is open."""
        if session.plan is not None:
            self._desk.act(PlanRun(session.plan.family, session.plan.preset, session.plan.values))
        if session.data is not None:
            self._desk.act(ChooseData(session.data, tried=True))
        if session.explored:
            self._explore(session.explored)
        self._recall_latents(session)
        self._waiting = session
        if session.run and session.run not in self._desk.state().opened:
            self._desk.post(engine.OpenRun(session.run))
        else:
            self._go_on_with_session(session.run)

    def _go_on_with_session(self, run: str) -> None:
        """The step of a session, once its run is open."""
        session = self._waiting
        if session is None or session.run != run:
            return
        self._waiting = None
        if session.step is not None:
            self._desk.act(Scrub(session.step))

    def _recall_latents(self, session: Session) -> None:
        for panel in self.panels:
            if isinstance(panel, Remembers) and panel.key in session.panels:
                panel.recall(session.panels[panel.key])
        self._desk.undo.clear()  # nothing of before is there to go back to


def _first_point(recipe: Any) -> Point | None:
    """The first place of a recipe of samples; None for an arithmetic, a walk or a decision."""
    if isinstance(recipe, list) and recipe:
        return point_from_plain(recipe[0])
    if isinstance(recipe, dict) and recipe.keys() & {"slots", "frames", "shows"}:
        return None
    raise ValueError("neither points nor an arithmetic nor a walk")
