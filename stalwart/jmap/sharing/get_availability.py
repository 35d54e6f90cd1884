"""Principal/getAvailability: when somebody is busy (draft-ietf-jmap-calendars 2.1). Details of events are not told."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from stalwart.codec.caldav.free_busy import Busy
from stalwart.codec.ids import encode_id
from stalwart.config.collaboration.calendar import Calendar
from stalwart.groupware.availability import merged, times_of
from stalwart.groupware.busy_times import Allowance
from stalwart.groupware.homes import Homes
from stalwart.groupware.viewers import Viewer
from stalwart.jmap.accounts import account_argument
from stalwart.jmap.call import Call
from stalwart.jmap.errors import MethodError
from stalwart.jmap.methods import method
from stalwart.jmap.sharing.capability import AVAILABILITY, LONGEST_DAYS, PRINCIPALS
from stalwart.jmap.sharing.principal import PRINCIPAL
from stalwart.jmap.standard.argument_reader import ArgumentReader, invalid
from stalwart.jmap.standard.asking import Asking, number_of
from stalwart.jmap.standard.dates import UTCDate, utc_date
from stalwart.jmap.standard.presence import require_account
from stalwart.jmap.standard.scalars import Unfit
from stalwart.store import Store
from stalwart.store.store import Transaction
from stalwart.web.clock import Clock

_STATUSES: Final = {Busy.BUSY: "confirmed", Busy.TENTATIVE: "tentative", Busy.UNAVAILABLE: "unavailable"}


@method("Principal/getAvailability", capability=(PRINCIPALS, AVAILABILITY), needs="jmapPrincipalGetAvailability")
async def get_availability(
    call: Call, *, store: Store, clock: Clock, settings: Any, base_url: str, homes: Homes
) -> dict[str, Any]:
    """The times in a range at which a principal is busy, as far as who asks may know."""
    account_id = account_argument(call)
    reader = ArgumentReader(call.arguments)
    id = call.request.id_of(reader.required_text("id"))
    start, end = (_moment(reader, name) for name in ("utcStart", "utcEnd"))
    reader.flag("showDetails")
    reader.texts("eventProperties")
    if start >= end:
        raise invalid("utcEnd", "must be after utcStart")
    if end - start > LONGEST_DAYS * 86_400:
        raise MethodError("tooLarge", f"Availability is told for {LONGEST_DAYS} days at most.")
    services = {"settings": settings, "base_url": base_url, "clock": clock}
    asking = Asking.of(PRINCIPAL.declared, call, account_id, {}, services)
    most = settings.of(Calendar).max_recurrence_expansions

    def work(tx: Transaction) -> list[tuple[Busy, int, int]]:
        require_account(tx, account_id)
        number = number_of(id)
        known = [] if number is None else PRINCIPAL.source.fetch(tx, asking, (number,), ("email",), 1)
        home = homes.get(tx, known[0][0]) if known else None
        if home is None:
            raise MethodError("notFound", "There is no such principal.")
        viewer, within = Viewer.of(call.request.access), (start, end)
        addresses = homes.addresses(tx, home)
        return merged(times_of(tx, viewer, home.account_id, addresses, within, most, Allowance()), within)

    times = await store.read(work)
    return {
        "accountId": encode_id(account_id),
        "list": [
            {"utcStart": utc_date(first), "utcEnd": utc_date(last), "busyStatus": _STATUSES[busy], "event": None}
            for busy, first, last in times
        ],
    }


def _moment(reader: ArgumentReader, name: str) -> int:
    try:
        text = UTCDate().read(reader.required_text(name))
    except Unfit as problem:
        raise invalid(name, problem.rule) from None
    return int(datetime.fromisoformat(text).timestamp())
