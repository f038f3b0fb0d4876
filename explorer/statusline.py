"""The line at the bottom: what is being done and how far it is, device, step, steps/s, ms per picture, memory."""

from __future__ import annotations

import time
from collections.abc import Iterable

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QProgressBar, QSizePolicy, QStatusBar, QToolButton, QWidget

import engine
from engine import Event
from explorer import theme
from explorer.launch import followed_run, is_running
from explorer.state import Action, State
from explorer.text import tr
from explorer.widgets.card import Said

READABLE_S = 0.25  # between two figures of the same kind
STEADY = 0.2  # how much a new picture moves the shown milliseconds


class StatusLine(QStatusBar):
    """Figures on the right, the oldest job on the left, and a button with what the card said.

    `cancelled` asks to cancel the job, `asked(said)` to show a sentence of the card again."""

    cancelled = Signal()
    asked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeGripEnabled(False)
        self.setContentsMargins(0, 0, theme.GRID, 0)
        self._job = theme.label(size=theme.SMALL)
        self._job.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedSize(160, 6)
        self._stop = QToolButton()
        self._stop.setAutoRaise(True)
        self._stop.setToolTip(tr("Cancel (Esc)"))
        self._stop.setAccessibleName(tr("Cancel"))
        theme.set_icon(self._stop, "close")
        self._stop.clicked.connect(self.cancelled)
        self._said = QToolButton()
        self._said.setAutoRaise(True)
        self._said.setToolTip(tr("What was said before"))
        self._said.setAccessibleName(self._said.toolTip())
        self._said.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._said.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._said.setMenu(QMenu(self._said))
        self._said.menu().triggered.connect(self._ask)
        theme.set_icon(self._said, "message-text-outline")
        self._said.hide()
        self.addWidget(self._said)
        self.addWidget(self._bar)
        self.addWidget(self._stop)
        self.addWidget(self._job, 1)
        self._figures = {
            "device": self._figure(tr("Where the networks run"), 96),
            "step": self._figure(tr("Training step of the run that is shown"), 84),
            "rate": self._figure(tr("Training steps per second"), 84),
            "picture": self._figure(tr("Time of the engine for one picture that is explored"), 104),
            "memory": self._figure(tr("Memory of the training"), 72),
        }
        self._milliseconds: float | None = None
        self._told = float("-inf")
        self._show_jobs(State())

    def _figure(self, tip: str, width: int) -> QWidget:
        label = theme.label(size=theme.SMALL, muted=True)
        label.setToolTip(tip)
        label.setMinimumWidth(width)
        label.setAlignment(label.alignment().AlignRight | label.alignment().AlignVCenter)
        self.addPermanentWidget(label)
        return label

    def take(self, event: Event | Action) -> None:
        if isinstance(event, engine.Frame) and len(event.samples):
            each = event.milliseconds / len(event.samples)
            before = self._milliseconds
            self._milliseconds = each if before is None else before + STEADY * (each - before)
            if time.monotonic() - self._told >= READABLE_S:
                self._told = time.monotonic()
                self._write("picture", tr("{ms} ms/picture", ms=f"{self._milliseconds:.1f}"))

    def show_state(self, state: State, changed: frozenset[str]) -> None:
        if "ready" in changed:
            text = tr("Starting the engine ...")
            if state.ready is not None:
                text = tr("{device} · threads: {threads}", device=state.ready.device, threads=state.ready.threads)
            self._write("device", text)
        if changed & {"train", "followed", "run", "training", "at_step"}:
            self._show_training(state)
        if changed & {"jobs", "train"}:
            self._show_jobs(state)

    def show_history(self, history: Iterable[Said]) -> None:
        """Offer what the card said, the newest first."""
        menu = self._said.menu()
        menu.clear()
        for said in history:
            action = menu.addAction(f"{said.at}  {said.text.replace(chr(10), ': ')}")
            action.setData(said)
        self._said.setVisible(not menu.isEmpty())

    @Slot(QAction)
    def _ask(self, action: QAction) -> None:
        self.asked.emit(action.data())

    def _show_training(self, state: State) -> None:
        step = state.last_step if state.at_step is None else state.at_step
        self._write("step", tr("step {step}", step=f"{step:,}".replace(",", " ")) if state.run else "")
        train = state.train if state.training else None
        moving = train if is_running(state) else followed_run(state)
        self._write("rate", tr("{rate} steps/s", rate=f"{moving.steps_per_s:.1f}") if moving else "")
        memory = f"{train.memory_bytes / 2**20:.0f} MB" if train and train.memory_bytes else ""
        self._write("memory", memory)

    def _show_jobs(self, state: State) -> None:
        """The job that began first; while a run loads its data, that."""
        train = state.train
        job = next(iter(state.jobs.values()), None)
        if job is not None:
            self._show_progress(job.doing, job.done, job.total, job.seconds_left)
        elif train is not None and train.phase in ("loading", "saving") and train.doing:
            self._show_progress(train.doing, train.done, train.total, None)
        self._stop.setVisible(job is not None)
        busy = job is not None or (train is not None and train.phase in ("loading", "saving") and bool(train.doing))
        for widget in (self._bar, self._job):
            widget.setVisible(busy)

    def _show_progress(self, doing: str, done: int, total: int, seconds_left: float | None) -> None:
        self._bar.setRange(0, max(total, 0))
        self._bar.setValue(min(done, total))
        left = "" if seconds_left is None else tr(", {seconds} s left", seconds=f"{seconds_left:.0f}")
        self._job.setText(doing + left)

    def _write(self, name: str, text: str) -> None:
        label = self._figures[name]
        if label.text() != text:  # type: ignore[attr-defined]
            label.setText(text)  # type: ignore[attr-defined]
