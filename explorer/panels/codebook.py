"""The codebook while it fills up or dies: how often each code is chosen, what it decodes to, and how to mend it.

References: van den Oord et al. 2017 (arXiv 1711.00937) for codebooks; Dhariwal et al. 2020 (arXiv 2005.00341) for codes
that are brought back.
"""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QSize, Qt, QTimer, Slot
from PySide6.QtGui import QAction, QHideEvent, QImage, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QBoxLayout, QMenu, QStackedWidget, QToolButton, QVBoxLayout, QWidget
from superqt.utils import QFlowLayout

import engine
from engine import BookRead, CodeInspected, CodesCounted, Event
from explorer import theme
from explorer.explored import grouped, snapshot_title, step_at
from explorer.panel import Desk, Panel
from explorer.panels.codebook_edits import MENDING, BookEdit, Edit, edit_done, why_not
from explorer.panels.codebook_subject import Subject, codebook_snapshot, subject_of
from explorer.provenance import COMMAND, PREFIX, RECIPE, RUN, SNAPSHOT, STEP
from explorer.state import Action, State
from explorer.text import mark, tr
from explorer.widgets.calm_combo import CalmComboBox
from explorer.widgets.code_book import ShownBook, numbers_of, ordered, percent
from explorer.widgets.code_inspector import CodeInspector
from explorer.widgets.code_map import CodeMap
from explorer.widgets.code_numbers import CodeNumbers
from explorer.widgets.code_plane import CodePlane
from explorer.widgets.code_times import CodeTimes
from explorer.widgets.code_view import CodeView, view_hint
from explorer.widgets.elided import ElidedLabel
from explorer.widgets.short_numbers import short_number

BOOK, CODE, PATCHES = "codebook.book", "codebook.code", "codebook.patches"
USAGE, HISTORY = "codebook.usage", "codebook.history"
SAMPLE, CONTEXT = "codebook.sample", "codebook.context"

REFRESH_MS = 500  # between two looks at what is out of date while a run trains
BOOK_S, CODE_S, CONTEXT_S, HISTORY_S = 3.0, 1.0, 5.0, 5.0  # least ages of what is asked for again
NOTICE_S = 6.0
COLUMN_S = 0.5  # between two columns that come live
PATIENT = 10.0  # times as long as a book took to read is it left alone
COLUMNS = 256
EDITS = ("revive ", "freeze ", "thaw ", "merge ", "undo ")  # how the marks of edits begin
BESIDE, BELOW = (540, 350), (300, 470)  # from this width and height on there is room for the inspector, px

VIEWS = (
    ("map", mark("Map"), mark("Every code as a cell")),
    ("plane", mark("Plane"), mark("The code vectors on their first two principal components")),
    ("times", mark("Time"), mark("How often every code was chosen at every step")),
)
SORTS = (
    ("index", mark("Index"), mark("Codes in the order of the book")),
    ("usage", mark("Usage"), mark("The most used codes first; the order rests while you point at it")),
    ("likeness", mark("Likeness"), mark("Each code is followed by one whose vector is near")),
)
SPANS = (
    ("window", mark("Window"), mark("What was chosen of late: at least 50 choices for each code of the book")),
    ("epoch", mark("Epoch"), mark("What was chosen since the present pass over the data began")),
)
CELLS = (
    ("usage", mark("Colours"), mark("The colour of a cell is how often its code was chosen")),
    ("patches", mark("Patches"), mark("A cell is the patch that its code decodes to alone")),
)


