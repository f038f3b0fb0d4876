"""The snapshots of a run: its (EMA) weights at many steps, in float16, denser at the start, within a disk budget.

Which ones stay: seen on the axis sqrt(step), they are kept as evenly spaced as what was written allows, because a model
changes fast at first and slowly later. Whenever the files together exceed the budget, the snapshot goes whose
neighbours are closest to each other on that axis; the first and the newest never go.

A snapshot is one safetensors file, weights and note together, so it appears whole or not at all. Beside these, `kept/`
holds the exact weights behind pictures that somebody saved: they never go, and they are found by their step alone.
"""

from __future__ import annotations

import bisect
import math
import re
import struct
import threading
import time
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.storage import files
from engine.storage.errands import Errands

if TYPE_CHECKING:
    from torch import Tensor

FORMAT = 1
BUDGET = 200 * files.MEBIBYTE
FEWEST = 8  # kept even where the budget would hold fewer
SECONDS_BETWEEN = 1.0  # at the start every step would be wanted; the disk is spared
LARGEST = 2 << 30
LARGEST_HEAD = 64 * files.MEBIBYTE
LARGEST_HALF = 65504.0

KEPT = "kept"
_NAME = re.compile(r"step-(\d{8,18})\.safetensors")


class SnapshotError(ValueError):
    """A snapshot cannot be used; the message is one sentence."""


@dataclass(frozen=True)
class SnapshotFile:
    """A snapshot on the disk; `size` in bytes."""

    path: Path
    step: int
    size: int

    @property
    def info(self) -> dict[str, Any]:
        """What was noted with it, read without its weights. Raises SnapshotError, StorageError."""
        head = files.read_part(self.path, 0, 8)
        size = struct.unpack("<Q", head)[0] if len(head) == 8 else 0
        if not 0 < size <= LARGEST_HEAD:
            raise _damaged(self.path)
        return dict(_note(self.path, files.read_part(self.path, 8, size))["info"])


class Snapshots:
    """Reads the snapshots of a run; looks at the folder anew each time, so it follows a run that grows."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def list(self) -> tuple[SnapshotFile, ...]:
        """The snapshots there are, steps rising. Raises StorageError."""
        found = []
        for name, is_folder in files.list_folder(self.folder):
            match = _NAME.fullmatch(name)
            seen = files.look(self.folder / name) if match and not is_folder else None
            if match and seen:
                found.append(SnapshotFile(self.folder / name, int(match[1]), seen.st_size))
        return tuple(sorted(found, key=lambda file: file.step))

    def before(self, step: int) -> SnapshotFile | None:
        """The newest snapshot at or before `step`, else the first; None where there is none. Raises StorageError."""
        found = self.list()
        return found[max(bisect.bisect_right(found, step, key=lambda file: file.step) - 1, 0)] if found else None

    def at(self, step: int) -> SnapshotFile | None:
        """What opens for `step`: the exact weights kept for a picture of that step, else the newest one before."""
        path = _file_of(self.folder / KEPT, step)
        seen = files.look(path)
        return self.before(step) if seen is None else SnapshotFile(path, step, seen.st_size)

    def load(self, file: SnapshotFile) -> dict[str, Tensor]:
        """The weights in the types they had, on the CPU. Loads torch. Raises SnapshotError, StorageError."""
        import safetensors
        import safetensors.torch
        import torch

        data = files.read_bytes(file.path, LARGEST)
        try:
            tensors: dict[str, Tensor] = safetensors.torch.load(data)
        except (safetensors.SafetensorError, ValueError, KeyError, RuntimeError) as error:
            raise _damaged(file.path) from error
        size = struct.unpack("<Q", data[:8])[0]
        note = _note(file.path, data[8 : 8 + size])
        if note.get("crc32") not in (None, _checksum(tensors)):  # None: written before there were checksums
            raise _damaged(file.path)
        halved = note["halved"]
        wide = {"float32": torch.float32, "float64": torch.float64, "bfloat16": torch.bfloat16}
        return {name: tensor.to(wide.get(str(halved.get(name)), tensor.dtype)) for name, tensor in tensors.items()}


def _note(path: Path, head: bytes) -> dict[str, Any]:
    """The note in the head of a safetensors file: {"info": {...}, "halved": {name: type}} and more."""
    try:
        note = files.parse_json(files.parse_json(head, path)["__metadata__"]["snapshot"], path)
        if note["format"] > FORMAT:
            raise SnapshotError(f"The snapshot {path.name} is of a newer version; update this program to open it.")
        note["info"] = files.numbers(note["info"])
        if not isinstance(note["info"], dict) or not isinstance(note["halved"], dict):
            raise _damaged(path)
    except (files.FileFormatError, KeyError, TypeError) as error:
        raise _damaged(path) from error
    return dict(note)


def _damaged(path: Path) -> SnapshotError:
    return SnapshotError(f"The snapshot {path.name} is damaged; choose another step.")


class SnapshotWriter(Snapshots):
    """Adds snapshots behind the training's back and thins them. The run's writer only."""

    def __init__(self, folder: Path, errands: Errands, budget: int = BUDGET) -> None:
        super().__init__(folder)
        self.budget = budget
        self._errands = errands
        self._lock = threading.Lock()
        self._kept = list(super().list())
        self._added_at = -math.inf

    def list(self) -> tuple[SnapshotFile, ...]:
        """The snapshots there are or will be in a moment, steps rising."""
        with self._lock:
            return tuple(self._kept)

    def wants(self, step: int) -> bool:
        """Whether a snapshot now would be about as far from the last one as those that are kept. Cheap."""
        if not self._kept:
            return True
        last = self._kept[-1]
        capacity = max(self.budget // max(last.size, 1), FEWEST)
        far = math.sqrt(step) - math.sqrt(last.step) if step > last.step else 0.0
        return far * capacity >= math.sqrt(step) and time.monotonic() - self._added_at >= SECONDS_BETWEEN

    def add(self, step: int, tensors: Mapping[str, Tensor], info: Mapping[str, Any]) -> bool:
        """Keep the weights of a step with a note of JSON values; they may change after the call.

        A snapshot of the same step is replaced. False if the disk is too slow to keep it.
        """
        data = _packed(step, *_halve(tensors), info)
        file = SnapshotFile(_file_of(self.folder, step), int(step), len(data))
        self._added_at = time.monotonic()
        with self._lock:
            former = self._kept
            kept = sorted((*(old for old in former if old.step != step), file), key=lambda old: old.step)
            surplus = thin(kept, self.budget)
            self._kept = [old for old in kept if old not in surplus]
            taken = self._errands.do("snapshots", lambda: self._write(file, data, surplus))
            if not taken:
                self._kept = former
        return taken

    def rewind(self, step: int) -> None:
        """The run goes on from an earlier step: later snapshots are removed."""
        with self._lock:
            later = [file for file in self._kept if file.step > step]
            self._kept = [file for file in self._kept if file.step <= step]
        self._errands.do("snapshots", lambda: _remove(later), always=True)

    def _write(self, file: SnapshotFile, data: bytes, surplus: Sequence[SnapshotFile]) -> None:
        try:
            files.make_folder(self.folder)
            files.write_bytes(file.path, data, durable=False)
        except OSError:
            with self._lock:
                self._kept = [kept for kept in self._kept if kept.path != file.path]
            raise
        finally:
            _remove(surplus)


def keep_exactly(folder: Path, step: int, tensors: Mapping[str, Tensor], info: Mapping[str, Any]) -> None:
    """Keep the weights of a step as they are, for as long as the run's snapshots in `folder` live. Raises OSError."""
    files.make_folder(folder / KEPT)
    whole = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    files.write_bytes(_file_of(folder / KEPT, step), _packed(step, whole, {}, info), durable=False)


