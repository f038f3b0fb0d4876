"""Add and subtract concepts: slots of exemplars, an expression over their means, and the picture it leads to.

The paper's recipe (Radford et al. 2015, arXiv 1511.06434, section 6.3.2): each concept is the mean of three samples,
one alone being unstable; the result is shown among eight neighbours, to see that it is a region and not an accident.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QImage, QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

import engine
from engine import Arithmetic, ConceptError, Concepts, Event, Frame, Point, examples_for, read_concepts, words_of
from explorer import recipes
from explorer.edits import new_gesture, push_edit
from explorer.explored import is_scrubbed, snapshot_title
from explorer.panel import Desk, Panel
from explorer.provenance import arithmetic_facts, points_facts
from explorer.state import Action, ChooseSlot, ChooseSnapshot, SendToSlot, State, VisitPoint
from explorer.stored import stored_card
from explorer.text import mark, tr
from explorer.theme import GRID, SMALL
from explorer.widgets.canvas import to_qimage
from explorer.widgets.direction_maker import DirectionMaker
from explorer.widgets.elided import ElidedLabel
from explorer.widgets.expression_row import ExpressionRow
from explorer.widgets.slot_row import EXEMPLARS_EACH, SlotRow
from explorer.widgets.snapshot_chooser import SnapshotChooser
from explorer.widgets.sum_view import SumView
from explorer.widgets.text_field import TextField
from explorer.widgets.tool_button import ToolButton

RESULT, EXEMPLARS, CLOUD = "arithmetic.result", "arithmetic.exemplars", "arithmetic.cloud"  # channels
CLOUD_SAMPLES = 256
SEARCH = "arithmetic.search"  # the job that looks for exemplars
SETTLE_MS = 60  # neighbours follow this long after the last movement of a hand


class ArithmeticPanel(Panel):
    """Slots, expression, result with neighbours, and the direction between two slots."""

    key: ClassVar[str] = "arithmetic"
    title: ClassVar[str] = mark("Arithmetic")
    needs: ClassVar[tuple[str, ...]] = ("latent",)

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(desk, parent)
        self._recipe = recipes.empty_arithmetic()
        self._examples: tuple[Concepts, ...] = ()
        self._wanted: Concepts | None = None  # what a search for exemplars goes on for
        self._filled = False  # whether the slots were filled once, by the first example or by hand
        self._data_name = ""  # what the model that is explored was trained on
        self._snapshot = ""
        self._drawn = self._recipe  # what the newest centre was drawn from
        self._asked: dict[int, Arithmetic] = {}
        self._newest: dict[tuple[str, str], int] = {}
        self._gesture: int | None = None
        self._stale = True
        self._settle = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._settle.timeout.connect(self._request_all)
        self._build()
        self._show_recipe()
        self._show_stored()

    # ---------------------------------------------------------------------------------------------- layout

    def _build(self) -> None:
        self._slots = SlotRow()
        self._slots.visited.connect(self._visit)
        self._caption = ElidedLabel(size=SMALL, muted=True)
        self._expression = ExpressionRow(self._caption)
        for part in (self._slots, self._expression):
            part.edited.connect(self._edit)
            part.started.connect(self._start_gesture)
            part.finished.connect(self._end_gesture)
        self._sum = SumView()
        self._sum.visited.connect(self._visit)
        self._sum.sent.connect(self._send)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GRID, GRID, GRID, GRID)
        layout.setSpacing(GRID)
        self._top = self._build_top()
        layout.addWidget(self._top)
        layout.addWidget(self._slots)
        layout.addWidget(self._expression)
        layout.addWidget(self._sum, 1)
        self._maker = DirectionMaker()
        self._maker.wanted.connect(self._make_direction)
        layout.addWidget(self._maker)

    def _build_top(self) -> QWidget:
        self._presets = QComboBox(editable=True, insertPolicy=QComboBox.InsertPolicy.NoInsert)
        self._presets.setLineEdit(TextField())
        self._presets.lineEdit().setPlaceholderText(tr("Examples, or your own words"))
        self._presets.lineEdit().setClearButtonEnabled(True)
        self._presets.lineEdit().returnPressed.connect(self._use_words)
        self._presets.lineEdit().textChanged.connect(self._allow_search)
        self._presets.setAccessibleName(tr("Examples"))
        self._presets.setToolTip(tr("Choose a ready arithmetic, or type one: man with glasses - man + woman"))
        self._presets.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._presets.setMinimumContentsLength(20)
        self._presets.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._presets.activated.connect(self._choose_example)
        self._chooser = SnapshotChooser(self.needs)
        self._chooser.picked.connect(self._choose_snapshot)
        self._again = ToolButton("refresh", tr("Other exemplars for the same words"))
        self._again.setEnabled(False)
        self._again.clicked.connect(self._search_again)
        top = QWidget()
        row = QHBoxLayout(top)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        row.addWidget(self._presets, 3)
        row.addWidget(self._again)
        row.addWidget(self._chooser, 2)
        return top

    # ---------------------------------------------------------------------------------------------- what is shown

    def recipe(self) -> Arithmetic:
        """The arithmetic as it stands."""
        return self._recipe

    def _show_stored(self) -> None:
        """The first example of the model that opens by itself, so that it is drawn as soon as the engine can."""
        card = stored_card() if self.desk.state().ready is None else None
        examples = examples_for(card, card["data"]["name"]) if card is not None else ()
        if examples and examples[0].exemplars is not None:
            self._offer(examples)
            self._use_example(examples[0], undoable=False)
            self._filled = False  # until it is known which model is explored
            self._sum.result.set_text(tr("The engine is starting."))

    def show_state(self, state: State, changed: frozenset[str]) -> None:
        if changed & {"ready", "snapshots", "opened", "training", "explored", "at_step", "snapshot_steps", "live_step"}:
            self._chooser.show_state(state)
        if "jobs" in changed:
            self._sum.show_progress(state.jobs.get(SEARCH))
        if changed & {"snapshots", "explored", "at_step", "run", "snapshot_steps"}:
            self._show_snapshot(state)
        live_is_new = "live_step" in changed and self.snapshot(state) == engine.LIVE
        if live_is_new and self._drawable():
            self._request_later()

    def _show_snapshot(self, state: State) -> None:
        """Follow the choice or the scrubber to another snapshot; fill the slots when the first one is known."""
        snapshot = self.snapshot(state)
        info = state.snapshots.get(snapshot)
        if snapshot != self._snapshot:
            self._snapshot = snapshot
            self._newest.clear()
            if snapshot and info is None and state.ready is not None:
                self.desk.post(engine.OpenSnapshot(snapshot))
            self._stale = True
        known = info or state.explored_info
        if known is not None and known.data is not None:
            self._drop_titles(known.data.name)
        if known is not None:
            self._expression.set_columns(known.conditions)
            self._offer_examples(known)
            if not self._filled and known.latent is not None and self._examples:
                self._use_example(self._examples[0], undoable=False)
        self._redraw_if_stale()

    def _drop_titles(self, data_name: str) -> None:
        """A model of other data does not know "man with glasses": the places stay, their names go."""
        before, self._data_name = self._data_name, data_name
        if before not in ("", data_name) and any(slot.title for slot in self._recipe.slots):
            slots = tuple(dataclasses.replace(slot, title="") for slot in self._recipe.slots)
            self._recipe = dataclasses.replace(self._recipe, slots=slots)
            self._show_recipe()

    def _offer_examples(self, info: engine.SnapshotInfo) -> None:
        examples = examples_for(info.facts, info.data.name if info.data is not None else "")
        if examples != self._examples and not is_scrubbed(self.desk.state()):
            self._offer(examples)

    def _offer(self, examples: tuple[Concepts, ...]) -> None:
        self._examples = examples
        self._presets.clear()
        self._presets.addItems([_shown(example.title) for example in examples])
        self._show_recipe()

    def _show_recipe(self) -> None:
        """Bring slots, expression and choices in line with the recipe."""
        self._slots.show_recipe(self._recipe)
        self._expression.show_recipe(self._recipe)
        self._maker.show_slots(self._recipe.slots)
        self._sum.show_slots(tuple(slot.name for slot in self._recipe.slots))
        filled = recipes.filled(self._recipe).slots
        self._show_words(words_of({slot.name: slot.title for slot in filled}, self._recipe.expression))

    def _show_words(self, words: str) -> None:
        """What the slots say, in the box of examples; the box is empty where words do not say it."""
        field = self._presets.lineEdit()
        if words.lower() != field.text().lower():
            self._presets.setCurrentIndex(self._presets.findText(words, Qt.MatchFlag.MatchFixedString))
            field.setText(_shown(words))
        field.setCursorPosition(0)

    # ---------------------------------------------------------------------------------------------- edits

    @Slot(str, object)
    def _edit(self, text: str, recipe: Arithmetic) -> None:
        """Every change of the recipe by a hand: shown, asked for, and kept for undo."""
        self._filled = True
        push_edit(self.desk.undo, text, self._recipe, recipe, self._apply, self._gesture)

    def _apply(self, recipe: Arithmetic) -> None:
        before, self._recipe = self._slots.points(), recipe
        added = {slot.name for slot in recipe.slots} - set(self._slots.names())
        if len(added) == 1:
            self.desk.act(ChooseSlot(*added))
        self._show_recipe()
        if self._slots.points() != before or self._stale:
            self._request_exemplars()
        self._request_moving()

    @Slot()
    def _start_gesture(self) -> None:
        self._gesture = new_gesture()

    @Slot()
    def _end_gesture(self) -> None:
        self._gesture = None

    @Slot(object, str)
    def _send(self, point: Point, name: str) -> None:
        self.desk.act(SendToSlot(point, name))

    def _put(self, point: Point, name: str) -> None:
        self._edit(tr("Sample into {name}", name=name), recipes.with_exemplar(self._recipe, name, point))

    # ---------------------------------------------------------------------------------------------- examples

    @Slot(int)
    def _choose_example(self, index: int) -> None:
        self._use_example(self._examples[index], undoable=True)

    @Slot()
    def _use_words(self) -> None:
        """What was typed: one of the examples fills the slots by itself, anything else is looked for."""
        words = self._presets.currentText()
        if words.strip() and self._presets.findText(words, Qt.MatchFlag.MatchFixedString) < 0:
            self._search_words(seed=0)

    @Slot(str)
    def _allow_search(self, words: str) -> None:
        self._again.setEnabled(bool(words.strip()))

    @Slot()
    def _search_again(self) -> None:
        self._search_words(seed=new_gesture())

    def _search_words(self, *, seed: int) -> None:
        try:
            concepts = read_concepts(self._presets.currentText())
        except ConceptError as error:
            self._expression.show_problem(str(error))
            return
        if concepts != self._wanted or seed:  # Enter comes twice from an editable combo box
            self._search(concepts, seed=seed)

    def _use_example(self, example: Concepts, *, undoable: bool) -> None:
        self._filled = True
        if example.exemplars is None:
            self._search(example, seed=0)
        else:
            self._fill_from(example, example.exemplars, undoable=undoable)

    def _search(self, example: Concepts, *, seed: int) -> None:
        self._wanted = example
        self.desk.post(engine.CancelJob(SEARCH))
        self.desk.post(engine.FindExemplars(SEARCH, self._snapshot, example.terms, EXEMPLARS_EACH, seed))

    def _fill_from(self, example: Concepts, exemplars: Mapping[str, tuple[Point, ...]], *, undoable: bool) -> None:
        slots = tuple(
            engine.Slot(name, tuple(exemplars.get(name, ())), 1.0, tr(term)) for name, term in example.terms.items()
        )
        recipe = dataclasses.replace(self._recipe, slots=slots, expression=example.expression)
        self._expression.show_problem("")
        if undoable:
            self._edit(_shown(example.title), recipe)
        else:
            self._apply(recipe)

    # ---------------------------------------------------------------------------------------------- requests

    def _drawable(self) -> bool:
        return bool(self._snapshot) and not self._expression.problem_of(self._recipe.expression) and self.isVisible()

    def _redraw_if_stale(self) -> None:
        if self._stale and self._drawable() and self.desk.state().ready is not None:
            self._request_exemplars()
            self._request_all()
            self._request_cloud()

    def _request_moving(self) -> None:
        """The centre at once; its neighbours when the hand rests."""
        self._request(neighbours=self._gesture is None)
        if self._gesture is not None:
            self._settle.start()

    def _request_later(self) -> None:
        """New weights of the live run: everything once more, unless it is already about to come."""
        if not self._settle.isActive():
            self._request_exemplars()
            self._request_cloud()
            self._settle.start()

    @Slot()
    def _request_all(self) -> None:
        self._request(neighbours=True)

    def _request(self, *, neighbours: bool) -> None:
        problem = self._expression.problem_of(self._recipe.expression)
        if not self._drawable():
            self._stale = True
            if any(slot.exemplars for slot in self._recipe.slots):
                self._expression.show_problem(problem)
            return
        self._stale = False
        number = self.desk.number()
        recipe = recipes.filled(self._recipe)
        self._asked[number] = recipe
        self.desk.post(engine.DrawArithmetic(RESULT, number, self._snapshot, recipe, neighbours))

    def _request_exemplars(self) -> None:
        points = self._slots.points()
        if points and self._snapshot and self.isVisible():
            self.desk.post(engine.DrawPoints(EXEMPLARS, self.desk.number(), self._snapshot, points))

    def _request_cloud(self) -> None:
        """Samples of a point model, for the result to be seen among them."""
        info = self.desk.state().snapshots.get(self._snapshot)
        if info is None or not self.isVisible():
            self._stale = True  # once more when it is known
        elif len(info.shape) == 1:
            points = tuple(Point(seed=engine.GRID_SEED, x=float(k)) for k in range(CLOUD_SAMPLES))
            self.desk.post(engine.DrawPoints(CLOUD, self.desk.number(), self._snapshot, points))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._stale = True
        self._redraw_if_stale()

    # ---------------------------------------------------------------------------------------------- answers

    def take(self, event: Event | Action) -> None:
        if isinstance(event, Frame) and event.channel in (RESULT, EXEMPLARS, CLOUD):
            self._take_frame(event)
        elif isinstance(event, SendToSlot):
            self._put(event.point, self.desk.state().last_slot)
        elif isinstance(event, engine.ExemplarsFound) and event.job == SEARCH and self._wanted is not None:
            example, self._wanted = self._wanted, None
            first = not any(slot.exemplars for slot in self._recipe.slots)
            self._fill_from(example, event.points, undoable=not first)
        elif isinstance(event, engine.DirectionMade) and event.snapshot == self._snapshot:
            self._maker.show_score(event.direction)
        elif isinstance(event, engine.Failed) and event.job == SEARCH:
            self._wanted = None  # the card says why
        elif isinstance(event, engine.Failed) and event.channel == RESULT:
            self._expression.show_problem(event.reason)

    def _take_frame(self, frame: Frame) -> None:
        place = (frame.channel, frame.part)
        if frame.snapshot != self._snapshot or frame.number < self._newest.get(place, 0):
            return
        self._newest[place] = frame.number
        if frame.channel == EXEMPLARS:
            self._slots.show_exemplars(frame.samples)
        elif frame.channel == CLOUD:
            self._sum.show_cloud(frame.samples)
        elif frame.part == "centre":
            self._show_centre(frame)
        elif frame.part == "neighbours":
            self._sum.show_neighbours(frame)
        elif frame.part == "slots":
            self._slots.show_means(self._asked.get(frame.number, self._drawn), frame.samples)

    def _show_centre(self, frame: Frame) -> None:
        self._drawn = self._asked.get(frame.number, self._drawn)
        self._sum.show_centre(frame, self._drawn.condition)
        self._asked = {number: recipe for number, recipe in self._asked.items() if number >= frame.number}
        if not self._expression.problem_of(self._expression.text_field().text()):
            self._expression.show_problem("")
        state = self.desk.state()
        caption = tr(
            "{model} · {time} ms", model=snapshot_title(state, frame.snapshot), time=f"{frame.milliseconds:.1f}"
        )
        self._caption.say(caption)

    # ---------------------------------------------------------------------------------------------- sending on

    @Slot(str)
    def _choose_snapshot(self, snapshot: str) -> None:
        if snapshot not in self.desk.state().snapshots:
            self.desk.post(engine.OpenSnapshot(snapshot))
        self.desk.act(ChooseSnapshot(snapshot))

    @Slot(str, str, str)
    def _make_direction(self, positive: str, negative: str, name: str) -> None:
        groups = [recipes.slot_of(self._recipe, slot).exemplars for slot in (positive, negative)]
        self.desk.post(engine.MakeDirection(self._snapshot, name, groups[0], groups[1]))

    @Slot(object)
    def _visit(self, point: Point) -> None:
        self.desk.act(VisitPoint(point))

    # ---------------------------------------------------------------------------------------------- sessions

    def remember(self) -> Mapping[str, Any]:
        """What a session keeps of this panel."""
        return {"arithmetic": engine.to_plain(self._recipe)}

    def recall(self, kept: Mapping[str, Any]) -> None:
        """Bring back what `remember` gave, or the recipe of a saved picture; what is neither gets a sentence."""
        try:
            recipe = engine.arithmetic_from_plain(kept["arithmetic"])
        except (ValueError, KeyError) as error:
            self._expression.show_problem(str(error))
            return
        self._edit(tr("Open an arithmetic"), recipe)

    # ---------------------------------------------------------------------------------------------- keys of the window

    def present(self, on: bool) -> None:
        """On a projector only the slots, the expression and the pictures."""
        for part in (self._slots, self._expression):
            part.present(on)
        for widget in (self._top, self._maker):
            widget.setVisible(not on)

    def reset_view(self) -> None:
        self._sum.reset_view()

    def save_picture(self) -> tuple[QImage, dict[str, str]] | None:
        """The result, or the chosen neighbour where the neighbours have the focus."""
        image, frame = self._sum.result.image(), self._sum.centre()
        if image is None or frame is None:
            return None
        chosen = self._sum.chosen_neighbour()
        if chosen is not None:
            picture, point = chosen
            return to_qimage(picture), points_facts(frame.snapshot, frame.step, [point])
        return image, arithmetic_facts(frame.snapshot, frame.step, self._drawn)


def _shown(title: str) -> str:
    words = tr(title)
    return words[:1].upper() + words[1:]
