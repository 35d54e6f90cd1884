"""Functions of expressions over arrays, and the tests of a value's type."""

from __future__ import annotations

from functools import cmp_to_key

from stalwart.codec.expression.functions import Function
from stalwart.codec.expression.operators import compare, intersects
from stalwart.codec.expression.values import Value, elements, truth


def _count(value: Value) -> Value:
    return len(value) if isinstance(value, tuple) else int(not _is_empty(value))


def _sort(value: Value, ascending: Value) -> Value:
    if not isinstance(value, tuple):
        return value
    return tuple(sorted(value, key=cmp_to_key(_order), reverse=not truth(ascending)))


def _order(a: Value, b: Value) -> int:
    return compare(a, b) or 0


def _dedup(value: Value) -> Value:
    """By value and type: ``1`` and ``'1'`` both stay."""
    if not isinstance(value, tuple):
        return value
    return tuple({(type(item), item): item for item in value}.values())


def _winnow(value: Value) -> Value:
    return tuple(item for item in value if item != "") if isinstance(value, tuple) else value


def _is_empty(value: Value) -> bool:
    return value == "" or value == ()


ARRAY_FUNCTIONS = (
    Function("count", 1, _count),
    Function("sort", 2, _sort),
    Function("dedup", 1, _dedup),
    Function("winnow", 1, _winnow),
    Function("is_intersect", 2, lambda a, b: int(intersects(elements(a), elements(b)))),
    Function("is_empty", 1, lambda value: int(_is_empty(value))),
    Function("is_number", 1, lambda value: int(isinstance(value, int | float))),
    Function("if_then", 3, lambda condition, one, other: one if truth(condition) else other),
)
