"""Long things in slices: films, directions, examples; each with progress, each cancelled by closing it."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from engine import jobs
from engine.controls import KeyFrame, Point, Walk
from engine.messages import (
    DirectionsFound,
    ExportWalk,
    FindDirections,
    FindExemplars,
    JobDone,
    JobProgress,
    MakeDirection,
    run_snapshot,
)
from engine.shelf import Opened, Shelf, SnapshotError
from tests.engine.conftest import FACES, Bench

CPU = torch.device("cpu")
WALK = Walk((KeyFrame(Point(0, 0), 6), KeyFrame(Point(0, 1), 6)))


def no_judge(_opened: Opened) -> None:
    """Nobody knows these pictures."""


@pytest.fixture
def opened(bench: Bench) -> Opened:
    training = bench.start(family="gan_modern", data=FACES)
    training.advance()
    training.close()
    return Shelf(bench.families, bench.live, CPU).open(run_snapshot(training.path))


@pytest.mark.parametrize("name", ["walk.gif", "walk.webp"])
def test_a_walk_becomes_a_film(opened: Opened, tmp_path: Path, name: str):
    events = list(jobs.export_walk(ExportWalk("film", opened.id, WALK, str(tmp_path / name), scale=2), opened, CPU))
    with Image.open(tmp_path / name) as film:
        assert (film.n_frames, film.size) == (12, (32, 32))
    assert isinstance(events[-1], JobDone)
    assert events[-1].file == str(tmp_path / name)
    done = [event.done for event in events if isinstance(event, JobProgress)]
    assert done == sorted(done)


def test_a_cancelled_film_leaves_nothing(opened: Opened, tmp_path: Path):
    job = jobs.export_walk(ExportWalk("film", opened.id, WALK, str(tmp_path / "walk.gif")), opened, CPU)
    next(job)
    job.close()
    assert not list(tmp_path.glob("*.gif")) + list(tmp_path.glob(".*part"))


def test_a_film_that_is_being_encoded_is_cancelled_at_once(
    opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    encoding, go_on, ended = threading.Event(), threading.Event(), threading.Event()

    def encode(*_: object, **__: object) -> None:
        encoding.set()
        assert go_on.wait(30)
        ended.set()

    monkeypatch.setattr(Image.Image, "save", encode)
    job = jobs.export_walk(ExportWalk("film", opened.id, WALK, str(tmp_path / "walk.gif")), opened, CPU)
    while not encoding.is_set():
        next(job)
    job.close()
    assert not ended.is_set()
    go_on.set()
    assert ended.wait(30)
    assert not list(tmp_path.glob("*walk*"))


def test_a_film_needs_a_name_that_says_which_kind(opened: Opened, tmp_path: Path):
    with pytest.raises(SnapshotError, match=r"end the name in \.gif or \.webp"):
        next(jobs.export_walk(ExportWalk("film", opened.id, WALK, str(tmp_path / "walk.avi")), opened, CPU))


def test_directions_come_in_parts_the_quick_ones_first(opened: Opened):
    found = [
        {facts.kind for facts in event.directions}
        for event in jobs.find_directions(FindDirections("find", opened.id), with_attributes(opened), CPU, no_judge)
        if isinstance(event, DirectionsFound)
    ]
    assert found == [{"sefa"}, {"sefa", "pca"}, {"sefa", "pca", "attribute"}]
    assert all(np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-4) for vector in opened.directions.values())


def with_attributes(opened: Opened) -> Opened:
    """The same model, with an attribute direction that it brings along."""
    opened.directions["glasses: round"] = np.eye(opened.space.latent.size, dtype=np.float32)[0]
    facts = {"directions": [{"name": "glasses: round", "title": "glasses: round", "kind": "attribute"}]}
    return Opened(
        opened.id, opened.snapshot, opened.step, opened.family, opened.title, opened.data, facts, opened.directions
    )


def test_examples_that_nobody_can_judge_get_a_sentence(opened: Opened):
    unknown = Opened(opened.id, opened.snapshot, 0, opened.family, "Mine", None)
    with pytest.raises(SnapshotError, match="click samples into the slots"):
        next(jobs.find_exemplars(FindExemplars("find", opened.id, {"A": "man with glasses"}), unknown, None))


def test_a_direction_of_ones_own_leads_from_one_group_to_the_other(opened: Opened):
    with_it, without = tuple(Point(0, x) for x in range(4)), tuple(Point(1, x) for x in range(4))
    made = jobs.make_direction(MakeDirection(opened.id, "mine", with_it, without), opened)
    assert (made.facts.title, made.facts.kind, made.facts.made_at) == ("mine", "own", opened.step)
    assert np.linalg.norm(made.vector) == pytest.approx(1.0, abs=1e-4)
    with pytest.raises(SnapshotError, match="at least one sample on each side"):
        jobs.make_direction(MakeDirection(opened.id, "mine", with_it, ()), opened)
