"""The accounts that keep calendars, address books and files, as URLs name them; whose things somebody can see.

An account is named by its address, by any alias of it, or by its number. The first calendar and the first address book
are made when somebody first looks (spec/dav.md 1).
"""

from __future__ import annotations

from typing import Any

from attrs import frozen

from stalwart.codec.dav.paths import Target
from stalwart.config.collaboration.address_book import AddressBook
from stalwart.config.collaboration.calendar import Calendar
from stalwart.config.settings import Settings
from stalwart.errors import OverQuota
from stalwart.groupware.kinds import ADDRESS_BOOKS, CALENDARS, Kind
from stalwart.groupware.traits import DEFAULT
from stalwart.groupware.viewers import Viewer
from stalwart.mail.own_addresses import OwnAddresses
from stalwart.store import AccountRow, Store, Transaction
from stalwart.store.collection_rows import Member
from stalwart.store.rows import AccountName

_MOST_BEGUN = 10_000
_TOO_MANY = "The account has as many of these collections as it may have."
DISPLAY_NAME = "displayName"
"""The member of a collection that says what people call it."""


@frozen
class Home:
    """An account: ``address`` is its name in URLs."""

    account_id: int
    address: str
    is_group: bool = False


class Homes:
    """Finds homes, and makes what every home begins with."""

    def __init__(self, store: Store, settings: Settings, own_addresses: OwnAddresses, clock: Any) -> None:
        self._store = store
        self._settings = settings
        self._own_addresses = own_addresses
        self._clock = clock
        self._begun: set[tuple[int, int]] = set()

    def find(self, tx: Transaction, target: Target) -> Home | None:
        """The home that a URL is about; None if there is no such account."""
        if target.account is None:
            return None
        number = target.account_id
        return self.find_address(tx, target.account) if number is None else self.get(tx, number)

    def find_address(self, tx: Transaction, address: str) -> Home | None:
        """The home of the account that is known by an address."""
        row = tx.accounts.by_login(address.lower())
        if row is not None:
            return _home(row)
        number = self._own_addresses.holder(tx, address)
        return None if number is None else self.get(tx, number)

    def get(self, tx: Transaction, account_id: int) -> Home | None:
        """The home of an account."""
        row = tx.accounts.name(account_id)
        return None if row is None else _home(row)

    def addresses(self, tx: Transaction, home: Home) -> tuple[str, ...]:
        """What an account is known by: its name, then its aliases."""
        return self._own_addresses.listed(tx, home.account_id) or (home.address,)

    def visible(self, tx: Transaction, viewer: Viewer, kind: Kind) -> list[Home]:
        """The homes in which somebody sees anything of a kind: the own one, those of groups, those of others."""
        others = {grant.account_id for grant in tx.shares.granted(viewer.grantees) if grant.type == kind.type}
        belonging = (viewer.account_id, *sorted(viewer.group_ids))
        ids = dict.fromkeys((*belonging, *sorted(others)))
        return [_home(row) for row in tx.accounts.many(ids).values()]

    def first_name(self, kind: Kind) -> str | None:
        """The name in URLs of the collection that every home begins with; None if homes begin empty."""
        name = self._first(kind)[0]
        return name or None

    def lacks_first(self, tx: Transaction, kind: Kind, account_id: int) -> bool:
        """Whether nobody has looked yet, so that ``make_first`` is to be called in a write."""
        if self.is_begun(kind, account_id):
            return False
        return not tx.objects.state(account_id, kind.type)

    def is_begun(self, kind: Kind, account_id: int) -> bool:
        """Whether it is known here, without asking the store, that nothing is to be made."""
        return (account_id, kind.type) in self._begun or self.first_name(kind) is None

    def default(self, tx: Transaction, kind: Kind, account_id: int) -> Member | None:
        """The calendar or address book in which things go that are not meant for a certain one: what somebody has
        chosen, else the one that homes begin with, else the oldest (RFC 6638 9.2, RFC 9610 2).
        """
        chosen = (tx.preferences.get(account_id, kind.home, account_id) or {}).get(DEFAULT)
        collections, name = tx.collections, self.first_name(kind)
        collection = collections.get(account_id, chosen) if isinstance(chosen, int) else None
        if collection is not None and collection.type == kind.type:
            return collections.member(account_id, kind.home, collection.segment)
        first = collections.member(account_id, kind.home, name) if name is not None else None
        if first is not None and first.is_collection:
            return first
        oldest = next(iter(collections.of_type(account_id, kind.type)), None)
        return collections.member(account_id, kind.home, oldest.segment) if oldest is not None else None

    def choose_default(self, tx: Transaction, kind: Kind, account_id: int, id: int) -> None:
        """Have another default calendar or address book."""
        said = tx.preferences.get(account_id, kind.home, account_id) or {}
        tx.preferences.set(account_id, kind.home, account_id, {**said, DEFAULT: id})

    def is_needed(self, tx: Transaction, account_id: int, calendar: Member) -> bool:
        """Whether a calendar has to stay, because invitations are meant to go to it (RFC 6638 4.3)."""
        default = self.default(tx, CALENDARS, account_id)
        if default is None or default.item_id != calendar.item_id:
            return False
        said = tx.preferences.get(account_id, CALENDARS.home, account_id) or {}
        return calendar.segment == self.first_name(CALENDARS) or said.get(DEFAULT) == calendar.item_id

    def check_room(self, tx: Transaction, kind: Kind, account_id: int) -> None:
        """Whether an account may have one more calendar or address book. Raises OverQuota."""
        settings = self._settings
        most = settings.of(Calendar).max_calendars if kind is CALENDARS else settings.of(AddressBook).max_address_books
        if most is not None and tx.collections.count(account_id, kind.type) >= most:
            raise OverQuota(_TOO_MANY)

    def begun(self, kind: Kind, account_id: int) -> None:
        """A transaction that is durable, or one that only reads, has seen that there was a first one."""
        if self.first_name(kind) is None:
            return
        if len(self._begun) >= _MOST_BEGUN:
            self._begun.clear()
        self._begun.add((account_id, kind.type))

    def make_first(self, tx: Transaction, kind: Kind, home: Home) -> None:
        """Make the collection that the home begins with, unless there ever was one."""
        if self.lacks_first(tx, kind, home.account_id):
            name, title = self._first(kind)
            shown = f"{title} ({home.address})" if title else name
            tx.collections.create(
                home.account_id, kind.type, kind.home, name or "", now=self._now(), data={DISPLAY_NAME: shown}
            )

    def _first(self, kind: Kind) -> tuple[str | None, str | None]:
        if kind is CALENDARS:
            calendar = self._settings.of(Calendar)
            return calendar.default_href_name, calendar.default_display_name
        if kind is ADDRESS_BOOKS:
            book = self._settings.of(AddressBook)
            return book.default_href_name, book.default_display_name
        return None, None

    def _now(self) -> int:
        return int(self._clock.seconds())


def _home(row: AccountName | AccountRow) -> Home:
    return Home(row.id, row.login, row.kind == "group")
