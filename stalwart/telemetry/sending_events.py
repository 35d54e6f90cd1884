"""The events of sending that the diagnosis of a delivery does not have: logins, and what became of messages. See
``events``.
"""

from __future__ import annotations

from stalwart.telemetry.events import Event, Level

_HOST = "domain hostname remoteIp"

DELIVERY_DELIVERED = Event(
    "delivery.delivered", Level.INFO, "Another server has taken a message", f"from to {_HOST} code details size elapsed"
)
DELIVERY_MESSAGE_REJECTED = Event(
    "delivery.message-rejected", Level.INFO, "Another server does not take a message", f"from to {_HOST} code reason"
)
DELIVERY_AUTH = Event("delivery.auth", Level.DEBUG, "Relay has accepted the login", f"{_HOST} elapsed")
DELIVERY_AUTH_FAILED = Event(
    "delivery.auth-failed", Level.INFO, "Relay does not accept the login", f"{_HOST} code reason"
)
