"""Axes that read well: few ticks at round places, with short numbers or times beside them.

Subclasses of pyqtgraph's `AxisItem`; the axis decides only where the ticks are and what stands beside them.
"""

from __future__ import annotations

import math

import pyqtgraph as pg

from explorer.widgets.short_numbers import duration, short_number

SECONDS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 43200, 86400)


class NumberAxis(pg.AxisItem):
    """An axis of plain numbers, or of seconds while `in_seconds` is set."""

    def __init__(self, orientation: str) -> None:
        super().__init__(orientation, maxTickLength=-4)
        self.in_seconds = False
        self.enableAutoSIPrefix(False)

    def tickSpacing(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, float]]:
        if self.logMode or not self.in_seconds or maxVal - minVal < 4:
            return super().tickSpacing(minVal, maxVal, size)
        wanted = (maxVal - minVal) / max(2.0, size / 90)
        fitting = [s for s in SECONDS if s >= wanted]
        return [(fitting[0] if fitting else math.ceil(wanted / 86400) * 86400, 0)]

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:
        """Only the ticks that carry a number: finer ones cost more than the curves and say less."""
        if self.logMode:
            return [(1.0, _log_ticks(minVal, maxVal, size))]
        levels = super().tickValues(minVal, maxVal, size)
        found = next((level for level in levels if len(level[1]) > 1), levels[0] if levels else None)
        return [] if found is None else [found]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        if self.logMode:
            return [_power_text(value, self.in_seconds) for value in values]
        text = duration if self.in_seconds else short_number
        return [text(value * scale, spacing * scale) for value in values]

    def logTickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        return self.tickStrings(values, scale, spacing)


def _log_ticks(low: float, high: float, size: float) -> list[float]:
    """Exponents of the powers of ten in view; of 1, 2, 5 times them where those are few."""
    first, last = math.floor(low), math.ceil(high)
    stride = max(1, math.ceil((last - first) / max(size / 24, 1)))
    powers = [float(e) for e in range(first, last + 1, stride) if low <= e <= high]
    if len(powers) > 2 or high - low > 3:
        return powers
    steps = [e + math.log10(m) for e in range(first, last + 1) for m in (1, 2, 5)]
    return [step for step in steps if low <= step <= high]


def _power_text(exponent: float, in_seconds: bool) -> str:
    """10 ** exponent as a person writes it; nothing where no number is so large or small."""
    if abs(exponent) > 300:
        return ""
    return duration(10.0**exponent) if in_seconds else short_number(10.0**exponent)
