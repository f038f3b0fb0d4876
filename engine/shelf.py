"""The shelf of snapshots: opens one by its id and keeps the last few, whether live, bundled or from a run."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import load as load_directions
from safetensors.torch import load as load_safetensors

from engine.data.ref import DataRef
from engine.evaluate.judge import Judge, judge_folder
from engine.family import Codec, Families, LatentSpace, Reconstructor, SampleSpec, Snapshot, capabilities_of
from engine.knobs import configure
from engine.live import LiveSnapshot
from engine.messages import LIVE, BundledCard, DirectionFacts, SnapshotInfo, model_of
from engine.own_directions import Own, OwnDirection, OwnDirections
from engine.storage import files, runs

RESOURCES = Path(__file__).resolve().parents[1] / "resources"
DIRECTIONS = "directions.safetensors"  # attribute vectors that were found when the model was bundled
KEPT = 6
LAST = "@last"
_CARD_HAS = {"title", "family", "preset", "knobs", "shape", "conditions", "steps", "data"}
LARGEST_WEIGHTS = 1 << 30


class SnapshotError(ValueError):
    """A snapshot cannot be opened; the message says why and what to do."""


@dataclass(frozen=True)
class Opened:
    """A snapshot with what is known of it. `directions` grows as directions are found in it; own ones belong to the
    `model`, the run or bundled model that it is of."""

    id: str
    snapshot: Snapshot
    step: int
    family: str
    title: str
    data: DataRef | None
    facts: Mapping[str, Any] = field(default_factory=dict)
    directions: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    model: str = ""

    @property
    def space(self) -> LatentSpace:
        """The snapshot as a latent space. Raises SnapshotError where it has none."""
        if not isinstance(self.snapshot, LatentSpace):
            raise SnapshotError(f"{self.title} has no latent space; choose a model that has one.")
        return self.snapshot

    @property
    def codec(self) -> Codec:
        """The snapshot as a codec. Raises SnapshotError where it is none."""
        if not isinstance(self.snapshot, Codec):
            raise SnapshotError(f"{self.title} has no codes; choose a model that has, for example a VQ-VAE.")
        return self.snapshot

    @property
    def reconstructor(self) -> Reconstructor:
        """The snapshot as what takes samples apart. Raises SnapshotError where it cannot."""
        if not isinstance(self.snapshot, Reconstructor):
            raise SnapshotError(f"{self.title} cannot reconstruct samples; choose a VAE, a VQ-VAE or a dVAE.")
        return self.snapshot

    def info(self) -> SnapshotInfo:
        space = self.snapshot if isinstance(self.snapshot, LatentSpace) else None
        return SnapshotInfo(
            snapshot=self.id,
            title=self.title,
            family=self.family,
            step=self.step,
            shape=self.snapshot.spec.shape,
            capabilities=capabilities_of(self.snapshot),
            latent=None if space is None else space.latent,
            conditions={} if space is None else dict(space.conditions),
            critic_scale=getattr(self.snapshot, "critic_scale", ""),
            data=self.data,
            codes=self.snapshot.codes if isinstance(self.snapshot, Codec) else None,
            facts=self.facts,
        )


class Shelf:
    """Opens snapshots by id, with the own directions of their models where it is given some. One thread at a time."""

    def __init__(
        self, families: Families, live: LiveSnapshot, device: torch.device, own: OwnDirections | None = None
    ) -> None:
        self._families, self._live, self._device, self._own = families, live, device, own
        self._kept: OrderedDict[str, Opened] = OrderedDict()
        self._directions: dict[str, dict[str, NDArray[np.float32]]] = {}  # by model; they outlive what is kept
        self._judges: dict[str, Judge] = {}
        self._live_run, self._live_directions = "", dict[str, NDArray[np.float32]]()

    def open(self, snapshot: str) -> Opened:
        """The snapshot with this id, as it is now. Raises SnapshotError, RunError or ValueError with one sentence."""
        if snapshot == LIVE:
            return self._open_live()
        if snapshot not in self._kept or self._has_newer(snapshot):
            kind, _, rest = snapshot.partition(":")
            openers = {"bundled": self._open_bundled, "run": self._open_run}
            if kind not in openers:
                raise SnapshotError(f"{snapshot!r} names no snapshot; use live, bundled:NAME or run:FOLDER@STEP.")
            self._kept[snapshot] = self._with_own(openers[kind](snapshot, rest))
        self._kept.move_to_end(snapshot)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return self._kept[snapshot]

    def _has_newer(self, snapshot: str) -> bool:
        """Whether the newest snapshot of a run, `run:FOLDER@last`, is another one by now."""
        if not snapshot.endswith(LAST):
            return False
        newest = next(reversed(runs.open_run(_folder_of(snapshot)).snapshots().list()), None)
        return newest is None or newest.step != self._kept[snapshot].step

    def judge(self, opened: Opened) -> Judge | None:
        """The judge of the data that a model was trained on, on this shelf's device; None where there is none."""
        if opened.data is None or opened.snapshot.spec.is_points:
            return None
        name = opened.data.name
        folder = judge_folder(RESOURCES, name)
        if folder is not None and name not in self._judges:
            self._judges[name] = Judge.load(folder).to(self._device)
        return self._judges.get(name)

    def forget(self, path: str) -> None:
        """Keep nothing of the run in the folder `path`, which another run may take."""
        for table in (self._kept, self._directions):
            for snapshot in [each for each in table if each.startswith(f"run:{path}@")]:
                del table[snapshot]

    # -------------------------------------------------------------------------------------------- own directions

    def own_directions(self, opened: Opened) -> tuple[DirectionFacts, ...]:
        """The own directions of a snapshot's model, read anew. Raises OwnDirectionError, RunError, ValueError with one
        sentence, StorageError."""
        if self._own is None or not isinstance(opened.snapshot, LatentSpace):
            return ()
        return self._show_own(opened.model, self._own.read(_kept_as(opened.model), opened.space.latent.size))

    def keep_direction(self, model: str, direction: OwnDirection) -> tuple[DirectionFacts, ...]:
        """One more own direction of a model; returns all of them. Raises as `own_directions`, like the two below."""
        return self._show_own(model, self._writable().keep(_kept_as(model), direction))

    def remove_direction(self, model: str, name: str) -> tuple[DirectionFacts, ...]:
        return self._show_own(model, self._writable().remove(_kept_as(model), name))

    def bring_back_direction(self, model: str, name: str) -> tuple[DirectionFacts, ...]:
        return self._show_own(model, self._writable().bring_back(_kept_as(model), name))

    def _writable(self) -> OwnDirections:
        if self._own is None:
            raise SnapshotError("Own directions are kept in a home only; open the model in the window.")
        return self._own

    def _with_own(self, opened: Opened) -> Opened:
        """Whoever opens a snapshot to look at it asks `own_directions`, and is told there what is wrong with them."""
        with contextlib.suppress(ValueError, OSError):
            self.own_directions(opened)
        return opened

    def _show_own(self, model: str, own: Own) -> tuple[DirectionFacts, ...]:
        """All snapshots of a model have its own directions, and no others of a person's."""
        tables = [table for snapshot, table in self._directions.items() if model_of(snapshot) == model]
        for table in (*tables, *([self._live_directions] if model == f"run:{self._live_run}" else ())):
            for name in [name for name in table if name.startswith("own:")]:
                del table[name]
            table |= {name: direction.vector for name, direction in own.items()}
        return tuple(direction.facts for direction in own.values())

    # -------------------------------------------------------------------------------------------- one kind each

    def _open_live(self) -> Opened:
        model = self._live.get()
        if model is None:
            raise SnapshotError("Nothing trains at the moment; start a run, or choose a model to explore.")
        new = model.run != self._live_run
        if new:  # directions mean nothing in the latent space of another run
            self._live_run, self._live_directions = model.run, {}
        about = (model.step, model.family, model.title, model.data)
        opened = Opened(LIVE, model.snapshot, *about, {}, self._live_directions, f"run:{model.run}")
        return self._with_own(opened) if new else opened

    def _open_bundled(self, snapshot: str, name: str) -> Opened:
        folder = RESOURCES / "models" / name
        if not (folder / "card.json").is_file():
            names = ", ".join(card.name for card in bundled_cards()[0])
            raise SnapshotError(f"There is no bundled model {name!r}; there are: {names or 'none'}.")
        card = read_card(folder)
        frozen = self._frozen(card["family"], card["knobs"], card["shape"], card["conditions"], folder)
        data = DataRef.from_plain(card["data"])
        directions = self._directions.setdefault(snapshot, {})
        if (folder / DIRECTIONS).is_file():
            directions |= load_directions(files.read_bytes(folder / DIRECTIONS, limit=LARGEST_WEIGHTS))
        about = (int(card["steps"]), card["family"], card["title"], data, card)
        return Opened(snapshot, frozen, *about, directions, snapshot)

    def _frozen(
        self, family: str, knobs: Mapping[str, Any], shape: Any, conditions: Mapping[str, Any], folder: Path
    ) -> Snapshot:
        tensors = load_safetensors(files.read_bytes(folder / "weights.safetensors", limit=LARGEST_WEIGHTS))
        return self._freeze(family, knobs, shape, conditions, tensors)

    def _freeze(
        self,
        family: str,
        knobs: Mapping[str, Any],
        shape: Any,
        conditions: Mapping[str, Any],
        tensors: Mapping[str, torch.Tensor],
    ) -> Snapshot:
        entry = self._families[family]
        spec = SampleSpec(tuple(shape), {name: tuple(values) for name, values in conditions.items()})
        whole = {
            name: (tensor.float() if tensor.is_floating_point() else tensor).to(self._device)
            for name, tensor in tensors.items()
        }
        return entry.open_snapshot(configure(entry.config, knobs), spec, whole)

    def _open_run(self, snapshot: str, rest: str) -> Opened:
        path, _, wanted = rest.rpartition("@")
        run = runs.open_run(Path(path))
        kept, record = run.snapshots(), run.record
        file = next(reversed(kept.list()), None) if wanted == "last" else kept.at(int(wanted))
        if file is None:
            raise SnapshotError(f"The run {record.name} has no snapshot yet; train it a little first.")
        knobs = file.info.get("config", record.knobs)
        frozen = self._freeze(record.family, knobs, record.shape, record.conditions, kept.load(file))
        directions = self._directions.setdefault(f"run:{path}@{file.step}", {})
        data = DataRef.from_plain(record.data)
        about = (file.step, record.family, record.name, data)
        return Opened(snapshot, frozen, *about, directions=directions, model=f"run:{path}")


