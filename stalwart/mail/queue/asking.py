"""What rules may ask while a letter is tried: everything, but each thing only once in an attempt, and not for long.

Rules for hosts are evaluated for each host, with the attempt's connection waiting for them. Whatever is not answered in
time fails, and the rule gives its default.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from twisted.internet.defer import Deferred, TimeoutError

from stalwart.codec.expression import ExpressionIO, Value
from stalwart.errors import Unavailable

LONGEST: Final = 20.0
"""Seconds that all questions of an attempt may take together."""
MOST_KNOWN: Final = 1000
"""Answers that an attempt remembers."""


class Asking:
    """``ExpressionIO`` for one attempt, over ``io``; what changes something is asked each time."""

    def __init__(self, io: ExpressionIO, clock: Any) -> None:
        self.system: Callable[[str], object] = io.system
        self.metric: Callable[[str], object] = io.metric
        self._io = io
        self._clock = clock
        self._left = LONGEST
        self._known: dict[tuple[object, ...], object] = {}

    async def is_local_domain(self, domain: str) -> object:
        """See ``ExpressionIO``, as for all others."""
        return await self._once(("domain", domain), lambda: self._io.is_local_domain(domain))

    async def is_local_address(self, address: str) -> object:
        """Whether somebody here has it."""
        return await self._once(("address", address), lambda: self._io.is_local_address(address))

    async def key_get(self, store: str, key: str) -> object:
        """The value of a key, as it was when it was asked for first."""
        return await self._once(("key", store, key), lambda: self._io.key_get(store, key))

    async def key_exists(self, store: str, key: str) -> object:
        """Whether a key has a value."""
        return await self._once(("exists", store, key), lambda: self._io.key_exists(store, key))

    async def key_set(self, store: str, key: str, value: Value) -> object:
        """Give a key a value."""
        self._known.clear()
        return await self._bounded(lambda: self._io.key_set(store, key, value))

    async def counter_incr(self, store: str, key: str, by: int) -> object:
        """Add to a counter."""
        self._known.clear()
        return await self._bounded(lambda: self._io.counter_incr(store, key, by))

    async def counter_get(self, store: str, key: str) -> object:
        """The sum of a counter."""
        return await self._once(("counter", store, key), lambda: self._io.counter_get(store, key))

    async def dns_query(self, name: str, rtype: str) -> object:
        """Records of the name service."""
        return await self._once(("dns", name.lower(), rtype), lambda: self._io.dns_query(name, rtype))

    async def sql_query(self, store: str, query: str, arguments: Value) -> object:
        """What a look-up store says."""
        wanted = ("sql", store, query, repr(arguments))
        return await self._once(wanted, lambda: self._io.sql_query(store, query, arguments))

    async def _once(self, wanted: tuple[object, ...], ask: Callable[[], Awaitable[object]]) -> object:
        if wanted not in self._known:
            answer = await self._bounded(ask)
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            self._known[wanted] = answer
        return self._known[wanted]

    async def _bounded(self, ask: Callable[[], Awaitable[object]]) -> object:
        if self._left <= 0:
            raise Unavailable("The rules have asked for too long.")
        began = self._clock.seconds()

        async def asked() -> object:
            return await ask()

        try:
            return await Deferred.fromCoroutine(asked()).addTimeout(self._left, self._clock)
        except TimeoutError:
            raise Unavailable("No answer came in time.") from None
        finally:
            self._left -= max(self._clock.seconds() - began, 0)
