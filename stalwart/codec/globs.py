"""Globs over request paths, as the scanner ban uses them: a set becomes one regular expression.

``*`` is any run of characters, ``/`` included, ``?`` is one character, a backslash takes the next character
literally; case does not matter. There are no brackets or braces. Matching cannot blow up: between two stars
the left-most place is always good enough, so each piece is an atomic group.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

LONGEST_GLOB = 1000
_TOKEN = re.compile(r"\\(?P<escaped>.)|(?P<star>\*+)|(?P<one>\?)|(?P<plain>.)", re.DOTALL)


class GlobTooLong(ValueError):
    """A pattern has more than ``LONGEST_GLOB`` characters."""


def _pieces(glob: str) -> list[str]:
    """Regular expressions of the parts between stars; at least one, and empty ones at the ends count."""
    pieces = [""]
    for token in _TOKEN.finditer(glob):
        if token.lastgroup == "star":
            pieces.append("")
        elif token.lastgroup == "one":
            pieces[-1] += "."
        else:
            pieces[-1] += re.escape(token["escaped"] or token["plain"])
    return pieces


def glob_expression(glob: str) -> str:
    """The regular expression of one glob, to be used with DOTALL and IGNORECASE.

    :raises GlobTooLong: more than 1,000 characters.
    """
    if len(glob) > LONGEST_GLOB:
        raise GlobTooLong(f"a pattern may have {LONGEST_GLOB} characters")
    first, *rest = _pieces(glob)
    if not rest:
        return rf"{first}\Z"
    *middle, last = rest
    search = "".join(f"(?>.*?{piece})" for piece in middle if piece)
    return f"{first}{search}" + (rf".*{last}\Z" if last else "")


class GlobSet:
    """An immutable set of globs. Raises GlobTooLong."""

    __slots__ = ("_match", "patterns")

    def __init__(self, globs: Iterable[str]) -> None:
        self.patterns = tuple(sorted(set(globs)))
        body = "|".join(glob_expression(glob) for glob in self.patterns)
        self._match = re.compile(f"(?:{body})", re.IGNORECASE | re.DOTALL).match if self.patterns else None

    def matches(self, text: str) -> bool:
        """Whether some glob of the set covers the whole text."""
        return self._match is not None and self._match(text) is not None
