"""The start: the window first, then the engine; a fault is said and the window lives."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QSettings

import engine
from explorer.app import App
from tests.explorer.conftest import FakeEngine


@pytest.fixture
def order() -> list[str]:
    return []


@pytest.fixture
def app(qtbot, settings: QSettings, fake: FakeEngine, order: list[str], tmp_path: Path):
    def make() -> FakeEngine:
        order.append("engine")
        return fake

    (tmp_path / "faces").mkdir()
    made = App(make, open_path=tmp_path / "faces", settings=settings)
    qtbot.addWidget(made.window)
    made.window.painted.connect(lambda: order.append("painted"))
    yield made
    made.window.close()
    made.theme.deleteLater()
    made.deleteLater()


def test_the_engine_begins_after_the_first_paint(
    app: App, qtbot, order: list[str], fake: FakeEngine, tmp_path: Path
) -> None:
    assert order == []
    app.show()
    qtbot.waitUntil(lambda: app.bridge.running)
    assert order == ["painted", "engine"]
    assert app.bridge.state.wanted_data == engine.DataRef(str(tmp_path / "faces"))


def test_a_fault_is_a_card(app: App, capsys: pytest.CaptureFixture[str]) -> None:
    app.show()
    try:
        raise RuntimeError("of ours")
    except RuntimeError as error:
        app._hook(RuntimeError, error, error.__traceback__)
    assert "RuntimeError: of ours" in app.window.card.text()
    assert "RuntimeError: of ours" in capsys.readouterr().err
    assert app.window.isVisible()
