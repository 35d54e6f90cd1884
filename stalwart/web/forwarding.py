"""The client's address behind reverse proxies: ``Forwarded`` (RFC 7239), ``X-Forwarded-For``, from trusted peers only.

The right-most address that is not a trusted proxy is the client (design.md 8). Most proxies maintain one of the two
fields and pass on the other as the client wrote it; so when both are there and disagree, nobody can say which one is
true, and the request is refused rather than let a client choose its address.
"""

from __future__ import annotations

from stalwart.codec.forwarded import client_address, forwarded_for, x_forwarded_for
from stalwart.codec.ip_networks import NetworkSet
from stalwart.errors import Invalid
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import HTTP_FORWARDED_MISSING
from stalwart.web.clock import Clock
from stalwart.web.exchange import Exchange

WARN_EVERY = 60


class Forwarding:
    """Reads the fields; warns at most once a minute about a proxy that sends none."""

    def __init__(self, telemetry: Telemetry, clock: Clock) -> None:
        self._telemetry = telemetry
        self._seconds = clock.seconds
        self._silent_until = float("-inf")

    def client_ip(self, exchange: Exchange, trusted: NetworkSet) -> str:
        """The client's canonical IP.

        :raises Invalid: both fields are there and contradict each other.
        """
        peer = exchange.connection.remote_ip
        if peer not in trusted:
            return peer
        chains = []
        forwarded = exchange.head.fields.get("forwarded")
        if forwarded is not None:
            chains.append(forwarded_for([forwarded]))
        x_forwarded = exchange.head.fields.get("x-forwarded-for")
        if x_forwarded is not None:
            chains.append(x_forwarded_for([x_forwarded]))
        if not chains:
            self._warn(peer)
            return peer
        clients = {client_address(chain, peer, trusted) for chain in chains}
        if len(clients) > 1:
            raise Invalid("Forwarded and X-Forwarded-For contradict each other.")
        return clients.pop()

    def _warn(self, peer: str) -> None:
        now = self._seconds()
        if now >= self._silent_until:
            self._silent_until = now + WARN_EVERY
            self._telemetry.emit(HTTP_FORWARDED_MISSING, remoteIp=peer)
