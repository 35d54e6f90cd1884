"""When people are free: what an outbox is asked (RFC 6638 5, spec/dav.md 8.7).

What counts is the calendar that invitations go to, as far as who asks may see its times; of somebody who does not let
him no times are told, nor those of secret events, and nobody learns that they are hidden.
"""

from __future__ import annotations

from typing import Final

from attrs import frozen

from stalwart.codec.caldav.free_busy import Busy
from stalwart.codec.dav.rights import TELLING_TIMES
from stalwart.groupware.availability import secrets
from stalwart.groupware.busy_times import Allowance, calendar_times
from stalwart.groupware.calendar_zones import calendar_zone
from stalwart.groupware.homes import Home, Homes
from stalwart.groupware.scheduling.receiving import default_calendar
from stalwart.groupware.traits import AVAILABILITY
from stalwart.groupware.viewers import Viewer
from stalwart.store import Transaction

SUCCESS: Final = "2.0;Success"
NO_CALENDAR: Final = "3.7;Default calendar not found"
NOBODY: Final = "3.7;Invalid calendar user or insufficient permissions"


@frozen
class Availability:
    """What is said of one person: a status (RFC 5546 3.6), and with success the times."""

    status: str
    times: tuple[tuple[Busy, int, int], ...] = ()


def availability(
    tx: Transaction,
    homes: Homes,
    viewer: Viewer,
    home: Home | None,
    within: tuple[int, int],
    most: int,
    allowance: Allowance | None = None,
) -> Availability:
    """When the owner of a home (None: nobody here) is busy, as ``viewer`` may know it; ``most`` times of one series are
    reckoned, and of all as many as the ``allowance`` of the question lets through.
    """
    if home is None:
        return Availability(NOBODY)
    calendar = default_calendar(tx, homes, home.account_id)
    if calendar is None:
        return Availability(NO_CALENDAR)
    account_id, id = home.account_id, calendar.item_id
    if not viewer.rights_on(tx, account_id, id) & TELLING_TIMES:
        return Availability(SUCCESS)
    collection = tx.collections.get(account_id, id)
    if ((collection.data if collection is not None else None) or {}).get(AVAILABILITY) == "none":
        return Availability(SUCCESS)
    zone = calendar_zone(tx, account_id, id, account_id)
    hidden = frozenset(secrets(tx, viewer, account_id, id, within))
    return Availability(SUCCESS, tuple(calendar_times(tx, account_id, id, within, zone, most, allowance, hidden)))
