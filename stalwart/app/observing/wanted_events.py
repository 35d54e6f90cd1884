"""Which events a tracer or a web hook takes, by its level and the events that it names (settings C.10)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from stalwart.telemetry.events import Event, Level


def selection(takers: Sequence[Any]) -> Callable[[Event], bool]:
    """Whether any of ``takers`` takes an event; each is a setting with ``level``, ``events``, ``events_policy``."""
    rules = [(level_of(each), each.events_policy == "include", each.events) for each in takers]

    def takes(event: Event) -> bool:
        return any(event.level >= least and (event.id in events) is wanted for least, wanted, events in rules)

    return takes


def level_of(taker: Any) -> Level:
    """The least level that a tracer or a web hook takes."""
    return Level[taker.level.upper()]
