"""Dynamic updates of a zone, signed with a shared key (RFC 2136, RFC 8945), and the choice of the place to publish at.

An update goes to one server, the primary. Over UDP it is sent twice at most and then over TCP, as it is if it is large
or its answer cut off; all that is sent may be sent again without harm. Records beside an alias are refused with words:
RFC 2136 3.4.2.2 would have the server ignore them in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any, Protocol, TypeVar

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.update
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.defer import TimeoutError as DeferredTimeout

from stalwart.errors import Invalid
from stalwart.net.cloudflare import CloudflarePublisher
from stalwart.net.dns_message import PAYLOAD, is_truncated
from stalwart.net.dns_publisher import DnsPublisher, DnsUpdateRefused, primary_of, ttl_of
from stalwart.net.dns_record_values import owner_of, record_of, records_of, shown_name, type_of
from stalwart.net.dns_transport import NameServer, Transport, Unreachable
from stalwart.net.dns_tsig import BadAnswer, SharedKey, SignedQuery, UnusableKey, read_key, read_signed, signed
from stalwart.net.tls import TrustStore

T = TypeVar("T")

_DATAGRAMS = 2
_LONGEST_WAIT = 3.0  # seconds for a datagram
_NO_ZONE = "no SOA record up to the root"
_WORDS: dict[int, str] = {
    dns.rcode.FORMERR: "FORMERR: the name server could not read the update",
    dns.rcode.SERVFAIL: "SERVFAIL: the name server failed at it; its log says why",
    dns.rcode.NXDOMAIN: "NXDOMAIN: the name is not there",
    dns.rcode.NOTIMP: "NOTIMP: the name server takes no dynamic updates; let it, or give another server",
    dns.rcode.REFUSED: "REFUSED: the name server does not let this key change this; allow it in its update policy",
    dns.rcode.YXDOMAIN: "YXDOMAIN: the name is there",
    dns.rcode.YXRRSET: "YXRRSET: the name is an alias (CNAME), beside which nothing can be; publish where it leads",
    dns.rcode.NXRRSET: "NXRRSET: the records are not there",
    dns.rcode.NOTAUTH: (
        "NOTAUTH: the name server is not the primary of this zone, or does not know the key or its name"
    ),
    dns.rcode.NOTZONE: "NOTZONE: the name is not in this zone",
}
_TEMPORARY = (dns.rcode.SERVFAIL,)


class World(Protocol):
    """What is needed of ``mail.delivery.outgoing.Outgoing``."""

    @property
    def reactor(self) -> Any:
        """Clock and connections."""

    @property
    def trust_store(self) -> TrustStore:
        """Whom HTTPS trusts."""


def publisher_for(server: Any, secret: str, world: World) -> DnsPublisher:
    """The place that an x:DnsServer (``Tsig`` or ``Cloudflare``) describes; ``secret`` is its key or token.

    :raises DnsUpdateRefused: the key cannot be used.
    """
    timeout = max(server.timeout / 1000, 0.1)
    if server.tag == "Cloudflare":
        return CloudflarePublisher(world.reactor, world.trust_store, secret=secret, email=server.email, timeout=timeout)
    try:
        key = read_key(server.key_name, secret, server.tsig_algorithm)
    except UnusableKey as problem:
        raise DnsUpdateRefused(f"The key of the DNS server {server.host} cannot be used. {problem}") from None
    return UpdatePublisher(world.reactor, primary_of(server), key, timeout=timeout)


class UpdatePublisher:
    """Publishes at ``server``. ``timeout`` is in seconds for one question or update; ``transport`` is for tests."""

    def __init__(
        self, reactor: Any, server: NameServer, key: SharedKey, *, timeout: float, transport: Any = None
    ) -> None:
        self._reactor = reactor
        self._server = server
        self._key = key
        self._timeout = timeout
        self._transport = transport if transport is not None else Transport(reactor)
        self._running: set[Deferred[Any]] = set()
        self._closed = False

    async def publish(self, zone: str | None, name: str, type: str, values: Sequence[str], *, ttl: int) -> None:
        """See `DnsPublisher`."""
        owner, kind, seconds = owner_of(name), type_of(type), ttl_of(ttl)
        records = records_of(kind, values)

        def fill(update: dns.update.UpdateMessage) -> None:
            _not_beside_alias(update, owner, kind)
            update.delete(owner, kind)
            if records:
                update.add(owner, seconds, *records)

        await self._within(self._change(zone, owner, fill))

    async def add(self, zone: str | None, name: str, type: str, value: str, *, ttl: int) -> None:
        """See `DnsPublisher`."""
        owner, kind, seconds = owner_of(name), type_of(type), ttl_of(ttl)
        record = record_of(kind, value)

        def fill(update: dns.update.UpdateMessage) -> None:
            _not_beside_alias(update, owner, kind)
            update.add(owner, seconds, record)

        await self._within(self._change(zone, owner, fill))

    async def remove(self, zone: str | None, name: str, type: str, value: str | None = None) -> None:
        """See `DnsPublisher`."""
        owner, kind = owner_of(name), type_of(type)
        what: tuple[Any, ...] = (kind,) if value is None else (record_of(kind, value),)
        await self._within(self._change(zone, owner, lambda update: update.delete(owner, *what)))

    async def close(self) -> None:
        """See `DnsPublisher`."""
        self._closed = True
        for running in tuple(self._running):
            running.cancel()

    async def zone_of(self, name: str) -> str:
        """The closest zone of the server that holds ``name``, by its SOA record (RFC 1034 4.3.4).

        :raises DnsUpdateRefused: it has none, or the name is delegated to others.
        """
        found = await self._within(self._find_zone(owner_of(name)))
        return shown_name(found)

    # Updates

    async def _change(
        self, zone: str | None, owner: dns.name.Name, fill: Callable[[dns.update.UpdateMessage], None]
    ) -> None:
        origin = owner_of(zone) if zone is not None else await self._find_zone(owner)

        def make() -> SignedQuery:
            update = dns.update.UpdateMessage(origin)
            fill(update)
            return signed(update, self._key)

        what = f"the update of {shown_name(owner)} in the zone {shown_name(origin)}"
        answer = await self._asked(what, make)
        if answer.rcode() != dns.rcode.NOERROR:
            raise self._refused(what, _words(answer.rcode()), answer.rcode() in _TEMPORARY)

    async def _find_zone(self, owner: dns.name.Name) -> dns.name.Name:
        said = _NO_ZONE
        name = owner
        while name != dns.name.root:
            answer = await self._asked(f"the question for the zone of {shown_name(owner)}", partial(self._soa, name))
            zone = _zone_in(answer, name)
            if zone is not None:
                return zone
            if _delegates(answer, owner):
                raise DnsUpdateRefused(
                    f"{shown_name(owner)} cannot be published at {self._place}: "
                    f"{shown_name(name)} is delegated to other name servers."
                )
            if answer.rcode() != dns.rcode.NOERROR:
                said = dns.rcode.to_text(answer.rcode())
            name = name.parent()
        raise DnsUpdateRefused(
            f"The name server {self._place} has no zone that holds {shown_name(owner)} ({said}): "
            "serve the zone there, or give another server."
        )

    def _soa(self, name: dns.name.Name) -> SignedQuery:
        """Signed too: the key may choose the view."""
        query = dns.message.make_query(name, dns.rdatatype.SOA)
        query.flags &= ~dns.flags.RD
        return signed(query, self._key)

    # Exchanges

    async def _asked(self, what: str, make: Callable[[], SignedQuery]) -> dns.message.Message:
        work = Deferred.fromCoroutine(self._exchange(make))
        work.addTimeout(self._timeout, self._reactor)
        try:
            query, wire = await work
            lenient = query.wire[2] & 0x78 == 0  # a forged SOA record leads to a refusal at worst
            return read_signed(wire, query, self._key, lenient=lenient)
        except DeferredTimeout:
            raise self._refused(what, f"no answer within {self._timeout:g} seconds", True) from None
        except Unreachable as problem:
            raise self._refused(what, str(problem), True) from problem
        except BadAnswer as problem:
            raise self._refused(what, str(problem), problem.temporary) from problem
        except dns.exception.TooBig:
            raise Invalid("These are too many records for one DNS message.") from None

    async def _exchange(self, make: Callable[[], SignedQuery]) -> tuple[SignedQuery, bytes]:
        query: Any = make()
        if self._server.protocol == "udp" and len(query.wire) <= PAYLOAD:
            for _ in range(_DATAGRAMS):
                waiting = self._transport.datagram(self._server, query)
                waiting.addTimeout(min(_LONGEST_WAIT, self._timeout / 4), self._reactor)
                try:
                    wire = await waiting
                except DeferredTimeout:
                    query = make()
                    continue
                except Unreachable:
                    break
                if not is_truncated(wire):
                    return query, wire
                break
            query = make()
        return query, await self._transport.stream(self._server, query)

    async def _within(self, work: Coroutine[Any, Any, T]) -> T:
        """``work``, which ``close`` can cancel."""
        if self._closed:
            work.close()
            raise DnsUpdateRefused(f"The connection to {self._place} is closed.")
        running = Deferred.fromCoroutine(work)
        self._running.add(running)
        try:
            return await running
        except CancelledError:
            if self._closed:
                raise DnsUpdateRefused(f"The update at {self._place} was broken off.", temporary=True) from None
            raise
        finally:
            self._running.discard(running)

    @property
    def _place(self) -> str:
        host = f"[{self._server.address}]" if ":" in self._server.address else self._server.address
        return f"{host}:{self._server.port}"

    def _refused(self, what: str, why: str, temporary: bool) -> DnsUpdateRefused:
        key = self._key.name.removesuffix(".")
        detail = f"The name server {self._place} did not carry out {what} with the key {key} - {why}."
        return DnsUpdateRefused(detail, temporary=temporary)


def _not_beside_alias(update: dns.update.UpdateMessage, owner: dns.name.Name, kind: dns.rdatatype.RdataType) -> None:
    """RFC 2136 2.4.3: carried out only if there is no CNAME."""
    if kind != dns.rdatatype.CNAME:
        update.absent(owner, dns.rdatatype.CNAME)


def _words(rcode: int) -> str:
    return _WORDS.get(rcode, f"{dns.rcode.to_text(dns.rcode.Rcode.make(rcode))}: the name server refused")


def _zone_in(answer: dns.message.Message, name: dns.name.Name) -> dns.name.Name | None:
    """The zone that an authoritative answer or denial comes from."""
    if not answer.flags & dns.flags.AA:
        return None
    for rrset in (*answer.answer, *answer.authority):
        if rrset.rdtype == dns.rdatatype.SOA and name.is_subdomain(rrset.name):
            found: dns.name.Name = rrset.name
            return found
    return None


def _delegates(answer: dns.message.Message, owner: dns.name.Name) -> bool:
    """Whether it is a referral (RFC 1034 4.3.2)."""
    if answer.flags & dns.flags.AA or answer.rcode() != dns.rcode.NOERROR or answer.answer:
        return False
    referrals = (rrset for rrset in answer.authority if rrset.rdtype == dns.rdatatype.NS)
    return any(rrset.name != dns.name.root and owner.is_subdomain(rrset.name) for rrset in referrals)
