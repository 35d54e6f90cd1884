"""The way to a host, step by step: exchanges of a domain, its MTA-STS policy, TLSA records and addresses of each host.

The diagnosis and the sender take these steps in the same order; each is emitted as it happens and bounded in time. What
fails is raised after it was emitted.
"""

from __future__ import annotations

from stalwart.mail.delivery import stages
from stalwart.mail.delivery.addresses import Addresses, find_addresses
from stalwart.mail.delivery.dane import Dane, find_tlsa
from stalwart.mail.delivery.exchanges import NoExchange, Route, find_route
from stalwart.mail.delivery.lifetime import TIME_OUT, Expired, Lifetime
from stalwart.mail.delivery.outgoing import Outgoing
from stalwart.mail.delivery.session import Emit
from stalwart.mail.delivery.sts import Announced, PolicyUnusable
from stalwart.net.dns import LookupFailed

DNS_LIMIT = 5.0
NOT_LISTED = "Not authorized by policy"
NO_ADDRESS = "No IP addresses found for host"


class Approach:
    """The steps towards ``domain`` (A-label form), which people know as ``shown``."""

    def __init__(self, outgoing: Outgoing, lifetime: Lifetime, emit: Emit, domain: str, shown: str = "") -> None:
        self._outgoing = outgoing
        self._lifetime = lifetime
        self._emit = emit
        self._domain = domain
        self._shown = shown or domain

    async def route(self) -> Route:
        """The exchanges in the order to try.

        :raises NoExchange, Expired: there are none, or DNS does not answer in time.
        """
        self._emit(stages.MxLookupStart(self._shown))
        began = self._lifetime.now()
        try:
            looking = find_route(self._outgoing.resolver, self._domain, self._outgoing.shuffle)
            route = await self._lifetime.run(looking, DNS_LIMIT)
        except NoExchange as failure:
            self._emit(stages.MxLookupError(failure.reason, self._lifetime.since(began)))
            raise
        except Expired as late:
            self._emit(stages.MxLookupError(reason_of(late), self._lifetime.since(began)))
            raise
        self._emit(stages.MxLookupSuccess(list(route.groups), self._lifetime.since(began), dnssec=route.trust))
        return route

    async def policy(self, seconds: float) -> Announced | None:
        """The MTA-STS policy in force, fetched within ``seconds`` and the time for DNS.

        :raises PolicyUnusable, Expired: announced but not to be had, or not in time.
        """
        self._emit(stages.MtaStsFetchStart())
        began = self._lifetime.now()
        try:
            looking = self._outgoing.policies.find(self._domain, self._lifetime.limit(seconds))
            policy = await self._lifetime.run(looking, seconds + DNS_LIMIT)
        except PolicyUnusable as failure:
            elapsed = self._lifetime.since(began)
            self._emit(stages.MtaStsFetchError(failure.reason, elapsed, failure.http_status))
            raise
        except Expired as late:
            self._emit(stages.MtaStsFetchError(reason_of(late), self._lifetime.since(began)))
            raise
        elapsed = self._lifetime.since(began)
        if policy is None:
            self._emit(stages.MtaStsNotFound(elapsed))
            return None
        wire = policy.policy.wire(policy.id)
        advice = list(policy.policy.advice) or None
        self._emit(stages.MtaStsFetchSuccess(wire, elapsed, cached=policy.cached or None, advice=advice))
        return policy

    def is_listed(self, hostname: str, policy: Announced | None) -> bool:
        """Whether the policy, if there is one, lists the host (RFC 8461 4.1)."""
        if policy is None:
            return True
        if policy.policy.matches(hostname):
            self._emit(stages.MtaStsVerifySuccess())
            return True
        self._emit(stages.MtaStsVerifyError(NOT_LISTED))
        return False

    async def tlsa(self, hostname: str, port: int, secure: bool) -> Dane:
        """What DANE asks of the host; ``secure`` if DNSSEC vouches for the name itself.

        :raises Expired: the whole lifetime is over.
        """
        self._emit(stages.TlsaLookupStart())
        began = self._lifetime.now()
        try:
            looking = find_tlsa(self._outgoing.resolver, hostname, port, secure)
            dane = await self._lifetime.run(looking, DNS_LIMIT)
        except Expired as late:
            self._emit(stages.TlsaLookupError(self._lifetime.since(began), reason_of(late)))
            _stop_if_over(late)
            return Dane(failure=TIME_OUT)
        elapsed = self._lifetime.since(began)
        if dane.tlsa is not None:
            self._emit(stages.TlsaLookupSuccess(dane.tlsa.wire(), elapsed, dnssec=dane.trust))
        elif dane.failure is not None or dane.unusable:
            self._emit(stages.TlsaLookupError(elapsed, dane.reason))
        else:
            self._emit(stages.TlsaNotFound(elapsed, dane.reason))
        return dane

    async def addresses(self, hostname: str, family: int | None) -> Addresses:
        """The addresses of the host, of one family or both.

        :raises Expired: the whole lifetime is over.
        """
        self._emit(stages.IpLookupStart())
        began = self._lifetime.now()
        try:
            looking = find_addresses(self._outgoing.resolver, hostname, family)
            found = await self._lifetime.run(looking, DNS_LIMIT)
        except Expired as late:
            self._emit(stages.IpLookupError(reason_of(late), self._lifetime.since(began)))
            _stop_if_over(late)
            return Addresses(failure=LookupFailed("timeout", reason_of(late)))
        elapsed = self._lifetime.since(began)
        if found.ips:
            self._emit(stages.IpLookupSuccess(list(found.ips), elapsed))
        else:
            reason = found.failure.reason if found.failure is not None else NO_ADDRESS
            self._emit(stages.IpLookupError(reason, elapsed))
        return found


def _stop_if_over(late: Expired) -> None:
    if late.lifetime:
        raise late


def reason_of(late: Expired) -> str:
    """The reason that a lookup without an answer is reported with."""
    return TIME_OUT if late.lifetime else "DNS resolution error: request timed out"
