"""The table of keys, and what a person changes in it."""

from __future__ import annotations

from PySide6.QtCore import QSettings

from explorer.keys import KEYS, KeyMap


def test_no_key_does_two_things(settings: QSettings) -> None:
    keys = [key for each in KEYS for key in each.keys]
    assert len(keys) == len(set(keys))


def test_a_key_moves_and_comes_back(settings: QSettings) -> None:
    keys = KeyMap(settings)
    assert keys.user_of("Space") == "toggle_run"
    keys.set_keys("step_once", ("Space",))
    assert keys.keys("toggle_run") == ("T",)
    assert KeyMap(settings).keys("step_once") == ("Space",)
    keys.reset()
    assert keys.keys("toggle_run") == ("Space", "T")


def test_a_key_can_be_taken_away(settings: QSettings) -> None:
    keys = KeyMap(settings)
    keys.set_keys("present", ())
    assert keys.keys("present") == ()
    assert keys.shown("present") == ""
    assert keys.user_of("F") == ""
