"""What every panel is, and what a panel may do.

A panel is one widget in one file. It is handed a `Desk` (what it may do) and is told of the state and of events; it
keeps only what belongs to its own view (zoom, what is hovered). It never waits and never asks the engine anything
that it could not do without.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from PySide6.QtGui import QImage, QUndoStack
from PySide6.QtWidgets import QWidget

from engine import Command, Event
from explorer.explored import shown_snapshot
from explorer.state import Action, State
from explorer.stores import Stores


@dataclass(frozen=True)
class Desk:
    """What a panel may do. `post` hands a command or request to the engine and never blocks; `act` folds an action of
    the hands into the state; `number` gives the next request number; `state` reads the present state."""

    post: Callable[[Command], None]
    act: Callable[[Action], None]
    number: Callable[[], int]
    state: Callable[[], State]
    stores: Stores
    undo: QUndoStack


class Panel(QWidget):
    """One dockable view. Subclasses set `key` (settings, tests), `title` and `needs`: capabilities of its `snapshot`,
    without which the window covers the panel and says what would fill it (`explorer.needs`)."""

    key: ClassVar[str]
    title: ClassVar[str]
    needs: ClassVar[tuple[str, ...]] = ()

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.desk = desk
        self.setObjectName(f"panel.{self.key}")

    def snapshot(self, state: State) -> str:
        """The id of the snapshot that the panel is about: the explored one, or another that meets its needs."""
        return shown_snapshot(state, self.needs)

    def show_state(self, state: State, changed: frozenset[str]) -> None:
        """Bring the view up to date; `changed` names the fields of the state that differ since the last call."""

    def take(self, event: Event | Action) -> None:
        """See every event and action as it comes, in order: frames, progress, a sample sent to a slot."""

    def reset_view(self) -> None:
        """The key R: the view as it was at first. Never touches a run or a latent."""

    def present(self, on: bool) -> None:
        """The key F: show the pictures large and hide the controls, or bring them back."""

    def save_picture(self) -> tuple[QImage, dict[str, str]] | None:
        """The key S: the QImage to save and its metadata (command line, run, step, seed); None where there is none."""
        return None
