"""What a request passes, in the order of http-service 2, from the complete head to an answer.

Everything is decided before the body is read. Whatever does not have to wait is decided on the caller's stack; the rest
is a coroutine. Errors of the family become problem bodies here and nowhere else.
"""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from functools import partial
from inspect import iscoroutine
from typing import Any, Protocol, TypeVar

from attrs import evolve
from twisted.internet.defer import CancelledError, Deferred, ensureDeferred
from twisted.internet.defer import TimeoutError as DeferredTimeout

from stalwart.codec.ip_networks import LOOPBACK
from stalwart.directory.access import Access
from stalwart.directory.failures import too_many_attempts
from stalwart.errors import (
    Forbidden,
    LimitExceeded,
    MethodNotAllowed,
    NotFound,
    StalwartError,
    TooLarge,
    TooMany,
    TooManyAtOnce,
    Unauthenticated,
)
from stalwart.provider.dpop import Proofs
from stalwart.provider.scopes import scoped
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import (
    HTTP_ERROR,
    LIMIT_CONCURRENT_REQUEST,
    LIMIT_SIZE_REQUEST,
    LIMIT_TOO_MANY_REQUESTS,
    RESOURCE_ERROR,
    RESOURCE_NOT_FOUND,
    SECURITY_UNAUTHORIZED,
    Event,
)
from stalwart.web.access import (
    TOKEN_PREFIXES,
    TOKEN_SCHEMES,
    Directory,
    TokenRefused,
    authenticate,
    check_authenticate,
    check_permission,
    check_proof,
    credentials_of,
    is_bound,
    live_token,
)
from stalwart.web.answers import CORS_TRIO, NO_STORE, Answer, EventStream, WebSocket, no_content, redirect
from stalwart.web.bans import Bans
from stalwart.web.clock import Clock
from stalwart.web.coroutines import Rest, begun
from stalwart.web.cors import is_preflight, preflight_answer
from stalwart.web.exchange import Exchange
from stalwart.web.forwarding import Forwarding
from stalwart.web.front import Front
from stalwart.web.limits import Limits
from stalwart.web.lost import is_lost, lost_page
from stalwart.web.problems import fault, insufficient_scope, of_error, status_problem
from stalwart.web.route_table import BoundRoute, RouteTable
from stalwart.web.routes import AUTHENTICATED
from stalwart.web.turns import Turns

HTTP_PORT, HTTPS_PORT = 80, 443
CHALLENGES = "/.well-known/acme-challenge/"
HEALTH, MOMENT = "/healthz/", 0.5
"""Whoever looks whether the process lives is answered after so many seconds, whatever it waits for."""
API_BODY = 1048576  # design.md 8
_OPTIONS_BRANCHES = frozenset(("api", "jmap", "auth"))
_EVENTS: dict[type[StalwartError], Event] = {
    NotFound: RESOURCE_NOT_FOUND,
    Forbidden: SECURITY_UNAUTHORIZED,
    TooMany: LIMIT_TOO_MANY_REQUESTS,
    TooLarge: LIMIT_SIZE_REQUEST,
    LimitExceeded: LIMIT_CONCURRENT_REQUEST,
    TooManyAtOnce: LIMIT_CONCURRENT_REQUEST,
}

Result = Answer | EventStream | WebSocket
Outcome = Result | Coroutine[Any, Any, Any]


Place = TypeVar("Place", covariant=True)


class Entrance(Protocol[Place]):
    """Where requests of accounts are let in: at once or not at all, or in their turn."""

    def enter(self, access: Access, most: int) -> Place: ...


class Changes(Protocol):
    """What other processes of this server have changed, and this one has not taken over yet."""

    def look(self) -> Awaitable[None] | None:
        """Take them over; what has to be waited for before settings are used, None where nothing has."""

    def agreed(self) -> Awaitable[None] | None:
        """What has to be waited for until the others know what was changed here, None where nothing has."""


