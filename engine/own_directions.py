"""Directions that a person made, on disk: one small file for each run or bundled model, in `directions` of the home.

A direction belongs to a model and not to one snapshot of it, because all snapshots of a run share a latent space; it
carries the step it was made at, since what lies along it may change while the run learns. Two windows may write: each
change reads the file anew, under a lock. Loads no torch.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import filelock
import numpy as np
from numpy.typing import NDArray

from engine.messages import DirectionFacts
from engine.storage import files

FOLDER, LOCK = "directions", ".lock"
FORMAT = 1
LOCK_SECONDS = 2.0
LARGEST = 64 * files.MEBIBYTE
UNIT_WITHIN = 1e-3  # of length 1

Floats = NDArray[np.float32]


class OwnDirectionError(ValueError):
    """Own directions cannot be read or changed; the message is one sentence that says what to do."""


@dataclass(frozen=True)
class OwnDirection:
    """A unit vector (Z,) with the name a person gave it, its scores, and the step of the run it was made at (None: of a
    bundled model, which has only one)."""

    title: str
    step: int | None
    alignment: float
    cohen_d: float
    vector: Floats

    @property
    def facts(self) -> DirectionFacts:
        """The same name at two steps is two directions, and none is mistaken for one that was found."""
        name = f"own:{self.title}" if self.step is None else f"own:{self.title}@{self.step}"
        return DirectionFacts(
            name, self.title, "own", alignment=self.alignment, cohen_d=self.cohen_d, made_at=self.step
        )


Own = Mapping[str, OwnDirection]  # by the name in the facts, the oldest first


class OwnDirections:
    """The own directions under one home. `file` names the model's file, without a suffix."""

    def __init__(self, home: Path) -> None:
        self._folder = home / FOLDER
        self._removed: dict[tuple[str, str], OwnDirection] = {}  # in this session, to be brought back

    def read(self, file: str, size: int) -> Own:
        """The directions of a model whose latents have `size` numbers. Raises OwnDirectionError, StorageError."""
        try:
            return self._read(file, size)
        except files.FileFormatError as error:
            raise OwnDirectionError(
                f"The directions that you made for this model cannot be read because {self._path(file)} is damaged; "
                "mend it, or make new ones: then it is set aside."
            ) from error

    def keep(self, file: str, direction: OwnDirection) -> Own:
        """One more direction, or another in place of one with its name and step. A damaged file is set aside first.

        Raises OwnDirectionError, StorageError."""
        with self._locked():
            try:
                own = self._read(file, len(direction.vector))
            except files.FileFormatError:
                self._set_aside(file)
                own = {}
            return self._write(file, {**own, direction.facts.name: direction})

    def remove(self, file: str, name: str) -> Own:
        """Without one direction, which `bring_back` has in this session. Raises OwnDirectionError, StorageError."""
        with self._locked():
            own = dict(self._read(file))
            removed = own.pop(name, None)
            if removed is None:
                return own
            self._removed[file, name] = removed
            return self._write(file, own)

    def bring_back(self, file: str, name: str) -> Own:
        """With one that was removed. Raises OwnDirectionError, StorageError."""
        own = self._read(file)
        removed = self._removed.get((file, name))
        if name in own:
            return own
        if removed is None:
            raise OwnDirectionError(f"The direction {name!r} was not removed in this session; make it again.")
        return self.keep(file, removed)

    def _path(self, file: str) -> Path:
        return self._folder / f"{file}.json"

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """The folder to oneself."""
        files.make_folder(self._folder)
        lock = filelock.FileLock(self._folder / LOCK, timeout=LOCK_SECONDS)
        try:
            lock.acquire()
        except filelock.Timeout as error:
            raise OwnDirectionError(f"Another window writes in {self._folder}; try again when it is done.") from error
        except OSError as error:
            raise files.StorageError(files.sentence(error, "written", self._folder), error.errno) from error
        try:
            files.sweep_temporaries(self._folder)
            yield
        finally:
            lock.release()

    def _read(self, file: str, size: int | None = None) -> Own:
        path = self._path(file)
        if files.look(path) is None:
            return {}
        plain = files.read_json(path, LARGEST)
        if isinstance(plain, dict) and isinstance(plain.get("format"), int) and plain["format"] > FORMAT:
            raise OwnDirectionError(f"{path} was written by a newer version: update this program to use it.")
        try:
            if plain["format"] != FORMAT:
                raise ValueError("its format is unknown")
            found = [_direction_from(each) for each in plain["directions"]]
            if size is not None and any(len(direction.vector) != size for direction in found):
                raise ValueError("a vector is not of this latent space")
        except (TypeError, ValueError, KeyError, OverflowError) as error:
            raise files.FileFormatError(f"{path} is damaged ({error}).") from error
        return {direction.facts.name: direction for direction in found}

    def _write(self, file: str, own: Own) -> Own:
        plain = [
            {
                "title": direction.title,
                "step": direction.step,
                "alignment": direction.alignment,
                "cohen_d": direction.cohen_d,
                "vector": direction.vector.tolist(),
            }
            for direction in own.values()
        ]
        files.write_json(self._path(file), {"format": FORMAT, "directions": plain})
        return own

    def _set_aside(self, file: str) -> None:
        path = self._path(file)
        names = (path.with_name(f"{path.name}.damaged-{number}") for number in itertools.count(1))
        files.rename(path, next(name for name in names if files.look(name) is None))


def _direction_from(plain: Mapping[str, Any]) -> OwnDirection:
    """The inverse of what is written. Raises KeyError, TypeError, ValueError, OverflowError."""
    title, step = plain["title"], plain["step"]
    if not isinstance(title, str) or not (step is None or type(step) is int):
        raise ValueError("a name or a step is wrong")
    alignment, cohen_d = float(plain["alignment"]), float(plain["cohen_d"])
    vector = np.asarray(plain["vector"], np.float64)
    if vector.ndim != 1 or not abs(math.hypot(*vector) - 1.0) < UNIT_WITHIN:
        raise ValueError("a vector is wrong")
    if not math.isfinite(alignment) or not math.isfinite(cohen_d):
        raise ValueError("a score is wrong")
    return OwnDirection(title, step, alignment, cohen_d, vector.astype(np.float32))
