"""Whether records that were published can be seen, as whoever validates a challenge will look (RFC 8555 8.4).

Looks go round our cache, because it would keep the first denial. The caches of resolvers elsewhere keep it as well, so
the name servers of the zone are the better ones to ask: `authorities_of` finds them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as DeferredTimeout
from twisted.internet.task import deferLater

from stalwart.codec.dns_names import InvalidName, absolute
from stalwart.net.dns import LookupFailed, Resolver, StubResolver
from stalwart.net.dns_cache import CachingResolver
from stalwart.net.dns_transport import NameServer
from stalwart.net.https import any_address
from stalwart.net.side_by_side import side_by_side

MOST_SERVERS = 8
_LONGEST_LOOK = 10.0  # seconds
_DENIED = ("nxdomain", "nodata")
_MOST_LABELS = 12


async def wait_until_seen(
    where: Resolver | NameServer | Sequence[NameServer],
    name: str,
    value: str,
    *,
    delay: float,
    interval: float,
    timeout: float,
    clock: Any,
    otherwise: Resolver | None = None,
) -> bool:
    """Look, after ``delay`` and then every ``interval``, whether ``name`` has a TXT record ``value``; True once it has.

    Of several servers all that answer must show it; ``otherwise`` is asked if none does, as where no DNS but the own
    gets out. False when ``timeout`` has passed since the first look. Times are in seconds, ``clock`` is the reactor.
    """
    resolvers = _resolvers(where, clock)
    last = _resolvers(otherwise, clock) if otherwise is not None else []
    wanted = value.encode().decode("latin-1")
    if delay > 0:
        await _sleep(clock, delay)
    until = clock.seconds() + timeout
    while True:
        seen = await _is_seen(resolvers, name, wanted, clock)
        if seen or (seen is None and await _is_seen(last, name, wanted, clock)):
            return True
        left = until - clock.seconds()
        if left <= 0:
            return False
        await _sleep(clock, min(max(interval, 0.1), left))


async def authorities_of(
    resolver: Resolver, name: str, *, allow: Callable[[str], bool] = any_address
) -> tuple[NameServer, ...]:
    """The name servers of the zone of ``name``, those whose addresses ``allow`` lets be asked; maybe none."""
    try:
        labels = absolute(name).removesuffix(".").split(".")
    except InvalidName:
        return ()
    for start in range(max(0, len(labels) - _MOST_LABELS), len(labels)):
        hosts = await _records(resolver, ".".join(labels[start:]), "NS")
        if hosts:
            found = [
                await side_by_side(_records(resolver, host, "A"), _records(resolver, host, "AAAA")) for host in hosts
            ]
            ips = dict.fromkeys(ip for pair in found for ips in pair for ip in ips if allow(ip))
            return tuple(NameServer(ip) for ip in ips)[:MOST_SERVERS]
    return ()


def _resolvers(where: Any, clock: Any) -> list[Resolver]:
    if isinstance(where, CachingResolver):
        return [where.resolver]
    if hasattr(where, "lookup"):
        return [where]
    servers = [where] if isinstance(where, NameServer) else list(where)
    return [StubResolver(clock, [server], timeout=_LONGEST_LOOK / 2) for server in servers]


async def _is_seen(resolvers: Sequence[Resolver], name: str, wanted: str, clock: Any) -> bool | None:
    """None if nobody can tell."""
    looks = await side_by_side(*(_look(resolver, name, wanted, clock) for resolver in resolvers))
    known = [look for look in looks if look is not None]
    return all(known) if known else None


async def _look(resolver: Resolver, name: str, wanted: str, clock: Any) -> bool | None:
    """None if nobody can tell."""
    looking = Deferred.fromCoroutine(_lookup(resolver, name))
    looking.addTimeout(_LONGEST_LOOK, clock)
    try:
        return wanted in await looking
    except DeferredTimeout:
        return None
    except LookupFailed as failure:
        return False if failure.kind in _DENIED else None


async def _lookup(resolver: Resolver, name: str) -> tuple[Any, ...]:
    return (await resolver.lookup(name, "TXT")).records


async def _records(resolver: Resolver, name: str, rtype: str) -> tuple[Any, ...]:
    try:
        return (await resolver.lookup(name, rtype)).records[:MOST_SERVERS]
    except LookupFailed:
        return ()


async def _sleep(clock: Any, seconds: float) -> None:
    await deferLater(clock, seconds)
