"""Counts sessions with other servers for our TLS reports (RFC 8460 4): by day, domain, policy and failure.

What is counted waits in memory for some seconds and is written in one transaction, so that sending is not slowed down;
a crash loses those seconds. What the store does not take is tried again, and memory is bounded.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, Final

import msgspec
from attrs import frozen
from twisted.internet.defer import Deferred, DeferredLock

from stalwart.codec.tls_report import FailureDetail, PolicyResult
from stalwart.mail.delivery.shipment import TlsResult
from stalwart.store import Store
from stalwart.store.mail_reports import TlsCount
from stalwart.telemetry import Telemetry
from stalwart.telemetry.report_events import OUTGOING_FAULT

DAY: Final = 86_400
PERIOD: Final = 10.0
"""Seconds that a session waits to be written at the most, while the store can be written."""
MOST_WAITING: Final = 10_000
"""Kinds of sessions that wait."""
MOST_KINDS: Final = 500
"""Kinds of sessions that are told apart, for a domain on a day."""
PATIENCE: Final = 5.0

_LONGEST: Final = 300
_MOST_LINES: Final = 50


@frozen
class _Key:
    day: int
    domain: str
    policy: str
    failure: str | None


class TlsCounting:
    """``note`` is what the sender calls. ``clock`` is the reactor."""

    def __init__(self, store: Store, clock: Any, telemetry: Telemetry) -> None:
        self._store = store
        self._clock = clock
        self._telemetry = telemetry
        self._waiting: dict[_Key, int] = {}
        self._timer: Any = None
        self._turn = DeferredLock()
        self._is_failing = self._is_closed = False

    def note(self, result: TlsResult) -> None:
        """Count a session."""
        key = _key(result, int(self._clock.seconds()) // DAY)
        if key not in self._waiting and len(self._waiting) >= MOST_WAITING:
            return
        self._waiting[key] = self._waiting.get(key, 0) + 1
        self._plan()

    async def flush(self) -> None:
        """Write what waits now."""
        await self._turn.run(lambda: Deferred.fromCoroutine(self._write()))
        if self._waiting:
            self._plan()

    async def close(self) -> None:
        """Write what waits; takes seconds at the most."""
        self._is_closed = True
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        last = Deferred.fromCoroutine(self.flush())
        last.addTimeout(PATIENCE, self._clock, lambda _result, _seconds: None)
        await last

    def _plan(self) -> None:
        if self._timer is None and not self._is_closed:
            self._timer = self._clock.callLater(PERIOD, self._due)

    def _due(self) -> None:
        self._timer = None
        Deferred.fromCoroutine(self.flush())

    async def _write(self) -> None:
        waiting, self._waiting = self._waiting, {}
        if not waiting:
            return
        counts = [_count(key, sessions) for key, sessions in waiting.items()]
        try:
            await self._store.write(lambda tx: tx.tls_counts.add(counts, MOST_KINDS))
        except Exception as problem:  # whatever it is, sending goes on
            for key, sessions in waiting.items():
                if key in self._waiting or len(self._waiting) < MOST_WAITING:
                    self._waiting[key] = self._waiting.get(key, 0) + sessions
            if not self._is_failing:
                self._is_failing = True
                self._telemetry.emit(OUTGOING_FAULT, reason=f"sessions are not counted: {problem}")
            return
        self._is_failing = False


def policies_of(domain: str, counts: Sequence[TlsCount]) -> tuple[PolicyResult, ...]:
    """What was counted as a report tells it, the most frequent failures first."""
    found: dict[str, list[TlsCount]] = {}
    for each in counts:
        found.setdefault(each.policy, []).append(each)
    return tuple(_policy(domain, policy, counted) for policy, counted in found.items())


def _policy(domain: str, policy: str, counted: Sequence[TlsCount]) -> PolicyResult:
    kind, strings, hosts = msgspec.json.decode(policy, type=tuple[str, tuple[str, ...], tuple[str, ...]])
    details = []
    for each in counted:
        if each.failure is not None:
            type, source, host, helo, ip, reason = msgspec.json.decode(each.failure, type=tuple[str, ...])
            details.append(FailureDetail(type, source, host, helo, ip, each.sessions, "", reason))
    failed = sum(each.failed_session_count for each in details)
    successful = sum(each.sessions for each in counted if each.failure is None)
    return PolicyResult(kind, domain, strings, hosts, successful, failed, tuple(details))


def _key(result: TlsResult, day: int) -> _Key:
    policy = msgspec.json.encode((result.policy_type, _cut(result.policy), _cut(result.mx_patterns))).decode()
    failure = None
    if result.failure is not None:
        told = (result.failure, result.source_ip, result.hostname, result.helo, result.ip, result.reason)
        failure = msgspec.json.encode(_cut(told)).decode()
    return _Key(day, result.domain.lower().rstrip("."), policy, failure)


def _cut(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(each[:_LONGEST] for each in texts[:_MOST_LINES])


def _count(key: _Key, sessions: int) -> TlsCount:
    digest = blake2b(f"{key.policy}\0{key.failure or ''}".encode("utf-8", "replace"), digest_size=12).hexdigest()
    return TlsCount(key.day, key.domain, digest, key.policy, key.failure, sessions)
