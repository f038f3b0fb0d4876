"""What a run says of itself in run.json and status.json, and whether its writer still lives."""

from __future__ import annotations

import dataclasses
import os
import platform
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import psutil

from engine.storage import files

FORMAT = 1
RUN, STATUS = "run.json", "status.json"
STALE_SECONDS = 120.0  # without a word for so long, a run that another machine writes counts as interrupted
LONGEST_NAME = 200
LARGEST_SIDE = 1 << 16  # of a sample

State = Literal["running", "ended", "failed", "interrupted"]


class RunError(ValueError):
    """A run cannot be made, opened or changed; the message is one sentence that says what to do."""


@dataclass(frozen=True)
class RunRecord:
    """What a run is. Mappings hold JSON values.

    `data` says how to read the data set again, `shape` is (H, W, C) or (D,), `conditions` the values of each column
    that the model is conditioned on, `command` the command line that makes the run again, `created` seconds since 1970.
    """

    name: str
    family: str
    preset: str
    knobs: Mapping[str, Any]
    data: Mapping[str, Any]
    data_title: str
    data_fingerprint: str
    shape: tuple[int, ...]
    seed: int
    threads: int
    device: str
    versions: Mapping[str, str]
    created: float
    command: str
    conditions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class RunStatus:
    """Where a run stands. `state` is "interrupted" when its writer died; `reason` says why it failed."""

    state: State
    reason: str = ""
    step: int = 0
    seconds: float = 0.0
    images: int = 0
    metrics: Mapping[str, float] = field(default_factory=dict)
    updated: float = 0.0
    host: str = ""
    pid: int = 0
    born: float = 0.0  # when that process began: process ids are used again


def read_record(path: Path) -> RunRecord:
    """The record in a run folder. Raises RunError, StorageError."""
    if files.look(path / RUN) is None:
        raise RunError(f"{path} is not a run: it has no {RUN}; choose the folder of a run.")
    try:
        plain = files.read_json(path / RUN)
    except files.FileFormatError as error:
        raise RunError(f"The run in {path} cannot be opened because its {RUN} is damaged.") from error
    if isinstance(plain, dict) and isinstance(plain.get("format"), int) and plain["format"] > FORMAT:
        raise RunError(f"The run in {path} was made by a newer version: update this program to open it.")
    if not isinstance(plain, dict) or plain.get("format") != FORMAT:
        raise RunError(f"The run in {path} cannot be opened because its {RUN} is damaged.")
    return _record_from(plain, path)


_RECORD_TYPES: dict[str, type | tuple[type, ...]] = {
    "name": str,
    "family": str,
    "preset": str,
    "knobs": dict,
    "data": dict,
    "data_title": str,
    "data_fingerprint": str,
    "shape": list,
    "seed": int,
    "threads": int,
    "device": str,
    "versions": dict,
    "created": (int, float),
    "command": str,
    "conditions": dict,
}


def _record_from(plain: Mapping[str, Any], path: Path) -> RunRecord:
    for key, kind in _RECORD_TYPES.items():
        if not isinstance(plain.get(key), kind) or isinstance(plain.get(key), bool):
            raise RunError(f'The run in {path} cannot be opened because "{key}" in its {RUN} is missing or wrong.')
    if not all(isinstance(side, int) and not isinstance(side, bool) and side > 0 for side in plain["shape"]):
        raise RunError(f'The run in {path} cannot be opened because "shape" in its {RUN} is wrong.')
    if len(plain["shape"]) not in (1, 3) or max(plain["shape"]) > LARGEST_SIDE:
        raise RunError(f'The run in {path} cannot be opened because "shape" in its {RUN} is wrong.')
    if not isinstance(plain["data"].get("name"), str):
        raise RunError(f'The run in {path} cannot be opened because "data" in its {RUN} is wrong.')
    if not all(isinstance(values, list) for values in plain["conditions"].values()):
        raise RunError(f'The run in {path} cannot be opened because "conditions" in its {RUN} is wrong.')
    values = {key: plain[key] for key in _RECORD_TYPES}
    values["knobs"] = files.numbers(values["knobs"])
    values["shape"] = tuple(values["shape"])
    values["conditions"] = {key: tuple(map(str, names)) for key, names in values["conditions"].items()}
    return RunRecord(**values)


_TOLD_STATES: dict[str, State] = {"running": "running", "ended": "ended", "failed": "failed"}


def read_status(path: Path) -> RunStatus:
    """The status in a run folder; what cannot be read is as if it had never been told, with the reason."""
    try:
        plain = files.read_json(path / STATUS)
        status = RunStatus(
            state=_TOLD_STATES[plain["state"]],
            reason=str(plain["reason"]),
            step=int(plain["step"]),
            seconds=float(plain["seconds"]),
            images=int(plain["images"]),
            metrics={str(key): float(value) for key, value in plain["metrics"].items()},
            updated=float(plain["updated"]),
            host=str(plain["host"]),
            pid=int(plain["pid"]),
            born=float(plain["born"]),
        )
    except (files.FileFormatError, AttributeError, KeyError, TypeError, ValueError, OverflowError):
        return RunStatus("interrupted", "Its status cannot be read.")
    except files.StorageError as error:
        return RunStatus("interrupted", str(error))
    return status if status.state != "running" or _is_alive(status) else replace(status, state="interrupted")


def _is_alive(status: RunStatus) -> bool:
    if status.host != platform.node():
        return time.time() - status.updated < STALE_SECONDS
    try:
        return abs(psutil.Process(status.pid).create_time() - status.born) < 1.0
    except (psutil.NoSuchProcess, ValueError, OverflowError):
        return False
    except psutil.AccessDenied:
        return True


def this_process() -> dict[str, Any]:
    """This process, as a status tells it."""
    return {"host": platform.node(), "pid": os.getpid(), "born": psutil.Process().create_time()}


def check_name(name: str) -> None:
    """Raises RunError unless a run can have this name."""
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        raise RunError(f"A run needs a name of 1 to {LONGEST_NAME} printable characters.")


def write_record(path: Path, record: RunRecord) -> None:
    """Write or replace run.json in a run folder. Raises StorageError."""
    files.write_json(path / RUN, {"format": FORMAT, **dataclasses.asdict(record)})
