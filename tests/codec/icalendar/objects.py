"""Calendar objects for tests, from the lines that matter."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from stalwart.codec.icalendar.components import Component, read_calendar
from stalwart.codec.icalendar.instances import Expansion
from stalwart.codec.icalendar.timezones import Zone, iana_zone

_EPOCH = datetime(1970, 1, 1)


def calendar(*components: str, kind: str = "VEVENT", beside: str = "") -> Component:
    """A VCALENDAR with a component for each text, of the properties in it."""
    text = "".join(f"BEGIN:{kind}\nUID:one\n{each.strip()}\nEND:{kind}\n" for each in components)
    return read_calendar(f"BEGIN:VCALENDAR\nVERSION:2.0\n{beside}{text}END:VCALENDAR\n".encode())


def zone(name: str) -> Zone:
    """A zone that exists."""
    found = iana_zone(name)
    assert found is not None
    return found


def written(utc: int) -> str:
    """UTC seconds for people."""
    return (_EPOCH + timedelta(seconds=utc)).strftime("%Y-%m-%d %H:%M")


def seconds(text: str) -> int:
    """UTC seconds of ``2026-01-31 10:00``."""
    return int(datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=UTC).timestamp())


def starts(expansion: Expansion) -> list[str]:
    """When the instances begin."""
    return [written(each.start) for each in expansion]
