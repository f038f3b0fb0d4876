"""The modern networks: size, no batch norm in D, z reaches every scale, learning rate schedule."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from engine.families.gan.family import Gan
from engine.families.gan.gan_modern import learning_rate
from engine.family import SampleSpec
from engine.nn.layers import BatchNorm, MinibatchStd

MakeGan = Callable[..., Gan]
RGB_32 = SampleSpec((32, 32, 3))


def count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def test_the_best_preset_is_small(make_gan: MakeGan) -> None:
    for size in (32, 64):
        gan = make_gan("gan_modern", "modern", SampleSpec((size, size, 3)))
        assert count(gan.generator) < 1_050_000
        assert count(gan.discriminator) < 700_000


@pytest.mark.parametrize("size", [16, 32, 64])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("minibatch_std", [False, True])
def test_shapes(make_gan: MakeGan, size: int, channels: int, minibatch_std: bool) -> None:
    gan = make_gan("gan_modern", "tiny", SampleSpec((size, size, channels)), minibatch_std=minibatch_std)
    x = gan.generator(torch.randn(4, 16))
    assert x.shape == (4, channels, size, size)
    assert x.abs().max().item() <= 1.0
    assert gan.discriminator(x).shape == (4,)
    assert any(isinstance(layer, MinibatchStd) for layer in gan.discriminator.modules()) is minibatch_std


def test_d_has_no_batch_norm_so_a_score_depends_on_its_sample_alone(make_gan: MakeGan) -> None:
    net = make_gan("gan_modern", "tiny", RGB_32).discriminator
    assert not any(isinstance(layer, BatchNorm) for layer in net.modules())
    x = torch.rand(5, 3, 32, 32)
    torch.testing.assert_close(net(x)[2:3], net(x[2:3]))


def test_strides_divide_kernels(make_gan: MakeGan) -> None:
    gan = make_gan("gan_modern", "tiny", RGB_32)
    for net in (gan.generator, gan.discriminator):
        for layer in net.modules():
            if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d) and layer.stride == (2, 2):
                assert layer.kernel_size == (4, 4)


def test_z_sets_the_scale_and_shift_of_every_stage(make_gan: MakeGan) -> None:
    net = make_gan("gan_modern", "tiny", RGB_32).generator.eval()
    z = torch.randn(1, 16, generator=torch.Generator().manual_seed(0))
    full = net(z)
    first = 0
    for width in net.widths:
        kept = net.styles.weight.detach().clone()
        with torch.no_grad():
            net.styles.weight[first : first + 2 * width] = 0
        assert not torch.equal(net(z), full)
        with torch.no_grad():
            net.styles.weight.copy_(kept)
        first += 2 * width
    assert first == len(net.styles.weight)


def test_points_are_not_bounded_and_not_augmented(make_gan: MakeGan) -> None:
    gan = make_gan("gan_modern", "tiny", SampleSpec((1,)), augment="color,translation")
    assert gan.generator(torch.full((2, 16), 1e3)).abs().max().item() > 1.0
    assert gan.recipe.r1 == gan.config.gamma


def test_the_learning_rate_halves_and_goes_on_falling() -> None:
    assert [learning_rate(0.6, 100.0, seen) for seen in (0, 100, 200)] == pytest.approx([0.6, 0.3, 0.2])
    assert learning_rate(0.6, 0.0, 10**9) == 0.6


def test_rates_count_samples_and_not_steps(make_gan: MakeGan) -> None:
    gan = make_gan("gan_modern", "tiny", RGB_32, lr_d=0.4, lr_half=160.0)
    assert gan.rates("D", 10)["lr"] == pytest.approx(0.2)


@pytest.mark.parametrize("shape", [(28, 28, 1), (128, 128, 3), (32, 16, 3)])
def test_what_cannot_be_learned_is_said_in_one_sentence(make_gan: MakeGan, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"choose .*\.$"):
        make_gan("gan_modern", "tiny", SampleSpec(shape))
