"""Answers to the challenges of certificate authorities, where every process and node finds them (acme-tls A4, A5).

HTTP-01: a token and what is answered to it (RFC 8555 8.3). TLS-ALPN-01: certificates for the names of a domain that is
being proved (RFC 8737), which handshakes need without waiting, so that each process keeps them in memory, too. Both are
in the store, each kind by itself, and end by themselves.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

from twisted.internet.defer import Deferred

from stalwart.store import Store
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import STORE_ERROR
from stalwart.tls.pairs import Pair

LIFETIME = 3600
LONGEST_TOKEN = 512

_HTTP, _TLS = "acme-http-01", "acme-tls-alpn-01"


class HttpAnswers:
    """Key authorizations by token."""

    def __init__(self, store: Store, clock: Any) -> None:
        self._store = store
        self._clock = clock

    async def put(self, token: str, key_authorization: str) -> None:
        """Answer ``token`` from now on."""
        until = int(self._clock.seconds()) + LIFETIME
        await self._store.write(lambda tx: tx.tokens.put(token, _HTTP, {"answer": key_authorization}, until))

    async def remove(self, token: str) -> None:
        """Answer it no more."""
        await self._store.write(lambda tx: tx.tokens.take(token, _HTTP, 0))

    async def find(self, token: str) -> str | None:
        """What to answer, None for a token that nobody is waiting for."""
        if not 0 < len(token) <= LONGEST_TOKEN:
            return None
        now = int(self._clock.seconds())
        found = await self._store.read(lambda tx: tx.tokens.get(token, _HTTP, now))
        return None if found is None else str(found["answer"])


class TlsAnswers:
    """Certificates that prove names, by domain; see ``contexts.Challenges``. ``announce(domain_id)`` tells others."""

    def __init__(
        self, store: Store, clock: Any, telemetry: Telemetry, announce: Callable[[int], object] = lambda id: None
    ) -> None:
        self._store = store
        self._clock = clock
        self._telemetry = telemetry
        self._announce = announce
        self._pairs: dict[int, Mapping[str, Pair]] = {}
        self._by_name: dict[str, Pair] = {}
        self.is_on = True

    def pair_for(self, name: str) -> Pair | None:
        """The certificate that proves ``name``, if it is being proved now."""
        return self._by_name.get(name.lower())

    async def put(self, domain_id: int, name: str, pair: Pair) -> None:
        """Prove ``name`` from now on, besides the other names of the domain."""
        await self._write(domain_id, {**self._pairs.get(domain_id, {}), name.lower(): pair})

    async def remove(self, domain_id: int, name: str) -> None:
        """Prove it no more."""
        left = {each: pair for each, pair in self._pairs.get(domain_id, {}).items() if each != name.lower()}
        await self._write(domain_id, left)

    def hear(self, domain_id: int) -> None:
        """Another process has changed the names of a domain."""
        Deferred.fromCoroutine(self._read(domain_id)).addErrback(
            lambda failure: self._telemetry.emit(STORE_ERROR, reason=failure.getErrorMessage())
        )

    async def _write(self, domain_id: int, pairs: Mapping[str, Pair]) -> None:
        self._keep(domain_id, pairs)
        until = int(self._clock.seconds()) + LIFETIME
        data = {name: [_text(pair.chain[0]), _text(pair.key)] for name, pair in pairs.items()}
        if data:
            await self._store.write(lambda tx: tx.tokens.put(str(domain_id), _TLS, data, until))
        else:
            await self._store.write(lambda tx: tx.tokens.take(str(domain_id), _TLS, 0))
        self._announce(domain_id)

    async def _read(self, domain_id: int) -> None:
        now = int(self._clock.seconds())
        data = await self._store.read(lambda tx: tx.tokens.get(str(domain_id), _TLS, now)) or {}
        pairs = {name: _pair(name, certificate, key, now) for name, (certificate, key) in data.items()}
        self._keep(domain_id, pairs)

    def _keep(self, domain_id: int, pairs: Mapping[str, Pair]) -> None:
        self._pairs[domain_id] = pairs
        if not pairs:
            del self._pairs[domain_id]
        self._by_name = {name: pair for each in self._pairs.values() for name, pair in each.items()}


def _pair(name: str, certificate: str, key: str, now: int) -> Pair:
    return Pair((base64.b64decode(certificate),), base64.b64decode(key), frozenset((name,)), now - 1, now + LIFETIME)


def _text(octets: bytes) -> str:
    return base64.b64encode(octets).decode("ascii")
