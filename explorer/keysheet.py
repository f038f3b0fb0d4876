"""All keys on one sheet, and where each can be given another key."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QHBoxLayout,
    QKeySequenceEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from explorer import theme
from explorer.keys import KEYS, Key, KeyMap
from explorer.text import tr


class KeySheet(QDialog):
    """The table of keys; `changed` follows every change of a key."""

    changed = Signal()

    def __init__(self, keys: KeyMap, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Keys"))
        self._keys = keys
        self._edits: dict[QKeySequenceEdit, Key] = {}
        self._said = theme.label(tr("Click a key to give another one; Backspace clears it."), theme.SMALL, muted=True)
        sheet = QWidget()
        self._grid = QGridLayout(sheet)
        self._grid.setHorizontalSpacing(2 * theme.GRID)
        self._grid.setVerticalSpacing(theme.GRID // 2)
        self._grid.setColumnStretch(0, 1)
        self._fill()
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setWidget(sheet)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        again = QPushButton(tr("Keys as delivered"))
        again.clicked.connect(self._reset)
        buttons.addButton(again, QDialogButtonBox.ButtonRole.ResetRole)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(scroll, 1)
        layout.addWidget(self._said)
        layout.addWidget(buttons)
        self.resize(560, 640)

    def _fill(self) -> None:
        row, group = 0, ""
        for key in KEYS:
            if key.group != group:
                group = key.group
                self._grid.addWidget(theme.label(tr(group), theme.TITLE, bold=True), row, 0, 1, 2)
                row += 1
            self._grid.addWidget(theme.label(tr(key.title)), row, 0)
            places = QHBoxLayout()
            places.setSpacing(theme.GRID // 2)
            for _ in range(max(len(key.keys), len(self._keys.keys(key.name)), 1)):
                places.addWidget(self._new_edit(key))
            self._grid.addLayout(places, row, 1)
            row += 1
        self._grid.addWidget(theme.label(tr("Mouse"), theme.TITLE, bold=True), row, 0, 1, 2)
        for k, (what, how) in enumerate(_mouse()):
            text = theme.label(f"{what}: {how}", muted=True)
            text.setWordWrap(True)
            self._grid.addWidget(text, row + 1 + k, 0, 1, 2)
        self._show_keys()

    def _new_edit(self, key: Key) -> QKeySequenceEdit:
        """The place of one key of an action."""
        edit = QKeySequenceEdit()
        edit.setMaximumSequenceLength(1)
        edit.setClearButtonEnabled(True)
        edit.setAccessibleName(tr(key.title))
        edit.editingFinished.connect(self._take)
        self._edits[edit] = key
        return edit

    def places(self, key: Key) -> list[QKeySequenceEdit]:
        """Where the keys of an action stand, the main one first."""
        return [edit for edit, its in self._edits.items() if its.name == key.name]

    def _show_keys(self) -> None:
        for key in KEYS:
            found = iter(self._keys.sequences(key.name))
            for edit in self.places(key):
                edit.blockSignals(True)
                edit.setKeySequence(next(found, QKeySequence()))
                edit.blockSignals(False)

    @Slot()
    def _take(self) -> None:
        edit = self.sender()
        if isinstance(edit, QKeySequenceEdit):
            key = self._edits[edit]
            text = edit.keySequence().toString(QKeySequence.SequenceFormat.PortableText)
            self.set_key(key, text, self.places(key).index(edit))

    def set_key(self, key: Key, text: str, at: int = 0) -> None:
        """Give an action a key in its place number `at`; whoever had it loses it, and the sheet says so."""
        before = self._keys.keys(key.name)
        after = tuple(dict.fromkeys(filter(None, (*before[:at], text, *before[at + 1 :]))))
        if after == before:
            return
        other = self._keys.user_of(text) if text else ""
        self._keys.set_keys(key.name, after)
        if other and other != key.name:
            title = next(tr(each.title) for each in KEYS if each.name == other)
            self._said.setText(tr("{key} was taken from: {action}.", key=text, action=title))
        self._show_keys()
        self.changed.emit()

    @Slot()
    def _reset(self) -> None:
        self._keys.reset()
        self._show_keys()
        self.changed.emit()


def _mouse() -> tuple[tuple[str, str], ...]:
    """What the mouse does, in a person's language."""
    slider = tr("drag; Shift finer; double click default; Ctrl+click or F2 types; arrows, PgUp, PgDn, Home, End")
    return (
        (tr("Slider"), slider),
        (tr("Picture"), tr("wheel zooms at the cursor, drag explores, double click shows the whole")),
        (tr("Plot"), tr("wheel zooms, drag moves, double click shows all")),
        (tr("Files"), tr("drop a run, data, a session or a saved picture anywhere")),
    )
