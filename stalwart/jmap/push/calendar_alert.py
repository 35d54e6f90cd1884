"""CalendarAlert: what clients are told when an alarm goes off (JMAP for Calendars, "Calendar Alerts"; jmap 9.1)."""

from __future__ import annotations

from typing import Any

from stalwart.codec.ids import encode_id
from stalwart.groupware.alarms import Alert


def calendar_alert(alert: Alert) -> dict[str, Any]:
    """The object of an alarm that is due."""
    return {
        "@type": "CalendarAlert",
        "accountId": encode_id(alert.account_id),
        "calendarEventId": encode_id(alert.item_id),
        "uid": alert.uid,
        "recurrenceId": alert.recurrence_id,
        "alertId": alert.alert_id,
    }
