"""A run that is killed while it trains and saves, again and again: `python -m tests.engine.killed_runs HOME N SEED`.

Each time a fork starts the run, or goes on with it, saves every few steps and is killed (SIGKILL) at a random moment:
while it opens, trains or saves. After each death the run is looked at as a person would: in the table of runs, opened,
followed. At the end it is resumed for good, and an unbroken run makes as many steps. One JSON object is printed:

    deaths      a row for each kill, see `look_at`
    steps       how many steps both runs made
    same        whether both ended with the same weights and optimizer state, to the last bit
    finished    what the run that was killed looks like at its end, see `look_at`
"""

from __future__ import annotations

import json
import os
import random
import signal
import struct
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from engine import train
from engine.data.ref import DataRef
from engine.family import Families
from engine.follow import Followed
from engine.live import LiveSnapshot
from engine.storage import runs
from engine.storage.checkpoint import latest_checkpoint, load_checkpoint

PLAN = {"family": "gan_2014", "preset": "tiny", "data": DataRef("ring", count=200)}
STEPS_BETWEEN_SAVES = 3
MOST_STEPS = 30  # before a kill; every other one comes while the run is opened or begins
LONGEST_WAIT = 0.05  # seconds beyond the last step that is waited for
REPORT = struct.Struct("<qq")  # the step that was made, the step of the last checkpoint that was committed
Report = Callable[[int, int], None]


def begin(home: Path, name: str) -> train.Training:
    """Start the run of this name, or go on with it."""
    path = home / "runs" / name
    where = (Families(), home, torch.device("cpu"), 1, lambda event: None, LiveSnapshot())
    exists = (path / "run.json").exists()
    opening = train.resume(path, *where) if exists else train.start(train.Plan(**PLAN, folder=str(path)), *where)
    while True:
        try:
            next(opening)
        except StopIteration as end:
            return end.value


def work(home: Path, name: str, steps: int, report: Report) -> None:
    """Train until `steps`, with a save every few steps."""
    training = begin(home, name)
    while training.step < steps:
        training.advance()
        if training.step % STEPS_BETWEEN_SAVES == 0:
            training.save()
        last = training.saver.last
        report(training.step, -1 if last is None else last.step)
    training.close()


def fork(home: Path, name: str, steps: int) -> tuple[int, int]:
    """A process that works; its id, and the pipe on which it reports."""
    reader, writer = os.pipe()
    child = os.fork()
    if child:
        os.close(writer)
        return child, reader
    status = 1
    try:
        os.close(reader)
        work(home, name, steps, lambda *row: os.write(writer, REPORT.pack(*row)))
        status = 0
    except BaseException:  # noqa: BLE001  a fork must not go on as its parent
        traceback.print_exc()
    os._exit(status)


def finish(home: Path, name: str, steps: int) -> None:
    """Train until `steps` in a process of its own."""
    child, reader = fork(home, name, steps)
    while os.read(reader, REPORT.size):
        pass
    os.close(reader)
    _, status = os.waitpid(child, 0)
    if status:
        raise AssertionError(f"the run {name} did not come to its end: {status}")


def kill(home: Path, name: str, moments: random.Random) -> dict[str, Any]:
    """Let the run go on and kill it; the row that `look_at` makes, with the last step that was reported."""
    wanted, more = max(moments.randrange(-MOST_STEPS, MOST_STEPS), 0), moments.uniform(0.0, LONGEST_WAIT)
    child, reader = fork(home, name, sys.maxsize)
    reports = [os.read(reader, REPORT.size) for _ in range(wanted)]
    time.sleep(more)  # the moment of the power cut, not a wait for something
    os.kill(child, signal.SIGKILL)
    while rest := os.read(reader, REPORT.size):
        reports.append(rest)
    os.close(reader)
    _, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status):
        raise AssertionError("the run ended before it was killed")
    step, committed = REPORT.unpack(reports[-1]) if reports else (-1, -1)
    return {"reported": step, "committed": committed, **look_at(home, name)}


def look_at(home: Path, name: str) -> dict[str, Any]:
    """What a person finds: `state` in the table of runs ("none" where the run is not there yet), `found` the step of
    the newest checkpoint (-1: none), `problems` everything that is not as it should be."""
    listed = {info.name: info for info in runs.list_runs(home / "runs") if info.path.name == name}
    if not listed:
        return {"state": "none", "found": -1, "problems": []}
    (info,) = listed.values()
    found = latest_checkpoint(info.path / "checkpoints")
    problems = [info.problem] if info.problem else []
    if found is not None:
        load_checkpoint(found.path)
        problems += ["a newer checkpoint is damaged"] if found.newer_damaged else []
    problems += what_is_wrong(info.path)
    return {"state": info.state, "found": -1 if found is None else found.step, "problems": problems}


def what_is_wrong(path: Path) -> list[str]:
    """Follows the run and reads all that it keeps: log, grids, snapshots, thumbnail, preview."""
    problems = []
    followed = Followed(path)
    seen = followed.opened(training=False)
    log, grids, run = followed.log, followed.grids, followed.run
    problems += [f"{log.damaged} damaged blocks in the log"] if log.damaged else []
    problems += [f"{log.skipped} points of the log are out of order"] if log.skipped else []
    for name, series in seen.series.items():
        problems += [] if (np.diff(series.steps) > 0).all() else [f"the steps of {name} do not rise"]
    problems += [f"{grids.damaged} damaged places among the grids"] if grids.damaged else []
    for step in grids.steps():
        grids.read(step)
    for file in run.snapshots().list():
        run.snapshots().load(file)
    problems += [] if run.preview() is not None and run.thumbnail() is not None else ["no samples of the data"]
    return problems


def same(home: Path, one: str, other: str) -> bool:
    """Whether the newest checkpoints of two runs hold the same weights and optimizer state to the last bit."""
    tensors = []
    for name in (one, other):
        found = latest_checkpoint(home / "runs" / name / "checkpoints")
        assert found is not None
        checkpoint = load_checkpoint(found.path)
        tensors.append({**checkpoint.weights, **checkpoint.optimizer})
    first, second = tensors
    return first.keys() == second.keys() and all(torch.equal(value, second[name]) for name, value in first.items())


def main(home: Path, kills: int, seed: int) -> None:
    torch.set_num_threads(1)
    begin(home, "first").close()  # what a training imports is imported here, once for all forks
    moments = random.Random(seed)
    deaths = [kill(home, "killed", moments) for _ in range(kills)]
    steps = max(deaths[-1]["found"], 0) + STEPS_BETWEEN_SAVES + 1
    finish(home, "killed", steps)
    finish(home, "unbroken", steps)
    facts = {
        "deaths": deaths,
        "steps": steps,
        "same": same(home, "killed", "unbroken"),
        "finished": look_at(home, "killed"),
    }
    sys.stdout.write(json.dumps(facts))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
