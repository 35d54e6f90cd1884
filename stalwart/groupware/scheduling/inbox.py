"""The inbox of scheduling: every message that a calendar has taken in stays there until its owner has seen it, or until
``x:DataRetention.expungeSchedulingInboxAfter`` (RFC 6638 2.2; spec/dav.md 8.7).

What is in it is called by its number, and JMAP knows the same as CalendarEventNotification.
"""

from __future__ import annotations

from typing import Any, Final
from zlib import crc32

from stalwart.groupware.event_notices import EVENT_ID, INBOX_HOME, NOTICE, make_room
from stalwart.store import Transaction
from stalwart.store.collection_rows import Member, NewItem

EVENT: Final = "event"
"""The member that has the number of the object which the message is about; it may be gone."""
SENDER: Final = "sender"
"""The member that has the address of who says it."""
METHOD: Final = "method"


def add_notice(
    tx: Transaction,
    account_id: int,
    octets: bytes,
    *,
    method: str,
    sender: str,
    event: int | None,
    now: int,
    notice: dict[str, Any] | None = None,
    limit: int | None = None,
) -> Member:
    """Put a message into an inbox, with what it has done (``event_notices``), where no more than ``limit`` are kept, if
    that is given. Raises NotFound (account).
    """
    make_room(tx, account_id, limit, now)
    (id,) = tx.accounts.new_ids(account_id)
    data: dict[str, Any] = {METHOD: method, SENDER: sender} | ({} if event is None else {EVENT: event})
    if notice is not None:
        data[NOTICE] = {**notice, EVENT_ID: event}
    item = NewItem(crc32(octets) or 1, octets, data=data)
    return tx.collections.put(account_id, INBOX_HOME, f"{id}.ics", item, now=now, id=id)[0]
