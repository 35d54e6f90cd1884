"""Search filters of LDAP as text (RFC 4515 3), with a place where somebody's value will stand.

An unescaped ``?`` in a value is that place. It is filled in the parsed tree, not in the text, so that nothing in a
value can become part of the filter and nothing has to be escaped. White space is allowed between the parts, as people
write it. Encoding is left to the client (`net.ldap_messages`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal, cast

from attrs import frozen

LONGEST = 4096
_DEEPEST = 32

_ATTRIBUTE = r"(?:[A-Za-z][A-Za-z0-9_-]*|\d+(?:\.\d+)+)(?:;[A-Za-z0-9-]+)*"  # RFC 4511 4.1.4
_ITEM = re.compile(rf"({_ATTRIBUTE})(=|~=|>=|<=)(.*)\Z", re.S)
_EXTENSIBLE = re.compile(rf"({_ATTRIBUTE})?(:dn)?(?::([A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)+))?:=(.*)\Z", re.S | re.I)
_RAW = re.compile(r"\\([0-9A-Fa-f]{2})|([^\\\x00]+)|(.)", re.S)

Operator = Literal["=", "~=", ">=", "<="]
Pattern = tuple[bytes, ...]
"""What stands between the places of a value: ``pattern_value`` joins them."""


class BadFilter(ValueError):
    """The text is no filter; the message is a sentence without its end."""


@frozen
class Group:
    """``(&...)`` or ``(|...)``."""

    operator: Literal["&", "|"]
    parts: tuple[Filter, ...]


@frozen
class Not:
    """``(!...)``."""

    part: Filter


@frozen
class Present:
    """``(attribute=*)``."""

    attribute: str


@frozen
class Comparison:
    """``(attribute=value)`` and its kin."""

    attribute: str
    operator: Operator
    value: Pattern


@frozen
class Substrings:
    """``(attribute=initial*any*final)``; an empty ``initial`` or ``final`` is None."""

    attribute: str
    initial: Pattern | None
    middle: tuple[Pattern, ...]
    final: Pattern | None


@frozen
class Extensible:
    """``(attribute:dn:rule:=value)``; of ``attribute`` and ``rule`` one may be None."""

    attribute: str | None
    in_dn: bool
    rule: str | None
    value: Pattern


Filter = Group | Not | Present | Comparison | Substrings | Extensible


def is_attribute(text: str) -> bool:
    """Whether ``text`` names an attribute, options included (RFC 4511 4.1.4)."""
    return re.fullmatch(_ATTRIBUTE, text) is not None


def parse_filter(text: str) -> Filter:
    """The filter that ``text`` is. Raises `BadFilter`."""
    if len(text) > LONGEST:
        raise BadFilter(f"the filter has more than {LONGEST} characters")
    reader = _Reader(text)
    found = reader.filter(0)
    reader.end()
    return found


def pattern_value(pattern: Pattern, value: bytes) -> bytes:
    """``pattern`` with ``value`` in its places."""
    return value.join(pattern)


def has_place(tree: Filter) -> bool:
    """Whether a value has a place anywhere in ``tree``."""
    if isinstance(tree, Group):
        return any(has_place(part) for part in tree.parts)
    if isinstance(tree, Not):
        return has_place(tree.part)
    if isinstance(tree, Present):
        return False
    if isinstance(tree, Substrings):
        return any(len(part) > 1 for part in (tree.initial, *tree.middle, tree.final) if part is not None)
    return len(tree.value) > 1


class _Reader:
    """Reads from left to right; ``place`` is where it is."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._place = 0

    def filter(self, depth: int) -> Filter:
        if depth > _DEEPEST:
            raise BadFilter(f"the filter is nested more than {_DEEPEST} levels deep")
        self._expect("(")
        found = self._inside(depth)
        self._expect(")")
        return found

    def end(self) -> None:
        self._skip()
        if self._place < len(self._text):
            raise BadFilter(f"something follows the filter at character {self._place + 1}")

    def _inside(self, depth: int) -> Filter:
        self._skip()
        sign = self._text[self._place : self._place + 1]
        if sign not in ("&", "|", "!"):
            return self._item()
        self._place += 1
        if sign == "!":
            return Not(self.filter(depth + 1))
        parts = []
        while self._next() == "(":
            parts.append(self.filter(depth + 1))
        if not parts:
            raise BadFilter(f"{sign} has no filter behind it at character {self._place + 1}")
        return Group(cast(Literal["&", "|"], sign), tuple(parts))

    def _item(self) -> Filter:
        end = self._text.find(")", self._place)
        content = self._text[self._place : end if end >= 0 else len(self._text)]
        if "(" in content:
            raise BadFilter(f"an item holds a bare ( after character {self._place + 1}; write \\28")
        found = _item(content)
        self._place += len(content)
        return found

    def _next(self) -> str:
        self._skip()
        return self._text[self._place : self._place + 1]

    def _skip(self) -> None:
        while self._text[self._place : self._place + 1].isspace():
            self._place += 1

    def _expect(self, sign: str) -> None:
        if self._next() != sign:
            raise BadFilter(f"{sign} is missing at character {self._place + 1}")
        self._place += 1


def _item(content: str) -> Filter:
    if match := _EXTENSIBLE.match(content):
        attribute, in_dn, rule, value = match.groups()
        if attribute is None and rule is None:
            raise BadFilter(":= needs an attribute or a matching rule before it")
        return Extensible(attribute, in_dn is not None, rule, _pattern(value))
    match = _ITEM.match(content)
    if match is None:
        raise BadFilter(f"{content[:40]!r} is no comparison of an attribute with a value")
    attribute, operator, value = match.groups()
    if operator == "=" and "*" in value:
        return _with_stars(attribute, value)
    return Comparison(attribute, cast(Operator, operator), _pattern(value))


def _with_stars(attribute: str, value: str) -> Filter:
    if value == "*":
        return Present(attribute)
    first, *middle, last = value.split("*")
    if not all(middle):
        raise BadFilter("two stars stand side by side")
    ends: Callable[[str], Pattern | None] = lambda part: _pattern(part) if part else None  # noqa: E731
    return Substrings(attribute, ends(first), tuple(map(_pattern, middle)), ends(last))


def _pattern(value: str) -> Pattern:
    """RFC 4515 3: UTF-8, with two hexadecimal digits after a backslash for any octet."""
    return tuple(_octets(piece) for piece in value.split("?"))


def _octets(text: str) -> bytes:
    found = bytearray()
    for escaped, raw, wrong in _RAW.findall(text):
        if wrong or "*" in raw:
            raise BadFilter("a value holds a bare *, a zero octet, or a \\ without two hexadecimal digits")
        found += bytes.fromhex(escaped) if escaped else raw.encode("utf-8", "surrogatepass")
    return bytes(found)
