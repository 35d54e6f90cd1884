"""What the outcome of the tests means: a verdict and the gravest finding by its RFC 8460 name.

``fail``: a sender that honours the published policies would not deliver, or there is nobody to deliver to. ``warn``:
mail gets through, but TLS is absent or not authenticated and no policy demands it. ``ok``: everything else. Advice on
SPF, DKIM, DMARC, PTR, reports and IPv6 never changes it.
"""

from __future__ import annotations

from collections.abc import Iterable

from attrs import define, field

from stalwart.mail.delivery.stages import HostSummary, Summary

OK, WARN, FAIL = "ok", "warn", "fail"

GRAVITY = (  # gravest first; the names are those of RFC 8460 4.3
    "dnssec-invalid",
    "tlsa-invalid",
    "dane-required",
    "starttls-not-supported",
    "certificate-not-trusted",
    "certificate-host-mismatch",
    "certificate-expired",
    "validation-failure",
    "sts-policy-invalid",
    "sts-webpki-invalid",
    "sts-policy-fetch-error",
)


def gravest(result_types: Iterable[str]) -> str | None:
    """The gravest of ``result_types``, ``None`` if there are none."""
    return min(result_types, key=GRAVITY.index, default=None)


@define
class AddressOutcome:
    """What the session with one address showed; ``accepted``: the dialogue went through to its end."""

    ip: str
    accepted: bool = False
    authenticated: bool = False
    refused_by_policy: bool = False
    problems: list[str] = field(factory=list)

    @property
    def verdict(self) -> str:
        """``ok``, ``warn`` or ``fail`` for this address."""
        if not self.accepted or self.refused_by_policy:
            return FAIL
        return OK if self.authenticated else WARN


@define
class HostOutcome:
    """What the tests of one exchange showed; ``problems`` are those of the host, not of one address."""

    hostname: str
    addresses: list[AddressOutcome] = field(factory=list)
    refused_by_policy: bool = False
    problems: list[str] = field(factory=list)

    @property
    def verdict(self) -> str:
        """The verdict of the first address that a sender would deliver to."""
        if self.refused_by_policy:
            return FAIL
        return _first_good(address.verdict for address in self.addresses)

    @property
    def all_problems(self) -> list[str]:
        """The RFC 8460 names of everything found at this host."""
        return [*self.problems, *(problem for address in self.addresses for problem in address.problems)]

    def summary(self) -> HostSummary:
        """The wire form."""
        tried = [address.ip for address in self.addresses]
        return HostSummary(self.hostname, tried, self.verdict, gravest(self.all_problems))


def summarise(hosts: list[HostOutcome], policy_problems: Iterable[str] = ()) -> Summary:
    """The outcome over all tried hosts, which come in the order in which a sender tries them."""
    problems = [*policy_problems, *(problem for host in hosts for problem in host.all_problems)]
    verdict = _first_good(host.verdict for host in hosts)
    return Summary(verdict, gravest(problems), [host.summary() for host in hosts])


def _first_good(verdicts: Iterable[str]) -> str:
    return next((verdict for verdict in verdicts if verdict != FAIL), FAIL)
