"""Listening sockets of a worker: the parent opens them and sends their descriptors.

Endpoints that wrap others (``haproxy:tcp:...``, ``ssl:...``) are read again here, over a reactor that gives them the
socket of the parent where they would open one.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

from twisted.internet.defer import Deferred, DeferredList, maybeDeferred
from twisted.internet.endpoints import serverFromString
from twisted.protocols.tls import TLSMemoryBIOFactory

from stalwart.app.listeners import Bound, Door, Wanted
from stalwart.app.sockets import OptionRefused
from stalwart.app.workers.channel import Message
from stalwart.app.workers.shared_ports import Share, adopt
from stalwart.errors import Unavailable

PATIENCE = 10.0
"""Seconds that the parent has to open a socket, and that the others have to close one."""

_BARE = ("tcp:", "tcp6:", "unix:", "systemd:")
Send = Callable[..., None]


class SharedSockets:
    """``listeners.Sockets`` at the parent's hands. ``send`` speaks to it, ``heard`` takes its answers. Its
    ``share`` of connections is taken from each.
    """

    tells = False

    def __init__(self, reactor: Any, send: Send, share: Share) -> None:
        self._reactor = reactor
        self._send = send
        self._share = share
        self._numbers = count()
        self._asked: dict[int, Deferred[socket.socket]] = {}
        self._closing: dict[int, Deferred[None]] = {}
        self._leaving = False

    def listen(self, wanted: Wanted, door: Door, instead_of: Sequence[Bound]) -> Deferred[Any]:
        """See ``Sockets``."""
        number = next(self._numbers)
        answer: Deferred[socket.socket] = Deferred()
        self._asked[number] = answer
        self._send(
            "open",
            number=number,
            name=_name(wanted),
            protocol=wanted.service,
            endpoint=wanted.endpoint is not None,
            settings=wanted.settings.to_stored(),
            instead_of=[_name(bound.wanted) for bound in instead_of],
        )
        answer.addTimeout(PATIENCE, self._reactor, onTimeoutCancel=_complain)
        answer.addBoth(self._answered, number)
        return answer.addCallback(self._adopted, wanted, door)

    def moved(self, former: Wanted, wanted: Wanted) -> None:
        """See ``Sockets``."""
        if _name(former) != _name(wanted):
            self._send("move", former=_name(former), name=_name(wanted))

    async def close(self, bound: Bound) -> None:
        """See ``Sockets``."""
        name = _name(bound.wanted)
        await maybeDeferred(bound.port.stopListening)
        if not self._leaving:
            number = next(self._numbers)
            self._closing[number] = Deferred()
            self._send("release", number=number, name=name)

    def settled(self) -> Deferred[Any]:
        """See ``Sockets``. A worker that hangs is not waited for longer than ``PATIENCE``."""
        closed: Deferred[Any] = DeferredList(list(self._closing.values()), consumeErrors=True)
        return closed.addTimeout(PATIENCE, self._reactor, onTimeoutCancel=lambda _result, _seconds: None)

    def leave(self) -> None:
        """The process ends: what it closes from now on, another worker will want."""
        self._leaving = True

    def heard(self, message: Message, given: socket.socket | None) -> None:
        """An answer of the parent: ``opened``, ``refused`` or ``closed``."""
        if message["do"] == "closed":
            closed = self._closing.pop(message["number"], None)
            if closed is not None:
                closed.callback(None)
            return
        answer = self._asked.get(message["number"])
        if answer is None:  # too late
            if given is not None:
                given.close()
        elif given is not None:
            answer.callback(given)
        else:
            answer.errback(_refusal(message))

    def _answered(self, result: Any, number: int) -> Any:
        del self._asked[number]
        return result

    def _adopted(self, given: socket.socket, wanted: Wanted, door: Door) -> Any:
        with given:
            given.setblocking(False)
            if wanted.endpoint is None or wanted.endpoint.startswith(_BARE):
                return adopt(self._reactor, given, door, door, self._share)
            around = _Reactor(self._reactor, given, door, self._share)
            return _unwrapped(serverFromString(around, wanted.endpoint).listen(door))


class _Reactor:
    """The reactor as endpoints see it: to listen is to take over the socket ``given`` (``adopt``)."""

    def __init__(self, reactor: Any, given: socket.socket, door: Door, share: Share) -> None:
        self._reactor = reactor
        self._given = given
        self._door, self._share = door, share

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reactor, name)

    def listenTCP(self, port: int, factory: Any, backlog: int = 50, interface: str = "") -> Any:
        """Twisted's endpoints call this."""
        return adopt(self._reactor, self._given, factory, self._door, self._share)

    def listenSSL(self, port: int, factory: Any, context: Any, backlog: int = 50, interface: str = "") -> Any:
        """Twisted's endpoints call this."""
        return adopt(self._reactor, self._given, TLSMemoryBIOFactory(context, False, factory), self._door, self._share)

    def listenUNIX(self, address: str, factory: Any, backlog: int = 50, mode: int = 0o666, wantPID: int = 0) -> Any:
        """Twisted's endpoints call this."""
        return adopt(self._reactor, self._given, factory, self._door, self._share)


def _unwrapped(listening: Deferred[Any]) -> Any:
    """The result of something that has happened already, so that the socket may be closed here."""
    found: list[Any] = []
    listening.addBoth(found.append)
    (result,) = found
    if hasattr(result, "raiseException"):
        result.raiseException()
    return result


def _refusal(message: Message) -> Exception:
    """What the parent met, as if it had happened here; whether it has been logged is in ``is_told``."""
    problem: Any
    if message.get("errno") is None:
        problem = Unavailable(message["reason"])
    else:
        problem = OSError(message["errno"], message["reason"])
        if message.get("property"):
            problem = OptionRefused(problem, message["property"])
    problem.is_told = not message["new"]
    found: Exception = problem
    return found


def _name(wanted: Wanted) -> list[str]:
    return [wanted.settings.name, wanted.where]


def _complain(_failure: Any, seconds: float) -> Any:
    raise Unavailable(f"the parent process did not open it within {seconds:g} seconds")
