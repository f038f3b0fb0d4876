"""Train a judge from true pictures: `python -m engine.evaluate.train_judge --data portraits --out DIR`.

Portraits are drawn with all combinations of attributes, the held-out ones included, so that the judge does not share
a model's blind spots; other data sets are read as they are (split "train" to learn, split "test" to measure). Made
pictures are a little blurred and noisy, so a part of the training pictures is made so too. AdamW (Loshchilov and Hutter
2019) with one cycle of the learning rate (Smith and Topin 2019).

Legend: N pictures, B batch, C channels, H x W pixels.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress
from torch import Tensor

from engine.data.catalog import open_data
from engine.data.dataset import Dataset, finish
from engine.data.portraits import ATTRIBUTES, VERSION, draw_with, held_out
from engine.data.ref import DataRef
from engine.evaluate.judge import Judge, JudgeError, JudgeNetwork, prepared, save_judge

SIZE = 32
PORTRAITS_TO_LEARN, PORTRAITS_TO_MEASURE = 40_000, 10_000
_DRAW = 1000  # portraits drawn at a time


@dataclass(frozen=True)
class Pool:
    """Pictures in memory, (N, H, W, C) uint8, and their labels by column, (N,) int64, -1 where not known."""

    pictures: NDArray[np.uint8]
    labels: Mapping[str, NDArray[np.int64]]

    def __len__(self) -> int:
        return len(self.pictures)

    def only(self, rows: NDArray[np.bool_] | slice) -> Pool:
        return Pool(self.pictures[rows], {name: column[rows] for name, column in self.labels.items()})

    def x(self, rows: NDArray[np.int64] | slice) -> Tensor:
        """Pictures (B, C, H, W) in [-1, 1]."""
        return torch.from_numpy(self.pictures[rows]).permute(0, 3, 1, 2).float().div_(127.5).sub_(1.0).contiguous()


@dataclass(frozen=True)
class Lesson:
    """What a judge learns from, what it is measured with, and what its values are called."""

    data: str
    version: str
    learn: Pool
    measure: Pool
    columns: Mapping[str, tuple[str, ...]]
    padded_from: int | None


def portraits_lesson(seed: int, learn: int, measure: int, progress: Progress) -> Lesson:
    """Portraits of all combinations; those to measure with have other numbers than those to learn from."""
    task = progress.add_task("Drawing portraits", total=learn + measure)
    parts, labels = [], []
    for start in range(0, learn + measure, _DRAW):
        pictures, attributes = draw_with({}, seed, min(_DRAW, learn + measure - start), SIZE, start)
        parts.append(pictures)
        labels.append(attributes)
        progress.advance(task, len(pictures))
    pictures = np.concatenate(parts)
    columns = {name: np.concatenate([part[name] for part in labels]).astype(np.int64) for name in ATTRIBUTES}
    every = Pool(pictures, columns)
    return Lesson("portraits", VERSION, every.only(slice(0, learn)), every.only(slice(learn, None)), ATTRIBUTES, None)


def labelled_lesson(name: str, data: str, home: Path | None) -> Lesson:
    """A data set with labels or attributes; `name` is how it is known, `data` its built-in name or path.

    Raises:
        DataError: the data cannot be read. JudgeError: it has no column to learn.
    """
    learn, measure = (finish(open_data(DataRef(data, split=split), home)) for split in ("train", "test"))
    columns = {column: values.names for column, values in learn.table.columns.items()}
    if learn.is_points or not columns:
        raise JudgeError(f"{data} has no labelled pictures; choose a data set of pictures with labels.")
    native = learn.shape[0] if learn.shape[0] < SIZE and learn.shape[0] == learn.shape[1] else None
    return Lesson(name, learn.fingerprint, _pool(learn), _pool(measure), columns, native)


def _pool(data: Dataset) -> Pool:
    pictures = np.asarray(data.batch(np.arange(len(data), dtype=np.int64)), np.uint8)
    return Pool(pictures, {name: column.labels.astype(np.int64) for name, column in data.table.columns.items()})


def _roughened(x: Tensor, rng: torch.Generator) -> Tensor:
    """The batch as a made picture might be: moved by a pixel, half of it mirrored, a part blurred, with noise."""
    count = len(x)
    mirrored = (torch.rand(count, 1, 1, 1, generator=rng) < 0.5).expand_as(x)
    x = torch.where(mirrored, x.flip(3), x)
    dy, dx = (int(torch.randint(0, 3, (), generator=rng)) for _ in range(2))
    x = F.pad(x, (1, 1, 1, 1), mode="replicate")[:, :, dy : dy + x.shape[2], dx : dx + x.shape[3]]
    blur = 0.6 * torch.rand(count, 1, 1, 1, generator=rng) * (torch.rand(count, 1, 1, 1, generator=rng) < 0.3)
    x = torch.lerp(x, F.avg_pool2d(x, 3, 1, 1, count_include_pad=False), blur)
    noise = 0.08 * torch.rand(count, 1, 1, 1, generator=rng)
    return (x + noise * torch.randn(x.shape, generator=rng)).clamp_(-1.0, 1.0)


def train(lesson: Lesson, steps: int, batch: int, seed: int, lr: float, progress: Progress) -> JudgeNetwork:
    """The network after `steps` batches of the lesson."""
    torch.manual_seed(seed)
    rng = torch.Generator().manual_seed(seed)
    channels = lesson.learn.pictures.shape[3]
    widths = [len(names) for names in lesson.columns.values()]
    network = JudgeNetwork(channels, SIZE, sum(widths))
    optimizer = torch.optim.AdamW(network.parameters(), lr, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, steps, pct_start=0.15)
    labels = {name: torch.from_numpy(column) for name, column in lesson.learn.labels.items()}
    task = progress.add_task("Training the judge", total=steps)
    order = torch.empty(0, dtype=torch.int64)
    for _ in range(steps):
        if len(order) < batch:
            order = torch.randperm(len(lesson.learn), generator=rng)
        rows, order = order[:batch], order[batch:]
        x = prepared(lesson.learn.x(rows.numpy()), SIZE, channels, lesson.padded_from)
        logits = network(_roughened(x, rng))
        parts = zip(lesson.columns, logits.split(widths, dim=1), strict=True)
        loss = torch.stack([F.cross_entropy(part, labels[name][rows], ignore_index=-1) for name, part in parts]).sum()
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
        schedule.step()
        progress.update(task, advance=1, description=f"Training the judge, loss {float(loss.detach()):.3f}")
    return network


def accuracies(judge: Judge, pool: Pool) -> dict[str, float]:
    """The share of pictures told right, by column; pictures whose value is not known do not count."""
    right = {name: np.zeros(len(pool), bool) for name in judge.columns}
    for start in range(0, len(pool), 1000):
        rows = slice(start, start + 1000)
        for name, reading in judge.classify(pool.x(rows)).items():
            right[name][rows] = reading.labels_N == pool.labels[name][rows]
    return {name: round(float(right[name][pool.labels[name] >= 0].mean()), 5) for name in judge.columns}


def main(arguments: Sequence[str] | None = None) -> None:
    """Train a judge as the command line says, write it, and print what the written file reaches."""
    parser = argparse.ArgumentParser("python -m engine.evaluate.train_judge", description="Train a judge.")
    parser.add_argument("--data", required=True, help="portraits, or a built-in name or a path with labelled pictures")
    parser.add_argument("--name", help="what the data set is called, where --data is a path")
    parser.add_argument("--out", required=True, type=Path, help="folder of the judge")
    parser.add_argument("--home", type=Path, help="folder of downloaded data sets")
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--batch", type=int, default=96)
    parser.add_argument("--lr", type=float, default=4e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--pictures", type=int, default=PORTRAITS_TO_LEARN, help="how many portraits to learn from")
    parser.add_argument("--unseen", type=int, default=PORTRAITS_TO_MEASURE, help="how many portraits to measure with")
    chosen = parser.parse_args(arguments)
    console = Console()
    began = time.perf_counter()
    with Progress(console=console) as progress:
        if chosen.data == "portraits":
            lesson = portraits_lesson(chosen.seed, chosen.pictures, chosen.unseen, progress)
        else:
            lesson = labelled_lesson(chosen.name or chosen.data, chosen.data, chosen.home)
        network = train(lesson, chosen.steps, chosen.batch, chosen.seed, chosen.lr, progress)
    card: dict[str, Any] = {
        "data": lesson.data,
        "version": lesson.version,
        "columns": lesson.columns,
        "size": SIZE,
        "channels": lesson.learn.pictures.shape[3],
        "padded_from": lesson.padded_from,
        "accuracy": {},
        "unseen_pictures": len(lesson.measure),
        "pictures": len(lesson.learn),
        "steps": chosen.steps,
        "batch": chosen.batch,
        "lr": chosen.lr,
        "seed": chosen.seed,
        "parameters": sum(each.numel() for each in network.parameters()),
        "seconds": round(time.perf_counter() - began, 1),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "command": f"python -m engine.evaluate.train_judge --data {lesson.data} --out resources/judges/{lesson.data}"
        f" --steps {chosen.steps} --batch {chosen.batch} --lr {chosen.lr} --seed {chosen.seed}",
    }
    save_judge(chosen.out, network, card)
    judge = Judge.load(chosen.out)  # what the float16 file can do is measured, not what was in memory
    reached = accuracies(judge, lesson.measure)
    card["accuracy"] = reached
    if chosen.data == "portraits":
        card["accuracy_held_out"] = accuracies(judge, lesson.measure.only(held_out(lesson.measure.labels)))
    save_judge(chosen.out, network, card)
    for name, value in reached.items():
        console.print(f"{name:>14}  {100 * value:.2f} %")


if __name__ == "__main__":
    main()
