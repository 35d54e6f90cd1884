"""The DNS records that a domain needs, from what is known of it (spec discovery 6); nothing is read or asked here.

The order is that of the kinds in x:Domain's `publishRecords`. What cannot be a DNS name, such as the selector of a
key that somebody has named `my key`, has no record. Addresses of hosts are left to who runs them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from attrs import frozen

from stalwart.codec.certificates import public_key_info
from stalwart.codec.dns_names import InvalidName, to_ascii
from stalwart.codec.user_agent_configuration import configuration_record
from stalwart.codec.zone_file import ZoneRecord, quoted
from stalwart.config.domains.domain import AutomaticCertificates, Domain
from stalwart.config.network.system import SystemSettings
from stalwart.mail.report_address import report_uri
from stalwart.tls.names import listed_names

PUBLISHED_STAGES = ("pending", "active", "retiring")
"""Stages of a DKIM key in which receivers have to find it."""

HTTPS = 443
SERVICE_PORTS = {"imap": 993, "pop3": 995, "smtp": 465}
"""Ports with TLS from the first byte (RFC 8314 3); all other services are on that of HTTPS."""

_SRV = {  # (RFC 6186 3, RFC 6764 3, RFC 8620 2.2) without TLS, and with it
    "jmap": (None, ("_jmap", HTTPS)),
    "imap": (("_imap", 143), ("_imaps", 993)),
    "pop3": (("_pop3", 110), ("_pop3s", 995)),
    "smtp": (("_submission", 587), ("_submissions", 465)),
    "caldav": (None, ("_caldavs", HTTPS)),
    "carddav": (None, ("_carddavs", HTTPS)),
}


NOT_OFFERED = "0 0 0 ."
"""What SRV says of a service that is only there with TLS, so that clients need not try (RFC 6186 3.4)."""


@frozen
class DkimKey:
    """The public half of a key: ``algorithm`` is rsa or ed25519, ``key`` base64 as `p=` has it."""

    selector: str
    algorithm: str
    key: str
    stage: str = "active"


@frozen
class Issuer:
    """Who may issue certificates: its name in CAA records, and our account there as far as it is known."""

    name: str
    account_uri: str | None = None


@frozen
class DomainFacts:
    """What the records follow from.

    ``chain_for`` gives the certificates in DER that are served for a name, the server's own first; none if there are
    none. ``policy_id`` is that of the MTA-STS policy, None if there is no policy. ``configuration`` is the document
    that clients find below ``ua-auto-config``; None is none.
    """

    domain: Domain
    system: SystemSettings
    keys: tuple[DkimKey, ...] = ()
    issuers: tuple[Issuer, ...] = ()
    chain_for: Callable[[str], tuple[bytes, ...]] = lambda name: ()
    policy_id: str | None = None
    configuration: bytes | None = None

    @property
    def apex(self) -> str:
        """The domain in A-labels."""
        return to_ascii(self.domain.name).removesuffix(".")

    @property
    def host(self) -> str | None:
        """The default host; None if its name cannot be in DNS."""
        return ascii_name(self.system.default_hostname)

    @property
    def exchangers(self) -> tuple[tuple[int, str], ...]:
        """Priority and host of those who take mail, in their order."""
        found = ((each.priority, self._host(each.hostname)) for each in self.system.mail_exchangers)
        return tuple((priority, host) for priority, host in found if host is not None)

    @property
    def services(self) -> tuple[tuple[str, str, bool], ...]:
        """Announced services in their order: protocol, host, and whether the port without TLS is announced too."""
        found = ((name, self._host(each.hostname), each.cleartext) for name, each in self.system.services.items())
        return tuple((name, host, cleartext) for name, host, cleartext in found if host is not None)

    def is_inside(self, name: str) -> bool:
        """Whether ``name`` is the domain, or below it."""
        return name == self.apex or self.is_below(name)

    def is_below(self, name: str) -> bool:
        """Whether ``name`` is below the domain."""
        return name.endswith(f".{self.apex}")

    def _host(self, name: str | None) -> str | None:
        return ascii_name(name or self.system.default_hostname)


@frozen
class DomainRecord:
    """A record with its kind, one of `DnsRecordType`."""

    kind: str
    record: ZoneRecord


def domain_records(facts: DomainFacts, kinds: Iterable[str] | None = None) -> tuple[DomainRecord, ...]:
    """All records, or those of some ``kinds``, each once."""
    wanted = _MAKERS.keys() if kinds is None else frozenset(kinds)
    found = (
        DomainRecord(kind, ZoneRecord(name, type, data))
        for kind, maker in _MAKERS.items()
        if kind in wanted
        for name, type, data in maker(facts)
        if ascii_name(name) is not None
    )
    return tuple(dict.fromkeys(found))


def ascii_name(name: str) -> str | None:
    """``name`` in A-labels without the dot at the end; None if it cannot be in DNS."""
    try:
        return to_ascii(name).removesuffix(".") or None
    except InvalidName:
        return None


def key_name(selector: str, apex: str) -> str:
    """Where receivers look for a DKIM key (RFC 6376 3.6.2.1)."""
    return f"{selector}._domainkey.{apex}"


def key_text(key: DkimKey) -> str:
    """What they find there."""
    return f"v=DKIM1; k={key.algorithm}; h=sha256; p={key.key}"


def srv_names(facts: DomainFacts) -> Iterator[tuple[str, str]]:
    """Every name below the domain that clients ask for a service, announced or not, with the protocol."""
    for protocol, kinds in _SRV.items():
        for each in kinds:
            if each is not None:
                yield f"{each[0]}._tcp.{facts.apex}", protocol


_Made = Iterator[tuple[str, str, str]]


def _dkim(facts: DomainFacts) -> _Made:
    """RFC 6376 3.6.1, RFC 8463 4."""
    for key in facts.keys:
        if key.stage in PUBLISHED_STAGES:
            yield key_name(key.selector, facts.apex), "TXT", key_text(key)


def _tlsa(facts: DomainFacts) -> _Made:
    """RFC 6698 2.1, RFC 7671 5: the key of each certificate that is served, hashed."""
    places = [(host, 25) for _, host in facts.exchangers]
    places += [(host, SERVICE_PORTS.get(name, HTTPS)) for name, host, _ in facts.services if name != "managesieve"]
    labels = ("ua-auto-config", "autoconfig", "autodiscover", *(("mta-sts",) if facts.policy_id else ()))
    places += [(f"{label}.{facts.apex}", HTTPS) for label in labels]
    for host, port in dict.fromkeys(places):
        if not facts.is_inside(host):
            continue
        for place, certificate in enumerate(facts.chain_for(host)):
            digest = hashlib.sha256(public_key_info(certificate)).hexdigest()
            yield f"_{port}._tcp.{host}", "TLSA", f"{2 if place else 3} 1 1 {digest}"


def _spf(facts: DomainFacts) -> _Made:
    """RFC 7208 10.1.3: hosts that say their own name in HELO have a record too."""
    for _, host in facts.exchangers:
        if facts.is_below(host):
            yield host, "TXT", "v=spf1 a -all"
    yield facts.apex, "TXT", "v=spf1 mx -all"


def _mx(facts: DomainFacts) -> _Made:
    for priority, host in facts.exchangers:
        yield facts.apex, "MX", f"{priority} {host}."


def _dmarc(facts: DomainFacts) -> _Made:
    """RFC 7489 6.3."""
    uri = report_uri(facts.domain.report_address_uri, facts.apex)
    if uri is not None:
        yield f"_dmarc.{facts.apex}", "TXT", f"v=DMARC1; p=reject; rua={uri}"


def _srv(facts: DomainFacts) -> _Made:
    for name, host, cleartext in facts.services:
        plain, tls = _SRV.get(name, (None, None))
        if plain is not None:
            told = f"0 1 {plain[1]} {host}." if cleartext else NOT_OFFERED
            yield f"{plain[0]}._tcp.{facts.apex}", "SRV", told
        if tls is not None:
            yield f"{tls[0]}._tcp.{facts.apex}", "SRV", f"0 1 {tls[1]} {host}."


def _mta_sts(facts: DomainFacts) -> _Made:
    """RFC 8461 3.1."""
    if facts.policy_id is not None:
        yield from _alias("mta-sts", facts)
        yield f"_mta-sts.{facts.apex}", "TXT", f"v=STSv1; id={facts.policy_id}"


def _tls_rpt(facts: DomainFacts) -> _Made:
    """RFC 8460 3."""
    uri = report_uri(facts.domain.report_address_uri, facts.apex)
    if uri is not None:
        yield f"_smtp._tls.{facts.apex}", "TXT", f"v=TLSRPTv1; rua={uri}"


def _caa(facts: DomainFacts) -> _Made:
    """RFC 8659 4, RFC 8657 3; a domain whose certificates others get may have them from wherever they like."""
    management: Any = facts.domain.certificate_management
    if not isinstance(management, AutomaticCertificates) or not facts.issuers:
        return
    for issuer in facts.issuers:
        account = f";accounturi={issuer.account_uri}" if issuer.account_uri else ""
        yield facts.apex, "CAA", f"0 issue {quoted((issuer.name + account).encode())}"
    uri = report_uri(facts.domain.report_address_uri, facts.apex)
    if uri is not None:
        yield facts.apex, "CAA", f"0 iodef {quoted(uri.encode())}"
    policy = "" if listed_names(facts.domain) else "; policy=wildcard"
    for issuer in facts.issuers:
        if issuer.account_uri:
            text = f"{issuer.name}; accounturi={issuer.account_uri}{policy}"
            yield f"_validation-persist.{facts.apex}", "TXT", text


def _auto_config(facts: DomainFacts) -> _Made:
    if facts.configuration is not None:
        yield from _alias("ua-auto-config", facts)
        yield f"_ua-auto-config.{facts.apex}", "TXT", configuration_record(facts.configuration)


def _auto_discover(facts: DomainFacts) -> _Made:
    yield from _alias("autodiscover", facts)
    if facts.host is not None:
        yield f"_autodiscover._tcp.{facts.apex}", "SRV", f"0 0 {HTTPS} {facts.host}."


def _alias(label: str, facts: DomainFacts) -> _Made:
    """A name below the domain that stands for the server, unless the server has that name itself."""
    name = f"{label}.{facts.apex}"
    if facts.host is not None and facts.host != name:
        yield name, "CNAME", f"{facts.host}."


_MAKERS: dict[str, Callable[[DomainFacts], _Made]] = {
    "dkim": _dkim,
    "tlsa": _tlsa,
    "spf": _spf,
    "mx": _mx,
    "dmarc": _dmarc,
    "srv": _srv,
    "mtaSts": _mta_sts,
    "tlsRpt": _tls_rpt,
    "caa": _caa,
    "autoConfig": _auto_config,
    "autoConfigLegacy": partial(_alias, "autoconfig"),
    "autoDiscover": _auto_discover,
}
