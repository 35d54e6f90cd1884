"""Connections to hosts that somebody names who may not have this server talk to its own network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP6ClientEndpoint
from twisted.internet.error import ConnectError
from twisted.internet.interfaces import IResolutionReceiver, IStreamClientEndpoint
from zope.interface import implementer

from stalwart.net.https import FetchFailed

FORBIDDEN = "it has no address outside of private networks, and those are for administrators of the server"
_MOST_ADDRESSES = 8


@implementer(IStreamClientEndpoint)
class AllowedEndpoint:
    """``host`` at those of its addresses that ``allow`` lets be used, one after the other.

    The address that is judged is the one that is connected to: a name cannot change its mind in between.
    """

    def __init__(self, reactor: Any, host: str, port: int, timeout: float, allow: Callable[[str], bool]) -> None:
        self._reactor = reactor
        self._host = host
        self._port = port
        self._timeout = timeout
        self._allow = allow

    def connect(self, protocolFactory: Any) -> Deferred[Any]:
        """IStreamClientEndpoint. Fails with FetchFailed if no address may be used."""
        return Deferred.fromCoroutine(self._connect(protocolFactory))

    async def _connect(self, factory: Any) -> Any:
        found = await self._addresses()
        if not found:
            raise FetchFailed("connect", "the host has no address")
        allowed = [ip for ip in found if self._allow(ip)][:_MOST_ADDRESSES]
        problem: Exception = FetchFailed("connect", FORBIDDEN)
        for ip in allowed:
            endpoint: Any = TCP6ClientEndpoint if ":" in ip else TCP4ClientEndpoint
            try:
                return await endpoint(self._reactor, ip, self._port, timeout=self._timeout).connect(factory)
            except ConnectError as failed:
                problem = failed
        raise problem

    def _addresses(self) -> Deferred[list[str]]:
        receiver = _Receiver()
        self._reactor.nameResolver.resolveHostName(receiver, self._host, self._port)
        return receiver.found


@implementer(IResolutionReceiver)
class _Receiver:
    """Collects what the name resolver of Twisted finds."""

    def __init__(self) -> None:
        self.found: Deferred[list[str]] = Deferred()
        self._addresses: list[str] = []

    def resolutionBegan(self, resolution: Any) -> None:
        """IResolutionReceiver."""

    def addressResolved(self, address: Any) -> None:
        """IResolutionReceiver."""
        self._addresses.append(address.host)

    def resolutionComplete(self) -> None:
        """IResolutionReceiver."""
        if not self.found.called:  # whoever asked may have left
            self.found.callback(list(dict.fromkeys(self._addresses)))
