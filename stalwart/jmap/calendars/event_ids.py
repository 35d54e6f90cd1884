"""Ids of events and of their instances: ``<base>-<recurrence id>``, the latter without its separators (jmap.md 16.2).

Inside, an instance is a number too: that of its event, and above it when it is on the clock of the series. So an id
stays what it is as long as the series has the instance, whatever becomes of the rule.
"""

from __future__ import annotations

import re
from typing import Final

from stalwart.codec.icalendar.values import MalformedValue
from stalwart.codec.jscalendar.values import local_seconds, local_text
from stalwart.jmap.standard.declaration import IdForm

_BITS: Final = 63
_BASE: Final = (1 << _BITS) - 1
_FIRST: Final = local_seconds("0001-01-01T00:00:00")
_INSTANCE: Final = re.compile(
    r"([a-z0-9]{1,13})-([0-9]{4})([0-9]{2})([0-9]{2})T([0-9]{2})([0-9]{2})([0-9]{2})", re.ASCII
)


class EventIds(IdForm):
    """Numbers of events and of instances."""

    def text(self, number: int) -> str:
        base, recurrence_id = base_of(number), recurrence_id_of(number)
        if recurrence_id is None:
            return super().text(base)
        return f"{super().text(base)}-{recurrence_id.replace('-', '').replace(':', '')}"

    def number(self, text: str) -> int | None:
        found = _INSTANCE.fullmatch(text)
        if found is None:
            return super().number(text)
        base = super().number(found[1])
        year, month, day, hour, minute, second = found.groups()[1:]
        try:
            local = local_seconds(f"{year}-{month}-{day}T{hour}:{minute}:{second}")
        except MalformedValue:
            return None
        return None if base is None else instance_number(base, local)


def instance_number(base: int, local: int) -> int:
    """The number of an instance, by that of its event and its seconds on the clock of the series."""
    return (local - _FIRST + 1) << _BITS | base


def base_of(number: int) -> int:
    """The number of the event that it is, or is an instance of."""
    return number & _BASE


def recurrence_id_of(number: int) -> str | None:
    """The LocalDateTime of an instance, None for an event."""
    return local_text((number >> _BITS) - 1 + _FIRST) if number > _BASE else None
