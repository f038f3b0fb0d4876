"""A panel shows a model that has what it needs; where none at hand has, it says so and asks the engine for nothing."""

from __future__ import annotations

import dataclasses
import importlib

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

import engine
from engine import DataRef
from explorer import needs
from explorer.bridge import Bridge
from explorer.explored import shown_snapshot
from explorer.needs import HeldPanel
from explorer.panel import Panel
from explorer.panels.arithmetic import ArithmeticPanel
from explorer.panels.decision import DecisionPanel
from explorer.panels.latent import LatentPanel
from explorer.roster import ROSTER
from explorer.state import ChooseSnapshot, Scrub, State
from explorer.widgets.snapshot_chooser import SnapshotChooser
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


@pytest.fixture
def bare(qtbot: QtBot, theme, bridge: Bridge, fake: FakeEngine) -> Room:
    """Without bundled models, and with one that has codes alone."""
    made = Room(bridge, fake)
    qtbot.addWidget(made.window)
    made.say(dataclasses.replace(ready_event(), bundled=()), codes_only())
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


@pytest.mark.parametrize("kind", [LatentPanel, ArithmeticPanel, DecisionPanel])
def test_a_panel_keeps_to_the_model_it_showed_where_the_explored_one_lacks_what_it_needs(
    room: Room, kind: type[Panel]
) -> None:
    held = room.put(kind)
    room.say(codes_only())
    room.explore(CODES)
    assert said(held) == ""
    assert held.panel.snapshot(room.bridge.state) == BUNDLED
    assert {command.snapshot for command in room.drawn()} <= {BUNDLED}
    chooser = held.panel.findChild(SnapshotChooser)
    assert chooser.currentText() == "Bundled: Portraits 32x32"
    assert chooser.findData(CODES) < 0


def test_of_several_models_that_fit_the_one_explored_last_is_shown(room: Room) -> None:
    held = room.put(LatentPanel)
    room.say(run_opened("runs/gan", training=False), codes_only())
    room.explore("run:runs/gan@1200")
    room.explore(BUNDLED)
    room.explore("run:runs/gan@1200")
    room.explore(CODES)
    assert held.panel.snapshot(room.bridge.state) == "run:runs/gan@1200"


def test_of_models_never_explored_one_of_the_same_data_is_shown(room: Room) -> None:
    held = room.put(DecisionPanel)
    cards = tuple(
        engine.BundledCard(name, name, family, "modern", data, {"shape": [32, 32, 3]})
        for name, family, data in (("clothes", "vqvae", "fashion-mnist"), ("faces", "vqvae", "portraits"))
    )
    ready = ready_event()
    codes = dataclasses.replace(ready.families[0], name="vqvae", capabilities=("codec",))
    room.say(dataclasses.replace(ready, families=(*ready.families, codes), bundled=(*ready.bundled, *cards)))
    assert shown_snapshot(room.bridge.state, ("codec",)) == "bundled:faces"
    assert said(held) == ""


@pytest.mark.parametrize(
    ("kind", "what"),
    [(LatentPanel, "latent space"), (ArithmeticPanel, "latent space"), (DecisionPanel, "discriminator")],
)
def test_a_panel_says_what_is_lacking_where_no_model_at_hand_fits(bare: Room, kind: type[Panel], what: str) -> None:
    held = bare.put(kind)
    assert f"This model has no {what}." in said(held)
    assert not bare.drawn()
    bare.say(engine.SnapshotOpened(info(BUNDLED)))
    bare.explore(BUNDLED)
    assert said(held) == ""


def test_the_family_is_enough_to_say_so(bare: Room) -> None:
    held = bare.put(DecisionPanel)
    bare.say(engine.RunsListed((run_facts("runs/vae", family="vae"),)))
    bare.explore("run:runs/vae@last")
    assert "no discriminator" in said(held)
    assert not bare.drawn()


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
    decision = room.put(DecisionPanel)
    room.say(codes_only(), run_opened("runs/points", data=DataRef("mixture"), shape=(2,)), train_state("runs/points"))
    assert said(decision) == ""
    assert decision.panel.snapshot(room.bridge.state) == engine.LIVE
    room.explore(CODES)  # a choice of the hand: Decision follows it to a model that has a critic
    assert decision.panel.snapshot(room.bridge.state) == BUNDLED


def test_a_step_whose_model_does_not_fit_leaves_the_panel_with_one_that_does(room: Room) -> None:
    held = room.put(DecisionPanel)
    room.say(run_opened("runs/vae", training=False, family="vae"))
    room.bridge.act(Scrub(600))
    assert said(held) == ""
    assert held.panel.snapshot(room.bridge.state) == BUNDLED


def test_a_new_capability_takes_a_line_of_the_table(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(needs.LACKS, "codes", "This model has no codes.")

    class CodesPanel(Panel):
        key, title, needs = "codes", "Codes", ("codes",)

    held = room.put(CodesPanel)
    room.explore(BUNDLED)
    assert said(held) == "This model has no codes."
    room.say(codes_only())
    room.explore(CODES)
    assert said(held) == ""


def test_the_focus_does_not_stay_in_a_panel_that_is_covered(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    class Field(Panel):
        key, title, needs = "field", "Field", ("codes",)

        def snapshot(self, state: State) -> str:
            return state.explored

    monkeypatch.setitem(needs.LACKS, "codes", "This model has no codes.")
    room.say(codes_only())
    room.explore(CODES)

    held = room.put(Field)
    inside = QLabel("x", held.panel)
    inside.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    inside.show()
    room.window.activateWindow()
    inside.setFocus()
    assert QApplication.focusWidget() is inside
    room.explore(BUNDLED)
    assert said(held)
    assert QApplication.focusWidget() is not inside
