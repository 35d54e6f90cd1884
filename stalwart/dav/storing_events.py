"""PUT of events, tasks and journal entries (RFC 4791 5.3.2, RFC 6638 3.2.10, spec/dav.md 4.6).

The body is refused as soon as it is too large, examined before the write, in a thread if that takes a while, and
written in the transaction that has looked at locks and conditions. ``Schedule-Reply: F``, which RFC 6638 8.1 has for
DELETE, keeps a PUT of a new one from telling anybody: who brings his events from elsewhere invites nobody again.
"""

from __future__ import annotations

from functools import partial

from attrs import evolve

from stalwart.codec.caldav.selection import stored
from stalwart.codec.dav.request_fields import schedule_reply_wanted, schedule_tag
from stalwart.codec.dav.rights import Rights
from stalwart.codec.icalendar.discretion import HIDDEN, with_hidden
from stalwart.dav.asking import Asking
from stalwart.dav.guarding import check_schedule_tag
from stalwart.dav.owning import check_own
from stalwart.dav.refusals import violation
from stalwart.dav.storing import Place, is_to_show, limited_body, placed, stored_answer, violated
from stalwart.groupware.calendar_objects import Examined, Kept, is_small
from stalwart.groupware.guarded_events import is_one_of
from stalwart.groupware.kinds import CALENDARS
from stalwart.groupware.resources import Resource
from stalwart.groupware.violations import Violation
from stalwart.store import Transaction
from stalwart.web.answers import Answer, Headers

CONTENT_TYPE = "text/calendar; charset=utf-8"


async def put_event(asking: Asking, place_for: Place) -> Answer:
    """Keep a calendar object. ``place_for`` says where, once locks and conditions have let it through."""
    try:
        given = await _examined(asking, await limited_body(asking, asking.tools.events.largest))
    except Violation as broken:
        # Whoever may not write here hears that, and not what is wrong with what he sent.
        await asking.read(lambda tx: place_for(tx, asking))
        raise violation(CALENDARS, broken, None) from broken
    outcome = await asking.write(lambda tx: _written(tx, asking, given, place_for))
    if isinstance(outcome, Answer):
        return outcome
    kept, is_shown = outcome
    headers: Headers = (("ETag", kept.member.etag),)
    if kept.is_put_back and not is_shown:
        headers = ()  # it is to be read again (RFC 4791 5.3.4)
    if kept.schedule_tag is not None:
        headers = (*headers, ("Schedule-Tag", f'"{kept.schedule_tag}"'))
    return stored_answer(kept.is_new, headers, kept.octets if is_shown else None, CONTENT_TYPE)


async def _examined(asking: Asking, octets: bytes) -> Examined:
    events, now = asking.tools.events, asking.now
    if is_small(octets):
        return events.examine(octets, now)
    return await asking.tools.store.blob_work(lambda files: events.examine(octets, now))


def _written(tx: Transaction, asking: Asking, given: Examined, place_for: Place) -> tuple[Kept, bool] | Answer:
    """What is kept, and whether the answer shows it."""
    found = placed(tx, asking, partial(_place, place_for), CONTENT_TYPE)
    if isinstance(found, Answer):
        return found
    wanted = Rights.ADD_ITEMS if found.member is None else Rights.MODIFY_ITEMS
    check_own(tx, asking, found, wanted, given.calendar)
    try:
        if found.member is not None and found.discretion.how(found.member.item_id) == HIDDEN:
            given = _with_hidden(tx, asking, found, given)
        kept = asking.tools.events.put(
            *(tx, found, given),
            user_id=asking.viewer.account_id,
            now=asking.now,
            merges=schedule_tag(asking.field("if-schedule-tag-match")) is not None,
            is_silent=found.member is None and not schedule_reply_wanted(asking.field("schedule-reply")),
        )
    except Violation as broken:
        raise violated(found, broken) from broken
    if found.is_own:
        return kept, is_to_show(asking, found)
    now_there = asking.resource(tx)
    if now_there.member is None:
        return kept, False
    return evolve(kept, octets=asking.seen(tx, now_there, kept.member.item_id, kept.octets)), is_to_show(asking, found)


def _with_hidden(tx: Transaction, asking: Asking, found: Resource, given: Examined) -> Examined:
    """What somebody writes who does not see all people in an event, with these. Raises Violation."""
    assert found.member is not None
    before = stored(tx.collections.octets(found.account_id, found.member.item_id) or b"")
    is_me = is_one_of(tx, asking.tools.homes, asking.viewer)
    return asking.tools.events.examined_anew(with_hidden(given.calendar, before, is_me), asking.now)


def _place(place_for: Place, tx: Transaction, asking: Asking) -> Resource:
    """Where an event is put, if it has the tag that is wanted."""
    found = place_for(tx, asking)
    check_schedule_tag(tx, asking, found)
    return found
