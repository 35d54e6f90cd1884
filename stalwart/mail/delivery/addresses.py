"""The addresses of an exchange, and which of them may be connected to.

A diagnosis opens connections to whatever DNS names, so a stranger could use it to look into the network of the server.
Unless the settings allow it, only addresses of the public Internet are tried.
"""

from __future__ import annotations

import ipaddress

from attrs import field, frozen

from stalwart.net.dns import Answer, LookupFailed, Resolver
from stalwart.net.side_by_side import side_by_side

REFUSED = "Address is not on the public Internet; the setting allowPrivateTargets of x:Diagnosis permits it"

NOT_ELSEWHERE = "The host has an address of this computer, to which no mail is sent"

# RFC 6052 and RFC 3056: addresses that carry an IPv4 address to which a gateway would connect
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_SPECIAL = tuple(  # special purposes that ``is_global`` leaves in, whatever the version of Python (RFC 6890)
    map(ipaddress.ip_network, ("::/96", "2001::/23", "64:ff9b:1::/48", "fec0::/10", "192.0.0.0/24", "192.88.99.0/24"))
)


@frozen
class Addresses:
    """``ips``: IPv4 first, in the order received; ``secure`` if DNSSEC vouches for all of them."""

    ips: tuple[str, ...] = ()
    secure: bool = False
    failure: LookupFailed | None = field(default=None)


def _meant(ip: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The address that is reached, which a mapped or translated one only carries."""
    address = ipaddress.ip_address(ip.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return inner
    return address


def is_elsewhere(ip: str) -> bool:
    """Whether ``ip`` can be another computer: mail goes to private networks, never to this computer or to many."""
    address = _meant(ip)
    return not (address.is_loopback or address.is_unspecified or address.is_multicast or address.is_link_local)


def is_public(ip: str) -> bool:
    """Whether ``ip`` is a unicast address of the public Internet, looking into mapped and translated ones."""
    address = _meant(ip)
    special = any(address.version == network.version and address in network for network in _SPECIAL)
    return address.is_global and not address.is_multicast and not special


async def find_addresses(resolver: Resolver, host: str, family: int | None = None) -> Addresses:
    """The addresses of ``host``; ``family`` 4 or 6 asks for one kind. No answer at all gives a ``failure``."""
    kinds = {4: ("A",), 6: ("AAAA",)}.get(family or 0, ("A", "AAAA"))
    found = await side_by_side(*(_addresses(resolver, host, kind) for kind in kinds))
    answers = [one for one in found if isinstance(one, Answer)]
    failures = [one for one in found if isinstance(one, LookupFailed)]
    ips = tuple(ip for answer in answers for ip in answer.records)
    if not ips:
        worst = next((one for one in failures if one.kind not in ("nxdomain", "nodata")), None)
        return Addresses(failure=worst or (failures[0] if failures else None))
    return Addresses(ips, all(answer.secure for answer in answers))


async def _addresses(resolver: Resolver, host: str, kind: str) -> Answer | LookupFailed:
    try:
        return await resolver.lookup(host, kind)
    except LookupFailed as failure:
        return failure
