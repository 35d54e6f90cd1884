"""Proving names with DNS records (DNS-01): published at the x:DnsServer of the domain, and seen before anybody is told.

The authority asks the name servers of the zone, so all of them have to show the record; where none is found (a zone
that is not delegated yet), the server that took it is asked.
"""

from __future__ import annotations

from typing import Any

from stalwart.config.vault import Vault
from stalwart.directory.hashing import Hashing
from stalwart.errors import Invalid
from stalwart.net.acme import AcmeProblem
from stalwart.net.dns_propagation import authorities_of, wait_until_seen
from stalwart.net.dns_publisher import DnsPublisher, DnsUpdateRefused, primary_of, times_of
from stalwart.tls.dns_servers import Outside, opened_publisher


class DnsProofs:
    """``responders.Publisher`` over the x:DnsServer ``server``; ``zone`` None is found out."""

    def __init__(self, server: Any, zone: str | None, vault: Vault, outside: Outside, hashing: Hashing) -> None:
        self._server = server
        self._zone = zone
        self._vault = vault
        self._outside = outside
        self._hashing = hashing

    async def add(self, name: str, value: str) -> None:
        """See ``Publisher``. Raises AcmeProblem, of the kind ``dns``."""
        times = times_of(self._server)
        publisher = await self._publisher()
        try:
            await publisher.add(self._zone, name, "TXT", value, ttl=times.ttl)
        except (DnsUpdateRefused, Invalid) as problem:
            raise AcmeProblem("dns", problem.detail) from problem
        finally:
            await publisher.close()
        resolver, clock = self._outside.resolver, self._outside.reactor
        servers: Any = await authorities_of(resolver, name)
        if not servers:
            servers = resolver if self._server.tag == "Cloudflare" else primary_of(self._server)
        limits = {"delay": times.delay, "interval": times.interval, "timeout": times.timeout}
        seen = await wait_until_seen(servers, name, value, **limits, clock=clock, otherwise=resolver)
        if not seen:
            raise AcmeProblem(
                "dns",
                f"The record {name} was taken by the DNS server, but could not be seen within {times.timeout:g} "
                "seconds; raise propagationTimeout if the zone needs longer.",
            )

    async def remove(self, name: str, value: str) -> None:
        """See ``Publisher``. A record that stays does no harm, so nothing is raised for it."""
        try:
            publisher = await self._publisher()
        except AcmeProblem:
            return
        try:
            await publisher.remove(self._zone, name, "TXT", value)
        except (DnsUpdateRefused, Invalid):
            return
        finally:
            await publisher.close()

    async def _publisher(self) -> DnsPublisher:
        try:
            return await opened_publisher(self._server, self._vault, self._hashing, self._outside)
        except DnsUpdateRefused as problem:
            raise AcmeProblem("dns", problem.detail) from problem
