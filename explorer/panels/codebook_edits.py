"""Mending a codebook while it trains, so that Ctrl+Z takes it back.

The engine keeps what the codes were; an edit here only says which. Taking back goes in the order of the edits, as the
engine's own list does.
"""

from __future__ import annotations

from collections import deque
from typing import Literal

from PySide6.QtGui import QUndoCommand

import engine
from explorer.panel import Desk
from explorer.state import State
from explorer.text import tr

Edit = Literal["revive", "freeze", "thaw", "merge"]
MENDING = "Mending the codebook"  # what the engine says it was doing where an edit fails


class BookEdit(QUndoCommand):
    """One edit of the codebook of the run that trains. It is void once that run trains no more, or where the engine
    could not do it (`finish`)."""

    def __init__(self, desk: Desk, edit: Edit, codes: tuple[int, ...], waiting: deque[BookEdit]) -> None:
        """`waiting` are the edits that the engine has not answered yet, the oldest first; this joins them."""
        super().__init__(edit_title(edit, codes))
        self._waiting = waiting
        self._desk, self._path = desk, desk.state().training
        self.edit, self.codes = edit, codes
        self._state: Literal["asked", "done", "refused"] = "asked"

    def redo(self) -> None:
        if self._desk.state().training == self._path:
            self._state = "asked"
            self._waiting.append(self)
            self._desk.post(engine.EditCodes(self.edit, self.codes))
        else:
            self.setObsolete(True)

    def undo(self) -> None:
        history = self._desk.stores.runs.get(self._path)
        forgotten = self._state == "done" and (history is None or history.can_undo == 0)
        if self._state == "refused" or forgotten or self._desk.state().training != self._path:
            self.setObsolete(True)
        else:
            self._desk.post(engine.UndoCodes())

    def finish(self, *, done: bool) -> None:
        """The engine did it, or could not: then there is nothing to take back."""
        self._state = "done" if done else "refused"


def edit_title(edit: Edit, codes: tuple[int, ...]) -> str:
    """What an edit is called in the list of what can be taken back."""
    titles = {
        "revive": tr("Revive {codes}", codes=_named(codes)),
        "freeze": tr("Freeze {codes}", codes=_named(codes)),
        "thaw": tr("Thaw {codes}", codes=_named(codes)),
        "merge": tr("Merge {codes}", codes=_named(codes)),
    }
    return titles[edit]


def edit_done(edit: str, codes: tuple[int, ...], step: str) -> str:
    """What is said once the engine has done it."""
    said = {
        "revive": tr("Revived {codes} at step {step}; Ctrl+Z takes it back.", codes=_named(codes), step=step),
        "freeze": tr("Froze {codes} at step {step}; Ctrl+Z takes it back.", codes=_named(codes), step=step),
        "thaw": tr("Thawed {codes} at step {step}; Ctrl+Z takes it back.", codes=_named(codes), step=step),
        "merge": tr("Merged {codes} at step {step}; Ctrl+Z takes it back.", codes=_named(codes), step=step),
        "undo": tr("Took an edit of {codes} back at step {step}.", codes=_named(codes), step=step),
    }
    return said.get(edit, "")


def _named(codes: tuple[int, ...]) -> str:
    return tr("code {code}", code=codes[0]) if len(codes) == 1 else tr("{count} codes", count=len(codes))


def why_not(state: State, path: str) -> str:
    """Why the codes that are shown cannot be mended; empty where they can."""
    if not path or state.training != path:
        return tr("Only the codes of a run that trains here can be mended; start or resume one.")
    if state.at_step is not None:
        return tr("An older step is shown; press Esc to follow the newest, where codes can be mended.")
    return ""
