"""A frozen GAN decodes and judges, depends on its own sample alone, and can be made again from its tensors."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from engine.families.gan.family import Gan
from engine.families.gan.snapshot import GanSnapshot
from engine.family import Batch, FamilyEntry, SampleSpec, Tensors, capabilities_of

MakeGan = Callable[..., Gan]
MakeBatch = Callable[..., Batch]
Entries = dict[str, FamilyEntry]
RGB_32 = SampleSpec((32, 32, 3), {"label": ("cat", "dog")})
EVERY = [("gan_2014", RGB_32), ("gan_2014", SampleSpec((2,))), ("dcgan", RGB_32), ("gan_modern", RGB_32)]


def copied(gan: Gan) -> Tensors:
    return {name: tensor.detach().clone() for name, tensor in gan.snapshot_tensors().items()}


def rng() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.mark.parametrize(("name", "spec"), EVERY)
def test_it_shows_what_it_can_do(entries: Entries, make_gan: MakeGan, name: str, spec: SampleSpec) -> None:
    gan, entry = make_gan(name, "tiny", spec), entries[name]
    snapshot = entry.open_snapshot(gan.config, spec, copied(gan))
    assert isinstance(snapshot, GanSnapshot)
    assert capabilities_of(snapshot) == entry.capabilities == ("latent", "critic")
    z = torch.randn(3, snapshot.latent.size, generator=rng())
    x = snapshot.decode(z)
    assert x.shape == (3, *spec.shape) if spec.is_points else (3, spec.shape[2], *spec.shape[:2])
    assert x.dtype == torch.float32
    assert snapshot.first_layer().shape[1] == snapshot.latent.size
    assert snapshot.critic_scale == ("difference" if name == "gan_modern" else "probability")


@pytest.mark.parametrize(("name", "spec"), EVERY)
def test_a_sample_depends_on_its_own_z_alone(
    entries: Entries, make_gan: MakeGan, make_batch: MakeBatch, name: str, spec: SampleSpec
) -> None:
    gan = make_gan(name, "tiny", spec)
    for phase in ("D", "G"):
        gan.losses(phase, make_batch(spec), rng(), 0)
    snapshot = entries[name].open_snapshot(gan.config, spec, copied(gan))
    z = torch.randn(6, snapshot.latent.size, generator=rng())
    together = snapshot.decode(z)
    alone = torch.cat([snapshot.decode(each[None]) for each in z])
    torch.testing.assert_close(alone, together, atol=2e-6, rtol=1e-5)
    scores = torch.cat([snapshot.score(each[None]) for each in together])
    torch.testing.assert_close(scores, snapshot.score(together), atol=2e-6, rtol=1e-5)


@pytest.mark.parametrize(("name", "spec"), EVERY)
def test_its_tensors_make_it_again(entries: Entries, make_gan: MakeGan, name: str, spec: SampleSpec) -> None:
    gan = make_gan(name, "tiny", spec)
    first = entries[name].open_snapshot(gan.config, spec, copied(gan))
    again = entries[name].open_snapshot(gan.config, spec, first.tensors())
    z = torch.randn(2, first.latent.size, generator=rng())
    assert torch.equal(first.decode(z), again.decode(z))
    assert first.tensors().keys() == gan.snapshot_tensors().keys()
    assert all(tensor.is_contiguous() for tensor in first.tensors().values())


def test_the_critic_has_a_gradient_by_the_picture_and_none_by_its_weights(entries: Entries, make_gan: MakeGan) -> None:
    gan = make_gan("gan_modern", "tiny", RGB_32)
    snapshot = entries["gan_modern"].open_snapshot(gan.config, RGB_32, copied(gan))
    x = torch.rand(2, 3, 32, 32, generator=rng()).requires_grad_()
    snapshot.score(x).sum().backward()
    assert x.grad is not None
    assert bool((x.grad != 0).any())
    assert not any(tensor.requires_grad for tensor in snapshot.tensors().values())


def test_the_first_layer_is_what_z_meets(entries: Entries, make_gan: MakeGan) -> None:
    """z along a null direction of the first layer changes nothing; that is what SeFa relies on."""
    spec = SampleSpec((16, 16, 1), {"label": ("cat", "dog")})
    gan = make_gan("gan_modern", "tiny", spec, condition="label")
    with torch.no_grad():
        gan.average.start.weight[:, 3] = 0
        gan.average.styles.weight[:, 3] = 0
    snapshot = entries["gan_modern"].open_snapshot(gan.config, spec, copied(gan))
    assert not snapshot.first_layer()[:, 3].any()
    z = torch.randn(1, 16, generator=rng())
    moved = z.clone()
    moved[:, 3] += 5
    torch.testing.assert_close(snapshot.decode(z), snapshot.decode(moved))
    moved[:, 4] += 5
    assert not torch.allclose(snapshot.decode(z), snapshot.decode(moved))


def test_a_file_in_half_precision_opens(entries: Entries, make_gan: MakeGan) -> None:
    gan = make_gan("gan_modern", "tiny", RGB_32)
    half = {name: value.half() if value.is_floating_point() else value for name, value in copied(gan).items()}
    snapshot = entries["gan_modern"].open_snapshot(gan.config, RGB_32, half)
    z = torch.randn(2, 16, generator=rng())
    full = entries["gan_modern"].open_snapshot(gan.config, RGB_32, copied(gan))
    torch.testing.assert_close(snapshot.decode(z), full.decode(z), atol=5e-3, rtol=0)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda tensors: tensors.pop("D.judge.bias"), "is missing"),
        (lambda tensors: tensors.update({"E.weight": torch.zeros(1)}), "neither of G nor of D"),
        (lambda tensors: tensors.update({"G.paint.bias": torch.zeros(1)}), "not \\(3,\\)"),
    ],
)
def test_weights_of_another_model_are_refused(
    entries: Entries, make_gan: MakeGan, change: Callable[[Tensors], object], words: str
) -> None:
    gan = make_gan("gan_modern", "tiny", RGB_32)
    tensors = copied(gan)
    change(tensors)
    with pytest.raises(ValueError, match=words):
        entries["gan_modern"].open_snapshot(gan.config, RGB_32, tensors)
