"""The values of expressions and their coercions: text, int64, float, array, constant.

Every function here accepts every value. Missing things are the empty text. Arrays are tuples; truth values
are the integers 0 and 1. Results are bounded: text of more than 1 MiB, or an array of more than 65,536
elements, is an evaluation error.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from typing import Union

from attrs import frozen

from stalwart.codec.expression.faults import EvaluationError

LARGEST = 2**63 - 1
SMALLEST = -(2**63)
LONGEST_TEXT = 1024 * 1024
LONGEST_ARRAY = 65_536
_DEEPEST_ARRAY = 64

_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")


@frozen
class Constant:
    """A bare word that the setting predefines, such as ``relaxed``."""

    name: str


Value = Union[str, int, float, Constant, tuple["Value", ...]]  # noqa: UP007 - "|" takes no forward reference
Number = int | float


def as_value(thing: object, depth: int = 0) -> Value:
    """The value for something that came from outside: a variable, a store, the DNS.

    :raises EvaluationError: a type that no value has.
    """
    if isinstance(thing, str | float | Constant):
        return thing
    if isinstance(thing, int):
        return saturated(thing)
    if thing is None:
        return ""
    if isinstance(thing, bytes):
        return thing.decode("utf-8", "replace")
    if isinstance(thing, Sequence | frozenset | set) and depth < _DEEPEST_ARRAY:
        return array_of(as_value(item, depth + 1) for item in thing)
    raise EvaluationError(f"a {type(thing).__name__} is no value")


def array_of(items: Iterable[Value]) -> tuple[Value, ...]:
    """An array, if it is not too long."""
    array = tuple(items)
    if len(array) > LONGEST_ARRAY:
        raise EvaluationError("an array is too long")
    return array


def bounded(text: str) -> str:
    """The text, if it is not too long."""
    if len(text) > LONGEST_TEXT:
        raise EvaluationError("a text is too long")
    return text


def saturated(number: int) -> int:
    """The nearest 64-bit integer; ``bool`` becomes 0 or 1."""
    return int(number) if SMALLEST <= number <= LARGEST else LARGEST if number > 0 else SMALLEST


def truth(value: Value) -> bool:
    """0, 0.0, "" and [] are false; all else is true, constants too."""
    return isinstance(value, Constant) or bool(value)


def text_of(value: Value) -> str:
    """The value as text; arrays are joined by CRLF."""
    if isinstance(value, str):
        return value
    if isinstance(value, tuple):
        texts = [text_of(item) for item in value]
        if sum(map(len, texts)) + 2 * len(texts) > LONGEST_TEXT:
            raise EvaluationError("a text is too long")
        return "\r\n".join(texts)
    if isinstance(value, Constant):
        return value.name
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return str(value)


def number_of(value: Value) -> Number:
    """The value as a number; 0 if it does not read as one."""
    if isinstance(value, int | float):
        return value
    if not isinstance(value, str):
        return 0
    if _INTEGER.fullmatch(value) and SMALLEST <= int(value) <= LARGEST:
        return int(value)
    if _DECIMAL.fullmatch(value):
        number = float(value)
        return number if math.isfinite(number) else 0
    return 0


def integer_of(value: Value) -> int:
    """The value as an integer: fractions are cut, what does not fit is clamped."""
    number = number_of(value)
    if isinstance(number, int):
        return number
    if math.isnan(number):
        return 0
    return saturated(int(number)) if math.isfinite(number) else LARGEST if number > 0 else SMALLEST


def elements(value: Value) -> tuple[Value, ...]:
    """The elements of an array; anything else is an array of itself."""
    return value if isinstance(value, tuple) else (value,)
