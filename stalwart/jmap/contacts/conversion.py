"""Cards as clients see them and as they are kept: functions for threads, because a large card takes seconds.

What they need of ``codec.jscontact`` is imported in them: few servers have clients that ask for contacts by JMAP.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attrs import define, field, frozen

from stalwart.errors import TooLarge
from stalwart.groupware.contacts import Contacts, ExaminedCard
from stalwart.groupware.violations import Rule, Violation
from stalwart.jmap.contacts.card_properties import OWN
from stalwart.jmap.contacts.media import Contents, with_blobs, without_blobs
from stalwart.jmap.errors import SetRefused
from stalwart.jmap.standard.asking import Asking

MOST_LINES: Final = 200_000
"""Lines of cards that one call converts."""
MOST_AT_WORK: Final = 50_000
"""Lines of cards that are converted in the transaction of one call, where others wait."""
_LARGEST: Final = 1 << 30  # what was stored under another limit is read under this one
_PREPARED: Final = "\0cards"

Card = dict[str, Any]


@frozen
class Written:
    """A Card that was made of what a client ``wanted`` over the octets that were ``previous``; ``given`` is None where
    it means the same as before.
    """

    wanted: Card
    previous: bytes | None
    card: Card
    given: ExaminedCard | None


@define
class Prepared:
    """What was converted before a transaction: Cards by number with the octets that they were read from, what is to be
    written by creation id or id. ``contents`` are those of blobs, ``uids`` those of new cards.
    """

    contents: Contents = field(factory=Contents)
    read: dict[int, tuple[bytes, Card]] = field(factory=dict)
    written: dict[str, Written] = field(factory=dict)
    uids: dict[str, str] = field(factory=dict)
    _at_work: int = 0

    @classmethod
    def of(cls, asking: Asking) -> Prepared:
        """That of a call."""
        found = asking.prepared.get(_PREPARED)
        if found is None:
            found = asking.prepared[_PREPARED] = cls()
        return found

    def card(self, id: int, octets: bytes) -> Card:
        """The Card that octets are. Raises TooLarge where too much was converted."""
        known = self.read.get(id)
        if known is None or known[0] != octets:
            self.spend(octets)
            known = self.read[id] = (octets, read(octets))
        return known[1]

    def any_card(self, id: int, octets: bytes) -> Card:
        """The same, of cards whose size was looked at before."""
        known = self.read.get(id)
        return known[1] if known is not None and known[0] == octets else read(octets)

    def spend(self, octets: bytes) -> None:
        """Before a card is converted in a transaction. Raises TooLarge."""
        self._at_work += lines(octets)
        if self._at_work > MOST_AT_WORK:
            raise TooLarge("This is more than one call works on; take fewer cards at a time.")


def read(octets: bytes) -> Card:
    """The Card that a kept one is, in plain form."""
    from stalwart.codec.jscontact.reading import card_of
    from stalwart.codec.vcard.card import read_card

    return card_of(read_card(octets, max_octets=_LARGEST))


def lines(octets: bytes) -> int:
    """About how many lines a card has: what reading it takes."""
    return octets.count(b"\n") - octets.count(b"\n ")


def shown(card: Card) -> Card:
    """A kept Card as clients see it, without its address books."""
    return with_blobs(card)


def wanted_card(wire: Mapping[str, Any], former: Card | None, contents: Contents) -> Card:
    """The Card that the properties of a ContactCard mean. Raises ``SetRefused``."""
    said = {name: value for name, value in wire.items() if name not in OWN and value is not None}
    return without_blobs(said, former, contents)


def written(contacts: Contacts, wanted: Card, previous: bytes | None, former: Card | None) -> Written:
    """What is to be kept. Raises ``SetRefused``, Invalid."""
    from stalwart.codec.jscontact.checking import InvalidContact, check
    from stalwart.codec.jscontact.plain import plain
    from stalwart.codec.jscontact.pointers import same
    from stalwart.codec.jscontact.writing import vcard_of
    from stalwart.codec.vcard.card import read_card

    try:
        problems = check(wanted)
        if problems:
            raise InvalidContact(problems)
        card = plain(wanted)
        if previous is not None and same(card, plain(former or {})):
            return Written(wanted, previous, card, None)
        there = None if previous is None else read_card(previous, max_octets=_LARGEST)
        return Written(wanted, previous, card, contacts.examine(vcard_of(wanted, there).encode()))
    except InvalidContact as problem:
        named = [pointer for pointer in problem.properties if pointer]
        raise SetRefused("invalidProperties", problem.detail, named) from None
    except TooLarge as problem:
        raise SetRefused("tooLarge", problem.detail) from None
    except Violation as broken:
        raise refused(broken) from None


def refused(broken: Violation) -> SetRefused:
    """A rule that was broken, in the words of JMAP."""
    if broken.rule is Rule.TOO_LARGE:
        return SetRefused("tooLarge", f"A card has {broken.limit} octets at most.")
    if broken.rule is Rule.UID_TAKEN:
        return SetRefused("invalidProperties", "Another card in the address book has this uid.", ("uid",))
    return SetRefused("invalidProperties", broken.detail)
