"""Somebody writes or deletes a calendar object: who has to be told (RFC 6638 3.2)."""

from __future__ import annotations

from attrs import evolve

from stalwart.codec.icalendar.components import Component
from stalwart.codec.itip.attending import attendee_changes, attendee_creates, attendee_deletes
from stalwart.codec.itip.objects import SCHEDULED, SchedulingObject, read_object
from stalwart.codec.itip.organizing import organizer_changes, organizer_creates, organizer_deletes
from stalwart.codec.itip.outcomes import Options, Outcome, SchedulingRefused, TagStep
from stalwart.codec.itip.participants import one_of


def on_change(old: Component | None, new: Component | None, options: Options) -> Outcome:
    """What writing ``new`` in the place of ``old`` comes to; None for what was not, or will not be.

    Whoever calls it has found out that scheduling is allowed, and that the last instance ends in the future. Raises
    SchedulingRefused. What needs no scheduling gives an empty outcome.
    """
    before = _read(old, is_stored=True)
    after = _read(new, is_stored=False)
    if before is not None and not _is_ours(before):
        before = None
    if new is None:
        return _deleted(before, options)
    if after is not None and not _is_ours(after):
        outcome = Outcome()
    elif before is not None and _is_mine(before, options):
        outcome = _organizer(before, after, options)
    elif before is not None and _is_invited(before, options):
        outcome = _attendee(before, after, options)
    elif after is not None and _is_mine(after, options):
        outcome = organizer_creates(after, options)
    elif after is not None and _is_invited(after, options):
        outcome = attendee_creates(after, options)
    else:
        outcome = Outcome()
    if options.is_tagged and outcome.tag is TagStep.KEEP and not outcome.messages:
        return evolve(outcome, tag=TagStep.NEXT)
    return outcome


def _organizer(before: SchedulingObject, after: SchedulingObject | None, options: Options) -> Outcome:
    if after is None or not any(after.people(key) for key in after.parts):
        return organizer_deletes(before, options)
    _same_organizer(before, after)
    return organizer_changes(before, after, options)


def _attendee(before: SchedulingObject, after: SchedulingObject | None, options: Options) -> Outcome:
    if after is None:
        raise SchedulingRefused("WRONG_ORGANIZER", "Attendees cannot take the organizer out.")
    _same_organizer(before, after)
    return attendee_changes(before, after, options)


def _deleted(before: SchedulingObject | None, options: Options) -> Outcome:
    if before is None:
        return Outcome()
    if _is_mine(before, options):
        return organizer_deletes(before, options)
    return attendee_deletes(before, options) if _is_invited(before, options) else Outcome()


def _same_organizer(before: SchedulingObject, after: SchedulingObject) -> None:
    one, other = before.organizer, after.organizer
    if one is not None and other is not None and one.address != other.address:
        raise SchedulingRefused("WRONG_ORGANIZER", "The organizer of what people are invited to cannot change.")


def _is_mine(given: SchedulingObject, options: Options) -> bool:
    return given.organizer is not None and given.organizer.address in options.addresses


def _is_invited(given: SchedulingObject, options: Options) -> bool:
    return any(one_of(given.people(key), options.addresses) is not None for key in given.parts)


def _is_ours(given: SchedulingObject) -> bool:
    """Whether servers schedule it (RFC 6638 7.1: SCHEDULE-AGENT of the organizer)."""
    return given.organizer is not None and given.organizer.is_ours


def _read(calendar: Component | None, *, is_stored: bool) -> SchedulingObject | None:
    """The object, if people are invited to it. Raises SchedulingRefused, but not of what is stored already."""
    if calendar is None:
        return None
    parts = [each for each in calendar.components if each.name in SCHEDULED]
    if not any(each.has("ORGANIZER") for each in parts):
        return None
    try:
        found = read_object(calendar)
    except SchedulingRefused:
        if is_stored:
            return None
        raise
    return found if found.organizer is not None else None
