"""Advice at the end of a diagnosis: what else receivers and senders look at, one finding per topic.

SPF (RFC 7208), DKIM keys (RFC 6376), DMARC (RFC 7489), reverse names of the tried addresses (RFC 1912 2.1), TLS
reporting, MTA-STS and IPv6. Nothing here changes the verdict. DKIM selectors cannot be listed, so a few common ones are
asked for, besides whether the ``_domainkey`` branch exists at all (RFC 8020).
"""

from __future__ import annotations

from collections.abc import Coroutine
from functools import partial
from typing import Any

from attrs import define, field
from twisted.internet.defer import Deferred

from stalwart.codec import dkim_record, dmarc, spf
from stalwart.codec.dns_names import reverse_name
from stalwart.codec.tls_rpt import Rua
from stalwart.mail.delivery.stages import Finding
from stalwart.mail.delivery.sts import Announced
from stalwart.net.dns import LookupFailed, Resolver
from stalwart.net.side_by_side import side_by_side

SELECTORS = ("default", "dkim", "mail", "google", "selector1", "selector2", "s1", "s2", "k1", "key1")
MOST_PTR = 4
SHORT_CACHE = 86400  # RFC 8461 3.2: policies are expected to live for weeks


@define
class Advice:
    """What the run already knows when it comes to advice."""

    policy: Announced | None = None
    sts_problem: str | None = None
    reporting: tuple[Rua, ...] | None = None
    reporting_problem: str | None = None
    addresses: dict[str, tuple[str, ...]] = field(factory=dict)


async def advise(resolver: Resolver, domain: str, known: Advice, clock: Any, seconds: float) -> list[Finding]:
    """The findings in a fixed order; DNS questions are asked side by side, each topic within ``seconds``, so that one
    silent name server does not cost the other topics."""

    async def within(topic: str, work: Coroutine[Deferred[Any], Any, Finding]) -> Finding:
        asked = Deferred.fromCoroutine(work)
        return await asked.addTimeout(seconds, clock, onTimeoutCancel=partial(_too_late, topic))

    found = await side_by_side(
        within("spf", _spf(resolver, domain)),
        within("dkim", _dkim(resolver, domain)),
        within("dmarc", _dmarc(resolver, domain)),
        within("ptr", _ptr(resolver, known)),
    )
    return [*found, _tls_reporting(known), _mta_sts(known), _ipv6(known)]


async def _spf(resolver: Resolver, domain: str) -> Finding:
    texts = await _texts(resolver, domain)
    if isinstance(texts, LookupFailed):
        return _unknown("spf", texts)
    record = spf.read(texts)
    if record is None:
        return Finding("spf", "warn", "No SPF record: receivers cannot tell who may send for the domain.")
    if record.problems:
        return Finding("spf", "warn", _listed("SPF record", record.problems))
    return Finding("spf", "ok", record.record)


async def _dmarc(resolver: Resolver, domain: str) -> Finding:
    texts = await _texts(resolver, f"_dmarc.{domain}")
    if isinstance(texts, LookupFailed):
        return _unknown("dmarc", texts)
    record = dmarc.read(texts)
    if record is None:
        return Finding("dmarc", "warn", "No DMARC record: receivers get no advice on forged mail.")
    if record.problems:
        return Finding("dmarc", "warn", _listed("DMARC record", record.problems))
    return Finding("dmarc", "ok", record.record)


async def _dkim(resolver: Resolver, domain: str) -> Finding:
    names = [f"{selector}._domainkey.{domain}" for selector in SELECTORS]
    branch, *answers = await side_by_side(*(_texts(resolver, name) for name in (f"_domainkey.{domain}", *names)))
    keys = [
        (selector, key)
        for selector, texts in zip(SELECTORS, answers, strict=True)
        if not isinstance(texts, LookupFailed) and (key := dkim_record.read(texts)) is not None
    ]
    problems = [f"{selector}: {problem}" for selector, key in keys for problem in key.problems]
    if problems:
        return Finding("dkim", "warn", _listed("DKIM keys", problems))
    if keys:
        return Finding("dkim", "ok", f"DKIM keys at the selectors {', '.join(selector for selector, _ in keys)}.")
    if isinstance(branch, LookupFailed) and branch.kind == "nxdomain":
        return Finding("dkim", "warn", "No DKIM keys: nothing exists below _domainkey.")
    return Finding("dkim", "info", "No DKIM key at the common selectors; others cannot be listed.")


