"""The loss of a dVAE is what the paper minimises, every curve is what it is called, and training can be resumed."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch

from engine.families.dvae import family as dvae_family
from engine.families.dvae.family import Dvae
from engine.family import Batch, FamilyEntry, FamilyError, Losses, SampleSpec, TrainsCodebook
from engine.knobs import configure
from engine.nn.logit_laplace import negative_log_likelihood, phi
from engine.stepper import Stepper

MakeDvae = Callable[..., Dvae]
MakeStepper = Callable[..., Stepper]


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def numbers(losses: Losses) -> dict[str, float]:
    return {name: value.item() for name, value in losses.terms.items()}


# ------------------------------------------------------------------------------------------------------ scale and sign


@pytest.mark.parametrize(
    ("size", "halvings", "weight"), [(256, 3, 6.6 / 192), (32, 2, 6.6 * 64 / 3072), (64, 3, 6.6 / 192)]
)
def test_the_kl_counts_in_the_units_of_a_sub_pixel(make_dvae: MakeDvae, size: int, halvings: int, weight: float):
    family = make_dvae(SampleSpec((size, size, 3)), halvings=halvings, beta=6.6, beta_steps=5000)
    assert family.kl_weight(5000) == pytest.approx(weight, rel=1e-12)
    assert family.kl_weight(2500) == pytest.approx(weight / 2, rel=1e-12)
    assert family.kl_weight(0) == 0


def test_the_loss_is_the_paper_s_sum_divided_by_the_numbers_of_a_picture(make_dvae: MakeDvae, batch: Batch):
    """-ln p summed over a picture plus beta times the KL summed over its grid, over H W C: a sum, not our means."""
    family = make_dvae(beta=6.6, beta_steps=0)
    losses = family.losses("dVAE", batch, rng(), 0)
    terms = numbers(losses)
    per_picture = terms["reconstruction"] * 768 + 6.6 * terms["KL"] * 16
    assert losses.total.item() == pytest.approx(per_picture / 768, rel=1e-5)
    assert terms["loss/dVAE"] == losses.total.item()
    bigger = Batch(batch.x.repeat(3, 1, 1, 1), {})
    kl = family.losses("dVAE", bigger, rng(), 0).terms["KL"].item()
    assert kl == pytest.approx(terms["KL"], rel=1e-4), "the KL of a place does not grow with the batch"


def test_the_kl_is_of_the_encoder_s_logits_whatever_tau_is(make_dvae: MakeDvae, batch: Batch):
    family = make_dvae()
    logits = family.network.logits(phi((batch.x + 1) / 2, 0.1))
    entropy = torch.distributions.Categorical(logits=logits).entropy().mean().item()
    for tau in (1.0, 0.1):
        family.set_config(configure(type(family.config), vars(family.config), {"tau_start": tau, "tau_end": tau}))
        found = numbers(family.losses("dVAE", batch, rng(), 0))["KL"]
        assert found == pytest.approx(math.log(64) - entropy, rel=1e-4)
        assert 0 < found < math.log(64)


def test_preferring_some_codes_costs_what_the_mean_choice_is_from_uniform(make_dvae: MakeDvae, batch: Batch):
    """0 where a batch uses all codes alike, log K where it uses one; the paper has no such term."""
    plain, spread = make_dvae(beta_steps=0), make_dvae(beta_steps=0, beta_usage=3.0)
    spread.network.load_state_dict(plain.network.state_dict())
    logits = plain.network.logits(phi((batch.x + 1) / 2, 0.1))
    mean_K = logits.softmax(dim=-1).flatten(0, -2).mean(dim=0)
    cost = (mean_K * mean_K.log()).sum().item() + math.log(len(mean_K))
    difference = spread.losses("dVAE", batch, rng(), 0).total - plain.losses("dVAE", batch, rng(), 0).total
    assert difference.item() == pytest.approx(3.0 * cost * 16 / 768, rel=1e-4)
    assert cost > 0


def test_more_pixels_explained_and_fewer_nats_spent_are_a_smaller_loss(make_dvae: MakeDvae, batch: Batch):
    """The signs: descending the loss must bring both of its parts down."""
    for part, knobs in (("reconstruction", {"beta": 0.0}), ("KL", {"beta": 100.0})):
        family = make_dvae(beta_steps=0, tau_start=1.0, tau_end=1.0, **knobs)
        with torch.no_grad():
            family.network.encoder.output.weight.mul_(3)
        first = numbers(family.losses("dVAE", batch, rng(), 0))[part]
        optimizer = torch.optim.Adam(family.network.parameters(), 5e-3)
        for _ in range(10):
            optimizer.zero_grad()
            family.losses("dVAE", batch, rng(), 0).total.backward()
            optimizer.step()
        assert numbers(family.losses("dVAE", batch, rng(), 0))[part] < first - 0.01


# ----------------------------------------------------------------------------------------------------------- the curves


def test_the_bounds_are_told_apart(make_dvae: MakeDvae, batch: Batch):
    family = make_dvae(look_every=5, beta=6.6, beta_steps=0)
    terms = numbers(family.losses("dVAE", batch, rng(), 10))
    assert terms["relaxed ELB"] == pytest.approx(-(terms["reconstruction"] + terms["KL"] * 16 / 768), rel=1e-5)
    assert terms["relaxed-hard gap"] == pytest.approx(terms["relaxed ELB"] - terms["sampled ELB"], abs=1e-6)
    assert 0 < terms["argmax L1"] < 1
    between = family.losses("dVAE", batch, rng(), 11).terms
    assert terms.keys() - between.keys() == {"sampled ELB", "relaxed-hard gap", "argmax L1"}
    assert all(value.ndim == 0 and not value.requires_grad for value in between.values())


def test_the_sampled_elb_is_of_codes_drawn_with_noise_and_the_reconstruction_is_not(make_dvae: MakeDvae, batch: Batch):
    """models.md E10: the most likely codes would make the bound look better than it is."""
    family = make_dvae(beta=1.0, beta_steps=0)
    terms = numbers(family.losses("dVAE", batch, rng(3), 0))
    with torch.no_grad():
        x = phi((batch.x + 1) / 2, 0.1)
        logits = family.network.logits(x)
        noise = -(-torch.rand(logits.shape, generator=rng(3)).log()).log()
        by_codes = {}
        for name, codes in (("drawn", (logits + noise).argmax(dim=-1)), ("likely", logits.argmax(dim=-1))):
            mu, ln_b = family.network.pixels_of_codes(codes)
            cost = negative_log_likelihood(x, mu, ln_b).mean().item()
            by_codes[name] = (-(cost + terms["KL"] * 16 / 768), (mu.sigmoid() - 0.1) / 0.8)
    assert terms["sampled ELB"] == pytest.approx(by_codes["drawn"][0], rel=1e-4)
    assert terms["sampled ELB"] != pytest.approx(by_codes["likely"][0], rel=1e-4)
    error = (by_codes["likely"][1].clamp(0, 1) - (batch.x + 1) / 2).abs().mean().item()
    assert terms["argmax L1"] == pytest.approx(error, rel=1e-4)


def test_at_a_cold_end_the_gap_closes(make_dvae: MakeDvae, batch: Batch):
    gaps = []
    for tau in (1.0, 1 / 16, 0.0):
        family = make_dvae(tau_start=tau, tau_end=tau)
        gaps.append(abs(numbers(family.losses("dVAE", batch, rng(), 0))["relaxed-hard gap"]))
    assert gaps[0] > gaps[1] > gaps[2]
    assert gaps[2] == pytest.approx(0, abs=1e-5)


def test_the_schedules_are_shown_and_obeyed(entry: FamilyEntry, make_dvae: MakeDvae, batch: Batch):
    family = make_dvae()
    paper = configure(entry.config, {"codes": 64, "vector": 16, "width": 8, "halvings": 2, "batch_size": 4})
    family.set_config(paper)
    for step, tau, beta in ((0, 1.0, 0.0), (2_500, None, 3.3), (75_000, 0.53125, 6.6), (150_000, 1 / 16, 6.6)):
        terms = numbers(family.losses("dVAE", batch, rng(), step))
        assert tau is None or terms["schedule/tau"] == pytest.approx(tau)
        assert terms["schedule/beta"] == pytest.approx(beta)
        assert terms["schedule/lr"] == pytest.approx(family.rates("dVAE", step)["lr"])
    assert family.rates("dVAE", 0) == {"lr": pytest.approx(1e-4), "weight_decay": 1e-4}
    assert family.rates("dVAE", 1_200_000)["lr"] == pytest.approx(1.25e-6)
    (phase,) = family.phases()
    assert (phase.name, phase.optimizer.kind, phase.optimizer.betas) == ("dVAE", "adamw", (0.9, 0.999))


# ------------------------------------------------------------------------------------------------------------- training


def test_the_same_state_and_generator_give_the_same_bits(make_dvae: MakeDvae, batch: Batch):
    before = torch.get_rng_state()
    one, other, third = (make_dvae().losses("dVAE", batch, rng(seed), 0) for seed in (4, 4, 5))
    assert torch.equal(torch.get_rng_state(), before), "training must not use the global random numbers"
    assert torch.equal(one.total, other.total)
    assert not torch.equal(one.total, third.total)


def test_training_on_goes_the_same_way_as_training_saving_loading_training(make_stepper: MakeStepper):
    whole, first, second = make_stepper(), make_stepper(), make_stepper(seed=0)
    for stepper in (whole, first):
        stepper.step()
        stepper.family.edit_codes("freeze", torch.tensor([3]), rng())
    for _ in range(5):
        whole.step()
    for _ in range(2):
        first.step()
    weights, optimizer, plain = first.state()
    second.load_state(
        {name: value.clone() for name, value in weights.items()},
        {name: value.clone() for name, value in optimizer.items()},
        plain,
    )
    for _ in range(3):
        second.step()
    (weights, optimizer, plain), (weights_2, optimizer_2, plain_2) = whole.state(), second.state()
    assert plain == plain_2
    for kept, again in ((weights, weights_2), (optimizer, optimizer_2)):
        assert kept.keys() == again.keys()
        assert all(torch.equal(value, again[name]) for name, value in kept.items())
    assert {"net.encoder.input.weight", "net_ema.off", "usage.window_RK"} <= weights.keys()


def test_it_learns_to_reconstruct_and_to_use_its_codes(make_stepper: MakeStepper):
    stepper = make_stepper(batch_size=16, beta=0.2, look_every=1, tau_steps=80, tau_end=0.2, lr_start=1e-2)
    stepper.step()
    first = stepper.read_metrics()
    for _ in range(39):
        stepper.step()
    stepper.read_metrics()
    stepper.step()
    last = stepper.read_metrics()
    assert last["reconstruction"] < first["reconstruction"] - 0.5
    assert last["argmax L1"] < first["argmax L1"] * 0.7
    assert last["sampled ELB"] > first["sampled ELB"] + 0.4
    assert last["KL"] > 2


def test_the_shown_weights_are_a_running_mean(make_dvae: MakeDvae, batch: Batch):
    family = make_dvae(ema=0.5)
    book = family.average.book().clone()
    with torch.no_grad():
        family.network.decoder.input.weight.add_(1.0)
    family.losses("dVAE", batch, rng(), 1000)
    family.after_step(1000, ("dVAE",), rng())
    torch.testing.assert_close(family.average.book(), book + 0.5)


def test_usage_counts_the_most_likely_codes_of_every_step(make_dvae: MakeDvae, batch: Batch):
    family = make_dvae()
    assert isinstance(family, TrainsCodebook)
    codes = family.network.logits(phi((batch.x + 1) / 2, 0.1)).argmax(dim=-1)
    for step in range(3):
        family.losses("dVAE", batch, rng(step), step)
        family.after_step(step, ("dVAE",), rng())
    assert torch.equal(family.usage()[0], 3 * torch.bincount(codes.flatten(), minlength=64))
    assert family.usage().shape == (2, 64)


def test_it_says_what_pictures_it_takes(make_dvae: MakeDvae):
    with pytest.raises(FamilyError, match="multiple of 8"):
        make_dvae(SampleSpec((28, 28, 1)), halvings=3)
    with pytest.raises(FamilyError, match="points"):
        make_dvae(SampleSpec((2,)))
    make_dvae(SampleSpec((24, 40, 1)))
    assert dvae_family.NAME == "dVAE"


def test_a_gradient_longer_than_the_clip_is_made_that_long(make_stepper: MakeStepper):
    for clip in (0.01, 0.0):
        stepper = make_stepper(clip=clip)
        stepper.step()
        (phase,) = stepper.phases
        norm = torch.nn.utils.get_total_norm([p.grad for p in phase.module.parameters() if p.grad is not None]).item()
        told = stepper.read_metrics()["gradient norm/dVAE"]
        assert told > 0.01
        assert norm == pytest.approx(clip or told, rel=1e-3)
