"""Vector quantisation: nearest codes, gradients, averages, restarts, and what a hand may do to a book."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F

from engine.nn.quantize import CHUNK, Codebook, Fsq, nearest, rotated, straight_through


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def book(codes: int = 6, vector: int = 3, *, ema: bool = True, unit: bool = False) -> Codebook:
    made = Codebook(codes, vector, ema=ema, unit=unit, spread=1.0)
    with torch.no_grad():
        made.vectors.copy_(made.laid(torch.randn(codes, vector, generator=rng(1))))
        made.sum_KD.copy_(made.vectors)
    return made


def brute(z_ND: torch.Tensor, book_KD: torch.Tensor) -> torch.Tensor:
    return (z_ND[:, None] - book_KD[None]).square().sum(dim=2).argmin(dim=1)


def test_the_nearest_code_is_the_one_that_brute_force_finds() -> None:
    z = torch.randn(3 * CHUNK + 7, 5, generator=rng(2))
    codes = torch.randn(33, 5, generator=rng(3))
    assert torch.equal(nearest(z, codes), brute(z.double(), codes.double()))


def test_of_codes_as_near_the_lowest_is_chosen() -> None:
    codes = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
    assert nearest(torch.tensor([[1.0, 0.0], [0.0, 2.0]]), codes).tolist() == [0, 1]


def test_far_from_the_origin_float32_finds_what_float64_finds() -> None:
    z = torch.randn(500, 4, generator=rng(4)) + 1000.0
    codes = torch.randn(64, 4, generator=rng(5)) + 1000.0
    assert torch.equal(nearest(z, codes), nearest(z.double(), codes.double()))


def test_no_vectors_have_no_codes() -> None:
    assert nearest(torch.zeros(0, 4), torch.zeros(3, 4)).shape == (0,)


def test_a_barred_code_is_never_chosen() -> None:
    codes = torch.eye(3)
    barred = torch.tensor([True, False, False])
    assert 0 not in nearest(torch.eye(3), codes, barred).tolist()


def test_straight_through_has_the_values_of_the_code_and_hands_its_gradient_on() -> None:
    z = torch.randn(5, 3, generator=rng(6), requires_grad=True)
    q = torch.randn(5, 3, generator=rng(7))
    passed = straight_through(z, q)
    weights = torch.randn(5, 3, generator=rng(8))
    (passed * weights).sum().backward()
    torch.testing.assert_close(passed.detach(), q)
    assert torch.equal(z.grad, weights)  # type: ignore[arg-type]


def test_the_rotation_trick_gives_the_code_and_turns_and_scales_the_gradient() -> None:
    z = torch.randn(4, 6, generator=rng(9), dtype=torch.float64, requires_grad=True)
    q = torch.randn(4, 6, generator=rng(10), dtype=torch.float64)
    passed = rotated(z, q)
    torch.testing.assert_close(passed.detach(), q, rtol=0, atol=1e-14)
    gradient = torch.randn(4, 6, generator=rng(11), dtype=torch.float64)
    (got,) = torch.autograd.grad((passed * gradient).sum(), z)
    ratio = q.norm(dim=1) / z.detach().norm(dim=1)
    torch.testing.assert_close(got.norm(dim=1) / gradient.norm(dim=1), ratio)
    # what lies along q in the gradient lies along z afterwards
    along_q = (gradient * q).sum(dim=1) / q.norm(dim=1)
    along_z = (got * z.detach()).sum(dim=1) / z.detach().norm(dim=1)
    torch.testing.assert_close(along_z, along_q * ratio)


def test_rotating_onto_a_parallel_code_is_scaling_alone() -> None:
    z = torch.randn(3, 4, generator=rng(12), dtype=torch.float64, requires_grad=True)
    passed = rotated(z, 2.5 * z.detach())
    weights = torch.randn(3, 4, generator=rng(13), dtype=torch.float64)
    (got,) = torch.autograd.grad((passed * weights).sum(), z)
    torch.testing.assert_close(got, 2.5 * weights)


def test_averages_follow_their_closed_form_and_smoothing_keeps_the_total() -> None:
    learned, decay = book().double(), 0.9
    n, m = learned.size_K.clone(), learned.sum_KD.clone()
    draws = rng(14)
    for _ in range(7):
        z = torch.randn(40, 3, generator=draws)
        codes = learned.codes_of(z.double())
        learned.follow(z, codes, decay)
        counts = F.one_hot(codes, 6).double()
        n = decay * n + (1 - decay) * counts.sum(dim=0)
        m = decay * m + (1 - decay) * counts.T @ z.double()
    torch.testing.assert_close(learned.size_K, n, rtol=1e-6, atol=0)
    torch.testing.assert_close(learned.sum_KD, m, rtol=1e-6, atol=1e-7)
    smooth = (n + 1e-5) / (n.sum() + 6e-5) * n.sum()
    assert math.isclose(float(smooth.sum()), float(n.sum()), rel_tol=1e-12)
    torch.testing.assert_close(learned.vectors, m / smooth[:, None], rtol=1e-6, atol=1e-7)


def test_a_batch_that_is_not_finite_changes_no_code() -> None:
    learned = book()
    before = {name: tensor.clone() for name, tensor in learned.state_dict().items()}
    z = torch.full((4, 3), math.nan)
    learned.follow(z, torch.zeros(4, dtype=torch.int64), 0.9)
    learned.restart(z, 10.0, rng())
    for name, tensor in learned.state_dict().items():
        assert torch.equal(tensor, before[name]), name


def test_restart_replaces_just_the_dead_codes_by_vectors_of_the_batch() -> None:
    learned = book()
    learned.size_K.copy_(torch.tensor([5.0, 0.2, 3.0, 0.0, 1.0, 0.9]))
    learned.frozen[5] = True
    before = learned.vectors.clone()
    z = torch.randn(30, 3, generator=rng(15))
    dead = learned.restart(z, 1.0, rng(16))
    assert dead.tolist() == [False, True, False, True, False, False]
    assert torch.equal(learned.vectors[~dead], before[~dead])
    for code in (1, 3):
        assert (z == learned.vectors[code]).all(dim=1).any()
    again = book()
    again.size_K.copy_(torch.tensor([5.0, 0.2, 3.0, 0.0, 1.0, 0.9]))
    again.frozen[5] = True
    again.restart(z, 1.0, rng(16))
    assert torch.equal(again.vectors, learned.vectors)


def test_on_the_sphere_only_directions_count_and_codes_keep_length_one() -> None:
    learned = book(unit=True)
    z = torch.randn(50, 3, generator=rng(17))
    codes = learned.codes_of(z)
    assert torch.equal(codes, learned.codes_of(z * torch.rand(50, 1, generator=rng(18)).add(0.1)))
    learned.follow(z, codes, 0.5)
    torch.testing.assert_close(learned.vectors.norm(dim=1), torch.ones(6))


def test_a_start_from_data_takes_different_vectors_of_the_batch() -> None:
    learned = book()
    z = torch.randn(20, 3, generator=rng(19))
    learned.begin(z, rng(20))
    places = [int((z == vector).all(dim=1).nonzero()[0]) for vector in learned.vectors]
    assert len(set(places)) == 6


def test_frozen_codes_stay_where_they_are_in_both_ways_of_learning() -> None:
    z = torch.randn(60, 3, generator=rng(21))
    for ema in (True, False):
        learned = book(ema=ema)
        learned.freeze(torch.tensor([2]))
        before = learned.vectors.detach().clone()
        if not ema:
            with torch.no_grad():
                learned.vectors.add_(0.5)  # as an optimizer would
        learned.follow(z, learned.codes_of(z), 0.5)
        assert torch.equal(learned.vectors[2], before[2])
        assert not torch.equal(learned.vectors[1], before[1])


def test_merging_makes_one_code_of_two_and_bars_the_other_until_it_is_revived() -> None:
    learned = book()
    learned.size_K[0], learned.size_K[4] = 3.0, 1.0
    middle = (3 * learned.vectors[0] + learned.vectors[4]) / 4
    z = learned.vectors[4:5].clone()
    learned.merge(torch.tensor([0, 4]))
    torch.testing.assert_close(learned.vectors[0], middle)
    assert learned.codes_of(z).item() != 4
    learned.revive(torch.tensor([4]), z, rng())
    assert learned.codes_of(z).item() == 4


def test_fsq_numbers_every_combination_of_levels_once() -> None:
    quantiser = Fsq((8, 6, 5))
    vectors = quantiser.book()
    assert vectors.shape == (240, 3)
    assert len(torch.unique(vectors, dim=0)) == 240
    assert float(vectors.abs().max()) <= 1.0
    inside = torch.atanh(
        (vectors * (quantiser.levels_L // 2) + torch.where(quantiser.levels_L % 2 == 0, 0.5, 0.0))
        / ((quantiser.levels_L - 1) * 1.001 / 2)
    )
    shift = torch.atanh(torch.where(quantiser.levels_L % 2 == 0, 0.5, 0.0) / ((quantiser.levels_L - 1) * 1.001 / 2))
    quantised, codes = quantiser(inside - shift)
    assert torch.equal(codes, torch.arange(240))
    torch.testing.assert_close(quantised, vectors, rtol=0, atol=1e-6)


def test_fsq_computes_in_float32_even_under_autocast() -> None:
    quantiser = Fsq((8, 5, 5, 5))
    z = torch.randn(200, 4, generator=rng(22)) * 3
    wanted = quantiser(z)[1]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        quantised, codes = quantiser(z)
    assert quantised.dtype == torch.float32
    assert torch.equal(codes, wanted)


@pytest.mark.parametrize("levels", [(8, 8, 8), (7, 5, 5, 5, 5)])
def test_the_gradient_of_fsq_reaches_every_number(levels: tuple[int, ...]) -> None:
    z = torch.randn(10, len(levels), generator=rng(23), requires_grad=True)
    Fsq(levels)(z)[0].sum().backward()
    assert bool((z.grad > 0).all())  # type: ignore[operator]
