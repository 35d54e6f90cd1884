"""What a lookup gives: the answer or the failure, and how both are found in a reply (RFC 1034 3.6.2, RFC
2308).

Only records of the asked name, or of the names that its aliases lead to, count; whatever else a reply holds
is ignored. Non-existence and absence of data are told apart, with the time for which the denial may be kept.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, Literal, Protocol

from attrs import field, frozen

from stalwart.codec.dns_records import SOA, TYPES
from stalwart.net.dns_message import Rcode, Reply, Resource

Kind = Literal["nxdomain", "nodata", "servfail", "refused", "timeout", "malformed", "bogus", "error"]
Trust = Literal["ad-bit", "validated-local"]

MOST_ALIASES = 8

NO_SUCH_NAME = "DNS record not found: Non-Existent Domain"
NO_SUCH_RECORD = "DNS record not found: No Error"
SERVER_FAILURE = "DNS resolution error: DNS error: error response: Server Failure"
QUERY_REFUSED = "DNS resolution error: DNS error: error response: Query Refused"
VALIDATION_FAILED = "DNS resolution error: DNS error: DNSSEC validation failed"


@frozen
class Answer:
    """The records found.

    ``name`` is what was asked for and ``aliases`` the names that its CNAMEs led through, the owner of the
    records last; all in lower case with a trailing dot. ``secure`` says that DNSSEC vouches for all of it,
    ``trust`` who checked. ``ttl`` is in seconds. Values: A, AAAA str; MX, TLSA, CAA, SOA objects of
    ``codec.dns_records``; TXT one str of latin-1; PTR, CNAME, NS names; other types octets.
    """

    name: str
    rtype: str
    records: tuple[Any, ...]
    secure: bool = False
    trust: Trust | None = None
    aliases: tuple[str, ...] = ()
    ttl: int = 0


class LookupFailed(Exception):
    """No answer. ``reason`` is for people; ``secure`` says that DNSSEC vouches for a denial; ``ttl`` is how
    long a denial may be kept, in seconds.
    """

    def __init__(self, kind: Kind, reason: str, secure: bool = False, ttl: int = 0) -> None:
        super().__init__(reason)
        self.kind: Kind = kind
        self.reason = reason
        self.secure = secure
        self.ttl = ttl

    def again(self) -> LookupFailed:
        """A fresh copy to raise: an exception that is raised twice gathers tracebacks."""
        return LookupFailed(self.kind, self.reason, self.secure, self.ttl)


class Bogus(Exception):
    """There are signatures, and they do not fit."""


class Resolver(Protocol):
    """Answers questions about names."""

    def lookup(self, name: str, rtype: str) -> Awaitable[Answer]:
        """The records of ``rtype`` (``A``, ``MX`` ...) at ``name``, which may be an IDN; aliases are
        followed.

        :raises LookupFailed: there are none, or nobody can tell.
        """


class Lame(Exception):
    """The reply neither answers nor denies, and comes from a server that will not find out (RFC 1912 2.8)."""


@frozen
class Found:
    """The records at the end of the aliases in one reply."""

    records: tuple[Any, ...]
    aliases: tuple[str, ...]
    ttl: int


@frozen
class Elsewhere:
    """The reply ends in an alias: ask for the last of ``aliases``."""

    aliases: tuple[str, ...]
    ttl: int


@frozen
class Denied:
    """There is no such name (``nxdomain``) or no such record (``nodata``)."""

    kind: Literal["nxdomain", "nodata"]
    ttl: int = field(default=0)

    def failure(self, secure: bool) -> LookupFailed:
        """The failure that the lookup ends in."""
        return LookupFailed(self.kind, NO_SUCH_NAME if self.kind == "nxdomain" else NO_SUCH_RECORD, secure, self.ttl)


def read_answer(reply: Reply, owner: str, rtype: int, seen: frozenset[str] = frozenset()) -> Found | Elsewhere | Denied:
    """What ``reply`` says of the records of ``rtype`` at ``owner``; ``seen`` are the names before it.

    :raises MalformedRecord: a record that counts cannot be decoded.
    :raises LookupFailed: the aliases loop or are too many.
    :raises Lame: it says nothing.
    """
    matching, links = _relevant(reply, rtype)
    ttl = 0x7FFFFFFF
    aliases: list[str] = []
    passed = {owner, *seen}
    while owner not in matching and owner in links:
        ttl = min(ttl, links[owner].ttl)
        owner = reply.value(links[owner])
        if owner in passed:
            raise LookupFailed("error", "DNS resolution error: the aliases of the name form a loop")
        aliases.append(owner)
        passed.add(owner)
        if len(aliases) + len(seen) > MOST_ALIASES:
            raise LookupFailed("error", "DNS resolution error: the name has too many aliases")
    if owner in matching:
        values = tuple(dict.fromkeys(reply.value(resource) for resource in matching[owner]))
        return Found(values, tuple(aliases), min(ttl, *(resource.ttl for resource in matching[owner])))
    return _without_records(reply, owner, tuple(aliases), ttl)


def _relevant(reply: Reply, rtype: int) -> tuple[dict[str, list[Resource]], dict[str, Resource]]:
    """Records of the type and aliases, by owner."""
    matching: dict[str, list[Resource]] = {}
    links: dict[str, Resource] = {}
    for resource in reply.answers:
        if resource.rtype == rtype:
            matching.setdefault(resource.owner, []).append(resource)
        elif resource.rtype == TYPES["CNAME"]:
            links.setdefault(resource.owner, resource)
    return matching, links


def _without_records(reply: Reply, owner: str, aliases: tuple[str, ...], ttl: int) -> Elsewhere | Denied:
    """RFC 2308 2: a denial has a SOA of an enclosing zone; resolvers that strip it still say that they
    recurse.
    """
    denial = _denial_ttl(reply, owner)
    if reply.rcode == Rcode.NXDOMAIN:  # RFC 6604 3: it speaks of the last name of the chain
        return Denied("nxdomain", min(ttl, denial or 0))
    if denial is not None:
        return Denied("nodata", min(ttl, denial))
    if aliases:
        return Elsewhere(aliases, ttl)
    if not reply.recursive and not reply.authoritative:
        raise Lame
    return Denied("nodata")


def _denial_ttl(reply: Reply, owner: str) -> int | None:
    """Seconds for which absence may be kept (RFC 2308 5), ``None`` without a SOA above ``owner``."""
    for resource in reply.authority:
        if resource.rtype == TYPES["SOA"] and _encloses(resource.owner, owner):
            soa: SOA = reply.value(resource)
            return min(resource.ttl, soa.minimum & 0x7FFFFFFF)
    return None


def _encloses(zone: str, name: str) -> bool:
    return zone == "." or name == zone or name.endswith("." + zone)
