"""Principal/getAvailability: when somebody is busy (draft-ietf-jmap-calendars 2.1).

Events are told with their times to those who may read them, as CalendarEvent/get tells them. All other times are one
after the other, whatever they are of.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final

from attrs import evolve

from stalwart.codec.caldav.free_busy import Busy
from stalwart.codec.ids import encode_id
from stalwart.config.collaboration.calendar import Calendar
from stalwart.groupware.availability import merged, times_of
from stalwart.groupware.busy_times import Allowance, Period
from stalwart.groupware.homes import Homes
from stalwart.groupware.viewers import Viewer
from stalwart.jmap.accounts import account_argument
from stalwart.jmap.calendars.calendar_event import CALENDAR_EVENT
from stalwart.jmap.calendars.event_ids import instance_number
from stalwart.jmap.call import Call
from stalwart.jmap.errors import MethodError
from stalwart.jmap.methods import method
from stalwart.jmap.sharing.capability import AVAILABILITY, LONGEST_DAYS, PRINCIPALS
from stalwart.jmap.sharing.principal import PRINCIPAL
from stalwart.jmap.standard.argument_reader import ArgumentReader, invalid
from stalwart.jmap.standard.asking import Asking, number_of
from stalwart.jmap.standard.dates import UTCDate, utc_date
from stalwart.jmap.standard.getting import answered_names, wire_object
from stalwart.jmap.standard.presence import require_account
from stalwart.jmap.standard.scalars import Unfit
from stalwart.mail.own_addresses import OwnAddresses
from stalwart.mail.search.turns import Turns
from stalwart.store import Store
from stalwart.store.store import Transaction
from stalwart.web.clock import Clock

_STATUSES: Final = {Busy.BUSY: "confirmed", Busy.TENTATIVE: "tentative", Busy.UNAVAILABLE: "unavailable"}
_EVENTS: Final = CALENDAR_EVENT.declared
_AT_ONCE: Final = 100
"""Events that are read at a time."""

Told = tuple[Busy, int, int, dict[str, Any] | None]


@method("Principal/getAvailability", capability=(PRINCIPALS, AVAILABILITY), needs="jmapPrincipalGetAvailability")
async def get_availability(
    call: Call,
    *,
    store: Store,
    clock: Clock,
    settings: Any,
    base_url: str,
    homes: Homes,
    own_addresses: OwnAddresses,
    search_turns: Turns,
) -> dict[str, Any]:
    """The times in a range at which a principal is busy, as far as who asks may know."""
    account_id = account_argument(call)
    reader = ArgumentReader(call.arguments)
    id = call.request.id_of(reader.required_text("id"))
    start, end = (_moment(reader, name) for name in ("utcStart", "utcEnd"))
    detailed = reader.flag("showDetails")
    names = answered_names(_EVENTS, reader.texts("eventProperties"), call.request.using)
    if start >= end:
        raise invalid("utcEnd", "must be after utcStart")
    if end - start > LONGEST_DAYS * 86_400:
        raise MethodError("tooLarge", f"Availability is told for {LONGEST_DAYS} days at most.")
    services = {"settings": settings, "base_url": base_url, "clock": clock, "own_addresses": own_addresses}
    asking = Asking.of(PRINCIPAL.declared, call, account_id, {}, services)
    most = settings.of(Calendar).max_recurrence_expansions

    def work(tx: Transaction) -> list[Told]:
        require_account(tx, account_id)
        number = number_of(id)
        known = [] if number is None else PRINCIPAL.source.fetch(tx, asking, (number,), ("email",), 1)
        home = homes.get(tx, known[0][0]) if known else None
        if home is None:
            raise MethodError("notFound", "There is no such principal.")
        viewer, within = Viewer.of(call.request.access), (start, end)
        addresses = homes.addresses(tx, home)
        given = (viewer, home.account_id, addresses, within, most, Allowance())
        times = times_of(tx, *given, detailed=detailed and call.request.access.may(_EVENTS.permission("Get")))
        return _told(tx, evolve(asking, declared=_EVENTS), times, names, within)

    async with search_turns.of(call.request.access.account_id):  # it may read a year of events
        times = await store.read(work)
    return {
        "accountId": encode_id(account_id),
        "list": [
            {"utcStart": utc_date(first), "utcEnd": utc_date(last), "busyStatus": _STATUSES[busy], "event": event}
            for busy, first, last, event in times
        ],
    }


def _told(
    tx: Transaction,
    asking: Asking,
    times: Iterable[tuple[int, Period]],
    names: list[str],
    within: tuple[int, int],
) -> list[Told]:
    """The times in their order: those of events by themselves, within the range, all others merged."""
    start, end = within
    named: dict[tuple[int, int], Period] = {}
    nameless: list[tuple[Busy, int, int]] = []
    for account_id, each in times:
        if each.event_id is None:
            nameless.append((each.busy, each.start, each.end))
        elif max(each.start, start) < min(each.end, end):
            named[account_id, _number(each.event_id, each.recurrence_local)] = each
    found: list[Told] = []
    events = dict(_events(tx, asking, named, names))
    for key, each in named.items():
        event = events.get(key)
        if event is None:
            nameless.append((each.busy, each.start, each.end))
        else:
            found.append((each.busy, max(each.start, start), min(each.end, end), event))
    found += ((busy, first, last, None) for busy, first, last in merged(nameless, within))
    return sorted(found, key=lambda each: each[1:3])


def _number(event_id: int, recurrence_local: int | None) -> int:
    return event_id if recurrence_local is None else instance_number(event_id, recurrence_local)


def _events(
    tx: Transaction, asking: Asking, wanted: Iterable[tuple[int, int]], names: list[str]
) -> Iterator[tuple[tuple[int, int], dict[str, Any]]]:
    by_account: dict[int, list[int]] = {}
    for account_id, number in wanted:
        by_account.setdefault(account_id, []).append(number)
    for account_id, numbers in by_account.items():
        here = evolve(asking, account_id=account_id)
        for at in range(0, len(numbers), _AT_ONCE):
            for number, event in CALENDAR_EVENT.source.fetch(tx, here, numbers[at : at + _AT_ONCE], names, _AT_ONCE):
                yield (account_id, number), wire_object(_EVENTS.ids.text(number), event, names)


def _moment(reader: ArgumentReader, name: str) -> int:
    try:
        text = UTCDate().read(reader.required_text(name))
    except Unfit as problem:
        raise invalid(name, problem.rule) from None
    return int(datetime.fromisoformat(text).timestamp())
