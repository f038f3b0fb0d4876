"""All that moves a place in latent space by numbers: the seed plane, directions, coordinates of z, the condition."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

import engine
from engine import DirectionFacts, Move, Point
from explorer.explored import grouped
from explorer.state import State
from explorer.text import tr
from explorer.theme import GRID, SMALL, label
from explorer.widgets.condition_chooser import Condition, ConditionChooser
from explorer.widgets.plane import PlanePad
from explorer.widgets.section import Section
from explorer.widgets.slider_bank import BankItem, SliderBank
from explorer.widgets.snapshot_chooser import SnapshotChooser
from explorer.widgets.text_field import TextField
from explorer.widgets.tool_button import ToolButton

FARTHEST_MOVE = 4.0  # standard deviations of the prior
DIRECTIONS, COORDINATES = 7, 8  # rows in view
Z_LIMITS = {"normal": 3.0, "uniform": 1.0}
LARGEST_SEED = 2**31 - 1
KIND_ORDER = {"own": 0, "attribute": 1, "pca": 2, "sefa": 3}
Z_NAME_WIDTH = 48  # px


class LatentControls(QScrollArea):
    """Shows a `Point` and makes new ones of it.

    `edited(text, point)` is a change by the hands; `started` and `finished` enclose one gesture, and `started` lets
    the owner say by `show_point` which place the gesture begins at. `finding` asks for directions, `removed(name)` to
    remove one that a person made, `picked(id)` for another snapshot.
    """

    edited = Signal(str, object)
    started = Signal()
    finished = Signal()
    finding = Signal()
    removed = Signal(str)
    picked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._point = Point()
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(GRID, GRID, GRID, GRID)
        column.setSpacing(GRID)
        self._chooser = SnapshotChooser(("latent",))
        self._chooser.picked.connect(self.picked)
        self._conditions = ConditionChooser()
        self._conditions.picked.connect(self._choose_condition)
        sections = (self._build_place(), self._build_directions(), self._build_coordinates())
        for widget in (self._chooser, self._conditions, *sections):
            column.addWidget(widget)
        column.addStretch(1)
        self.setWidget(inside)
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumWidth(inside.minimumSizeHint().width() + self.verticalScrollBar().sizeHint().width())

    # ---------------------------------------------------------------------------------------------- layout

    def _build_place(self) -> Section:
        self._pad = PlanePad()
        self._pad.dragStarted.connect(self.started)
        self._pad.dragged.connect(self._drag_plane)
        self._pad.dragEnded.connect(self.finished)
        new = QPushButton(tr("New latent"))
        new.setToolTip(tr("Another draw (N); directions and condition stay"))
        new.clicked.connect(self.new_latent)
        self._seed = QSpinBox()
        self._seed.setLineEdit(TextField())
        self._seed.setRange(0, LARGEST_SEED)
        self._seed.setKeyboardTracking(False)
        self._seed.setPrefix(tr("Seed "))
        self._seed.setAccessibleName(tr("Seed"))
        self._seed.setToolTip(tr("Which plane of draws"))
        self._seed.valueChanged.connect(self._set_seed)
        self._where = label("", SMALL, muted=True)
        self._clear = QPushButton(tr("Clear edits"))
        self._clear.setToolTip(tr("Take all directions and set coordinates back"))
        self._clear.clicked.connect(self.clear_edits)
        side = QVBoxLayout()
        side.setSpacing(4)
        for widget in (new, self._seed, self._where, self._clear):
            side.addWidget(widget)
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(GRID)
        line.addWidget(self._pad, 0, Qt.AlignmentFlag.AlignTop)
        line.addLayout(side, 1)
        return _section(tr("Place"), row)

    def _build_directions(self) -> Section:
        self._moves = SliderBank(
            low=-FARTHEST_MOVE, high=FARTHEST_MOVE, rows=DIRECTIONS, search=tr("Search directions"), gathers=True
        )
        self._moves.moved.connect(self.move_along)
        self._moves.started.connect(self.started)
        self._moves.finished.connect(self.finished)
        self._moves.removed.connect(self.removed)
        find = ToolButton("refresh", tr("Look for directions: attributes, PCA and SeFa"))
        find.clicked.connect(self.finding)
        self._moves.add_tool(find)
        return _section(tr("Directions"), self._moves)

    def _build_coordinates(self) -> Section:
        self._zs = SliderBank(
            low=-3.0, high=3.0, rows=COORDINATES, name_width=Z_NAME_WIDTH, search=tr("Search: 3 17 40")
        )
        self._zs.moved.connect(self.set_coordinate)
        self._zs.started.connect(self.started)
        self._zs.finished.connect(self.finished)
        return _section(tr("Coordinates of z"), self._zs)

    # ---------------------------------------------------------------------------------------------- what is shown

    def show_choices(self, state: State) -> None:
        """The snapshots that can be explored."""
        self._chooser.show_state(state)

    def show_space(self, latent: engine.LatentInfo, conditions: Mapping[str, tuple[str, ...]]) -> None:
        """The latent space of a snapshot: its size, its limits and its conditions."""
        limit = Z_LIMITS[latent.prior]
        self._zs.set_range(-limit, limit)
        self._zs.set_items([BankItem(str(i), tr("z {index}", index=i)) for i in range(latent.size)])
        self._conditions.set_columns(conditions)
        self._conditions.set_condition(self._point.condition)

    def show_directions(self, found: Sequence[DirectionFacts], said: str) -> None:
        """The directions of a snapshot, own ones first, then attributes, and what is said where there are none."""
        self._moves.set_items([_bank_item(direction) for direction in sorted(found, key=_by_kind)])
        self._show_moves()
        self._moves.set_text(said)

    def say(self, text: str) -> None:
        """One line about the search for directions, where there are none."""
        self._moves.set_text(text)

    def show_place(self, point: Point) -> None:
        """Where on the plane a walk is; cheaper than `show_point`."""
        self._point = point
        self._pad.set_place(point.x, point.y)
        self._pad.setEnabled(point.z is None)
        place = tr("x {x}  y {y}", x=f"{point.x:.2f}", y=f"{point.y:.2f}")
        self._where.setText(place if point.z is None else tr("not on the plane"))

    def show_point(self, point: Point) -> None:
        """Bring everything in line with the point."""
        self.show_place(point)
        self._seed.blockSignals(True)
        self._seed.setValue(point.seed)
        self._seed.blockSignals(False)
        self._clear.setEnabled(bool(point.edits or point.moves))
        self._conditions.set_condition(point.condition)
        self._show_moves()

    def show_z(self, values: Sequence[float], edits: Mapping[int, float]) -> None:
        """The coordinates of the picture that is shown; those that were set by hand stand where the hand put them."""
        shown = {str(index): edits.get(index, value) for index, value in enumerate(values)}
        self._zs.set_values(shown, frozenset(str(index) for index in edits))

    def directions(self) -> SliderBank:
        return self._moves

    def coordinates(self) -> SliderBank:
        return self._zs

    def plane(self) -> PlanePad:
        return self._pad

    def conditions(self) -> ConditionChooser:
        return self._conditions

    def _show_moves(self) -> None:
        amounts = {move.direction: move.amount for move in self._point.moves}
        self._moves.set_values(amounts, frozenset(amounts))

    # ---------------------------------------------------------------------------------------------- hands

    @Slot(float, float)
    def _drag_plane(self, dx: float, dy: float) -> None:
        point = self._point
        self.edited.emit(
            tr("Walk on the seed plane"), dataclasses.replace(point, x=point.x + dx, y=point.y + dy, z=None)
        )

    @Slot(str, float)
    def move_along(self, direction: str, amount: float) -> None:
        """Another amount along a direction."""
        self.edited.emit(tr("Move along a direction"), with_moves(self._point, {direction: amount}))

    @Slot(str, float)
    def set_coordinate(self, key: str, value: float) -> None:
        """Another value of one coordinate."""
        edits = tuple(sorted({**dict(self._point.edits), int(key): value}.items()))
        self.edited.emit(tr("Coordinate z {index}", index=key), dataclasses.replace(self._point, edits=edits))

    @Slot(int)
    def _set_seed(self, seed: int) -> None:
        self.started.emit()
        self.edited.emit(tr("Seed"), dataclasses.replace(self._point, seed=seed, z=None))
        self.finished.emit()

    @Slot()
    def clear_edits(self) -> None:
        """Without directions and set coordinates."""
        self.started.emit()
        self.edited.emit(tr("Clear edits"), dataclasses.replace(self._point, edits=(), moves=()))
        self.finished.emit()

    @Slot(object)
    def _choose_condition(self, condition: Condition) -> None:
        self.started.emit()
        self.edited.emit(tr("Condition"), dataclasses.replace(self._point, condition=condition))
        self.finished.emit()

    @Slot()
    def new_latent(self) -> None:
        """Another draw. Directions and condition stay, so the same change is seen on another sample."""
        self.started.emit()
        seed = random.SystemRandom().randrange(1, LARGEST_SEED)
        fresh = Point(seed=seed, moves=self._point.moves, condition=self._point.condition)
        self.edited.emit(tr("New latent"), fresh)
        self.finished.emit()


def with_moves(point: Point, amounts: Mapping[str, float]) -> Point:
    """The point with other amounts along some directions; nothing is kept of an amount of 0."""
    merged = {**{move.direction: move.amount for move in point.moves}, **amounts}
    moves = tuple(Move(name, amount) for name, amount in merged.items() if amount != 0.0)
    return dataclasses.replace(point, moves=moves)


def _section(title: str, *widgets: QWidget) -> Section:
    section = Section(title)
    for widget in widgets:
        section.add(widget)
    return section


def _by_kind(direction: DirectionFacts) -> int:
    return KIND_ORDER[direction.kind]


def _bank_item(direction: DirectionFacts) -> BankItem:
    """A direction as a slider: its name, and its score or share in the tooltip. Own ones keep the name that they were
    given, with the step they were made at, and can be removed."""
    own = direction.kind == "own"
    title = direction.title or direction.name
    if not own:
        title = title.replace("_", " ")
        title = title[:1].upper() + title[1:]
    if direction.made_at is not None:
        title = tr("{name}, step {step}", name=title, step=grouped(direction.made_at))
    share = f"{100 * direction.share:.1f}"
    hints = {
        "pca": tr("{name}: {share} % of the variance", name=title, share=share),
        "sefa": tr("{name}: {share} % of the first layer's stretch", name=title, share=share),
    }
    score = tr(
        "{name}: alignment {alignment}, Cohen's d {d}",
        name=title,
        alignment=f"{direction.alignment:.2f}",
        d=f"{direction.cohen_d:.1f}",
    )
    removal = tr("Remove this direction; undo brings it back") if own else ""
    words = f"{direction.kind} {direction.name}"
    return BankItem(direction.name, title, hints.get(direction.kind, score), words, removal)
