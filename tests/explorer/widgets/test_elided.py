"""A text that does not fit ends in "…", and never pushes its neighbours away."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from explorer.theme import Theme
from explorer.widgets.elided import ElidedLabel


def test_what_does_not_fit_is_cut(qtbot: QtBot) -> None:
    label = ElidedLabel("a run with a long name on a long list")
    qtbot.addWidget(label)
    label.resize(80, 20)
    assert label.shown().endswith("…")
    assert label.text() == "a run with a long name on a long list"
    label.resize(label.sizeHint())
    assert label.shown() == label.text()
    assert label.minimumSizeHint().width() < 80


def test_a_text_that_changes_all_the_time_shows_the_last_one_in_the_end(qtbot: QtBot, theme: Theme) -> None:
    label = ElidedLabel("")
    qtbot.addWidget(label)
    for n in range(10):
        label.say(f"{n} ms")
    assert label.text() == "0 ms"
    label._pause.timeout.emit()
    assert label.text() == "9 ms"
    label.say("later")
    label.setText("now")
    label._pause.timeout.emit()
    assert label.text() == "now"
