"""A text that does not fit ends in "…", and never pushes its neighbours away."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

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
