"""What to do with the slots: the typed expression, how its result is normed, and how far the neighbours lie."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Literal

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from engine import Arithmetic, ExpressionError, parse_expression
from explorer import recipes
from explorer.text import mark, tr
from explorer.theme import GRID, SMALL, label
from explorer.widgets.condition_chooser import Condition, ConditionChooser
from explorer.widgets.elided import ElidedLabel
from explorer.widgets.slider import ValueSlider
from explorer.widgets.text_field import TextField

WIDEST_SPREAD = 1.0
NORMS: Mapping[Literal["onto the shell", "as is"], str] = {
    "onto the shell": mark("Onto the shell"),
    "as is": mark("As is"),
}


class ExpressionRow(QWidget):
    """Shows what a recipe does with its slots and makes new recipes of it.

    A text is checked while it is typed: what can be computed is an edit, else one sentence stands below, in the place
    of `caption`, and the last good expression stays. `edited(text, recipe)` is a change by the hands; `started` and
    `finished` enclose a gesture.
    """

    edited = Signal(str, object)
    started = Signal()
    finished = Signal()

    def __init__(self, caption: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._presents = False
        self._recipe = recipes.empty_arithmetic()
        self._typing = False
        self._text = TextField(self._recipe.expression)
        self._text.setAccessibleName(tr("Expression"))
        self._text.setToolTip(tr("Names of slots with + - * / and ( ), mean(A), slerp(A, B, 0.5), lerp(A, B, 0.5)"))
        self._text.textEdited.connect(self._typed)
        self._text.editingFinished.connect(self._stop_typing)
        self._norm = QComboBox()
        self._norm.setAccessibleName(tr("Normalisation"))
        self._norm.setToolTip(tr("Onto the shell: the result gets the length that draws have. As is: nothing is done."))
        for norm, title in NORMS.items():
            self._norm.addItem(tr(title), norm)
        self._norm.activated.connect(self._choose_norm)
        self._spread = ValueSlider(0.0, WIDEST_SPREAD, self._recipe.spread, 2)
        self._spread.setAccessibleName(tr("Spread of the neighbours"))
        self._spread.setToolTip(tr("How far the neighbours lie from the result: half the width of uniform noise"))
        self._spread.valueChanged.connect(self._spread_moved)
        self._spread.editStarted.connect(self.started)
        self._spread.editFinished.connect(self.finished)
        self._spread_name = label(tr("Spread"), muted=True)
        self._conditions = ConditionChooser()
        self._conditions.picked.connect(self._choose_condition)
        self._caption, self._problem = caption, ElidedLabel(size=SMALL)
        self._below = QStackedWidget()
        self._below.addWidget(caption)
        self._below.addWidget(self._problem)
        self._below.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addWidget(self._text, 3)
        row.addWidget(self._norm)
        row.addWidget(self._spread_name)
        row.addWidget(self._spread, 1)
        row.addWidget(self._conditions)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(row)
        layout.addWidget(self._below)

    # ---------------------------------------------------------------------------------------------- what is shown

    def show_recipe(self, recipe: Arithmetic) -> None:
        """Bring everything in line with a recipe. A text that is being typed stays where only others changed."""
        if recipe.expression not in (self._recipe.expression, self._text.text().strip()):
            self._text.setText(recipe.expression)
        self._recipe = recipe
        self._norm.setCurrentIndex(self._norm.findData(recipe.norm))
        self._spread.display(recipe.spread)
        self._conditions.set_condition(recipe.condition)
        self.show_problem(self.problem_of(self._text.text()) if recipes.filled(recipe).slots else "")

    def set_columns(self, columns: Mapping[str, tuple[str, ...]]) -> None:
        """The conditions that a model takes."""
        self._conditions.set_columns(columns)

    def present(self, on: bool) -> None:
        """Only the expression and what is wrong with it, or everything."""
        self._presents = on
        self.show_problem(self.problem())
        for widget in (self._norm, self._spread_name, self._spread):
            widget.setVisible(not on)

    def show_problem(self, problem: str) -> None:
        """One sentence below the expression; while it is empty the caption stands there, so that nothing moves."""
        self._problem.setText(problem)
        self._below.setCurrentWidget(self._problem if problem or self._presents else self._caption)

    def problem(self) -> str:
        """The sentence that is shown."""
        return self._problem.text()

    def text_field(self) -> TextField:
        return self._text

    def problem_of(self, text: str) -> str:
        """Why an expression cannot be computed with the slots as they are; empty where it can."""
        try:
            used = parse_expression(text, tuple(slot.name for slot in self._recipe.slots)).slots
        except ExpressionError as error:
            return str(error)
        empty = [name for name in used if not recipes.slot_of(self._recipe, name).exemplars]
        return tr("Slot {name} is empty; click a sample to put it there.", name=empty[0]) if empty else ""

    # ---------------------------------------------------------------------------------------------- hands

    @Slot(str)
    def _typed(self, text: str) -> None:
        if not self._typing:
            self._typing = True
            self.started.emit()
        problem = self.problem_of(text)
        self.show_problem(problem)
        if not problem:
            self.edited.emit(tr("Expression"), dataclasses.replace(self._recipe, expression=text.strip()))

    @Slot()
    def _stop_typing(self) -> None:
        if self._typing:
            self._typing = False
            self.finished.emit()

    @Slot(float)
    def _spread_moved(self, spread: float) -> None:
        self.edited.emit(tr("Spread of the neighbours"), dataclasses.replace(self._recipe, spread=spread))

    @Slot(int)
    def _choose_norm(self, index: int) -> None:
        norm: Literal["onto the shell", "as is"] = self._norm.itemData(index)
        self.edited.emit(tr("Normalisation"), dataclasses.replace(self._recipe, norm=norm))

    @Slot(object)
    def _choose_condition(self, condition: Condition) -> None:
        self.edited.emit(tr("Condition"), dataclasses.replace(self._recipe, condition=condition))
