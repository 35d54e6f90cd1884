"""x:MtaInboundThrottle: how much mail is taken in some time, counted by what the client, sender and recipient are.

A limit that speaks of recipients counts recipients; every other one counts messages, at MAIL. The counts are in the
store, for all processes together, within a period from the first one. Servers next door, clients on this host and
allowed addresses are never held up (design 8).
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from typing import Any

from stalwart.config.mail.throttle import MtaInboundThrottle
from stalwart.config.settings import Settings
from stalwart.smtp.envelope import Envelope
from stalwart.smtp.inbound_rules import SessionRules, is_loopback, variables_of
from stalwart.smtp.reception import Refusal
from stalwart.store import Store, Transaction
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import SMTP_RATE_LIMIT

RATE_LIMITED = Refusal(451, "4.4.5", "Too much mail in too short a time; please try again later")
_OF_RECIPIENTS = frozenset(("rcpt", "rcpt_domain", "recipients"))
_VARIABLES = {
    "listener": "listener",
    "remoteIp": "remote_ip",
    "localIp": "local_ip",
    "authenticatedAs": "authenticated_as",
    "heloDomain": "helo_domain",
    "sender": "sender",
    "senderDomain": "sender_domain",
    "rcpt": "rcpt",
    "rcptDomain": "rcpt_domain",
}


class InboundThrottles:
    """Counts in ``store``; ``spares`` says which addresses are allowed anything."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        rules: SessionRules,
        telemetry: Telemetry,
        clock: Any,
        spares: Callable[[str], bool] = lambda ip: False,
    ) -> None:
        self._store = store
        self._settings = settings
        self._rules = rules
        self._telemetry = telemetry
        self._clock = clock
        self._spares = spares

    async def refusal(self, envelope: Envelope, recipient: str | None = None) -> Refusal | None:
        """Count a message, or one of its recipients, by every limit that applies; why it has to wait, if it has."""
        peer = envelope.peer
        limits = self._settings.all(MtaInboundThrottle)
        if not limits or peer.role.is_lmtp or is_loopback(peer.remote_ip) or self._spares(peer.remote_ip):
            return None
        variable = variables_of(peer, envelope, recipient or "")
        applying = [
            (id, limit)
            for id, limit in limits
            if limit.enable
            and _counts_recipients(limit) == (recipient is not None)
            and await self._rules.flag(limit.match, variable, False, "match")
        ]
        if not applying:
            return None
        keys = [
            _bucket(id, [str(variable(_VARIABLES[each])).lower() for each in sorted(limit.key)])
            for id, limit in applying
        ]
        now = int(self._clock.seconds())

        def count(tx: Transaction) -> list[int]:
            return [
                tx.counters.increment(key, now + max(limit.rate.period // 1000, 1), now=now)
                for key, (_, limit) in zip(keys, applying, strict=True)
            ]

        counts = await self._store.write(count)
        for (_, limit), found in zip(applying, counts, strict=True):
            if found > limit.rate.count:
                self._telemetry.emit(
                    SMTP_RATE_LIMIT,
                    spanId=peer.span,
                    remoteIp=peer.remote_ip,
                    details=limit.description,
                    limit=limit.rate.count,
                )
                return RATE_LIMITED
        return None


def _bucket(id: int, values: list[str]) -> str:
    digest = blake2b("\0".join(values).encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
    return f"inbound:{id}:{digest}"


def _counts_recipients(limit: MtaInboundThrottle) -> bool:
    compiled = limit.match.compiled
    named = {_VARIABLES[each] for each in limit.key} | (compiled.variables if compiled is not None else set())
    return not _OF_RECIPIENTS.isdisjoint(named)
