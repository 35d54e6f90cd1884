"""Whether the address of a client has a name that leads back to it (iprev, RFC 8601 3)."""

from __future__ import annotations

from ipaddress import ip_address

from attrs import evolve

from stalwart.codec.authentication_results import NameVerdict
from stalwart.codec.dns_names import reverse_name
from stalwart.codec.ip_networks import IpAddress
from stalwart.net.dns import LookupFailed, Resolver

MOST_NAMES = 10


async def check_name(resolver: Resolver, ip: IpAddress) -> NameVerdict:
    """The result for the address, with the name that fits if it has one."""
    verdict = NameVerdict("fail", str(ip))
    try:
        names = (await resolver.lookup(reverse_name(str(ip)), "PTR")).records
    except LookupFailed as failed:
        if failed.kind in ("nxdomain", "nodata"):
            return evolve(verdict, result="permerror", reason="the address has no name")
        return evolve(verdict, result="temperror", reason="the name of the address cannot be looked up")
    unknown = False
    for name in names[:MOST_NAMES]:
        try:
            addresses = (await resolver.lookup(name, "A" if ip.version == 4 else "AAAA")).records
        except LookupFailed as failed:
            unknown = unknown or failed.kind not in ("nxdomain", "nodata")
            continue
        if any(ip_address(each) == ip for each in addresses):
            return evolve(verdict, result="pass", name=name.rstrip("."))
    if unknown:
        return evolve(verdict, result="temperror", reason="a name of the address cannot be looked up")
    return evolve(verdict, reason="no name of the address leads back to it")
