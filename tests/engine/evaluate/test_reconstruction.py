"""PSNR, SSIM and L1: known values, what is identical, what is small, and that a batch changes nothing."""

from __future__ import annotations

import pytest
import torch

from engine.evaluate.reconstruction import l1, psnr, ssim

MEASURES = (psnr, ssim, l1)


def pictures(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def test_a_picture_is_as_like_itself_as_can_be():
    x = pictures(3, 3, 16, 16)
    assert psnr(x, x).tolist() == [100.0] * 3
    assert torch.allclose(ssim(x, x), torch.ones(3, dtype=torch.float64))
    assert l1(x, x).tolist() == [0.0] * 3


def test_a_constant_error_has_its_known_values():
    x = torch.zeros(1, 1, 16, 16)
    y = torch.full_like(x, 0.2)  # a tenth of the full range
    assert psnr(x, y).item() == pytest.approx(20.0, abs=1e-5)
    assert l1(x, y).item() == pytest.approx(0.1)
    a, b, c1 = 0.5, 0.6, 0.01**2
    assert ssim(x, y).item() == pytest.approx((2 * a * b + c1) / (a * a + b * b + c1), rel=1e-5)


def test_black_beside_white_is_the_worst():
    black, white = torch.full((1, 3, 12, 12), -1.0), torch.full((1, 3, 12, 12), 1.0)
    assert psnr(black, white).item() == pytest.approx(0.0)
    assert l1(black, white).item() == 1.0
    assert ssim(black, white).item() == pytest.approx(0.01**2 / (1 + 0.01**2))


def test_a_negative_has_a_structure_of_its_own():
    x = pictures(1, 1, 32, 32)
    assert ssim(x, -x).item() < 0
    assert ssim(x, x + 0.1 * pictures(1, 1, 32, 32, seed=1)).item() > 0.9


def test_ssim_is_that_of_a_window_computed_by_hand():
    x, y = pictures(1, 1, 11, 11), pictures(1, 1, 11, 11, seed=1)  # just one place of the window
    at = torch.arange(11, dtype=torch.float64) - 5
    weights = torch.exp(-(at[:, None] ** 2 + at[None] ** 2) / (2 * 1.5**2))
    weights /= weights.sum()
    a, b = (x[0, 0].double() + 1) / 2, (y[0, 0].double() + 1) / 2
    mean_a, mean_b = (weights * a).sum(), (weights * b).sum()
    var_a, var_b = (weights * (a - mean_a) ** 2).sum(), (weights * (b - mean_b) ** 2).sum()
    both = (weights * (a - mean_a) * (b - mean_b)).sum()
    expected = ((2 * mean_a * mean_b + 1e-4) * (2 * both + 9e-4)) / (
        (mean_a**2 + mean_b**2 + 1e-4) * (var_a + var_b + 9e-4)
    )
    assert ssim(x, y).item() == pytest.approx(expected.item(), rel=1e-9)


@pytest.mark.parametrize("size", [1, 4, 8, 11])
def test_pictures_smaller_than_the_window_are_compared_too(size: int):
    x, y = pictures(2, 3, size, size), pictures(2, 3, size, size, seed=1)
    assert torch.isfinite(ssim(x, y)).all()
    assert torch.allclose(ssim(x, x), torch.ones(2, dtype=torch.float64))
    assert (ssim(x, y) < 1).all()


@pytest.mark.parametrize("measure", MEASURES)
def test_no_picture_knows_of_the_others_in_its_batch(measure):
    x, y = pictures(5, 3, 16, 16), pictures(5, 3, 16, 16, seed=1)
    alone = torch.cat([measure(x[n : n + 1], y[n : n + 1]) for n in range(5)])
    assert torch.allclose(measure(x, y), alone, rtol=1e-12)
    assert torch.allclose(measure(x.flip(0), y.flip(0)), alone.flip(0), rtol=1e-12)


@pytest.mark.parametrize("measure", MEASURES)
def test_neither_picture_comes_first(measure):
    x, y = pictures(2, 1, 16, 16), pictures(2, 1, 16, 16, seed=1)
    assert torch.allclose(measure(x, y), measure(y, x), rtol=1e-12)


def test_more_noise_is_less_alike():
    x = pictures(1, 3, 32, 32) * 0.5
    noise = pictures(1, 3, 32, 32, seed=2)
    found = [[measure(x, x + share * noise).item() for share in (0.05, 0.1, 0.2, 0.4)] for measure in MEASURES]
    assert found[0] == sorted(found[0], reverse=True)
    assert found[1] == sorted(found[1], reverse=True)
    assert found[2] == sorted(found[2])
