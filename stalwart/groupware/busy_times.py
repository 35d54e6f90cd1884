"""When a calendar makes somebody busy: for those who ask what is free, of one calendar at a time.

What is reckoned is bounded. Where it ends, what is left of the range is told as BUSY-TENTATIVE: nobody is taken for
free because he has too much to do, and one series with a great many times hides nothing of the other events.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from attrs import define, evolve, frozen

from stalwart.codec.caldav.filter import Hint
from stalwart.codec.caldav.free_busy import Busy, busy_instances, busy_of, busy_times
from stalwart.codec.caldav.selection import stored
from stalwart.codec.caldav.time_index import TimeQuestion
from stalwart.codec.icalendar.instances import instances
from stalwart.codec.icalendar.lines import MalformedCalendar
from stalwart.codec.icalendar.spans import BEGINNING
from stalwart.codec.icalendar.timezones import UTC, Zone
from stalwart.store import Transaction

_KINDS = frozenset({"VEVENT", "VFREEBUSY"})


@define
class Allowance:
    """What one question may still cost, of however many people it asks: times that are told, and objects that were read
    and have more of them than are reckoned. ``details`` are octets of events, once for each time that is told with its
    event.
    """

    times: int = 30_000
    cut: int = 10
    details: int = 1 << 20

    @property
    def is_spent(self) -> bool:
        """Whether nothing more is reckoned."""
        return self.times <= 0 or self.cut <= 0


@frozen
class Period:
    """A time at which somebody is busy: of an event that is not told, or of the event ``event_id``. Of a series it is
    the instance of ``recurrence_local``, in seconds on the clock of the series.
    """

    busy: Busy
    start: int
    end: int
    is_of_event: bool = False
    recurrence_local: int | None = None
    event_id: int | None = None


def calendar_times(
    tx: Transaction,
    account_id: int,
    collection_id: int,
    within: tuple[int, int],
    zone: Zone = UTC,
    limit: int = 3000,
    allowance: Allowance | None = None,
    left_out: Collection[int] = (),
) -> Iterator[tuple[Busy, int, int]]:
    """The times in a range at which a calendar makes somebody busy, in no order; objects are read only where what is
    kept beside them does not tell. Of one object ``limit`` instances are reckoned; those ``left_out`` do not count.
    """
    for each in busy_periods(tx, account_id, collection_id, within, zone, limit, allowance, left_out):
        yield each.busy, each.start, each.end


def busy_periods(
    tx: Transaction,
    account_id: int,
    collection_id: int,
    within: tuple[int, int],
    zone: Zone = UTC,
    limit: int = 3000,
    allowance: Allowance | None = None,
    left_out: Collection[int] = (),
    *,
    detailed: bool = False,
) -> Iterator[Period]:
    """The same; if they are ``detailed``, with the events that they are of, as long as the allowance has details."""
    start, end = within
    allowed = allowance if allowance is not None else Allowance()
    question = TimeQuestion(Hint(_KINDS, start, end), zone)
    first, last = question.rows
    for member, span, _ in tx.collections.spans(account_id, collection_id, start=first, end=last):
        row = span.kind, span.first_at, span.last_at, span.periods
        if member.item_id in left_out or question.meets(*row) is False:
            continue
        shows = detailed and member.size <= allowed.details
        times = None if shows else question.busy(*row)
        if times is None:
            if allowed.is_spent:
                yield Period(Busy.TENTATIVE, start, end)
                return
            octets = tx.collections.octets(account_id, member.item_id) or b""
            known = _read_times(octets, within, zone, limit, allowed)
        else:
            known = (Period(*each) for each in times)
        for each in known:
            if allowed.is_spent:
                yield Period(Busy.TENTATIVE, start, end)
                return
            allowed.times -= 1
            if shows and each.is_of_event:
                allowed.details -= member.size
                shows = member.size <= allowed.details
                yield evolve(each, event_id=member.item_id)
            else:
                yield each


def _read_times(octets: bytes, within: tuple[int, int], zone: Zone, limit: int, allowed: Allowance) -> Iterator[Period]:
    """The times of one object; where more of them are left than are reckoned, the rest of the range may be busy."""
    start, end = within
    try:
        calendar = stored(octets)
    except MalformedCalendar:
        return
    since = start if start > BEGINNING else None
    expansion = instances(calendar, zone_for_floating=zone, limit=limit, since=since)
    if expansion.kind == "VEVENT":
        for busy, each in busy_instances(expansion, start, end):
            yield Period(busy, each.start, each.end, True, each.recurrence_local)
    else:
        yield from (Period(*each) for each in busy_times(expansion, start, end))
    if expansion.is_truncated:
        allowed.cut -= 1
        known = max(expansion.instances[-1].start, start) if expansion.instances else start
        if known < end and any(busy_of(each) is not Busy.FREE for each in calendar.components):
            yield Period(Busy.TENTATIVE, known, end)
