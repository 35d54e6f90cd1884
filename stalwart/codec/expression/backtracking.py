"""How badly a regular expression can backtrack, judged from its text.

A pattern is walked like an LL(1) grammar: whenever the engine may go on or stop, the next character has to
tell which. A choice that it does not tell can cost another factor of the length of the text; inside a
repetition it can cost a power. Characters are represented by a sample (Latin-1 and three from further up),
and every doubt counts as a choice. The pattern must already have been accepted by ``re.compile``.
"""

from __future__ import annotations

import re
from functools import reduce

from attrs import define, field, frozen

HOPELESS = 99
"""The degree of what has no polynomial bound, or one that is not worth computing."""

_DEEPEST = 32
_MOST_WAYS = 1024
_SAMPLE = "".join(map(chr, (*range(256), 0x416, 0x4E2D, 0x1F600)))
_ALL = frozenset(_SAMPLE)
_NOTHING: frozenset[str] = frozenset()

_CLASS = re.compile(r"\[\^?\]?(?:[^\]\\]|\\.)*\]", re.DOTALL)
_ESCAPE = re.compile(
    r"\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|N\{[^}]*\}|0[0-7]{0,2}|[0-9]{1,3}|.)", re.DOTALL
)
_QUANTIFIER = re.compile(
    r"(?:(?P<sign>[*+?])|\{(?P<low>[0-9]*)(?P<comma>,?)(?P<high>[0-9]*)\})(?P<mode>[?+]?)"
)
_GROUP = re.compile(
    r"\((?:\?(?:(?P<comment>#[^)]*\))|(?P<backreference>P=\w+\))|(?P<flags>[aiLmsux]+\))|(?P<atomic>>)"
    r"|(?P<around><?[=!])|(?P<condition>\(\w+\))|P<\w+>|[aiLmsux]*(?:-[imsx]+)?:))?"
)


@frozen
class _Item:
    """A part of a sequence: ``reach`` for one character, else ``branches``; ``low`` to ``high`` times (None:
    no end).

    ``firm`` parts never give back what they took; ``unknown`` ones (back references) may be of any length.
    """

    reach: frozenset[str] = _NOTHING
    branches: tuple[tuple[_Item, ...], ...] = ()
    low: int = 1
    high: int | None = 1
    firm: bool = False
    around: bool = False
    unknown: bool = False

    @property
    def ways(self) -> int:
        """Between how many lengths it chooses; 0 without end."""
        return 0 if self.high is None or self.unknown else self.high - self.low + 1

    @property
    def nullable(self) -> bool:
        """Whether it can be empty."""
        if self.low == 0 or self.around or self.unknown:
            return True
        return any(all(item.nullable for item in branch) for branch in self.branches)

    @property
    def first(self) -> frozenset[str]:
        """The characters it can start with, itself not being empty."""
        return _union(self.reach, *(_firsts(branch, _NOTHING) for branch in self.branches if not self.around))


def _union(*sets: frozenset[str]) -> frozenset[str]:
    return reduce(frozenset.union, sets, _NOTHING)


def _firsts(items: tuple[_Item, ...], after: frozenset[str]) -> frozenset[str]:
    """The characters that a sequence can start with, if ``after`` is what can follow it."""
    found = _NOTHING
    for item in items:
        found |= item.first
        if not item.nullable:
            return found
    return found | after


def judge(pattern: str, anchors: bool = True) -> int:
    """The degree of the polynomial in the length of the text that bounds the time of a search; at least 1.

    ``anchors`` tells whether ``^`` matches at the very start only.
    """
    reader = _Reader(pattern)
    branches = reader.branches(0)
    if reader.too_deep:
        return HOPELESS
    verdict = _Verdict()
    verdict.alternatives(branches, _NOTHING, looping=False)
    if verdict.looping_choices or verdict.ways > _MOST_WAYS:
        return HOPELESS
    starts = len(branches) == 1 and anchors and pattern.startswith(("^", r"\A"))
    return max(1, verdict.degree + (verdict.endless and not starts))


