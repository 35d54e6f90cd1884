"""What somebody else has done to an event, kept for whose calendar it is in (draft-ietf-jmap-calendars 6).

It is written with the change. Messages of scheduling stand in the inbox that CalDAV knows and have it beside them; what
people do to whom a calendar is shared has no message, so DAV does not see it. Both are of one type, have one state, and
go after the same time.
"""

from __future__ import annotations

from typing import Any, Final

from msgspec import json

from stalwart.codec.caldav.selection import stored
from stalwart.codec.icalendar.lines import MalformedCalendar
from stalwart.codec.ids import encode_id
from stalwart.errors import StalwartError
from stalwart.groupware.homes import Home
from stalwart.groupware.principals import account_name
from stalwart.store import Transaction
from stalwart.store.collection_rows import home
from stalwart.store.object_types import CALENDAR_EVENT_NOTIFICATION

NOTICE: Final = "notice"
"""The member of the data that has it."""
_MESSAGE: Final = "method"
"""The member that messages of scheduling have beside it (``scheduling.inbox``)."""
EVENT_ID: Final = "eventId"
"""The number of the event, in a notice."""
CREATED: Final = "created"
UPDATED: Final = "updated"
DESTROYED: Final = "destroyed"
INBOX_HOME: Final = home(CALENDAR_EVENT_NOTIFICATION)
"""The number that messages in an inbox are bound in."""
MOST: Final = 1000
"""Notices of what sharees do, in one account; the oldest make room."""
_MOST_OCTETS: Final = 32 * 1024
_SHORT: Final = ("@type", "uid", "title", "start", "timeZone", "duration", "due", "updated")


def notice_of(
    what: str,
    before: bytes | None,
    after: bytes | None,
    changed_by: dict[str, Any],
    *,
    is_draft: bool = False,
    comment: str | None = None,
) -> dict[str, Any] | None:
    """What a change is told as: the event as it was, or is if it is new, with the patch that changed it. None where it
    comes to nothing. Of events that are too large the most important is kept, and no patch.
    """
    from stalwart.codec.jscalendar.patches import difference

    old, new = _event(before), _event(after)
    event = new if what == CREATED else old
    if event is None:
        return None
    patch = None
    if what == UPDATED and new is not None and "Group" not in (old or {}).get("@type", "") + new["@type"]:
        patch = difference(event, new)
        if not patch:
            return None
    if len(json.encode(event)) + len(json.encode(patch)) > _MOST_OCTETS:
        event, patch = {name: event[name] for name in _SHORT if name in event}, None
    return {
        "type": what,
        "changedBy": changed_by,
        "comment": comment,
        "isDraft": is_draft,
        "event": event,
        "eventPatch": patch,
    }


def add_notice_of(
    tx: Transaction, account_id: int, event_id: int, notice: dict[str, Any] | None, now: int, limit: int | None = None
) -> None:
    """Keep a notice that no message of scheduling stands beside; of these and messages ``limit``, if that is given."""
    if notice is None:
        return
    make_room(tx, account_id, limit, now)
    if tx.objects.count(account_id, CALENDAR_EVENT_NOTIFICATION) >= MOST:
        there = tx.objects.list(account_id, CALENDAR_EVENT_NOTIFICATION)
        loose = [each for each in there if _MESSAGE not in (each.data or {}) and NOTICE in (each.data or {})]
        for each in loose[: max(0, len(loose) + 1 - MOST)]:
            tx.objects.kill(account_id, each.id, now=now)
    data = {NOTICE: {**notice, EVENT_ID: event_id}}
    tx.objects.insert(account_id, CALENDAR_EVENT_NOTIFICATION, now=now, data=data)


def make_room(tx: Transaction, account_id: int, limit: int | None, now: int) -> None:
    """Have one notification less than ``limit``, messages of scheduling counted: the oldest go."""
    if limit is None:
        return
    excess = tx.objects.count(account_id, CALENDAR_EVENT_NOTIFICATION) + 1 - limit
    for each in tx.objects.list(account_id, CALENDAR_EVENT_NOTIFICATION, limit=excess) if excess > 0 else ():
        if _MESSAGE in (each.data or {}):
            tx.collections.remove(account_id, INBOX_HOME, f"{each.id}.ics", now=now)
        else:
            tx.objects.kill(account_id, each.id, now=now)


def by_account(tx: Transaction, account_id: int) -> dict[str, Any]:
    """An account as who has changed something."""
    row = tx.accounts.name(account_id)
    if row is None:
        return {"name": "", "email": None, "principalId": None, "calendarAddress": None}
    return {
        "name": account_name(tx, Home(row.id, row.login)),
        "email": row.login,
        "principalId": encode_id(account_id),
        "calendarAddress": f"mailto:{row.login}",
    }


def by_address(tx: Transaction, address: str, holder: int | None) -> dict[str, Any]:
    """Somebody who has sent a message; ``holder`` is the account that has the address, if that is here."""
    known = by_account(tx, holder) if holder is not None else {"name": "", "principalId": None}
    return {**known, "email": address, "calendarAddress": f"mailto:{address}"}


def _event(octets: bytes | None) -> dict[str, Any] | None:
    from stalwart.codec.jscalendar.series import event_of

    try:
        return None if octets is None else event_of(stored(octets))
    except (MalformedCalendar, StalwartError):
        return None
