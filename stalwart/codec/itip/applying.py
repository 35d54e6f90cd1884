"""A scheduling message has come: what becomes of the stored object (RFC 5546 3, RFC 6638 4).

Who may say what (RFC 5546 6.1): only the organizer, and whoever the stored object names as sending for the organizer,
changes what is stored of an invitation; attendees answer for themselves, and invite those whom they send instead. To
one who is invited already they say no more than that.
"""

from __future__ import annotations

from typing import Final, cast

from attrs import evolve

from stalwart.codec.icalendar.components import Component
from stalwart.codec.icalendar.lines import MalformedCalendar
from stalwart.codec.icalendar.values import calendar_address
from stalwart.codec.itip.answering import reply
from stalwart.codec.itip.facts import facts_of
from stalwart.codec.itip.objects import SCHEDULED, SchedulingObject, earlier, read_object
from stalwart.codec.itip.organizing import full_request
from stalwart.codec.itip.outcomes import Applied, Ignored, Method, Options, Reason, SchedulingRefused, TooLarge
from stalwart.codec.itip.participants import one_of
from stalwart.codec.itip.updating import add, cancel, delegate, invitation, update

METHODS: Final = frozenset({"REQUEST", "ADD", "CANCEL", "REPLY", "REFRESH", "COUNTER"})

_MAY_LACK_ORGANIZER: Final = ("REQUEST", "REPLY")
"""Exchange leaves ORGANIZER out of what it sends to the organizer."""


def apply(message: Component, stored: Component | None, sender: str, options: Options) -> Applied | Ignored:
    """What a message (VCALENDAR with METHOD) comes to at an account with ``options.addresses``.

    ``stored`` is the object of the account with the same UID. ``sender`` is the proven address of who sent it. Whether
    a new object is taken from this sender is not decided here, nor whether the result is too large.
    """
    method = (message.value("METHOD") or "").strip().upper()
    if method not in METHODS:
        return Ignored(Reason.UNSUPPORTED)
    try:
        present = read_object(stored) if stored is not None else None
        said = read_object(message, present)
        return _applied(cast(Method, method), said, present, calendar_address(sender) or "", options)
    except (SchedulingRefused, MalformedCalendar):
        return Ignored(Reason.MALFORMED)
    except TooLarge:
        return Ignored(Reason.TOO_LARGE)


def _applied(
    method: Method, said: SchedulingObject, present: SchedulingObject | None, sender: str, options: Options
) -> Applied | Ignored:
    if said.kind not in SCHEDULED:
        return Ignored(Reason.UNSUPPORTED)
    if present is not None and (present.uid, present.kind) != (said.uid, said.kind):
        return Ignored(Reason.MALFORMED)
    organizer = _organizer(method, said, present, options)
    if organizer is None:
        return Ignored(Reason.NO_ORGANIZER)
    if present is not None and (present.organizer is None or present.organizer.address != organizer):
        return Ignored(Reason.WRONG_ORGANIZER)
    people = {**said.invited(), **(present.invited() if present is not None else {})}
    if sender != organizer and sender not in people and not _sends_for_organizer(sender, present or said):
        return Ignored(Reason.SENDER_NOT_INVITED)
    is_mine = organizer in options.addresses
    if not is_mine and not any(each in people for each in options.addresses):
        return Ignored(Reason.RECIPIENT_NOT_INVITED)
    if present is None:
        if method != "REQUEST" or is_mine:
            return Ignored(Reason.UNKNOWN_OBJECT)
        if sender == organizer:
            return invitation(said, options)
        if not _sends_for_organizer(sender, said) and not _is_delegator(sender, said, options):
            return Ignored(Reason.SENDER_NOT_INVITED)
        return _marked(invitation(said, options))
    if is_mine:
        return _at_organizer(method, said, present, sender, options)
    applied = _at_attendee(method, said, present, sender, options)
    return _marked(applied) if options.is_second_hand and sender != organizer else applied


