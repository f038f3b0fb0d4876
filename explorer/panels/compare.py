"""The same pictures as several models put them together again, beside each other, with what that costs and how well it
is done: PSNR, SSIM, L1, bits per dimension, bits of the codes and time. A click wipes between two.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QSize, Qt, QTimer, Slot
from PySide6.QtGui import QImage, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

import engine
from engine import DataPage, DataRef, Event, LoadData, Reconstructed
from explorer import theme
from explorer.explored import explored_model, grouped
from explorer.launch import DEFAULT_DATA, card_of, data_kind, data_of, start_command
from explorer.panel import Desk, Panel
from explorer.panels.compare_figures import DASH, FIGURES, best_of, numbers_of, picture_words, words
from explorer.panels.compare_models import (
    Model,
    code_bits,
    data_of_model,
    info_of,
    model_of,
    models,
    note_of,
    refusal,
)
from explorer.panels.transport import data_title
from explorer.provenance import compare_facts
from explorer.state import Action, ChooseData, PlanRun, State, load_job
from explorer.text import mark, tr
from explorer.widgets.calm_combo import CalmComboBox
from explorer.widgets.comparison_grid import Column, ComparisonGrid, Figure
from explorer.widgets.elided import ElidedLabel
from explorer.widgets.model_head import ModelHead, Offered
from explorer.widgets.offer import Offer
from explorer.widgets.tool_button import ToolButton
from explorer.widgets.wipe_view import WipeView

PICTURES = 4  # that are compared at once
MOST = 4  # models beside the originals
LIVE_MS = 500  # between two looks at the model that trains
PAGE = "compare.page"  # a channel; the columns have those of `_channel`
TRAINED = "vqvae"  # what an empty panel offers to train


@dataclass
class Shown:
    """A column of a model: what was asked for it last, and what came."""

    snapshot: str
    slot: int
    number: int = 0
    answer: Reconstructed | None = None
    problem: str = ""


class ComparePanel(Panel):
    """Originals and up to four models."""

    key = "compare"
    title = mark("Compare")

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(desk, parent)
        self._shown: list[Shown] = []
        self._by_hand = False  # a person chose the models
        self._source: DataRef | None = None  # data that was chosen here; None: the data of the window
        self._asked: tuple[DataRef | None, int, int] = (None, 0, 0)  # data, first picture and number of the request
        self._page: DataPage | None = None
        self._problem = ""  # why there are no pictures
        self._opening: set[str] = set()  # what was asked for by `OpenSnapshot`
        self._heads: list[ModelHead] = []
        self._wiped = (0, 0, 1)  # the picture that is large, and the columns left and right of the line
        self._act: Callable[[], None] = self._add  # what the button of the empty panel does
        self._presented = False
        self._live_due = False
        self._live_pace = QTimer(self, singleShot=True, interval=LIVE_MS)
        self._live_pace.timeout.connect(self._look_at_live)
        self._build()
        self.show_state(desk.state(), frozenset(State.__dataclass_fields__))

    # ---------------------------------------------------------------------------------------------- layout

    def _build(self) -> None:
        self._table = ComparisonGrid([Figure(tr(title), tr(meaning)) for title, meaning in FIGURES])
        self._table.opened.connect(self._wipe)
        self._original = theme.label(tr("Original"), theme.SMALL, bold=True)
        self._original.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._table.set_heads([self._original])
        self._offer = Offer()
        self._offer.taken.connect(self._take_offer)
        self._pages = QStackedWidget()
        for page in (self._offer, self._table, self._build_wipe()):
            self._pages.addWidget(page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.GRID, theme.GRID, theme.GRID, theme.GRID)
        layout.setSpacing(theme.GRID)
        layout.addWidget(self._build_tools())
        layout.addWidget(self._pages, 1)

    def _build_tools(self) -> QWidget:
        self._tools = QWidget()
        self._data = CalmComboBox()
        self._data.setAccessibleName(tr("Where the pictures come from"))
        self._data.setToolTip(self._data.accessibleName())
        self._data.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._data.activated.connect(self._choose_data)
        self._back = ToolButton("chevron-left", tr("Previous pictures"))
        self._on = ToolButton("chevron-right", tr("Next pictures"))
        self._back.clicked.connect(self._go_back)
        self._on.clicked.connect(self._go_on)
        self._place = ElidedLabel(size=theme.SMALL, muted=True)
        self._more = QPushButton(tr("Add model"))
        self._more.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._more.clicked.connect(self._add)
        row = QHBoxLayout(self._tools)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.GRID)
        row.addWidget(self._data, 2)
        row.addWidget(self._back)
        row.addWidget(self._place, 1)
        row.addWidget(self._on)
        row.addStretch(1)
        row.addWidget(self._more)
        return self._tools

    def _build_wipe(self) -> QWidget:
        self._line = WipeView()
        self._line.left.connect(self.show_all)
        self._line.stepped.connect(self._step)
        self._sides = (CalmComboBox(), CalmComboBox())
        for side, name in zip(self._sides, (tr("Left of the line"), tr("Right of the line")), strict=True):
            side.setAccessibleName(name)
            side.setToolTip(name)
            side.activated.connect(self._choose_sides)
        self._all = QPushButton(tr("All pictures"))
        self._all.setToolTip(tr("Back to the table (Esc)"))
        self._all.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._all.clicked.connect(self.show_all)
        self._numbers = ElidedLabel(size=theme.SMALL, muted=True)
        row = QHBoxLayout()
        row.setSpacing(theme.GRID)
        row.addWidget(self._all)
        row.addWidget(self._sides[0], 1)
        row.addWidget(self._sides[1], 1)
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.GRID // 2)
        layout.addLayout(row)
        layout.addWidget(self._line, 1)
        layout.addWidget(self._numbers)
        return page

    def sizeHint(self) -> QSize:
        return QSize(640, 520)

    # ---------------------------------------------------------------------------------------------- what is told

    def show_state(self, state: State, changed: frozenset[str]) -> None:
        if "data" in changed:
            self._source = None
        if changed & {"training", "live_run"}:
            for each in self._shown:
                if each.snapshot == engine.LIVE:
                    each.answer, each.number, each.problem = None, 0, ""
        if changed & {
            "ready", "runs", "run", "opened", "snapshots", "training", "live_run", "snapshot_steps", "data",
            "wanted_data", "opened_data", "jobs",
        }:  # fmt: skip
            self._refresh()

    def take(self, event: Event | Action) -> None:
        if isinstance(event, DataPage) and (event.channel, event.number) == (PAGE, self._asked[2]):
            self._take_page(event)
        elif isinstance(event, Reconstructed):
            self._take_answer(event)
        elif isinstance(event, engine.LiveChanged) and self._has_live():
            self._live_due = True
            if not self._live_pace.isActive():
                self._look_at_live()
        elif isinstance(event, engine.Failed) and event.channel:
            self._take_failure(event)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self.desk.state().ready is not None and not self.desk.state().runs:
            self.desk.post(engine.ListRuns())
        self._refresh()

    def _refresh(self) -> None:
        """Bring models and pictures in line with what there is, and ask for what is missing."""
        if not self.isVisible():
            return
        state = self.desk.state()
        there = models(state)
        self._drop_what_is_gone(there, state)
        if not self._by_hand:
            self._choose_models(there, state)
        self._ask_for_pictures(state)
        for each in self._shown:
            self._ask(each)
        self._show()

    def _drop_what_is_gone(self, there: Sequence[Model], state: State) -> None:
        """A run in the trash takes its column along."""
        of = {explored_model(state, model.snapshot) for model in there}
        self._shown = [each for each in self._shown if explored_model(state, each.snapshot) in of]

    def _choose_models(self, there: Sequence[Model], state: State) -> None:
        """Until a person chooses: one model of each family that takes these pictures, then others, each the newest."""
        newest = {explored_model(state, model.snapshot): model.snapshot for model in reversed(there)}
        self._shown = [
            each if (now := newest[explored_model(state, each.snapshot)]) == each.snapshot else Shown(now, each.slot)
            for each in self._shown
        ]
        shape = self._shape()
        fits = [model for model in there if not refusal(model, shape)]
        takes = {model.snapshot for model in fits}
        self._shown = [each for each in self._shown if each.snapshot in takes] or self._shown
        families = {model.family: model for model in reversed(fits)}
        firsts = [model for model in fits if families[model.family] is model]
        rest = [model for model in fits if model not in firsts]
        known = {explored_model(state, each.snapshot) for each in self._shown}
        for model in (*firsts, *rest):
            of = explored_model(state, model.snapshot)
            if len(self._shown) < MOST and of not in known:
                self._shown.append(Shown(model.snapshot, self._free_slot()))
                known.add(of)

    def _free_slot(self) -> int:
        return min(set(range(MOST)) - {each.slot for each in self._shown})

    # ---------------------------------------------------------------------------------------------- pictures

    def _data_of(self, state: State) -> DataRef:
        return self._source or data_of(state)

    def _shape(self) -> tuple[int, ...]:
        return () if self._page is None else tuple(self._page.samples.shape[1:])

    def _ask_for_pictures(self, state: State, start: int | None = None) -> None:
        """Ask for a page of the data, where it is another than the one that was asked for."""
        data = self._data_of(state)
        if state.ready is None or not self._shown or self._must_be_fetched(state) or self._are_points(state):
            return
        if start is None:
            start = self._asked[1] if data == self._asked[0] else 0
        if (data, start) == self._asked[:2]:
            return
        if data != self._asked[0]:
            self._page = None
        self._asked, self._problem = (data, start, self.desk.number()), ""
        self.desk.post(engine.ReadDataPage(PAGE, self._asked[2], data, start, PICTURES))

    def _must_be_fetched(self, state: State) -> bool:
        data = self._data_of(state)
        fetched = any(each.name == data.name and each.kind == "pictures" for each in engine.BUILT_IN)
        return fetched and data not in state.opened_data

    def _are_points(self, state: State) -> bool:
        return self._source is None and data_kind(state) == "points"

    def _take_page(self, page: DataPage) -> None:
        self._page = page if page.samples.ndim == 4 and len(page.samples) else None
        self._problem = "" if self._page is not None else tr("There are no pictures in this data; choose other data.")
        for each in self._shown:
            each.answer, each.number, each.problem = None, 0, ""
        state = self.desk.state()
        if self._page is not None and self._source is None and not any(self._fits(each) for each in self._shown):
            other = next((data for each in self._shown if (data := data_of_model(state, each.snapshot))), None)
            if other is not None and other != page.data:
                self._source = other  # pictures that at least one of them takes
        self._refresh()

    def _fits(self, each: Shown) -> bool:
        return not refusal(model_of(self.desk.state(), each.snapshot), self._shape())

    # ---------------------------------------------------------------------------------------------- models

    def _ask(self, each: Shown) -> None:
        """Ask what a model makes of the pictures, once."""
        state = self.desk.state()
        if each.snapshot not in state.snapshots and each.snapshot not in self._opening | {engine.LIVE}:
            self._opening.add(each.snapshot)
            self.desk.post(engine.OpenSnapshot(each.snapshot))
        waits = each.snapshot == engine.LIVE and state.live_run != (state.training or state.live_run)
        if self._page is None or each.number or waits or not self._fits(each):
            return
        each.number = self.desk.number()
        self.desk.post(engine.Reconstruct(_channel(each), each.number, each.snapshot, self._page.samples))

    def _take_answer(self, answer: Reconstructed) -> None:
        for each in self._shown:
            if (answer.channel, answer.number, answer.snapshot) == (_channel(each), each.number, each.snapshot):
                each.answer, each.problem = answer, ""
                self._show()

    def _take_failure(self, failure: engine.Failed) -> None:
        if failure.channel == PAGE:
            self._page, self._problem = None, failure.reason
            self._show()
        for each in self._shown:
            if failure.channel == _channel(each):
                each.answer, each.problem = None, failure.reason
                self._show()

    def _has_live(self) -> bool:
        return any(each.snapshot == engine.LIVE for each in self._shown)

    @Slot()
    def _look_at_live(self) -> None:
        """What the model that trains makes of the pictures now; its last answer stays until the next is there."""
        if not self._live_due or not self.isVisible():
            return
        self._live_due = False
        for each in self._shown:
            if each.snapshot == engine.LIVE:
                each.number = 0
                self._ask(each)
        self._live_pace.start()

    # ---------------------------------------------------------------------------------------------- showing

    def _show(self) -> None:
        state = self.desk.state()
        lack, button, self._act = self._lack(state)
        self._offer.say(lack, button)
        self._show_tools(state)
        if lack:
            self._pages.setCurrentWidget(self._offer)
            return
        self._show_heads(state)
        self._table.set_columns(self._columns(state))
        if self._pages.currentIndex() == 2:
            self._show_wipe()
        else:
            self._pages.setCurrentWidget(self._table)

    def _lack(self, state: State) -> tuple[str, str, Callable[[], None]]:
        """What would fill the panel, the words of the button that does it, and what it does."""
        title = data_title(state, self._data_of(state))
        if state.ready is None:
            return tr("The engine is starting."), "", self._add
        if not models(state) and not self._shown:
            trained = card_of(state, TRAINED)
            button = "" if trained is None or state.training else tr("Train a {family}", family=trained.title)
            return (
                tr("No model here takes pictures apart. Train a VAE, a VQ-VAE or a dVAE, or open such a run."),
                button,
                self._train,
            )
        if not self._shown:
            return tr("Choose up to four models to compare with the originals."), tr("Add model"), self._add
        if self._are_points(state):
            return tr("Points cannot be compared as pictures."), tr("Use portraits"), self._use_portraits
        if self._must_be_fetched(state):
            button = "" if load_job(self._data_of(state)) in state.jobs else tr("Load")
            return tr("{title} is fetched once and kept on this machine.", title=title), button, self._load
        if self._problem:
            return self._problem, tr("Use portraits"), self._use_portraits
        if self._page is None:
            return tr("{title} is being read.", title=title), "", self._add
        return "", "", self._add

    def _show_tools(self, state: State) -> None:
        refs = [data_of(state), *([state.run.data] if state.run is not None else [])]
        refs += [data for each in self._shown if (data := data_of_model(state, each.snapshot)) is not None]
        refs = list(dict.fromkeys([*refs, self._data_of(state)]))
        if [self._data.itemData(k) for k in range(self._data.count())] != refs:
            self._data.clear()
            for ref in refs:
                self._data.addItem(_data_words(state, ref), ref)
        self._data.setCurrentIndex(refs.index(self._data_of(state)))
        page = self._page
        last = page.start + len(page.samples) if page is not None else 0
        self._place.setText(
            ""
            if page is None
            else tr("{first}-{last} of {total}", first=page.start + 1, last=last, total=grouped(page.total))
        )
        self._back.setEnabled(page is not None and page.start > 0)
        self._on.setEnabled(page is not None and last < page.total)
        self._more.setEnabled(len(self._shown) < MOST and self._next_model() is not None)
        self._more.setToolTip(
            tr("At most four models stand beside the originals")
            if len(self._shown) >= MOST
            else tr("Show one more model")
            if self._more.isEnabled()
            else tr("Every model at hand that takes these pictures is shown")
        )

    def _show_heads(self, state: State) -> None:
        if len(self._heads) != len(self._shown):
            self._heads = [ModelHead(k) for k in range(len(self._shown))]
            for head in self._heads:
                head.picked.connect(self._pick)
                head.removed.connect(self._remove)
                head.present(self._presented)
            self._table.set_heads([self._original, *self._heads])
        there = models(state)
        for head, each in zip(self._heads, self._shown, strict=True):
            offered = list(there)
            if each.snapshot not in {model.snapshot for model in offered}:
                offered.append(model_of(state, each.snapshot))
            lines = [Offered(m.snapshot, m.title, refusal(m, self._shape())) for m in offered]
            head.offer(lines, each.snapshot, model_of(state, each.snapshot).family)

    def _columns(self, state: State) -> list[Column]:
        page = self._page
        if page is None:
            return []
        raw = math.prod(page.samples.shape[1:]) * 8
        original = Column(
            tr("Original"),
            tr("raw bytes"),
            np.asarray(page.samples, np.uint8),
            values=(DASH, DASH, DASH, "8", grouped(raw), DASH),
            details=tuple(self._about(page, row) for row in range(len(page.samples))),
        )
        numbers = [numbers_of(each.answer, code_bits(info_of(state, each.snapshot))) for each in self._shown]
        best = best_of(numbers)
        return [original, *(self._column(state, *each) for each in zip(self._shown, numbers, best, strict=True))]

    def _column(self, state: State, each: Shown, numbers: tuple[float | None, ...], best: frozenset[int]) -> Column:
        model, answer = model_of(state, each.snapshot), each.answer
        lack = each.problem or refusal(model, self._shape())
        if answer is None:
            return Column(model.title, note_of(model, None), None, lack)
        info = info_of(state, each.snapshot)
        values = [words(k, number) for k, number in enumerate(numbers)]
        if info is not None and info.codes is None:
            values[4] = tr("continuous")
        return Column(
            model.title,
            note_of(model, answer.step),
            np.asarray(answer.samples, np.uint8),
            values=tuple(values),
            best=best,
            details=tuple(self._measured(model, answer, row) for row in range(len(answer.samples))),
        )

    def _about(self, page: DataPage, row: int) -> str:
        said = tr("Picture {number}", number=grouped(page.start + row + 1))
        known = ", ".join(page.rows[row].values()) if row < len(page.rows) else ""
        return f"<p>{said}{': ' if known else ''}{known}</p>"

    def _measured(self, model: Model, answer: Reconstructed, row: int) -> str:
        first = self._page.start if self._page is not None else 0
        said = tr("{title}, picture {number}", title=model.title, number=grouped(first + row + 1))
        return f"<p>{said}: {picture_words(answer, row)}</p>"

    # ---------------------------------------------------------------------------------------------- wipe

    @Slot(int, int)
    def _wipe(self, row: int, column: int) -> None:
        """Show a picture large: the original left of the line, the chosen column right of it."""
        self._wiped = (row, 0, column or 1)
        self._pages.setCurrentIndex(2)
        self._show_wipe()
        self._line.setFocus(Qt.FocusReason.OtherFocusReason)

    @Slot()
    def show_all(self) -> None:
        """Back to the table."""
        if self._pages.currentIndex() == 2:
            self._pages.setCurrentWidget(self._table)
            self._table.setFocus(Qt.FocusReason.OtherFocusReason)
            self._show()

    def _show_wipe(self) -> None:
        columns = self._table.columns()
        row, left, right = self._wiped
        if max(left, right) >= len(columns) or self._page is None or row >= len(self._page.samples):
            self._pages.setCurrentWidget(self._table)
            return
        titles = [column.title for column in columns]
        for side, index in zip(self._sides, (left, right), strict=True):
            if [side.itemText(k) for k in range(side.count())] != titles:
                side.clear()
                side.addItems(titles)
            side.setCurrentIndex(index)
        pictures = [columns[k].pictures for k in (left, right)]
        before, after = (None if each is None else each[row] for each in pictures)
        self._line.set_pictures(before, after, (titles[left], titles[right]))
        said = [tr("Picture {number}", number=grouped(self._page.start + row + 1))]
        for k in (left, right):
            answer = self._shown[k - 1].answer if k else None
            if answer is not None:
                said.append(f"{titles[k]}: {picture_words(answer, row)}")
        self._numbers.setText("  \u00b7  ".join(said))

    @Slot(int)
    def _choose_sides(self, _index: int) -> None:
        self._wiped = (self._wiped[0], *(side.currentIndex() for side in self._sides))  # type: ignore[assignment]
        self._show_wipe()

    @Slot(int)
    def _step(self, by: int) -> None:
        """The next or previous picture of those that are shown."""
        row = self._wiped[0] + by
        if self._page is not None and 0 <= row < len(self._page.samples):
            self._wiped = (row, *self._wiped[1:])
            self._show_wipe()

    # ---------------------------------------------------------------------------------------------- hands

    @Slot(int)
    def _choose_data(self, index: int) -> None:
        self._source = self._data.itemData(index)
        self._refresh()

    @Slot()
    def _go_back(self) -> None:
        self._ask_for_pictures(self.desk.state(), max(self._asked[1] - PICTURES, 0))

    @Slot()
    def _go_on(self) -> None:
        self._ask_for_pictures(self.desk.state(), self._asked[1] + PICTURES)

    def _next_model(self) -> Model | None:
        """The first model that is not shown and takes these pictures."""
        state = self.desk.state()
        shown = {explored_model(state, each.snapshot) for each in self._shown}
        fits = (model for model in models(state) if not refusal(model, self._shape()))
        return next((model for model in fits if explored_model(state, model.snapshot) not in shown), None)

    @Slot()
    def _add(self) -> None:
        model = self._next_model()
        if model is not None and len(self._shown) < MOST:
            self._by_hand = True
            self._shown.append(Shown(model.snapshot, self._free_slot()))
            self._refresh()

    @Slot(int, str)
    def _pick(self, column: int, snapshot: str) -> None:
        if snapshot != self._shown[column].snapshot:
            self._by_hand = True
            self._shown[column] = Shown(snapshot, self._shown[column].slot)
            self._refresh()

    @Slot(int)
    def _remove(self, column: int) -> None:
        self._by_hand = True
        del self._shown[column]
        self._refresh()

    @Slot()
    def _take_offer(self) -> None:
        self._act()

    def _train(self) -> None:
        """Begin a run of a model that takes pictures apart, on the data of the window where it has pictures."""
        card = card_of(self.desk.state(), TRAINED)
        if card is not None:
            self.desk.act(PlanRun(card.name, card.best, {}))
            if data_kind(self.desk.state()) == "points":
                self.desk.act(ChooseData(DEFAULT_DATA))
            self.desk.post(start_command(self.desk.state()))

    def _use_portraits(self) -> None:
        self._source = DEFAULT_DATA
        self._refresh()

    def _load(self) -> None:
        data = self._data_of(self.desk.state())
        self.desk.post(LoadData(load_job(data), data))

    # ---------------------------------------------------------------------------------------------- keys of the window

    def present(self, on: bool) -> None:
        """On a projector only the pictures, their models and their numbers."""
        self._tools.setVisible(not on)
        self._presented = on
        for head in self._heads:
            head.present(on)

    def reset_view(self) -> None:
        self._line.set_part(0.5)

    def save_picture(self) -> tuple[QImage, dict[str, str]] | None:
        """The table, or the wipe, as it is seen."""
        answers = [each.answer for each in self._shown if each.answer is not None]
        if self._page is None or not answers or self._pages.currentIndex() == 0:
            return None
        view = self._line if self._pages.currentIndex() == 2 else self._table
        named = [(_lasting(self.desk.state(), each), each.step) for each in answers]
        page = self._page
        return view.grab().toImage(), compare_facts(named, page.data, page.start, len(page.samples))


def _lasting(state: State, answer: Reconstructed) -> str:
    """A name of the weights behind an answer that stays theirs."""
    of = explored_model(state, answer.snapshot)
    return engine.run_snapshot(of.removeprefix("run:"), answer.step) if of.startswith("run:") else of


def _channel(each: Shown) -> str:
    return f"compare.{each.slot}"


def _data_words(state: State, data: DataRef) -> str:
    """A data set with what tells it from others of its name."""
    size = f" \u00b7 {data.size}x{data.size}" if data.size else ""
    count = " \u00b7 " + tr("first {count}", count=grouped(data.count)) if data.count else ""
    return data_title(state, data) + size + count
