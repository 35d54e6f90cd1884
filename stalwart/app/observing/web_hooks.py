"""Follows x:WebHook: which hooks are told of which events, with which credentials (settings C.10).

Every process of the server tells of what it has seen. Secrets are read for each request, so a file may be replaced;
they are in no log. Redirects are not followed, and credentials go over TLS only, but for the own machine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Protocol, TypeVar

from attrs import frozen
from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.threads import deferToThreadPool
from twisted.web.http_headers import Headers

from stalwart.app.observing.wanted_events import level_of, selection
from stalwart.codec.web_hook_body import signature_of
from stalwart.config.kept_text import Unreadable, kept_text
from stalwart.config.monitoring.webhook import WebHook as Declared
from stalwart.config.request_headers import headers_of, is_on_disk
from stalwart.config.settings import Settings
from stalwart.net.https import FetchFailed
from stalwart.net.json_fetch import JsonAnswer, JsonFetcher
from stalwart.net.tls import TrustStore
from stalwart.net.web_hook import Post, WebHook, Wish
from stalwart.schema import File
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import Event

_T = TypeVar("_T")

ANSWER_LIMIT = 16 * 1024
"""Octets of an answer that are read; what it says does not matter."""

SHORTEST = 0.1
"""Seconds between requests, whatever the settings say: a hook may be this server itself, which then tells of each."""

_OURS = frozenset(("content-length", "content-type", "transfer-encoding", "connection", "host", "x-signature"))


class Poster(Protocol):
    """See ``JsonFetcher.tell``."""

    async def tell(self, url: str, headers: Headers, content: bytes) -> JsonAnswer:
        """POST. Raises FetchFailed."""


@frozen
class _Open:
    declared: Any
    hook: WebHook
    leave: Callable[[], None]


class WebHooks:
    """From ``start`` to ``close``. ``poster`` makes what sends for a hook as it is declared."""

    def __init__(
        self,
        settings: Settings,
        telemetry: Telemetry,
        reactor: Any,
        trust_store: TrustStore,
        *,
        poster: Callable[[Any], Poster] | None = None,
    ) -> None:
        self._settings = settings
        self._telemetry = telemetry
        self._reactor = reactor
        self._trust_store = trust_store
        self._poster = poster if poster is not None else self._fetcher
        self._open: dict[int, _Open] = {}
        self._unwatch: Callable[[], None] | None = None

    def start(self) -> None:
        """Obey the settings from now on."""
        self._unwatch = self._settings.watch(self._follow)
        self._follow()

    async def close(self) -> None:
        """Send what waits, as far as that takes seconds at the most."""
        if self._unwatch is not None:
            self._unwatch()
            self._unwatch = None
        found, self._open = tuple(self._open.values()), {}
        for each in found:
            each.leave()
        await DeferredList([Deferred.fromCoroutine(each.hook.close()) for each in found])

    def _follow(self) -> None:
        enabled = {id: declared for id, declared in self._settings.all(Declared) if declared.enable}
        for id in self._open.keys() - enabled.keys():
            former = self._open.pop(id)
            former.leave()
            former.hook.abandon()
        for id, declared in enabled.items():
            self._begin(id, declared)

    def _begin(self, id: int, declared: Any) -> None:
        """Have the hook ``id`` told as it is declared now; what waits for it goes on waiting."""
        former = self._open.get(id)
        if former is not None and former.declared == declared:
            return
        wish = Wish(
            declared.url,
            self._post(declared),
            max(declared.throttle / 1000, SHORTEST),
            declared.discard_after / 1000,
            declared.lossy,
        )
        if former is None:
            hook = WebHook(wish, self._reactor, self._telemetry.emit)
        else:
            hook = former.hook
            hook.wish = wish
            former.leave()
        self._open[id] = _Open(declared, hook, self._observe(declared, hook))

    def _observe(self, declared: Any, hook: WebHook) -> Callable[[], None]:
        takes = selection([declared])

        def note(event: Event, values: dict[str, Any]) -> None:
            if takes(event):
                hook.note(event, values)

        return self._telemetry.observe(note, level_of(declared))

    def _post(self, declared: Any) -> Post:
        poster = self._poster(declared)

        async def post(body: bytes) -> JsonAnswer:
            return await poster.tell(declared.url, await self._headers(declared, body), body)

        return post

    async def _headers(self, declared: Any, body: bytes) -> Headers:
        headers = Headers({b"User-Agent": [b"Stalwart"]})
        for name, value in (await self._further(declared)).items():
            if name.lower() not in _OURS:
                headers.setRawHeaders(name.encode("latin-1", "replace"), [value.encode("latin-1", "replace")])
        headers.setRawHeaders(b"Content-Type", [b"application/json"])
        if declared.signature_key.tag != "None":
            key = await self._secret(declared.signature_key, "signatureKey")
            headers.setRawHeaders(b"X-Signature", [signature_of(key.encode(), body).encode("ascii")])
        return headers

    async def _further(self, declared: Any) -> Mapping[str, str]:
        read = partial(headers_of, declared.http_auth, declared.http_headers)
        try:
            return await self._in_thread(read) if is_on_disk(declared.http_auth) else read()
        except Unreadable as problem:
            raise FetchFailed("connect", f"httpAuth cannot be used: {problem}") from None

    async def _secret(self, place: Any, what: str) -> str:
        read = partial(kept_text, place)
        try:
            on_disk = isinstance(place, File)  # which may take its time
            secret = await self._in_thread(read) if on_disk else read()
        except Unreadable as problem:
            raise FetchFailed("connect", f"{what} cannot be used: {problem}") from None
        if not secret:
            raise FetchFailed("connect", f"{what} is empty")
        return secret

    def _in_thread(self, work: Callable[[], _T]) -> Deferred[_T]:
        return deferToThreadPool(self._reactor, self._reactor.getThreadPool(), work)

    def _fetcher(self, declared: Any) -> Poster:
        return JsonFetcher(
            self._reactor,
            self._trust_store,
            limit=ANSWER_LIMIT,
            timeout=declared.timeout / 1000,
            verifies=not declared.allow_invalid_certs,
        )
