"""Whose step undo takes back."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QMainWindow, QSpinBox, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from explorer.widgets.text_field import TextField

CTRL = Qt.KeyboardModifier.ControlModifier


class Window(QMainWindow):
    """A window with an undo of its own, and a field alone, in a list and in a spin box."""

    def __init__(self) -> None:
        super().__init__()
        self.undone = self.redone = 0
        self.field, self.spin, self.combo = TextField("before"), QSpinBox(), QComboBox(editable=True)
        self.spin.setLineEdit(TextField())
        self.combo.setLineEdit(TextField())
        inside = QWidget()
        layout = QVBoxLayout(inside)
        for widget in (self.field, self.spin, self.combo):
            layout.addWidget(widget)
        self.setCentralWidget(inside)
        for key, slot in ((QKeySequence.StandardKey.Undo, self.undo), (QKeySequence.StandardKey.Redo, self.redo)):
            action = QAction(self)
            action.setShortcuts(key)
            action.triggered.connect(slot)
            self.addAction(action)

    def undo(self) -> None:
        self.undone += 1

    def redo(self) -> None:
        self.redone += 1


@pytest.fixture
def window(qtbot: QtBot) -> Window:
    made = Window()
    qtbot.addWidget(made)
    made.show()
    made.activateWindow()
    return made


def test_undo_walks_back_what_is_typed_and_after_enter_it_is_the_window_s(window: Window) -> None:
    field = window.field
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, "after")
    QTest.keyClick(field, Qt.Key.Key_Z, CTRL)
    assert field.text() == "before"
    assert window.undone == 0
    QTest.keyClick(field, Qt.Key.Key_Z, CTRL | Qt.KeyboardModifier.ShiftModifier)
    assert field.text() == "after"
    QTest.keyClick(field, Qt.Key.Key_Return)
    QTest.keyClick(field, Qt.Key.Key_Z, CTRL)
    assert field.hasFocus()
    assert field.text() == "after"
    assert window.undone == 1
    QTest.keyClick(field, Qt.Key.Key_Z, CTRL | Qt.KeyboardModifier.ShiftModifier)
    assert window.redone == 1


def test_enter_leaves_the_cursor_where_it_was(window: Window) -> None:
    window.field.setFocus()
    window.field.setCursorPosition(2)
    QTest.keyClick(window.field, Qt.Key.Key_Return)
    assert window.field.cursorPosition() == 2


@pytest.mark.parametrize("name", ["spin", "combo"])
def test_the_field_of_a_box_does_the_same(window: Window, name: str) -> None:
    box: QSpinBox | QComboBox = getattr(window, name)
    box.setFocus()
    box.lineEdit().selectAll()
    QTest.keyClicks(box, "7")
    QTest.keyClick(box, Qt.Key.Key_Return)
    QTest.keyClick(box, Qt.Key.Key_Z, CTRL)
    assert box.lineEdit().text() == "7"
    assert window.undone == 1