def _file_of(folder: Path, step: int) -> Path:
    return folder / f"step-{step:08d}.safetensors"


def _packed(step: int, tensors: dict[str, Tensor], halved: Mapping[str, str], info: Mapping[str, Any]) -> bytes:
    import safetensors.torch

    about = {"format": FORMAT, "step": int(step), "info": info, "halved": halved, "crc32": _checksum(tensors)}
    data: bytes = safetensors.torch.save(tensors, {"snapshot": files.json_text(about)})
    return data


def _checksum(tensors: Mapping[str, Tensor]) -> int:
    """CRC-32 over the bytes of all tensors in the order of their names."""
    import torch

    crc = 0
    for name in sorted(tensors):
        flat = tensors[name].contiguous().reshape(-1)
        crc = zlib.crc32(flat.view(torch.uint8).numpy().data, crc) if flat.numel() else crc
    return crc


def _remove(surplus: Sequence[SnapshotFile]) -> None:
    for file in surplus:
        if files.look(file.path) is not None:
            files.remove_file(file.path)


def thin(kept: Sequence[SnapshotFile], budget: int) -> list[SnapshotFile]:
    """The snapshots to remove so that the rest fits `budget` bytes; `kept` has rising steps."""
    rest, surplus = list(kept), []
    while sum(file.size for file in rest) > budget and len(rest) > FEWEST:
        at = [math.sqrt(max(file.step, 0)) for file in rest]
        least = min(range(1, len(rest) - 1), key=lambda i: at[i + 1] - at[i - 1])
        surplus.append(rest.pop(least))
    return surplus


def _halve(tensors: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Copies in float16 where the values fit, and the types that those tensors had."""
    import torch

    halves: dict[str, Tensor] = {}
    halved: dict[str, str] = {}
    for name, tensor in tensors.items():
        copy = tensor.detach().to("cpu", copy=True).contiguous()
        if copy.dtype in (torch.float32, torch.float64, torch.bfloat16) and _fits_half(copy):
            halved[name] = str(copy.dtype).removeprefix("torch.")
            copy = copy.to(torch.float16)
        halves[name] = copy
    return halves, halved


def _fits_half(tensor: Tensor) -> bool:
    """Whether float16 can hold the values; NaN and infinite ones it can."""
    sizes = tensor.abs().nan_to_num(nan=0.0, posinf=0.0)
    return not sizes.numel() or float(sizes.max()) <= LARGEST_HALF
