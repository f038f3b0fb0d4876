"""A frozen dVAE turns pictures into their most likely codes and back, and states an honest bound in bits."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from engine.controls import CodesInfo
from engine.families.dvae.family import Dvae
from engine.families.dvae.snapshot import DvaeSnapshot
from engine.family import Batch, FamilyEntry, SampleSpec, Tensors, capabilities_of
from engine.nn.logit_laplace import log_mass_of_bytes, phi

MakeDvae = Callable[..., Dvae]
RGB_16 = SampleSpec((16, 16, 3))


def copied(family: Dvae) -> Tensors:
    return {name: tensor.detach().clone() for name, tensor in family.snapshot_tensors().items()}


@pytest.fixture
def family(make_dvae: MakeDvae) -> Dvae:
    return make_dvae()


@pytest.fixture
def snapshot(entry: FamilyEntry, family: Dvae) -> DvaeSnapshot:
    snapshot = entry.open_snapshot(family.config, RGB_16, copied(family))
    assert isinstance(snapshot, DvaeSnapshot)
    return snapshot


def pictures(count: int = 3) -> Tensor:
    """Bytes, as the models see them."""
    return torch.randint(256, (count, 3, 16, 16), generator=torch.Generator().manual_seed(1)) / 127.5 - 1


def test_it_shows_what_it_can_do(entry: FamilyEntry, snapshot: DvaeSnapshot):
    assert capabilities_of(snapshot) == entry.capabilities == ("reconstructor", "codec")
    assert snapshot.codes == CodesInfo(grid=(4, 4), book=64, vector=16, cell=4, field=16)
    codes = snapshot.encode(pictures())
    assert codes.shape == (3, 4, 4)
    assert codes.dtype == torch.int64
    made = snapshot.decode_codes(codes)
    assert made.shape == (3, 3, 16, 16)
    assert made.abs().max() <= 1
    assert torch.equal(snapshot.reconstruct(pictures()), made)
    assert snapshot.book().shape == (64, 16)
    assert snapshot.usage().shape == (64,)


def test_its_codes_are_the_most_likely_ones_without_noise(family: Dvae, snapshot: DvaeSnapshot):
    x = pictures()
    likely = family.average.logits(phi((x + 1) / 2, 0.1)).argmax(dim=-1)
    assert torch.equal(snapshot.encode(x), likely)
    assert torch.equal(snapshot.encode(x), snapshot.encode(x))


def test_a_picture_depends_on_itself_alone(snapshot: DvaeSnapshot):
    x = pictures()
    alone = torch.cat([snapshot.reconstruct(each[None]) for each in x])
    torch.testing.assert_close(alone, snapshot.reconstruct(x), atol=2e-6, rtol=1e-5)
    bits = torch.cat([snapshot.bits_per_dim(each[None]) for each in x])
    torch.testing.assert_close(bits, snapshot.bits_per_dim(x), atol=1e-4, rtol=1e-4)


def test_the_book_is_what_codes_add_to_the_decoder(family: Dvae, entry: FamilyEntry):
    """Two codes with one vector decode alike."""
    with torch.no_grad():
        family.average.book()[5] = family.average.book()[6]
    snapshot = entry.open_snapshot(family.config, RGB_16, copied(family))
    five, six, seven = (snapshot.decode_codes(torch.full((1, 4, 4), code)) for code in (5, 6, 7))
    assert torch.equal(five, six)
    assert not torch.equal(five, seven)


def test_mu_becomes_a_pixel_of_the_usual_range(family: Dvae, entry: FamilyEntry):
    """phi^-1(sigmoid(mu)): 0 is grey, and what lies beyond the margin is black or white."""
    codes = torch.zeros(1, 4, 4, dtype=torch.int64)
    for mu, wanted in ((0.0, 0.0), (1.0, (torch.tensor(1.0).sigmoid().item() - 0.5) / 0.4), (5.0, 1.0), (-5.0, -1.0)):
        with torch.no_grad():
            family.average.decoder.output.weight.zero_()
            family.average.decoder.output.bias.fill_(mu)
        made = entry.open_snapshot(family.config, RGB_16, copied(family)).decode_codes(codes)
        assert made.unique().tolist() == pytest.approx([wanted], abs=1e-6)


def test_it_is_made_of_the_running_mean_and_carries_the_usage(family: Dvae, batch: Batch, entry: FamilyEntry):
    family.losses("dVAE", batch, torch.Generator().manual_seed(0), 0)
    family.after_step(0, ("dVAE",), torch.Generator())
    with torch.no_grad():
        family.network.decoder.input.weight.add_(1.0)
    snapshot = entry.open_snapshot(family.config, RGB_16, copied(family))
    assert torch.equal(snapshot.book(), family.average.book())
    assert snapshot.usage().sum() == 4 * 16
    assert torch.equal(snapshot.usage(), family.usage()[0])


def test_its_tensors_make_it_again_also_in_half_precision(entry: FamilyEntry, family: Dvae, snapshot: DvaeSnapshot):
    again = entry.open_snapshot(family.config, RGB_16, snapshot.tensors())
    assert torch.equal(again.reconstruct(pictures()), snapshot.reconstruct(pictures()))
    assert snapshot.tensors().keys() == family.snapshot_tensors().keys()
    half = {name: value.half() if value.is_floating_point() else value for name, value in copied(family).items()}
    rough = entry.open_snapshot(family.config, RGB_16, half)
    codes = snapshot.encode(pictures())
    torch.testing.assert_close(rough.decode_codes(codes), snapshot.decode_codes(codes), atol=1e-2, rtol=0)


def test_bits_per_dim_is_the_code_length_of_the_bytes(family: Dvae, snapshot: DvaeSnapshot):
    """Summed by hand, one number at a time; and over all 256 values of a number the probabilities sum to 1."""
    x = pictures(1)
    codes = snapshot.encode(x)
    mu, ln_b = family.average.pixels_of_codes(codes)
    nats = 0.0
    for channel, row, column in itertools.islice(itertools.product(range(3), range(16), range(16)), 768):
        place = (0, channel, row, column)
        level = ((x[place] + 1) * 127.5).round()
        nats -= log_mass_of_bytes(level, mu[place], ln_b[place], 0.1).item()
    wanted = (nats / math.log(2) + 16 * 6) / 768
    assert snapshot.bits_per_dim(x).item() == pytest.approx(wanted, rel=1e-4)
    every = log_mass_of_bytes(torch.arange(256.0), mu[0, 0, 0, 0].expand(256), ln_b[0, 0, 0, 0].expand(256), 0.1)
    assert every.exp().sum().item() == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda tensors: tensors.pop("net.encoder.input.bias"), "is missing"),
        (lambda tensors: tensors.update({"G.paint": torch.zeros(1)}), "does not belong"),
        (lambda tensors: tensors.update({"usage": torch.zeros(3)}), "another number of codes"),
    ],
)
def test_weights_of_another_model_are_refused(
    entry: FamilyEntry, family: Dvae, change: Callable[[Tensors], object], words: str
):
    tensors = copied(family)
    change(tensors)
    with pytest.raises(ValueError, match=words):
        entry.open_snapshot(family.config, RGB_16, tensors)
