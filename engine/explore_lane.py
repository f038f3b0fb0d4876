"""The explore lane: answers requests on snapshots, looks at runs and data sets, and works on jobs in small slices.

Between two turns of a job the newest requests are answered, so a slider never waits for an export.
"""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from engine.claim import Claim
from engine.lane import Lane
from engine.live import LiveSnapshot
from engine.mailbox import Mailbox
from engine.messages import (
    CancelJob,
    CloseRun,
    DirectionMade,
    DirectionsKept,
    DrawDecision,
    Event,
    ExploreCommand,
    ExportWalk,
    FindDirections,
    FindExemplars,
    InspectCode,
    JobCancelled,
    JobProgress,
    KeepDirection,
    ListRuns,
    LoadData,
    MakeDirection,
    Notice,
    OpenRun,
    OpenSnapshot,
    ReadDataPage,
    ReadGrid,
    ReadUsage,
    ReadUsageHistory,
    Ready,
    RenameRun,
    Request,
    RunsListed,
    RunTrashed,
    SnapshotOpened,
    TrashRun,
)

if TYPE_CHECKING:
    import torch

    from engine.data.dataset import Dataset
    from engine.data.ref import DataRef
    from engine.shelf import Opened, Shelf
    from engine.storage.grids import Grids

IDLE_SECONDS = 0.5
FOLLOW_SECONDS = 0.5
JOB_SLICE_SECONDS = 0.01
KEPT_DATA = 3
KEPT_GRIDS = 4

Job = Generator[JobProgress | Event, None, None]
Answer = Iterator[Event | None]  # None: not done yet, but what is newer may come in between


