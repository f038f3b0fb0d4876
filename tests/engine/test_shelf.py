"""The shelf opens snapshots by their ids and never mixes up two runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.messages import LIVE, run_snapshot
from engine.own_directions import OwnDirection, OwnDirections
from engine.shelf import RESOURCES, Shelf, SnapshotError, bundled_cards
from engine.storage import runs
from engine.storage.run_record import RunError
from engine.train import keep_weights
from tests.engine.conftest import Bench


@pytest.fixture
def shelf(bench: Bench) -> Shelf:
    return Shelf(bench.families, bench.live, torch.device("cpu"))


def test_a_run_in_the_folder_of_one_in_the_trash_is_another_one(bench: Bench, shelf: Shelf):
    snapshots = []
    for width in (4, 5):
        training = bench.start(z_size=width)
        training.advance()
        training.close()
        snapshots.append(shelf.open(run_snapshot(training.path, 1)))
        runs.delete_run(bench.home / "run")
        shelf.forget(training.path)
    assert [opened.space.latent.size for opened in snapshots] == [4, 5]


def test_directions_of_a_live_run_stay_while_it_learns_and_go_with_it(bench: Bench, shelf: Shelf):
    first = bench.start("first")
    first.publish()
    shelf.open(LIVE).directions["mine"] = np.ones(first.stepper.config.z_size, np.float32)
    first.advance()
    first.publish()
    assert "mine" in shelf.open(LIVE).directions
    first.close()
    second = bench.start("second")
    second.publish()
    assert not shelf.open(LIVE).directions
    second.close()


def test_the_exact_weights_behind_a_saved_picture_open_by_their_step(bench: Bench, shelf: Shelf):
    training = bench.start()
    training.advance()
    training.publish()
    z = torch.ones(1, training.stepper.config.z_size)
    shown = shelf.open(LIVE).space.decode(z)
    for _ in range(3):
        training.advance()
        training.publish()
    keep_weights(bench.live, training.path, 1)
    training.close()
    assert torch.equal(shelf.open(run_snapshot(training.path, 1)).space.decode(z), shown)
    assert shelf.open(run_snapshot(training.path)).step == 4


def test_weights_that_are_gone_get_a_sentence(bench: Bench):
    training = bench.start()
    with pytest.raises(RunError, match="step 99 are not in memory any more"):
        keep_weights(bench.live, training.path, 99)
    training.close()


def test_what_is_not_there_gets_a_sentence(bench: Bench, shelf: Shelf):
    for snapshot, words in ((LIVE, "start a run"), ("bundled:nobody", "no bundled model"), ("elsewhere", "use live")):
        with pytest.raises(SnapshotError, match=words):
            shelf.open(snapshot)


def test_a_damaged_card_is_left_out_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in ("fashion-mnist", "portraits-32"):
        (tmp_path / "models" / name).mkdir(parents=True)
        card = (RESOURCES / "models" / name / "card.json").read_bytes()
        (tmp_path / "models" / name / "card.json").write_bytes(card)
    (tmp_path / "models" / "fashion-mnist" / "card.json").write_text("{")
    monkeypatch.setattr("engine.shelf.RESOURCES", tmp_path)
    cards, problems = bundled_cards()
    assert [card.name for card in cards] == ["portraits-32"]
    assert problems == ("The card of the bundled model fashion-mnist is damaged; install the program again.",)


def test_the_newest_of_a_run_is_opened_once_and_keeps_its_directions(bench: Bench, shelf: Shelf):
    training = bench.start()
    training.advance()
    training.look(all_now=True)
    training.close()
    first = shelf.open(run_snapshot(training.path))
    first.directions["mine"] = np.ones(first.space.latent.size, np.float32)
    assert shelf.open(run_snapshot(training.path)) is first
    shelf._kept.clear()  # as when others were looked at meanwhile
    assert "mine" in shelf.open(run_snapshot(training.path)).directions
    again = bench.resume()
    again.advance()
    again.close()
    assert shelf.open(run_snapshot(training.path)).step == first.step + 1


def test_a_judge_is_opened_once_and_draws_no_random_numbers(shelf: Shelf):
    opened = shelf.open("bundled:portraits-32")
    state = torch.random.get_rng_state()
    judge = shelf.judge(opened)
    assert judge is not None
    assert "glasses" in judge.columns
    assert shelf.judge(opened) is judge
    assert torch.equal(torch.random.get_rng_state(), state)


def own_shelf(bench: Bench) -> Shelf:
    """A shelf as a program has it that was just started."""
    return Shelf(bench.families, bench.live, torch.device("cpu"), OwnDirections(bench.home))


def mine(size: int, step: int | None) -> OwnDirection:
    return OwnDirection("mine", step, 0.5, 1.0, np.eye(size, dtype=np.float32)[0])


def test_own_directions_belong_to_all_snapshots_of_a_run_and_outlive_the_program(bench: Bench):
    training = bench.start()
    training.advance()
    training.publish()
    shelf = own_shelf(bench)
    live = shelf.open(LIVE)
    shelf.keep_direction(live.model, mine(live.space.latent.size, 1))
    assert "own:mine@1" in shelf.open(LIVE).directions
    training.advance()
    training.look(all_now=True)
    training.close()
    again = own_shelf(bench)
    newest = again.open(run_snapshot(training.path))
    assert newest.step == 2
    assert "own:mine@1" in newest.directions
    assert [facts.made_at for facts in again.own_directions(newest)] == [1]
    assert "own:mine@1" in again.open(LIVE).directions  # what the lanes still hold is of the same run
    again.remove_direction(newest.model, "own:mine@1")
    assert "own:mine@1" not in newest.directions
    assert "own:mine@1" not in again.open(LIVE).directions
    again.bring_back_direction(newest.model, "own:mine@1")
    assert "own:mine@1" in newest.directions


def test_own_directions_move_with_a_run_and_are_not_those_of_its_successor(bench: Bench):
    training = bench.start()
    training.advance()
    training.close()
    shelf = own_shelf(bench)
    opened = shelf.open(run_snapshot(training.path))
    shelf.keep_direction(opened.model, mine(opened.space.latent.size, 1))
    (bench.home / "run").rename(bench.home / "moved")
    moved = own_shelf(bench).open(run_snapshot(str(bench.home / "moved")))
    assert "own:mine@1" in moved.directions
    successor = bench.start()
    successor.advance()
    successor.close()
    assert not own_shelf(bench).open(run_snapshot(successor.path)).directions


def test_own_directions_of_a_bundled_model_that_cannot_be_read_do_not_close_it(bench: Bench):
    shelf = own_shelf(bench)
    opened = shelf.open("bundled:portraits-32")
    shelf.keep_direction(opened.model, mine(opened.space.latent.size, None))
    assert "own:mine" in own_shelf(bench).open(opened.id).directions
    (stored,) = (bench.home / "directions").glob("*.json")
    stored.write_text("{")
    again = own_shelf(bench)
    damaged = again.open(opened.id)
    assert "own:mine" not in damaged.directions
    with pytest.raises(ValueError, match="is damaged; mend it"):
        again.own_directions(damaged)
