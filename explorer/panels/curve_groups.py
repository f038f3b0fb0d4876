"""Which curves belong into one plot: those that a person compares, with the levels that theory names for them.

References: Goodfellow et al. 2014 (arXiv 1406.2661), section 4: at the optimum D = 1/2 everywhere and
V(G, D) = -log 4. A code out of K costs log K nats where it is certain and all were as likely (van den Oord et al. 2017,
arXiv 1711.00937, section 3.2), and no book has a perplexity above K. A byte of which nothing is known costs 8 bits.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from engine import KnobValue, RunFacts
from explorer.text import mark
from explorer.widgets.plot_overlay import TheoryLine
from explorer.widgets.short_numbers import MINUS

Values = Mapping[str, KnobValue]  # the knobs of a run
Level = Callable[[Values], TheoryLine | None]


@dataclass(frozen=True)
class Kind:
    """A plot that many families fill. `pattern` finds its metrics; `lines` are the same for every run, `levels` follow
    from its knobs; `log` starts with a logarithmic height; `height` is fixed where the values have natural limits."""

    key: str
    title: str
    pattern: str
    lines: tuple[TheoryLine, ...] = ()
    levels: tuple[Level, ...] = ()
    log: bool = False
    height: tuple[float, float] | None = None

    def lines_of(self, runs: Iterable[RunFacts]) -> tuple[TheoryLine, ...]:
        """The levels that theory names for these runs, each once."""
        found = [level(run.values) for run in runs for level in self.levels]
        return tuple(dict.fromkeys((*self.lines, *(line for line in found if line is not None))))


@dataclass(frozen=True)
class Group:
    """One plot: its kind and the names of its metrics."""

    kind: Kind
    metrics: tuple[str, ...]


def _codes(values: Values) -> int:
    """How many codes the book of a run has (K); 0 for a model without one."""
    if values.get("quantiser") == "FSQ":
        return math.prod(int(level) for level in str(values.get("levels", "0")).split("-"))
    return int(values.get("codes", 0))


def _log_codes(values: Values) -> TheoryLine | None:
    codes = _codes(values)
    return TheoryLine(math.log(codes), f"log K, K = {codes}") if codes else None


def _all_codes(values: Values) -> TheoryLine | None:
    codes = _codes(values)
    return TheoryLine(float(codes), f"K = {codes}") if codes else None


def _all_units(values: Values) -> TheoryLine | None:
    units = int(values.get("z_size", 0))
    return TheoryLine(float(units), f"Z = {units}") if units else None


HALF = (TheoryLine(0.5, "D = 1/2"),)
BYTE = (TheoryLine(8.0, "log\u2082 256"),)
SHARE = (0.0, 1.0)

KINDS = (
    Kind("loss", mark("Loss"), r"loss(/|$)|.*[ _/]loss$"),
    Kind("reconstruction", mark("Reconstruction"), r"reconstruction$"),
    Kind("kl", mark("KL divergence (nats)"), r"KL$", levels=(_log_codes,)),
    Kind("elbo", mark("Evidence lower bound (nats)"), r"ELBO$|(relaxed|sampled) ELB$"),
    Kind("bits", mark("Bits per dimension"), r"bits/dim$", BYTE),
    Kind("psnr", mark("PSNR (dB)"), r"PSNR$"),
    Kind("error", mark("L1 of hard codes"), r"argmax L1$"),
    Kind("gap", mark("Relaxed less sampled bound"), r"relaxed-hard gap$"),
    Kind("perplexity", mark("Perplexity of the codes"), r"codebook/perplexity$", levels=(_all_codes,), log=True),
    Kind("used", mark("Share of codes in use"), r"codebook/used$", height=SHARE),
    Kind("distance", mark("Distance of vectors and codes"), r"(codebook|commitment)$", log=True),
    Kind("units", mark("Active units"), r"active units$", levels=(_all_units,)),
    Kind("opinion", mark("D on real and fake"), r"D\((real|fake).*\)$", HALF, height=SHARE),
    Kind("value", mark("V(G, D)"), r"V\(G, ?D\)$", (TheoryLine(-math.log(4), f"{MINUS}log 4"),)),
    Kind("straight", mark("Straight borders: how often map and D agree"), r"straight$", height=SHARE),
    Kind("change", mark("Change of samples nearby"), r"latent change$"),
    Kind("gradient", mark("Gradient norm"), r"grad(ient)?[ _]?norm(/|$)", log=True),
    Kind("penalty", mark("Gradient penalty"), r"R[12]$|.*penalty$", log=True),
    Kind("temperature", mark("Temperature"), r"schedule/tau$"),
    Kind("weight", mark("Weight of the KL divergence"), r"schedule/beta$"),
    Kind("rate", mark("Learning rate"), r"(schedule/)?(lr|learning rate|momentum)(/|$)"),
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


def curve_title(name: str) -> str:
    """What the legend calls a metric in its plot: without the prefix that the plot says, but "bits/dim" as it is."""
    return name if re.search(r"/(dim|s)$", name) else name.split("/", 1)[-1]
