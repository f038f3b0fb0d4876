"""What a saved picture says of itself, asked of the command line: the same numbers come out."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import engine
from engine import DataRef, explore
from engine.__main__ import main
from engine.commands.exploring import Explored, SnapshotOptions
from engine.data.catalog import open_data
from engine.storage import runs
from explorer.panel import Panel
from explorer.panels.decision import DecisionPanel
from explorer.panels.samples import SamplesPanel
from explorer.state import ChooseSnapshot
from tests.explorer.panels.stage import Stage, run_facts

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("home")
    threads = torch.get_num_threads()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LATENT_EXPLORER_HOME", str(folder))
        for name, data in (("plane", "mixture"), ("line", "gaussian-1d")):
            words = ["--count", "300", "--steps", "3", "--threads", "1", "--json", "--run", str(folder / "runs" / name)]
            assert main(["train", "gan_2014:tiny", "--data", data, *words]) == 0
        faces = ["--data", "portraits", "--size", "16", "--count", "60", "--steps", "2", "--threads", "1", "--json"]
        assert main(["train", "gan_modern:tiny", *faces, "--run", str(folder / "runs" / "faces")]) == 0
        yield folder
    torch.set_num_threads(threads)


def look_at(stage: Stage, home: Path, name: str) -> Explored:
    """Open a run as the window does, and explore its newest snapshot."""
    explored = Explored(SnapshotOptions(f"run:{home / 'runs' / name}@last", "cpu"))
    data, shape = explored.opened.data, explored.opened.snapshot.spec.shape
    facts = run_facts(str(home / "runs" / name), data=data, shape=shape, family=explored.opened.family)
    steps = (explored.opened.step,)
    stage.tell(engine.RunOpened(facts, False, {}, (), steps, steps), engine.SnapshotOpened(explored.opened.info()))
    stage.act(ChooseSnapshot(explored.name))
    return explored


def loaded(ref: DataRef):
    loading = open_data(ref)
    while True:
        try:
            next(loading)
        except StopIteration as end:
            return end.value


def again(facts: dict[str, str], out: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    """What the command line of a picture prints as JSON."""
    capsys.readouterr()
    assert main([*shlex.split(facts["latent-explorer:command"])[3:], "--json", "--out", str(out)]) == 0
    return json.loads(capsys.readouterr().out.splitlines()[-1])


@pytest.mark.parametrize(("name", "dims"), [("line", 1), ("plane", 2)])
def test_the_fields_of_a_saved_decision_come_out_again(
    put: Callable[[type[Panel]], Panel], stage: Stage, home: Path, tmp_path: Path, capsys, name: str, dims: int
) -> None:
    panel = put(DecisionPanel)
    explored = look_at(stage, home, name)
    panel._ask()
    (request,) = stage.of(engine.DrawDecision)
    (shown,) = explore.decide(explored.opened, request, loaded(request.data), CPU)
    stage.tell(shown)
    saved = panel.save_picture()
    assert saved is not None
    said = again(saved[1], tmp_path / "again.npz", capsys)
    assert said["value"] == json.loads(saved[1]["latent-explorer:value"]) == shown.value
    with np.load(tmp_path / "again.npz") as numbers:
        assert numbers["d"].ndim == dims
        for field in ("p_data", "p_g", "d", "d_star", "gradient", "samples_ND", "reals_ND"):
            np.testing.assert_array_equal(numbers[field], getattr(shown, field))


def test_the_scores_of_a_saved_decision_come_out_again(
    put: Callable[[type[Panel]], Panel], stage: Stage, home: Path, tmp_path: Path, capsys
) -> None:
    panel = put(DecisionPanel)
    explored = look_at(stage, home, "faces")
    grids = runs.open_run(home / "runs" / "faces").grids()
    grids.poll()
    step, kept = grids.read(explored.opened.step)
    stage.tell(engine.GridDrawn(str(home / "runs" / "faces"), step, kept))
    panel._ask()
    panel._grid.choose(3)
    request = stage.of(engine.ScoreSamples)[-1]
    (scores,) = explore.score_samples(explored.opened, request, CPU)
    stage.tell(scores)
    saved = panel.save_picture()
    assert saved is not None
    assert "--look 3" in saved[1]["latent-explorer:command"]
    said = again(saved[1], tmp_path / "again.png", capsys)
    assert said["scores"] == pytest.approx(json.loads(saved[1]["latent-explorer:scores"]), abs=1e-5)


def test_a_saved_scatter_comes_out_again(
    put: Callable[[type[Panel]], Panel], stage: Stage, home: Path, tmp_path: Path, capsys
) -> None:
    panel = put(SamplesPanel)
    explored = look_at(stage, home, "plane")
    shown = np.zeros((1000, 2), np.float32)
    stage.tell(engine.GridDrawn(str(home / "runs" / "plane"), explored.opened.step, shown))
    saved = panel.save_picture()
    assert saved is not None
    said = again(saved[1], tmp_path / "again.png", capsys)
    assert len(said["points"]) == 1000
    with Image.open(tmp_path / "again.png") as image:
        assert shlex.split(image.text["latent-explorer:command"])[3:][:2] == ["sample", "--snapshot"]
        assert "--stored" in image.text["latent-explorer:command"]
