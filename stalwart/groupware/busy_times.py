"""When a calendar makes somebody busy: for those who ask what is free, of one calendar at a time."""

from __future__ import annotations

from collections.abc import Iterator

from stalwart.codec.caldav.filter import Hint
from stalwart.codec.caldav.free_busy import Busy, busy_times
from stalwart.codec.caldav.selection import stored
from stalwart.codec.caldav.time_index import TimeQuestion
from stalwart.codec.icalendar.instances import instances
from stalwart.codec.icalendar.lines import MalformedCalendar
from stalwart.codec.icalendar.spans import BEGINNING
from stalwart.codec.icalendar.timezones import UTC, Zone
from stalwart.errors import TooLarge
from stalwart.store import Transaction

_KINDS = frozenset({"VEVENT", "VFREEBUSY"})
_TOO_MANY = "The calendar has more times in the range than can be told."


def calendar_times(
    tx: Transaction, account_id: int, collection_id: int, within: tuple[int, int], zone: Zone = UTC, limit: int = 3000
) -> Iterator[tuple[Busy, int, int]]:
    """The times in a range at which a calendar makes somebody busy, in no order; objects are read only where what is
    kept beside them does not tell. Raises TooLarge where a series has more times than are reckoned.
    """
    start, end = within
    question = TimeQuestion(Hint(_KINDS, start, end), zone)
    first, last = question.rows
    for member, span, _ in tx.collections.spans(account_id, collection_id, start=first, end=last):
        row = span.kind, span.first_at, span.last_at, span.periods
        if question.meets(*row) is False:
            continue
        known = question.busy(*row)
        if known is not None:
            yield from known
            continue
        octets = tx.collections.octets(account_id, member.item_id)
        try:
            calendar = stored(octets or b"")
        except MalformedCalendar:
            continue
        expansion = instances(calendar, zone_for_floating=zone, limit=limit, since=start if start > BEGINNING else None)
        if expansion.is_truncated and expansion.instances and expansion.instances[-1].start < end:
            raise TooLarge(_TOO_MANY)
        yield from busy_times(expansion, start, end)
