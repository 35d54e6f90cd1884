"""Where a domain's mail goes: its exchanges in the order in which a sender tries them (RFC 5321 5.1, RFC 7505).

Hosts of one preference are shuffled, each diagnosis anew. A domain without MX records but with an address is its own
exchange. What DNSSEC says of the MX set is kept: DANE applies only where it is authentic (RFC 7672 2.2.1).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, MutableSequence
from itertools import groupby

from attrs import frozen

from stalwart.mail.delivery.addresses import find_addresses
from stalwart.mail.delivery.stages import Exchanges
from stalwart.net.dns import Answer, LookupFailed, Resolver

Shuffle = Callable[[MutableSequence[str]], None]

NULL_MX = "Null MX record"
LOOPS_BACK = "The nearest exchange of the domain is this server itself, which does not keep its mail: it loops back"


class NoExchange(Exception):
    """The domain takes no mail; ``kind`` is ``null-mx``, ``loop`` or the kind of the failed lookup."""

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason


@frozen
class Route:
    """``groups``: as received, by ascending preference; ``hosts``: in the order to try, without trailing dots."""

    groups: tuple[Exchanges, ...]
    hosts: tuple[str, ...]
    secure: bool
    trust: str | None
    implicit: bool = False


async def find_route(resolver: Resolver, domain: str, shuffle: Shuffle) -> Route:
    """The route for ``domain``.

    :raises NoExchange: null MX, no such domain, neither MX nor address, or DNS does not answer.
    """
    try:
        answer = await resolver.lookup(domain, "MX")
    except LookupFailed as failure:
        if failure.kind == "nodata":
            return await _implicit_route(resolver, domain, failure)
        raise NoExchange(failure.kind, failure.reason) from failure
    return _route(answer, shuffle)


def hosts_before_us(route: Route, domain: str, own_names: Collection[str]) -> tuple[str, ...]:
    """The hosts that are nearer to ``domain`` than we are (RFC 5321 5.1): mail goes towards it, never round about.

    :raises NoExchange: ``loop``; we are the nearest.
    """
    ours = [group.preference for group in route.groups if any(_is_ours(name, own_names) for name in group.exchanges)]
    if route.implicit and _is_ours(domain, own_names):
        raise NoExchange("loop", LOOPS_BACK)
    if not ours:
        return route.hosts
    nearer = {name.rstrip(".") for group in route.groups if group.preference < min(ours) for name in group.exchanges}
    if not nearer:
        raise NoExchange("loop", LOOPS_BACK)
    return tuple(host for host in route.hosts if host in nearer)


def _is_ours(name: str, own_names: Collection[str]) -> bool:
    return name.rstrip(".").lower() in own_names


def _route(answer: Answer, shuffle: Shuffle) -> Route:
    records = sorted(answer.records, key=lambda record: record.preference)  # stable: keeps the order received
    if len(records) == 1 and records[0].exchange == ".":
        raise NoExchange("null-mx", NULL_MX)  # RFC 7505 3
    groups: list[Exchanges] = []
    hosts: list[str] = []
    for preference, same in groupby(records, key=lambda record: record.preference):
        names = list(dict.fromkeys(record.exchange for record in same))
        groups.append(Exchanges(names, preference))
        shuffled = list(names)
        shuffle(shuffled)
        hosts.extend(name.rstrip(".") for name in shuffled if name != ".")
    return Route(tuple(groups), tuple(dict.fromkeys(hosts)), answer.secure, answer.trust)


async def _implicit_route(resolver: Resolver, domain: str, no_mx: LookupFailed) -> Route:
    found = await find_addresses(resolver, domain)
    if found.ips:
        return Route((), (domain,), no_mx.secure, None, implicit=True)
    failure = found.failure
    if failure is None or failure.kind in ("nodata", "nxdomain"):
        raise NoExchange("nodata", no_mx.reason)
    raise NoExchange(failure.kind, failure.reason)
