"""The slots of an arithmetic beside each other, and the buttons that add and fill them."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

import engine
from engine import Arithmetic, Point, Samples
from explorer import recipes
from explorer.text import tr
from explorer.theme import GRID
from explorer.widgets.slot_card import SlotCard
from explorer.widgets.tool_button import ToolButton

EXEMPLARS_EACH = 3  # the paper found one unstable and three stable
FEW = 3  # as many stand wide apart
FOCUS_KEYS = "ABCDEFGH"  # Alt+1 is the weight of A


class SlotRow(QWidget):
    """Shows the slots of a recipe and makes new recipes of it.

    `edited(text, recipe)` is a change by the hands, `started` and `finished` enclose one gesture, `visited(point)`
    asks to show an exemplar in Latent.
    """

    edited = Signal(str, object)
    started = Signal()
    finished = Signal()
    visited = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._recipe = recipes.empty_arithmetic()
        self._cards: dict[str, SlotCard] = {}
        self._presents = False
        self._add = ToolButton("plus", tr("Add slot: one more concept"))
        self._add.clicked.connect(self.add_slot)
        self._fill = ToolButton("dice-multiple-outline", tr("Fill with samples: three into each empty slot"))
        self._fill.clicked.connect(self.fill_slots)
        inside = QWidget()
        self._row = QHBoxLayout(inside)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._scroll = QScrollArea()
        self._scroll.setWidget(inside)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        self._scroll.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        side = QVBoxLayout()
        side.setSpacing(4)
        side.addWidget(self._add)
        side.addWidget(self._fill)
        side.addStretch(1)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID)
        layout.addWidget(self._scroll, 1)
        layout.addLayout(side)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        for index, name in enumerate(FOCUS_KEYS, start=1):
            key = QShortcut(QKeySequence(f"Alt+{index}"), self, context=Qt.ShortcutContext.WidgetWithChildrenShortcut)
            key.setProperty("slot", name)
            key.activated.connect(self._focus_slot)

    # ---------------------------------------------------------------------------------------------- what is shown

    def show_recipe(self, recipe: Arithmetic) -> None:
        """Bring the cards in line with the slots of a recipe."""
        self._recipe = recipe
        names = [slot.name for slot in recipe.slots]
        for name in [name for name in self._cards if name not in names]:
            card = self._cards.pop(name)
            self._row.removeWidget(card)
            card.hide()
            card.deleteLater()
        for place, slot in enumerate(recipe.slots):
            card = self._cards.get(slot.name) or self._new_card(slot.name)
            if self._row.indexOf(card) != place:
                self._row.insertWidget(place, card, 1)
            card.show_slot(slot)
        self._row.setSpacing(2 * GRID if len(self._cards) <= FEW else GRID)
        self._show_buttons()
        self._fit_height()

    def present(self, on: bool) -> None:
        """Only the pictures and what they are called, or everything."""
        self._presents = on
        for card in self._cards.values():
            card.present(on)
        self._show_buttons()
        self._fit_height()

    def _show_buttons(self) -> None:
        self._add.setVisible(not self._presents)
        self._fill.setVisible(not self._presents and any(not slot.exemplars for slot in self._recipe.slots))

    def _fit_height(self) -> None:
        """As high as the cards, and the scroll bar where not all of them have room."""
        self._row.activate()
        height = self._row.sizeHint().height()
        if self._row.minimumSize().width() > self._scroll.viewport().width():
            height += self._scroll.horizontalScrollBar().sizeHint().height()
        if height != self.height():
            self.setFixedHeight(height)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_height()

    def show_exemplars(self, samples: Samples) -> None:
        """Deal pictures (N, H, W, C) or points (N, D) out to the slots, in the order of `points`; others than those are
        not for this recipe."""
        if len(samples) != len(self.points()):
            return
        first = 0
        for slot in self._recipe.slots:
            last = first + len(slot.exemplars)
            self._cards[slot.name].show_exemplars(samples[first:last] if last > first else None)
            first = last

    def show_means(self, drawn: Arithmetic, samples: Samples) -> None:
        """The mean of each slot of the recipe that was drawn; slots that are not there any more are left out."""
        if len(samples) != len(drawn.slots):
            return
        filled = {slot.name for slot in self._recipe.slots if slot.exemplars}
        for slot, sample in zip(drawn.slots, samples, strict=True):
            if slot.name in filled:
                self._cards[slot.name].show_mean(sample)

    def points(self) -> tuple[Point, ...]:
        """All exemplars, slot by slot."""
        return tuple(point for slot in self._recipe.slots for point in slot.exemplars)

    def card(self, name: str) -> SlotCard:
        """The card of a slot; raises KeyError where there is none."""
        return self._cards[name]

    def names(self) -> tuple[str, ...]:
        return tuple(self._cards)

    def offers_filling(self) -> bool:
        return self._fill.isVisible()

    def _new_card(self, name: str) -> SlotCard:
        card = SlotCard(name)
        card.weighed.connect(self.weigh)
        card.started.connect(self.started)
        card.finished.connect(self.finished)
        card.emptied.connect(self.remove_slot)
        card.present(self._presents)
        card.dropped.connect(self._drop_exemplar)
        card.visited.connect(self._visit)
        self._cards[name] = card
        return card

    # ---------------------------------------------------------------------------------------------- hands

    @Slot(str, float)
    def weigh(self, name: str, weight: float) -> None:
        """Another weight of a slot."""
        self.edited.emit(tr("Weight of {name}", name=name), recipes.with_weight(self._recipe, name, weight))

    @Slot()
    def add_slot(self) -> None:
        """One more slot, with the first letter that is free."""
        name = recipes.free_letter(self._recipe)
        if name:
            self.edited.emit(tr("Add slot {name}", name=name), recipes.with_slot(self._recipe, name))

    @Slot(str)
    def remove_slot(self, name: str) -> None:
        """Take a slot away."""
        self.edited.emit(tr("Take slot {name} away", name=name), recipes.without_slot(self._recipe, name))

    @Slot()
    def fill_slots(self) -> None:
        """Three samples of the grid's plane for each empty slot, none twice."""
        recipe, x = self._recipe, 0
        for slot in recipe.slots:
            for _ in range(0 if slot.exemplars else EXEMPLARS_EACH):
                recipe = recipes.with_exemplar(recipe, slot.name, Point(seed=engine.GRID_SEED, x=float(x)))
                x += 1
        self.edited.emit(tr("Fill slots"), recipe)

    @Slot(str, int)
    def _drop_exemplar(self, name: str, index: int) -> None:
        text = tr("Take an exemplar out of {name}", name=name)
        self.edited.emit(text, recipes.without_exemplar(self._recipe, name, index))

    @Slot(str, int)
    def _visit(self, name: str, index: int) -> None:
        self.visited.emit(recipes.slot_of(self._recipe, name).exemplars[index])

    @Slot()
    def _focus_slot(self) -> None:
        card = self._cards.get(str(self.sender().property("slot")))
        if card is not None:
            card.weight_slider().setFocus(Qt.FocusReason.ShortcutFocusReason)
            self._scroll.ensureWidgetVisible(card)
