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
from stalwart.mail.delivery.approach import DNS_LIMIT, Approach, reason_of
from stalwart.mail.delivery.attempt import Attempt
from stalwart.mail.delivery.exchanges import NoExchange, Route
from stalwart.mail.delivery.findings import Advice, advise
from stalwart.mail.delivery.lifetime import Expired, Lifetime
from stalwart.mail.delivery.outgoing import Limits, Outgoing
from stalwart.mail.delivery.reporting import ReportingUnusable, find_reporting
from stalwart.mail.delivery.session import Emit, Exchange
from stalwart.mail.delivery.sts import Announced, PolicyUnusable
from stalwart.mail.delivery.target import Target
from stalwart.mail.delivery.verdict import HostOutcome, summarise

ADVICE_SHARE = 0.8  # of the time for all advice: a topic without an answer ends before the whole does
MOST_HOSTS = 30
MOST_ADDRESSES = 16


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
        self._approach = Approach(outgoing, self._lifetime, emit, target.domain, target.shown)
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
        try:
            return await self._approach.route()
        except (NoExchange, Expired) as failure:
            if isinstance(failure, NoExchange) and failure.kind in ("bogus", "servfail"):
                self._policy_problems.append("dnssec-invalid")
            return None

    async def _policy(self) -> Announced | None:
        try:
            self._advice.policy = await self._approach.policy(self._limits.operation_timeout)
        except PolicyUnusable as failure:
            self._policy_problems.append(failure.result_type)
            self._advice.sts_problem = failure.reason
        except Expired as late:
            self._policy_problems.append("sts-policy-fetch-error")
            if late.lifetime:
                raise
        return self._advice.policy

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
            self._emit(stages.TlsRptLookupError(reason_of(late), self._lifetime.since(began)))
            if late.lifetime:
                raise
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
        listed = self._approach.is_listed(hostname, policy)
        if not listed:
            outcome.problems.append("validation-failure")
        if not listed and policy is not None and policy.policy.mode == "enforce":
            outcome.refused_by_policy = True  # RFC 8461 5: such a host is not a candidate
            return outcome
        dane = await self._approach.tlsa(hostname, self._limits.port, route.secure)
        if dane.unusable:
            outcome.problems.append("tlsa-invalid")
        if dane.bogus:
            outcome.problems.append("dnssec-invalid")
            outcome.refused_by_policy = True  # RFC 7672 2.1.1: no delivery to this host while it lasts
        found = await self._approach.addresses(hostname, self._wishes.family)
        if found.ips:
            self._advice.addresses[hostname] = found.ips
        exchange = Exchange(hostname, policy, listed, dane, self._target.domain)
        for ip in found.ips[:MOST_ADDRESSES]:
            await self._address(exchange, ip, outcome)
            if outcome.addresses[-1].verdict != "fail" and self._wishes.scope == "first":
                break
        return outcome

    async def _address(self, exchange: Exchange, ip: str, outcome: HostOutcome) -> None:
        attempt = Attempt(self._outgoing, self._limits, self._lifetime, self._emit)
        outcome.addresses.append(await attempt.run(exchange, ip, self._target.recipient))
        if self._lifetime.over:
            raise Expired(lifetime=True)

    async def _findings(self) -> list[stages.Finding]:
        seconds = ADVICE_SHARE * self._lifetime.limit(DNS_LIMIT)
        return await advise(self._outgoing.resolver, self._target.domain, self._advice, self._lifetime.clock, seconds)
