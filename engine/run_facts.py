"""What the window is told of a run, made from what the run folder says of itself."""

from __future__ import annotations

from pathlib import Path

from engine.data.dataset import Dataset
from engine.data.ref import DataRef
from engine.messages import RunFacts, Samples
from engine.storage import runs


def sample_row(dataset: Dataset, index: int) -> dict[str, str]:
    """What is known of one sample, as text: label, attributes, caption."""
    row = {name: value for name, column in dataset.table.columns.items() if (value := column.value(index)) is not None}
    if dataset.table.captions is not None:
        row["caption"] = dataset.table.captions[index]
    return row


def describe_run(run: runs.Run, thumbnail: Samples | None = None) -> RunFacts:
    """The facts of an open run."""
    record, status = run.record, run.status()
    return RunFacts(
        path=str(run.path),
        name=record.name,
        family=record.family,
        preset=record.preset,
        values=record.knobs,
        data=DataRef.from_plain(record.data),
        data_title=record.data_title,
        shape=tuple(record.shape),
        seed=record.seed,
        step=status.step,
        status=status.state,
        created=record.created,
        metrics=status.metrics,
        thumbnail=thumbnail,
        problem=status.reason,
    )


def list_facts(folder: Path) -> tuple[RunFacts, ...]:
    """The facts of every run in a folder; a broken one is listed with its problem."""
    found = []
    for info in runs.list_runs(folder):
        if info.problem:
            found.append(_broken(info.path, info.problem))
            continue
        try:
            run = runs.open_run(info.path)
            found.append(describe_run(run, run.thumbnail()))
        except (OSError, ValueError) as error:
            found.append(_broken(info.path, str(error)))
    return tuple(found)


def _broken(path: Path, problem: str) -> RunFacts:
    return RunFacts(
        path=str(path),
        name=path.name,
        family="",
        preset="",
        values={},
        data=DataRef("portraits"),
        data_title="",
        shape=(),
        seed=0,
        step=0,
        status="failed",
        created=0.0,
        problem=problem,
    )
