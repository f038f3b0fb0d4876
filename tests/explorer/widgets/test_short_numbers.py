"""Numbers in few characters: also where rounding carries them over a border, they read as what they are."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

from explorer.widgets.curve_box import value_text
from explorer.widgets.short_numbers import MINUS, duration, short_number

UNITS = {"": 1.0, "k": 1e3, "M": 1e6, "G": 1e9}
PLAIN = re.compile(r"(-?\d+(?:\.\d+)?)([kMG]?)")


def around_borders() -> list[float]:
    """Values at and just below and above each power of ten, and where three and four digits round up to it."""
    steps = (1 - 1e-12, 1 - 1e-9, 0.9999, 0.99951, 0.9995, 0.99949, 0.9994, 1.0, 1 + 1e-12, 1.0004, 1.0006, 1.5)
    powers = [10.0**exponent * step for exponent in range(-4, 12) for step in steps]
    rng = np.random.default_rng(0)
    return [*powers, *(10 ** rng.uniform(-3.9, 11.9, 2000)).tolist()]


def read(text: str) -> float:
    """What a person reads."""
    found = PLAIN.fullmatch(text)
    assert found, f"{text!r} is no number with a unit"
    return float(found[1]) * UNITS[found[2]]


@pytest.mark.parametrize("sign", [1, -1])
def test_three_digits_and_a_unit_say_the_number(sign: int) -> None:
    for value in around_borders():
        text = short_number(sign * value)
        if value < 9.995e-5:
            continue  # said with an exponent
        assert read(text) == pytest.approx(sign * value, rel=0.00501), text
        number, unit = PLAIN.fullmatch(text).groups()  # type: ignore[union-attr]
        assert abs(float(number)) < 1000 or unit == "G", f"{value!r} is {text}: a larger unit says it in less"
        assert abs(float(number)) >= 1 or not unit, f"{value!r} is {text}: a smaller unit says it in less"


def test_a_larger_number_never_reads_as_a_smaller_one() -> None:
    values = sorted(value for value in around_borders() if value >= 1e-4)
    said = [read(short_number(value)) for value in values]
    assert said == sorted(said)


def test_ticks_of_an_axis_are_told_apart_and_read_right() -> None:
    for exponent in range(-3, 10):
        for step in (1.0, 2.0, 5.0):
            spacing = step * 10.0**exponent
            for start in (0, 9, 95, 99, 198, 498, 998):
                ticks = [spacing * (start + k) for k in range(6)]  # with the errors of floats
                texts = [short_number(tick, spacing) for tick in ticks]
                assert len(set(texts)) == len(texts), texts
                assert [read(text) for text in texts] == pytest.approx(ticks, abs=spacing * 0.01), texts


@pytest.mark.parametrize(
    ("value", "spacing", "text"),
    [
        (999_999, 0, "1M"),
        (999.6, 0, "1k"),
        (999.4, 0, "999"),
        (-999_999, 0, "-1M"),
        (999_999_999, 0, "1G"),
        (1e12, 0, "1000G"),
        (999.9999999, 1, "1.000k"),
        (-0.04, 0.1, "0.0"),
    ],
)
def test_numbers_at_a_border(value: float, spacing: float, text: str) -> None:
    assert short_number(value, spacing) == text


def test_times_at_a_border() -> None:
    assert [duration(s) for s in (59.94, 59.96, 60.0, 3599.6)] == ["59.9 s", "1 min", "1 min", "1 h"]
    assert duration(59.96, 0.1) == "1 min"


def test_values_of_curves_at_a_border() -> None:
    assert [value_text(v) for v in (9999.4, 9999.6, 999_999.0, 9.996e11)] == ["9999", "10k", "1M", "1.00e12"]
    assert value_text(-999_999.0) == f"{MINUS}1M"
    for value in around_borders():
        assert "e" not in value_text(value) or value < 9.995e-5 or value >= 9.995e11
    assert value_text(math.nan) == "NaN"
