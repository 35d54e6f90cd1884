"""The API resource, the session and its discovery over HTTP (RFC 8620 2, 2.2, 3.1; jmap.md 1).

Uploads and downloads have routes of their own. The limit of the body is x:Jmap's, not the route's, because going over
it is a JMAP error and not a 413.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from stalwart.config.collaboration.jmap import Jmap
from stalwart.config.schema_document.languages import ENGLISH
from stalwart.directory.access import Access
from stalwart.errors import TooLarge
from stalwart.jmap import capabilities, methods
from stalwart.jmap.call import Request
from stalwart.jmap.capabilities import Capability, known
from stalwart.jmap.engine import Engine, Mode, encoded
from stalwart.jmap.request import MAX_SIZE, Limits, RequestRefused, over, read_json, read_value
from stalwart.jmap.session import Sessions
from stalwart.jmap.translation import in_language, language_of
from stalwart.store import Store
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import (
    JMAP_NOT_JSON,
    JMAP_NOT_REQUEST,
    JMAP_UNKNOWN_CAPABILITY,
    LIMIT_CALLS_IN,
    LIMIT_SIZE_REQUEST,
)
from stalwart.web.answers import JSON, NO_CACHE, Answer, redirect
from stalwart.web.exchange import Exchange
from stalwart.web.json_body import WRONG_TYPE, is_json
from stalwart.web.routes import route

SESSION_CACHING = (("Cache-Control", "no-cache, no-store, must-revalidate"),)  # RFC 8620 2
ANY_SIZE = 1 << 40
_TOLD = {"notJSON": JMAP_NOT_JSON, "notRequest": JMAP_NOT_REQUEST, "unknownCapability": JMAP_UNKNOWN_CAPABILITY}


class Service:
    """JMAP over HTTP: what the routes share. ``base_url`` starts every published URL."""

    def __init__(
        self,
        engine: Engine,
        announcing: Iterable[Capability],
        *,
        settings: Any,
        store: Store,
        telemetry: Telemetry,
        base_url: str,
        push_key: Callable[[], str | None] = lambda: None,
    ) -> None:
        announced = tuple(announcing)
        self.sessions = Sessions(
            announced,
            settings=settings,
            store=store,
            base_url=base_url,
            seconds=engine.clock.seconds,
            push_key=push_key,
        )
        self._engine = engine
        self._settings = settings
        self._telemetry = telemetry
        self._known = known(announced)
        self._take_settings()
        settings.watch(self._take_settings)

    def _take_settings(self) -> None:
        jmap = self._settings.of(Jmap)
        self._limits = Limits.of(jmap)
        self.has_anonymous_session: bool = jmap.anonymous_session

    async def answer(self, exchange: Exchange) -> Answer:
        """The response to an API request, or the problem that refuses it."""
        access = exchange.access
        assert access is not None  # the route says so
        try:
            value = read_json(await self._body(exchange, self._limits.max_size))
            body = await self.response(value, access, exchange)
            language = language_of(exchange)
            spoken = () if language == ENGLISH else (("Content-Language", language),)
            return Answer(200, body, JSON, spoken)
        except RequestRefused as refused:
            self.tell_refusal(exchange, refused)
            return refused.answer()

    async def response(self, value: Any, access: Access, exchange: Exchange) -> bytes:
        """The Response object, as JSON, to the Request object ``value``; both as values. Raises ``RequestRefused``."""
        limits = self._limits
        read = read_value(value, self._known, limits.max_calls)
        created = read.created_ids
        request = Request(access, exchange.client_ip, exchange, frozenset(read.using), created or {}, limits.per_call)
        answered = await self._engine.responses(request, read.method_calls, limits.max_size)
        answered = in_language(language_of(exchange), answered)
        state = await self.sessions.state(access)
        return encoded(self._engine, request, answered, state, created is not None)

    async def _body(self, exchange: Exchange, limit: int) -> bytes:
        content_type = exchange.head.fields.get("content-type")
        if content_type is not None and not is_json(content_type):
            raise RequestRefused("notJSON", f"Failed to parse JSON: {WRONG_TYPE}")
        try:
            return await exchange.body(limit)
        except TooLarge:
            raise over(MAX_SIZE) from None

    @property
    def max_size(self) -> int:
        """How many octets a request may have."""
        return self._limits.max_size

    def tell_refusal(self, exchange: Exchange, refused: RequestRefused) -> None:
        """Log that a request was refused as a whole."""
        if refused.limit is not None:
            event = LIMIT_SIZE_REQUEST if refused.limit == MAX_SIZE else LIMIT_CALLS_IN
            self._telemetry.emit(event, remoteIp=exchange.client_ip, path=exchange.path, reason=refused.detail)
        elif refused.kind in _TOLD:
            event = _TOLD[refused.kind]
            self._telemetry.emit(event, remoteIp=exchange.client_ip, path=exchange.path, reason=refused.detail)


def build_service(services: Mapping[str, Any], *, mode: Mode = "normal") -> Service:
    """JMAP with every method and capability of the face.

    Needs the services ``store``, ``settings``, ``telemetry``, ``clock`` and ``base_url``, and whatever methods ask for.
    """
    engine = Engine(methods.collected(), services, telemetry=services["telemetry"], clock=services["clock"], mode=mode)
    return Service(
        engine,
        capabilities.collected(),
        settings=services["settings"],
        store=services["store"],
        telemetry=services["telemetry"],
        base_url=services["base_url"],
        push_key=services.get("push_key", lambda: None),
    )


async def _api(exchange: Exchange, *, jmap: Service) -> Answer:
    """A JMAP request: method calls carried out in their order."""
    return await jmap.answer(exchange)


api = route("POST", "/jmap", needs="authenticated", body_limit=ANY_SIZE, spec="jmap 5; RFC 8620 3")(_api)
api_slash = route("POST", "/jmap/", needs="authenticated", body_limit=ANY_SIZE, spec="jmap 1")(_api)


def _anonymous(exchange: Exchange, *, jmap: Service) -> Answer | None:
    """The session of nobody, where x:Jmap allows it."""
    if not jmap.has_anonymous_session:
        return None
    return Answer(200, jmap.sessions.anonymous(), JSON, SESSION_CACHING)


async def _session(exchange: Exchange, *, jmap: Service) -> Answer:
    """The JMAP session: capabilities, accounts, URLs."""
    assert exchange.access is not None  # the route says so
    made = await jmap.sessions.fresh(exchange.access)
    return Answer(200, made.body, JSON, SESSION_CACHING)


session = route("GET", "/jmap/session", needs="authenticated", otherwise=_anonymous, spec="jmap 3; RFC 8620 2")(
    _session
)
session_below = route("GET", "/jmap/session/<path:rest>", needs="authenticated", otherwise=_anonymous, spec="jmap 1")(
    _session
)


@route("GET", "/.well-known/jmap", needs=None, limit="none", spec="jmap 1; RFC 8620 2.2")
def discovery(exchange: Exchange) -> Answer:
    """Where the JMAP session is."""
    return redirect("/jmap/session", 307, (NO_CACHE,))
