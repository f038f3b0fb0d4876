"""The training loop: a run that saves, resumes bit for bit, tells what happens and keeps what it drew."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from engine import runs, train
from engine.checkpoint import latest_checkpoint, load_checkpoint
from engine.data.dataset import DataError
from engine.data.ref import DataRef
from engine.family import UnknownNameError
from engine.knobs import KnobError
from engine.messages import GridDrawn, Marked, Notice, Progress, TrainState
from tests.engine.conftest import Bench


def weights(path: Path) -> dict[str, torch.Tensor]:
    found = latest_checkpoint(path / "checkpoints")
    assert found is not None
    checkpoint = load_checkpoint(found.path)
    return {**checkpoint.weights, **checkpoint.optimizer}


def test_a_resumed_run_ends_where_an_unbroken_one_does_to_the_last_bit(bench: Bench):
    whole = bench.start("whole")
    for _ in range(12):
        whole.advance()
    whole.close()
    broken = bench.start("broken")
    for _ in range(5):
        broken.advance()
    broken.close()
    resumed = bench.resume("broken")
    assert resumed.step == 5
    for _ in range(7):
        resumed.advance()
    resumed.close()
    one, other = weights(bench.home / "whole"), weights(bench.home / "broken")
    assert one.keys() == other.keys()
    assert all(torch.equal(value, other[name]) for name, value in one.items())


def test_exploring_while_training_changes_no_bit(bench: Bench):
    quiet = bench.start("quiet")
    for _ in range(6):
        quiet.advance()
    quiet.close()
    busy = bench.start("busy")
    for _ in range(6):
        busy.live.get()
        snapshot = busy.publish()
        busy.draw_grid(snapshot)
        busy.advance()
    busy.close()
    one, other = weights(bench.home / "quiet"), weights(bench.home / "busy")
    assert all(torch.equal(value, other[name]) for name, value in one.items())


def test_a_killed_run_loses_what_came_after_its_checkpoint_and_goes_on_with_a_clean_log(bench: Bench):
    first = bench.start()
    for _ in range(4):
        first.advance()
    first.save()
    first.saver.wait()
    for _ in range(6):
        first.advance()
    first.look(all_now=True)
    first.writer.log.flush()
    first.writer.close()  # as a killed process leaves it: no last checkpoint, the lock free
    again = bench.resume()
    assert again.step == 4
    again.advance()
    again.close()
    log = runs.open_run(bench.home / "run").log()
    log.poll()
    assert all(int(series.steps[-1]) <= 5 for series in log.series.values())
    assert [mark.text for mark in log.marks if mark.kind == "resume"] == ["resumed"]


def test_another_thread_count_resumes_and_says_so(bench: Bench):
    pictures = DataRef("portraits", size=16, count=32)
    bench.start(family="gan_modern", data=pictures).close()
    bench.threads = 2
    bench.resume().close()
    assert any("1 threads and goes on with 2" in notice.text for notice in bench.told(Notice))


def test_every_grid_is_kept_and_told(bench: Bench):
    training = bench.start()
    training.look(all_now=True)
    training.advance()
    training.close()
    told = bench.told(GridDrawn)
    assert told[0].step == 0
    assert told[0].samples.shape == (train.POINT_COUNT, 2)
    step, samples = runs.open_run(bench.home / "run").grids().read(0)
    assert step == 0
    assert np.array_equal(samples, told[0].samples)


def test_a_changed_knob_leaves_a_mark(bench: Bench):
    training = bench.start()
    training.advance()
    training.set_knob("lr_d", 0.01)
    training.close()
    assert any("lr_d" in mark.text and mark.step == 1 for mark in bench.told(Marked))
    with pytest.raises(KnobError, match="needs a new run"):
        training.set_knob("batch_size", 4)


def test_curves_and_state_are_told(bench: Bench):
    training = bench.start()
    training.advance()
    training.rest()
    training.close()
    names = set().union(*(event.values for event in bench.told(Progress)))
    assert {"loss/D", "loss/G", "D(real)", "D(fake)", "V(G,D)"} <= names
    assert [state.phase for state in bench.told(TrainState)][-1] == "ended"
    assert bench.told(TrainState)[-1].images == training.stepper.images_per_step


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"family": "vae_9000"}, UnknownNameError, "choose one of"),
        ({"lr_d": -1.0}, KnobError, "lr_d"),
        ({"depth": 3}, KnobError, "the knobs are"),
    ],
)
def test_a_wrong_plan_gets_a_sentence_and_leaves_no_folder(bench: Bench, change: dict, error: type, words: str):
    with pytest.raises(error, match=words):
        bench.start("wrong", **change)
    assert not (bench.home / "wrong").exists()


def test_a_missing_data_set_gets_a_sentence_and_frees_the_run(bench: Bench):
    plan = train.Plan("gan_2014", "tiny", DataRef(str(bench.home / "nowhere")), folder=str(bench.home / "run"))
    with pytest.raises(DataError):
        bench.drive(train.start(plan, *bench.where()))
    assert not (bench.home / "run").exists()


def test_a_second_writer_gets_a_sentence(bench: Bench):
    training = bench.start()
    with pytest.raises(runs.RunError):
        bench.resume()
    training.close()


def test_cadence_stretches_so_that_it_costs_no_more_than_its_share():
    cadence = train.Cadence(1.0, share=0.1)
    assert cadence.due(0.0)
    cadence.done(0.0, 0.05)
    assert cadence.next_time == pytest.approx(1.0)
    cadence.done(1.0, 1.5)
    assert cadence.next_time == pytest.approx(1.5 + 0.5 * 9)
