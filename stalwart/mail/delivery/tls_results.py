"""What sessions count for in TLS reports: the policy that applied, and the failure if there was one (RFC 8460 4)."""

from __future__ import annotations

from stalwart.mail.delivery.approach import NOT_LISTED
from stalwart.mail.delivery.session import Exchange, Session
from stalwart.mail.delivery.shipment import TlsResult
from stalwart.mail.delivery.sts import Announced, PolicyUnusable
from stalwart.mail.delivery.verdict import gravest


def result_of_session(exchange: Exchange, session: Session, reason: str = "") -> TlsResult | None:
    """What the session counts for; ``None`` if it ended before TLS was a question."""
    connection, problems = session.connection, session.outcome.problems
    if connection is None or (connection.tls is None and not problems):
        return None
    kind, policy, patterns = _applied(exchange)
    failure = gravest(problems)
    if kind == "sts" and not exchange.listed and failure is None:  # all that was wrong with a session counts once
        failure, reason = "validation-failure", reason or NOT_LISTED
    return TlsResult(
        exchange.domain,
        kind,
        policy,
        patterns,
        failure=failure,
        hostname=exchange.hostname,
        ip=session.outcome.ip,
        source_ip=connection.local_ip,
        helo=session.capabilities.host,
        reason=reason,
    )


def result_of_host(exchange: Exchange, failure: str, reason: str) -> TlsResult:
    """What a host counts for that policies forbid before a session is opened."""
    kind, policy, patterns = _applied(exchange)
    return TlsResult(exchange.domain, kind, policy, patterns, failure, exchange.hostname, reason=reason)


def result_of_policy(domain: str, failure: PolicyUnusable) -> TlsResult:
    """What an MTA-STS policy counts for that is announced and cannot be had."""
    return TlsResult(domain, "sts", failure=failure.result_type, reason=failure.reason)


def _applied(exchange: Exchange) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """The type of the policy, its text, and its patterns; DANE comes before MTA-STS (RFC 8461 2)."""
    if exchange.dane.tlsa is not None or exchange.dane.unusable or exchange.dane.bogus:
        records = exchange.dane.tlsa.texts() if exchange.dane.tlsa is not None else ()
        return "tlsa", records, ()
    if exchange.policy is not None and exchange.policy.policy.mode != "none":
        return "sts", _lines(exchange.policy), tuple(pattern.text for pattern in exchange.policy.policy.mx)
    return "no-policy-found", (), ()


def _lines(announced: Announced) -> tuple[str, ...]:
    policy = announced.policy
    hosts = (f"mx: {pattern.text}" for pattern in policy.mx)
    return ("version: STSv1", f"mode: {policy.mode}", *hosts, f"max_age: {policy.max_age}")
