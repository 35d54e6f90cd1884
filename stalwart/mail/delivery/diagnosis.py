"""The delivery diagnosis: walks the path that mail to a target would take and emits each stage as it happens.

The order is that of a sender: exchanges, MTA-STS, TLS reporting, then host by host TLSA, addresses and one session per
address; at the end advice, the summary and ``completed``. By default the first address that would take the mail ends
the tests; ``scope="all"`` tests every host and address. The whole run is one coroutine: cancelling its Deferred cancels
whatever is pending.
"""

from __future__ import annotations

from contextlib import suppress

from attrs import frozen

from stalwart.mail.delivery import stages
from stalwart.mail.delivery.addresses import Addresses, find_addresses
from stalwart.mail.delivery.attempt import Attempt
from stalwart.mail.delivery.dane import Dane, find_tlsa
from stalwart.mail.delivery.exchanges import NoExchange, Route, find_route
from stalwart.mail.delivery.findings import Advice, advise
from stalwart.mail.delivery.lifetime import TIME_OUT, Expired, Lifetime
from stalwart.mail.delivery.outgoing import Limits, Outgoing
from stalwart.mail.delivery.reporting import ReportingUnusable, find_reporting
from stalwart.mail.delivery.session import Emit, Exchange
from stalwart.mail.delivery.sts import Announced, PolicyUnusable
from stalwart.mail.delivery.target import Target
from stalwart.mail.delivery.verdict import HostOutcome, summarise

DNS_LIMIT = 5.0
ADVICE_SHARE = 0.8  # of the time for all advice: a topic without an answer ends before the whole does
MOST_HOSTS = 30
MOST_ADDRESSES = 16
NOT_LISTED = "Not authorized by policy"
NO_ADDRESS = "No IP addresses found for host"


@frozen
class Wishes:
    """What the person asked for: seconds of life, ``first`` or ``all`` addresses, one address family or both."""

    lifetime: float = 30.0
    scope: str = "first"
    family: int | None = None


async def diagnose(target: Target, outgoing: Outgoing, limits: Limits, wishes: Wishes, emit: Emit) -> stages.Summary:
    """Run the whole diagnosis of ``target``; every stage goes to ``emit``, ``completed`` last. The summary is also
    the result. Nothing is raised for what the outside world does."""
    return await Diagnosis(target, outgoing, limits, wishes, emit).run()


