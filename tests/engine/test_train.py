"""The training loop: a run that saves, resumes bit for bit, tells what happens and keeps what it drew."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from engine import train
from engine.data.dataset import ArraySource, DataError, Dataset
from engine.data.ref import DataRef
from engine.family import FamilyError, TrainsCodebook, UnknownNameError
from engine.knobs import KnobError
from engine.messages import CodesCounted, CodesEdited, EditCodes, GridDrawn, Marked, Notice, Progress, TrainState
from engine.shows import POINT_COUNT
from engine.stepper import NotFiniteError
from engine.storage import runs
from engine.storage.checkpoint import CheckpointError, latest_checkpoint, load_checkpoint
from tests.engine.conftest import FACES, Bench


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
        busy.draw_grids(snapshot)
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
    assert told[0].samples.shape == (POINT_COUNT, 2)
    step, samples = runs.open_run(bench.home / "run").grids().read(0)
    assert step == 0
    assert np.array_equal(samples, told[0].samples)


def test_where_weights_are_kept_samples_are_kept_too(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("engine.storage.snapshots.SECONDS_BETWEEN", 0.0)
    monkeypatch.setattr(train, "EARLY_GRID_S", 0.0)
    training = bench.start()
    for _ in range(20):
        training.advance()
    training.close()
    run = runs.open_run(bench.home / "run")
    grids = run.grids()
    grids.poll()
    assert {1, 16, 20} <= {file.step for file in run.snapshots().list()} <= set(grids.steps())


def test_the_first_new_samples_come_with_the_first_step(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(train, "EARLY_GRID_S", 0.0)
    training = bench.start()
    training.look(all_now=True)
    training._grid_due.next_time = math.inf  # as if drawing the first grid had taken very long
    for _ in range(5):
        training.advance()
    assert [event.step for event in bench.told(GridDrawn)] == [0, 1, 2, 4]
    training.close()


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


def not_a_number(training: train.Training) -> None:
    """From here on the data of a training is NaN."""
    points = ArraySource(np.full((200, 2), np.nan, np.float32))
    training.stepper.dataset = Dataset("bad", "Bad", "train", points, (2,), training.stepper.dataset.table, "0")


def test_a_run_that_went_wrong_shows_it_on_the_curves_and_ends_with_a_checkpoint(bench: Bench):
    training = bench.start()
    training.advance()
    not_a_number(training)
    for _ in range(8):
        training.stepper.step()  # too fast for anybody to have looked
    training.close()
    log = runs.open_run(bench.home / "run").log()
    log.poll()
    assert log.series["loss/D"].nan_count
    assert bench.told(TrainState)[-1].phase == "ended"
    assert bench.resume().step == 9


def test_training_that_went_wrong_stops_and_may_go_on(bench: Bench):
    training = bench.start()
    good = training.stepper.dataset
    not_a_number(training)
    for _ in range(6):
        training.stepper.step()
    training._metrics_due.next_time = 0.0
    with pytest.raises(NotFiniteError):
        training.advance()
    training.stepper.dataset = good
    training.advance()
    training.close()
    assert np.isfinite(training.stepper.state()[0]["G.first.weight"].numpy()).all()


def test_a_run_whose_checkpoints_are_all_damaged_keeps_what_it_has(bench: Bench):
    training = bench.start()
    for _ in range(3):
        training.advance()
    training.close()
    for file in (bench.home / "run" / "checkpoints").glob("*/weights.safetensors"):
        file.write_bytes(b"")
    with pytest.raises(CheckpointError, match="can still be explored"):
        bench.resume()
    run = runs.open_run(bench.home / "run")
    assert [file.step for file in run.snapshots().list()][-1] == 3
    with pytest.raises(CheckpointError):  # and its lock was freed
        bench.resume()


def test_who_pauses_or_ends_hears_no_other_state_in_between(bench: Bench):
    training = bench.start()
    training.advance()
    bench.events.clear()
    training.rest()
    training.close()
    assert [state.phase for state in bench.told(TrainState)] == ["paused", "ended"]


def test_a_run_that_failed_keeps_its_last_good_checkpoint(bench: Bench):
    training = bench.start()
    for _ in range(3):
        training.advance()
    training.save()
    training.saver.wait()
    training.advance()
    training.close("the weights went astray")
    found = latest_checkpoint(bench.home / "run" / "checkpoints")
    assert found is not None
    assert found.step == 3
    assert runs.open_run(bench.home / "run").status().state == "failed"


def test_a_run_killed_before_its_first_checkpoint_begins_again_and_says_so(bench: Bench):
    training = bench.start()
    training.advance()
    training.look(all_now=True)
    training.writer.flush()
    training.writer.close()
    again = bench.resume()
    assert again.step == 0
    assert any("begins again at step 0" in notice.text for notice in bench.told(Notice))
    again.close()


def test_pictures_of_another_size_are_brought_to_one_that_the_family_takes(bench: Bench):
    digits = np.random.default_rng(0).integers(0, 256, (40, 28, 28), np.uint8)
    np.savez(bench.home / "digits.npz", images=digits)
    training = bench.start(family="gan_modern", data=DataRef(str(bench.home / "digits.npz")))
    assert training.stepper.dataset.shape == (32, 32, 1)
    assert any("32x32" in notice.text for notice in bench.told(Notice))
    training.advance()
    training.close()
    again = bench.resume()
    assert again.stepper.dataset.shape == (32, 32, 1)
    again.close()


@pytest.mark.parametrize(
    ("shape", "size"), [((28, 28, 1), 32), ((32, 32, 3), None), ((48, 40, 3), 64), ((200, 200, 3), 64), ((2,), None)]
)
def test_the_size_for_pictures(bench: Bench, shape: tuple[int, ...], size: int | None):
    assert bench.families["gan_modern"].size_for(shape) == size
    assert bench.families["gan_2014"].size_for(shape) is None


def test_a_run_without_the_checkpoints_it_had_is_not_begun_again(bench: Bench):
    training = bench.start()
    training.advance()
    training.seconds = 100.0
    training.close()
    shutil.rmtree(bench.home / "run" / "checkpoints")
    with pytest.raises(CheckpointError, match="bring the folder checkpoints back"):
        bench.resume()
    assert runs.open_run(bench.home / "run").snapshots().list()


def test_an_optimizer_of_another_model_is_refused_and_the_run_is_free_again(bench: Bench):
    training = bench.start()
    training.advance()
    training.close()
    other = bench.start("other", g_units=24)
    other.advance()
    other.close()
    shutil.rmtree(bench.home / "run" / "checkpoints")
    shutil.copytree(bench.home / "other" / "checkpoints", bench.home / "run" / "checkpoints")
    for _ in range(2):
        with pytest.raises(CheckpointError, match="does not fit this run"):
            bench.resume()


def test_weights_that_are_not_finite_push_no_good_checkpoint_out(bench: Bench):
    training = bench.start()
    training.advance()
    training.save()
    training.saver.wait()
    with torch.no_grad():
        next(iter(training.stepper.family.modules()["G"].parameters())).fill_(math.nan)
    for _ in range(3):
        training.save()
        training.saver.wait()
    training.close()
    found = latest_checkpoint(bench.home / "run" / "checkpoints")
    assert found is not None
    assert found.step == 1
    assert any("not finite" in notice.text for notice in bench.told(Notice))
    assert bench.resume().step == 1


def test_a_codec_draws_its_reconstructions_each_after_its_original_and_counts_its_codes(bench: Bench):
    training = bench.start(family="vqvae", data=FACES)
    training.advance()
    training.close()
    grid = bench.told(GridDrawn)[-1]
    assert grid.kind == "reconstructions"
    assert np.array_equal(grid.samples[::2], training.stepper.dataset.batch(np.arange(32)))
    counted = bench.told(CodesCounted)[-1]
    assert counted.counts_2K[0].sum() == 16 * 16
    kept = runs.open_run(bench.home / "run").grids()
    step, window = kept.read(1, "usage")
    assert step == 1
    assert np.array_equal(window[:, 0], counted.counts_2K[0])
    assert kept.pictured() == ("reconstructions",)


def test_curves_say_how_many_codes_share_the_work(bench: Bench):
    training = bench.start(family="vqvae", data=FACES)
    training.advance()
    training.look(all_now=True)
    counts = bench.told(CodesCounted)[-1].counts_2K[0]
    training.close()
    told = {name: float(values[3][-1]) for event in bench.told(Progress) for name, values in event.values.items()}
    shares = counts[counts > 0] / counts.sum()
    assert told["codebook/perplexity"] == pytest.approx(math.exp(-(shares * np.log(shares)).sum()))
    assert told["codebook/used"] == pytest.approx(len(shares) / len(counts))


def test_a_vae_draws_both_kinds_of_grid(bench: Bench):
    training = bench.start(family="vae", data=FACES)
    training.look(all_now=True)
    training.close()
    assert {event.kind for event in bench.told(GridDrawn)} == {"samples", "reconstructions"}


def test_a_codebook_is_mended_marked_and_the_edit_taken_back(bench: Bench):
    training = bench.start(family="vqvae", data=FACES)
    training.advance()
    family = training.stepper.family
    assert isinstance(family, TrainsCodebook)
    before = {name: tensor.clone() for name, tensor in family.book_state().items()}
    training.edit_codes(EditCodes("merge", (5, 3)))
    training.edit_codes(EditCodes("freeze", (7,)))
    assert family.held_codes().sum(dim=1).tolist() == [1, 1]
    training.undo_codes()
    training.undo_codes()
    assert all(torch.equal(tensor, before[name]) for name, tensor in family.book_state().items())
    assert [event.can_undo for event in bench.told(CodesEdited)] == [1, 2, 1, 0]
    assert [event.text for event in bench.told(Marked)][-4:] == ["merge 5, 3", "freeze 7", "undo 7", "undo 5, 3"]
    with pytest.raises(FamilyError, match="no edit"):
        training.undo_codes()
    with pytest.raises(FamilyError, match="codes of this book are 0 to 63"):
        training.edit_codes(EditCodes("revive", (64,)))
    training.close()


def test_what_has_no_codebook_cannot_be_mended(bench: Bench):
    training = bench.start()
    with pytest.raises(FamilyError, match="no codebook"):
        training.edit_codes(EditCodes("revive", (0,)))
    training.close()
