"""The two documents of an OpenID provider, fetched and kept: its metadata and its keys (OpenID Connect Discovery 3, 4).

Both are taken anew after an hour; if the provider cannot be reached then, what there is serves for a day. A token with
an unknown key id has the keys fetched again, but not within five minutes of the last time (auth-api 2.3). Whoever wants
the same document at the same time waits for one request.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from copy import copy
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

from stalwart.codec.web_addresses import is_own_machine, is_safe
from stalwart.directory.external.provider_keys import ProviderKey, chosen_key, read_keys
from stalwart.errors import Unavailable
from stalwart.net.flights import Flights
from stalwart.net.https import FetchFailed
from stalwart.net.json_fetch import Fetcher

T = TypeVar("T")

LIFETIME = 3600.0
STALE = 86_400.0
RETRY = 5.0
"""Seconds for which a provider that has just failed is not asked again."""
KEYS_AGAIN = 300.0

_WELL_KNOWN = "/.well-known/openid-configuration"
_NEEDED = ("issuer", "jwks_uri")
_ENDPOINTS = ("jwks_uri", "userinfo_endpoint", "introspection_endpoint")


class Kept(Generic[T]):
    """What ``fetch`` gives (it raises Unavailable), kept as the module says. ``clock`` tells the time."""

    def __init__(self, fetch: Callable[[], Awaitable[T]], clock: Any) -> None:
        self._fetch = fetch
        self._clock = clock
        self._value: T | None = None
        self._failed: tuple[float, Unavailable] | None = None
        self._flights: Flights[None, T] = Flights(copy)
        self.fetched_at = float("-inf")

    async def get(self, newest: float = LIFETIME) -> T:
        """The document, at most ``newest`` seconds old if the provider answers. Raises Unavailable."""
        if self._value is not None and self._age < newest:
            return self._value
        if self._failed is not None and self._clock.seconds() < self._failed[0] + RETRY:
            return self._former(copy(self._failed[1]))
        return await self._flights.join(None, self._refreshed)

    @property
    def _age(self) -> float:
        age: float = self._clock.seconds() - self.fetched_at
        return age

    async def _refreshed(self) -> T:
        try:
            self._value = await self._fetch()
        except Unavailable as problem:
            self._failed = (self._clock.seconds(), problem)
            return self._former(problem)
        self._failed = None
        self.fetched_at = self._clock.seconds()
        return self._value

    def _former(self, problem: Unavailable) -> T:
        if self._value is None or self._age >= STALE:
            raise problem
        return self._value


class ProviderMetadata:
    """The documents of the provider at ``issuer_url``."""

    def __init__(self, issuer_url: str, fetcher: Fetcher, clock: Any) -> None:
        self._issuer = issuer_url
        self._fetcher = fetcher
        self._clock = clock
        self._document: Kept[dict[str, Any]] = Kept(self._fetch_document, clock)
        self._keys: Kept[tuple[ProviderKey, ...]] = Kept(self._fetch_keys, clock)

    async def document(self) -> dict[str, Any]:
        """The metadata; its issuer and endpoints have been checked. Raises Unavailable."""
        return await self._document.get()

    async def key(self, header: Mapping[str, Any]) -> ProviderKey | None:
        """The key that a token with ``header`` names, or None. Raises Unavailable."""
        key = chosen_key(await self._keys.get(), header)
        if key is None:
            key = chosen_key(await self._keys.get(KEYS_AGAIN), header)
        return key

    async def _fetch_document(self) -> dict[str, Any]:
        found = await self._get(self._issuer.rstrip("/") + _WELL_KNOWN, "metadata")
        if found.get("issuer") != self._issuer:  # OpenID Connect Discovery 4.3: exactly
            raise Unavailable(
                "The identity provider calls itself by another name than issuerUrl of the directory; they must be "
                "the same to the letter, a final slash included."
            )
        for name in _ENDPOINTS:
            if (name in found or name in _NEEDED) and not self._is_good(found.get(name)):
                raise Unavailable(f"The identity provider's {name} is no https: URL.")
        return found

    async def _fetch_keys(self) -> tuple[ProviderKey, ...]:
        document = await self.document()
        return read_keys(await self._get(document["jwks_uri"], "keys"))

    async def _get(self, url: str, what: str) -> dict[str, Any]:
        try:
            answer = await self._fetcher.get(url)
        except FetchFailed as failure:
            raise unreachable(failure) from None
        if answer.status != 200 or answer.value is None:
            raise Unavailable(f"The identity provider has no {what} at {url} (HTTP status {answer.status}).")
        return answer.value

    def _is_good(self, url: Any) -> bool:
        """Whether a request may be sent to ``url``: only a provider on the own machine names other places there."""
        if not isinstance(url, str) or not is_safe(url):
            return False
        return urlsplit(url).scheme == "https" or is_own_machine(urlsplit(self._issuer).hostname or "")


def unreachable(failure: FetchFailed) -> Unavailable:
    """The error of a provider that does not answer: it never counts as a failed login."""
    return Unavailable(f"The identity provider cannot be reached ({failure.reason}). Please try again later.")
