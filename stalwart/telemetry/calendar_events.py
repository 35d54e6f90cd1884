"""The events of calendars: invitations that come and go, by mail or between accounts here. See ``events``."""

from __future__ import annotations

from stalwart.telemetry.event import Event, Level

_MESSAGE = "accountId method from to id"

ITIP_SENT = Event("calendar.itip-message-sent", Level.INFO, "Scheduling message sent", _MESSAGE)
ITIP_RECEIVED = Event(
    "calendar.itip-message-received", Level.INFO, "Scheduling message taken into a calendar", _MESSAGE
)
ITIP_ERROR = Event(
    "calendar.itip-message-error", Level.DEBUG, "Scheduling message not taken into a calendar", f"{_MESSAGE} reason"
)
