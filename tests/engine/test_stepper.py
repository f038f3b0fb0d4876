"""One training step: repeatable to the last bit, each phase alone, and safe against gradients that are not finite."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.data.dataset import ArraySource, Column, Dataset, Table
from engine.family import Families, UnknownNameError
from engine.knobs import KnobError, configure
from engine.stepper import NotFiniteError, StateError, Stepper, mix, to_model, to_samples


@pytest.fixture(scope="module")
def families() -> Families:
    return Families()


def points(count: int = 100) -> Dataset:
    angles = np.linspace(0.0, 2.0 * np.pi, count, endpoint=False, dtype=np.float32)
    samples = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    half = Column((np.arange(count) * 2 // count).astype(np.int16), ("upper", "lower"))
    return Dataset("circle", "Circle", "train", ArraySource(samples), (2,), Table({"half": half}), "0")


def stepper(families: Families, seed: int = 0, **knobs: object) -> Stepper:
    entry = families["gan_2014"]
    config = configure(entry.config, entry.preset("tiny").values, knobs)
    return Stepper(entry, config, points(), seed=seed, device=torch.device("cpu"))


def same(one: Stepper, other: Stepper) -> bool:
    (weights, optimizer, plain), (weights_2, optimizer_2, plain_2) = one.state(), other.state()
    return (
        plain == plain_2
        and weights.keys() == weights_2.keys()
        and optimizer.keys() == optimizer_2.keys()
        and all(torch.equal(value, weights_2[name]) for name, value in weights.items())
        and all(torch.equal(value, optimizer_2[name]) for name, value in optimizer.items())
    )


def copied(training: Stepper):
    weights, optimizer, plain = training.state()
    clones = ({name: value.clone() for name, value in part.items()} for part in (weights, optimizer))
    return (*clones, plain)


def test_training_on_goes_the_same_way_as_training_saving_loading_training(families: Families):
    whole, first, second = stepper(families), stepper(families), stepper(families, seed=0)
    for _ in range(10):
        whole.step()
    for _ in range(5):
        first.step()
    second.load_state(*copied(first))
    for _ in range(5):
        second.step()
    assert same(whole, second)


def test_the_global_random_state_plays_no_part(families: Families):
    one = stepper(families)
    torch.manual_seed(123)
    other = stepper(families)
    one.step()
    torch.rand(7)
    other.step()
    assert same(one, other)


def test_another_seed_is_another_training(families: Families):
    one, other = stepper(families, 0), stepper(families, 1)
    assert not same(one, other)


def test_an_epoch_shows_every_sample_once_also_across_its_end(families: Families):
    training = stepper(families, batch_size=30)
    seen = torch.cat([training.batch(step).x for step in range(10)])  # three epochs of 100 in ten batches of 30
    for epoch in range(3):
        order = np.lexsort(seen[epoch * 100 : (epoch + 1) * 100].numpy().T)
        found = seen[epoch * 100 : (epoch + 1) * 100].numpy()[order]
        assert np.array_equal(
            found, np.array(sorted(points().batch(np.arange(100)).tolist(), key=lambda p: p[::-1]), np.float32)
        )
    assert not torch.equal(seen[:100], seen[100:200])


def test_labels_belong_to_their_samples(families: Families):
    batch = stepper(families).batch(3)
    assert torch.equal(batch.labels["half"] == 1, batch.x[:, 1] < -1e-6) or bool(
        ((batch.labels["half"] == 1) == (batch.x[:, 1] < 1e-6))[batch.x[:, 1].abs() > 1e-6].all()
    )


@pytest.mark.parametrize(("moved", "kept"), [("D", "G"), ("G", "D")])
def test_one_phase_moves_only_its_own_network(families: Families, moved: str, kept: str):
    training = stepper(families)
    before = {name: value.clone() for name, value in training.state()[0].items()}
    training.step(only=moved)
    after = training.state()[0]
    assert all(torch.equal(before[name], after[name]) for name in before if name.startswith(f"{kept}."))
    assert any(not torch.equal(before[name], after[name]) for name in before if name.startswith(f"{moved}."))


def test_metrics_are_means_since_the_last_look(families: Families):
    training = stepper(families)
    each = []
    for _ in range(3):
        training.step()
        each.append(training.read_metrics()["loss/D"])
    again = stepper(families)
    for _ in range(3):
        again.step()
    assert again.read_metrics()["loss/D"] == pytest.approx(np.mean(each), rel=1e-5)
    assert again.read_metrics() == {}


def test_a_step_that_is_not_finite_changes_nothing_and_many_pause(families: Families):
    training = stepper(families)
    training.step()
    training.read_metrics()
    training.dataset = Dataset(
        "bad", "Bad", "train", ArraySource(np.full((100, 2), np.nan, np.float32)), (2,), training.dataset.table, "0"
    )
    before = {name: value.clone() for name, value in training.state()[0].items() if name.startswith("D.")}
    training.step(only="D")
    after = training.state()[0]
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert np.isnan(training.read_metrics()["loss/D"])
    for _ in range(5):
        training.step(only="D")
    training.read_metrics()
    with pytest.raises(NotFiniteError, match=r"^6 of the last 100 steps .* lower the learning rate"):
        training.check_finite()
    training.check_finite()  # it was told; whoever goes on gets another chance


def test_a_live_knob_changes_and_another_asks_for_a_new_run(families: Families):
    training = stepper(families)
    assert training.set_knob("lr_d", 0.05) != 0.05
    assert training.config.lr_d == 0.05
    with pytest.raises(KnobError, match="needs a new run"):
        training.set_knob("batch_size", 8)


def test_pictures_come_back_from_the_model_as_they_went_in():
    pixels = np.arange(2 * 4 * 5 * 3, dtype=np.uint8).reshape(2, 4, 5, 3) * 2
    x = to_model(torch.from_numpy(pixels))
    assert x.shape == (2, 3, 4, 5)
    assert float(x.min()) == -1.0
    assert np.array_equal(to_samples(x), pixels)


def test_mixed_seeds_differ_in_every_place():
    seeds = {mix(a, b, c) for a in range(10) for b in range(10) for c in range(10)}
    assert len(seeds) == 1000
    assert all(0 <= seed < 1 << 63 for seed in seeds)


class PlainAdam(torch.optim.Adam):
    """Adam tensor by tensor, which goes by strides; it does not know the flags of the fused one."""

    def step(self) -> None:
        del self.found_inf, self.grad_scale
        super().step()


@pytest.mark.parametrize("name", ["dcgan", "gan_modern"])
def test_a_step_is_that_of_a_plain_optimizer_whatever_the_memory_format(families: Families, name: str):
    """Fused Adam walks through memory: gradients in another memory format than their weights would be scrambled."""
    pixels = np.random.default_rng(0).integers(0, 256, (64, 16, 16, 3), np.uint8)
    dataset = Dataset("noise", "Noise", "train", ArraySource(pixels), (16, 16, 3), Table(), "0")
    entry = families[name]
    config = configure(entry.config, entry.preset("tiny").values)
    fused, plain = (Stepper(entry, config, dataset, seed=0, device=torch.device("cpu")) for _ in range(2))
    for phase in plain.phases:
        settings = phase.optimizer
        weights = [weight for weight in phase.module.parameters() if weight.requires_grad]
        plain.optimizers[phase.name] = PlainAdam(weights, settings.lr, betas=settings.betas, foreach=False)
    for _ in range(3):
        fused.step()
        plain.step()
    ours, theirs = fused.state()[0], plain.state()[0]
    for key, value in ours.items():
        assert torch.allclose(value.float(), theirs[key].float(), atol=2e-5), key


def test_resuming_keeps_the_memory_format_of_weights_and_optimizer(families: Families):
    pixels = np.random.default_rng(0).integers(0, 256, (64, 16, 16, 3), np.uint8)
    dataset = Dataset("noise", "Noise", "train", ArraySource(pixels), (16, 16, 3), Table(), "0")
    entry = families["gan_modern"]
    config = configure(entry.config, entry.preset("tiny").values)
    whole, half, rest = (Stepper(entry, config, dataset, seed=0, device=torch.device("cpu")) for _ in range(3))
    for _ in range(4):
        whole.step()
    for _ in range(2):
        half.step()
    weights, optimizer, plain = copied(half)
    contiguous = ({key: value.contiguous() for key, value in part.items()} for part in (weights, optimizer))
    rest.load_state(*contiguous, plain)
    for _ in range(2):
        rest.step()
    assert same(whole, rest)


def test_a_first_step_that_is_passed_over_leaves_no_trace_in_the_momentum(families: Families):
    """Fused SGD makes its momentum of uninitialised memory, and does not fill it in a step that it passes over."""
    training = stepper(families)
    good, bad = training.dataset, ArraySource(np.full((100, 2), np.nan, np.float32))
    training.dataset = Dataset("bad", "Bad", "train", bad, (2,), good.table, "0")
    training.step()
    momentum = [value for name, value in training.state()[1].items() if name.startswith("D.")]
    assert momentum
    assert not any(value.any() for value in momentum)


def test_a_phase_that_does_not_exist_is_no_step(families: Families):
    training = stepper(families)
    with pytest.raises(UnknownNameError, match="choose one of D, G"):
        training.step(only="E")
    assert training.step_number == 0


@pytest.mark.parametrize("wrong", ["size", "name", "some", "step"])
def test_a_state_that_does_not_fit_is_refused_before_it_is_used(families: Families, wrong: str):
    training = stepper(families)
    training.step()
    weights, optimizer, plain = training.state()
    optimizer, plain = dict(optimizer), dict(plain)
    first = next(name for name, value in optimizer.items() if value.ndim > 0)
    if wrong == "size":
        optimizer[first] = optimizer[first].reshape(-1)[:1]
    elif wrong == "name":
        optimizer["D.999.exp_avg"] = torch.zeros(3)
    elif wrong == "some":
        optimizer = {name: value for name, value in optimizer.items() if not name.startswith("D.0.")}
    else:
        del plain["step"]
    with pytest.raises(StateError):
        stepper(families).load_state(weights, optimizer, plain)


def pictures(count: int = 64) -> Dataset:
    samples = np.random.default_rng(0).integers(0, 256, (count, 32, 32, 3), dtype=np.uint8)
    return Dataset("noise", "Noise", "train", ArraySource(samples), (32, 32, 3), Table({}), "0")


def test_a_step_that_is_passed_over_leaves_the_running_statistics_as_they_were(
    families: Families, monkeypatch: pytest.MonkeyPatch
):
    entry = families["dcgan"]
    config = configure(entry.config, entry.preset("tiny").values)
    training = Stepper(entry, config, pictures(), seed=0, device=torch.device("cpu"))
    training.step()
    before = {name: value.clone() for name, value in training.state()[0].items() if "running" in name}
    batch = training.batch(1)
    monkeypatch.setattr(training, "batch", lambda *_: type(batch)(batch.x * float("nan"), batch.labels))
    training.step("D")
    after = training.state()[0]
    assert before
    assert all(torch.equal(value, after[name]) for name, value in before.items())