async def _ptr(resolver: Resolver, known: Advice) -> Finding:
    ips = [ip for found in known.addresses.values() for ip in found][:MOST_PTR]
    if not ips:
        return Finding("ptr", "info", "No address of an exchange to look at.")
    found = await side_by_side(*(_reverse(resolver, ip) for ip in ips))
    problems = [problem for problem in found if problem is not None]
    if problems:
        return Finding("ptr", "info", _listed("Reverse names", problems))
    return Finding("ptr", "ok", "The addresses of the exchanges have names that lead back to them.")


async def _reverse(resolver: Resolver, ip: str) -> str | None:
    """What is wrong with the reverse name of ``ip``: none, or none that leads back (forward-confirmed)."""
    try:
        names = (await resolver.lookup(reverse_name(ip), "PTR")).records
    except LookupFailed:
        return f"{ip} has none"
    for name in names[:MOST_PTR]:
        try:
            found = await resolver.lookup(name, "AAAA" if ":" in ip else "A")
        except LookupFailed:
            continue
        if ip in found.records:
            return None
    return f"{ip} is called {str(names[0]).rstrip('.')}, which does not lead back"


def _tls_reporting(known: Advice) -> Finding:
    if known.reporting_problem is not None:
        return Finding("tlsRpt", "warn", f"The TLS reporting record cannot be used: {known.reporting_problem}")
    if known.reporting is None:
        return Finding("tlsRpt", "info", "No TLS reporting: failures of senders stay unseen (RFC 8460).")
    return Finding("tlsRpt", "ok", f"TLS reports go to {', '.join(rua.value for rua in known.reporting)}.")


def _mta_sts(known: Advice) -> Finding:
    if known.sts_problem is not None:
        return Finding("mtaSts", "warn", f"The MTA-STS policy cannot be used: {known.sts_problem}")
    if known.policy is None:
        return Finding("mtaSts", "info", "No MTA-STS policy: senders without DANE fall back to the clear.")
    policy = known.policy.policy
    advice = list(policy.advice)
    if policy.mode == "testing":
        advice.append("mode is testing: nothing is enforced yet")
    if policy.mode == "none":
        advice.append("mode is none: the policy is withdrawn")
    if policy.max_age < SHORT_CACHE:
        advice.append(f"max_age of {policy.max_age} s is short; weeks are usual")
    if advice:
        return Finding("mtaSts", "info", _listed("MTA-STS policy", advice))
    return Finding("mtaSts", "ok", "MTA-STS is enforced.")


def _ipv6(known: Advice) -> Finding:
    if not known.addresses:
        return Finding("ipv6", "info", "No address of an exchange to look at.")
    if any(":" in ip for found in known.addresses.values() for ip in found):
        return Finding("ipv6", "ok", "An exchange has an IPv6 address.")
    return Finding("ipv6", "info", "No exchange has an IPv6 address.")


async def _texts(resolver: Resolver, name: str) -> tuple[str, ...] | LookupFailed:
    """The TXT records at ``name``; none at all is an empty tuple, except that NXDOMAIN stays a failure of its kind."""
    try:
        return (await resolver.lookup(name, "TXT")).records
    except LookupFailed as failure:
        return () if failure.kind == "nodata" else failure


def _unknown(topic: str, failure: LookupFailed) -> Finding:
    if failure.kind == "nxdomain":
        missing = {"spf": "SPF record", "dmarc": "DMARC record"}[topic]
        return Finding(topic, "warn", f"No {missing}.")
    return Finding(topic, "info", f"Cannot be told: {failure.reason}")


def _too_late(topic: str, _result: Any, _seconds: float) -> Finding:
    return Finding(topic, "info", "Cannot be told: DNS does not answer in time.")


def _listed(what: str, problems: list[str] | tuple[str, ...]) -> str:
    return f"{what}: {'; '.join(problems[:6])}"
