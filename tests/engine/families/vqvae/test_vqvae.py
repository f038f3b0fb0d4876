"""The VQ-VAE: which gradient goes where, that it learns, resumes and opens, and how its book is mended."""

from __future__ import annotations

import functools
import math
from typing import Any

import pytest
import torch

from engine.data.dataset import Dataset, finish
from engine.data.portraits import load_portraits
from engine.families.vqvae.family import VqVae
from engine.families.vqvae.vqvae import ENTRY
from engine.family import Batch, Codec, FamilyError, Reconstructor, SampleSpec, TrainsCodebook, capabilities_of
from engine.knobs import configure
from engine.stepper import Stepper

TINY = {"codes": 32, "vector": 4, "width": 8, "blocks": 1, "batch_size": 8}
SPEC = SampleSpec((16, 16, 3), count=80)


def config_of(**values: Any) -> Any:
    return configure(ENTRY.config, {**TINY, **values})


def family(seed: int = 0, **values: Any) -> VqVae:
    torch.manual_seed(seed)
    made = ENTRY.build(config_of(**values), SPEC)
    assert isinstance(made, VqVae)
    return made


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def batch(seed: int = 0, count: int = 8, channels: int = 3) -> Batch:
    return Batch(torch.rand(count, channels, 16, 16, generator=rng(seed)) * 2 - 1, {})


def gradients(model: VqVae, total: torch.Tensor) -> dict[str, torch.Tensor]:
    names, parameters = zip(*model.network.named_parameters(), strict=True)
    found = torch.autograd.grad(total, parameters, allow_unused=True)
    return {n: torch.zeros_like(p) if g is None else g for n, p, g in zip(names, parameters, found, strict=True)}


@functools.cache
def portraits() -> Dataset:
    return finish(load_portraits(size=32, split="train", count=64, seed=0))


def test_the_codebook_term_moves_the_book_alone_and_beta_weighs_the_commitment_alone() -> None:
    """Catches beta on the wrong term, and a codebook term computed after the straight-through."""
    model = family(quantiser="gradient", sphere=False, start="cube", spread=32.0)
    x = batch().x
    z = model.network.vectors(x)
    quantised = model.network.quantise(z)
    codebook = (quantised.z_MD.detach() - quantised.q_MD).square().mean()
    commitment = (quantised.z_MD - quantised.q_MD.detach()).square().mean()
    moved = {name for name, grad in gradients(model, codebook).items() if grad.abs().sum() > 0}
    assert moved == {"quantiser.vectors"}
    z = model.network.vectors(x)
    quantised = model.network.quantise(z)
    commitment = (quantised.z_MD - quantised.q_MD.detach()).square().mean()
    moved = {name for name, grad in gradients(model, commitment).items() if grad.abs().sum() > 0}
    assert {name.partition(".")[0] for name in moved} == {"encoder"}

    # the family's total: d total / d beta is the commitment, and the book's gradient does not know beta
    books, totals = [], []
    for beta in (0.0, 1.0):
        model = family(quantiser="gradient", sphere=False, start="cube", spread=32.0, beta=beta)
        losses = model.losses("VQ-VAE", batch(), rng(), 0)
        totals.append(losses.total.detach())
        books.append(gradients(model, losses.total)["quantiser.vectors"])
        term = losses.terms["commitment"]
    torch.testing.assert_close(totals[1] - totals[0], term)
    assert books[0].abs().sum() > 0
    torch.testing.assert_close(books[0], books[1])


def test_the_encoder_gets_the_decoders_gradient_unchanged() -> None:
    model = family()
    z = model.network.vectors(batch().x).detach().requires_grad_(True)
    quantised = model.network.quantise(z)
    quantised.passed_MD.retain_grad()
    laid = quantised.z_MD
    laid.retain_grad()
    model.network.decode(quantised.passed_MD).square().sum().backward()
    assert torch.equal(laid.grad, quantised.passed_MD.grad)  # type: ignore[arg-type]


