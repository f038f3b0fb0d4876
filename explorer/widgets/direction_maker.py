"""Make an attribute vector out of two slots and show how good it is; the score has a place at all times."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QSizePolicy, QWidget

import engine
from explorer.text import tr
from explorer.theme import SMALL, label
from explorer.widgets.elided import ElidedLabel
from explorer.widgets.text_field import TextField

FEWEST = 2  # exemplars per group, below which halving them says nothing
LETTER_WIDTH = 56  # px: a letter and the arrow of a list
NAME_STRETCH, SCORE_STRETCH = 1, 2  # of the room that is left


class DirectionMaker(QWidget):
    """Two slots, a name, a button and the score. `wanted(positive, negative, name)` asks for the direction."""

    wanted = Signal(str, str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names: tuple[str, ...] = ()
        self._with, self._without = QComboBox(), QComboBox()
        self._with.setAccessibleName(tr("Slot with the attribute"))
        self._without.setAccessibleName(tr("Slot without the attribute"))
        self._name = TextField()
        self._name.setPlaceholderText(tr("Name"))
        self._name.setAccessibleName(tr("Name of the direction"))
        self._name.returnPressed.connect(self._ask)
        self._make = QPushButton(tr("Score and save"))
        self._make.setToolTip(tr("Keep the vector between two slots as a direction for Latent, and score it"))
        self._make.clicked.connect(self._ask)
        self._score = ElidedLabel(size=SMALL, muted=True)
        for box in (self._with, self._without):
            box.setFixedWidth(LETTER_WIDTH)
        self._score.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(label(tr("Direction")))
        row.addWidget(self._with)
        row.addWidget(label("−"))  # noqa: RUF001  a minus sign
        row.addWidget(self._without)
        row.addWidget(self._name, NAME_STRETCH)
        row.addWidget(self._make)
        row.addWidget(self._score, SCORE_STRETCH)

    def show_slots(self, slots: tuple[engine.Slot, ...]) -> None:
        """Offer the slots that have exemplars."""
        names = tuple(slot.name for slot in slots if slot.exemplars)
        if names != self._names:
            chosen = [box.currentText() for box in (self._with, self._without)]
            self._names = names
            for place, box in enumerate((self._with, self._without)):
                box.clear()
                box.addItems(list(names))
                box.setCurrentIndex(
                    names.index(chosen[place]) if chosen[place] in names else min(place, len(names) - 1)
                )
        self._make.setEnabled(len(names) > 1)

    def show_score(self, direction: engine.DirectionFacts) -> None:
        """What the engine found: the mean cosine between halves of the groups, and the effect size."""
        scores = {"alignment": f"{direction.alignment:.2f}", "d": f"{direction.cohen_d:.1f}"}
        self._score.setText(tr("alignment {alignment}, Cohen's d {d}", **scores))
        self._score.setToolTip(
            tr("{name}: alignment {alignment}, Cohen's d {d}", name=direction.title, **scores)
            + "\n"
            + tr("Alignment: how alike the vectors of two halves of the exemplars are (1 = the same). ")
            + tr("Cohen's d: how far apart the groups lie along the vector, in standard deviations. ")
            + tr("Both need at least {count} exemplars in each slot.", count=FEWEST)
        )

    def score_text(self) -> str:
        return self._score.text()

    def set_name(self, name: str) -> None:
        self._name.setText(name)

    @Slot()
    def _ask(self) -> None:
        positive, negative = self._with.currentText(), self._without.currentText()
        if positive and negative and positive != negative:
            name = self._name.text().strip() or f"{positive} - {negative}"
            self.wanted.emit(positive, negative, name)
        else:
            self._score.setText(tr("Choose two different slots."))
            self._score.setToolTip("")
