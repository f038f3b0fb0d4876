"""Typed expressions: what is allowed is computed, everything else gets one sentence with its column."""

from __future__ import annotations

import ast
import contextlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.expression import ExpressionError, UnfinishedError, compute, parse
from engine.latent import lerp, slerp

SLOTS = {"A": np.array([1.0, 0.0]), "B": np.array([0.0, 2.0]), "C": np.array([3.0, -1.0])}
BETWEEN = {"slerp": slerp, "lerp": lerp}


def value(text: str) -> np.ndarray:
    return compute(parse(text, tuple(SLOTS)), SLOTS, BETWEEN)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("mean(A) - mean(B) + mean(C)", (4, -3)),
        ("A", (1, 0)),
        ("  -A*2 +\tB/(1+3)\n", (-2, 0.5)),
        ("2e-1 * (A + B) - .5*C", (-1.3, 0.9)),
        ("+C", (3, -1)),
        ("lerp(A, B + C, 1/2)", (2, 0.5)),
        ("slerp(mean(A), 0.5*B, 0.5)", (0.70710678, 0.70710678)),
        ("A * (2 - 3)", (-1, 0)),
    ],
)
def test_arithmetic_means_what_it_says(text, result):
    np.testing.assert_allclose(value(text), result, atol=1e-8)


def test_an_expression_knows_the_slots_it_uses():
    assert parse("C - mean(A) + C", "ABC").slots == ("C", "A")


@pytest.mark.parametrize(
    ("text", "column", "what"),
    [
        ("", 1, "empty"),
        ("   ", 1, "empty"),
        ("A +*", 4, "does not belong"),
        ("mean(A) - mean(Q", 16, "no slot 'Q'"),
        ("(A + D", 6, "no slot 'D'"),
        ("A) + B", 2, "does not belong"),
        ("A B", 3, "does not belong"),
        ("A + D", 5, "no slot 'D'"),
        ("  mean(Q)", 8, "no slot 'Q'"),
        ("2A", 2, "an operator between"),
        ("A + 3 - B", 5, "cannot be added"),
        ("A B +", 3, "does not belong"),
        ("A * B", 5, "cannot be multiplied"),
        ("1 / A", 5, "cannot divide"),
        ("A / 0", 5, "divides by zero"),
        ("A / (1 - 1)", 6, "divides by zero"),
        ("A ** 2", 3, "'**' is not known"),
        ("A // 2", 3, "'//' is not known"),
        ("A @ B", 3, "'@' is not known"),
        ("A[0]", 2, "is not known"),
        ("A.shape", 1, "not known"),
        ("A and B", 1, "not known"),
        ("sum(A)", 1, "not a function ('sum')"),
        ("mean(A + B)", 6, "name of a slot"),
        ("mean(A, B)", 1, "takes one slot"),
        ("slerp(A, B)", 1, "two pictures and a number"),
        ("slerp(A, B, C)", 13, "a picture stands where a number belongs"),
        ("slerp(A, 2, 1)", 10, "a number stands where a picture belongs"),
        ("1 + 2", 1, "the result is a number"),
        ("1e999 * A", 1, "at most a million"),
        ("True * A", 1, "not a number"),
        ("A" + " + A" * 100, 301, "at most 300"),
    ],
)
def test_everything_else_gets_one_sentence_with_its_column(text, column, what):
    with pytest.raises(ExpressionError) as caught:
        parse(text, ("A", "B", "C"))
    message = str(caught.value)
    assert message.startswith(f"Column {column}: ")
    assert what in message
    assert "use A, B, C, numbers" in message
    assert not isinstance(caught.value, UnfinishedError)
    assert "\n" not in message


@pytest.mark.parametrize(
    ("text", "ending"),
    [
        ("mean(A) - ", "A"),
        (" A +", "A"),
        ("-", "A"),
        ("A / ", "0.5"),
        ("(A", ")"),
        ("((A + B) * 2", ")"),
        ("m", "ean(A)"),
        ("A - mean", "(A)"),
        ("mean(", "A)"),
        ("slerp(A", ", C, 0.5)"),
        ("lerp(A, B, ", "0.5)"),
        ("0.5", " * A"),
        ("A + 3", " * A"),
    ],
)
def test_what_is_not_finished_is_told_calmly_how_it_could_go_on(text, ending):
    with pytest.raises(UnfinishedError) as caught:
        parse(text, ("A", "B", "C"))
    assert str(caught.value) == f'Not finished yet: it could go on with "{ending}".'
    assert parse(text + ending, ("A", "B", "C"))


@pytest.mark.parametrize(
    "text", ["mean(A) - mean(B) + mean(C)", "slerp(mean(A), (B + C) / 2, 0.5)", "-(A - B) * 0.5 + lerp(A, C, 1/3)"]
)
def test_whoever_types_a_right_expression_is_never_told_of_a_mistake(text):
    for length in range(1, len(text)):
        with contextlib.suppress(UnfinishedError):
            parse(text[:length], ("A", "B", "C"))


def test_columns_count_characters_and_not_bytes():
    with pytest.raises(ExpressionError, match=r"^Column 6: there is no slot '값'"):
        parse("안경 - 값", ("안경",))


def test_without_slots_the_sentence_says_so():
    with pytest.raises(ExpressionError, match="there are none yet"):
        parse("A", ())


@given(st.text(alphabet="ABC()+-*/.,01e \tmeansl[]'\"\\:=@", max_size=40))
@settings(derandomize=True, deadline=None)
def test_whatever_is_typed_is_an_arithmetic_or_gets_a_sentence(text):
    with contextlib.suppress(ExpressionError):
        expression = parse(text, ("A", "B", "C"))
        assert isinstance(expression.tree, ast.expr)
        assert np.shape(compute(expression, SLOTS, BETWEEN)) == (2,)
