"""The listening sockets of all workers, in the parent: each is opened once, and its descriptor goes to whoever asks.

All workers accept from the same socket, so connections that wait survive a worker that dies, and a port that the
system has chosen is the same for everybody. A worker names the sockets that it does not want any more; one that nobody
wants is closed. The parent itself never accepts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from attrs import define, field
from twisted.internet.defer import Deferred, DeferredList, maybeDeferred
from twisted.internet.endpoints import serverFromString
from twisted.internet.protocol import Factory
from twisted.logger import Logger

from stalwart.app.listeners import reason_of, shown, with_backlog
from stalwart.app.sockets import open_socket
from stalwart.config.network.listener import NetworkListener
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import NETWORK_LISTEN_START, NETWORK_LISTEN_STOP

Name = tuple[str, str]
"""A socket: the name of the listener, and the endpoint or address as the person wrote it."""


@define(eq=False)
class Kept:
    """An open socket; ``port`` is Twisted's, which does not read from it. ``holders`` are the workers that have it."""

    name: Name
    port: Any
    family: int
    holders: set[int] = field(factory=set)
    awaited: list[Callable[[], object]] = field(factory=list)


class SocketKeeper:
    """Opens, hands out and closes."""

    def __init__(self, reactor: Any, telemetry: Telemetry) -> None:
        self._reactor = reactor
        self._telemetry = telemetry
        self._log = Logger(namespace="stalwart")
        self._kept: list[Kept] = []
        self._problems: dict[Name, str] = {}
        self._closing: set[Deferred[Any]] = set()

    async def open(
        self,
        worker: int,
        name: Name,
        protocol: str,
        *,
        endpoint: bool,
        settings: dict[str, Any],
        instead_of: Iterable[Name] = (),
    ) -> Kept:
        """The socket ``name`` for ``worker``, opened now if it is not. ``instead_of`` will be closed next.

        Raises whatever the system or the endpoint says.
        """
        await self._closed()  # for the port may be the same
        kept = self._find(name)
        if kept is None:
            port = await self._opened(name, endpoint, settings, instead_of)
            kept = self._find(name)
            if kept is not None:  # somebody else was quicker, as far as an endpoint takes its time
                port.stopListening()
            else:
                kept = Kept(name, port, port.socket.family)
                self._kept.append(kept)
                self._problems.pop(name, None)
                address = shown(port.getHost())
                self._log.info("listening {protocol} {address}", protocol=protocol, address=address)
                self._telemetry.emit(NETWORK_LISTEN_START, listenerId=name[0], address=address)
        kept.holders.add(worker)
        return kept

    def is_new(self, name: Name, problem: Exception) -> bool:
        """Whether nobody has been told yet that ``name`` cannot be opened for this reason."""
        reason = reason_of(problem)
        is_new = self._problems.get(name) != reason
        self._problems[name] = reason
        return is_new

    def move(self, former: Name, name: Name) -> None:
        """The socket belongs to another listener from now on; each worker says so."""
        kept = self._find(former)
        if kept is not None and self._find(name) is None:
            kept.name = name

    def release(self, worker: int, name: Name, closed: Callable[[], object]) -> None:
        """``worker`` does not want the socket any more; ``closed`` is called when nobody does."""
        kept = self._find(name)
        if kept is None:
            closed()
            return
        kept.awaited.append(closed)
        kept.holders.discard(worker)
        if not kept.holders:
            self._close(kept)

    def gone(self, worker: int) -> None:
        """A worker is dead: another one will take its place, so its sockets stay open until it is there."""
        for kept in self._kept:
            kept.holders.discard(worker)

    def tidy(self) -> None:
        """All workers that there should be have what they want: close what none of them has."""
        for kept in tuple(self._kept):
            if not kept.holders:
                self._close(kept)

    async def close(self) -> None:
        """Close everything."""
        for kept in tuple(self._kept):
            self._close(kept)
        await self._closed()

    def _closed(self) -> Deferred[Any]:
        return DeferredList(list(self._closing))

    def _find(self, name: Name) -> Kept | None:
        return next((kept for kept in self._kept if kept.name == name), None)

    async def _opened(self, name: Name, endpoint: bool, settings: dict[str, Any], instead_of: Iterable[Name]) -> Any:
        factory = Factory()
        factory.noisy = False
        if endpoint:
            port = await maybeDeferred(serverFromString(self._reactor, with_backlog(name[1])).listen, factory)
        else:
            replaced = [kept.port.fileno() for kept in map(self._find, instead_of) if kept is not None]
            opened = open_socket(name[1], NetworkListener.from_stored(settings), instead_of=replaced)
            with opened:
                port = self._reactor.adoptStreamPort(opened.fileno(), opened.family, factory)
        port.stopReading()  # before the reactor looks at it for the first time
        return port

    def _close(self, kept: Kept) -> None:
        self._kept.remove(kept)
        address = shown(kept.port.getHost())
        closing = maybeDeferred(kept.port.stopListening)
        self._closing.add(closing)

        def closed(_result: Any) -> None:
            self._closing.discard(closing)
            self._telemetry.emit(NETWORK_LISTEN_STOP, listenerId=kept.name[0], address=address)
            for told in kept.awaited:
                told()

        closing.addBoth(closed)
