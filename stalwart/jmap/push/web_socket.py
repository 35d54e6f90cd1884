"""``GET /jmap/ws``: requests, their responses and what changes, on one connection (RFC 8887).

Messages are carried out one after the other, with the limits and the engine of ``POST /jmap``; the access of the
connection is looked at again as soon as it may have become stale. A client that does not read gets the changes of that
time as one message, and its next request waits until the last response has left.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Coroutine, Mapping
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

import msgspec
from attrs import frozen
from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure

from stalwart.config.collaboration.jmap import Jmap
from stalwart.config.network.http import Http
from stalwart.directory.access import Access
from stalwart.directory.standing import Grant
from stalwart.errors import Forbidden, StalwartError, Unauthenticated
from stalwart.jmap.endpoint import Service
from stalwart.jmap.push.feed import Watcher
from stalwart.jmap.push.state_change import Change, Types, merged, read_vector, types_of
from stalwart.jmap.push.streams import PushStreams
from stalwart.jmap.request import RequestRefused, read_json
from stalwart.telemetry import Telemetry
from stalwart.telemetry.faults import tell_fault
from stalwart.web.access import credentials_of
from stalwart.web.answers import FAULT, NO_ROOM, POLICY, TRY_LATER, Answer, Room, SocketOutlet, WebSocket
from stalwart.web.exchange import Exchange
from stalwart.web.problems import fault, of_error
from stalwart.web.routes import route
from stalwart.web.websocket_handshake import read_handshake

PROTOCOL = "jmap"
MOST_WAITING = 4
OCTETS_WAITING = 65_536
"""Messages and octets that wait while one message is carried out; then nothing more is read."""
LOOK_AFTER = 60.0
"""Seconds after which the access is looked at again in any case: sign-ins end in time."""

_PORTS = {"http": 80, "https": 443}


@frozen
class Parts:
    """What all the sockets share."""

    service: Service
    streams: PushStreams
    telemetry: Telemetry
    clock: Any


@route("GET", "/jmap/ws", needs="authenticated", ticket=True, spec="jmap 9.2; RFC 8887")
async def web_socket(
    exchange: Exchange, *, jmap: Service, push_streams: PushStreams, telemetry: Telemetry, clock: Any, base_url: str
) -> WebSocket | Answer:
    """JMAP over a WebSocket, subprotocol ``jmap``. Query: ``ticket``."""
    access = exchange.access
    assert access is not None  # the route says so
    handshake = read_handshake(exchange, PROTOCOL)
    if isinstance(handshake, Answer):
        return handshake
    settings = push_streams.settings
    _check_origin(exchange, settings.of(Http), base_url)
    push_streams.admit(access.account_id)
    parts = Parts(jmap, push_streams, telemetry, clock)
    jmap_settings = settings.of(Jmap)
    room = push_streams.room(access.account_id)
    return WebSocket(
        lambda outlet: Speaker(parts, outlet, exchange, access, room),
        handshake.accept,
        handshake.protocol,
        jmap.max_size,
        jmap_settings.websocket_heartbeat / 1000,
        jmap_settings.websocket_timeout / 1000,
        room,
    )


class Speaker:
    """One client on its WebSocket. Also a listener of the feed, once it has asked for that."""

    __slots__ = (
        "_access",
        "_exchange",
        "_grant",
        "_is_telling",
        "_is_working",
        "_looked_at",
        "_open",
        "_outlet",
        "_parts",
        "_pending",
        "_room",
        "_running",
        "_seen",
        "_taken",
        "_waiting",
        "_watcher",
    )

    def __init__(self, parts: Parts, outlet: SocketOutlet, exchange: Exchange, access: Access, room: Room) -> None:
        self._parts = parts
        self._outlet = outlet
        self._exchange = exchange
        self._access = access
        self._grant: Grant | None = None
        self._seen = parts.streams.standing.generation
        self._looked_at = parts.clock.seconds()
        self._waiting: deque[bytes] = deque()
        self._room = room
        self._taken = 0
        self._is_working = False
        self._running: Deferred[None] | None = None
        self._watcher: Watcher | None = None
        self._pending: Change | None = None
        self._is_telling = False
        self._open: ExitStack | None = ExitStack()
        self._open.enter_context(parts.streams.open(access.account_id, "websocket"))
        self._start(self._secure())

    # The client

    def message(self, data: bytes) -> None:
        """See ``SocketSpeaker``."""
        if not self._room.take(len(data)):
            self._outlet.close(TRY_LATER, NO_ROOM)
            return
        self._taken += len(data)
        self._waiting.append(data)
        if self._is_working:
            if self._is_full():
                self._outlet.hold()
            return
        self._start(self._work())

    def lost(self) -> None:
        """See ``SocketSpeaker``."""
        opened, self._open = self._open, None
        if opened is not None:
            opened.close()
        self._forget_watcher()
        self._waiting.clear()
        self._free(self._taken)
        running, self._running = self._running, None
        if running is not None:
            running.cancel()

    def _free(self, octets: int) -> None:
        """They are done with, unless the socket has been lost meanwhile."""
        octets = min(octets, self._taken)
        self._taken -= octets
        self._room.free(octets)

    def _is_full(self) -> bool:
        return len(self._waiting) >= MOST_WAITING or sum(map(len, self._waiting)) >= OCTETS_WAITING

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self._is_working = True
        running = Deferred.fromCoroutine(work)
        self._running = None if running.called else running
        running.addErrback(self._failed)

    async def _secure(self) -> None:
        """What its access rests on is found out first, then messages are taken."""
        self._grant = await self._parts.streams.standing.grant(self._access)
        await self._work()

    async def _work(self) -> None:
        """Carry out what waits, in its order."""
        while self._waiting and self._open is not None:
            data = self._waiting.popleft()
            await self._answer(data)
            self._free(len(data))
            del data  # the client may take its time to read
            await self._outlet.ready()
            if not self._is_full():
                self._outlet.release()
        self._is_working = False
        self._running = None

    def _failed(self, failure: Failure) -> None:
        self._is_working = False
        self._running = None
        if failure.check(Unauthenticated):
            self.end()
        elif not failure.check(CancelledError):
            self._tell_fault(failure)
            self._outlet.close(FAULT)

    async def _answer(self, data: bytes) -> None:
        given: Any = None
        try:
            given = read_json(data)
            answer = await self._carried_out(given)
        except RequestRefused as refused:
            self._parts.service.tell_refusal(self._exchange, refused)
            answer = _refusal(given, refused.answer())
        except StalwartError as problem:
            answer = _refusal(given, of_error(problem))
        except CancelledError:
            raise
        except Exception:
            self._tell_fault(Failure())
            answer = _refusal(given, fault())
        if answer:
            self._outlet.send(answer)

    async def _carried_out(self, given: Any) -> bytes:
        """The response to a message, nothing where none is due."""
        kind = given.get("@type") if isinstance(given, dict) else None
        if kind == "Request":
            return await self._response(given)
        if kind == "WebSocketPushEnable":
            await self._enable(given)
        elif kind == "WebSocketPushDisable":
            self._forget_watcher()
        else:
            known = "Request, WebSocketPushEnable or WebSocketPushDisable"
            raise RequestRefused("notRequest", f'The message must be an object whose "@type" is {known}.')
        return b""

    async def _response(self, given: dict[str, Any]) -> bytes:
        request_id = given.get("id")
        if request_id is not None and not isinstance(request_id, str):
            raise RequestRefused("notRequest", 'The member "id" must be a string.')
        await self._outlet.catch_up()
        access = await self._present_access()
        if access is None:
            return b""
        done = self._outlet.counted(access)
        try:
            response = await self._parts.service.response(given, access, self._exchange)
            await self._outlet.agree()
        finally:
            done()
        head: dict[str, Any] = {"@type": "Response"}
        if request_id is not None:
            head["requestId"] = request_id
        return _spliced(head, response)

    async def _present_access(self) -> Access | None:
        """What the client may do now; None if it may not be here any more."""
        standing, now = self._parts.streams.standing, self._parts.clock.seconds()
        generation = standing.generation
        if self._grant is not None and (generation != self._seen or now - self._looked_at >= LOOK_AFTER):
            access = await standing.access(self._grant)
            if access is None:
                self.end()
                return None
            self._access, self._seen, self._looked_at = access, generation, now
        return self._access

    # Push

    async def _enable(self, given: Mapping[str, Any]) -> None:
        """RFC 8887 4.3.5.2."""
        types = _wanted(given.get("dataTypes"))
        known = given.get("pushState")
        if known is not None and not isinstance(known, str):
            raise RequestRefused("notRequest", 'The member "pushState" must be a string.')
        access = await self._present_access()
        if access is None or self._open is None or self._grant is None:
            return
        self._forget_watcher()
        streams = self._parts.streams
        self._watcher = watcher = streams.feed.watch(self, access, types, streams.socket_throttle)
        watcher.secured(self._grant)
        if known is not None:
            change = await watcher.missed(read_vector(known))
            if change is not None and self._watcher is watcher:
                self.take(change)

    def take(self, change: Change) -> None:
        """See ``Listener``."""
        self._pending = merged(self._pending, change)
        if not self._is_telling:
            self._is_telling = True
            self._outlet.ready().addCallbacks(self._tell, lambda _: None)  # cancelled with the socket

    def renewed(self, access: Access) -> None:
        """See ``Listener``."""
        self._access = access

    def end(self) -> None:
        """See ``Listener``."""
        self._outlet.close(POLICY, "The access to the account has ended.")

    def _tell(self, _: object) -> None:
        self._is_telling = False
        change, self._pending = self._pending, None
        if change is not None and self._watcher is not None:
            for message in change.messages:
                self._outlet.send(message)

    def _forget_watcher(self) -> None:
        watcher, self._watcher = self._watcher, None
        self._pending = None
        if watcher is not None:
            watcher.close()

    def _tell_fault(self, failure: Failure) -> None:
        exchange = self._exchange
        tell_fault(self._parts.telemetry, failure, requestId=exchange.request_id, path=exchange.path)


def _wanted(names: Any) -> Types:
    if names is None or names == []:
        return None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise RequestRefused("notRequest", 'The member "dataTypes" must be null or a list of strings.')
    return types_of(names)


def _refusal(given: Any, answer: Answer) -> bytes:
    """A problem body as a message; the id of the request where it could be read."""
    request_id = given.get("id") if isinstance(given, dict) else None
    head = {"@type": "RequestError", "requestId": request_id if isinstance(request_id, str) else None}
    return _spliced(head, answer.body)


def _spliced(head: Mapping[str, Any], members: bytes) -> bytes:
    """``members``, a JSON object that has some, with those of ``head`` ahead of them."""
    return msgspec.json.encode(head)[:-1] + b"," + members[1:]


def _check_origin(exchange: Exchange, http: Http, base_url: str) -> None:
    """Browsers send passwords by themselves, also for pages of others, and ask nobody before they open a WebSocket.

    :raises Forbidden: the page is none that may use them.
    """
    origin = exchange.header("origin")
    credentials = credentials_of(exchange)
    if origin is None or http.use_permissive_cors or origin in http.cors_allowed_origins:
        return
    if credentials is not None and credentials[0] == "basic" and not _is_own(origin, exchange, base_url):
        raise Forbidden("Pages of this origin may not open a WebSocket with a password; use a ticket.")


def _is_own(origin: str, exchange: Exchange, base_url: str) -> bool:
    """Whether it is the published origin, or the one that was asked.

    TLS may end ahead of this server, so that a page of ``https`` arrives without; one of ``http`` is none of ours where
    ``https`` is published for the same host, or where TLS ends here.
    """
    page, public = _origin(origin), _origin(base_url)
    if page is None or page == public:
        return page is not None
    host = exchange.header("host") or ""
    if page != _origin(f"{page[0]}://{host}"):
        return False
    return page[0] == "https" or not (exchange.is_tls or _origin(f"https://{host}") == public)


def _origin(url: str) -> tuple[str, str, int] | None:
    """Scheme, host and port (RFC 6454 4) of a web address; None if it is none."""
    try:
        parts = urlsplit(url.lower())
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not parts.hostname:
        return None
    return parts.scheme, parts.hostname, port if port is not None else _PORTS[parts.scheme]