def _at_organizer(
    method: Method, said: SchedulingObject, present: SchedulingObject, sender: str, options: Options
) -> Applied | Ignored:
    if method not in ("REPLY", "REFRESH", "COUNTER"):
        return Ignored(Reason.UNSUPPORTED)
    if method == "REPLY":
        return reply(said, present, sender, options)
    if sender not in present.invited():
        return Ignored(Reason.SENDER_NOT_INVITED)
    key, part = next(iter(said.parts.items()))
    if method == "COUNTER":
        answer = said.people(key).get(sender)
        facts = facts_of(
            part,
            said.zones,
            instances=len(said.parts),
            participation=answer.participation if answer is not None else "",
            before=earlier(present, key, part, said.zones),
            zones_before=present.zones,
        )
        return Applied(method, facts)
    request = full_request(present, sender, options)
    if request is None:
        return Ignored(Reason.UNCHANGED)
    return Applied(method, request.facts, messages=(request,))


def _at_attendee(
    method: Method, said: SchedulingObject, present: SchedulingObject, sender: str, options: Options
) -> Applied | Ignored:
    if method == "REPLY":
        mine = [one_of(present.people(key), options.addresses) for key in present.parts]
        if not any(each is not None and sender in each.delegated_to for each in mine):
            return Ignored(Reason.SENDER_NOT_INVITED)
        return reply(said, present, sender, options)
    if method not in ("REQUEST", "ADD", "CANCEL"):
        return Ignored(Reason.UNSUPPORTED)
    is_organizer = present.organizer is not None and sender == present.organizer.address
    if not is_organizer and not _sends_for_organizer(sender, present):
        if method != "REQUEST" or sender not in present.invited() or not _is_delegator(sender, said, options):
            return Ignored(Reason.SENDER_NOT_INVITED)
        if not options.is_second_hand or not _is_delegator(sender, present, options):
            return delegate(said, present, sender, options)
    if is_organizer and options.is_second_hand:
        present = _without_sequence(present)
    if method == "CANCEL":
        return cancel(said, present, options, is_own=is_organizer)
    if all(one_of(said.people(key), options.addresses) is None for key in said.parts):
        return Ignored(Reason.RECIPIENT_NOT_INVITED)
    return (update if method == "REQUEST" else add)(said, present, options, is_own=is_organizer)


def _organizer(
    method: Method, said: SchedulingObject, present: SchedulingObject | None, options: Options
) -> str | None:
    """The address of the organizer; the recipient, if the message does not say."""
    if said.organizer is not None:
        return said.organizer.address
    if method not in _MAY_LACK_ORGANIZER or any(part.has("ORGANIZER") for part in said.parts.values()):
        return None
    if present is not None and present.organizer is not None and present.organizer.address in options.addresses:
        return present.organizer.address
    return min(options.addresses, default=None)


def _is_delegator(sender: str, said: SchedulingObject, options: Options) -> bool:
    """Whether it is an attendee who sends the recipient instead (RFC 5546 3.2.2.3)."""
    for key in said.parts:
        people = said.people(key)
        other, me = people.get(sender), one_of(people, options.addresses)
        if other is None or me is None:
            continue
        if sender in me.delegated_from or any(each in options.addresses for each in other.delegated_to):
            return True
    return False


def _marked(applied: Applied | Ignored) -> Applied | Ignored:
    """What came from somebody else than the organizer."""
    return evolve(applied, is_second_hand=True) if isinstance(applied, Applied) else applied


def _without_sequence(present: SchedulingObject) -> SchedulingObject:
    """What somebody else has brought, so that it is older than what the organizer says."""
    calendar = present.calendar.copy()
    for part in calendar.components:
        part.remove("SEQUENCE")
    return read_object(calendar)


def _sends_for_organizer(sender: str, given: SchedulingObject) -> bool:
    """SENT-BY (RFC 5545 3.2.18)."""
    return bool(sender) and given.organizer is not None and given.organizer.sent_by == sender
