"""DANE for SMTP (RFC 7672): which TLSA records bind a host, and why they do not where they do not.

TLSA records count only if DNSSEC vouches for the MX set, the host's name and the records themselves. Records with
certificate usages 0 and 1 or unknown parameters are unusable (RFC 7672 3.1.3); a set without a usable record still
demands TLS, without authentication (RFC 7672 2.2).
"""

from __future__ import annotations

from attrs import frozen

from stalwart.codec.tlsa import TlsaSet
from stalwart.net.dns import LookupFailed, Resolver

NO_RECORDS = "No TLSA DNSSEC records found"
UNSIGNED_MX = "MX records are not protected by DNSSEC, so DANE does not apply"
UNUSABLE = "No usable TLSA records: only certificate usages 2 and 3 apply to SMTP"


@frozen
class Dane:
    """What DANE asks of a host.

    ``tlsa`` are the records to verify against, ``None`` if DANE does not apply; ``failure`` is set when the records
    could not be had safely, so that a sender must not deliver to the host now (RFC 7672 2.1.1). ``base`` is the name
    below which the records were found; a certificate for it counts too (RFC 7672 3.2.2).
    """

    tlsa: TlsaSet | None = None
    trust: str | None = None
    reason: str = NO_RECORDS
    failure: str | None = None
    bogus: bool = False
    unusable: bool = False
    base: str | None = None


async def find_tlsa(resolver: Resolver, host: str, port: int, mx_secure: bool) -> Dane:
    """The DANE state of ``host``; never raises for what DNS says.

    Where the host is an alias, the records of the name that it leads to come first (RFC 7672 2.2.2).
    """
    if not mx_secure:
        return Dane(reason=UNSIGNED_MX)
    found = Dane()
    for base in await _base_domains(resolver, host):
        found = await _tlsa_at(resolver, base, port)
        if found.tlsa is not None or found.unusable or found.failure is not None:
            return found
    return found


async def _base_domains(resolver: Resolver, host: str) -> tuple[str, ...]:
    """The names below which TLSA records of ``host`` are looked for."""
    for kind in ("A", "AAAA"):
        try:
            answer = await resolver.lookup(host, kind)
        except LookupFailed:
            continue
        if answer.aliases and answer.secure:
            return (answer.aliases[-1].rstrip("."), host)
        break
    return (host,)


async def _tlsa_at(resolver: Resolver, base: str, port: int) -> Dane:
    try:
        answer = await resolver.lookup(f"_{port}._tcp.{base}", "TLSA")
    except LookupFailed as failure:
        return _without_records(failure)
    if not answer.secure:
        return Dane(reason=NO_RECORDS)
    tlsa = TlsaSet.from_records(answer.records)
    if not tlsa.entries:
        return Dane(trust=answer.trust, reason=UNUSABLE, unusable=True)
    return Dane(tlsa=tlsa, trust=answer.trust, base=base)


def _without_records(failure: LookupFailed) -> Dane:
    if failure.kind in ("nxdomain", "nodata"):
        return Dane(reason=NO_RECORDS)
    bogus = failure.kind in ("bogus", "servfail")
    return Dane(reason=failure.reason, failure=failure.reason, bogus=bogus)
