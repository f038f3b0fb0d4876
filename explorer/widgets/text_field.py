"""A line of text whose own history ends where the text is taken: from then on undo and redo are the window's."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Slot
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QLineEdit, QWidget


class TextField(QLineEdit):
    """Undo walks back through what is being typed; after Enter, or once the focus has left, it is the window's.

    QLineEdit keeps the keys of undo to itself even where it has nothing to undo, and its history goes on past Enter.
    """

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.returnPressed.connect(self._forget)
        self.editingFinished.connect(self._forget)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._is_for_window(event):
            event.ignore()
            return False
        return super().event(event)

    def _is_for_window(self, event: QKeyEvent) -> bool:
        undo, redo = QKeySequence.StandardKey.Undo, QKeySequence.StandardKey.Redo
        if event.matches(undo):
            return not self.isUndoAvailable()
        return event.matches(redo) and not self.isRedoAvailable()

    @Slot()
    def _forget(self) -> None:
        """Setting a text, be it the same, clears the history; cursor and selection stay."""
        cursor, whole = self.cursorPosition(), self.selectedText() == self.text() != ""
        self.setText(self.text())
        if whole:
            self.selectAll()
        else:
            self.setCursorPosition(cursor)