class ExploreLane(Lane):
    """Commands in order, then the newest request of each channel, then the rest of answers, then a slice of a job."""

    def __init__(self, events: deque[Event], live: LiveSnapshot, claim: Claim, home: Path, device: str | None) -> None:
        super().__init__("explore lane", events)
        self._claim = claim
        self.mailbox: Mailbox[ExploreCommand, Request] = Mailbox()
        self._live_snapshot, self._home, self._wanted_device = live, home, device
        self._rest: deque[tuple[Request, Answer]] = deque()
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._job_titles: dict[str, str] = {}
        self._data: OrderedDict[DataRef, Dataset] = OrderedDict()
        self._grids: OrderedDict[str, Grids] = OrderedDict()
        self._said: set[str] = set()  # about own directions that cannot be read
        self._next_follow = 0.0
        self._shelf: Shelf
        self._device: torch.device

    def _wake(self) -> None:
        self.mailbox.put(CancelJob(""))

    def _enter(self) -> None:
        from engine.data.ref import BUILT_IN
        from engine.device import choose_device, enter_explore_lane, training_threads
        from engine.family import Families, card
        from engine.follow import Follower
        from engine.own_directions import OwnDirections
        from engine.shelf import Shelf, bundled_cards

        enter_explore_lane()
        self._device = choose_device(self._wanted_device)
        families = Families()
        self._shelf = Shelf(families, self._live_snapshot, self._device, OwnDirections(self._home))
        self._follower = Follower(self._claim, self.tell)
        bundled, problems = bundled_cards()
        self.tell(
            Ready(
                families=tuple(card(entry) for entry in families.entries.values()),
                data=BUILT_IN,
                bundled=bundled,
                device=self._device.type,
                threads=training_threads(),
                home=str(self._home),
            )
        )
        for problem in problems:
            self.tell(Notice(problem))

    def _leave(self) -> None:
        for job in self._jobs.values():
            job.close()

    def _turn(self) -> None:
        item = self.mailbox.take(self._patience())
        if item is not None:
            self._handle(item)
        elif self._rest:
            self._continue(*self._rest.popleft())
        elif self._jobs:
            self._work()
        if time.monotonic() >= self._next_follow:
            self._next_follow = time.monotonic() + FOLLOW_SECONDS
            self._follower.poll()

    def _patience(self) -> float:
        if self._rest or self._jobs:
            return 0.0
        if self._follower.follows:
            return max(0.0, min(self._next_follow - time.monotonic(), IDLE_SECONDS))
        return IDLE_SECONDS

    def _handle(self, item: ExploreCommand | Request) -> None:
        if isinstance(item, Request):
            self._begin_answer(item)
        else:
            self._obey(item)

    # ------------------------------------------------------------------------------------------------------- answers

    def _begin_answer(self, request: Request) -> None:
        self._rest = deque(entry for entry in self._rest if entry[0].channel != request.channel)
        try:
            answer = self._answer(request)
        except Exception as error:  # noqa: BLE001  told to the person; the last good picture stays
            self.fail("Drawing", error, channel=request.channel)
            return
        self._continue(request, answer)

    def _continue(self, request: Request, answer: Answer) -> None:
        """The next part of an answer, unless a newer request has overtaken it."""
        if self.mailbox.waits(request.channel):
            return
        try:
            event = next(answer)
        except StopIteration:
            return
        except Exception as error:  # noqa: BLE001
            self.fail("Drawing", error, channel=request.channel)
            return
        if event is not None:
            self.tell(event)
        self._rest.append((request, answer))

    def _answer(self, request: Request) -> Answer:
        from engine import explore, looking

        match request:
            case ReadGrid():
                return looking.read_grid(self._grids_of(request.path), request)
            case ReadUsage():
                return looking.read_usage(self._grids_of(request.path), request)
            case ReadUsageHistory():
                return looking.read_usage_history(self._grids_of(request.path), request)
            case InspectCode():
                return self._inspect(request)
            case ReadDataPage():
                return self._data_page(request)
            case DrawDecision():
                return self._decide(request)
            case _:
                return explore.answer(self._shelf.open(request.snapshot), request, self._device)

    def _grids_of(self, path: str) -> Grids:
        """The grids of a run; the last few readers are kept, since a new one has to look at every grid's head."""
        from engine.storage import runs

        if path not in self._grids:
            self._grids[path] = runs.open_run(Path(path)).grids()
        self._grids.move_to_end(path)
        while len(self._grids) > KEPT_GRIDS:
            self._grids.popitem(last=False)
        return self._grids[path]

    def _data_page(self, request: ReadDataPage) -> Answer:
        from engine import looking

        dataset = yield from self._dataset(request.data)
        yield from looking.data_page(dataset, request)

    def _decide(self, request: DrawDecision) -> Answer:
        from engine import explore

        opened = self._shelf.open(request.snapshot)
        explore.check_field(opened)
        dataset = yield from self._dataset(request.data)
        yield from explore.decide(opened, request, dataset, self._device)

    def _inspect(self, request: InspectCode) -> Answer:
        from engine import codes

        dataset = None if request.data is None else (yield from self._dataset(request.data))
        yield from codes.inspect_code(self._shelf.open(request.snapshot), request, dataset, self._device)

    def _dataset(self, ref: DataRef) -> Generator[None, None, Dataset]:
        """A data set that is open, or one that is opened now, in slices."""
        from engine.data.catalog import open_data

        if ref in self._data:
            self._data.move_to_end(ref)
            return self._data[ref]
        loading = open_data(ref, self._home)
        while True:
            try:
                next(loading)
            except StopIteration as end:
                dataset: Dataset = end.value
                self._keep(ref, dataset)
                return dataset
            yield

    def _keep(self, ref: DataRef, dataset: Dataset) -> None:
        self._data[ref] = dataset
        while len(self._data) > KEPT_DATA:
            self._data.popitem(last=False)

    # ------------------------------------------------------------------------------------------------------ commands

    def _obey(self, command: ExploreCommand) -> None:
        job = getattr(command, "job", "")
        self._job_titles[job] = _DOING[type(command)]
        try:
            self._do(command)
        except Exception as error:  # noqa: BLE001  told to the person; the lane goes on with the next command
            self.fail(_DOING[type(command)], error, job=job)

    def _do(self, command: ExploreCommand) -> None:
        from engine import jobs
        from engine.run_facts import list_facts
        from engine.storage import runs

        match command:
            case OpenSnapshot(snapshot=snapshot):
                opened = self._shelf.open(snapshot)
                self.tell(SnapshotOpened(opened.info()))
                self._tell_own_directions(opened)
            case ListRuns():
                self.tell(RunsListed(list_facts(self._home / "runs")))
            case OpenRun(path=path):
                self._follower.open(Path(path))
            case CloseRun(path=path):
                self._follower.close(Path(path))
            case RenameRun(path=path, name=name):
                runs.rename_run(Path(path), name)
                self.tell(RunsListed(list_facts(self._home / "runs")))
            case TrashRun(path=path):
                self._follower.close(Path(path))
                where = runs.delete_run(Path(path))
                self._shelf.forget(path)
                self._grids.pop(path, None)
                self.tell(RunTrashed(path, str(where)))
                self.tell(Notice(f"The run is in the trash; to have it back, move the folder {where} to {path}."))
                self.tell(RunsListed(list_facts(self._home / "runs")))
            case LoadData():
                self._jobs[command.job] = jobs.load_data(command, self._home, self._keep)
            case FindDirections():
                opened = self._shelf.open(command.snapshot)
                self._jobs[command.job] = jobs.find_directions(command, opened, self._device, self._shelf.judge)
            case FindExemplars():
                opened = self._shelf.open(command.snapshot)
                self._jobs[command.job] = jobs.find_exemplars(command, opened, self._shelf.judge(opened))
            case MakeDirection():
                opened = self._shelf.open(command.snapshot)
                made = jobs.make_direction(command, opened)
                self.tell(DirectionsKept(opened.model, self._shelf.keep_direction(opened.model, made)))
                self.tell(DirectionMade(command.snapshot, made.facts))
            case KeepDirection(model=model, name=name, kept=kept):
                change = self._shelf.bring_back_direction if kept else self._shelf.remove_direction
                self.tell(DirectionsKept(model, change(model, name)))
            case ExportWalk():
                self._jobs[command.job] = jobs.export_walk(command, self._shelf.open(command.snapshot), self._device)
            case CancelJob(job=job):
                self._cancel(job)

    def _tell_own_directions(self, opened: Opened) -> None:
        """Where they cannot be read, the model is open all the same; that is said once."""
        try:
            self.tell(DirectionsKept(opened.model, self._shelf.own_directions(opened)))
        except (ValueError, OSError) as error:
            if str(error) not in self._said:
                self._said.add(str(error))
                self.fail("Reading your own directions", error)

    def _cancel(self, job: str) -> None:
        found = self._jobs.pop(job, None)
        if found is not None:
            found.close()
            self.tell(JobCancelled(job))

    def _work(self) -> None:
        """A slice of the oldest job, about 10 ms long; only the last progress of a slice is told."""
        name, job = next(iter(self._jobs.items()))
        until = time.monotonic() + JOB_SLICE_SECONDS
        progress: JobProgress | None = None
        try:
            while time.monotonic() < until:
                event = next(job)
                progress = event if isinstance(event, JobProgress) else None
                if progress is None:  # news end the slice's progress: after the last of them the job is over
                    self.tell(event)
        except StopIteration:
            del self._jobs[name]
            return
        except Exception as error:  # noqa: BLE001
            del self._jobs[name]
            self.fail(self._job_titles.get(name, "Working"), error, job=name)
            return
        self._jobs.move_to_end(name)
        if progress is not None:
            self.tell(progress)


_DOING: dict[type, str] = {
    OpenSnapshot: "Opening the model",
    ListRuns: "Looking for runs",
    OpenRun: "Opening the run",
    CloseRun: "Closing the run",
    RenameRun: "Renaming the run",
    TrashRun: "Moving the run to the trash",
    LoadData: "Opening the data",
    FindDirections: "Looking for directions",
    FindExemplars: "Looking for examples",
    MakeDirection: "Making a direction",
    KeepDirection: "Changing your own directions",
    ExportWalk: "Writing the film",
    CancelJob: "Cancelling",
}
