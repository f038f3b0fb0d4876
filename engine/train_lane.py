"""The train lane: drives one `Training` between commands, as fast as its pace allows."""

from __future__ import annotations

import time
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

from engine.claim import Claim
from engine.lane import Lane
from engine.live import LiveSnapshot
from engine.mailbox import Mailbox
from engine.messages import (
    EditCodes,
    EndRun,
    Event,
    KeepWeights,
    ResumeRun,
    RollBack,
    SaveCheckpoint,
    SetKnob,
    SetPace,
    SetRunning,
    StartRun,
    StepOnce,
    TrainCommand,
    TrainState,
    UndoCodes,
)

if TYPE_CHECKING:
    import torch

    from engine.family import Families
    from engine.train import Opening, Training

IDLE_SECONDS = 0.5


class TrainLane(Lane):
    """Commands are taken in order between two steps; while a data set loads, between two slices of loading."""

    def __init__(
        self,
        events: deque[Event],
        live: LiveSnapshot,
        claim: Claim,
        home: Path,
        device: str | None,
        threads: int | None,
    ) -> None:
        super().__init__("train lane", events)
        self._claim = claim
        self.mailbox: Mailbox[TrainCommand, None] = Mailbox()
        self._live_snapshot, self._home, self._wanted_device, self._wanted_threads = live, home, device, threads
        self._pace = SetPace()
        self._training: Training | None = None
        self._opening: Opening | None = None
        self._opened_path = ""
        self._waiting: list[SetKnob | StepOnce | SaveCheckpoint] = []  # for the run that is being opened
        self._running = False
        self._warm = False
        self._steps_wanted: int | None = None
        self._next_step_time = 0.0
        self._device: torch.device
        self._threads: int
        self._families: Families

    def tell(self, event: Event) -> None:
        if isinstance(event, TrainState) and event.phase in ("ended", "failed"):
            self._claim.free()  # whoever hears this may open the run
        super().tell(event)

    def _wake(self) -> None:
        self.mailbox.put(self._pace)

    def _enter(self) -> None:
        from engine.device import choose_device, enter_train_lane, training_threads
        from engine.family import Families

        self._threads = training_threads(self._wanted_threads)
        enter_train_lane(self._threads)
        self._device = choose_device(self._wanted_device)
        self._families = Families()

    def _turn(self) -> None:
        command = self.mailbox.take(self._patience())
        if command is not None:
            self._obey(command)
        elif not self._warm:
            self._warm_up()
        elif self._opening is not None:
            self._open_further()
        elif self._running and self._training is not None and time.monotonic() >= self._next_step_time:
            self._advance(self._training)

    def _warm_up(self) -> None:
        """The first optimizer of a process imports a good second of torch; better now than after Space."""
        import torch

        self._warm = True
        torch.optim.Adam([torch.nn.Parameter(torch.zeros(1))])

    def _patience(self) -> float:
        """How long to wait for a command before there is something to do."""
        if self._opening is not None:
            return 0.0
        if self._running and self._training is not None:
            return max(0.0, min(self._next_step_time - time.monotonic(), IDLE_SECONDS))
        return IDLE_SECONDS

    def _obey(self, command: TrainCommand) -> None:
        try:
            match command:
                case StartRun() | ResumeRun():
                    self._begin(command)
                case SetRunning(running=running):
                    self._set_running(running)
                case SetKnob() | StepOnce() | SaveCheckpoint() if self._opening is not None:
                    self._waiting.append(command)
                case StepOnce(phase=phase):
                    self._step_once(phase)
                case SetKnob(name=name, value=value):
                    if self._training is not None:
                        self._training.set_knob(name, value)
                case EditCodes() | UndoCodes():
                    self._mend(command)
                case SetPace():
                    self._pace = command
                    self._next_step_time = 0.0
                case SaveCheckpoint():
                    if self._training is not None:
                        self._training.save()
                case RollBack():
                    self._roll_back()
                case KeepWeights(path=path, step=step):
                    self._keep_weights(path, step)
                case EndRun():
                    self._end()
        except Exception as error:  # noqa: BLE001  told to the person; the lane goes on with the next command
            self.fail(_DOING[type(command)], error)

    def _begin(self, command: StartRun | ResumeRun) -> None:
        from engine import train

        self._end()
        self._waiting = []
        self._running, self._steps_wanted = not command.paused, command.steps
        where = (self._families, self._home, self._device, self._threads, self.tell)
        if isinstance(command, StartRun):
            plan = train.Plan(
                command.family, command.preset, command.data, command.values, command.seed, command.name, command.folder
            )
            self._opened_path = command.folder or ""
            self._opening = train.start(plan, *where, self._live_snapshot)
        else:
            self._opened_path = command.path
            self._claim.take(Path(command.path))
            self._opening = train.resume(Path(command.path), *where, self._live_snapshot)
        self.tell(TrainState(self._opened_path, "loading", doing="Opening the data"))

    def _open_further(self) -> None:
        """One slice of loading; at its end the training stands."""
        assert self._opening is not None
        try:
            progress = next(self._opening)
        except StopIteration as end:
            self._opening = None
            self._show(end.value)
        except Exception as error:  # noqa: BLE001  told to the person; nothing was begun
            self._opening, self._running = None, False
            self.fail("Opening the run", error)
            self.tell(TrainState(self._opened_path, "failed"))
        else:
            self.tell(
                TrainState(self._opened_path, "loading", doing=progress.doing, done=progress.done, total=progress.total)
            )

    def _show(self, training: Training) -> None:
        from engine.follow import Followed

        self._training = training
        self._claim.take(training.writer.path)
        training.publish()  # so that "live" can be opened as soon as the run is known
        training.writer.log.flush()
        self.tell(Followed(training.writer.path).opened(training=True))
        training.look(all_now=True)
        training.tell(training.state("running" if self._running else "paused"))
        waiting, self._waiting = self._waiting, []
        for command in waiting:
            self._obey(command)
        self._end_where_wanted(training)

    def _advance(self, training: Training, only: str | None = None) -> None:
        began = time.monotonic()
        try:
            training.advance(only)
        except Exception as error:  # noqa: BLE001  the run is paused, not lost
            self._running = False
            self.fail("Training", error)
            training.tell(training.state("paused"))
            return
        took = time.monotonic() - began
        rest = took * (1.0 / max(self._pace.share, 0.01) - 1.0)
        if self._pace.steps_per_s:
            rest = max(rest, 1.0 / self._pace.steps_per_s - took)
        self._next_step_time = began + took + rest
        self._end_where_wanted(training)

    def _end_where_wanted(self, training: Training) -> None:
        if self._steps_wanted is not None and training.step >= self._steps_wanted:
            self._end()

    def _set_running(self, running: bool) -> None:
        nothing_to_run = self._training is None and self._opening is None
        if running == self._running or nothing_to_run:
            return
        self._running = running
        self._next_step_time = 0.0
        if self._training is not None and not running:
            self._training.rest()
        elif self._training is not None:
            self._training.wake()

    def _mend(self, command: EditCodes | UndoCodes) -> None:
        from engine.storage.run_record import RunError

        if self._training is None:
            raise RunError("No run trains, so there is no codebook to mend; start or resume one first.")
        if isinstance(command, EditCodes):
            self._training.edit_codes(command)
        else:
            self._training.undo_codes()
        if not self._running:  # nothing else would show what was mended
            self._training.look(all_now=True)

    def _step_once(self, phase: str | None) -> None:
        if self._training is None:
            return
        self._running = False
        training = self._training
        self._advance(training, phase)
        if self._training is not None:  # it was not the last step that was wanted
            training.rest()

    def _end(self) -> None:
        """Stop with a checkpoint and let go of the run; while one is being opened, stop opening it."""
        if self._opening is not None:
            self._opening.close()
            self._opening = None
            self.tell(TrainState(self._opened_path, "ended"))
        if self._training is not None:
            training, self._training = self._training, None
            training.tell(training.state("saving"))
            training.close()
        self._running = False

    def _keep_weights(self, path: str, step: int) -> None:
        from engine.train import keep_weights

        keep_weights(self._live_snapshot, path, step)

    def _roll_back(self) -> None:
        """Open the run that trains anew, as if it had been killed now."""
        if self._training is None:
            return
        training, self._training = self._training, None
        training.abandon()
        self._begin(ResumeRun(training.path, paused=True))

    def _leave(self) -> None:
        """What a hand has asked for before it closed the window is done; then the run ends."""
        while (command := self.mailbox.take(0.0)) is not None:
            if isinstance(command, SetKnob | SaveCheckpoint | KeepWeights):
                self._obey(command)
        self._end()


_DOING: dict[type, str] = {
    StartRun: "Starting a run",
    ResumeRun: "Opening the run",
    SetRunning: "Running or pausing",
    StepOnce: "Training one step",
    SetKnob: "Changing a knob",
    EditCodes: "Mending the codebook",
    UndoCodes: "Taking back an edit of the codebook",
    SetPace: "Changing the pace",
    SaveCheckpoint: "Saving a checkpoint",
    RollBack: "Going back to the last checkpoint",
    KeepWeights: "Keeping the weights of the picture",
    EndRun: "Ending the run",
}
