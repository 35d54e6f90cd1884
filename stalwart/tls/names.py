"""Which names the certificate of a domain is for (acme-tls A2).

Names that the administrator lists are all ordered, and one that cannot be proved fails the order. Names that follow
from what the server announces are ordered as far as the name service knows an address for them, so that a host name
that nobody has published yet does not keep the others from their certificate.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Protocol

from stalwart.codec.dns_names import to_ascii, to_unicode
from stalwart.config.domains.domain import AutomaticCertificates, Domain
from stalwart.config.network.system import SystemSettings
from stalwart.net.dns_answers import LookupFailed
from stalwart.net.side_by_side import side_by_side
from stalwart.store import Transaction

DISCOVERED = ("autoconfig", "autodiscover", "mta-sts", "ua-auto-config")
"""Host names below a domain that mail clients and servers look for."""

MOST = 100
"""Names in one certificate, as many as public authorities take."""

_ABSENT = ("nxdomain", "nodata")


class Resolver(Protocol):
    """See ``stalwart.net.dns``."""

    def lookup(self, name: str, rtype: str) -> Awaitable[Any]: ...


def listed_names(domain: Domain) -> tuple[str, ...]:
    """The names that the administrator of ``domain`` has asked for, in order; none if he leaves that to the server."""
    management: Any = domain.certificate_management
    if not isinstance(management, AutomaticCertificates):
        return ()
    given = (name.strip().rstrip(".").lower() for name in management.subject_alternative_names)
    return _ordered(_a_label(name if "." in name else f"{name}.{domain.name}") for name in given if name)


def derived_names(domain: Domain, system: SystemSettings, challenge_type: str) -> tuple[str, ...]:
    """The names that follow from the domain, what the server announces, and how names are proved."""
    apex = _a_label(domain.name)
    if challenge_type == "Dns01":
        return (f"*.{apex}", apex)
    hosts = [system.default_hostname]
    hosts += [exchanger.hostname for exchanger in system.mail_exchangers if exchanger.hostname]
    hosts += [service.hostname for service in system.services.values() if service.hostname]
    inside = [host for host in map(_a_label, hosts) if host == apex or host.endswith(f".{apex}")]
    return _ordered([*(f"{label}.{apex}" for label in DISCOVERED), *inside])


async def known_names(names: Iterable[str], resolver: Resolver, held: frozenset[str] | None = None) -> tuple[str, ...]:
    """Those of ``names`` that have an address, or of which the name service does not tell.

    The authority may know better then; but where there is a certificate, of the names ``held``, no name joins them of
    which nobody knows: it would keep the others from being renewed.
    """
    wanted = tuple(names)
    found = await side_by_side(*(_may_exist(name, resolver, held is None or name in held) for name in wanted))
    return tuple(name for name, exists in zip(wanted, found, strict=True) if exists)


async def wanted_names(
    domain: Domain,
    system: SystemSettings,
    challenge_type: str,
    resolver: Callable[[], Resolver],
    held: frozenset[str] | None = None,
) -> tuple[str, ...]:
    """The names to order a certificate for, at most ``MOST``; none if there is no name that could be proved.

    ``held`` are those of the present certificate.
    """
    listed = listed_names(domain)
    if listed:
        return listed[:MOST]
    derived = derived_names(domain, system, challenge_type)[:MOST]
    return derived if challenge_type == "Dns01" else await known_names(derived, resolver(), held)


def strange_names(tx: Transaction, domain_id: int, domain: Domain, names: Iterable[str]) -> list[str]:
    """Those of ``names`` that a domain of a tenant may not have a certificate for: they lie in another one, or in none.

    The server answers proofs for all names alike, so this is what keeps tenants apart.
    """
    if domain.member_tenant_id is None:
        return []
    return [name for name in names if _domain_of(tx, name.removeprefix("*.")) != domain_id]


def _domain_of(tx: Transaction, name: str) -> int | None:
    """The id of the domain that lies closest above a name, or is it."""
    while name:
        holder = tx.registry.lookup("Domain.name", name) or tx.registry.lookup("Domain.name", to_unicode(name))
        if holder is not None:
            return holder[1]
        name = name.partition(".")[2]
    return None


async def _may_exist(name: str, resolver: Resolver, otherwise: bool) -> bool:
    for rtype in ("A", "AAAA"):
        try:
            await resolver.lookup(name, rtype)
        except LookupFailed as failed:
            if failed.kind not in _ABSENT:
                return otherwise
        else:
            return True
    return False


def _a_label(name: str) -> str:
    """The name as it stands in certificates (RFC 5280 4.2.1.6, RFC 5891). Raises InvalidName."""
    star = "*." if name.startswith("*.") else ""
    return star + to_ascii(name.removeprefix("*.")).rstrip(".").lower()


def _ordered(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(names)))
