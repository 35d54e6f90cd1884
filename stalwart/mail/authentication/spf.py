"""Whether a host may send for a domain: SPF evaluated over our resolver (RFC 7208 4).

The records of others decide what is looked up, so their number is bounded: ten terms that look something up, two
look-ups that find nothing, ten hosts of one term (RFC 7208 4.6.4). The caller bounds the time.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from typing import Any

from attrs import evolve

from stalwart.codec import spf_record
from stalwart.codec.authentication_results import SpfVerdict
from stalwart.codec.dns_names import InvalidName, escaped, reverse_name, to_ascii
from stalwart.codec.ip_networks import IpAddress
from stalwart.codec.spf_record import Macros, MalformedSpf, SpfRecord, Term
from stalwart.net.dns import LookupFailed, Resolver

MOST_TERMS = 10
MOST_VOID = 2
MOST_HOSTS = 10
LONGEST_EXPLANATION = 200

_LABEL = re.compile(r"[ -~]{1,63}\Z")
_WITH_LOOKUP = frozenset(("include", "a", "mx", "ptr", "exists"))


class _Stop(Exception):
    """The evaluation ends with ``result``."""

    def __init__(self, result: str, reason: str) -> None:
        super().__init__(reason)
        self.result = result


async def check_host(
    resolver: Resolver, ip: IpAddress, helo: str, mail_from: str, *, scope: str, receiver: str = "unknown", now: float
) -> SpfVerdict:
    """The result for the domain of ``mail_from``, or of ``helo`` if the scope is ``helo`` or the sender is null.

    Waits for the name service only; what that does not know is temperror.
    """
    from_helo = scope == "helo" or not mail_from
    domain = _in_ascii((helo if from_helo else mail_from.rpartition("@")[2]).removesuffix("."))
    sender = f"postmaster@{domain}" if from_helo or mail_from.startswith("@") else mail_from
    macros = Macros(ip, sender, domain, helo, receiver=receiver, now=int(now))
    verdict = SpfVerdict("none", domain, scope, domain if from_helo else mail_from)
    if not _is_name(domain) or "." not in domain:  # RFC 7208 4.3
        return evolve(verdict, reason="the domain is not one that can have a record")
    evaluation = _Evaluation(resolver, macros)
    try:
        result, mechanism = await evaluation.check(domain)
    except _Stop as stop:
        return evolve(verdict, result=stop.result, reason=str(stop))
    explanation = await evaluation.explanation() if result == "fail" else ""
    return evolve(verdict, result=result, mechanism=mechanism, explanation=explanation)


class _Evaluation:
    """One check_host with what it may still do."""

    def __init__(self, resolver: Resolver, macros: Macros) -> None:
        self._resolver = resolver
        self._macros = macros
        self._ip = macros.ip
        self._terms = 0
        self._void = 0
        self._names: tuple[str, ...] | None = None
        self._explaining: tuple[str, str] | None = None

    async def check(self, domain: str, *, included: bool = False) -> tuple[str, str]:
        """The result for ``domain``, and the term that decided."""
        record = await self._record(domain)
        if record is None:
            return "none", ""
        for term in record.terms:
            if await self._matches(term, domain):
                if not included and record.explanation is not None:
                    self._explaining = domain, record.explanation
                return term.result, term.text
        if record.redirect is None:
            return "neutral", "default"
        self._count()
        target = await self._expanded(record.redirect, domain)
        result, mechanism = await self.check(target, included=included) if _is_name(target) else ("none", "")
        if result == "none":  # RFC 7208 6.1
            raise _Stop("permerror", f"{spf_record.shown(target)}, which redirect names, has no record")
        return result, mechanism

    async def explanation(self) -> str:
        """What the domain has to say of a failure; nothing if it cannot be had (RFC 7208 6.2)."""
        if self._explaining is None:
            return ""
        domain, spec = self._explaining
        try:
            texts = await self._lookup(await self._expanded(spec, domain), "TXT", counted=False)
            if len(texts) != 1 or not spf_record.is_explanation(texts[0]):
                return ""
            macros = await self._macros_for(texts[0], domain)
        except _Stop:
            return ""
        text = macros.text(texts[0])
        return text[:LONGEST_EXPLANATION] if text.isascii() and text.isprintable() else ""

    async def _record(self, domain: str) -> SpfRecord | None:
        texts = await self._lookup(domain, "TXT", counted=False)
        try:
            text = spf_record.find(texts)
            return spf_record.read(text) if text is not None else None
        except MalformedSpf as malformed:
            raise _Stop("permerror", f"{spf_record.shown(domain)}: {malformed}") from None

    async def _matches(self, term: Term, domain: str) -> bool:
        if term.name in _WITH_LOOKUP:
            self._count()
        if term.name == "all":
            return True
        if term.network is not None:
            return self._ip in term.network
        target = domain if term.domain is None else await self._expanded(term.domain, domain)
        if term.name == "include":
            return await self._included(target)
        if term.name == "a":
            return self._fits(await self._addresses(target), term)
        if term.name == "mx":
            return await self._exchanger(target, term)
        if term.name == "ptr":
            wanted = target.lower()
            return any(name == wanted or name.endswith(f".{wanted}") for name in await self._validated())
        return bool(await self._lookup(target, "A"))  # exists: for IPv6 too (RFC 7208 5.7)

    async def _included(self, target: str) -> bool:
        """RFC 7208 5.2."""
        result = (await self.check(target, included=True))[0] if _is_name(target) else "none"
        if result == "none":
            raise _Stop("permerror", f"{spf_record.shown(target)}, which is included, has no record")
        return result == "pass"

    async def _exchanger(self, target: str, term: Term) -> bool:
        hosts = [record.exchange for record in await self._lookup(target, "MX")]
        if len(hosts) > MOST_HOSTS:
            raise _Stop("permerror", f"{spf_record.shown(target)} has more than {MOST_HOSTS} mail exchangers")
        for host in hosts:
            if self._fits(await self._addresses(host.rstrip(".")), term):
                return True
        return False

    def _fits(self, addresses: Sequence[str], term: Term) -> bool:
        prefix = term.four if self._ip.version == 4 else term.six
        wanted = ipaddress.ip_network((self._ip, prefix), strict=False)  # once: there may be thousands of addresses
        return any(ipaddress.ip_address(each) in wanted for each in addresses)

    async def _addresses(self, name: str) -> Sequence[str]:
        return await self._lookup(name, "A" if self._ip.version == 4 else "AAAA")

    async def _validated(self) -> tuple[str, ...]:
        """The names of the address that lead back to it (RFC 7208 5.5); what cannot be looked up has none."""
        if self._names is None:
            self._names = ()
            found = []
            try:
                names = await self._lookup(reverse_name(str(self._ip)), "PTR")
            except _Stop as stop:
                if stop.result == "permerror":
                    raise
                return ()
            for name in [each.rstrip(".").lower() for each in names[:MOST_HOSTS]]:
                try:
                    addresses = await self._lookup(name, "A" if self._ip.version == 4 else "AAAA", counted=False)
                except _Stop:
                    continue
                if any(ipaddress.ip_address(each) == self._ip for each in addresses):
                    found.append(name)
            self._names = tuple(found)
        return self._names

    async def _expanded(self, spec: str, domain: str) -> str:
        return (await self._macros_for(spec, domain)).name(spec)

    async def _macros_for(self, spec: str, domain: str) -> Macros:
        macros = evolve(self._macros, domain=domain)
        if not spf_record.needs_validated_name(spec):
            return macros
        names = await self._validated()
        near = [name for name in names if name == domain or name.endswith(f".{domain}")]
        return evolve(macros, validated=next(iter(near or names), "unknown"))

    def _count(self) -> None:
        self._terms += 1
        if self._terms > MOST_TERMS:
            raise _Stop("permerror", f"it takes more than {MOST_TERMS} look-ups")

    async def _lookup(self, name: str, rtype: str, *, counted: bool = True) -> tuple[Any, ...]:
        """The records, none if there are none; ``counted`` is whether that may not happen too often."""
        try:
            if not _is_name(name):
                raise InvalidName
            answer = await self._resolver.lookup(escaped(name), rtype)
        except InvalidName:
            return self._nothing(counted)
        except LookupFailed as failed:
            if failed.kind in ("nxdomain", "nodata"):
                return self._nothing(counted)
            raise _Stop("temperror", f"{spf_record.shown(name)} cannot be looked up: {failed.reason}") from None
        return answer.records

    def _nothing(self, counted: bool) -> tuple[Any, ...]:
        self._void += counted
        if self._void > MOST_VOID:
            raise _Stop("permerror", f"more than {MOST_VOID} look-ups find nothing")
        return ()


def _in_ascii(domain: str) -> str:
    """A-labels for what is not ASCII, if there are any (RFC 8616 4)."""
    try:
        return domain if domain.isascii() else to_ascii(domain)
    except InvalidName:
        return domain


def _is_name(name: str) -> bool:
    return 0 < len(name) <= 253 and all(_LABEL.match(label) for label in name.split("."))
