"""How long a text a regular expression may be tried on, judged by how badly it can backtrack.

A pattern is walked like an LL(1) grammar: whenever the engine may go on or stop, the next character has to
tell which. A run that it does not end is a choice, and everything after it may have to be tried again for
every length of it; inside a repetition that is exponential. Characters are represented by a sample, and every
doubt counts as a choice.
"""

from __future__ import annotations

from attrs import define

from stalwart.codec.expression.pattern_parts import NOTHING, Branches, Part, first_of, is_nullable, read_parts

LONGEST_TEXT = 65_536
_SHORTEST_TEXT = 256
# Steps by the power of the length: a fraction of a second each. Of n ** 3 only a sixth is ever walked.
_STEPS = {1: 2**26, 2: 2**24, 3: 2**28}
_MANY = 16


def longest_text(pattern: str, anchors: bool = True) -> int:
    """The number of characters that a search with this pattern can bear; 0 if the pattern should not be used
    at all.

    ``anchors`` tells whether ``^`` matches at the very start only. The pattern must be one that
    ``re.compile`` accepts.
    """
    if pattern.endswith(".*") and not pattern.endswith("\\.*"):
        pattern = pattern[:-2]  # cannot fail, so it is never tried twice
    branches = read_parts(pattern)
    if branches is None:
        return 0
    verdict = _Verdict()
    verdict.alternatives(branches, NOTHING, looping=False)
    starts_once = len(branches) == 1 and anchors and pattern.startswith(("^", r"\A"))
    restarts = verdict.power > 0 and not starts_once  # a search tries every place of the text
    steps = _STEPS.get(max(1, verdict.power + restarts), 0) // verdict.ways
    longest = min(LONGEST_TEXT, int(steps ** (1 / max(1, verdict.power + restarts))))
    return longest if longest >= _SHORTEST_TEXT and not verdict.looping_choices else 0


@define
class _Verdict:
    """What the walk has found, from left to right.

    ``choices`` counts the runs so far whose length the engine may revise, ``power`` is the highest power of
    the length of the text that some run costs, ``ways`` the product of the small choices.
    """

    choices: int = 0
    power: int = 0
    ways: int = 1
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
        for part, follow in zip(parts, _follows(parts, after), strict=True):
            if part.high is None or part.high > _MANY or part.unknown:
                self.power = max(self.power, self.choices + 1)
            if part.branches:
                self._group(part, follow, looping)
            if part.ways != 1 and not part.possessive and (part.unknown or part.first & follow):
                self._choice(part.ways, looping)

    def _group(self, part: Part, follow: frozenset[str], looping: bool) -> None:
        repeated = part.high is None or part.high > 1
        if repeated and not part.held and any(map(is_nullable, part.branches)):
            self.looping_choices = True
        inner = NOTHING if part.held else follow
        if repeated:
            inner |= part.first
        anew = part.around and (looping or repeated)  # reads the same text in every round of the loop
        self.choices += anew
        self.alternatives(part.branches, inner, (looping or repeated) and not part.held)
        self.choices -= anew

    def _choice(self, ways: int, looping: bool) -> None:
        if looping:
            self.looping_choices = True
        elif ways == 0 or ways > _MANY:
            self.choices += 1
        else:
            self.ways *= ways


def _follows(parts: tuple[Part, ...], after: frozenset[str]) -> list[frozenset[str]]:
    """For each part the characters that can come after it."""
    follows = [after]
    for part in reversed(parts[1:]):
        follows.append((part.first | follows[-1]) if part.nullable else part.first)
    return follows[len(parts) - 1 :: -1] if parts else []
