"""MTA-STS (RFC 8461): whether a domain has a policy, what it says, and the cache that keeps it as long as it allows.

The DNS record announces a policy and names its version; the policy itself comes over verified HTTPS, redirects are not
followed, status and media type must be right. A cached policy with the same id is used as it is, and any cached policy
is used when DNS or the policy host fails (RFC 8461 3.3, 5.1).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any

from attrs import frozen

from stalwart.codec.mta_sts import MalformedPolicy, MalformedRecord, Policy, parse_policy, parse_record
from stalwart.net.dns import Answer, LookupFailed, Resolver
from stalwart.net.https import Fetched, FetchFailed

LARGEST_POLICY = 64 * 1024  # RFC 8461 3.2 allows a limit of 64 KB
MOST_CACHED = 10_000

Fetch = Callable[[str, str, int, float], Awaitable[Fetched]]
"""``fetch(host, path, limit in bytes, timeout in seconds)`` over verified HTTPS."""


@frozen
class Announced:
    """A policy in force: ``id`` is the one of the DNS record."""

    id: str
    policy: Policy
    cached: bool = False


class PolicyUnusable(Exception):
    """A policy is announced but cannot be had; ``result_type`` is the RFC 8460 4.3.2 name of the failure."""

    def __init__(self, reason: str, result_type: str, http_status: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.result_type = result_type
        self.http_status = http_status


class StsPolicies:
    """Finds and remembers policies. ``fetch`` is the HTTPS client."""

    def __init__(self, resolver: Resolver, fetch: Fetch, clock: Any) -> None:
        self._resolver = resolver
        self._fetch = fetch
        self._clock = clock
        self._cache: OrderedDict[str, tuple[float, Announced]] = OrderedDict()

    async def find(self, domain: str, timeout: float) -> Announced | None:
        """The policy in force for ``domain``, ``None`` if it has none.

        :raises PolicyUnusable: announced, but neither fetched nor cached.
        """
        known = self._cached(domain)
        try:
            record_id = await self._record_id(domain)
        except PolicyUnusable:
            if known is not None:
                return known
            raise
        if record_id is None:
            return known  # RFC 8461 3.3: a live cached policy outlasts its record
        if known is not None and known.id == record_id:
            return known
        try:
            policy = await self._policy(domain, timeout)
        except PolicyUnusable:
            if known is not None:
                return known
            raise
        announced = Announced(record_id, policy)
        self._remember(domain, announced)
        return announced

    def clear(self) -> None:
        """Forget every policy."""
        self._cache.clear()

    async def _record_id(self, domain: str) -> str | None:
        try:
            answer = await self._resolver.lookup(f"_mta-sts.{domain}", "TXT")
        except LookupFailed as failure:
            if failure.kind in ("nxdomain", "nodata"):
                return None
            raise PolicyUnusable(f"DNS lookup error: {failure.reason}", "sts-policy-fetch-error") from failure
        return _only_id(answer)

    async def _policy(self, domain: str, timeout: float) -> Policy:
        try:
            fetched = await self._fetch(f"mta-sts.{domain}", "/.well-known/mta-sts.txt", LARGEST_POLICY, timeout)
        except FetchFailed as failure:
            raise _unfetched(failure) from failure
        if fetched.status != 200:  # RFC 8461 3.3: nothing but 200 counts, redirects least of all
            raise PolicyUnusable(
                f"Policy host answered with HTTP status {fetched.status}.",
                "sts-policy-fetch-error",
                fetched.status,
            )
        media_type = (fetched.content_type or "").partition(";")[0].strip().lower()
        if media_type != "text/plain":
            shown = media_type[:60] or "none"
            raise PolicyUnusable(f"Policy has media type {shown} instead of text/plain.", "sts-policy-invalid", 200)
        try:
            return parse_policy(fetched.body)
        except MalformedPolicy as problem:
            raise PolicyUnusable(f"Failed to parse policy: {problem}", "sts-policy-invalid", 200) from problem

    def _cached(self, domain: str) -> Announced | None:
        entry = self._cache.get(domain)
        if entry is None:
            return None
        expires, announced = entry
        if expires <= self._clock.seconds():
            del self._cache[domain]
            return None
        return announced

    def _remember(self, domain: str, announced: Announced) -> None:
        kept = Announced(announced.id, announced.policy, cached=True)
        self._cache[domain] = (self._clock.seconds() + announced.policy.cache_seconds, kept)
        self._cache.move_to_end(domain)
        if len(self._cache) > MOST_CACHED:
            self._cache.popitem(last=False)


def _only_id(answer: Answer) -> str | None:
    """The id of the one STS record; several of them are as good as none (RFC 8461 3.1)."""
    candidates = [text for text in answer.records if text.lstrip().startswith("v=STSv1")]
    if len(candidates) > 1:
        raise PolicyUnusable("There are several MTA-STS DNS records.", "sts-policy-invalid")
    for text in candidates or answer.records:
        try:
            return parse_record(text)
        except MalformedRecord:
            continue
    raise PolicyUnusable("Failed to parse MTA-STS DNS record.", "sts-policy-invalid")


def _unfetched(failure: FetchFailed) -> PolicyUnusable:
    if failure.kind == "timeout":
        return PolicyUnusable("Timeout fetching policy.", "sts-policy-fetch-error")
    if failure.kind == "tls":
        return PolicyUnusable(f"Could not reach policy host. {failure.reason}", "sts-webpki-invalid")
    if failure.kind == "connect":
        return PolicyUnusable(f"Could not reach policy host. {failure.reason}", "sts-policy-fetch-error")
    if failure.kind == "too-large":
        return PolicyUnusable("Failed to parse policy: Policy too large", "sts-policy-invalid")
    return PolicyUnusable(f"Failed to fetch policy. {failure.reason}", "sts-policy-fetch-error")
