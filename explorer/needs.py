"""What stands in a panel's place where the model that it shows has not what the panel needs.

A panel names the capabilities that it needs; which ones there are, the engine says by name. So a new capability takes a
line in `LACKS` and nothing else here.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QApplication, QStackedWidget, QWidget

import engine
from engine import Event
from explorer.explored import Choice, choices, is_scrubbed
from explorer.launch import card_of
from explorer.panel import Panel
from explorer.state import Action, ChooseSnapshot, Scrub, State
from explorer.text import mark, tr
from explorer.widgets.offer import Offer

LACKS = {
    "latent": mark("This model has no latent space. Open one that has, for example a GAN."),
    "codec": mark("This model has no codes. Open one that has, for example a VQ-VAE, or train one."),
    "reconstructor": mark("This model cannot reconstruct pictures. Open a VAE, a VQ-VAE or a dVAE, or train one."),
    "critic": mark("This model has no discriminator. Open a GAN, or start one with Space."),
}


def lacking(state: State, snapshot: str, needs: tuple[str, ...]) -> str:
    """What to say of the first need that a snapshot does not meet; empty where it meets all, or is not known yet."""
    has = _capabilities(state, snapshot)
    missing = [] if has is None else [need for need in needs if need not in has]
    return tr(LACKS[missing[0]]) if missing else ""


def fitting(state: State, needs: tuple[str, ...]) -> Choice | None:
    """The first model at hand that meets all needs."""
    for choice in choices(state):
        if set(needs) <= set(_capabilities(state, choice.snapshot) or ()):
            return choice
    return None


def _capabilities(state: State, snapshot: str) -> tuple[str, ...] | None:
    """What a snapshot can do: as it says itself, else as its family does; None where neither is known."""
    info, family = state.snapshots.get(snapshot), _family_of(state, snapshot)
    if info is not None and family in ("", info.family):  # each run that trains is "live", one after the other
        return info.capabilities
    card = card_of(state, family)
    return card.capabilities if card is not None else None


def _family_of(state: State, snapshot: str) -> str:
    """The family of a snapshot that may not be open; empty where it is not known."""
    if snapshot == engine.LIVE:
        path = state.training
    elif snapshot.startswith("run:"):
        path = snapshot.removeprefix("run:").rpartition("@")[0]
    else:
        bundled = state.ready.bundled if state.ready is not None else ()
        return next((card.family for card in bundled if engine.bundled_snapshot(card.name) == snapshot), "")
    runs = (*state.opened.values(), *state.runs)
    return next((run.family for run in runs if run.path == path), "")


class HeldPanel(QStackedWidget):
    """A panel that is held to its needs: in sight, and told to draw, only while its model meets them.

    It hears the bridge in place of its panel and passes everything on. A panel that is covered is hidden before it
    hears of the model that it cannot show, and comes back after it has heard of one that it can."""

    def __init__(self, panel: Panel) -> None:
        super().__init__()
        self.panel = panel
        self._offer = Offer()
        self._offer.taken.connect(self._open)
        self.addWidget(panel)
        self.addWidget(self._offer)

    def take(self, event: Event | Action) -> None:
        self.panel.take(event)

    def show_state(self, state: State, changed: frozenset[str]) -> None:
        lack = lacking(state, self.panel.snapshot(state), self.panel.needs)
        if lack:
            choice = fitting(state, self.panel.needs)
            self._offer.say(lack, choice.title if choice is not None else "")
            self._show(self._offer)
        self.panel.show_state(state, changed)
        if not lack:
            self._show(self.panel)

    def _show(self, page: QWidget) -> None:
        if page is not self.currentWidget():
            inside = self.isAncestorOf(QApplication.focusWidget()) if QApplication.focusWidget() else False
            self.setCurrentWidget(page)
            if inside:  # else Qt gives the focus, and Space, to the first button of the page
                self.setFocus(Qt.FocusReason.OtherFocusReason)

    @Slot()
    def _open(self) -> None:
        """Explore the model that is offered."""
        desk = self.panel.desk
        choice = fitting(desk.state(), self.panel.needs)
        if choice is None:
            return
        if is_scrubbed(desk.state()):
            desk.act(Scrub(None))
        if choice.snapshot not in desk.state().snapshots:
            desk.post(engine.OpenSnapshot(choice.snapshot))
        desk.act(ChooseSnapshot(choice.snapshot))
