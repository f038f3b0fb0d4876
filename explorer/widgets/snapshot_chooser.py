"""Choose what is explored: a bundled model, the run that trains, or a run on disk."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QSizePolicy, QWidget

from explorer.explored import Choice, choices, is_scrubbed, shown_snapshot, snapshot_title
from explorer.state import State
from explorer.text import tr
from explorer.widgets.calm_combo import CalmComboBox


class SnapshotChooser(CalmComboBox):
    """A list of the snapshots that meet `needs`. `picked(id)` comes from the hands only, never from `show_state`."""

    picked = Signal(str)

    def __init__(self, needs: tuple[str, ...] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._needs = needs
        self._choices: tuple[Choice, ...] = ()
        self.setMinimumContentsLength(14)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("What is explored"))
        self.activated.connect(self._picked)

    def show_state(self, state: State) -> None:
        """Offer what can be explored now, and show what is."""
        offered, shown = choices(state, self._needs), shown_snapshot(state, self._needs)
        if offered != self._choices:
            self._choices = offered
            self.clear()
            for choice in offered:
                self.addItem(choice.title, choice.snapshot)
        index = self.findData(shown)
        if index != self.currentIndex():
            self.setCurrentIndex(index)
        title = snapshot_title(state, shown) if state.explored else ""
        decides = is_scrubbed(state) and shown == shown_snapshot(state)
        hint = tr("The scrubber decides: {title}", title=title) if decides else title
        self.setToolTip(hint or tr("What is explored"))

    @Slot(int)
    def _picked(self, index: int) -> None:
        self.picked.emit(str(self.itemData(index)))