class CodebookPanel(Panel):
    """The book of the run that is shown, where it has one, else of what is explored."""

    key = "codebook"
    title = mark("Codebook")
    needs = ("codec",)

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(desk, parent)
        self._subject: Subject | None = None
        self._counts: CodesCounted | None = None
        self._read: BookRead | None = None
        self._locked: tuple[int, ...] = ()
        self._shown_code = -1  # the one in the inspector
        self._context: engine.Codes | None = None  # a grid of codes to put one into
        self._place: tuple[int, ...] = ()  # where; the middle while nobody chose
        self._awaits: dict[str, tuple[int, float]] = {}  # channel -> the number in flight and when it was asked
        self._due: dict[str, float] = {}  # channel -> when its answer may be asked for again
        self._edits: deque[BookEdit] = deque()  # on their way to the engine
        self._column_due = 0.0
        self._pointed = ""  # what is said of the place under the pointer over time
        self._notice = ("", 0.0)  # what was just done, and until when that is said
        self._presenting = False
        self._refresh = QTimer(self, interval=REFRESH_MS)
        self._refresh.timeout.connect(self._ask_again)
        self._make_tools()
        self._make_views()
        self._lay_out()
        self._change_view()
        self.show_state(desk.state(), frozenset(State.__dataclass_fields__))

    def _make_tools(self) -> None:
        self._view = _choice(tr("View"), VIEWS)
        self._sort = _choice(tr("Order"), SORTS)
        self._span = _choice(tr("Counted over"), SPANS)
        self._cells = _choice(tr("Cells show"), CELLS)
        self._view.currentIndexChanged.connect(self._change_view)
        self._sort.currentIndexChanged.connect(self._change_order)
        self._span.currentIndexChanged.connect(self._change_span)
        self._cells.currentIndexChanged.connect(self._change_cells)
        self._revive = self._action(tr("Revive"), self._revive_locked)
        self._freeze = self._action(tr("Freeze"), self._freeze_locked)
        self._merge = self._action(tr("Merge"), self._merge_locked)
        self._revive_all = self._action(tr("Revive all dead"), self._revive_dead)
        self._mend = QToolButton()
        self._mend.setText(tr("Mend"))
        self._mend.setToolTip(tr("Revive, freeze or merge codes while the run trains"))
        self._mend.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._mend.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        menu = QMenu(self._mend)
        menu.setToolTipsVisible(True)
        menu.addActions(self._actions())
        self._mend.setMenu(menu)
        self._all_dead = QToolButton()
        self._all_dead.setDefaultAction(self._revive_all)
        self._all_dead.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def _actions(self) -> list[QAction]:
        return [self._revive, self._freeze, self._merge, self._revive_all]

    def _action(self, text: str, slot: Callable[[], None]) -> QAction:
        action = QAction(text, self)
        action.triggered.connect(slot)
        return action

    def _make_views(self) -> None:
        self._map, self._plane, self._times = CodeMap(), CodePlane(), CodeTimes()
        self._views = QStackedWidget()
        for view in self._all_views():
            view.setToolTip(view_hint())
            view.hovered.connect(self._hover)
            view.chosen.connect(self._choose)
            self._views.addWidget(view)
        self._times.pointed.connect(self._point)
        self._inspector = CodeInspector(self._actions()[:3])
        self._inspector.went.connect(self._go_to)
        self._inspector.placed.connect(self._put)
        self._numbers = CodeNumbers()
        self._note = ElidedLabel("", theme.SMALL, muted=True)

    def _all_views(self) -> tuple[CodeView, ...]:
        return self._map, self._plane, self._times

    def _lay_out(self) -> None:
        self._bar = QWidget()
        flow = QFlowLayout(self._bar)
        flow.setContentsMargins(0, 0, 0, 0)
        flow.setHorizontalSpacing(theme.GRID // 2)
        flow.setVerticalSpacing(theme.GRID // 2)
        for widget in (self._view, self._sort, self._span, self._cells, self._mend, self._all_dead):
            flow.addWidget(widget)
        self._body = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._body.setSpacing(theme.GRID // 2)
        self._body.addWidget(self._views, 1)
        self._body.addWidget(self._inspector)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.GRID, theme.GRID // 2, theme.GRID, theme.GRID // 2)
        layout.setSpacing(theme.GRID // 2)
        layout.addWidget(self._bar)
        layout.addWidget(self._numbers)
        layout.addLayout(self._body, 1)
        layout.addWidget(self._note)

    def sizeHint(self) -> QSize:
        return QSize(600, 420)

    def minimumSizeHint(self) -> QSize:
        return QSize(280, 150)  # whatever is shown now: the inspector makes room where it must

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """The inspector where there is room for it: beside the views, else below them."""
        width, height = self.width() / theme.scale(), self.height() / theme.scale()
        beside = width >= BESIDE[0] and height >= BESIDE[1]
        below = not beside and width >= BELOW[0] and height >= BELOW[1]
        direction = QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom
        self._body.setDirection(direction)
        self._inspector.set_across(below)
        self._inspector.setVisible((beside or below) and not self._presenting)
        self._mend.setVisible(not (beside or below))
        self._all_dead.setVisible(beside or below)

    # ---------------------------------------------------------------------------------------------- what is told

    def snapshot(self, state: State) -> str:
        return codebook_snapshot(state)

    def show_state(self, state: State, changed: frozenset[str]) -> None:
        fields = {
            "run",
            "at_step",
            "training",
            "explored",
            "snapshots",
            "snapshot_steps",
            "live_run",
            "live_step",
            "ready",
        }
        if not changed & (fields | {"opened", "train"}):
            return
        subject, before = subject_of(state), self._subject
        if subject != before:
            self._subject = subject
            if subject is None or before is None or subject.model != before.model:
                self._leave()
            elif (subject.snapshot, subject.at, subject.ready) != (before.snapshot, before.at, before.ready):
                for channel in (USAGE, BOOK, CODE, PATCHES, SAMPLE, CONTEXT):
                    self._ask_anew(channel)
            self._take_up()
        self._show_actions(state)
        self._say()

    def take(self, event: Event | Action) -> None:
        subject = self._subject
        if isinstance(event, CodesCounted):
            live = not event.channel and subject is not None and subject.at is None and event.path == subject.path
            if live or self._is_wanted(event):
                self._take_counts(event)
        elif isinstance(event, engine.CodesEdited):
            self._take_edit(event)
        elif isinstance(event, engine.Marked):
            self._show_marks()
        elif isinstance(event, engine.RunOpened):
            if subject is not None and event.run.path == subject.path:
                self._times.clear()
                self._due.clear()
        elif isinstance(event, engine.Failed):
            self._take_failure(event)
        elif isinstance(event, _ANSWERS) and self._is_wanted(event):
            self._take_answer(event)

    def _take_answer(self, event: Event) -> None:
        if isinstance(event, BookRead):
            self._take_book(event)
        elif isinstance(event, engine.UsageHistory):
            self._times.set_history(event.steps_T, event.counts_TK)
        elif isinstance(event, CodeInspected):
            self._take_code(event)
        elif isinstance(event, engine.DataPage):
            self._ask_for_codes(event.samples)
        elif isinstance(event, engine.Reconstructed) and event.codes_NHW is not None:
            self._context = event.codes_NHW[0]
            self._ask_anew(CODE)
            self._ask_code()

    def _take_failure(self, event: engine.Failed) -> None:
        if event.doing == MENDING and self._edits:
            self._edits.popleft().finish(done=False)
        elif event.channel in self._awaits:
            del self._awaits[event.channel]
            if event.channel == HISTORY:
                self._times.set_empty(event.reason)
            elif event.channel in (BOOK, USAGE):
                self._show_emptiness(event.reason)

    def _is_wanted(self, answer: Event) -> bool:
        """Whether an answer is to the newest request of its channel. A code has a second part to come."""
        channel = getattr(answer, "channel", "")
        number, asked = self._awaits.get(channel, (-1, 0.0))
        wanted = bool(channel) and number == answer.number  # type: ignore[union-attr]
        if wanted and not (channel == PATCHES and answer.part == "code"):  # type: ignore[union-attr]
            del self._awaits[channel]
            if channel == BOOK:
                took = time.perf_counter() - asked
                self._due[BOOK] = time.perf_counter() + max(BOOK_S, PATIENT * took)
        return wanted

    # ---------------------------------------------------------------------------------------------- asking

    def _leave(self) -> None:
        """Another model comes: nothing that is known is of it."""
        self._counts = self._read = self._context = None
        self._locked, self._shown_code, self._place = (), -1, ()
        self._awaits.clear()
        self._due.clear()
        self._times.clear()
        self._inspector.show_patches(None, "")
        self._inspector.pictures.set_pictures(None, None, None, (), ())
        self._inspector.near.set_codes(())
        self._inspector.near.set_thumbnails(None)
        self._numbers.set_numbers(None)
        for view in self._all_views():
            view.set_book(None)
            view.set_locked(())
        self._say_code()

    def _take_up(self) -> None:
        """Show what is known of a book at once, and ask for the rest."""
        subject = self._subject
        self._show_emptiness(self._emptiness())
        if subject is not None and subject.path and subject.at is None:
            history = self.desk.stores.runs.get(subject.path)
            if history is not None and history.counts is not None:
                self._take_counts(history.counts)
        self._show_marks()
        self._ask_all()

    @Slot()
    def _ask_again(self) -> None:
        """What a training has made old is asked for again, the code under the hand first."""
        if not self.isVisible() or self._subject is None or not self._subject.trains:
            self._refresh.stop()
            return
        self._ask_all()
        self._show_counts()  # an order that rested under the hand follows now

    def _ask_all(self) -> None:
        subject = self._subject
        if subject is None or not self.isVisible():
            return
        if subject.trains and not self._refresh.isActive():
            self._refresh.start()
        if subject.path and not subject.trains and self._may_ask(USAGE, None):
            step = self.desk.state().last_step if subject.at is None else subject.at
            self.desk.post(engine.ReadUsage(USAGE, self._await(USAGE), subject.path, step))
        if subject.path and self._current() is self._times and self._may_ask(HISTORY, HISTORY_S):
            self.desk.post(engine.ReadUsageHistory(HISTORY, self._await(HISTORY), subject.path, COLUMNS))
        if not subject.ready:
            return
        self._ask_code()
        if self._needs_book() and self._may_ask(BOOK, BOOK_S):
            self.desk.post(engine.ReadBook(BOOK, self._await(BOOK), subject.snapshot))
        if self._shown_code >= 0 and self._may_ask(CONTEXT, CONTEXT_S):
            self._ask_for_context(subject)

    def _needs_book(self) -> bool:
        """Whether more than counts is shown; or the counts themselves come with the book."""
        subject = self._subject
        wants = self._current() is self._plane or self._sort.currentData() == "likeness" or self._shown_code >= 0
        patches = self._current() is self._map and self._cells.currentData() == "patches"
        return wants or patches or (subject is not None and not subject.path)

    def _may_ask(self, channel: str, again_s: float | None) -> bool:
        """Whether nothing is on its way on a channel and what came last is out of date: after so many seconds where the
        run trains, else never."""
        if channel in self._awaits:
            return False
        due = self._due.get(channel)
        again = due is not None and again_s is not None and self._subject is not None and self._subject.trains
        return due is None or (again and time.perf_counter() >= due)

    def _await(self, channel: str, again_s: float = 0.0) -> int:
        number, now = self.desk.number(), time.perf_counter()
        self._awaits[channel] = (number, now)
        again = {HISTORY: HISTORY_S, BOOK: BOOK_S, CONTEXT: CONTEXT_S, SAMPLE: CONTEXT_S, CODE: CODE_S}
        self._due[channel] = now + again.get(channel, 0.0)
        return number

    def _ask_for_context(self, subject: Subject) -> None:
        """The codes of a picture of the data: the first that the run reconstructs, else the first of all."""
        history = self.desk.stores.runs.get(subject.path)
        grid = history.grids.get("reconstructions") if history is not None else None
        if grid is not None and len(grid.samples):
            self._ask_for_codes(grid.samples[:1])
        elif subject.data is not None and self._may_ask(SAMPLE, CONTEXT_S):
            self.desk.post(engine.ReadDataPage(SAMPLE, self._await(SAMPLE), subject.data, 0, 1))

    def _ask_for_codes(self, samples: engine.Samples) -> None:
        if self._subject is not None and len(samples):
            number = self._await(CONTEXT)
            self.desk.post(engine.Reconstruct(CONTEXT, number, self._subject.snapshot, samples[:1]))

    def _ask_code(self) -> None:
        """The code in the inspector, where what is known of it is old."""
        subject, code = self._subject, self._shown_code
        if subject is None or code < 0 or not subject.ready or not self.isVisible() or not self._may_ask(CODE, CODE_S):
            return
        place = self._place_in_context()
        number = self._await(CODE)
        self.desk.post(engine.InspectCode(CODE, number, subject.snapshot, code, None, self._context, place))

    def _place_in_context(self) -> tuple[int, ...]:
        """Where the code is put: where a hand chose, else in the middle."""
        if self._context is None:
            return ()
        sides = self._context.shape
        fits = len(self._place) == len(sides) and all(k < n for k, n in zip(self._place, sides, strict=True))
        return self._place if fits else tuple(n // 2 for n in sides)

    def _ask_patches(self, code: int) -> None:
        subject = self._subject
        if subject is None or not subject.ready or subject.data is None:
            return
        self._inspector.show_patches(None, tr("Looking for places that chose code {code} …", code=code))
        number = self._await(PATCHES)
        self.desk.post(engine.InspectCode(PATCHES, number, subject.snapshot, code, subject.data))

    # ---------------------------------------------------------------------------------------------- showing

    def _take_counts(self, counts: CodesCounted) -> None:
        self._counts = counts
        now = time.perf_counter()
        if not counts.channel and now >= self._column_due:
            self._column_due = now + COLUMN_S
            self._times.add(counts.step, counts.counts_2K[0])
        self._show_counts()

    def _take_book(self, book: BookRead) -> None:
        self._read = book
        subject = self._subject
        if subject is not None and not subject.path:
            counts_2K = np.stack((book.usage_K, np.zeros_like(book.usage_K)))
            self._counts = CodesCounted("", book.step, counts_2K)
        self._show_counts()
        self._inspector.near.set_thumbnails(book.thumbnails)

    def _show_counts(self) -> None:
        """The numbers and the view in front, from what was counted last."""
        if self._counts is None or not self.isVisible():
            return
        self._span.setEnabled(self._counts.frozen_K is not None)
        book = self._book_of(self._counts)
        self._numbers.set_numbers(numbers_of(book))
        self._current().set_book(book, self._unit_text(book))
        self._say_code()
        self._say()
        self._show_actions(self.desk.state())

    def _book_of(self, counts: CodesCounted) -> ShownBook:
        counts_K = counts.counts_2K[1 if self._counts_epoch() else 0]
        free = np.zeros(len(counts_K), bool)
        read = self._read if self._read is not None and len(self._read.chain_K) == len(counts_K) else None
        shown = self._current().book()
        rests = shown is not None and self._current().hover() >= 0 and len(shown) == len(counts_K)
        if rests and self._sort.currentData() == "usage":
            order_P = shown.order_P  # type: ignore[union-attr]
        else:
            order_P = ordered(self._sort.currentData(), counts_K, read.chain_K if read is not None else None)
        return ShownBook(
            counts_K,
            order_P,
            free if counts.frozen_K is None else counts.frozen_K,
            free if counts.barred_K is None else counts.barred_K,
            read.thumbnails if read is not None else None,
            read.map_K2 if read is not None else None,
            read.shares if read is not None else (0.0, 0.0),
        )

    def _counts_epoch(self) -> bool:
        """Whether what is shown was counted in the present epoch; that is known of a run that trains alone."""
        known = self._counts is not None and self._counts.frozen_K is not None
        return known and self._span.currentData() == "epoch" and self._current() is not self._times

    def _unit_text(self, book: ShownBook) -> str:
        if self._current() is self._times:
            return tr("times in a window")
        counted = short_number(float(book.counts_K.sum()))
        if self._counts_epoch():
            return tr("times in the {count} codes of this epoch", count=counted)
        return tr("times in the last {count} codes", count=counted)

    def _current(self) -> CodeView:
        return self._all_views()[max(self._view.currentIndex(), 0)]

    def _emptiness(self) -> str:
        """What an empty view says."""
        subject = self._subject
        if subject is None:
            return tr("A codebook appears here once a VQ-VAE or a dVAE is open; start one, or open a run.")
        if subject.trains:
            return tr("Codes are counted from the first step on; press Space to train.")
        return tr("Reading the codebook …")

    def _show_emptiness(self, text: str) -> None:
        subject = self._subject
        for view in (self._map, self._plane):
            view.set_empty(text)
        if subject is not None and not subject.path:
            text = tr("A model without its run has no history of its codes; open or train a run.")
        self._times.set_empty(text)
        if self._counts is not None and self._current() is self._plane:
            self._plane.set_empty(tr("Reading the vectors of the codes …"))

    def _say(self) -> None:
        """Below the views: the code under the hand, else what is shown."""
        code = self._current().hover()
        notice, until = self._notice
        if code >= 0 and self._current() is self._times and self._pointed:
            self._note.say(self._pointed)
        elif code >= 0:
            self._note.say(self._words(code))
        else:
            self._note.say(notice if time.perf_counter() < until else self._caption())

    def _caption(self) -> str:
        subject, state = self._subject, self.desk.state()
        if subject is None or self._counts is None:
            return ""
        if not subject.path:
            return snapshot_title(state, subject.snapshot)
        run = state.opened.get(subject.path)
        name = run.name if run is not None else subject.path
        step = grouped(self._counts.step)
        live = subject.trains and state.train is not None and state.train.phase == "running"
        return (
            tr("{name} · step {step} · live", name=name, step=step)
            if live
            else tr("{name} · step {step}", name=name, step=step)
        )

    def _words(self, code: int) -> str:
        """A code in one line: how often it was chosen, and how it is held."""
        counts = self._counts
        if counts is None or code >= counts.counts_2K.shape[1]:
            return ""
        window_K, epoch_K = counts.counts_2K
        share = 100 * window_K[code] / max(int(window_K.sum()), 1)
        said = [
            tr("Code {code}", code=code),
            tr("{count} times in the window ({share} %)", count=grouped(int(window_K[code])), share=percent(share)),
        ]
        if counts.frozen_K is not None and counts.barred_K is not None:
            said.append(tr("{count} in this epoch", count=grouped(int(epoch_K[code]))))
            said += [tr("frozen")] if counts.frozen_K[code] else []
            said += [tr("merged away")] if counts.barred_K[code] else []
        said += [tr("dead")] if not window_K[code] else []
        return " · ".join(said)

    def _say_code(self) -> None:
        """The head of the inspector."""
        code = self._shown_code
        if code < 0:
            self._inspector.title.setText(tr("No code chosen"))
            self._inspector.about.setText(tr("Point at one, click to lock it."))
            return
        locked = len(self._locked)
        title = tr("Code {code}, locked", code=code) if self._locked else tr("Code {code}", code=code)
        if locked > 1:
            title = tr("Code {code} and {count} more, locked", code=code, count=locked - 1)
        self._inspector.title.setText(title)
        self._inspector.about.say(self._words(code).partition(" · ")[2])

    def _take_code(self, answer: CodeInspected) -> None:
        if answer.code != self._shown_code:
            return
        if answer.part == "patches":
            self._show_patches(answer)
        elif answer.channel == CODE:
            grid = () if self._context is None else self._context.shape
            alone = _middle(answer.alone, grid)
            place = self._place_in_context()
            self._inspector.pictures.set_pictures(alone, answer.before, answer.after, grid, place)
            self._inspector.near.set_codes(answer.neighbours)

    def _show_patches(self, answer: CodeInspected) -> None:
        looked = grouped(answer.looked)
        if answer.found:
            said = tr("{found} of {looked} places chose it", found=grouped(answer.found), looked=looked)
        else:
            said = tr("None of {looked} places chose it", looked=looked)
        self._inspector.show_patches(answer.patches, said)
        self._inspector.found.setToolTip(tr("{said}, as of step {step}", said=said, step=grouped(answer.step)))

    # ---------------------------------------------------------------------------------------------- hands

    @Slot(int)
    def _hover(self, code: int) -> None:
        self._pointed = ""
        self._say()
        if code >= 0 and not self._locked:
            self._inspect(code)

    @Slot(int, int, int)
    def _point(self, code: int, step: int, count: int) -> None:
        """Over time the step counts, too."""
        words = {"code": code, "step": grouped(step), "count": grouped(count)}
        self._pointed = tr("Code {code} · step {step} · {count} times in the window before it", **words)
        self._say()

    @Slot(int, bool)
    def _choose(self, code: int, more: bool) -> None:
        """A click locks a code, or lets go of it; with Ctrl one more."""
        if more:
            self._lock(
                (*self._locked, code) if code not in self._locked else tuple(k for k in self._locked if k != code)
            )
        else:
            self._lock((code,) if self._locked != (code,) else ())

    @Slot(int)
    def _go_to(self, code: int) -> None:
        self._lock((code,))

    def _lock(self, codes: tuple[int, ...]) -> None:
        self._locked = codes
        for view in self._all_views():
            view.set_locked(codes)
        if codes:
            self._inspect(codes[-1])
            self._ask_patches(codes[-1])
        else:
            self._inspector.show_patches(None, "")
        self._say_code()
        self._show_actions(self.desk.state())

    def _inspect(self, code: int) -> None:
        if code != self._shown_code:
            self._shown_code = code
            self._inspector.show_patches(None, tr("Click it to find patches that chose it."))
            self._ask_anew(CODE)
        self._ask_all()
        self._say_code()

    def _ask_anew(self, channel: str) -> None:
        """What was asked on a channel does not count any more."""
        self._awaits.pop(channel, None)
        self._due.pop(channel, None)

    @Slot(int, int)
    def _put(self, row: int, column: int) -> None:
        self._place = (row, column)
        self._ask_anew(CODE)
        self._ask_code()

    def clear_selection(self) -> bool:
        """Esc lets go of the locked codes; whether there were some."""
        had = bool(self._locked)
        if had:
            self._lock(())
        return had

    @Slot()
    def _change_view(self) -> None:
        view = self._current()
        self._views.setCurrentWidget(view)
        self._sort.setVisible(view is not self._plane)
        self._span.setVisible(view is not self._times)
        self._cells.setVisible(view is self._map)
        self._show_emptiness(self._emptiness())
        self._show_counts()
        self._ask_all()

    @Slot()
    def _change_order(self) -> None:
        self._show_counts()
        self._ask_all()

    @Slot()
    def _change_span(self) -> None:
        self._show_counts()

    @Slot()
    def _change_cells(self) -> None:
        self._map.show_patches(self._cells.currentData() == "patches")
        self._ask_all()

    # ---------------------------------------------------------------------------------------------- mending

    def _show_actions(self, state: State) -> None:
        """What can be done now; the tooltips say why not, or what it does."""
        subject, locked = self._subject, self._locked
        reason = why_not(state, subject.path if subject is not None else "")
        first = tr("Click a code first.")
        frozen = self._all_frozen()
        self._freeze.setText(tr("Thaw") if frozen else tr("Freeze"))
        hints = {
            self._revive: tr("The locked codes begin anew at vectors of the last batch"),
            self._freeze: tr("The locked codes may move again") if frozen else tr("The locked codes stay as they are"),
            self._merge: tr("The first locked code becomes the mean of all; the others are not chosen any more"),
            self._revive_all: tr("All codes that were not chosen of late begin anew at vectors of the last batch"),
        }
        lacks = {
            self._revive: "" if locked else first,
            self._freeze: "" if locked else first,
            self._merge: "" if len(locked) > 1 else tr("Lock two codes or more: click one, Ctrl+click the others."),
            self._revive_all: "" if len(self._dead()) else tr("No code is dead."),
        }
        for action, hint in hints.items():
            why = reason or lacks[action]
            action.setEnabled(not why)
            action.setToolTip(why or hint)

    def _all_frozen(self) -> bool:
        counts = self._counts
        known = counts is not None and counts.frozen_K is not None and bool(self._locked)
        return known and bool(counts.frozen_K[list(self._locked)].all())  # type: ignore[union-attr, index]

    def _dead(self) -> tuple[int, ...]:
        """Codes that nothing chose of late, though they might have been chosen and may move."""
        counts = self._counts
        if counts is None or counts.frozen_K is None or counts.barred_K is None:
            return ()
        dead_K = (counts.counts_2K[0] == 0) & ~counts.barred_K & ~counts.frozen_K
        return tuple(np.flatnonzero(dead_K).tolist())

    @Slot()
    def _revive_locked(self) -> None:
        self._edit("revive", self._locked)

    @Slot()
    def _freeze_locked(self) -> None:
        self._edit("thaw" if self._all_frozen() else "freeze", self._locked)

    @Slot()
    def _merge_locked(self) -> None:
        self._edit("merge", self._locked)

    @Slot()
    def _revive_dead(self) -> None:
        self._edit("revive", self._dead())

    def _edit(self, edit: Edit, codes: tuple[int, ...]) -> None:
        if codes:
            self.desk.undo.push(BookEdit(self.desk, edit, codes, self._edits))

    def _take_edit(self, event: engine.CodesEdited) -> None:
        if event.edit != "undo" and self._edits:
            self._edits.popleft().finish(done=True)
        if self._subject is not None and event.path == self._subject.path:
            self._notice = (edit_done(event.edit, event.codes, grouped(event.step)), time.perf_counter() + NOTICE_S)
            self._say()
            for channel in (BOOK, CODE):
                self._ask_anew(channel)
            self._ask_all()
            self._show_marks()

    def _show_marks(self) -> None:
        """Where codes were mended, and where the scrubber stands, over time."""
        subject = self._subject
        history = self.desk.stores.runs.get(subject.path) if subject is not None else None
        edits = [step for step, text in history.marks if text.startswith(EDITS)] if history is not None else []
        self._times.set_marks(edits, subject.at if subject is not None else None)

    # ---------------------------------------------------------------------------------------------- keys of the window

    def present(self, on: bool) -> None:
        """On a projector only the codes and their numbers."""
        self._bar.setVisible(not on)
        self._note.setVisible(not on)
        self._presenting = on
        self._fit()

    def reset_view(self) -> None:
        """Usage of the window by index, and no code locked."""
        for choice in (self._sort, self._span, self._cells):
            choice.setCurrentIndex(0)
        self._lock(())

    def save_picture(self) -> tuple[QImage, dict[str, str]] | None:
        subject, counts, state = self._subject, self._counts, self.desk.state()
        if subject is None or counts is None or self._current().book() is None:
            return None
        numbers = numbers_of(self._book_of(counts))
        shown = {
            "shows": "codebook",
            "view": self._view.currentData(),
            "order": self._sort.currentData(),
            "counted": "epoch" if self._counts_epoch() else "window",
        }
        facts = {
            RECIPE: json.dumps(shown),
            STEP: str(counts.step),
            SNAPSHOT: subject.snapshot,
            f"{PREFIX}:perplexity": json.dumps(round(numbers.perplexity, 4)),
            f"{PREFIX}:used": json.dumps(numbers.used),
            f"{PREFIX}:codes": json.dumps(numbers.codes),
            f"{PREFIX}:counted": json.dumps(numbers.counted),
        }
        if subject.path:
            kept = step_at(state.snapshot_steps.get(subject.path, ()), counts.step)
            facts |= {
                COMMAND: f"python -m engine follow {subject.path}",
                RUN: subject.path,
                SNAPSHOT: engine.run_snapshot(subject.path, kept),
            }
        return self._current().grab().toImage(), facts

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show_counts()
        self._ask_all()

    def hideEvent(self, event: QHideEvent) -> None:
        self._refresh.stop()
        super().hideEvent(event)


_ANSWERS = (BookRead, CodeInspected, engine.UsageHistory, engine.DataPage, engine.Reconstructed)


def _choice(name: str, entries: tuple[tuple[str, str, str], ...]) -> CalmComboBox:
    """A choice among named things, each with a tooltip."""
    combo = CalmComboBox()
    combo.setSizeAdjustPolicy(CalmComboBox.SizeAdjustPolicy.AdjustToContents)
    combo.setMinimumContentsLength(0)
    combo.setIconSize(QSize(0, 0))
    combo.setAccessibleName(name)
    combo.setToolTip(name)
    for key, title, hint in entries:
        combo.addItem(tr(title), key)
        combo.setItemData(combo.count() - 1, tr(hint), Qt.ItemDataRole.ToolTipRole)
    return combo


def _middle(picture: engine.Pixels | None, grid: tuple[int, ...]) -> engine.Pixels | None:
    """The cell in the middle of a picture (H, W, C) of a grid of codes."""
    if picture is None or len(grid) != 2:
        return picture
    height, width = picture.shape[0] // grid[0], picture.shape[1] // grid[1]
    top, left = grid[0] // 2 * height, grid[1] // 2 * width
    return picture[top : top + height, left : left + width]
