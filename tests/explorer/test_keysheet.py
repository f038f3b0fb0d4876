"""The sheet of keys: every key of an action is on it and can be changed."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtGui import QKeySequence
from pytestqt.qtbot import QtBot

from explorer.keys import BY_NAME, KEYS, KeyMap
from explorer.keysheet import KeySheet


@pytest.fixture
def sheet(qtbot: QtBot, theme, settings: QSettings) -> KeySheet:
    made = KeySheet(KeyMap(settings))
    qtbot.addWidget(made)
    return made


def shown(sheet: KeySheet, name: str) -> list[str]:
    return [edit.keySequence().toString() for edit in sheet.places(BY_NAME[name])]


def test_every_key_of_every_action_is_shown(sheet: KeySheet) -> None:
    for key in KEYS:
        assert shown(sheet, key.name) == list(key.keys or ("",))
    assert shown(sheet, "redo") == ["Ctrl+Shift+Z", "Ctrl+Y"]


def test_the_second_key_can_be_changed_cleared_and_taken(sheet: KeySheet) -> None:
    second = sheet.places(BY_NAME["toggle_run"])[1]
    second.setKeySequence(QKeySequence("X"))
    second.editingFinished.emit()
    assert shown(sheet, "toggle_run") == ["Space", "X"]
    sheet.set_key(BY_NAME["toggle_run"], "", 1)
    assert shown(sheet, "toggle_run") == ["Space", ""]
    sheet.set_key(BY_NAME["toggle_run"], "F1", 1)
    assert shown(sheet, "show_keys") == ["?", ""]
    assert "All keys" in sheet._said.text()
