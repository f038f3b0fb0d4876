"""Undo for the hands: one gesture on a value is one step back.

An `Edit` goes from one frozen value to another. Edits of the same gesture (a drag, a held key) merge into one, so the
way back is as long as a person remembers it. References: Qt's Undo Framework, QUndoCommand.mergeWith.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Generic, TypeVar

from PySide6.QtGui import QUndoCommand, QUndoStack

V = TypeVar("V")

_EDIT_ID = 1
_gestures = itertools.count(1)


def new_gesture() -> int:
    """A number for one movement of a hand; edits that carry the same number become one step."""
    return next(_gestures)


class Edit(QUndoCommand, Generic[V]):
    """One change of a value from `before` to `after`; `apply` shows a value and asks for its picture."""

    def __init__(self, text: str, before: V, after: V, apply: Callable[[V], None], gesture: int) -> None:
        super().__init__(text)
        self.before, self.after, self.gesture = before, after, gesture
        self._apply = apply

    def id(self) -> int:
        return _EDIT_ID

    def redo(self) -> None:
        self._apply(self.after)

    def undo(self) -> None:
        self._apply(self.before)

    def mergeWith(self, other: QUndoCommand) -> bool:
        """Take a later edit of the same gesture in; a gesture that ends where it began leaves no step."""
        if not isinstance(other, Edit) or other.gesture != self.gesture:
            return False
        self.after = other.after
        self.setObsolete(self.before == self.after)
        return True


def push_edit(
    stack: QUndoStack, text: str, before: V, after: V, apply: Callable[[V], None], gesture: int | None = None
) -> None:
    """Do an edit and keep it for undo; nothing happens where it changes nothing. Without `gesture` it stands alone."""
    if before == after:
        return
    stack.push(Edit(text, before, after, apply, new_gesture() if gesture is None else gesture))
