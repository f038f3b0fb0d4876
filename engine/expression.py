"""Typed expressions over slots, such as "mean(A) - mean(B) + 0.5 * C": checked before anything is computed.

An expression is read by Python's own parser (`ast`, never `eval`) and then by a checker that knows a short list of
allowed things, so that whatever is typed is either an arithmetic of faces or gets one sentence that names the column.
"""

from __future__ import annotations

import ast
import contextlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
Between = Callable[[Doubles, Doubles, float], Doubles]

LONGEST = 300  # characters; also keeps the tree shallow enough to walk


class ExpressionError(ValueError):
    """An expression that is not an arithmetic over slots; the message names the column and what is allowed."""


class UnfinishedError(ExpressionError):
    """An expression that is right so far and ends too early; the message says what it could go on with."""


_Kind = Literal["vector", "number"]


@dataclass(frozen=True)
class Expression:
    """An expression that was checked: `slots` are the names it uses, in the order of their first use."""

    text: str
    slots: tuple[str, ...]
    tree: ast.expr


def parse(expression: str, slot_names: Sequence[str]) -> Expression:
    """Check a typed expression over slots, for example "mean(A) - mean(B) + 0.5 * C".

    A name is its slot's mean, with or without `mean(...)`. Vectors are added and subtracted, and multiplied with and
    divided by numbers; `slerp(A, B, 0.5)` and `lerp(A, B, 0.5)` lie between two vectors.

    Raises:
        UnfinishedError: where something that is still to be typed makes it right, with an example.
        ExpressionError: with the column (counted from 1) and what is allowed.
    """
    text, names = re.sub(r"\s", " ", expression), tuple(slot_names)
    try:
        return _Checker(text, names).checked()
    except ExpressionError:
        closing = _closing(text, names[-1]) if names and text.strip() else None
        if closing is None:
            raise
        ending = _ending(text, names, closing)
        if ending:
            raise UnfinishedError(f'Not finished yet: it could go on with "{ending}".') from None
        if not closing or len(text + closing) > LONGEST:
            raise
    return _Checker(text + closing, names).checked()  # the mistake is another one than the open bracket


def _ending(text: str, names: tuple[str, ...], closing: str) -> str:
    """What makes the beginning of an expression a whole one; empty where nothing does."""
    number: tuple[str, ...] = () if text[-1].isalnum() else ("0.5", f"0.5 * {names[0]}")
    operands = ("", names[0], *number, f" * {names[0]}", *_rests_of_name(text, names))
    for ending in dict.fromkeys(operand + closing for operand in operands):
        with contextlib.suppress(ExpressionError):
            _Checker(text + ending, names).checked()
            return ending
    return ""


def _closing(text: str, name: str) -> str | None:
    """The arguments, `name` and numbers, and brackets that are missing at the end; None where one closes too early."""
    missing: list[int] = []  # for each open bracket, how many arguments its function still takes
    for match in re.finditer(r"((?:slerp|lerp)\s*)?\(|[),]", text):
        if match.group().endswith("("):
            missing.append(2 if match.group(1) else 0)
        elif not missing:
            return None
        elif match.group() == ",":
            missing[-1] -= 1
        else:
            missing.pop()
    arguments = ("", ", 0.5", f", {name}, 0.5")
    return "".join(arguments[max(count, 0)] + ")" for count in reversed(missing))


def _rests_of_name(text: str, names: tuple[str, ...]) -> list[str]:
    """How a name goes on that was begun at the end of the text."""
    begun = re.search(r"[^\W\d]\w*$", text)
    if begun is None:
        return []
    calls = {"mean": f"({names[0]})", **dict.fromkeys(("slerp", "lerp"), f"({names[0]}, {names[-1]}, 0.5)")}
    wholes = [*names, *(name + call for name, call in calls.items())]
    return [whole[len(begun.group()) :] for whole in wholes if whole.startswith(begun.group())]


