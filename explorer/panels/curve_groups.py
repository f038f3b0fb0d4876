"""Which curves belong into one plot: those that a person compares, with the levels that theory names for them.

References: Goodfellow et al. 2014 (arXiv 1406.2661), section 4: at the optimum D = 1/2 everywhere and
V(G, D) = -log 4.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from explorer.text import mark
from explorer.widgets.plot_overlay import TheoryLine
from explorer.widgets.short_numbers import MINUS


@dataclass(frozen=True)
class Kind:
    """A plot that many families fill. `pattern` finds its metrics; `log` starts with a logarithmic height; `height`
    is fixed where the values have natural limits."""

    key: str
    title: str
    pattern: str
    lines: tuple[TheoryLine, ...] = ()
    log: bool = False
    height: tuple[float, float] | None = None


@dataclass(frozen=True)
class Group:
    """One plot: its kind and the names of its metrics."""

    kind: Kind
    metrics: tuple[str, ...]


HALF = (TheoryLine(0.5, "D = 1/2"),)

KINDS = (
    Kind("loss", mark("Loss"), r"loss(/|$)|.*[ _/]loss$"),
    Kind("opinion", mark("D on real and fake"), r"D\((real|fake).*\)$", HALF, height=(0.0, 1.0)),
    Kind("value", mark("V(G, D)"), r"V\(G, ?D\)$", (TheoryLine(-math.log(4), f"{MINUS}log 4"),)),
    Kind("gradient", mark("Gradient norm"), r"grad(ient)?[ _]?norm(/|$)", log=True),
    Kind("penalty", mark("Gradient penalty"), r"R[12]$|.*penalty$", log=True),
    Kind("rate", mark("Learning rate"), r"(lr|learning rate|momentum)(/|$)"),
    Kind("speed", mark("Speed"), r".*(/s|per second|throughput)$"),
)


def grouped(names: Iterable[str]) -> list[Group]:
    """The plots for these metrics: known kinds in the order of `KINDS`, then one for each prefix before "/"."""
    found: dict[str, list[str]] = {}
    kinds = {kind.key: kind for kind in KINDS}
    for name in sorted(set(names), key=_order):
        kind = next((each for each in KINDS if re.match(each.pattern, name)), None)
        if kind is None:
            title = name.split("/")[0]
            kind = kinds.setdefault(f"own:{title}", Kind(f"own:{title}", title[:1].upper() + title[1:], ""))
        found.setdefault(kind.key, []).append(name)
    return [Group(kind, tuple(found[key])) for key, kind in kinds.items() if key in found]


def _order(name: str) -> tuple[int, str]:
    """ "real" stands before "fake", the rest by name."""
    return ("real" not in name, name)