def test_with_averages_the_book_gets_no_gradient_and_follows_all_the_same() -> None:
    model = family()
    losses = model.losses("VQ-VAE", batch(), rng(), 0)
    assert all("quantiser" not in name for name, _ in model.network.named_parameters())
    before = model.network.quantiser.book().clone()
    model.after_step(0, ("VQ-VAE",), rng())
    assert not torch.equal(model.network.quantiser.book(), before)
    assert set(losses.terms) >= {"loss/VQ-VAE", "reconstruction", "codebook", "commitment", "PSNR"}


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"quantiser": "gradient", "start": "cube"},
        {"quantiser": "FSQ"},
        {"rotation": True},
        {"style": "plain", "sphere": False},
    ],
)
def test_it_learns_to_reconstruct(values: dict[str, Any]) -> None:
    stepper = Stepper(ENTRY, config_of(warm_up=0, **values), portraits(), seed=0, device=torch.device("cpu"))
    first = last = math.nan
    for step in range(60):
        stepper.step()
        if step in (4, 59):
            first, last = last, stepper.read_metrics()["reconstruction"]
        else:
            stepper.read_metrics()
    assert last < 0.8 * first


def test_training_goes_on_bit_for_bit() -> None:
    def stepper() -> Stepper:
        return Stepper(ENTRY, config_of(restart_every=2), portraits(), seed=3, device=torch.device("cpu"))

    whole, first, second = stepper(), stepper(), stepper()
    for _ in range(8):
        whole.step()
    for _ in range(4):
        first.step()
    weights, optimizer, plain = first.state()
    copies = [{name: tensor.clone() for name, tensor in part.items()} for part in (weights, optimizer)]
    second.load_state(copies[0], copies[1], plain)
    for _ in range(4):
        second.step()
    wanted = whole.state()[0]
    for name, tensor in second.state()[0].items():
        assert torch.equal(tensor, wanted[name]), name


@pytest.mark.parametrize(
    "values", [{}, {"quantiser": "FSQ", "levels": "8-6-5"}, {"quantiser": "gradient", "start": "cube"}]
)
def test_a_snapshot_is_a_codec_and_a_reconstructor(values: dict[str, Any]) -> None:
    model = family(**values)
    model.losses("VQ-VAE", batch(), rng(), 0)
    model.after_step(0, ("VQ-VAE",), rng())
    tensors = {name: tensor.clone() for name, tensor in model.snapshot_tensors().items()}
    snapshot = ENTRY.open_snapshot(model.config, SPEC, tensors)
    assert isinstance(snapshot, Codec)
    assert isinstance(snapshot, Reconstructor)
    assert capabilities_of(snapshot) == ENTRY.capabilities
    x = batch(5).x
    codes = snapshot.encode(x)
    assert codes.shape == (8, 4, 4)
    assert int(codes.max()) < snapshot.codes.book
    torch.testing.assert_close(snapshot.decode_codes(codes), snapshot.reconstruct(x))
    torch.testing.assert_close(snapshot.reconstruct(x[2:3]), snapshot.reconstruct(x)[2:3], rtol=1e-4, atol=1e-5)
    assert snapshot.usage().sum() == 8 * 16
    again = ENTRY.open_snapshot(model.config, SPEC, snapshot.tensors())
    assert torch.equal(again.encode(x), codes)  # type: ignore[attr-defined]


def test_bits_per_dim_are_of_bytes_and_hold_the_cost_of_the_codes() -> None:
    model = family()
    x = (torch.randint(0, 256, (8, 3, 16, 16), generator=rng(1)).float() / 127.5) - 1
    model.network.error.fill_(0.3)
    snapshot = ENTRY.open_snapshot(model.config, SPEC, {k: v.clone() for k, v in model.snapshot_tensors().items()})
    bits = snapshot.bits_per_dim(x)  # type: ignore[attr-defined]
    assert bits.shape == (8,)
    codes = 16 * 5 / 768
    assert bool((bits > codes).all())
    assert float(bits.mean()) < 9.5 + codes


