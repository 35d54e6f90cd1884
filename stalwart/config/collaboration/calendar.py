"""x:Calendar: limits of calendars, and the one that every account begins with (settings C.9)."""

from __future__ import annotations

from stalwart.schema import Singleton, Size, String, Unsigned, prop

_LIMIT = Unsigned(min=1, nullable=True)


class Calendar(Singleton):
    """Calendars of accounts."""

    default_display_name: str | None = prop(
        String(nullable=True), "Stalwart Calendar", "Name of the first calendar; null makes none."
    )
    default_href_name: str | None = prop(String(nullable=True), "default", "First calendar's part of the URL.")
    max_i_calendar_size: int = prop(Size(), 524_288, "Bytes of one event or task.", label="Max iCalendar size")
    max_attendees: int = prop(Unsigned(max=100_000), 20, "Attendees of one event, as clients are told.")
    max_recurrence_expansions: int = prop(Unsigned(), 3000, "Occurrences that one event is expanded to.")
    max_calendars: int | None = prop(_LIMIT, 250, "Calendars of one account; null is no limit.")
    max_events: int | None = prop(_LIMIT, None, "Events of one account; null is no limit.")
    max_event_notifications: int | None = prop(
        _LIMIT,
        None,
        "Notifications of one account, the oldest make room; null is no limit for messages of scheduling, and 1000 of"
        " what others do in its calendars.",
    )
    max_participant_identities: int | None = prop(_LIMIT, 100, "Identities of one account in events; null is no limit.")
