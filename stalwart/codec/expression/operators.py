"""The binary operators of expressions: precedence, arithmetic, comparison.

Integers saturate at 64 bits. ``&&`` and ``||`` are only listed here: they need their operands unevaluated, so
the compiler builds them.
"""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen

from stalwart.codec.expression.faults import EvaluationError
from stalwart.codec.expression.values import (
    Number,
    Value,
    array_of,
    bounded,
    elements,
    number_of,
    saturated,
    text_of,
    truth,
)

MOST_COMPARISONS = 1_000_000


def add(a: Value, b: Value) -> Value:
    """Sum of numbers; else text is concatenated (an empty side changes nothing); else arrays are appended."""
    if isinstance(a, int | float) and isinstance(b, int | float):
        return saturated(a + b) if isinstance(a, int) and isinstance(b, int) else float(a) + float(b)
    if isinstance(a, str) or isinstance(b, str):
        if a == "":
            return b
        return a if b == "" else bounded(text_of(a) + text_of(b))
    if isinstance(a, tuple) or isinstance(b, tuple):
        return array_of(elements(a) + elements(b))
    return text_of(a) + text_of(b)


def subtract(a: Value, b: Value) -> Value:
    """Difference of numbers; from an array, all elements that equal ``b`` or one of its elements."""
    if isinstance(a, tuple):
        unwanted = elements(b)
        _bound_comparisons(a, unwanted)
        return tuple(item for item in a if not any(equal(item, other) for other in unwanted))
    return _arithmetic(a, b, lambda x, y: x - y)


def multiply(a: Value, b: Value) -> Value:
    """Product of numbers."""
    return _arithmetic(a, b, lambda x, y: x * y)


def divide(a: Value, b: Value) -> Value:
    """Quotient, always a float; 0.0 when dividing by zero."""
    divisor = float(number_of(b))
    return float(number_of(a)) / divisor if divisor else 0.0


def negate(a: Value) -> Value:
    """Unary minus."""
    return _arithmetic(0, a, lambda x, y: x - y)


def _arithmetic(a: Value, b: Value, operation: Callable[[Number, Number], Number]) -> Number:
    x, y = number_of(a), number_of(b)
    if isinstance(x, int) and isinstance(y, int):
        return saturated(int(operation(x, y)))
    return operation(float(x), float(y))


def equal(a: Value, b: Value) -> bool:
    """Text and number compare as numbers; arrays element by element; other mixes differ."""
    if isinstance(a, str) and isinstance(b, str):
        return a == b
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(map(equal, a, b))
    if isinstance(a, str | int | float) and isinstance(b, str | int | float):
        return number_of(a) == number_of(b)
    return a == b


def compare(a: Value, b: Value) -> int | None:
    """-1, 0 or 1; None if the two have no order. Text is ordered by its bytes."""
    if isinstance(a, str) and isinstance(b, str):
        return (a > b) - (a < b)  # the order of code points is that of UTF-8
    if isinstance(a, tuple) and isinstance(b, tuple):
        for one, other in zip(a, b, strict=False):
            if (order := compare(one, other)) != 0:
                return order
        return (len(a) > len(b)) - (len(a) < len(b))
    if isinstance(a, str | int | float) and isinstance(b, str | int | float):
        x, y = number_of(a), number_of(b)
        return -1 if x < y else 1 if x > y else 0 if x == y else None
    return None


def intersects(a: tuple[Value, ...], b: tuple[Value, ...]) -> bool:
    """Whether some element of one array equals some element of the other."""
    if all(isinstance(item, str) for item in a) and all(isinstance(item, str) for item in b):
        return not set(a).isdisjoint(b)
    _bound_comparisons(a, b)
    return any(equal(one, other) for one in a for other in b)


def _bound_comparisons(a: tuple[Value, ...], b: tuple[Value, ...]) -> None:
    if len(a) * len(b) > MOST_COMPARISONS:
        raise EvaluationError("arrays are too long to be compared")


def _less(a: Value, b: Value) -> Value:
    return int(compare(a, b) == -1)


def _less_or_equal(a: Value, b: Value) -> Value:
    return int(compare(a, b) in (-1, 0))


def _greater(a: Value, b: Value) -> Value:
    return int(compare(a, b) == 1)


def _greater_or_equal(a: Value, b: Value) -> Value:
    return int(compare(a, b) in (0, 1))


def _equal(a: Value, b: Value) -> Value:
    return int(equal(a, b))


def _unequal(a: Value, b: Value) -> Value:
    return int(not equal(a, b))


def _exclusive_or(a: Value, b: Value) -> Value:
    return int(truth(a) != truth(b))


Operation = Callable[[Value, Value], Value]


@frozen
class Operator:
    """A binary operator; a higher ``precedence`` binds tighter. ``apply`` is None for the short-circuiting
    ones.
    """

    symbol: str
    precedence: int
    apply: Operation | None


OPERATORS = {
    operator.symbol: operator
    for operator in (
        Operator("*", 7, multiply),
        Operator("/", 7, divide),
        Operator("+", 6, add),
        Operator("-", 6, subtract),
        Operator("<", 5, _less),
        Operator("<=", 5, _less_or_equal),
        Operator(">", 5, _greater),
        Operator(">=", 5, _greater_or_equal),
        Operator("==", 4, _equal),
        Operator("!=", 4, _unequal),
        Operator("^", 3, _exclusive_or),
        Operator("&&", 2, None),
        Operator("||", 1, None),
    )
}
