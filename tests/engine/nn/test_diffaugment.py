"""Augmentation: identity where asked, pixels are moved and not made up, gradients flow, the generator decides."""

from __future__ import annotations

import pytest
import torch

from engine.nn.diffaugment import POLICIES, color, cutout, diffaugment, translation


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def pictures(count: int = 6, channels: int = 3, size: int = 32) -> torch.Tensor:
    return torch.rand(count, channels, size, size, generator=rng(1)) * 2 - 1


@pytest.mark.parametrize("policy", POLICIES)
def test_strength_zero_and_no_policy_are_the_identity(policy: str) -> None:
    x = pictures()
    assert diffaugment(x, policy, 0.0, rng()) is x
    assert diffaugment(x, "none", 1.0, rng()) is x


@pytest.mark.parametrize("policy", POLICIES[1:])
@pytest.mark.parametrize("channels", [1, 3])
def test_the_generator_alone_decides(policy: str, channels: int) -> None:
    x = pictures(channels=channels)
    first = diffaugment(x, policy, 1.0, rng(5))
    torch.rand(3)
    assert torch.equal(first, diffaugment(x, policy, 1.0, rng(5)))
    assert not torch.equal(first, diffaugment(x, policy, 1.0, rng(6)))
    assert first.shape == x.shape


@pytest.mark.parametrize("policy", POLICIES[1:])
def test_the_gradient_of_g_goes_through(policy: str) -> None:
    x = pictures().requires_grad_()
    diffaugment(x, policy, 1.0, rng()).square().sum().backward()
    assert torch.isfinite(x.grad).all()
    assert bool((x.grad != 0).flatten(1).any(dim=1).all())


def test_translation_moves_the_pixels_within_an_eighth_and_invents_none() -> None:
    x = torch.zeros(40, 3, 32, 32)
    x[:, :, 8:24, 8:24] = pictures(40, 3, 16)
    moved = translation(x, 1.0, rng())
    assert torch.equal(moved.flatten(1).sort(dim=1).values, x.flatten(1).sort(dim=1).values)
    rows = (moved != 0).any(dim=1).any(dim=2).int().argmax(dim=1) - 8
    columns = (moved != 0).any(dim=1).any(dim=1).int().argmax(dim=1) - 8
    for shift in (rows, columns):
        assert -4 <= int(shift.min()) < -1
        assert 1 < int(shift.max()) <= 4
    for n in range(40):
        assert torch.equal(moved[n], x[n].roll((int(rows[n]), int(columns[n])), dims=(1, 2)))


def test_translation_fills_the_border_with_grey() -> None:
    moved = translation(torch.ones(64, 1, 16, 16), 1.0, rng())
    assert set(moved.unique().tolist()) == {0.0, 1.0}


def test_cutout_blanks_at_most_half_by_half_and_leaves_the_rest() -> None:
    x = torch.ones(64, 3, 32, 32)
    cut = cutout(x, 1.0, rng())
    blank = (cut == 0).all(dim=1).sum(dim=(1, 2))
    assert int(blank.max()) == 16 * 16
    assert int(blank.min()) > 0
    assert set(cut.unique().tolist()) == {0.0, 1.0}


def test_color_leaves_shape_and_hue_order_of_grey_pictures() -> None:
    grey = pictures(channels=1)
    changed = color(grey, 1.0, rng())
    # Brightness and contrast are one straight line per picture: a fit leaves nothing over.
    for before, after in zip(grey.flatten(1), changed.flatten(1), strict=True):
        slope = (after[1] - after[0]) / (before[1] - before[0])
        torch.testing.assert_close(after, after[0] + slope * (before - before[0]), atol=1e-4, rtol=1e-4)
        assert 0.5 <= slope.item() <= 1.5


def test_color_scales_saturation_between_grey_and_double() -> None:
    x = pictures(200)
    changed = color(x, 1.0, rng())
    before, after = ((y - y.mean(dim=1, keepdim=True)).abs().mean(dim=(1, 2, 3)) for y in (x, changed))
    ratio = after / before
    assert ratio.min().item() < 0.15
    assert 1.8 < ratio.max().item() <= 3.0
