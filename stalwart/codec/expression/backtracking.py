"""How badly a regular expression can backtrack, judged from its text.

A pattern is walked like an LL(1) grammar: whenever the engine may go on or stop, the next character has to
tell which. A choice that it does not tell can cost another factor of the length of the text; inside a
repetition it can cost a power. Characters are represented by a sample, and every doubt counts as a choice.
``pattern_parts`` reads the text.
"""

from __future__ import annotations

from attrs import define

from stalwart.codec.expression.pattern_parts import NOTHING, Branches, Part, first_of, is_nullable, read_parts

HOPELESS = 99
"""The degree of what has no polynomial bound, or one that is not worth computing."""

_MOST_WAYS = 1024
_MANY = 16


def judge(pattern: str, anchors: bool = True) -> int:
    """The degree of the polynomial in the length of the text that bounds the time of a search; at least 1.

    ``anchors`` tells whether ``^`` matches at the very start only. The pattern must be one that
    ``re.compile`` accepts.
    """
    branches = read_parts(pattern)
    if branches is None:
        return HOPELESS
    verdict = _Verdict()
    verdict.alternatives(branches, NOTHING, looping=False)
    if verdict.looping_choices or verdict.ways > _MOST_WAYS:
        return HOPELESS
    starts_once = len(branches) == 1 and anchors and pattern.startswith(("^", r"\A"))
    return max(1, verdict.degree + (verdict.long_runs and not starts_once))


@define
class _Verdict:
    """What the walk has found: ``degree`` counts choices of many lengths, ``ways`` is the product of the
    others.
    """

    degree: int = 0
    ways: int = 1
    long_runs: bool = False
    looping_choices: bool = False

    def alternatives(self, branches: Branches, after: frozenset[str], looping: bool) -> None:
        taken = NOTHING
        for branch in branches:
            start = first_of(branch, after)
            if taken & start:
                self._choice(2, looping)
            taken |= start
            self._sequence(branch, after, looping)

    def _sequence(self, parts: tuple[Part, ...], after: frozenset[str], looping: bool) -> None:
        follow = after
        for part in reversed(parts):
            self.long_runs |= part.high is None or part.high > _MANY
            if part.ways != 1 and not part.possessive and (part.unknown or part.first & follow):
                self._choice(part.ways, looping)
            if part.branches:
                self._group(part, follow, looping)
            follow = (part.first | follow) if part.nullable else part.first

    def _group(self, part: Part, follow: frozenset[str], looping: bool) -> None:
        repeated = part.high is None or part.high > 1
        if repeated and not part.held and any(map(is_nullable, part.branches)):
            self.looping_choices = True
        inner = NOTHING if part.held else follow
        if repeated:
            inner |= part.first
        self.alternatives(part.branches, inner, (looping or repeated) and not part.held)

    def _choice(self, ways: int, looping: bool) -> None:
        if looping:
            self.looping_choices = True
        elif ways == 0 or ways > _MANY:
            self.degree += 1
        else:
            self.ways *= ways
