"""Checkpoints: the whole state of a training, committed so that no kill, full disk or power failure costs the last one.

A checkpoint is a fresh folder, never an overwritten one: `weights.safetensors`, `optimizer.safetensors`, `state.json`,
each fsynced, then `COMMIT.json` with the size and SHA-256 of each, then one rename gives the folder its name. The
newest is found by looking through the folders, so there is no pointer that could be wrong. Nothing is a pickle.
(Pillai et al. 2014, "All File Systems Are Not Created Equal", on why each fsync is there; Mohan et al. 2021,
"CheckFreq", on copying the state first and writing it behind the training.)
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from engine.storage import files

FORMAT = 1
KEEP = 2
WEIGHTS, OPTIMIZER, STATE, COMMIT = "weights.safetensors", "optimizer.safetensors", "state.json", "COMMIT.json"
PARTS = (WEIGHTS, OPTIMIZER, STATE)
TRASH = ".trash-"

_NAME = re.compile(r"step-\d{8,18}-save-(\d{5,9})")


class CheckpointError(ValueError):
    """A checkpoint cannot be used; the message is one sentence that says why and what to do."""


@dataclass(frozen=True)
class CheckpointInfo:
    """A committed checkpoint. `save` counts the saves of a run: the highest is the newest, also after a roll-back.

    `size` in bytes; `score` is what "best" goes by, lower is better; `newer_damaged` counts newer checkpoints that
    `latest_checkpoint` had to pass over.
    """

    path: Path
    step: int
    save: int
    size: int
    created: float
    newer_damaged: int = 0


@dataclass(frozen=True)
class Checkpoint:
    """What was saved. `not_finite` names the tensors that hold NaN or infinite values."""

    step: int
    weights: dict[str, Tensor]
    optimizer: dict[str, Tensor]
    state: dict[str, Any]
    not_finite: tuple[str, ...]


def host_copy(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Copies in the computer's memory that no later training step changes."""
    return {name: tensor.detach().to("cpu", copy=True).contiguous() for name, tensor in tensors.items()}


# ---- saving


def save_checkpoint(
    folder: Path,
    step: int,
    weights: Mapping[str, Tensor],
    optimizer: Mapping[str, Tensor],
    state: Mapping[str, Any],
    *,
    keep: int = KEEP,
) -> CheckpointInfo:
    """Commit a checkpoint, verify it, then prune: the newest `keep` (at least 2) stay.

    `state` is JSON; numbers that are not finite are kept, but text that reads "NaN" or "Infinity" becomes a number.
    Raises StorageError; whatever the moment, the checkpoints from before are untouched.
    """
    parts = {WEIGHTS: _pack(weights), OPTIMIZER: _pack(optimizer), STATE: files.json_text(state).encode()}
    files.make_folder(folder)
    files.need_space(folder, 2 * sum(map(len, parts.values())))
    save = 1 + _highest_name(folder)
    target = folder / f"step-{step:08d}-save-{save:05d}"
    temporary = files.temporary_name(target)
    try:
        files.make_folder(temporary)
        for name, data in parts.items():
            files.write_new(temporary / name, data)
        files.write_new(temporary / COMMIT, _commit_text(step, save, parts).encode())
        files.sync_folder(temporary)
        files.rename(temporary, target)
    except files.StorageError:
        with contextlib.suppress(OSError):  # the first error is the one to tell; `sweep` removes what is left
            files.remove_tree(temporary)
        raise
    info = verify(target)
    prune(folder, keep)
    return info


def _pack(tensors: Mapping[str, Tensor]) -> bytes:
    seen: set[int] = set()
    plain: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        plain[name] = tensor.detach().cpu().contiguous()
        place = plain[name].untyped_storage().data_ptr()
        if place in seen:  # tied weights: safetensors has no aliases, each name gets its own copy
            plain[name] = plain[name].clone()
        seen.add(place)
    packed: bytes = safetensors.torch.save(plain)
    return packed


