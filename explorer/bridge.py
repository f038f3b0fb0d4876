"""Between the engine and the widgets: a timer asks the engine for events and tells every panel what is new.

Nothing else in the window touches the engine, and no lane ever touches Qt: signals from foreign threads have crashed
serious programs. The timer asks every 16 ms, and every 3 ms while an answer to a hand is awaited.
"""

from __future__ import annotations

import itertools
import time
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from typing import Protocol, cast, get_args

import numpy as np
from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QUndoStack

import engine
from engine import Command, Event
from explorer.panel import Desk
from explorer.state import Action, State, changed, fold
from explorer.stores import Stores

IDLE_MS, AWAITING_MS = 16, 3
PATIENCE_S = 2.0  # after this an answer that has not come no longer hurries the timer
LATENESS_KEPT = 100_000

REQUESTS = get_args(engine.Request)
_ANSWERS = (
    engine.Frame,
    engine.Scores,
    engine.Decision,
    engine.GridDrawn,
    engine.DataPage,
    engine.Reconstructed,
    engine.CodesDecoded,
    engine.BookRead,
    engine.CodeInspected,
    engine.CodesCounted,
    engine.UsageHistory,
)
_NEWEST_ONLY = (
    engine.TrainState,
    engine.RunFollowed,
    engine.LiveChanged,
    engine.JobProgress,
    engine.RunsListed,
    engine.SnapshotSaved,
)


class Door(Protocol):
    """The engine as the window uses it."""

    def post(self, command: Command) -> None: ...
    def poll(self) -> list[Event]: ...
    def close(self, timeout: float = 10.0) -> bool: ...


class Listener(Protocol):
    """Who is told: panels, the scrubber, the window."""

    def show_state(self, state: State, changed: frozenset[str]) -> None: ...
    def take(self, event: Event | Action) -> None: ...


