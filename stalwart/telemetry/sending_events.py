"""The events of sending that the diagnosis of a delivery does not have: logins, and what became of messages. See
``events``.
"""

from __future__ import annotations

from stalwart.telemetry.event import Event, Level

_HOST = "domain hostname remoteIp"

DELIVERY_DELIVERED = Event(
    "delivery.delivered", Level.INFO, "Another server has taken a message", f"from to {_HOST} code details size elapsed"
)
DELIVERY_MESSAGE_REJECTED = Event(
    "delivery.message-rejected", Level.INFO, "Another server does not take a message", f"from to {_HOST} code reason"
)
DELIVERY_RATE_LIMIT = Event(
    "delivery.rate-limit-exceeded", Level.INFO, "Host has got enough in this time", f"{_HOST} reason"
)
DELIVERY_CONCURRENCY_LIMIT = Event(
    "delivery.concurrency-limit-exceeded", Level.INFO, "Host has connections enough", f"{_HOST} reason"
)
DELIVERY_START_TLS_DISABLED = Event(
    "delivery.start-tls-disabled", Level.INFO, "Mail goes in the clear: the strategy forbids TLS", _HOST
)
DELIVERY_IMPLICIT_TLS_ERROR = Event(
    "delivery.implicit-tls-error", Level.INFO, "TLS of a relay has failed", f"{_HOST} reason elapsed version details"
)
DELIVERY_MISSING_HOSTNAME = Event(
    "delivery.missing-outbound-hostname", Level.WARN, "This server has no name to send mail by", "hostname"
)
DELIVERY_AUTH = Event("delivery.auth", Level.DEBUG, "Relay has accepted the login", f"{_HOST} elapsed")
DELIVERY_AUTH_FAILED = Event(
    "delivery.auth-failed", Level.INFO, "Relay does not accept the login", f"{_HOST} code reason"
)