class _Checker:
    """Walks the tree of one expression once and finds the first thing that is not allowed."""

    def __init__(self, text: str, names: tuple[str, ...]) -> None:
        self.text, self.names = text, names
        self.used: dict[str, None] = {}

    def fail(self, column: int, what: str) -> ExpressionError:
        names = ", ".join(self.names) or "slots (there are none yet)"
        first, last = (self.names[0], self.names[-1]) if self.names else ("A", "B")
        allowed = f"{names}, numbers, + - * / ( ), mean({first}), slerp({first}, {last}, 0.5), lerp"
        return ExpressionError(f"Column {column}: {what}; use {allowed}.")

    def checked(self) -> Expression:
        if not self.text.strip():
            raise self.fail(1, "the expression is empty")
        if len(self.text) > LONGEST:
            raise self.fail(LONGEST + 1, f"an expression has at most {LONGEST} characters")
        strange = re.search(r"[^\w\s.,()+\-*/]|\*\*|//", self.text)
        if strange:
            raise self.fail(strange.start() + 1, f"{strange.group()!r} is not known here")
        glued = re.search(r"(?<![\w.])(?>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?=[^\W\d])", self.text)
        if glued:
            raise self.fail(glued.end() + 1, "a number and a name need an operator between them")
        start = len(self.text) - len(self.text.lstrip())
        try:
            tree = ast.parse(self.text.strip(), mode="eval").body
        except SyntaxError as error:
            end = len(self.text.rstrip()) + 1  # where the parser sees nothing, it gives no column or one beyond
            column = min(error.offset + start, end) if error.offset else end
            what = "something is missing here" if column == end else "this does not belong here"
            raise self.fail(column, what) from None
        except (RecursionError, MemoryError):
            raise self.fail(1, "the expression is nested too deeply") from None
        self.start = start
        if self.kind(tree) != "vector":
            raise self.fail(start + 1, "the result is a number and not a picture, because no slot is in it")
        return Expression(self.text.strip(), tuple(self.used), tree)

    def column(self, node: ast.expr) -> int:
        """Counted in characters; the parser counts UTF-8 bytes."""
        before = self.text.strip().encode()[: node.col_offset]
        return self.start + len(before.decode()) + 1

    def kind(self, node: ast.expr) -> _Kind:
        if isinstance(node, ast.Constant):
            return self.number(node)
        if isinstance(node, ast.Name):
            if node.id not in self.names:
                raise self.fail(self.column(node), f"there is no slot {node.id!r}")
            self.used[node.id] = None
            return "vector"
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
            return self.kind(node.operand)
        if isinstance(node, ast.BinOp):
            return self.operation(node)
        if isinstance(node, ast.Call):
            return self.call(node)
        raise self.fail(self.column(node), "this is not known here")

    def number(self, node: ast.Constant) -> _Kind:
        if isinstance(node.value, bool) or not isinstance(node.value, int | float):
            raise self.fail(self.column(node), f"{node.value!r} is not a number")
        if not abs(node.value) <= 1e6:
            raise self.fail(self.column(node), "a number here is at most a million")
        return "number"

    def operation(self, node: ast.BinOp) -> _Kind:
        left, right = self.kind(node.left), self.kind(node.right)
        if isinstance(node.op, ast.Add | ast.Sub):
            if left != right:
                raise self.fail(self.column(node.right), "a number cannot be added to a picture; multiply with it")
            return left
        if isinstance(node.op, ast.Mult):
            if left == right == "vector":
                raise self.fail(self.column(node.right), "two pictures cannot be multiplied; use a number for one")
            return "vector" if "vector" in (left, right) else "number"
        if isinstance(node.op, ast.Div):
            if right == "vector":
                raise self.fail(self.column(node.right), "a picture cannot divide; divide by a number")
            if not abs(_number(node.right)) > 1e-6:
                raise self.fail(self.column(node.right), "this divides by zero")
            return left
        raise self.fail(self.column(node), "this operator is not known here")

    def call(self, node: ast.Call) -> _Kind:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        wanted: tuple[_Kind, ...] = ("vector",) if name == "mean" else ("vector", "vector", "number")
        if name not in ("mean", "slerp", "lerp"):
            raise self.fail(self.column(node), "this is not a function" + (f" ({name!r})" if name else ""))
        if node.keywords or len(node.args) != len(wanted):
            form = "one slot" if name == "mean" else "two pictures and a number"
            raise self.fail(self.column(node), f"{name} takes {form}")
        if name == "mean" and not isinstance(node.args[0], ast.Name):
            raise self.fail(self.column(node.args[0]), "mean takes the name of a slot")
        for argument, kind in zip(node.args, wanted, strict=True):
            if self.kind(argument) != kind:
                wrong, right = ("number", "picture") if kind == "vector" else ("picture", "number")
                raise self.fail(self.column(argument), f"a {wrong} stands where a {right} belongs")
        return "vector"


def _number(node: ast.expr) -> float:
    """The value of a checked tree without slots."""
    return float(_computed(node, {}, {}))


def compute(expression: Expression, slots: Mapping[str, Doubles], between: Mapping[str, Between]) -> Doubles:
    """The value (Z,) of an expression: `slots` has the vector of each slot it uses, `between` "slerp" and "lerp"."""
    return np.asarray(_computed(expression.tree, slots, between), np.float64)


def _computed(node: ast.expr, slots: Mapping[str, Doubles], between: Mapping[str, Between]) -> Doubles:
    """The value of a checked tree; numbers are 0-d arrays."""
    match node:
        case ast.Constant(value=int() | float() as number):
            return np.asarray(number, np.float64)
        case ast.Name(id=name):
            return slots[name]
        case ast.UnaryOp(op=op, operand=operand):
            value = _computed(operand, slots, between)
            return -value if isinstance(op, ast.USub) else value
        case ast.BinOp(left=left, op=op, right=right):
            return _OPERATIONS[type(op)](_computed(left, slots, between), _computed(right, slots, between))
        case ast.Call(func=ast.Name(id="mean"), args=[argument]):
            return _computed(argument, slots, between)
        case ast.Call(func=ast.Name(id=name), args=[a, b, share]):
            start, end, t = (_computed(each, slots, between) for each in (a, b, share))
            return between[name](start, end, float(t))
    raise ExpressionError(f"The expression holds {ast.dump(node)}, which was never checked.")


_OPERATIONS: dict[type[ast.operator], Callable[[Doubles, Doubles], Doubles]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
}
