"""A hand mends codes: dead ones come back, frozen ones stay, merged ones are one, and nonsense is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from engine.families.dvae.family import Dvae
from engine.family import Batch, FamilyError
from engine.stepper import Stepper

MakeDvae = Callable[..., Dvae]
MakeStepper = Callable[..., Stepper]
USED = torch.tensor([7, 9, 20])


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def codes(*numbers: int) -> Tensor:
    return torch.tensor(numbers)


@pytest.fixture
def family(make_dvae: MakeDvae) -> Dvae:
    """Code 9 was used most, then 20, then 7; no other one."""
    family = make_dvae()
    family.counted.count(USED[[0, 1, 1, 1, 2, 2]], 0, 0)
    return family


def rows(family: Dvae) -> dict[str, Tensor]:
    return {name: row.detach().clone() for name, row in family.network.rows().items()}


def test_a_revived_code_becomes_much_like_the_most_used_one(family: Dvae):
    before = rows(family)
    family.edit_codes("revive", codes(3, 50), rng())
    for network in (family.network, family.average):
        after = network.rows()
        for mended, model in ((3, 9), (50, 20)):
            for name in ("logit", "book"):
                change = (after[name][mended] - before[name][model]).norm() / before[name][model].norm()
                assert 0 < change < 0.2
        untouched = [code for code in range(64) if code not in (3, 50)]
        assert all(torch.equal(after[name][untouched], before[name][untouched]) for name in before)
    assert torch.equal(family.network.book(), family.average.book())
    family.edit_codes("revive", torch.arange(10, 18), rng())


def test_a_frozen_code_stays_as_it_is_until_it_is_thawed(make_stepper: MakeStepper):
    stepper = make_stepper(weight_decay=0.1)
    family = stepper.family
    assert isinstance(family, Dvae)
    stepper.step()
    family.edit_codes("freeze", codes(5, 6), rng())
    before = rows(family)
    for _ in range(3):
        stepper.step()
    after = rows(family)
    for name, row in before.items():
        assert torch.equal(after[name][5:7], row[5:7])
        assert not torch.equal(after[name][7], row[7])
    family.edit_codes("thaw", codes(5), rng())
    stepper.step()
    assert not torch.equal(family.network.book()[5], before["book"][5])
    assert torch.equal(family.network.book()[6], before["book"][6])


def test_merged_codes_are_their_mean_and_the_others_are_never_chosen(family: Dvae, batch: Batch):
    before = rows(family)
    family.edit_codes("merge", codes(9, 7, 20), rng())
    for name, row in rows(family).items():
        torch.testing.assert_close(row[9], before[name][[9, 7, 20]].mean(dim=0))
    x = batch.x.abs().clamp(0.1, 0.9)
    for network in (family.network, family.average):
        logits = network.logits(x)
        assert logits[..., [7, 20]].max() == -torch.inf
        assert logits[..., 9].isfinite().all()
    losses = family.losses("dVAE", batch, rng(), 0)
    losses.total.backward()
    assert all(value.isfinite() for value in losses.terms.values())
    assert all(p.grad is not None and p.grad.isfinite().all() for p in family.network.parameters())
    family.edit_codes("revive", codes(7), rng())
    assert family.network.logits(x)[..., 7].isfinite().all()


@pytest.mark.parametrize("edit", ["revive", "freeze", "merge"])
def test_every_edit_can_be_undone_from_the_state_of_the_book(family: Dvae, edit: str):
    everything = {name: value.clone() for name, value in family.state().items()}
    kept = {name: value.clone() for name, value in family.book_state().items()}
    family.edit_codes(edit, codes(3, 4), rng())
    state = family.book_state()
    assert any(not torch.equal(value, kept[name]) for name, value in state.items())
    for name, value in state.items():
        value.copy_(kept[name])
    assert all(torch.equal(value, everything[name]) for name, value in family.state().items())


def test_it_tells_which_codes_are_held(family: Dvae):
    family.edit_codes("freeze", codes(1, 2), rng())
    family.edit_codes("thaw", codes(2), rng())
    family.edit_codes("merge", codes(5, 6), rng())
    frozen, off = (row.nonzero().flatten().tolist() for row in family.held_codes())
    assert (frozen, off) == ([1], [6])


def test_the_generator_decides_the_noise(make_dvae: MakeDvae):
    books = []
    for seed in (1, 1, 2):
        family = make_dvae()
        family.counted.count(USED, 0, 0)
        family.edit_codes("revive", codes(3), rng(seed))
        books.append(family.network.book())
    assert torch.equal(books[0], books[1])
    assert not torch.equal(books[0], books[2])


@pytest.mark.parametrize(
    ("edits", "words"),
    [
        ([("freeze", ())], "from 0 to 63"),
        ([("freeze", (64,))], "from 0 to 63"),
        ([("merge", (3, 3))], "different codes"),
        ([("merge", (3,))], "at least two"),
        ([("merge", (3, 4)), ("merge", (5, 4))], "revive it first"),
        ([("freeze", (3,)), ("revive", (3,))], "thaw it first"),
        ([("freeze", (3,)), ("merge", (4, 3))], "thaw it first"),
        ([("revive", (7, 9, 20))], "train some steps first"),
    ],
)
def test_an_edit_that_makes_no_sense_is_refused_and_changes_nothing(
    family: Dvae, edits: list[tuple[str, tuple[int, ...]]], words: str
):
    for edit, numbers in edits[:-1]:
        family.edit_codes(edit, codes(*numbers), rng())
    before = {name: value.clone() for name, value in family.state().items()}
    edit, numbers = edits[-1]
    with pytest.raises(FamilyError, match=words):
        family.edit_codes(edit, torch.tensor(numbers, dtype=torch.int64), rng())
    assert all(torch.equal(value, before[name]) for name, value in family.state().items())
