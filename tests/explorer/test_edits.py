"""One gesture is one step back."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QUndoStack
from PySide6.QtWidgets import QApplication

from explorer.edits import new_gesture, push_edit


class Held:
    value = 0

    def show(self, value: int) -> None:
        self.value = value


@pytest.fixture
def stack(qapp: QApplication) -> QUndoStack:
    return QUndoStack()


def test_a_drag_is_one_step(stack: QUndoStack) -> None:
    held, gesture = Held(), new_gesture()
    for value in (1, 2, 3):
        push_edit(stack, "drag", held.value, value, held.show, gesture)
    assert (held.value, stack.count()) == (3, 1)
    stack.undo()
    assert held.value == 0
    stack.redo()
    assert held.value == 3


def test_two_drags_are_two_steps(stack: QUndoStack) -> None:
    held = Held()
    push_edit(stack, "drag", held.value, 1, held.show, new_gesture())
    push_edit(stack, "drag", held.value, 2, held.show, new_gesture())
    stack.undo()
    assert held.value == 1


def test_a_drag_back_to_its_start_leaves_nothing(stack: QUndoStack) -> None:
    held, gesture = Held(), new_gesture()
    push_edit(stack, "drag", 0, 5, held.show, gesture)
    push_edit(stack, "drag", 5, 0, held.show, gesture)
    assert (held.value, stack.count()) == (0, 0)


def test_no_change_is_no_step(stack: QUndoStack) -> None:
    push_edit(stack, "nothing", 1, 1, Held().show)
    assert stack.count() == 0
