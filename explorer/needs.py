"""What stands in a panel's place where no model at hand has what the panel needs.

A panel names the capabilities that it needs; which ones there are, the engine says by name. So a new capability takes a
line in `LACKS` and nothing else here.
"""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QStackedWidget, QWidget

from engine import Event
from explorer.explored import capabilities_of
from explorer.panel import Panel
from explorer.state import Action, State
from explorer.text import mark, tr
from explorer.widgets.offer import Offer

LACKS = {
    "latent": mark("This model has no latent space. Open one that has, for example a GAN."),
    "codec": mark("This model has no codes. Open one that has, for example a VQ-VAE, or train one."),
    "reconstructor": mark("This model cannot reconstruct pictures. Open a VAE, a VQ-VAE or a dVAE, or train one."),
    "critic": mark("This model has no discriminator. Open a GAN, or start one with Space."),
}

DECIDING = frozenset(
    ("ready", "explored", "visited", "snapshots", "at_step", "run", "runs", "opened", "training", "live_run")
)
"""The fields of the state that decide which model a panel shows, and what that can do."""


def lacking(state: State, snapshot: str, needs: tuple[str, ...]) -> str:
    """What to say of the first need that a snapshot does not meet; empty where it meets all, or is not known yet."""
    has = capabilities_of(state, snapshot)
    missing = [] if has is None else [need for need in needs if need not in has]
    return tr(LACKS[missing[0]]) if missing else ""


class HeldPanel(QStackedWidget):
    """A panel that is held to its needs: in sight, and told to draw, only while its model meets them.

    It hears the bridge in place of its panel and passes everything on. A panel that is covered is hidden before it
    hears of the model that it cannot show, and comes back after it has heard of one that it can."""

    def __init__(self, panel: Panel) -> None:
        super().__init__()
        self.panel = panel
        self._lack = ""
        self._offer = Offer()
        self.addWidget(panel)
        self.addWidget(self._offer)

    def take(self, event: Event | Action) -> None:
        self.panel.take(event)

    def show_state(self, state: State, changed: frozenset[str]) -> None:
        if changed & DECIDING:
            self._lack = lacking(state, self.panel.snapshot(state), self.panel.needs)
        if self._lack:
            self._offer.say(self._lack)
            self._show(self._offer)
        self.panel.show_state(state, changed)
        if not self._lack:
            self._show(self.panel)

    def _show(self, page: QWidget) -> None:
        if page is not self.currentWidget():
            inside = self.isAncestorOf(QApplication.focusWidget()) if QApplication.focusWidget() else False
            self.setCurrentWidget(page)
            if inside:  # else Qt gives the focus, and Space, to the first button of the page
                self.setFocus(Qt.FocusReason.OtherFocusReason)
