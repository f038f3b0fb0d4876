"""The entry: a display or the tour, and one sentence on what is missing."""

from __future__ import annotations

import sys

import pytest

import main


@pytest.mark.parametrize(
    ("error", "package"),
    [
        ("libEGL.so.1: cannot open shared object file: No such file or directory", "libegl1"),
        ("libGL.so.1: cannot open shared object file", "libgl1"),
        ("libxkbcommon.so.0: cannot open shared object file", "libxkbcommon0"),
        ("libglib-2.0.so.0: cannot open", "libglib2.0-0"),
        ("libxcb-cursor.so.0: cannot open", "libxcb-cursor0"),
    ],
)
def test_a_missing_library_names_its_package(error: str, package: str) -> None:
    sentence = main.library_sentence(error)
    assert sentence.endswith(f"apt-get install {package}")
    assert "\n" not in sentence


def test_an_unknown_fault_of_qt_is_told() -> None:
    assert "install the program again" in main.library_sentence("No module named 'PySide6'")


def test_a_display_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert not main.has_display()
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    assert main.has_display()
    monkeypatch.delenv("WAYLAND_DISPLAY")
    monkeypatch.setattr(sys, "platform", "darwin")
    assert main.has_display()


def test_qt_loads_here() -> None:
    assert main.missing_library() == ""
