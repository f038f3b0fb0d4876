"""The figures that Compare puts under its columns: what they are called, what they mean, and which are best.

References: SSIM by Wang et al. 2004, "Image quality assessment: from error visibility to structural similarity".
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from engine import Reconstructed
from explorer.explored import grouped
from explorer.text import mark, tr

DASH = "\u2013"
FIGURES = (
    (
        mark("PSNR (dB)"),
        mark("Peak signal-to-noise ratio: the full range squared over the mean squared error. Higher is better."),
    ),
    (mark("SSIM"), mark("How alike the structure of small windows is, 1 at most. Higher is better.")),
    (mark("L1"), mark("The mean difference, in parts of the full range. Lower is better.")),
    (
        mark("Bits/dim \u2264"),
        mark(
            "An upper bound of what each number of a picture costs where this model describes it: by the ELBO, or by "
            "the codes and what they leave over. Raw bytes cost 8. Lower is better."
        ),
    ),
    (
        mark("Code bits"),
        mark(
            "What the codes of one picture cost where all codes are as likely: places x log2 K. The latent of a VAE is "
            "continuous and has no such number. Fewer is better."
        ),
    ),
    (
        mark("ms/picture"),
        mark("Time to take a picture apart, put it together again and measure it, on this machine. Lower is better."),
    ),
)
DIGITS = (1, 3, 3, 2, 0, 1)  # behind the point, for each figure
HIGHER = (True, True, False, False, False, False)  # whether more is better


def numbers_of(answer: Reconstructed | None, bits: float | None) -> tuple[float | None, ...]:
    """The figures of a model, means over the pictures, in the order of `FIGURES`; `bits` are those of its codes."""
    if answer is None:
        return (None,) * len(FIGURES)
    measured = (answer.psnr_N, answer.ssim_N, answer.l1_N, answer.bits_N)
    means = tuple(float(np.mean(values)) for values in measured)
    return (*means, bits, answer.milliseconds / max(len(answer.samples), 1))


def best_of(columns: Sequence[tuple[float | None, ...]]) -> list[frozenset[int]]:
    """The figures of each column that no other beats, as far as the digits that are shown tell."""
    best: list[set[int]] = [set() for _ in columns]
    for k, higher in enumerate(HIGHER):
        rounded = {
            c: round(number, DIGITS[k])
            for c, numbers in enumerate(columns)
            if (number := numbers[k]) is not None and math.isfinite(number)
        }
        if len(rounded) > 1:
            top = max(rounded.values()) if higher else min(rounded.values())
            for c, number in rounded.items():
                if number == top:
                    best[c].add(k)
    return [frozenset(each) for each in best]


def words(figure: int, number: float | None) -> str:
    if number is None or math.isnan(number):
        return DASH
    if math.isinf(number):
        return "\u221e"
    return grouped(round(number)) if DIGITS[figure] == 0 else f"{number:.{DIGITS[figure]}f}"


def picture_words(answer: Reconstructed, row: int) -> str:
    """The numbers of one picture in a line."""
    numbers = (answer.psnr_N, answer.ssim_N, answer.l1_N, answer.bits_N)
    psnr, ssim, l1, bits = (words(k, float(values[row])) for k, values in enumerate(numbers))
    return tr("PSNR {psnr} dB, SSIM {ssim}, L1 {l1}, at most {bits} bits/dim", psnr=psnr, ssim=ssim, l1=l1, bits=bits)