class Bridge(QObject):
    """Holds the state and the histories, and hands events and differences to its listeners.

    `failed(Failed)` and `noticed(str)` are for the window's cards. Before `start` has handed it an engine, posted
    commands wait.
    """

    failed = Signal(object)
    noticed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.state = State()
        self.stores = Stores()
        self.undo = QUndoStack(self)
        self.desk = Desk(self.post, self.act, self.number, self.current, self.stores, self.undo)
        self._engine: Door | None = None
        self._early: list[Command] = []
        self._listeners: list[Listener] = []
        self._numbers = itertools.count(1)
        self._actions: deque[Event | Action] = deque()
        self._telling = False
        self._errors: list[Exception] = []
        self._awaited: dict[str, tuple[int, float]] = {}  # channel -> the newest request number, when it was posted
        self._answered: dict[str, int] = {}  # channel -> the newest number that was shown
        self._due: float | None = None
        self._late_ms: deque[float] = deque(maxlen=LATENESS_KEPT)
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.poll)

    # ------------------------------------------------------------------------------------------ what a panel may do

    def post(self, command: Command) -> None:
        """Hand a command to the engine; never blocks."""
        if isinstance(command, REQUESTS):
            self._awaited[command.channel] = (command.number, time.perf_counter())
            self._set_pace()
        if self._engine is None:
            self._early.append(command)
        else:
            self._engine.post(command)

    def act(self, action: Action) -> None:
        """Fold an action of the hands; while events are told it waits its turn, so listeners never nest."""
        self._actions.append(action)
        if not self._telling:
            self._tell(())

    def number(self) -> int:
        return next(self._numbers)

    def current(self) -> State:
        return self.state

    # ------------------------------------------------------------------------------------------ life

    def listen(self, listener: Listener) -> None:
        """Tell `listener` from now on; it hears of the whole present state at once."""
        self._listeners.append(listener)
        listener.show_state(self.state, frozenset(State.__dataclass_fields__))

    def start(self, door: Door) -> None:
        """Begin to ask `door` for events, and post what was posted before it was there."""
        self._engine = door
        early, self._early = self._early, []
        for command in early:
            door.post(command)
        self._set_pace()
        self._timer.start()

    def stop(self, timeout: float = 10.0) -> bool:
        """Ask no longer and close the engine; True where it ended in time."""
        self._timer.stop()
        door, self._engine = self._engine, None
        return True if door is None else door.close(timeout)

    @property
    def running(self) -> bool:
        return self._engine is not None

    # ------------------------------------------------------------------------------------------ the turn of the wheel

    @Slot()
    def poll(self) -> None:
        """Take all events that are there and tell the listeners once."""
        now = time.perf_counter()
        if self._due is not None:
            self._late_ms.append(max(0.0, (now - self._due) * 1000))
        if self._engine is not None:
            events = self._engine.poll()
            if events:
                self._tell(events)
        self._set_pace()
        self._due = time.perf_counter() + self._timer.interval() / 1000 if self._timer.isActive() else None

    def _tell(self, events: Iterable[Event]) -> None:
        """Fold what is new and tell everybody; an error of one listener keeps nothing from the others."""
        before = self.state
        self._telling = True
        for event in batched(self._fresh(events)):
            self._take(event)
        while self._actions:
            self._take(self._actions.popleft())
        self._show(before)
        self._telling = False
        if self._actions:  # what listeners did while the state was shown
            self._tell(())
        errors, self._errors = self._errors, []
        if errors:
            raise errors[0] if len(errors) == 1 else ExceptionGroup("several panels failed", errors)

    def _try(self, tell: Callable[[], None]) -> None:
        try:
            tell()
        except Exception as error:  # noqa: BLE001  raised again once everybody has been told
            self._errors.append(error)

    def _take(self, event: Event | Action) -> None:
        if isinstance(event, get_args(engine.Event)):
            self._try(partial(self.stores.take, cast(Event, event)))
        self.state = fold(self.state, event)
        for listener in tuple(self._listeners):  # one may be made meanwhile
            self._try(partial(listener.take, event))
        if isinstance(event, engine.Failed):
            self.failed.emit(event)
        elif isinstance(event, engine.Notice):
            self.noticed.emit(event.text)

    def _show(self, before: State) -> None:
        fields = changed(before, self.state)
        if fields:
            for listener in tuple(self._listeners):  # one may be made meanwhile
                self._try(partial(listener.show_state, self.state, fields))

    def _fresh(self, events: Iterable[Event]) -> Iterable[Event]:
        """Without the answers that a newer answer on their channel has overtaken.

        An answer to a request that is no longer the newest is still shown: a hand that moves all the time would see
        nothing otherwise."""
        for event in events:
            channel = getattr(event, "channel", "")
            if channel and isinstance(event, engine.Failed):
                self._awaited.pop(channel, None)
            elif channel and isinstance(event, _ANSWERS):
                if event.number < self._answered.get(channel, 0):
                    continue
                self._answered[channel] = event.number
                if event.number >= self._awaited.get(channel, (0, 0.0))[0]:
                    self._awaited.pop(channel, None)
            yield event

    def _set_pace(self) -> None:
        now = time.perf_counter()
        for channel in [c for c, (_, since) in self._awaited.items() if now - since > PATIENCE_S]:
            del self._awaited[channel]
        wanted = AWAITING_MS if self._awaited else IDLE_MS
        if self._timer.interval() != wanted:
            self._timer.setInterval(wanted)
            if self._timer.isActive():
                self._due = now + wanted / 1000

    # ------------------------------------------------------------------------------------------ measuring

    def lateness_ms(self) -> list[float]:
        """How late each turn of the event loop was: wake time minus due time."""
        return list(self._late_ms)

    def clear_lateness(self) -> None:
        self._late_ms.clear()


def batched(events: Iterable[Event]) -> list[Event]:
    """Events with many small ones made one: the points of a run's curves joined, of news only the newest kept.

    What is joined or kept stands where the last of its kind stood; the order of everything else is kept."""
    slots: list[Event | None] = []
    at: dict[tuple[type, str], int] = {}
    for event in events:
        if isinstance(event, (engine.Progress, *_NEWEST_ONLY)):
            key = (type(event), getattr(event, "path", "") or getattr(event, "job", ""))
            if key in at:
                earlier = slots[at[key]]
                slots[at[key]] = None
                if isinstance(event, engine.Progress):
                    event = joined(cast(engine.Progress, earlier), event)
            at[key] = len(slots)
        elif isinstance(event, (engine.RunOpened, engine.JobDone, engine.JobCancelled, engine.Failed)):
            at.clear()  # nothing moves across these
        slots.append(event)
    return [event for event in slots if event is not None]


def joined(first: engine.Progress, second: engine.Progress) -> engine.Progress:
    """The points of both, in order."""
    values = dict(first.values)
    for name, columns in second.values.items():
        before = values.get(name)
        if before is None:
            values[name] = columns
        else:
            parts = tuple(np.concatenate(pair) for pair in zip(before, columns, strict=True))
            values[name] = cast("tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]", parts)
    return engine.Progress(first.path, values)