@define
class _Verdict:
    """What the walk has found: ``degree`` of endless choices, product ``ways`` of the others."""

    degree: int = 0
    ways: int = 1
    endless: bool = False
    looping_choices: bool = False

    def alternatives(
        self, branches: tuple[tuple[_Item, ...], ...], after: frozenset[str], looping: bool
    ) -> None:
        taken = _NOTHING
        for branch in branches:
            start = _firsts(branch, after)
            if taken & start:
                self._choice(2, looping)
            taken |= start
            self._sequence(branch, after, looping)

    def _sequence(self, items: tuple[_Item, ...], after: frozenset[str], looping: bool) -> None:
        for place, item in enumerate(items):
            follow = _firsts(items[place + 1 :], after)
            self.endless |= item.ways == 0
            if item.ways != 1 and not item.firm and (item.unknown or item.first & follow):
                self._choice(item.ways, looping)
            if item.branches:
                self._group(item, follow, looping)

    def _group(self, item: _Item, follow: frozenset[str], looping: bool) -> None:
        repeated = item.high is None or item.high > 1
        if repeated and not item.firm and any(all(i.nullable for i in branch) for branch in item.branches):
            self._choice(0, True)
        inner = follow | item.first if repeated else follow
        held = item.firm or item.around
        self.alternatives(item.branches, inner, (looping or repeated) and not held)

    def _choice(self, ways: int, looping: bool) -> None:
        if looping:
            self.looping_choices = True
        elif ways == 0 or ways > 16:
            self.degree += 1
        else:
            self.ways *= ways


@define
class _Reader:
    """The parts of a pattern; what it does not understand becomes ``unknown``."""

    _pattern: str
    _position: int = 0
    too_deep: bool = field(default=False, init=False)

    def branches(self, depth: int) -> tuple[tuple[_Item, ...], ...]:
        if depth > _DEEPEST:
            self.too_deep = True
            self._position = len(self._pattern)
            return ()
        branches: list[tuple[_Item, ...]] = []
        items: list[_Item] = []
        while self._position < len(self._pattern) and self._pattern[self._position] != ")":
            if self._pattern[self._position] == "|":
                self._position += 1
                branches.append(tuple(items))
                items = []
            else:
                items += self._items(depth)
        return (*branches, tuple(items))

    def _items(self, depth: int) -> tuple[_Item, ...]:
        """The next part with its quantifier; none for what takes no characters."""
        character = self._pattern[self._position]
        if character == "(":
            item = self._group(depth)
        elif character in "^$":
            self._position += 1
            item = None
        elif character == "\\":
            item = self._escape(self._take(_ESCAPE))
        elif character == "[":
            item = _Item(_reach(self._take(_CLASS)))
        else:
            self._position += 1
            item = _Item(_reach(character if character == "." else re.escape(character)))
        if item is None:
            return ()
        item = self._quantified(item)
        if item.branches and item.low == item.high == 1 and len(item.branches) == 1 and not _held(item):
            return item.branches[0]
        return (item,)

    def _take(self, token: re.Pattern[str]) -> str:
        match = token.match(self._pattern, self._position)
        text = match[0] if match is not None else self._pattern[self._position]
        self._position += len(text)
        return text

    def _escape(self, text: str) -> _Item | None:
        if text[1:2] in "AbBZ":
            return None
        if text[1:2].isdigit() and text[1] != "0":
            return _Item(_ALL, unknown=True)
        return _Item(_reach(text))

    def _group(self, depth: int) -> _Item | None:
        match = _GROUP.match(self._pattern, self._position)
        if match is None:
            self._position += 1
            return _Item(_ALL, unknown=True)
        self._position = match.end()
        if match["comment"] or match["flags"]:
            return None
        if match["backreference"]:
            return _Item(_ALL, unknown=True)
        branches = self.branches(depth + 1)
        self._position += 1
        return _Item(branches=branches, firm=bool(match["atomic"]), around=bool(match["around"]))

    def _quantified(self, item: _Item) -> _Item:
        match = _QUANTIFIER.match(self._pattern, self._position)
        if match is None or match[0] in ("{}", "{}+", "{}?") or self._is_brace(match):
            return item
        self._position = match.end()
        low, high = _bounds(match)
        firm = item.firm or match["mode"] == "+"
        return _Item(item.reach, item.branches, low, high, firm, item.around, item.unknown)

    def _is_brace(self, match: re.Match[str]) -> bool:
        """Whether ``{}`` or ``{,}`` is meant literally."""
        return match["sign"] is None and not (match["low"] or match["comma"])


def _held(item: _Item) -> bool:
    return item.firm or item.around


def _bounds(match: re.Match[str]) -> tuple[int, int | None]:
    if match["sign"] is not None:
        return (1 if match["sign"] == "+" else 0), (1 if match["sign"] == "?" else None)
    low = int(match["low"] or "0")
    if not match["comma"]:
        return low, low
    return low, int(match["high"]) if match["high"] else None


def _reach(atom: str) -> frozenset[str]:
    """The characters of the sample that one atom can match, whatever the flags."""
    found = _NOTHING
    for flags in (re.DOTALL, re.DOTALL | re.IGNORECASE, re.DOTALL | re.ASCII):
        try:
            found |= frozenset(re.compile(atom, flags).findall(_SAMPLE))
        except re.error:
            return _ALL
    return found