class Pipeline:
    """The front of a site. ``front`` is the present settings snapshot; the site replaces it.

    Without ``proofs`` no token that is bound to a key is good. ``changes`` are looked for before each request.
    ``https_port`` tells where HTTPS is served, if it is.
    """

    def __init__(
        self,
        table: RouteTable,
        front: Front,
        *,
        directory: Directory,
        bans: Bans,
        limits: Limits,
        forwarding: Forwarding,
        telemetry: Telemetry,
        clock: Clock,
        base_url: str,
        proofs: Proofs | None = None,
        changes: Changes | None = None,
    ) -> None:
        self.front = front
        self.https_port: Callable[[], int | None] = lambda: None
        self.bans = bans
        self.limits = limits
        self._turns = Turns(limits, clock)
        self._table = table
        self._exact = table.exact
        self._directory = directory
        self._forwarding = forwarding
        self._telemetry = telemetry
        self._seconds = clock.seconds
        self._clock: Any = clock
        self._base_url = base_url
        self._proofs = proofs
        self._changes = changes

    def changed_elsewhere(self) -> Awaitable[None] | None:
        """Take over what other processes have changed; None, or what has to be waited for."""
        return self._changes.look() if self._changes is not None else None

    def handle(self, exchange: Exchange) -> Outcome:
        """The answer to a request whose head is complete, or a coroutine of it. Neither raises a family error."""
        try:
            awaited = self.changed_elsewhere()
            if awaited is not None:
                return self._completed(exchange, self._after_changes(exchange, awaited))
            return self._enter(exchange)
        except Exception as error:
            return self.failure(exchange, error)

    async def _after_changes(self, exchange: Exchange, awaited: Awaitable[None]) -> Outcome:
        if exchange.path.startswith(HEALTH):
            with contextlib.suppress(StalwartError, DeferredTimeout):  # what is known so far has to do
                await _deferred(awaited).addTimeout(MOMENT, self._clock)
        else:
            await awaited
        return self._enter(exchange)

    def failure(self, exchange: Exchange, error: Exception) -> Answer:
        """The problem body for whatever a request raised; what is not of the family is logged as our fault."""
        if not isinstance(error, StalwartError) or type(error) is StalwartError:
            self._telemetry.emit(
                RESOURCE_ERROR,
                requestId=exchange.request_id,
                method=exchange.method,
                path=exchange.path,
                reason=f"{type(error).__name__}: {error}",
                trace=lambda: _places(error),
            )
            return fault()
        event = _EVENTS.get(type(error), HTTP_ERROR)
        self._telemetry.emit(
            event,
            remoteIp=exchange.client_ip,
            path=exchange.path,
            reason=lambda: f"{error.status} {error.detail}",
        )
        return self._told(exchange, error)

    def _told(self, exchange: Exchange, error: StalwartError) -> Answer:
        """The answer for an error of the family, with what the holder of a token has to know."""
        scripted = exchange.head.fields.get("sec-fetch-mode") == "cors"
        presented = credentials_of(exchange)
        scheme = presented[0] if presented is not None and presented[0] in TOKEN_SCHEMES else None
        code = error.code if isinstance(error, TokenRefused) else "invalid_token"
        if isinstance(error, NotFound) and is_lost(exchange):
            return lost_page(exchange)
        answer = of_error(error, self._base_url, scripted, scheme, code)
        if scheme is not None and isinstance(error, Forbidden) and _lacks_scope(exchange):
            answer = evolve(answer, headers=(*answer.headers, *insufficient_scope(scheme)))
        if error.status in (401, 403) and exchange.path.startswith("/api/"):  # the next one may be somebody else
            answer = evolve(answer, headers=(*answer.headers, NO_STORE))
        return answer

    def _enter(self, exchange: Exchange) -> Outcome:
        front = self.front
        if front.use_forwarded:
            exchange.client_ip = self._forwarding.client_ip(exchange, front.forwarded_trusted)
        if self.bans.any and self.bans.blocked(exchange.client_ip):
            exchange.bare = True
            return status_problem(403)
        if front.rule is not None and exchange.client_ip not in LOOPBACK:
            status = front.rule.status(exchange)
            if not isinstance(status, int):
                return self._completed(exchange, self._after_rule(exchange, status))
            if status != 200:
                return status_problem(status)
        return self._routed(exchange)

    async def _after_rule(self, exchange: Exchange, deciding: Coroutine[Any, Any, int]) -> Outcome:
        status = await deciding
        return status_problem(status) if status != 200 else self._routed(exchange)

    async def _completed(self, exchange: Exchange, outcome: Any) -> Result:
        """The result of coroutines inside coroutines, with errors translated."""
        try:
            while iscoroutine(outcome) or isinstance(outcome, Rest):
                outcome = await outcome
            if not isinstance(outcome, Answer | EventStream | WebSocket):
                raise TypeError(f"a route answered {type(outcome).__name__}")
        except CancelledError:
            raise
        except Exception as error:
            outcome = self.failure(exchange, error)
        if self._changes is not None and (awaited := self._changes.agreed()) is not None:
            await awaited
        return outcome

    # Routing

    def _routed(self, exchange: Exchange) -> Outcome:
        if exchange.connection.local_port == HTTP_PORT and (place := self._secured(exchange)) is not None:
            return redirect(place, 308)
        if exchange.method == "OPTIONS":
            answer = self._options(exchange)
            if answer is not None:
                return answer
        elif exchange.method == "POST" and exchange.body_stream is not None and exchange.path.startswith("/api/"):
            return self._posted(exchange)
        return self._gated(exchange, self._bound(exchange))

    def _secured(self, exchange: Exchange) -> str | None:
        """Where a request in clear text at port 80 is to go on; None for one that may stay (design 8)."""
        if exchange.is_tls or exchange.path.startswith(CHALLENGES):
            return None
        port, host = self.https_port(), exchange.host
        if port is None or not host or not exchange.target.startswith("/"):
            return None
        return f"https://{host}{'' if port == HTTPS_PORT else f':{port}'}{exchange.target}"

    def _bound(self, exchange: Exchange) -> BoundRoute:
        methods = self._exact.get(exchange.path)
        bound = methods.get(exchange.method) if methods is not None else None
        if bound is None:
            bound, exchange.path_values = self._found(exchange)
        exchange.route = bound
        return bound

    def _found(self, exchange: Exchange) -> tuple[BoundRoute, Mapping[str, str]]:
        path = "/" if exchange.path == "*" else exchange.path
        try:
            return self._table.find(exchange.method, path)
        except NotFound:
            if not path.startswith("/api/") and self.front.scan_paths.matches(path):
                self.bans.scanned(exchange.client_ip, path)
            raise

    def _options(self, exchange: Exchange) -> Answer | None:
        """Preflights, and the 204 of whole branches; None where a route answers (http-service 3)."""
        front = self.front
        if (front.permissive_cors or front.cors_origins) and is_preflight(exchange):
            answer = preflight_answer(exchange, front.cors_origins, front.permissive_cors)
            if answer is not None:
                return answer
        branch = exchange.path[1:].partition("/")[0]
        if branch in _OPTIONS_BRANCHES:
            return no_content()
        try:
            self._bound(exchange)
        except MethodNotAllowed as error:
            return no_content(CORS_TRIO if branch == ".well-known" else (("Allow", ", ".join(error.allow)),))
        except NotFound:
            if branch != ".well-known":
                raise
            return no_content(CORS_TRIO)
        return None

    def _posted(self, exchange: Exchange) -> Outcome:
        """POST below /api: its body is read, up to a limit, before anything is done with it (design.md 8)."""
        body = exchange.body_stream
        assert body is not None
        if body.announced is not None and body.announced > API_BODY:
            raise TooLarge
        try:
            bound = self._bound(exchange)
        except (NotFound, MethodNotAllowed) as error:
            return self._completed(exchange, self._read_and_raise(exchange, error))
        return self._gated(exchange, bound)

    async def _read_and_raise(self, exchange: Exchange, error: StalwartError) -> Outcome:
        assert exchange.body_stream is not None
        await exchange.body_stream.skip(API_BODY)
        raise error

    # Gates: auth-api 2, http-service 6.1

    def _gated(self, exchange: Exchange, bound: BoundRoute) -> Outcome:
        if bound.needs is None:
            if bound.limit == "anonymous":
                self._charge_anonymous(exchange)
            return self._called(exchange, bound)
        if exchange.path.startswith(TOKEN_PREFIXES):
            token = live_token(exchange)
            if token is not None:
                return self._completed(exchange, self._by_token(exchange, bound, *token))
        if bound.route.ticket and (ticket := exchange.query.get("ticket")):
            self._charge_anonymous(exchange)
            return self._completed(exchange, self._by_ticket(exchange, bound, ticket))
        credentials = credentials_of(exchange)
        if credentials is None:
            answer = bound.otherwise(exchange) if bound.otherwise is not None else None
            if answer is not None:
                return answer
            self._charge_anonymous(exchange)
            raise Unauthenticated
        scheme, value = credentials
        access = self._directory.cached(value, exchange.client_ip)
        if access is not None:
            if is_bound(access, scheme):
                check_proof(access, scheme, value, exchange, self._proofs, self._base_url)
            return self._admitted(exchange, bound, access)
        if scheme != "basic":
            self._charge_anonymous(exchange)
            if scheme not in TOKEN_SCHEMES:
                raise Unauthenticated
        return self._completed(exchange, self._fresh(exchange, bound, scheme, value))

    async def _by_token(self, exchange: Exchange, bound: BoundRoute, token: str, kind: str) -> Outcome:
        """A live token alone decides; no limit applies (auth-api 11)."""
        exchange.access = access = await self._directory.redeem_live_token(token, kind)
        if bound.needs is not None:
            check_permission(access, bound.needs)
        return self._called(exchange, bound)

    async def _by_ticket(self, exchange: Exchange, bound: BoundRoute, ticket: str) -> Outcome:
        """A ticket stands for whoever got it a moment ago (jmap.md 23)."""
        access = await self._directory.redeem_ticket(ticket, exchange.client_ip)
        return self._admitted(exchange, bound, access)

    async def _fresh(self, exchange: Exchange, bound: BoundRoute, scheme: str, value: str) -> Outcome:
        try:
            access = await authenticate(self._directory, scheme, value, exchange.client_ip)
        except (Unauthenticated, Forbidden):
            if self.bans.blocked(exchange.client_ip):
                raise too_many_attempts() from None
            raise
        if is_bound(access, scheme):
            check_proof(access, scheme, value, exchange, self._proofs, self._base_url)
        return self._admitted(exchange, bound, access)

    def _admitted(self, exchange: Exchange, bound: BoundRoute, access: Access) -> Outcome:
        exchange.access = access
        check_authenticate(access)
        if bound.limit == "authenticated":
            place = self._charge(access, self._turns if bound.route.waits else self.limits)
            if isinstance(place, Deferred):
                return self._completed(exchange, self._in_turn(exchange, bound, access, place))
            exchange.slot = place
        check_permission(access, bound.needs or "")
        return self._called(exchange, bound)

    async def _in_turn(self, exchange: Exchange, bound: BoundRoute, access: Access, turn: Deferred[int]) -> Outcome:
        exchange.slot = await turn
        check_permission(access, bound.needs or "")
        return self._called(exchange, bound)

    def _charge(self, access: Access, places: Entrance[Place]) -> Place | None:
        """Count a request of an account; the place that it has taken, or will."""
        front = self.front
        if front.authenticated is not None:  # wherever it comes from: addresses are exempt, accounts are not
            self.limits.authenticated(access, front.authenticated, self._seconds())
        return places.enter(access, front.max_concurrent) if front.max_concurrent is not None else None

    # What ``websocket.Socket`` asks for messages that are requests

    async def catch_up(self) -> None:
        """Take over what other processes have changed."""
        awaited = self.changed_elsewhere()
        if awaited is not None:
            await awaited

    async def agree(self) -> None:
        """Wait until other processes know what was changed here."""
        awaited = self._changes.agreed() if self._changes is not None else None
        if awaited is not None:
            await awaited

    def counted(self, access: Access) -> Callable[[], None]:
        """Count a request of an account until the result is called. Raises TooMany, LimitExceeded."""
        slot = self._charge(access, self.limits)
        return (lambda: None) if slot is None else partial(self.limits.leave, slot)

    def _charge_anonymous(self, exchange: Exchange) -> None:
        rate = self.front.anonymous
        if rate is not None and not self.bans.allowed(exchange.client_ip):
            self.limits.anonymous(exchange.client_ip, rate, self._seconds())

    def _called(self, exchange: Exchange, bound: BoundRoute) -> Outcome:
        body = exchange.body_stream
        if body is not None:
            if exchange.method == "POST" and exchange.path.startswith("/api/"):
                return self._completed(exchange, self._after_body(exchange, bound))
            if body.announced is not None and body.announced > bound.body_limit:
                raise TooLarge
        outcome = bound.call(exchange)
        if iscoroutine(outcome):
            outcome = begun(outcome)
        kind = outcome.__class__
        if kind is Answer or kind is EventStream or kind is WebSocket:
            return outcome
        return self._completed(exchange, outcome)

    async def _after_body(self, exchange: Exchange, bound: BoundRoute) -> Outcome:
        await exchange.body(API_BODY)
        return bound.call(exchange)


def _lacks_scope(exchange: Exchange) -> bool:
    """Whether the scope of the token, not only its account, lacks what the route needs."""
    access, route = exchange.access, exchange.route
    if access is None or not access.scope or route is None or route.needs in (None, AUTHENTICATED):
        return False
    return not scoped(frozenset((route.needs or "",)), access.scope)


def _places(error: BaseException) -> str:
    """Where it happened, innermost last: file, line and function, no values."""
    frames = traceback.extract_tb(error.__traceback__)
    return " > ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames[-8:])


def _deferred(awaited: Awaitable[None]) -> Deferred[None]:
    return awaited if isinstance(awaited, Deferred) else ensureDeferred(awaited)  # type: ignore[arg-type]
