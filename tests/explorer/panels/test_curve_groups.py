"""Curves that belong together share a plot."""

from __future__ import annotations

import math

import pytest

from explorer.panels.curve_groups import curve_title, grouped
from tests.explorer.panels.stage import run_facts


def test_the_metrics_of_a_gan_fall_into_plots_by_meaning() -> None:
    names = ["D(fake)", "D(real)", "R1", "V(G,D)", "gradient norm/D", "gradient norm/G", "loss/D", "loss/G", "steps/s"]
    groups = {group.kind.key: group for group in grouped(names)}
    assert list(groups) == ["loss", "opinion", "value", "gradient", "penalty", "speed"]
    assert groups["loss"].metrics == ("loss/D", "loss/G")
    assert groups["opinion"].metrics == ("D(real)", "D(fake)")
    assert groups["opinion"].kind.lines[0].y == 0.5
    assert groups["opinion"].kind.height == (0.0, 1.0)
    assert groups["value"].kind.lines[0].y == -math.log(4)
    assert groups["gradient"].kind.log


def test_a_relativistic_opinion_is_one_too() -> None:
    assert [group.kind.key for group in grouped(["D(real > fake)"])] == ["opinion"]


def test_unknown_metrics_share_a_plot_by_their_prefix() -> None:
    groups = grouped(["colour/red", "colour/green", "entropy", "loss/total"])
    assert [(group.kind.title, group.metrics) for group in groups] == [
        ("Loss", ("loss/total",)),
        ("Colour", ("colour/green", "colour/red")),
        ("Entropy", ("entropy",)),
    ]
    assert grouped([]) == []


@pytest.mark.parametrize(
    ("names", "plots"),
    [
        (
            ["ELBO", "KL", "active units", "bits/dim", "gradient norm/VAE", "loss/VAE", "reconstruction"],
            ["loss", "reconstruction", "kl", "elbo", "bits", "units", "gradient"],
        ),
        (
            ["PSNR", "codebook", "codebook/perplexity", "codebook/used", "commitment", "loss/VQ-VAE", "reconstruction"],
            ["loss", "reconstruction", "psnr", "perplexity", "used", "distance"],
        ),
        (
            [
                "argmax L1",
                "relaxed ELB",
                "relaxed-hard gap",
                "sampled ELB",
                "schedule/beta",
                "schedule/lr",
                "schedule/tau",
            ],
            ["elbo", "error", "gap", "temperature", "weight", "rate"],
        ),
        (["latent change", "loss/attributes", "loss/D", "straight"], ["loss", "straight", "change"]),
    ],
)
def test_every_metric_of_the_families_has_a_plot_of_its_kind(names: list[str], plots: list[str]) -> None:
    groups = grouped(names)
    assert [group.kind.key for group in groups] == plots
    assert sorted(name for group in groups for name in group.metrics) == sorted(names)


def test_lines_follow_from_the_knobs_of_the_runs() -> None:
    kinds = {group.kind.key: group.kind for group in grouped(["KL", "codebook/perplexity", "active units", "ELBO"])}
    small, large = (run_facts(values={"codes": codes}) for codes in (512, 8192))
    fsq = run_facts(values={"codes": 64, "quantiser": "FSQ", "levels": "8-8-8"})
    assert [line.y for line in kinds["perplexity"].lines_of([small, large, fsq])] == [512.0, 8192.0]
    assert kinds["perplexity"].lines_of([fsq])[0].title == "K = 512"
    assert [line.y for line in kinds["kl"].lines_of([large])] == [math.log(8192)]
    vae = run_facts(values={"z_size": 64})
    assert kinds["kl"].lines_of([vae]) == ()
    assert [line.y for line in kinds["units"].lines_of([vae])] == [64.0]
    assert kinds["elbo"].lines_of([small, vae]) == ()


def test_a_legend_leaves_out_what_the_plot_says_and_keeps_units() -> None:
    names = ["loss/D", "bits/dim", "steps/s", "KL"]
    assert [curve_title(name) for name in names] == ["D", "bits/dim", "steps/s", "KL"]
