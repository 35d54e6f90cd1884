"""Compares values with keys: match types and comparators (RFC 5228 2.7, RFC 5231, RFC 4790).

Patterns are taken apart at their ``*``; the pieces between are looked for from left to right, so that no pattern takes
more time than its length times that of the value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from attrs import frozen

from stalwart.codec.sieve.texts import MOST_MATCHES

LONGEST_VALUE: Final = 64 << 10
"""Characters of a value that are looked at, but for bodies."""

_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_DIGITS = re.compile(r"[0-9]+")
_INFINITE = 1 << 400
_LONGEST_NUMBER = 100
_RELATIONS: Mapping[str, Callable[[int], bool]] = {
    "gt": lambda order: order > 0,
    "ge": lambda order: order >= 0,
    "lt": lambda order: order < 0,
    "le": lambda order: order <= 0,
    "eq": lambda order: order == 0,
    "ne": lambda order: order != 0,
}

Spend = Callable[[int], None]
"""Takes steps; raises when there are no more."""


@frozen
class Comparison:
    """How a test compares; ``relation`` is that of ``:value`` and ``:count``."""

    match: str = "is"
    comparator: str = "i;ascii-casemap"
    relation: str = "eq"


@frozen
class Found:
    """What matched; ``matches`` is None where no wildcards were compared."""

    matches: tuple[str, ...] | None = None


def compare(how: Comparison, values: Sequence[str], keys: Sequence[str], spend: Spend) -> Found | None:
    """Whether one of ``values`` matches one of ``keys``."""
    if how.match == "count":
        count = str(len(values))
        return Found() if any(_related(how.relation, count, key, "i;ascii-numeric") for key in keys) else None
    for value in values:
        for key in keys:
            spend(1 + (len(value) * (len(key) if how.match == "matches" else 1) >> 12))
            found = _one(how, value, key)
            if found is not None:
                return found
    return None


def _one(how: Comparison, value: str, key: str) -> Found | None:
    if how.match == "value":
        return Found() if _related(how.relation, value, key, how.comparator) else None
    if how.comparator == "i;ascii-numeric":
        return Found() if number(value) == number(key) else None
    if how.match == "matches":
        matches = wildcards(value, key, fold=how.comparator != "i;octet")
        return Found(matches) if matches is not None else None
    if how.comparator != "i;octet":
        value, key = folded(value), folded(key)
    return Found() if (key in value if how.match == "contains" else key == value) else None


def _related(relation: str, value: str, key: str, comparator: str) -> bool:
    if comparator == "i;ascii-numeric":
        left, right = number(value), number(key)
        return _RELATIONS[relation]((left > right) - (left < right))
    one, other = value, key
    if comparator != "i;octet":
        one, other = folded(value), folded(key)
    return _RELATIONS[relation]((one > other) - (one < other))


def folded(text: str) -> str:
    """``text`` with the ASCII letters in lower case, each character in its place."""
    return text.lower() if text.isascii() else text.translate(_LOWER)


def number(text: str) -> int:
    """The digits at the begin (RFC 4790 9.1); without any it is above all numbers."""
    match = _DIGITS.match(text)
    if match is None:
        return _INFINITE
    return int(match[0]) if len(match[0]) <= _LONGEST_NUMBER else _INFINITE - 1


def wildcards(value: str, pattern: str, fold: bool = True) -> tuple[str, ...] | None:
    """What ``*`` and ``?`` stand for, after the whole value; None if it does not match (RFC 5229 3.2).

    A ``*`` stands for as little as it can.
    """
    pieces, shape = _pieces(folded(pattern) if fold else pattern)
    text = folded(value) if fold else value
    found = [value]
    position = 0
    for index, piece in enumerate(pieces):
        begin = _place(text, piece, position, index, len(pieces))
        if begin is None:
            return None
        if index:
            found.append(value[position:begin])
        found += [value[begin + offset] for offset in shape[index]]
        position = begin + len(piece)
    if position < len(value):
        return None
    return tuple(found[: MOST_MATCHES + 1])


_Piece = tuple[str | None, ...]
"""Characters, None for any."""


def _pieces(pattern: str) -> tuple[list[_Piece], list[list[int]]]:
    """What stands between ``*``, and where any character stands in it."""
    pieces: list[list[str | None]] = [[]]
    characters = iter(pattern)
    for character in characters:
        if character == "*":
            pieces.append([])
        elif character == "?":
            pieces[-1].append(None)
        else:
            pieces[-1].append(next(characters, "\\") if character == "\\" else character)
    shape = [[offset for offset, each in enumerate(piece) if each is None] for piece in pieces]
    return [tuple(piece) for piece in pieces], shape


def _place(text: str, piece: _Piece, position: int, index: int, count: int) -> int | None:
    """Where a piece lies: the first one at the begin, the last one at the end, others as soon as may be."""
    if index == 0:
        at = 0
        if count == 1 and len(piece) != len(text):
            return None
    elif index == count - 1:
        at = len(text) - len(piece)
        if at < position:
            return None
    else:
        return _search(text, piece, position)
    expression = _expression(piece)
    return at if expression.match(text, at) is not None else None


def _search(text: str, piece: _Piece, position: int) -> int | None:
    if None not in piece:
        begin = text.find("".join(each for each in piece if each is not None), position)
        return begin if begin >= 0 else None
    match = _expression(piece).search(text, position)
    return match.start() if match is not None else None


def _expression(piece: _Piece) -> re.Pattern[str]:
    return re.compile("".join("." if each is None else re.escape(each) for each in piece), re.S)
