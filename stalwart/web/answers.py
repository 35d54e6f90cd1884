"""What a route hands back: an ``Answer`` with its whole body or a ``Content`` that is read while it is sent, an
``EventStream`` that writes as things happen, or a ``WebSocket``.

All are values; nothing here knows a connection. Header order on the wire is the order given: an answer's own fields,
then Content-Type and Content-Length, then what the front adds (http-service 2.1, 5.1).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol

import msgspec
from attrs import frozen
from twisted.internet.defer import Deferred

from stalwart.codec.sse import comment
from stalwart.directory.access import Access

JSON = "application/json; charset=utf-8"
PLAIN_JSON = "application/json"
TEXT = "text/plain"
HTML = "text/html; charset=utf-8"
EVENT_STREAM = "text/event-stream"
KEEP_ALIVE = 15.0
"""Seconds of silence after which an event stream carries a comment."""

# http-service 5.3
NO_STORE = ("Cache-Control", "no-store, no-cache, must-revalidate")
NO_CACHE = ("Cache-Control", "no-cache")
IMMUTABLE = ("Cache-Control", "public, max-age=31536000, immutable")
PRIVATE_IMMUTABLE = ("Cache-Control", "private, max-age=31536000, immutable")

Headers = tuple[tuple[str, str], ...]

# http-service 2.1 b
CORS_TRIO: Headers = (
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Allow-Headers", "Authorization, Content-Type, Accept, X-Requested-With"),
    ("Access-Control-Allow-Methods", "POST, GET, PATCH, PUT, DELETE, HEAD, OPTIONS"),
)


@frozen
class Content:
    """Bytes that are too many to hold: ``length`` of them, known beforehand.

    ``read(offset, size)`` gives exactly that section; it is asked as fast as the client takes what it gave. A failure
    ends the connection, because the head has left already. Nothing has to be closed afterwards.
    """

    length: int
    read: Callable[[int, int], Awaitable[bytes]]

    def section(self, start: int, length: int) -> Content:
        """The part of ``length`` bytes from ``start`` on."""
        return Content(length, lambda offset, size: self.read(start + offset, size))


@frozen
class Answer:
    """A complete response. ``body`` is left out on HEAD, 204 and 304; ``content_type`` None sends no such field.

    ``content`` takes the place of ``body``; such an answer is never compressed.
    """

    status: int = 200
    body: bytes = b""
    content_type: str | None = None
    headers: Headers = ()
    content: Content | None = None

    @property
    def length(self) -> int:
        """Bytes of the body."""
        return len(self.body) if self.content is None else self.content.length


class Outlet(Protocol):
    """Where the frames of a stream go. What is given while the client does not read has to be kept; whoever can leave
    something out waits until it does."""

    def __call__(self, frame: bytes) -> None:
        """Send complete frames."""

    def ready(self) -> Deferred[None]:
        """Fires when the client takes more; has fired already as a rule."""


@frozen
class EventStream:
    """A stream of Server-Sent Events (delivery-diagnostics 2), or of what has a length that nobody knows beforehand.

    ``run(send)`` is a coroutine; each ``send(frame)`` takes complete frames as bytes. The stream ends when it returns;
    it is cancelled at once when the client leaves or the server stops. After ``silence`` seconds without a frame
    ``beat`` is sent, if there is one. A failure ends the connection, because the head has left already.
    """

    run: Callable[[Outlet], Coroutine[Any, Any, None]]
    headers: Headers = (("Cache-Control", "no-store"),)
    silence: float = KEEP_ALIVE
    beat: bytes = comment("keep-alive")
    status: int = 200
    content_type: str = EVENT_STREAM


class SocketOutlet(Protocol):
    """A WebSocket as whoever speaks on it sees it; once it is closed, nothing is sent and nothing happens."""

    def send(self, text: str | bytes) -> None:
        """Send a message, text or that as UTF-8. What is sent while the client does not read has to be kept."""

    def ready(self) -> Deferred[None]:
        """Fires when the client takes more; has fired already as a rule."""

    async def catch_up(self) -> None:
        """Take over what other processes have changed, as ahead of each request."""

    async def agree(self) -> None:
        """Wait until other processes know what was changed here, as ahead of each answer."""

    def counted(self, access: Access) -> Callable[[], None]:
        """Count a request of ``access`` that came as a message; the result says that it is over.

        :raises TooMany: there were too many in this time.
        :raises LimitExceeded: too many are running.
        """

    def hold(self) -> None:
        """Take no further messages from the client, until ``release``."""

    def release(self) -> None:
        """Go on."""

    def close(self, code: int, reason: str = "") -> None:
        """End it in order (RFC 6455 7.4)."""


POLICY, FAULT, TRY_LATER = 1008, 1011, 1013  # why a speaker ends it (RFC 6455 7.4.1)
NO_ROOM = "Too many messages of this account are not complete or not answered yet."


class Room(Protocol):
    """Where octets of messages are counted that are not complete or wait; for all WebSockets of somebody."""

    def take(self, octets: int) -> bool:
        """Take so many; False if there is no room for them."""

    def free(self, octets: int) -> None:
        """Give back so many."""


class SocketSpeaker(Protocol):
    """Who speaks on a WebSocket."""

    def message(self, data: bytes) -> None:
        """The client has sent a text."""

    def lost(self) -> None:
        """It is over, however that came about."""


@frozen
class WebSocket:
    """A WebSocket (RFC 6455) in place of an answer, accepted with ``accept`` and ``protocol``.

    ``open`` makes the speaker. ``most`` octets may be in a message of the client. A client that was silent for
    ``heartbeat`` seconds is asked whether it is there, one that was for ``patience`` seconds has to go; 0 is never.
    A message that comes in pieces takes its octets from ``room`` until it is complete.
    """

    open: Callable[[SocketOutlet], SocketSpeaker]
    accept: str
    protocol: str | None
    most: int
    heartbeat: float
    patience: float
    room: Room


def json_answer(value: Any, status: int = 200, headers: Headers = (), content_type: str = JSON) -> Answer:
    """``value`` as compact JSON; members keep the order of the mapping."""
    return Answer(status, msgspec.json.encode(value), content_type, headers)


def text_answer(text: str, status: int = 200, headers: Headers = (), content_type: str = TEXT) -> Answer:
    """``text`` as UTF-8."""
    return Answer(status, text.encode(), content_type, headers)


def redirect(location: str, status: int = 302, headers: Headers = ()) -> Answer:
    """A redirection with an empty body."""
    return Answer(status, headers=(("Location", location), *headers))


def no_content(headers: Headers = ()) -> Answer:
    """204 without a body."""
    return Answer(204, headers=headers)
