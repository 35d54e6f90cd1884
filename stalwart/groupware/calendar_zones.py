"""In which time zone somebody sees what floats in a calendar: that which he has given it, its owner's, else UTC."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stalwart.codec.caldav.described_zones import described_zone
from stalwart.codec.icalendar.timezones import UTC, Zone
from stalwart.codec.icalendar.zones import named_zone
from stalwart.groupware.traits import TIME_ZONE, TIME_ZONE_TEXT
from stalwart.store import Transaction


def calendar_zone(tx: Transaction, account_id: int, collection_id: int, user_id: int) -> Zone:
    """The zone of floating times of a calendar for one person."""
    own = tx.preferences.get(account_id, collection_id, user_id) or {}
    return zone_of({**(tx.collections.data_of(account_id, collection_id) or {}), **own})


def zone_of(data: Mapping[str, Any]) -> Zone:
    """The zone that the data of a calendar name or describe."""
    called, text = data.get(TIME_ZONE), data.get(TIME_ZONE_TEXT)
    zone = named_zone(called) if isinstance(called, str) else None
    if zone is None and isinstance(text, str):
        zone = described_zone(text)
    return zone or UTC
