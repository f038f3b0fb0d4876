"""Fixtures for the tests of panels."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtWidgets import QScrollArea
from pytestqt.qtbot import QtBot

from explorer.panel import Panel
from explorer.theme import Theme
from tests.explorer.panels.stage import Stage


@pytest.fixture
def stage(theme: Theme) -> Stage:
    """Real state, stores and undo; an engine that answers when the test says so."""
    return Stage()


@pytest.fixture
def put(qtbot: QtBot, stage: Stage) -> Callable[[type[Panel]], Panel]:
    """Put a panel on the stage, in a frame that keeps its size as a dock does."""

    frames: list[QScrollArea] = []  # qtbot does not keep what it closes

    def onto_stage(kind: type[Panel]) -> Panel:
        frame = QScrollArea()
        frame.setWidgetResizable(True)
        qtbot.addWidget(frame)
        frames.append(frame)
        panel = kind(stage.desk)
        frame.setWidget(panel)
        frame.resize(900, 820)
        frame.show()
        stage.listen(panel)
        return panel

    return onto_stage
