"""What was deleted comes back: at its old place, under another name if that is taken (``bin`` keeps it).

Events and cards are examined again, so that they are found as before; that is done in a thread, before the transaction.
Collections that they were in, and that are gone, are made anew. People who were told that an event does not take place,
or that somebody does not come, are told of it as of a new one (RFC 6638 3.2.1.1, 3.2.2.1).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from attrs import frozen

from stalwart.errors import Conflict, NotFound
from stalwart.groupware.calendar_objects import MOST_TOLD, CalendarObjects, Examined
from stalwart.groupware.contacts import Contacts, card_item
from stalwart.groupware.homes import DISPLAY_NAME, Home
from stalwart.groupware.kinds import ADDRESS_BOOKS, CALENDARS, FILES, KINDS, Kind
from stalwart.groupware.resources import locate
from stalwart.groupware.viewers import Viewer
from stalwart.groupware.violations import Rule, Violation
from stalwart.mail.messages.quota import Quotas
from stalwart.store import Store, Transaction
from stalwart.store.collection_rows import Archived, ArchivedItem, Member, NewItem

_MOST_NAMES: Final = 1000
_BY_TYPE: Final[Mapping[int, Kind]] = {type: kind for kind in KINDS.values() for type in (kind.type, kind.item_type)}


@frozen
class Restorable:
    """Something of the bin, ready to be written: each part with what is kept of it, None for collections."""

    archived: Archived
    parts: tuple[tuple[ArchivedItem, NewItem | Examined | None], ...]


class Restoring:
    """Brings back what was deleted."""

    def __init__(self, store: Store, events: CalendarObjects, contacts: Contacts, quotas: Quotas) -> None:
        self._store = store
        self._events = events
        self._contacts = contacts
        self._quotas = quotas

    async def prepare(self, account_id: int, id: int, now: int) -> Restorable:
        """Read what was deleted. Raises NotFound, Violation."""
        archived, items = await self._store.read(
            lambda tx: (tx.archive.get(account_id, id), tx.archive.items(account_id, id))
        )
        if archived is None:
            raise NotFound
        parts = await self._store.blob_work(lambda files: tuple((item, self._item(item, now)) for item in items))
        return Restorable(archived, parts)

    def restore(self, tx: Transaction, account_id: int, what: Restorable, user_id: int, now: int) -> Member:
        """Write it for somebody, and take it out of the bin. Raises NotFound, Conflict, OverQuota, Violation."""
        archived = what.archived
        if tx.archive.get(account_id, archived.id) is None:
            raise NotFound
        self._quotas.check(tx, account_id, archived.size)
        kind = _BY_TYPE[archived.type]
        *above, name = archived.path.split("/")
        place = kind.home
        for segment in above:
            place = _collection(tx, account_id, kind, place, segment, now)
        name = _free_name(tx, account_id, place, name)
        places, told = {"": place}, 0
        restored: Member | None = None
        for item, content in what.parts:
            path, _, segment = item.path.rpartition("/")
            inside, called = (places[path], segment) if item.path else (place, name)
            if content is None:
                member = tx.collections.create(account_id, kind.type, inside, called, now=now, data=item.data)
                places[item.path] = member.item_id
            elif isinstance(content, Examined):
                told += content.facts.is_scheduling
                names = (*(tx.collections.path(account_id, inside) or ()), called)
                member = self._events.bring_back(
                    *(tx, locate(tx, Viewer(account_id), kind, Home(account_id, ""), names), content, item.data or {}),
                    user_id=user_id,
                    now=now,
                    is_silent=told > MOST_TOLD,
                ).member
            else:
                _check_uid(tx, account_id, kind, inside, content)
                member = tx.collections.put(account_id, inside, called, content, now=now)[0]
            restored = restored or member
        tx.archive.remove(account_id, archived.id, now)
        if restored is None:
            raise NotFound
        return restored

    def _item(self, item: ArchivedItem, now: int) -> NewItem | Examined | None:
        if item.is_collection:
            return None
        kind, octets, data = _BY_TYPE[item.type], item.octets or b"", dict(item.data or {})
        if kind is CALENDARS:
            return self._events.examine(octets, now)
        if kind is ADDRESS_BOOKS:
            return card_item(self._contacts.examine(octets), data)
        blob = item.blob or b""
        return NewItem(int.from_bytes(blob[:4]), blob=blob, size=item.size, data=data)


def _collection(tx: Transaction, account_id: int, kind: Kind, place: int, segment: str, now: int) -> int:
    """The collection of this name, which is made if there is none."""
    there = tx.collections.member(account_id, place, segment)
    if there is None:
        data = {} if kind is FILES else {DISPLAY_NAME: segment}
        there = tx.collections.create(account_id, kind.type, place, segment, now=now, data=data)
    if not there.is_collection:
        raise Conflict("What it was in is no folder any more.", "path")
    return there.item_id


def _free_name(tx: Transaction, account_id: int, place: int, wanted: str) -> str:
    stem, dot, ending = wanted.rpartition(".")
    if not stem:
        stem, dot, ending = wanted, "", ""
    names = [wanted, *(f"{stem} ({n}){dot}{ending}" for n in range(2, _MOST_NAMES))]
    for begin in range(0, len(names), 100):
        taken = tx.collections.named(account_id, place, names[begin : begin + 100])
        for name in names[begin : begin + 100]:
            if name not in taken:
                return name
    raise Conflict("There are too many things of this name.", "path")


def _check_uid(tx: Transaction, account_id: int, kind: Kind, place: int, content: NewItem) -> None:
    if content.uid is None:
        return
    for holder in tx.collections.by_uid(account_id, kind.item_type, content.uid):
        if holder.collection_id == place:
            raise Violation(Rule.UID_TAKEN, "There is another one with its UID.", holder=(place, holder.segment))