def test_a_codes_field_reaches_as_far_as_it_says() -> None:
    model = family(halvings=1, blocks=0)
    snapshot = ENTRY.open_snapshot(model.config, SPEC, {k: v.clone() for k, v in model.snapshot_tensors().items()})
    codes = torch.zeros(1, 8, 8, dtype=torch.int64)
    other = codes.clone()
    other[0, 4, 4] = 7
    change = (snapshot.decode_codes(other) - snapshot.decode_codes(codes)).abs().sum(dim=1)[0]  # type: ignore[attr-defined]
    rows = change.sum(dim=1).nonzero()
    assert int(rows.max() - rows.min()) + 1 == snapshot.codes.field == 8  # type: ignore[attr-defined]


def test_codes_are_revived_frozen_merged_and_the_edit_can_be_undone() -> None:
    model = family(restart_below=0.0)
    assert isinstance(model, TrainsCodebook)
    with pytest.raises(FamilyError, match="train one step first"):
        model.edit_codes("revive", torch.tensor([1]), rng())
    model.losses("VQ-VAE", batch(), rng(), 0)
    model.after_step(0, ("VQ-VAE",), rng())
    before = {name: tensor.clone() for name, tensor in model.book_state().items()}
    model.edit_codes("revive", torch.tensor([1, 2]), rng())
    changed = (model.book_state()["vectors"] != before["vectors"]).any(dim=1)
    assert changed.nonzero().flatten().tolist() == [1, 2]
    assert torch.equal(model.average.quantiser.book(), model.network.quantiser.book())
    model.restore_codes(torch.tensor([1, 2]), before)
    assert torch.equal(model.book_state()["vectors"], before["vectors"])
    with pytest.raises(FamilyError, match="at least two"):
        model.edit_codes("merge", torch.tensor([1]), rng())


def test_fsq_has_no_book_to_mend() -> None:
    with pytest.raises(FamilyError, match="FSQ"):
        family(quantiser="FSQ").edit_codes("freeze", torch.tensor([0]), rng())


@pytest.mark.parametrize(
    ("values", "spec", "sentence"),
    [
        ({}, SampleSpec((2,)), "choose a data set of pictures"),
        ({"halvings": 3}, SampleSpec((28, 28, 1)), "halved 3 times"),
        ({"codes": 4096}, SPEC, "fewer than the 4096 codes"),
    ],
)
def test_what_cannot_be_built_is_refused_with_a_sentence(
    values: dict[str, Any], spec: SampleSpec, sentence: str
) -> None:
    with pytest.raises(FamilyError, match=sentence):
        ENTRY.build(config_of(**values), spec)


def test_a_book_that_is_not_finite_is_not_opened() -> None:
    model = family()
    tensors = {name: tensor.clone() for name, tensor in model.snapshot_tensors().items()}
    tensors["net.quantiser.vectors"][3, 0] = math.nan
    with pytest.raises(ValueError, match="codebook of this model is not finite"):
        ENTRY.open_snapshot(model.config, SPEC, tensors)


def test_a_constant_data_set_trains() -> None:
    model = family()
    losses = model.losses("VQ-VAE", Batch(torch.zeros(8, 3, 16, 16), {}), rng(), 0)
    assert bool(losses.total.isfinite())


def test_every_preset_builds_for_the_grids_it_is_meant_for() -> None:
    for preset in ENTRY.presets:
        for size, channels in ((28, 1), (32, 3)):
            config = configure(ENTRY.config, preset.values, {"width": 16})
            built = ENTRY.build(config, SampleSpec((size, size, channels)))
            assert built.network.grid == size // 4  # type: ignore[attr-defined]
