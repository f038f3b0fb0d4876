"""A panel whose model has not what the panel needs says so and offers another; it asks the engine for nothing."""

from __future__ import annotations

import importlib

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

import engine
from engine import DataRef
from explorer import needs
from explorer.bridge import Bridge
from explorer.needs import HeldPanel
from explorer.panel import Panel
from explorer.panels.arithmetic import ArithmeticPanel
from explorer.panels.decision import DecisionPanel
from explorer.panels.latent import LatentPanel
from explorer.roster import ROSTER
from explorer.state import ChooseSnapshot, Scrub
from tests.explorer.conftest import FakeEngine, ready_event, run_facts, run_opened, train_state
from tests.explorer.panels.stage import info

BUNDLED = "bundled:portraits-32"
CODES = "bundled:codes"
DRAWING = (engine.DrawPoints, engine.DrawArithmetic, engine.DrawDecision, engine.ScoreSamples)


class Room:
    """Held panels in a window, on the bridge to the fake engine."""

    def __init__(self, bridge: Bridge, fake: FakeEngine) -> None:
        self.bridge, self.fake = bridge, fake
        self.window = QWidget()
        QVBoxLayout(self.window)
        self.window.resize(900, 900)
        self.window.show()

    def put(self, kind: type[Panel]) -> HeldPanel:
        held = HeldPanel(kind(self.bridge.desk))
        self.window.layout().addWidget(held)
        held.show()
        self.bridge.listen(held)
        return held

    def say(self, *events: engine.Event) -> None:
        self.fake.say(*events)
        self.bridge.poll()

    def explore(self, snapshot: str) -> None:
        self.bridge.act(ChooseSnapshot(snapshot))

    def drawn(self) -> list[engine.Command]:
        return [command for kind in DRAWING for command in self.fake.of(kind)]


@pytest.fixture
def room(qtbot: QtBot, theme, bridge: Bridge, fake: FakeEngine) -> Room:
    made = Room(bridge, fake)
    qtbot.addWidget(made.window)
    made.say(ready_event(), engine.SnapshotOpened(info(BUNDLED)))
    return made


def codes_only() -> engine.SnapshotOpened:
    return engine.SnapshotOpened(info(CODES, family="vqvae", capabilities=("codec", "codes"), latent=None))


def said(held: HeldPanel) -> str:
    """What stands in the panel's place; empty while the panel itself is in sight."""
    assert held.panel.isVisible() != held._offer.isVisible()
    return held._offer.text() if held._offer.isVisible() else ""


def test_every_need_of_a_panel_has_its_sentence() -> None:
    for entry in ROSTER:
        kind = getattr(importlib.import_module(f"explorer.panels.{entry.key}"), entry.kind)
        missing = set(kind.needs) - needs.LACKS.keys()
        assert not missing, f"{entry.kind} needs {missing}: add a line to LACKS in explorer/needs.py."


@pytest.mark.parametrize(
    ("kind", "what"),
    [(LatentPanel, "latent space"), (ArithmeticPanel, "latent space"), (DecisionPanel, "discriminator")],
)
def test_a_panel_says_what_its_model_lacks_and_opens_another(room: Room, kind: type[Panel], what: str) -> None:
    held = room.put(kind)
    assert said(held) == ""
    room.say(codes_only())
    room.fake.posted.clear()
    room.explore(CODES)
    assert f"This model has no {what}." in said(held)
    assert not room.drawn()
    assert held._offer.button().text() == "Bundled: Portraits 32x32"
    held._offer.button().click()
    assert said(held) == ""
    assert room.bridge.state.explored == BUNDLED


def test_a_panel_that_comes_back_draws_the_model_that_it_can_show(room: Room) -> None:
    held = room.put(LatentPanel)
    room.say(codes_only())
    room.explore(CODES)
    room.fake.posted.clear()
    room.explore(BUNDLED)
    assert said(held) == ""
    assert {command.snapshot for command in room.drawn()} == {BUNDLED}


def test_the_family_is_enough_to_say_so(room: Room) -> None:
    held = room.put(DecisionPanel)
    room.say(engine.RunsListed((run_facts("runs/vae", family="vae"),)))
    room.explore("run:runs/vae@last")
    assert "no discriminator" in said(held)
    assert not room.drawn()


def test_what_is_not_known_yet_is_not_judged(room: Room) -> None:
    held = room.put(LatentPanel)
    room.explore("bundled:unheard-of")
    assert said(held) == ""


def test_facts_of_an_earlier_live_run_say_nothing_of_this_one(room: Room) -> None:
    held = room.put(DecisionPanel)
    room.say(engine.SnapshotOpened(info(engine.LIVE, family="vae", capabilities=("latent",))))
    room.say(run_opened("runs/gan"), train_state("runs/gan"))
    room.explore(engine.LIVE)
    assert said(held) == ""


def test_points_that_train_are_shown_whatever_is_explored(room: Room) -> None:
    decision, latent = room.put(DecisionPanel), room.put(LatentPanel)
    room.say(codes_only(), run_opened("runs/points", data=DataRef("mixture"), shape=(2,)), train_state("runs/points"))
    assert said(decision) == ""
    room.explore(CODES)  # a choice of the hand: Decision follows it
    assert "no discriminator" in said(decision)
    assert "no latent space" in said(latent)
    room.explore(engine.LIVE)
    assert said(decision) == said(latent) == ""


def test_the_button_leaves_a_step_whose_model_does_not_fit(room: Room) -> None:
    held = room.put(DecisionPanel)
    room.say(run_opened("runs/vae", training=False, family="vae"))
    room.bridge.act(Scrub(600))
    assert "no discriminator" in said(held)
    held._offer.button().click()
    assert said(held) == ""
    assert room.bridge.state.at_step is None


def test_without_a_model_that_fits_there_is_no_button(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new capability: one line of the table."""
    monkeypatch.setitem(needs.LACKS, "codes", "This model has no codes.")

    class CodesPanel(Panel):
        key, title, needs = "codes", "Codes", ("codes",)

    held = room.put(CodesPanel)
    room.explore(BUNDLED)
    assert said(held) == "This model has no codes."
    assert not held._offer.button().isVisible()
    room.say(codes_only())
    room.explore(CODES)
    assert said(held) == ""


def test_the_focus_does_not_fall_on_the_button(room: Room) -> None:
    class Field(Panel):
        key, title, needs = "field", "Field", ("latent",)

    held = room.put(Field)
    inside = QLabel("x", held.panel)
    inside.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    inside.show()
    room.window.activateWindow()
    inside.setFocus()
    assert QApplication.focusWidget() is inside
    room.say(codes_only())
    room.explore(CODES)
    assert said(held)
    assert QApplication.focusWidget() is not held._offer.button()
