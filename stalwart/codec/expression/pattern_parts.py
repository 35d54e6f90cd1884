"""The parts of a regular expression: what each can match first, how often it repeats, what it holds on to.

Reads patterns of the ``re`` module that it has accepted already; only as far as the judgement of backtracking
needs it. Characters are a sample: Latin-1, those of the pattern in both cases, and some from further up. Back
references may match anything; named and 16-bit escapes count as every character.
"""

from __future__ import annotations

import re

from attrs import define, field, frozen

NOTHING: frozenset[str] = frozenset()

_DEEPEST = 32
_FAR_CHARACTERS = "\u0416\u4e2d\U0001f600"

_CLASS = re.compile(r"\[\^?\]?(?:[^\]\\]|\\.)*\]", re.DOTALL)
_ESCAPE = re.compile(
    r"\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|N\{[^}]*\}|0[0-7]{0,2}|[0-9]{1,3}|.)", re.DOTALL
)
_QUANTIFIER = re.compile(r"(?:(?P<sign>[*+?])|\{(?!\})(?P<low>[0-9]*)(?P<comma>,?)(?P<high>[0-9]*)\})(?P<mode>[?+]?)")
_GROUP = re.compile(
    r"\((?:\?(?:(?P<backreference>P=\w+\))|(?P<flags>[aiLmsux]+\))|(?P<atomic>>)"
    r"|(?P<around><?[=!])|\(\w+\)|P<\w+>|[aiLmsux]*(?:-[imsx]+)?:))?"
)


@frozen
class Part:
    """A part of a sequence: characters, or a group of branches; ``low`` to ``high`` times (None: without
    end).

    ``atomic`` bodies keep what they matched, ``possessive`` ones also how often; ``around`` marks a
    look-around, ``unknown`` what may be of any length.
    """

    characters: frozenset[str] = NOTHING
    branches: Branches = ()
    low: int = 1
    high: int | None = 1
    atomic: bool = False
    possessive: bool = False
    around: bool = False
    unknown: bool = False
    nullable: bool = field(init=False)
    first: frozenset[str] = field(init=False)

    @nullable.default
    def _is_nullable(self) -> bool:
        return self.low == 0 or self.around or self.unknown or any(map(is_nullable, self.branches))

    @first.default
    def _first(self) -> frozenset[str]:
        """What it can start with when it is not empty."""
        return self.characters.union(*(first_of(branch, NOTHING) for branch in self.branches))

    @property
    def held(self) -> bool:
        """Whether nothing later makes the engine try its body again."""
        return self.atomic or self.possessive or self.around

    @property
    def ways(self) -> int:
        """Between how many lengths it chooses; 0 without end."""
        return 0 if self.high is None or self.unknown else self.high - self.low + 1


Branches = tuple[tuple[Part, ...], ...]


def is_nullable(parts: tuple[Part, ...]) -> bool:
    """Whether a sequence can be empty."""
    return all(part.nullable for part in parts)


def first_of(parts: tuple[Part, ...], after: frozenset[str]) -> frozenset[str]:
    """The characters that a sequence can start with, if ``after`` is what can follow it."""
    found = NOTHING
    for part in parts:
        found |= part.first
        if not part.nullable:
            return found
    return found | after


def read_parts(pattern: str) -> Branches | None:
    """The branches of a pattern; None if groups are nested deeper than 32 levels."""
    sample = {*map(chr, range(256)), *pattern, *pattern.lower(), *pattern.upper(), *_FAR_CHARACTERS}
    reader = _Reader(pattern, "".join(sample))
    branches = reader.branches(0)
    return None if reader.too_deep else branches


@define
class _Reader:
    _pattern: str
    _sample: str
    _position: int = 0
    too_deep: bool = False

    def branches(self, depth: int) -> Branches:
        if depth > _DEEPEST:
            self.too_deep = True
            self._position = len(self._pattern)
            return ()
        branches: list[tuple[Part, ...]] = []
        parts: list[Part] = []
        while self._position < len(self._pattern) and self._pattern[self._position] != ")":
            if self._pattern[self._position] == "|":
                self._position += 1
                branches.append(tuple(parts))
                parts = []
            else:
                parts += self._quantified(self._part(depth))
        return (*branches, tuple(parts))

    def _part(self, depth: int) -> Part | None:
        """The next part; None for what takes no characters and makes no choice."""
        character = self._pattern[self._position]
        if character == "(":
            return self._group(depth)
        if character == "\\":
            return self._escape(self._take(_ESCAPE))
        if character == "[":
            return Part(self._matched(self._take(_CLASS)))
        self._position += 1
        if character in "^$":
            return None
        return Part(frozenset(self._sample if character == "." else _cases(character)))

    def _take(self, token: re.Pattern[str]) -> str:
        match = token.match(self._pattern, self._position)
        text = match[0] if match is not None else self._pattern[self._position]
        self._position += len(text)
        return text

    def _escape(self, text: str) -> Part | None:
        kind = text[1:2]
        if kind in "AbBZ":
            return None
        if kind.isdigit() and kind != "0":
            return self._unknown()
        return Part(frozenset(self._sample) if kind in "uUN" else self._matched(text))

    def _unknown(self) -> Part:
        return Part(frozenset(self._sample), unknown=True)

    def _group(self, depth: int) -> Part | None:
        if self._takes_comments():
            return None
        match = _GROUP.match(self._pattern, self._position)
        assert match is not None  # the caller has seen the parenthesis, all else is optional
        self._position = match.end()
        if match["flags"]:
            return None
        if match["backreference"]:
            return self._unknown()
        branches = self.branches(depth + 1)
        self._position += 1
        if match["around"]:  # a look-around can fail anywhere, so what precedes it has a choice
            return Part(frozenset(self._sample), branches, around=True)
        return Part(branches=branches, atomic=bool(match["atomic"]))

    def _quantified(self, part: Part | None) -> tuple[Part, ...]:
        if part is None:
            return ()
        self._takes_comments()
        match = _QUANTIFIER.match(self._pattern, self._position)
        if match is not None:
            self._position = match.end()
            low, high = _bounds(match)
            possessive = match["mode"] == "+"
            part = Part(part.characters, part.branches, low, high, part.atomic, possessive, part.around, part.unknown)
        elif len(part.branches) == 1 and not part.held:
            return part.branches[0]
        return (part,)

    def _takes_comments(self) -> bool:
        start = self._position
        while self._pattern.startswith("(?#", self._position):
            self._position = self._pattern.find(")", self._position) + 1 or len(self._pattern)
        return self._position > start

    def _matched(self, atom: str) -> frozenset[str]:
        """The characters of the sample that an atom matches, whatever the flags."""
        found = NOTHING
        for flags in (re.DOTALL, re.DOTALL | re.IGNORECASE, re.DOTALL | re.ASCII):
            try:
                found |= frozenset(re.compile(atom, flags).findall(self._sample))
            except re.error:
                return frozenset(self._sample)
        return found


def _cases(character: str) -> set[str]:
    return {character, *character.lower(), *character.upper()}


def _bounds(match: re.Match[str]) -> tuple[int, int | None]:
    if match["sign"] is not None:
        return (1 if match["sign"] == "+" else 0), (1 if match["sign"] == "?" else None)
    low = int(match["low"] or "0")
    if not match["comma"]:
        return low, low
    return low, int(match["high"]) if match["high"] else None
