"""The events of reminders. See ``events``."""

from __future__ import annotations

from stalwart.telemetry.event import Event, Level

ALARM_SENT = Event("calendar.alarm-sent", Level.INFO, "Reminder of an event sent", "accountId documentId to")
ALARM_SKIPPED = Event(
    "calendar.alarm-skipped", Level.DEBUG, "Reminder of an event not sent", "accountId documentId reason"
)
ALARM_REDIRECTED = Event(
    "calendar.alarm-recipient-override",
    Level.DEBUG,
    "Reminder sent to its account instead of an address elsewhere",
    "accountId documentId to",
)
ALARM_FAILED = Event(
    "calendar.alarm-failed", Level.WARN, "Reminder of an event could not be sent", "accountId documentId reason"
)