def _folder_of(snapshot: str) -> Path:
    """The folder in "run:FOLDER@STEP"."""
    return Path(snapshot.removeprefix("run:").rpartition("@")[0])


def _kept_as(model: str) -> str:
    """What the file of a model's own directions is called. A run that was moved or renamed keeps its own; another run
    in its folder, or another model of its name, has others. Raises RunError, SnapshotError, StorageError."""
    kind, _, place = model.partition(":")
    if kind == "bundled":
        card = read_card(RESOURCES / "models" / place)
        born = [place, card["family"], card["knobs"], card["steps"], card["data"]]
    else:
        record = runs.open_run(Path(place)).record
        born = [record.created, record.family, record.seed, record.data_fingerprint]
    return f"{kind}-{hashlib.sha256(json.dumps(born, sort_keys=True).encode()).hexdigest()[:16]}"


def read_card(folder: Path) -> dict[str, Any]:
    """The card of a bundled model: what it is, what it was trained on, its measured quality, how to train it again.

    Raises SnapshotError where it cannot be read.
    """
    damaged = f"The card of the bundled model {folder.name} is damaged; install the program again."
    try:
        card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SnapshotError(damaged) from error
    if not isinstance(card, dict) or not card.keys() >= _CARD_HAS:
        raise SnapshotError(damaged)
    return card


def bundled_cards() -> tuple[tuple[BundledCard, ...], tuple[str, ...]]:
    """The models that come with the program, the first launch's first, then by name; and a sentence for each that
    cannot be offered."""
    folders = sorted(path.parent for path in (RESOURCES / "models").glob("*/card.json"))
    cards, problems = [], []
    for folder in folders:
        try:
            card = read_card(folder)
            data = DataRef.from_plain(card["data"]).name
        except ValueError as error:
            problems.append(str(error))
        else:
            cards.append(BundledCard(folder.name, card["title"], card["family"], card["preset"], data, card))
    return tuple(sorted(cards, key=_first_launch_first)), tuple(problems)


def _first_launch_first(card: BundledCard) -> tuple[bool, str]:
    return (not card.facts.get("first_launch", False), card.name)
