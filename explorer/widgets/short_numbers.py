"""Numbers and times in few characters: 12k instead of 12000, 5 min instead of 300 s, 0.001 instead of 1e-3."""

from __future__ import annotations

import math

MINUS = "\u2212"  # as long as a plus, unlike the hyphen
UNITS = ((1.0, ""), (1e3, "k"), (1e6, "M"), (1e9, "G"))


def short_number(value: float, spacing: float = 0.0) -> str:
    """A number in few characters: 12.5k, 0.02, 3e-07. `spacing` between neighbours decides the digits; 0: three."""
    if value == 0 or abs(value) < spacing * 1e-6:
        return "0"
    if not math.isfinite(value):
        return str(value)
    if abs(value) < 1e-3 and spacing < 1e-3:
        return f"{value:.3g}" if not spacing else f"{value:.2g}"
    for size, unit in UNITS:
        said = _plain(value / size, spacing / size)
        if max(abs(float(said)), spacing / size) < 1000:  # as it reads: 999 999 in three digits is 1M
            return f"{said}{unit}"
    return f"{said}{unit}"


def _plain(value: float, spacing: float) -> str:
    if not spacing:
        rounded = float(f"{value:.3g}")
        return f"{rounded:g}" if abs(rounded) < 1000 else f"{rounded:.0f}"
    digits = max(0, math.ceil(-math.log10(spacing) - 1e-9))
    return f"{value:z.{digits}f}"


def duration(seconds: float, spacing: float = 0.0) -> str:
    """A time in one unit, or in two where the second says something: 45 s, 5 min, 1 h 30."""
    if spacing < 1 and seconds < 60 and float(text := short_number(seconds, spacing)) < 60:
        return f"{text} s" if seconds else "0"
    whole = round(seconds)
    if whole == 0:
        return "0"
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        minutes, rest = divmod(whole, 60)
        return f"{minutes}:{rest:02d}" if rest else f"{minutes} min"
    hours, rest = divmod(whole, 3600)
    return f"{hours} h {rest // 60:02d}" if rest >= 60 else f"{hours} h"
