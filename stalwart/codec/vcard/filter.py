"""Whether a card is what an addressbook-query asks for (RFC 6352 10.5), and what of that an index of values answers.

A filter is compiled once and asked for many cards. Structured values and lists are as asked for if the whole or a part
of them is. Without a group, a name means properties of any group.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from attrs import frozen

from stalwart.codec.collations import unicode_casemap
from stalwart.codec.dav.text_match import UNICODE_CASEMAP, MatchType, TextMatch
from stalwart.codec.vcard.card import Card
from stalwart.codec.vcard.checking import INDEXED, LONGEST_TERM
from stalwart.codec.vcard.conditions import Filter, ParamFilter, PropFilter
from stalwart.codec.vcard.lines import CardProperty

Predicate = Callable[[Card], bool]
_Test = Callable[[CardProperty], bool]

_HOW: Final[dict[MatchType, str]] = {"contains": "*", "equals": "=", "starts-with": "^", "ends-with": "$"}
_PLAIN: Final = re.compile(r"[A-Za-z0-9 @._+-]+", re.ASCII)
"""What is written in a card as it is, whatever the version."""


def predicate(asked: Filter) -> Predicate:
    """Whether a card is meant; to be made once."""
    tests = [_prop_test(each) for each in asked.props]
    if not tests:
        return lambda card: True
    if len(tests) == 1:
        return tests[0]
    if asked.test == "allof":
        return lambda card: all(test(card) for test in tests)
    return lambda card: any(test(card) for test in tests)


def screen(asked: Filter) -> Callable[[bytes], bool]:
    """Whether the octets of a card can be of one that is meant; most of those that are not need not be read then."""
    needles = _needles(asked)
    if not needles:
        return lambda octets: True

    def can_be(octets: bytes) -> bool:
        if not octets.isascii():
            return True  # other letters may be held for equal to those that are sought
        upper = octets.upper().replace(b"\r\n", b"\n")
        if b"\n " in upper or b"\n\t" in upper:
            upper = upper.replace(b"\n ", b"").replace(b"\n\t", b"")
        for needle in needles:
            if needle in upper:
                return True
        return b"\r" in upper or b"QUOTED-PRINTABLE" in upper

    return can_be


def _needles(asked: Filter) -> tuple[bytes, ...]:
    """Texts of which a card in ASCII has one if it is meant; none, if that cannot be told."""
    found = [_needles_of(each) for each in asked.props]
    if asked.test == "allof" or len(found) == 1:
        return next((each for each in found if each), ())
    return tuple(needle for each in found for needle in each) if all(found) else ()


def _needles_of(asked: PropFilter) -> tuple[bytes, ...]:
    if asked.absent:
        return ()
    usable = [
        each.text.upper().encode() for each in asked.text_matches if not each.negate and _PLAIN.fullmatch(each.text)
    ]
    if asked.test == "allof":
        return tuple(usable[:1])
    return () if asked.params or len(usable) < len(asked.text_matches) else tuple(usable)


def _prop_test(asked: PropFilter) -> Predicate:
    group, dot, name = asked.name.rpartition(".")
    tests = [_text_test(each) for each in asked.text_matches] + [_param_test(each) for each in asked.params]
    is_absent, every = asked.absent, asked.test == "allof"

    def fits(card: Card) -> bool:
        for item in card.properties:
            if item.name != name or (dot and (item.group or "").upper() != group):
                continue
            if is_absent:
                return False
            if not tests or (all(test(item) for test in tests) if every else any(test(item) for test in tests)):
                return True
        return is_absent

    return fits


def _text_test(asked: TextMatch) -> _Test:
    # one of several texts is enough; "not" is of all of them
    wanted, negate = TextMatch(asked.text, asked.collation, asked.match_type).predicate(), asked.negate
    return lambda item: any(map(wanted, item.texts)) is not negate


def _param_test(asked: ParamFilter) -> _Test:
    name, is_absent, match = asked.name, asked.absent, asked.text_match
    if is_absent:
        return lambda item: name not in item.parameters
    if match is None:
        return lambda item: name in item.parameters
    wanted, negate = TextMatch(match.text, match.collation, match.match_type).predicate(), match.negate

    def fits(item: CardProperty) -> bool:
        values = item.parameters.get(name)
        return values is not None and any(map(wanted, values)) is not negate

    return fits


@frozen
class Lookup:
    """A question to an index of folded values: which cards have a ``property`` with a value for which the
    ``conditions`` hold (``=``, ``*``, ``^``, ``$`` with a folded text), any of them or, with ``every``, all of one
    value; without any, which have it at all. ``absent`` are those that have it not.
    """

    property: str
    conditions: tuple[tuple[str, str], ...] = ()
    every: bool = False
    absent: bool = False


@frozen
class Plan:
    """What an index knows of a filter: cards that all, or any, of ``lookups`` find. If that is not ``exact``, they have
    to be read and asked for; None of lookups means all cards.
    """

    lookups: tuple[Lookup, ...] | None = None
    every: bool = True
    exact: bool = False


def plan(asked: Filter) -> Plan:
    """How an index is asked for what a filter means."""
    if not asked.props:
        return Plan(exact=True)
    every = asked.test == "allof" or len(asked.props) == 1
    found = [_lookup(each) for each in asked.props]
    lookups = tuple(lookup for lookup, _ in found if lookup is not None)
    exact = all(is_exact for _, is_exact in found)
    if not lookups or (not every and len(lookups) < len(found)):
        return Plan()
    return Plan(lookups, every, exact)


def _lookup(asked: PropFilter) -> tuple[Lookup | None, bool]:
    """A lookup that finds all that is meant, and whether it finds nothing else."""
    group, _, name = asked.name.rpartition(".")
    if name not in INDEXED:
        return None, False
    if asked.absent:
        return (None, False) if group else (Lookup(name, absent=True), True)
    whole = not group and not asked.params
    if not asked.text_matches:
        return Lookup(name), whole
    every = asked.test == "allof"
    usable = [each for each in asked.text_matches if _is_usable(each)]
    if len(usable) < len(asked.text_matches) or asked.params:
        if not every or not usable:
            return Lookup(name), False
        whole = False
    exact = whole and all(each.collation == UNICODE_CASEMAP for each in usable)
    if every and len(usable) > 1 and any(each.match_type != "contains" for each in usable):
        # different parts of one value may answer different conditions
        usable, exact = usable[:1], False
    return Lookup(name, tuple((_HOW[each.match_type], unicode_casemap(each.text)) for each in usable), every), exact


def _is_usable(asked: TextMatch) -> bool:
    """Whether folding by i;unicode-casemap, as the index does, loses nothing that is sought: what other collations hold
    for equal, this one does too.
    """
    return not asked.negate and len(asked.text) <= LONGEST_TERM // 2
