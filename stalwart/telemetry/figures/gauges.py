"""Figures that go up and down, made of two events: how often something has begun, less how often it has ended."""

from __future__ import annotations

from collections.abc import Mapping

from stalwart.telemetry.events import (
    HTTP_CONNECTION_END,
    HTTP_CONNECTION_START,
    SMTP_CONNECTION_END,
    SMTP_CONNECTION_START,
    Event,
)
from stalwart.telemetry.queue_events import DELIVERY_ATTEMPT_END, DELIVERY_ATTEMPT_START

BETWEEN: Mapping[str, tuple[Event, Event]] = {
    "delivery.active-connections": (DELIVERY_ATTEMPT_START, DELIVERY_ATTEMPT_END),
    "http.active-connections": (HTTP_CONNECTION_START, HTTP_CONNECTION_END),
    "smtp.active-connections": (SMTP_CONNECTION_START, SMTP_CONNECTION_END),
}
"""By the reference's name (telemetry 1.3)."""
