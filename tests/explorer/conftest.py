"""What the tests of the window share: a fake engine that says what it is told, and a check that nothing stays alive."""

from __future__ import annotations

import gc
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QSettings, QTimer
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import Shiboken

import engine
from engine import Command, DataRef, Event, FamilyCard, Knob, Preset
from explorer import stored
from explorer.bridge import Bridge
from explorer.theme import Theme

OFFSCREEN_NOTES = r"This plugin does not support (raise\(\)|propagateSizeHints\(\))"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What Qt's offscreen plugin says of itself is no fault of a test."""
    for item in items:
        item.add_marker(pytest.mark.qt_log_ignore(OFFSCREEN_NOTES, extend=True))


class FakeEngine:
    """Stands where the engine stands: keeps what is posted, says what a test scripts.

    `answers` maps a type of command to what it is answered with."""

    def __init__(self) -> None:
        self.posted: list[Command] = []
        self.events: deque[Event] = deque()
        self.answers: dict[type, Callable[[Command], list[Event]]] = {}
        self.closed = False

    def post(self, command: Command) -> None:
        self.posted.append(command)
        answer = self.answers.get(type(command))
        if answer is not None:
            self.events.extend(answer(command))

    def poll(self) -> list[Event]:
        found = list(self.events)
        self.events.clear()
        return found

    def close(self, timeout: float = 10.0) -> bool:
        self.closed = True
        return True

    def say(self, *events: Event) -> None:
        self.events.extend(events)

    def of(self, kind: type) -> list[Command]:
        """What was posted of one kind."""
        return [command for command in self.posted if isinstance(command, kind)]


KNOBS = (
    Knob(
        "lr",
        "float",
        2e-4,
        "How far a step goes.",
        "optimizer",
        "Radford et al. 2015, 4",
        "",
        1e-6,
        1e-2,
        (),
        True,
        True,
    ),
    Knob("beta1", "float", 0.5, "How long the direction is remembered.", "optimizer", low=0.0, high=0.999),
    Knob("batch_size", "int", 64, "Pictures in a step.", "training", low=1, high=1024, log=True, unit="pictures"),
    Knob("loss", "choice", "softplus", "What D and G play for.", "training", choices=("softplus", "relativistic")),
    Knob("ema", "bool", True, "Show averaged weights.", "network", live=True),
    Knob("width", "int", 32, "Channels of the widest layer.", "network", low=4),
)
FAMILIES = (
    FamilyCard(
        name="gan_modern",
        title="Modern GAN",
        help="Good pictures with little compute.",
        samples=("pictures", "points"),
        capabilities=("latent", "critic"),
        knobs=KNOBS,
        presets=(
            Preset("modern", "Modern", "The best choice here.", {}),
            Preset("demo_collapse", "Mode collapse", "Shows how modes are lost.", {"lr": 1e-3}, "Goodfellow 2016, 5.1"),
        ),
        best="modern",
        demo_data={"demo_collapse": "mixture"},
        phases=(("D", "the network that judges"), ("G", "the network that makes")),
    ),
    FamilyCard(
        name="vae",
        title="VAE",
        help="A family without two phases.",
        samples=("pictures",),
        capabilities=("latent",),
        knobs=KNOBS[:2],
        presets=(Preset("modern", "Modern", "As it is.", {"beta1": 0.9}),),
        best="modern",
        demo_data={},
    ),
)


def ready_event() -> engine.Ready:
    card = engine.BundledCard("portraits-32", "Portraits 32x32", "gan_modern", "modern", "portraits", {})
    return engine.Ready(FAMILIES, engine.BUILT_IN, (card,), "cpu", 2, "home")


def run_facts(path: str = "runs/one", **changes: object) -> engine.RunFacts:
    facts = {
        "path": path,
        "name": path.rpartition("/")[2],
        "family": "gan_modern",
        "preset": "modern",
        "values": {"lr": 2e-4, "batch_size": 64},
        "data": DataRef("portraits", size=32),
        "data_title": "Portraits",
        "shape": (32, 32, 3),
        "seed": 0,
        "step": 1200,
        "status": "running",
        "created": 1.7e9,
    }
    return engine.RunFacts(**{**facts, **changes})  # type: ignore[arg-type]


def run_opened(path: str = "runs/one", *, training: bool = True, **changes: object) -> engine.RunOpened:
    return engine.RunOpened(run_facts(path, **changes), training, {}, (), (0, 600, 1200), (0, 1200))


def train_state(path: str = "runs/one", phase: str = "running", step: int = 1200) -> engine.TrainState:
    return engine.TrainState(path, phase, step, step * 64, 95.0, 12.5, 800.0, 300 << 20)  # type: ignore[arg-type]


def pictures(count: int = 16, side: int = 32, seed: int = 0) -> np.ndarray:
    """Smooth made-up pictures (count, side, side, 3)."""
    rng = np.random.default_rng(seed)
    ramp = np.linspace(0, 1, side)
    a, b = rng.random((2, count, 1, 1, 3))
    mixed = a * ramp[None, :, None, None] + b * ramp[None, None, :, None]
    return (mixed / 2 * 255).astype(np.uint8)


@pytest.fixture(autouse=True)
def _no_stored_models(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What comes with the program must not decide what a test sees."""
    monkeypatch.setattr(stored, "MODELS", tmp_path / "models")


@pytest.fixture
def settings(tmp_path: Path) -> QSettings:
    return QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)


@pytest.fixture
def theme(qapp: QApplication, settings: QSettings) -> Iterator[Theme]:
    made = Theme(qapp, settings)
    yield made
    made.set_scale(1.0)
    qapp.styleHints().colorSchemeChanged.disconnect(made._system_changed)
    made.deleteLater()


@pytest.fixture
def fake() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def bridge(qapp: QApplication, fake: FakeEngine) -> Iterator[Bridge]:
    """A bridge to the fake engine whose timer stands still: a test calls `poll` itself."""
    made = Bridge()
    made.start(fake)
    made._timer.stop()
    yield made
    made.stop()
    made.deleteLater()


@pytest.fixture(autouse=True)
def _nothing_left_alive(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fails a test that leaves a widget, a running timer or a thread alive, and says which."""
    widgets = set(map(id, QApplication.topLevelWidgets())) if QApplication.instance() else set()
    threads = set(threading.enumerate())
    yield
    left = _left_alive(widgets, threads)
    if left:  # some may only wait to be collected
        gc.collect()
        left = _left_alive(widgets, threads)
    if left:
        advice = "Close it in the test (qtbot.addWidget, stop, join)."
        pytest.fail(f"{request.node.name} left alive: {'; '.join(left)}. {advice}")


def _left_alive(widgets: set[int], threads: set[threading.Thread]) -> list[str]:
    """What is alive that was not before the test."""
    left = [f"thread {thread.name!r}" for thread in threading.enumerate() if thread not in threads]
    if QApplication.instance() is None:
        return left
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    left += [_where(w) for w in QApplication.topLevelWidgets() if id(w) not in widgets and not w.parent()]
    return left + [f"running QTimer of {timer.parent()!r}" for timer in _timers() if timer.isActive()]


def _timers() -> list[QTimer]:
    """The timers that Python knows of and whose C++ half lives, without a walk over all objects of the process."""
    return [thing for thing in Shiboken.getAllValidWrappers() if type(thing) is QTimer]


def _where(widget: QWidget) -> str:
    holders = {type(holder).__name__ for holder in gc.get_referrers(widget)} - {"list", "frame"}
    return f"{type(widget).__name__} {widget.objectName()!r} (held by {', '.join(sorted(holders)) or 'Qt'})"
