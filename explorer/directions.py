"""The directions of what is explored: looked for once it stays, offered as sliders, and the own ones removed with undo.

References: Härkönen et al. 2020 (GANSpace, arXiv 2004.02546) for PCA, Shen and Zhou 2021 (SeFa, arXiv 2007.06600).
"""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal, Slot

import engine
from engine import Event, Point
from explorer import recipes
from explorer.edits import push_edit
from explorer.explored import directions_of, explored_model, is_scrubbed
from explorer.panel import Desk
from explorer.state import Action, State
from explorer.text import tr
from explorer.widgets.latent_controls import LatentControls

FIND = "latent.directions"  # a job
FIND_MS = 1200  # directions are looked for once a snapshot has been explored for so long


class Directions(QObject):
    """What `LatentControls` offers to move along. `changed` says that directions have come or gone."""

    changed = Signal()

    def __init__(self, desk: Desk, controls: LatentControls) -> None:
        super().__init__(controls)
        self._desk = desk
        self._controls = controls
        self._snapshot = ""
        self._found_again: set[str] = set()
        self._find_soon = QTimer(self, singleShot=True, interval=FIND_MS)
        self._find_soon.timeout.connect(self.find)
        controls.finding.connect(self.find)
        controls.removed.connect(self._remove)

    # ---------------------------------------------------------------------------------------------- what is known

    def names(self) -> frozenset[str]:
        """The directions that the snapshot has."""
        return frozenset(each.name for each in directions_of(self._desk.state(), self._snapshot))

    def known(self, point: Point) -> Point:
        """The point without moves along directions that the snapshot does not have."""
        return recipes.known_moves(point, self.names())

    def moves_along_own(self, point: Point) -> bool:
        """Whether a direction that a person made is in the point."""
        own = {each.name for each in directions_of(self._desk.state(), self._snapshot) if each.kind == "own"}
        return any(move.direction in own for move in point.moves)

    def explore(self, snapshot: str) -> None:
        """The snapshot that is explored from now on."""
        self._snapshot = snapshot

    def show_state(self, state: State, changed: frozenset[str]) -> None:
        """The sliders, or what is said where there are none."""
        if changed & {"directions", "own_directions", "explored", "at_step", "snapshots", "live_run", "jobs"}:
            job = state.jobs.get(FIND)
            said = tr("None yet") if job is None else job.doing
            self._controls.show_directions(directions_of(state, self._snapshot), said)

    # ---------------------------------------------------------------------------------------------- search

    def find_later(self) -> None:
        """Directions come by themselves for a model that stays; for one that trains or is scrubbed, on demand."""
        state = self._desk.state()
        chosen = bool(self._snapshot) and not is_scrubbed(state) and self._snapshot != engine.LIVE
        if chosen and self._snapshot not in state.directions:
            self._find_soon.start()

    def rest(self) -> None:
        """Nobody looks: nothing is looked for."""
        self._find_soon.stop()

    @Slot()
    def find(self) -> None:
        """Look for attribute, PCA and SeFa directions of what is explored."""
        if self._snapshot and self._desk.state().ready is not None:
            self._desk.post(engine.CancelJob(FIND))
            self._desk.post(engine.FindDirections(FIND, self._snapshot))

    def find_again(self) -> None:
        """Directions that the engine has let go are looked for once more."""
        if self._snapshot not in self._found_again:
            self._found_again.add(self._snapshot)
            self.find()

    def take(self, event: Event | Action) -> None:
        if isinstance(event, engine.DirectionsFound | engine.DirectionsKept):
            self.changed.emit()
        elif isinstance(event, engine.Failed) and event.job == FIND:
            self._controls.say(event.reason)

    # ---------------------------------------------------------------------------------------------- own directions

    @Slot(str)
    def _remove(self, name: str) -> None:
        """Take a direction that a person made away, for all snapshots of its model."""
        model = explored_model(self._desk.state(), self._snapshot)
        push_edit(self._desk.undo, tr("Remove a direction"), True, False, partial(self._set_kept, model, name))

    def _set_kept(self, model: str, name: str, kept: bool) -> None:
        self._desk.post(engine.KeepDirection(model, name, kept))
