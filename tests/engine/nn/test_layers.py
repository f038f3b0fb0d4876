"""Maxout, dropout, batch norm that can be held still, minibatch deviation and condition vectors."""

from __future__ import annotations

import pytest
import torch

from engine.nn.layers import BatchNorm, ConditionEmbedding, Maxout, MinibatchStd, channels_last, dropout, held


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_maxout_is_the_largest_of_its_linear_maps() -> None:
    layer = Maxout(3, 4, pieces=5)
    x = torch.randn(6, 3, generator=rng())
    out = layer(x)
    for unit in range(4):
        maps = [x @ layer.linear.weight[unit * 5 + k] + layer.linear.bias[unit * 5 + k] for k in range(5)]
        torch.testing.assert_close(out[:, unit], torch.stack(maps).amax(dim=0))


def test_dropout_keeps_the_mean_and_scales_what_stays() -> None:
    kept = dropout(torch.ones(200, 500), 0.8, rng())
    assert set(kept.unique().tolist()) == {0.0, 1.25}
    assert kept.mean().item() == pytest.approx(1.0, abs=0.01)


def test_dropout_is_decided_by_its_generator_alone() -> None:
    x = torch.ones(4, 5)
    first = dropout(x, 0.5, rng(3))
    torch.rand(7)
    assert torch.equal(first, dropout(x, 0.5, rng(3)))
    assert dropout(x, 0.5, None) is x
    assert dropout(x, 1.0, rng()) is x


def test_a_held_batch_norm_gives_the_same_numbers_and_remembers_nothing() -> None:
    layer = BatchNorm(3)
    x = torch.randn(4, 3, 2, 2, generator=rng())
    before = {name: value.clone() for name, value in layer.state_dict().items()}
    with held(layer):
        quiet = layer(x)
        assert not layer.weight.requires_grad
    assert all(torch.equal(value, before[name]) for name, value in layer.state_dict().items())
    assert layer.weight.requires_grad
    assert torch.equal(quiet, layer(x))
    assert not torch.equal(layer.running_mean, before["running_mean"])


def test_held_puts_back_what_it_changed_even_after_an_error() -> None:
    layer = BatchNorm(3)
    layer.bias.requires_grad_(False)
    with pytest.raises(RuntimeError, match="stop"), held(layer):
        raise RuntimeError("stop")
    assert layer.weight.requires_grad
    assert not layer.bias.requires_grad
    assert layer.tracking


def test_minibatch_deviation_sees_a_collapsed_batch() -> None:
    layer = MinibatchStd()
    varied = torch.randn(64, 5, 4, 4, generator=rng())
    same = varied[:1].expand(64, -1, -1, -1)
    assert layer(varied).shape == (64, 6, 4, 4)
    assert layer(varied)[0, 5, 0, 0].item() == pytest.approx(1.0, abs=0.05)
    assert layer(same)[0, 5, 0, 0].item() < 1e-3
    assert layer(torch.zeros(8, 5)).shape == (8, 6)


def test_minibatch_deviation_in_eval_depends_on_no_neighbour() -> None:
    layer = MinibatchStd(momentum=1.0)
    x = torch.randn(64, 5, generator=rng())
    level = layer(x)[0, 5].item()
    layer.eval()
    assert layer(x[:1])[0, 5].item() == pytest.approx(level)


def test_minibatch_deviation_has_a_gradient_for_equal_samples() -> None:
    x = torch.zeros(4, 3, requires_grad=True)
    MinibatchStd()(x).sum().backward()
    assert torch.isfinite(x.grad).all()


def test_a_condition_is_the_sum_of_its_columns_and_unknown_has_its_own_vector() -> None:
    layer = ConditionEmbedding((2, 3), features=4)
    color, hat = layer.tables[0].weight, layer.tables[1].weight
    out = layer(torch.tensor([[0, 2], [-1, 0]]))
    torch.testing.assert_close(out[0], color[1] + hat[3])
    torch.testing.assert_close(out[1], color[0] + hat[1])


def test_channels_last_changes_only_where_numbers_lie() -> None:
    x = torch.randn(2, 3, 4, 5, generator=rng())
    assert torch.equal(channels_last(x), x)
    assert channels_last(x).stride() == (60, 1, 15, 3)
