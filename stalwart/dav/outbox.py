"""The scheduling outbox: a question for free times is answered at once (RFC 6638 5; spec/dav.md 8.7). Invitations do
not go this way: they follow from what is written into calendars.
"""

from __future__ import annotations

from typing import Final

from stalwart.codec.caldav.free_busy_request import FreeBusyRequest, read_request
from stalwart.codec.dav import multistatus
from stalwart.codec.dav.fragments import Recipient, schedule_response
from stalwart.codec.icalendar.lines import MalformedCalendar
from stalwart.config.collaboration.calendar import Calendar
from stalwart.dav.asking import Asking
from stalwart.dav.places import scheduling_home
from stalwart.dav.refusals import Refused, refused
from stalwart.dav.shown import OUTBOX
from stalwart.errors import TooLarge
from stalwart.groupware.busy_times import Allowance
from stalwart.groupware.scheduling.free_busy import SUCCESS, Availability, availability
from stalwart.store import Transaction
from stalwart.web.answers import NO_CACHE, Answer

LARGEST: Final = 512 << 10
_PERMISSION: Final = "davCalFreeBusyQuery"
_ANY_SIZE: Final = 1 << 30


async def ask_free_busy(asking: Asking) -> Answer:
    """When the people whom the body names are free."""
    if asking.target.segments != (OUTBOX,) or not asking.access.may(_PERMISSION):
        raise Refused(403)
    try:
        octets = await asking.exchange.body(LARGEST)
    except TooLarge:
        raise refused(412, "A:max-resource-size", str(LARGEST).encode()) from None
    try:
        asked = read_request(octets, LARGEST)
    except MalformedCalendar:
        raise refused(400, "A:valid-scheduling-message") from None
    recipients = await asking.tools.store.read(lambda tx: _answers(tx, asking, asked))
    return Answer(200, schedule_response(recipients), multistatus.CONTENT_TYPE, (NO_CACHE,))


def _answers(tx: Transaction, asking: Asking, asked: FreeBusyRequest) -> list[Recipient]:
    owner = scheduling_home(tx, asking)
    organizer = asking.tools.homes.find_address(tx, asked.organizer)
    if organizer is None or organizer.account_id != owner.account_id:  # RFC 6638 5: who asks is the organizer
        raise refused(403, "A:valid-organizer")
    most = asking.tools.settings.of(Calendar).max_recurrence_expansions
    recipients = []
    allowance = Allowance()
    known: dict[int | None, Availability] = {}
    for address, item in asked.attendees:
        within = asked.start, asked.end
        named = asking.tools.homes.find_address(tx, address) if address is not None else None
        home = asking.within_reach(tx, named)
        key = home.account_id if home is not None else None
        if key not in known:
            known[key] = availability(tx, asking.tools.homes, asking.viewer, home, within, most, allowance)
        found = known[key]
        is_known = found.status == SUCCESS
        calendar = asked.answer(item, found.times, asking.now).octets() if is_known else None
        recipients.append(Recipient(item.value.strip()[:1024], found.status, calendar))
    return recipients