class Diagnosis:
    """One run; see ``diagnose``."""

    def __init__(self, target: Target, outgoing: Outgoing, limits: Limits, wishes: Wishes, emit: Emit) -> None:
        self._target = target
        self._outgoing = outgoing
        self._limits = limits
        self._wishes = wishes
        self._emit = emit
        self._lifetime = Lifetime(outgoing.reactor, wishes.lifetime)
        self._hosts: list[HostOutcome] = []
        self._policy_problems: list[str] = []
        self._advice = Advice()

    async def run(self) -> stages.Summary:
        """See ``diagnose``."""
        with suppress(Expired):  # the running stage has emitted its time-out; the summary says what is known
            await self._walk()
        summary = summarise(self._hosts, self._policy_problems)
        self._emit(summary)
        self._emit(stages.Completed())
        return summary

    async def _walk(self) -> None:
        route = await self._route()
        if route is None:
            return
        policy = await self._policy()
        await self._reporting()
        for hostname in route.hosts[:MOST_HOSTS]:
            outcome = await self._host(hostname, route, policy)
            if outcome.verdict != "fail" and self._wishes.scope == "first":
                break
        for finding in await self._lifetime.run(self._findings(), DNS_LIMIT):
            self._emit(finding)

    async def _route(self) -> Route | None:
        self._emit(stages.MxLookupStart(self._target.shown))
        began = self._lifetime.now()
        resolver = self._outgoing.resolver
        try:
            looking = find_route(resolver, self._target.domain, self._outgoing.shuffle)
            route = await self._lifetime.run(looking, DNS_LIMIT)
        except NoExchange as failure:
            if failure.kind in ("bogus", "servfail"):
                self._policy_problems.append("dnssec-invalid")
            self._emit(stages.MxLookupError(failure.reason, self._lifetime.since(began)))
            return None
        except Expired as late:
            self._emit(stages.MxLookupError(_late(late), self._lifetime.since(began)))
            return None
        self._emit(stages.MxLookupSuccess(list(route.groups), self._lifetime.since(began), dnssec=route.trust))
        return route

    async def _policy(self) -> Announced | None:
        self._emit(stages.MtaStsFetchStart())
        began = self._lifetime.now()
        limit = self._limits.operation_timeout
        try:
            looking = self._outgoing.policies.find(self._target.domain, self._lifetime.limit(limit))
            policy = await self._lifetime.run(looking, limit + DNS_LIMIT)
        except PolicyUnusable as failure:
            self._policy_problems.append(failure.result_type)
            self._advice.sts_problem = failure.reason
            self._emit(stages.MtaStsFetchError(failure.reason, self._lifetime.since(began), failure.http_status))
            return None
        except Expired as late:
            self._policy_problems.append("sts-policy-fetch-error")
            self._emit(stages.MtaStsFetchError(_late(late), self._lifetime.since(began)))
            self._stop_if_over(late)
            return None
        self._advice.policy = policy
        if policy is None:
            self._emit(stages.MtaStsNotFound(self._lifetime.since(began)))
            return None
        wire = policy.policy.wire(policy.id)
        advice = list(policy.policy.advice) or None
        self._emit(
            stages.MtaStsFetchSuccess(wire, self._lifetime.since(began), cached=policy.cached or None, advice=advice)
        )
        return policy

    async def _reporting(self) -> None:
        self._emit(stages.TlsRptLookupStart())
        began = self._lifetime.now()
        try:
            found = await self._lifetime.run(find_reporting(self._outgoing.resolver, self._target.domain), DNS_LIMIT)
        except ReportingUnusable as failure:
            self._advice.reporting_problem = failure.reason
            self._emit(stages.TlsRptLookupError(failure.reason, self._lifetime.since(began)))
            return
        except Expired as late:
            self._emit(stages.TlsRptLookupError(_late(late), self._lifetime.since(began)))
            self._stop_if_over(late)
            return
        self._advice.reporting = found
        if found is None:
            self._emit(stages.TlsRptNotFound(self._lifetime.since(began)))
        else:
            self._emit(stages.TlsRptLookupSuccess([rua.wire() for rua in found], self._lifetime.since(began)))

    async def _host(self, hostname: str, route: Route, policy: Announced | None) -> HostOutcome:
        outcome = HostOutcome(hostname)
        self._hosts.append(outcome)
        self._emit(stages.DeliveryAttemptStart(hostname))
        listed = self._verify_listing(hostname, policy, outcome)
        if not listed and policy is not None and policy.policy.mode == "enforce":
            outcome.refused_by_policy = True  # RFC 8461 5: such a host is not a candidate
            return outcome
        dane = await self._tlsa(hostname, route, outcome)
        found = await self._addresses(hostname)
        exchange = Exchange(hostname, policy, listed, dane, self._target.domain)
        for ip in found.ips[:MOST_ADDRESSES]:
            await self._address(exchange, ip, outcome)
            if outcome.addresses[-1].verdict != "fail" and self._wishes.scope == "first":
                break
        return outcome

    def _verify_listing(self, hostname: str, policy: Announced | None, outcome: HostOutcome) -> bool:
        if policy is None:
            return True
        if policy.policy.matches(hostname):
            self._emit(stages.MtaStsVerifySuccess())
            return True
        outcome.problems.append("validation-failure")
        self._emit(stages.MtaStsVerifyError(NOT_LISTED))
        return False

    async def _tlsa(self, hostname: str, route: Route, outcome: HostOutcome) -> Dane:
        self._emit(stages.TlsaLookupStart())
        began = self._lifetime.now()
        secure = route.secure
        try:
            looking = find_tlsa(self._outgoing.resolver, hostname, self._limits.port, secure)
            dane = await self._lifetime.run(looking, DNS_LIMIT)
        except Expired as late:
            self._emit(stages.TlsaLookupError(self._lifetime.since(began), _late(late)))
            self._stop_if_over(late)
            return Dane(failure=TIME_OUT)
        elapsed = self._lifetime.since(began)
        if dane.tlsa is not None:
            self._emit(stages.TlsaLookupSuccess(dane.tlsa.wire(), elapsed, dnssec=dane.trust))
        elif dane.failure is not None or dane.unusable:
            self._emit(stages.TlsaLookupError(elapsed, dane.reason))
        else:
            self._emit(stages.TlsaNotFound(elapsed, dane.reason))
        if dane.unusable:
            outcome.problems.append("tlsa-invalid")
        if dane.bogus:
            outcome.problems.append("dnssec-invalid")
            outcome.refused_by_policy = True  # RFC 7672 2.1.1: no delivery to this host while it lasts
        return dane

    async def _addresses(self, hostname: str) -> Addresses:
        self._emit(stages.IpLookupStart())
        began = self._lifetime.now()
        try:
            looking = find_addresses(self._outgoing.resolver, hostname, self._wishes.family)
            found = await self._lifetime.run(looking, DNS_LIMIT)
        except Expired as late:
            self._emit(stages.IpLookupError(_late(late), self._lifetime.since(began)))
            self._stop_if_over(late)
            return Addresses()
        if found.ips:
            self._advice.addresses[hostname] = found.ips
            self._emit(stages.IpLookupSuccess(list(found.ips), self._lifetime.since(began)))
        else:
            reason = found.failure.reason if found.failure is not None else NO_ADDRESS
            self._emit(stages.IpLookupError(reason, self._lifetime.since(began)))
        return found

    async def _address(self, exchange: Exchange, ip: str, outcome: HostOutcome) -> None:
        attempt = Attempt(self._outgoing, self._limits, self._lifetime, self._emit)
        outcome.addresses.append(await attempt.run(exchange, ip, self._target.recipient))
        if self._lifetime.over:
            raise Expired(lifetime=True)

    async def _findings(self) -> list[stages.Finding]:
        seconds = ADVICE_SHARE * self._lifetime.limit(DNS_LIMIT)
        return await advise(self._outgoing.resolver, self._target.domain, self._advice, self._lifetime.clock, seconds)

    def _stop_if_over(self, late: Expired) -> None:
        if late.lifetime:
            raise late


def _late(late: Expired) -> str:
    return TIME_OUT if late.lifetime else "DNS resolution error: request timed out"
