"""The guidelines of DCGAN, checked on the networks (models.md test 21)."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import nn

from engine.families.gan.dcgan import DcganDiscriminator, DcganGenerator
from engine.families.gan.family import Gan
from engine.family import Batch, SampleSpec
from engine.nn.layers import BatchNorm

MakeGan = Callable[..., Gan]
MakeBatch = Callable[..., Batch]


def count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize(
    ("width", "kernel", "expected"), [(64, 4, 3_576_704), (128, 5, 18_855_040)], ids=["pytorch-examples", "paper"]
)
def test_the_generator_has_the_published_number_of_parameters(width: int, kernel: int, expected: int) -> None:
    with torch.device("meta"):
        assert count(DcganGenerator(64, 3, 100, width, kernel, ())) == expected


def test_the_discriminator_has_the_published_number_of_parameters() -> None:
    with torch.device("meta"):
        assert count(DcganDiscriminator(64, 3, 64, 4, ())) == 2_765_568


@pytest.mark.parametrize("size", [16, 32, 64])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("kernel", [4, 5])
def test_shapes(make_gan: MakeGan, size: int, channels: int, kernel: int) -> None:
    gan = make_gan("dcgan", "tiny", SampleSpec((size, size, channels)), kernel=kernel)
    x = gan.generator(torch.randn(2, 16))
    assert x.shape == (2, channels, size, size)
    assert x.abs().max().item() <= 1.0
    assert gan.discriminator(x).shape == (2,)


def test_there_is_no_pooling_and_no_norm_where_none_belongs(make_gan: MakeGan) -> None:
    gan = make_gan("dcgan", "tiny", SampleSpec((64, 64, 3)))
    for net, strided in ((gan.generator, nn.ConvTranspose2d), (gan.discriminator, nn.Conv2d)):
        kinds = {type(layer) for layer in net.modules() if not list(layer.children())}
        assert kinds == {strided, BatchNorm, nn.Linear}
        assert all(layer.stride == (2, 2) for layer in net.modules() if isinstance(layer, strided))
        assert sum(isinstance(layer, nn.Linear) for layer in net.modules()) == 1
    # A norm after every map but the output of G, and after every one but the first of D.
    assert [norm.num_features for norm in gan.generator.norms] == [64, 32, 16, 8]
    assert [norm.num_features for norm in gan.discriminator.norms] == [16, 32, 64]


def test_weights_begin_with_a_deviation_of_two_hundredths(make_gan: MakeGan) -> None:
    gan = make_gan("dcgan", "paper", SampleSpec((32, 32, 3)), width=32)
    for layer in (*gan.generator.modules(), *gan.discriminator.modules()):
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            error = 0.02 / math.sqrt(2 * layer.weight.numel())
            assert layer.weight.std().item() == pytest.approx(0.02, abs=3.5 * error)
    gains = torch.cat([layer.weight for layer in gan.generator.modules() if isinstance(layer, BatchNorm)])
    assert gains.mean().item() == pytest.approx(1.0, abs=3 * 0.02 / math.sqrt(len(gains)))
    assert gains.std().item() == pytest.approx(0.02, abs=3 * 0.02 / math.sqrt(2 * len(gains)))


def test_the_paper_preset_is_the_paper(make_gan: MakeGan) -> None:
    gan = make_gan("dcgan", "paper", SampleSpec((32, 32, 1)), width=8)
    assert (gan.latent.size, gan.latent.prior, gan.config.batch_size, gan.config.kernel) == (100, "uniform", 128, 5)
    for phase in gan.phases():
        assert phase.optimizer.kind == "adam"
        assert (phase.optimizer.lr, phase.optimizer.betas) == (2e-4, (0.5, 0.999))


def test_real_and_made_samples_are_normalised_apart(make_gan: MakeGan, make_batch: MakeBatch) -> None:
    spec = SampleSpec((16, 16, 3))
    gan = make_gan("dcgan", "tiny", spec)
    sizes: list[int] = []
    gan.discriminator.norms[0].register_forward_pre_hook(lambda module, inputs: sizes.append(len(inputs[0])))
    gan.losses("D", make_batch(spec, count=6), torch.Generator().manual_seed(0), 0)
    assert sizes == [6, 6]


def test_the_shown_copy_without_a_half_life_is_g_itself(make_gan: MakeGan, make_batch: MakeBatch) -> None:
    gan = make_gan("dcgan", "tiny", SampleSpec((16, 16, 3)))
    gan.losses("G", make_batch(gan.spec), torch.Generator().manual_seed(0), 0).total.backward()
    with torch.no_grad():
        gan.generator.start.weight += 0.1
    gan.after_step(0, ("D", "G"), torch.Generator())
    shown = gan.snapshot_tensors()
    assert all(torch.equal(shown[f"G.{name}"], value) for name, value in gan.generator.state_dict().items())


@pytest.mark.parametrize("shape", [(28, 28, 1), (32, 64, 3), (32, 32, 4), (2,)])
def test_what_cannot_be_learned_is_said_in_one_sentence(make_gan: MakeGan, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"choose .*\.$"):
        make_gan("dcgan", "tiny", SampleSpec(shape))
