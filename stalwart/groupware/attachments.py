"""Files that are attached to events and kept here (RFC 8607): what is known of them, who holds and who may read them.

An event that names an attachment holds its content: the record stands in its data, the blob is linked to it, and its
octets count as the event's. So copies, moves, the bin and the end of an event need no word about attachments. Whoever
may read an event that holds one may read it, and so may whom its owner has invited.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from attrs import frozen

from stalwart.codec.caldav.managed_attachments import digest_of, managed_ids
from stalwart.codec.caldav.selection import stored
from stalwart.codec.dav.rights import Rights
from stalwart.codec.icalendar.checking import RefusedCalendarObject, check
from stalwart.codec.icalendar.components import Component
from stalwart.codec.icalendar.lines import MalformedCalendar
from stalwart.groupware.guarded_events import Discretion
from stalwart.groupware.homes import Homes
from stalwart.groupware.kinds import CALENDARS
from stalwart.groupware.traits import ATTACHMENTS
from stalwart.groupware.viewers import Viewer
from stalwart.store import Transaction

_MOST_ADDRESSES: Final = 500
"""Attendees that are looked up."""
_MOST_HOLDERS: Final = 100
"""Events that hold one content."""


@frozen
class Attachment:
    """The record of an attachment. ``hash`` is that of its blob."""

    hash: bytes
    size: int
    media_type: str | None = None
    filename: str | None = None

    def kept(self) -> list[Any]:
        """As it stands in the data of events."""
        return [self.hash.hex(), self.size, self.media_type, self.filename]


Held = Mapping[str, Attachment]
"""Attachments by what they are known by."""


def held_in(data: Mapping[str, Any] | None) -> dict[str, Attachment]:
    """The attachments that an event holds, by its data."""
    kept = (data or {}).get(ATTACHMENTS) or {}
    return {
        id: Attachment(bytes.fromhex(hash), size, media_type, name)
        for id, (hash, size, media_type, name) in kept.items()
    }


def written(held: Held) -> dict[str, list[Any]] | None:
    """The member of the data of an event that holds these."""
    return {id: each.kept() for id, each in held.items()} or None


def blobs_of(held: Held) -> dict[bytes, int]:
    """The blobs of attachments with their sizes, each once."""
    return {each.hash: each.size for each in held.values()}


def settled(tx: Transaction, account_id: int, calendar: Component, held: Held, now: int) -> dict[str, Attachment]:
    """What an event is to hold that names these attachments: what it held before, and what others in the account hold
    (RFC 8607 3.7). Others are names that mean nothing here; they stay where they stand.
    """
    found = {}
    for id in managed_ids(calendar):
        record = held.get(id) or _held_elsewhere(tx, account_id, id, now)
        if record is not None:
            found[id] = record
    return found


def _held_elsewhere(tx: Transaction, account_id: int, id: str, now: int) -> Attachment | None:
    return next((record for _, record in _holders(tx, account_id, id, now)), None)


def _holders(tx: Transaction, account_id: int, id: str, now: int) -> Iterable[tuple[int, Attachment]]:
    """The events of an account that hold an attachment."""
    digest = digest_of(id)
    for link in tx.blobs.links(digest, account_id, now)[:_MOST_HOLDERS] if digest is not None else ():
        row = tx.objects.get(account_id, link.owner_id) if link.owner_id > 0 else None
        if row is not None and row.type == CALENDARS.item_type and (record := held_in(row.data).get(id)):
            yield link.owner_id, record


def readable(tx: Transaction, homes: Homes, viewer: Viewer, account_id: int, id: str, now: int) -> Attachment | None:
    """An attachment that was put to an event of the account, if somebody may read it: there, or in an account of his
    own that it was copied to.
    """
    for account in dict.fromkeys((account_id, *viewer.grantees)):
        for item_id, record in _holders(tx, account, id, now):
            if _may_read(tx, viewer, account, item_id) or _is_invited(tx, homes, viewer, account, item_id):
                return record
    return None


def _may_read(tx: Transaction, viewer: Viewer, account_id: int, item_id: int) -> bool:
    if viewer.belongs_to(account_id):
        return True
    if Discretion.of(tx, account_id).hides(item_id):
        return False
    calendars = [each.collection_id for each in tx.collections.places(account_id, item_id)]
    return any(Rights.READ_ITEMS in each for each in viewer.rights_on_some(tx, account_id, calendars).values())


def _is_invited(tx: Transaction, homes: Homes, viewer: Viewer, account_id: int, item_id: int) -> bool:
    try:
        facts = check(stored(tx.collections.octets(account_id, item_id) or b""))
    except (MalformedCalendar, RefusedCalendarObject):
        return False
    for address in facts.attendees[:_MOST_ADDRESSES] if facts.is_scheduling else ():
        home = homes.find_address(tx, address)
        if home is not None and home.account_id in viewer.grantees:
            return True
    return False
