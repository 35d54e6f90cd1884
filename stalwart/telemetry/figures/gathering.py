"""All figures of the server, as far as the settings want them, for whoever tells them further."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Literal

from attrs import frozen
from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as DeferredTimeout

from stalwart.errors import StalwartError
from stalwart.telemetry.events import TELEMETRY_PROMETHEUS_ERROR
from stalwart.telemetry.figures.families import Buckets, Expiries, Family, Parts, families
from stalwart.telemetry.stream import Telemetry

PATIENCE = 2.0  # seconds

Count = Callable[[], Awaitable[Mapping[str, int]]]
"""How many there are of what only the store knows."""


@frozen
class Reading:
    """A figure by the reference's name and in its units, summed over labels; ``sum`` is of what was measured."""

    id: str
    kind: Literal["counter", "gauge", "histogram"]
    count: float
    sum: float = 0.0


class Figures:
    """Figures of the whole server, whichever of its processes asks.

    ``count`` asks the store; ``is_wanted`` says by the reference's name (None: it has none) what the settings allow.
    """

    def __init__(
        self,
        telemetry: Telemetry,
        clock: Any,
        count: Count,
        is_wanted: Callable[[str | None], bool] = lambda id: True,
        certificates: Expiries | None = None,
    ) -> None:
        self._telemetry = telemetry
        self._clock = clock
        self._count = count
        self._is_wanted = is_wanted
        self._certificates = certificates

    async def families(self) -> list[Family]:
        """All that there is now. A store with other worries is not waited for long: the rest is told without it."""
        parts = Parts(self._telemetry, self._certificates, await self._counts())
        return [family for family in families(parts) if self._is_wanted(family.id)]

    async def _counts(self) -> Mapping[str, int]:
        counting = Deferred.fromCoroutine(_awaited(self._count()))
        counting.addTimeout(PATIENCE, self._clock)
        try:
            return await counting
        except (StalwartError, DeferredTimeout) as problem:
            self._telemetry.emit(TELEMETRY_PROMETHEUS_ERROR, reason=f"counts: {type(problem).__name__}: {problem}")
            return {}


async def _awaited(counting: Awaitable[Mapping[str, int]]) -> Mapping[str, int]:
    return await counting


def readings(found: Iterable[Family]) -> list[Reading]:
    """Those of the families that the reference has a name for."""
    return [_reading(family.id, family) for family in found if family.id is not None]


def _reading(id: str, family: Family) -> Reading:
    count = total = 0.0
    for _, value in family.samples:
        if isinstance(value, Buckets):
            count += value.count
            total += value.sum * family.scale
        else:
            count += value * family.scale
    return Reading(id, family.kind, count, total)
