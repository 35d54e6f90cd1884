"""DNS records at Cloudflare: zones are found by name, records are listed, made and deleted.

Records are compared as DNS compares them, however the API spells them, and are never proxied. Credentials and requests
are the business of ``net.cloudflare_api``.
"""

from __future__ import annotations

from collections.abc import Coroutine, Iterable, Sequence
from typing import Any, TypeVar

import dns.name
import dns.rdata
import dns.rdatatype
from twisted.internet.defer import CancelledError, Deferred

from stalwart.net.cloudflare_api import Api, Refused
from stalwart.net.cloudflare_records import LEAST_TTL, MOST_TTL, Shown, body_of, is_at, shown
from stalwart.net.dns_publisher import DnsUpdateRefused, ttl_of
from stalwart.net.dns_record_values import owner_of, record_of, records_of, shown_name, type_of
from stalwart.net.tls import TrustStore

API = "https://api.cloudflare.com/client/v4"
T = TypeVar("T")

_THERE_ALREADY = (81057, 81058)
_NOT_THERE = (81044,)


class CloudflarePublisher:
    """Publishes with an API token, or with ``email`` and the global key. ``timeout`` is in seconds for one request;
    ``url`` is for tests.
    """

    def __init__(
        self,
        reactor: Any,
        trust_store: TrustStore,
        *,
        secret: str,
        email: str | None = None,
        timeout: float = 30.0,
        url: str = API,
    ) -> None:
        self._api = Api(reactor, trust_store, secret=secret, email=email, timeout=timeout, url=url)
        self._running: set[Deferred[Any]] = set()
        self._closed = False

    async def publish(self, zone: str | None, name: str, type: str, values: Sequence[str], *, ttl: int) -> None:
        """See `DnsPublisher`; what stays is not touched, what is new comes before the rest goes where that can be."""
        owner, kind, seconds = owner_of(name), type_of(type), _bounded(ttl)
        await self._within(self._publish(zone, owner, kind, records_of(kind, values), seconds))

    async def add(self, zone: str | None, name: str, type: str, value: str, *, ttl: int) -> None:
        """See `DnsPublisher`."""
        body = body_of(owner_of(name), record_of(type_of(type), value), _bounded(ttl))
        await self._within(self._add(zone, owner_of(name), body))

    async def remove(self, zone: str | None, name: str, type: str, value: str | None = None) -> None:
        """See `DnsPublisher`."""
        owner, kind = owner_of(name), type_of(type)
        wanted = None if value is None else record_of(kind, value)
        await self._within(self._remove(zone, owner, kind, wanted))

    async def close(self) -> None:
        """See `DnsPublisher`."""
        self._closed = True
        for running in tuple(self._running):
            running.cancel()

    async def _publish(
        self,
        zone: str | None,
        owner: dns.name.Name,
        kind: dns.rdatatype.RdataType,
        records: Sequence[dns.rdata.Rdata],
        ttl: int,
    ) -> None:
        bodies = {record: body_of(owner, record, ttl) for record in records}
        zone_id = await self._zone_id(zone, owner)
        kept: set[dns.rdata.Rdata] = set()
        surplus: list[Shown] = []
        for entry in await self._listed(zone_id, owner, kind):
            if entry.record is not None and entry.record in bodies and entry.record not in kept and entry.ttl == ttl:
                kept.add(entry.record)
            else:
                surplus.append(entry)
        missing = [body for record, body in bodies.items() if record not in kept]
        # No record is taken twice, whatever its time to live, and an alias stands alone.
        makes_room = kind == dns.rdatatype.CNAME or any(entry.record in bodies for entry in surplus)
        if makes_room:
            await self._delete(zone_id, surplus)
        for body in missing:
            await self._create(zone_id, body)
        if not makes_room:
            await self._delete(zone_id, surplus)

    async def _add(self, zone: str | None, owner: dns.name.Name, body: dict[str, Any]) -> None:
        await self._create(await self._zone_id(zone, owner), body)

    async def _remove(
        self, zone: str | None, owner: dns.name.Name, kind: dns.rdatatype.RdataType, wanted: dns.rdata.Rdata | None
    ) -> None:
        zone_id = await self._zone_id(zone, owner)
        present = await self._listed(zone_id, owner, kind)
        await self._delete(zone_id, (entry for entry in present if wanted is None or entry.record == wanted))

    async def _zone_id(self, zone: str | None, owner: dns.name.Name) -> str:
        """The given zone, or the closest to ``owner`` that the credentials may see."""
        wanted = name = owner if zone is None else owner_of(zone)
        while len(name.labels) > 2:  # a label, and the root
            if not name.labels[0].startswith(b"_"):
                for found in await self._api.pages("/zones", {"name": shown_name(name)}):
                    if is_at(found, name) and found.get("id"):
                        return str(found["id"])
            if zone is not None:
                break
            name = name.parent()
        raise DnsUpdateRefused(
            f"Cloudflare shows no zone for {shown_name(wanted)} with these credentials: "
            "add the zone to the account, and let the token read it (Zone:Read) and edit its records (DNS:Edit)."
        )

    async def _listed(self, zone_id: str, owner: dns.name.Name, kind: dns.rdatatype.RdataType) -> list[Shown]:
        type = dns.rdatatype.to_text(kind)
        query = {"type": type, "name": shown_name(owner)}
        found = await self._api.pages(f"/zones/{zone_id}/dns_records", query)
        return [shown(entry, kind) for entry in found if is_at(entry, owner) and entry.get("type") == type]

    async def _create(self, zone_id: str, body: dict[str, Any]) -> None:
        try:
            await self._api.call("POST", f"/zones/{zone_id}/dns_records", body=body)
        except Refused as refused:
            if refused.code not in _THERE_ALREADY:
                raise

    async def _delete(self, zone_id: str, entries: Iterable[Shown]) -> None:
        for entry in entries:
            try:
                await self._api.call("DELETE", f"/zones/{zone_id}/dns_records/{entry.id}")
            except Refused as refused:
                if refused.code not in _NOT_THERE:
                    raise

    async def _within(self, work: Coroutine[Any, Any, T]) -> T:
        """``work``, which ``close`` can cancel."""
        if self._closed:
            work.close()
            raise DnsUpdateRefused("The connection to Cloudflare is closed.")
        running = Deferred.fromCoroutine(work)
        self._running.add(running)
        try:
            return await running
        except CancelledError:
            if self._closed:
                raise DnsUpdateRefused("The update at Cloudflare was broken off.", temporary=True) from None
            raise
        finally:
            self._running.discard(running)


def _bounded(ttl: int) -> int:
    return min(max(ttl_of(ttl), LEAST_TTL), MOST_TTL)