def _commit_text(step: int, save: int, parts: Mapping[str, bytes]) -> str:
    facts = {
        "format": FORMAT,
        "step": step,
        "save": save,
        "created": time.time(),
        "files": {
            name: {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in parts.items()
        },
    }
    return files.json_text({**facts, "sum": _sum(facts)})


def _sum(facts: Mapping[str, Any]) -> str:
    """The commit vouches for itself too: a flipped bit in it must not change a step."""
    plain = json.dumps(json.loads(files.json_text(facts)), sort_keys=True)
    return hashlib.sha256(plain.encode()).hexdigest()


def _highest_name(folder: Path) -> int:
    """The highest save number that any folder name mentions, dead temporaries and trash among them."""
    found = (_NAME.search(name) for name, _ in files.list_folder(folder))
    return max((int(match[1]) for match in found if match), default=0)


# ---- finding


def _read_commit(path: Path) -> tuple[CheckpointInfo, dict[str, str]]:
    """The facts of a committed folder and the SHA-256 of its parts; sizes are checked, contents are not."""
    try:
        facts = files.read_json(path / COMMIT, limit=files.MEBIBYTE)
        if facts.pop("sum") != _sum(facts):
            raise CheckpointError(f"The checkpoint {path.name} has a damaged commit; use an earlier one.")
        if facts["format"] > FORMAT:
            raise CheckpointError(f"The checkpoint {path.name} is of a newer version; update this program to use it.")
        sizes = {name: int(facts["files"][name]["size"]) for name in PARTS}
        sums = {name: str(facts["files"][name]["sha256"]) for name in PARTS}
        info = CheckpointInfo(
            path,
            int(facts["step"]),
            int(facts["save"]),
            sum(sizes.values()),
            float(facts["created"]),
        )
    except (files.FileFormatError, AttributeError, KeyError, TypeError, OverflowError) as error:
        raise CheckpointError(f"The checkpoint {path.name} has a damaged commit; use an earlier one.") from error
    for name, size in sizes.items():
        seen = files.look(path / name)
        if seen is None or seen.st_size != size:
            raise CheckpointError(f"The checkpoint {path.name} lacks a part of {name}; use an earlier one.")
    return info, sums


def find_checkpoints(folder: Path) -> list[CheckpointInfo]:
    """The committed checkpoints whose parts have their right sizes, newest last. Raises StorageError."""
    found = []
    for name, is_folder in files.list_folder(folder):
        if is_folder and _NAME.fullmatch(name):
            with contextlib.suppress(CheckpointError, files.StorageError):  # `latest_checkpoint` counts those
                found.append(_read_commit(folder / name)[0])
    return sorted(found, key=lambda info: info.save)


def latest_checkpoint(folder: Path) -> CheckpointInfo | None:
    """The newest checkpoint of which every byte is right, or None where there is none. Raises StorageError."""
    damaged = 0
    names = [name for name, is_folder in files.list_folder(folder) if is_folder and _NAME.fullmatch(name)]
    for name in sorted(names, key=lambda name: -int(name.rpartition("-")[2])):
        try:
            info = verify(folder / name)
        except (CheckpointError, files.StorageError):
            damaged += 1
            continue
        return CheckpointInfo(**{**vars(info), "newer_damaged": damaged})
    return None


def verify(path: Path) -> CheckpointInfo:
    """Read every byte of a checkpoint and compare. Raises CheckpointError, StorageError."""
    return _read_parts(path)[0]


def _read_parts(path: Path) -> tuple[CheckpointInfo, dict[str, bytes]]:
    info, sums = _read_commit(path)
    parts = {}
    for name in PARTS:
        parts[name] = files.read_bytes(path / name)
        if hashlib.sha256(parts[name]).hexdigest() != sums[name]:
            raise CheckpointError(f"The checkpoint {path.name} is damaged in {name}; use an earlier one.")
    return info, parts


# ---- loading


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint, every byte checked.

    Tensors that are not finite are named, not refused. Raises CheckpointError, StorageError.
    """
    info, parts = _read_parts(path)
    weights = _unpack(parts[WEIGHTS], path)
    optimizer = _unpack(parts[OPTIMIZER], path)
    try:
        state = files.numbers(files.parse_json(parts[STATE], path / STATE))
    except files.FileFormatError as error:
        raise CheckpointError(str(error)) from error
    if not isinstance(state, dict):
        raise CheckpointError(f"The state of the checkpoint {path.name} is not a table; use an earlier one.")
    not_finite = tuple(name for name, tensor in (*weights.items(), *optimizer.items()) if not _is_finite(tensor))
    return Checkpoint(info.step, weights, optimizer, state, not_finite)


def _unpack(data: bytes, path: Path) -> dict[str, Tensor]:
    try:
        tensors: dict[str, Tensor] = safetensors.torch.load(data)
    except (SafetensorError, ValueError, KeyError, RuntimeError) as error:
        raise CheckpointError(f"The checkpoint {path.name} holds no readable tensors; use an earlier one.") from error
    return tensors


def _check_finite(order: _Order) -> None:
    """Raises CheckpointError where a state is no longer worth keeping."""
    for name, tensor in (*order.weights.items(), *order.optimizer.items()):
        if not _is_finite(tensor):
            raise CheckpointError(f"{name} is not finite; go back to the last good checkpoint, which is kept.")


def _is_finite(tensor: Tensor) -> bool:
    return not tensor.is_floating_point() or bool(torch.isfinite(tensor).all())


# ---- keeping house


def prune(folder: Path, keep: int = KEEP) -> None:
    """Remove all but the newest `keep` (at least 2) checkpoints; of those at one step the newest counts, so that there
    is always an older state to go back to. Raises StorageError."""
    found = find_checkpoints(folder)
    newest = {info.step: info for info in found}
    kept = sorted(newest.values(), key=lambda info: info.save)[-max(keep, KEEP) :]
    for info in [each for each in found if each not in kept]:
        trash = info.path.with_name(f"{TRASH}{info.path.name}")
        files.rename(info.path, trash)
        files.remove_tree(trash)


def sweep(folder: Path) -> int:
    """Remove what died half-way in `folder`; returns how many. Only the run's writer may. Raises StorageError."""
    trash = [name for name, is_folder in files.list_folder(folder) if is_folder and name.startswith(TRASH)]
    for name in trash:
        files.remove_tree(folder / name)
    return len(trash) + files.sweep_temporaries(folder)


@dataclass(frozen=True)
class _Order:
    step: int
    weights: dict[str, Tensor]
    optimizer: dict[str, Tensor]
    state: Mapping[str, Any]


class BackgroundSaver:
    """Saves while training goes on: the state is copied at once and written by a thread.

    One save is in flight; one more may wait, and a newer one takes its place. `problem` is the sentence of the last
    fault, "" after a save that worked; `last` is the last checkpoint that was committed.
    """

    def __init__(self, folder: Path, *, keep: int = KEEP) -> None:
        self.folder, self.keep = folder, keep
        self.problem = ""
        self.last: CheckpointInfo | None = None
        self._turn = threading.Condition()
        self._next: _Order | None = None
        self._thread: threading.Thread | None = None

    def save(
        self,
        step: int,
        weights: Mapping[str, Tensor],
        optimizer: Mapping[str, Tensor],
        state: Mapping[str, Any],
    ) -> None:
        """Copy the state now and have it saved soon. Raises nothing of the disk's."""
        order = _Order(step, host_copy(weights), host_copy(optimizer), dict(state))
        with self._turn:
            self._next = order
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="checkpoint", daemon=True)
                self._thread.start()

    def wait(self, timeout: float | None = 60.0) -> bool:
        """Wait until everything is saved; False, and a problem, if it takes longer than `timeout` seconds."""
        with self._turn:
            thread = self._thread
        if thread is None:
            return True
        thread.join(timeout)
        if thread.is_alive():
            self.problem = "The last checkpoint could not be finished: the disk does not answer."
        return not thread.is_alive()

    def _work(self) -> None:
        while True:
            with self._turn:
                order, self._next = self._next, None
                if order is None:
                    self._thread = None
                    return
            try:
                _check_finite(order)
                self.last = save_checkpoint(
                    self.folder,
                    order.step,
                    order.weights,
                    order.optimizer,
                    order.state,
                    keep=self.keep,
                )
                self.problem = ""
            except MemoryError:
                self.problem = (
                    f"The checkpoint at step {order.step} was not saved because memory is full: close other programs."
                )
            except (OSError, ValueError, TypeError, RuntimeError, SafetensorError) as error:
                self.problem = f"The checkpoint at step {order.step} was not saved. {error}"
