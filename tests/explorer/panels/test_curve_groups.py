"""Curves that belong together share a plot."""

from __future__ import annotations

import math

from explorer.panels.curve_groups import grouped


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
    groups = grouped(["codebook/perplexity", "codebook/used", "kl", "loss/total"])
    assert [(group.kind.title, group.metrics) for group in groups] == [
        ("Loss", ("loss/total",)),
        ("Codebook", ("codebook/perplexity", "codebook/used")),
        ("Kl", ("kl",)),
    ]
    assert grouped([]) == []
