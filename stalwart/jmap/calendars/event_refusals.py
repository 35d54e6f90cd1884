"""Why events are not written, in the words of JMAP: what the codec and the rules of calendars say (jmap.md 16.2)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from stalwart.codec.ids import encode_id
from stalwart.codec.jscalendar.checking import InvalidEvent
from stalwart.errors import TooLarge
from stalwart.groupware.violations import Rule, Violation
from stalwart.jmap.errors import SetRefused

_PROPERTIES: Final = {
    Rule.WRONG_RULE: "recurrenceRule",
    Rule.WRONG_START: "start",
    Rule.WRONG_KIND: "calendarIds",
    Rule.UID_TAKEN: "uid",
    Rule.TOO_MANY_ATTENDEES: "participants",
    Rule.WRONG_ORGANIZER: "organizerCalendarAddress",
    Rule.SEVERAL_ORGANIZERS: "organizerCalendarAddress",
}
_FORBIDDEN: Final = frozenset(
    {Rule.ATTENDEE_CHANGE, Rule.NO_INVITING, Rule.NO_REPLYING, Rule.ORGANIZED_HERE, Rule.INVITED_HERE}
)
_MOST_NAMED: Final = 20


@contextmanager
def refusals() -> Iterator[None]:
    """Raises ``SetRefused`` and TooLarge for what the codec or the calendar does not take."""
    try:
        yield
    except InvalidEvent as problem:
        pointers = [pointer for pointer, _ in problem.problems if pointer]
        raise SetRefused("invalidProperties", problem.detail, pointers[:_MOST_NAMED]) from problem
    except Violation as broken:
        if broken.rule is Rule.TOO_LARGE:
            raise TooLarge(f"An event can have {broken.limit} octets at most.") from broken
        kind = "forbidden" if broken.rule in _FORBIDDEN else "invalidProperties"
        named = (_PROPERTIES[broken.rule],) if broken.rule in _PROPERTIES else ()
        raise SetRefused(kind, broken.detail, named) from broken


def wrong(text: str, *properties: str) -> SetRefused:
    """Properties that cannot be what they are."""
    return SetRefused("invalidProperties", text, properties)


def forbidden(text: str) -> SetRefused:
    """What who asks may not do."""
    return SetRefused("forbidden", text)


def uid_taken(holder: int | None) -> SetRefused:
    """Another event of the account has the uid; None is one that who asks does not see."""
    if holder is None:
        return wrong("This uid cannot be used.", "uid")
    id = encode_id(holder)
    return SetRefused("invalidProperties", f'The event "{id}" has this uid.', ("uid",), existingId=id)
