"""x:CalendarAlarm: reminders of events by mail (settings C.9)."""

from __future__ import annotations

from stalwart.schema import Boolean, Duration, Singleton, String, prop


class CalendarAlarm(Singleton):
    """Reminders of events by mail."""

    enable: bool = prop(Boolean(), True, "Send them.", label="Enabled")
    allow_external_rcpts: bool = prop(
        Boolean(), False, "Send them to addresses of other servers too.", label="Allow external recipients"
    )
    min_trigger_interval: int = prop(Duration(), 3_600_000, "Least time between two reminders of one event.")
    from_name: str = prop(String(), "Stalwart Calendar", "Name of the sender.")
    from_email: str | None = prop(
        String("emailAddress", nullable=True), None, "Address of the sender; null is that of the server."
    )
    template: str | None = prop(
        String("html", nullable=True), None, "Text of reminders in HTML; null is the built-in one.", enforced=False
    )
