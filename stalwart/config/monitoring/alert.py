"""x:Alert: who is told when figures are not as they should be (settings C.10)."""

from __future__ import annotations

from stalwart.config.monitoring.levels import enabled
from stalwart.schema import (
    REQUIRED,
    Expression,
    ExpressionValue,
    Nested,
    Object,
    Set,
    String,
    Union,
    Variant,
    prop,
)


class Disabled(Variant):
    """Not done."""


class EmailEnabled(Variant, name="Enabled"):
    """A message is sent."""

    from_address: str = prop(String("emailAddress"), REQUIRED, "Address of the sender.")
    from_name: str | None = prop(String(nullable=True), None, "Name of the sender.")
    to: frozenset[str] = prop(Set(String("emailAddress"), min_items=1), {}, "Recipients.")
    subject: str = prop(String(), REQUIRED, "Subject.")
    body: str = prop(String("text"), REQUIRED, "Text.")


class EventEnabled(Variant, name="Enabled"):
    """The event `telemetry.alert-event` happens."""

    event_message: str | None = prop(String("text", nullable=True), None, "What is told of it.")


AlertEmail = Union("AlertEmail", Disabled, EmailEnabled, doc="Message of an alert.")
AlertEvent = Union("AlertEvent", Disabled, EventEnabled, doc="Event of an alert.")


class Alert(Object, enforced=False):
    """Who is told when metrics are not as they should be."""

    enable: bool = enabled()
    condition: ExpressionValue = prop(
        Expression(frozenset()), REQUIRED, "When to tell, such as `metric('queue.count') > 1000`."
    )
    email_alert: Variant = prop(Nested(AlertEmail), {"@type": "Disabled"}, "Message to send.")
    event_alert: Variant = prop(Nested(AlertEvent), {"@type": "Disabled"}, "Event to let happen.")
