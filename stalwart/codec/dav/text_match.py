"""Text that properties are compared with, and how (RFC 4791 9.7.5, RFC 6352 10.5.4): collations and kinds of match."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

from attrs import frozen

from stalwart.codec.collations import ascii_casemap, unicode_casemap

ASCII_CASEMAP: Final = "i;ascii-casemap"
UNICODE_CASEMAP: Final = "i;unicode-casemap"
OCTET: Final = "i;octet"
COLLATIONS: Final = (ASCII_CASEMAP, UNICODE_CASEMAP, OCTET)

MatchType = Literal["contains", "equals", "starts-with", "ends-with"]
Test = Literal["allof", "anyof"]
"""Whether all of several conditions have to hold, or one."""
MATCH_TYPES: Final[tuple[MatchType, ...]] = ("contains", "equals", "starts-with", "ends-with")


@frozen
class TextMatch:
    """A ``text-match``: what is sought, by which of ``COLLATIONS``, where, and whether finding it counts as failing."""

    text: str
    collation: str = ASCII_CASEMAP
    match_type: MatchType = "contains"
    negate: bool = False

    def predicate(self) -> Callable[[str], bool]:
        """Whether a value is as wanted, ``negate`` included; to be made once and asked often."""
        fold = folding(self.collation)
        sought, negate = fold(self.text), self.negate
        if self.match_type == "equals":
            return lambda value: (fold(value) == sought) is not negate
        if self.match_type == "starts-with":
            return lambda value: fold(value).startswith(sought) is not negate
        if self.match_type == "ends-with":
            return lambda value: fold(value).endswith(sought) is not negate
        return lambda value: (sought in fold(value)) is not negate


def folding(collation: str) -> Callable[[str], str]:
    """The function that makes equal what the collation holds for equal.

    :raises KeyError: it is none of ``COLLATIONS``.
    """
    return _FOLDINGS[collation]


def _octet(text: str) -> str:
    return text


_FOLDINGS: dict[str, Callable[[str], str]] = {
    ASCII_CASEMAP: ascii_casemap,
    UNICODE_CASEMAP: unicode_casemap,
    OCTET: _octet,
}


@frozen
class ParamFilter:
    """A parameter: there (the default), not there (``absent``), or there with a text."""

    name: str
    absent: bool = False
    text_match: TextMatch | None = None
