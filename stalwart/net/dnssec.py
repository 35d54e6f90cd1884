"""Validation in this process, for where no resolver is trusted: the chain of keys from the anchors to the
records that were found (RFC 4035 5). The replies come over the stub resolver with DO and CD; signatures are
checked in threads.

Only what is there can be proven. NSEC and NSEC3 are not looked at, so an unsigned delegation or a denial
stays undecided: it is never secure and never bogus. Broken signatures below a signed delegation are bogus.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

import attrs
from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as DeferredTimeout
from twisted.internet.threads import deferToThreadPool

from stalwart.codec.dns_records import TYPES, TrustAnchor, parse_anchor
from stalwart.net.dns import Answer, LookupFailed, Resolution, StubResolver
from stalwart.net.dns_answers import VALIDATION_FAILED, Bogus
from stalwart.net.flights import Flights

if TYPE_CHECKING:  # dnspython is loaded with the first signature that has to be checked
    from stalwart.net.dns_signatures import SignedSet, ZoneKeys

T = TypeVar("T")

MOST_ZONES = 16
MOST_CACHED = 2_000
LONGEST_KEPT = 86_400
_SIGNATURES = "stalwart.net.dns_signatures"
_RETRY_UNPROVEN = 30.0  # seconds for which a zone is taken as unproven without asking again


class ValidatingResolver:
    """Answers of ``stub``, marked as secure where the chain from ``anchors`` (DS or DNSKEY in text form)
    holds.

    ``pool`` is a bounded thread pool, the reactor's if left out; ``now`` is the time of day, which signatures
    are held against. A lookup takes ``timeout`` seconds at most.

    :raises MalformedRecord: an anchor is not one.
    """

    def __init__(
        self,
        stub: StubResolver,
        anchors: Iterable[str],
        reactor: Any,
        pool: Any = None,
        *,
        timeout: float = 15.0,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._stub = stub
        self._reactor = reactor
        self._pool = pool
        self._timeout = timeout
        self._now = now
        self._anchors: dict[str, list[TrustAnchor]] = {}
        for anchor in map(parse_anchor, anchors):
            self._anchors.setdefault(anchor.owner, []).append(anchor)
        self._zones: OrderedDict[str, tuple[float, ZoneKeys | None]] = OrderedDict()
        self._flights: Flights[str, ZoneKeys | None] = Flights()

    async def lookup(self, name: str, rtype: str) -> Answer:
        """As :class:`stalwart.net.dns.Resolver` says; ``trust`` is ``validated-local`` where it is secure."""
        whole = Deferred.fromCoroutine(self._lookup(name, rtype))
        whole.addTimeout(self._timeout, self._reactor)
        try:
            return await whole
        except DeferredTimeout as late:
            raise LookupFailed("timeout", "DNS resolution error: request timed out") from late

    async def _lookup(self, name: str, rtype: str) -> Answer:
        resolution = await self._stub.resolve(name, rtype, checking_disabled=True)
        answer = resolution.answer
        try:
            ttl = await self._prove(resolution)
        except Bogus as problem:
            raise LookupFailed("bogus", VALIDATION_FAILED) from problem
        if ttl is None:
            return answer
        return attrs.evolve(answer, secure=True, trust="validated-local", ttl=min(answer.ttl, ttl))

    async def _prove(self, resolution: Resolution) -> int | None:
        """Seconds for which the answer is proven, ``None`` if that is undecided."""
        answer = resolution.answer
        names = (answer.name, *answer.aliases)
        wanted = [(alias, TYPES["CNAME"]) for alias in names[:-1]] + [(names[-1], TYPES[answer.rtype])]
        sets = await self._signed(resolution, wanted)
        if sets is None:
            return None
        keys = {}
        for zone in {one.signer for one in sets}:
            known = await self._keys(zone, MOST_ZONES)
            if known is None:
                return None
            keys[zone] = known
        return await self._checked(lambda signatures: signatures.verify(sets, keys, self._now()))

    async def _signed(self, resolution: Resolution, wanted: Iterable[tuple[str, int]]) -> tuple[SignedSet, ...] | None:
        wires = [reply.wire for reply in resolution.replies]
        return await self._checked(lambda signatures: signatures.signed_sets(wires, wanted))

    async def _keys(self, zone: str, depth: int) -> ZoneKeys | None:
        """The proven keys of ``zone``, from memory if they are there."""
        kept = self._zones.get(zone)
        if kept is not None and kept[0] > self._now():
            self._zones.move_to_end(zone)
            return kept[1]
        if depth == 0:
            return None
        return await self._flights.join(zone, lambda: self._find_keys(zone, depth))

    async def _find_keys(self, zone: str, depth: int) -> ZoneKeys | None:
        found = await self._chain(zone, depth)
        expires = found.expires if found is not None else self._now() + _RETRY_UNPROVEN
        self._zones[zone] = (expires, found)
        self._zones.move_to_end(zone)
        if len(self._zones) > MOST_CACHED:
            self._zones.popitem(last=False)
        return found

    async def _chain(self, zone: str, depth: int) -> ZoneKeys | None:
        """One link: from an anchor, or the delegation that the parent signed, to the keys of ``zone``."""
        links: Iterable[TrustAnchor] | None = self._anchors.get(zone)
        if links is None and zone != ".":
            links = await self._delegation(zone, depth)
        if links is None:
            return None
        signed = await self._set(zone, "DNSKEY")
        if signed is None:
            return None
        return await self._checked(
            lambda signatures: signatures.keys_below(zone, signed, links, self._now(), LONGEST_KEPT)
        )

    async def _delegation(self, zone: str, depth: int) -> tuple[TrustAnchor, ...] | None:
        """The DS records of ``zone``, proven by the keys of its parent."""
        signed = await self._set(zone, "DS")
        if signed is None:
            return None
        parent = await self._keys(signed.signer, depth - 1)
        if parent is None:
            return None
        await self._checked(lambda signatures: signatures.verify([signed], {signed.signer: parent}, self._now()))
        return await self._checked(lambda signatures: signatures.links_in(signed))

    async def _set(self, zone: str, rtype: str) -> SignedSet | None:
        """The signed set at ``zone``; what cannot be had proves nothing."""
        try:
            resolution = await self._stub.resolve(zone, rtype, checking_disabled=True)
        except LookupFailed:
            return None
        if resolution.answer.aliases:
            return None
        sets = await self._signed(resolution, [(zone, TYPES[rtype])])
        return sets[0] if sets else None

    async def _checked(self, work: Callable[[Any], T]) -> T:
        """``work`` in a thread, given the module that knows signatures; its import takes a while too."""
        pool = self._pool if self._pool is not None else self._reactor.getThreadPool()
        return await deferToThreadPool(self._reactor, pool, lambda: work(import_module(_SIGNATURES)))
