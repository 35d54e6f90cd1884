"""When somebody is busy, of all that he counts for it: his own calendars, and those of others that he has added
(draft-ietf-jmap-calendars 2.1).

What who asks may not know is not told, and not that it is hidden: calendars that he has no right on, events that are
secret.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from attrs import frozen

from stalwart.codec.caldav.free_busy import Busy
from stalwart.codec.caldav.selection import stored
from stalwart.codec.dav.rights import TELLING_TIMES, Rights
from stalwart.codec.icalendar.components import Component
from stalwart.codec.icalendar.lines import MalformedCalendar
from stalwart.groupware.busy_times import Allowance, Period, busy_periods
from stalwart.groupware.calendar_zones import calendar_zone
from stalwart.groupware.kinds import CALENDARS
from stalwart.groupware.traits import AVAILABILITY, SUBSCRIBED
from stalwart.groupware.viewers import Viewer
from stalwart.store import Transaction

ALL: Final = "all"
ATTENDING: Final = "attending"
NONE: Final = "none"
_ORDER: Final = (Busy.BUSY, Busy.UNAVAILABLE, Busy.TENTATIVE)
"""What counts where several are true at a time, the first before the others."""
_COMES: Final = frozenset(("ACCEPTED", "TENTATIVE"))
_SECRET: Final = b"CONFIDENTIAL"


@frozen
class _Counted:
    """A calendar that counts for somebody: ``how`` is ``all`` or ``attending``."""

    account_id: int
    id: int
    how: str


def times_of(
    tx: Transaction,
    viewer: Viewer,
    account_id: int,
    addresses: Iterable[str],
    within: tuple[int, int],
    limit: int,
    allowance: Allowance,
    *,
    detailed: bool = False,
) -> Iterator[tuple[int, Period]]:
    """The times in a range at which an account, which is known by ``addresses``, is busy as far as ``viewer`` may know,
    in no order, each with the account that it is of; of one event ``limit`` times are reckoned. If they are
    ``detailed``, the events are named that he may read.
    """
    own = frozenset(f"mailto:{address.lower()}" for address in addresses)
    counted = [(each, viewer.rights_on(tx, each.account_id, each.id)) for each in _counted(tx, account_id)]
    told: dict[int, set[int]] = {}  # an event may be in a calendar with details and in one without
    for each, rights in sorted(counted, key=lambda one: Rights.READ_ITEMS not in one[1]):
        if not rights & TELLING_TIMES:
            continue
        shows = detailed and Rights.READ_ITEMS in rights
        left_out = frozenset(_left_out(tx, each, within, own, hides=viewer.account_id != account_id))
        known = told.setdefault(each.account_id, set())
        zone = calendar_zone(tx, each.account_id, each.id, account_id)
        given = (within, zone, limit, allowance, left_out if shows else left_out | known)
        for period in busy_periods(tx, each.account_id, each.id, *given, detailed=shows):
            if period.event_id is not None:
                known.add(period.event_id)
            yield each.account_id, period


def secrets(
    tx: Transaction, viewer: Viewer, account_id: int, calendar_id: int, within: tuple[int, int]
) -> Iterator[int]:
    """The events of a calendar that ``viewer`` is not told of, nor that there is something at that time."""
    if not viewer.belongs_to(account_id):
        yield from _left_out(tx, _Counted(account_id, calendar_id, ALL), within, frozenset(), hides=True)


def merged(times: Iterable[tuple[Busy, int, int]], within: tuple[int, int]) -> list[tuple[Busy, int, int]]:
    """The times cut to the range, none of which touches another one of its kind or overlaps any, in their order."""
    start, end = within
    steps: list[tuple[int, int, Busy]] = []
    for busy, first, last in times:
        if busy is not Busy.FREE and max(first, start) < min(last, end):
            steps += ((max(first, start), 1, busy), (min(last, end), -1, busy))
    steps.sort()
    found: list[tuple[Busy, int, int]] = []
    open_ = dict.fromkeys(_ORDER, 0)
    since, now = start, None
    for at, by, busy in steps:
        if now is not None and at > since:
            if found and found[-1][0] is now and found[-1][2] == since:
                found[-1] = (now, found[-1][1], at)
            else:
                found.append((now, since, at))
        open_[busy] += by
        since, now = at, next((each for each in _ORDER if open_[each]), None)
    return found


def _counted(tx: Transaction, account_id: int) -> Iterator[_Counted]:
    """The calendars that count for an account: its own unless it says no, others if it says so."""
    for row in tx.collections.of_type(account_id, CALENDARS.type):
        data = row.data or {}
        how = str(data.get(AVAILABILITY) or ALL)
        if data.get(SUBSCRIBED, True) and how != NONE:
            yield _Counted(account_id, row.id, how)
    for grant in tx.shares.granted((account_id,)):
        if grant.type == CALENDARS.type:
            said: dict[str, Any] = tx.preferences.get(grant.account_id, grant.object_id, account_id) or {}
            how = str(said.get(AVAILABILITY) or NONE)
            if said.get(SUBSCRIBED) and how != NONE:
                yield _Counted(grant.account_id, grant.object_id, how)


def _left_out(
    tx: Transaction, counted: _Counted, within: tuple[int, int], own: frozenset[str], *, hides: bool
) -> Iterator[int]:
    """The events that do not count: secret ones, and those that nobody with an address of ``own`` comes to."""
    day = 86_400  # floating times are kept as those of UTC
    spans = tx.collections.spans(
        counted.account_id, counted.id, start=within[0] - day, end=within[1] + day, with_octets=True
    )
    for member, _, octets in spans:
        is_asked = counted.how == ATTENDING or (hides and _SECRET in (octets or b"").upper())
        if is_asked and not _counts(octets or b"", own, counted.how, hides=hides):
            yield member.item_id


def _counts(octets: bytes, own: frozenset[str], how: str, *, hides: bool) -> bool:
    try:
        components = stored(octets).components
    except MalformedCalendar:
        return False
    if hides and any((each.value("CLASS") or "").strip().upper() == _SECRET.decode() for each in components):
        return False
    return how != ATTENDING or any(_comes(each, own) for each in components)


def _comes(component: Component, own: frozenset[str]) -> bool:
    return any(
        item.value.strip().lower() in own and (item.parameter("PARTSTAT") or "").upper() in _COMES
        for item in component.all("ATTENDEE")
    )
