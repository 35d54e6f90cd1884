"""A name service that each look-up may ask for so long only: a stranger's slow name server must cost no more than what
it was asked for.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as DeferredTimeout

from stalwart.net.dns import LookupFailed, Resolver
from stalwart.net.dns_answers import Answer

LONGEST_LOOKUP = 5.0
"""Seconds."""


class BoundedResolver:
    """``resolver``, whose look-ups fail after ``LONGEST_LOOKUP``, and none is waited for after ``until``."""

    def __init__(self, resolver: Resolver, clock: Any, until: float) -> None:
        self._resolver = resolver
        self._clock = clock
        self._until = until

    async def lookup(self, name: str, rtype: str) -> Answer:
        """See ``Resolver``."""
        left = min(LONGEST_LOOKUP, self._until - self._clock.seconds())
        if left <= 0:
            raise _late()

        async def lookup() -> Answer:
            return await self._resolver.lookup(name, rtype)

        try:
            return await Deferred.fromCoroutine(lookup()).addTimeout(left, self._clock)
        except DeferredTimeout:
            raise _late() from None


def _late() -> LookupFailed:
    return LookupFailed("timeout", "DNS did not answer in time")
