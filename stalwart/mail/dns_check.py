"""Checks the DNS records of a domain: looks all of them up, a few at a time, and judges the answers (design 8).

Looks go round our cache, because whoever has mended a record asks again at once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as DeferredTimeout

from stalwart.mail.dns_findings import Finding, Question, findings, questions
from stalwart.mail.domain_records import DomainFacts
from stalwart.net.dns_answers import Answer, LookupFailed, Resolver
from stalwart.net.dns_cache import CachingResolver
from stalwart.net.side_by_side import side_by_side

MOST_QUESTIONS = 300
MOST_AT_ONCE = 8
LONGEST_LOOKUP = 10.0
LONGEST_CHECK = 30.0
"""Seconds."""


async def check_dns(
    facts: DomainFacts,
    resolver: Resolver,
    clock: Any,
    listening: Collection[str],
    unreachable: str | None = None,
) -> list[Finding]:
    """What is to be said about each record (``findings``); takes ``LONGEST_CHECK`` at most. Can be cancelled."""
    asked = questions(facts)[:MOST_QUESTIONS]
    source = resolver.resolver if isinstance(resolver, CachingResolver) else resolver
    return findings(facts, await _looked_up(asked, source, clock), listening, unreachable)


async def _looked_up(
    asked: Sequence[Question], resolver: Resolver, clock: Any
) -> dict[Question, Answer | LookupFailed]:
    found: dict[Question, Answer | LookupFailed] = {}
    waiting = iter(asked)
    until = clock.seconds() + LONGEST_CHECK

    async def work(waiting: Iterator[Question]) -> None:
        for question in waiting:
            left = min(LONGEST_LOOKUP, until - clock.seconds())
            found[question] = await _look(question, resolver, clock, left) if left > 0 else _late()

    await side_by_side(*(work(waiting) for _ in range(min(MOST_AT_ONCE, len(asked)))))
    return found


async def _look(question: Question, resolver: Resolver, clock: Any, seconds: float) -> Answer | LookupFailed:
    async def lookup() -> Answer:
        return await resolver.lookup(*question)

    looking = Deferred.fromCoroutine(lookup())
    looking.addTimeout(seconds, clock)
    try:
        return await looking
    except LookupFailed as failed:
        return failed
    except DeferredTimeout:
        return _late()


def _late() -> LookupFailed:
    return LookupFailed("timeout", "DNS resolution error: request timed out")
