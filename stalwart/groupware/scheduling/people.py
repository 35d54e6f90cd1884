"""Who is at home here: the account behind the address of an organizer or attendee, its own addresses, its permissions.

An address is one's own however it is spelled: with a detail, in another name of the domain, as an alias.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from attrs import frozen

from stalwart.codec.collations import unicode_casemap
from stalwart.codec.icalendar.components import Component
from stalwart.codec.icalendar.values import calendar_address
from stalwart.config.identity.account import Account
from stalwart.config.settings import Settings
from stalwart.groupware.kinds import ADDRESS_BOOKS
from stalwart.mail.own_addresses import OwnAddresses
from stalwart.mail.receiving_rights import ReceivingRights
from stalwart.store import Transaction

SEND: Final = "calendarSchedulingSend"
RECEIVE: Final = "calendarSchedulingReceive"
_MOST: Final = 500
"""Addresses of one object that are looked up."""


@frozen
class Person:
    """An account as mail names it. ``locale`` is what generated texts are written in."""

    name: str
    locale: str


class People:
    """Answers from the store; in transactions."""

    def __init__(self, settings: Settings, own_addresses: OwnAddresses) -> None:
        self._own_addresses = own_addresses
        self._may_send = ReceivingRights(settings, SEND)
        self._may_receive = ReceivingRights(settings, RECEIVE)

    def holder(self, tx: Transaction, address: str) -> int | None:
        """The account that is known by an address."""
        return self._own_addresses.holder(tx, address)

    def may_send(self, tx: Transaction, account_id: int) -> bool:
        """Whether who writes an object has others told of it."""
        row = tx.registry.get(Account.type_name, account_id)
        return row is not None and self._may_send.may_receive(tx, row.data)

    def may_receive(self, tx: Transaction, account_id: int) -> bool:
        """Whether the calendars of an account take in what others send."""
        row = tx.registry.get(Account.type_name, account_id)
        return row is not None and self._may_receive.may_receive(tx, row.data)

    def person(self, tx: Transaction, account_id: int) -> Person | None:
        """How an account introduces itself."""
        row = tx.registry.get(Account.type_name, account_id)
        return None if row is None else Person(row.data.get("description") or "", row.data.get("locale") or "en")

    def addresses(
        self, tx: Transaction, account_id: int, *calendars: Component | None, meant: str | None = None
    ) -> frozenset[str]:
        """The addresses of an account, with those in objects that lead to it; a group's address is a member's own
        where he organizes in its name. Where it is known that the account is the one that is ``meant`` by an address,
        the other attendees are not looked up.
        """
        own = set(self._own_addresses.listed(tx, account_id))
        if not own:
            return frozenset()
        if meant is not None:
            own.add(meant)
        accounts = frozenset(self._own_addresses.with_groups(tx, account_id))
        seen: set[str] = set()
        for is_organizer, address in _addresses(calendars):
            if address in own or address in seen or len(seen) >= _MOST or (meant is not None and not is_organizer):
                continue
            if not is_organizer:
                seen.add(address)
            held_by = self.holder(tx, address)
            if held_by == account_id or (is_organizer and held_by in accounts):
                own.add(address)
        return frozenset(own)

    def knows(self, tx: Transaction, account_id: int, address: str) -> bool:
        """Whether a card of an account has an address."""
        wanted = [("=", unicode_casemap(address))]
        return any(
            tx.collections.matching(account_id, book.id, "EMAIL", wanted, every=True)
            for book in tx.collections.of_type(account_id, ADDRESS_BOOKS.type)
        )


def _addresses(calendars: tuple[Component | None, ...]) -> Iterator[tuple[bool, str]]:
    """The organizers and attendees; whether it is an organizer."""
    for calendar in calendars:
        for component in calendar.components if calendar is not None else ():
            for item in component.properties:
                if item.name in ("ATTENDEE", "ORGANIZER"):
                    address = calendar_address(item.value)
                    if address is not None:
                        yield item.name == "ORGANIZER", address
