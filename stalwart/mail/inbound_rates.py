"""x:MtaInboundThrottle: how much mail is taken in some time, by whichever way it comes, counted by what the client, the
sender and the recipient are.

A limit that speaks of recipients counts recipients; every other one counts messages. The counts are in the store, for
all processes together, within a period from the first one. What is over one limit is counted by none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from hashlib import blake2b
from typing import Any, Final

from stalwart.config.mail.throttle import MtaInboundThrottle
from stalwart.config.settings import Settings
from stalwart.schema import ExpressionValue
from stalwart.store import Store, Transaction
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import SMTP_RATE_LIMIT

Variable = Callable[[str], object]
"""What rules may ask about a message, or about one of its recipients."""
Applies = Callable[[ExpressionValue, Variable], Awaitable[bool]]
"""Whether a rule says yes."""

_OF_RECIPIENTS: Final = frozenset(("rcpt", "rcpt_domain", "recipients"))
_VARIABLES: Final = {
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


class InboundRates:
    """Counts in ``store``. ``spares`` says which addresses are allowed anything (design 8)."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        telemetry: Telemetry,
        clock: Any,
        spares: Callable[[str], bool] = lambda ip: False,
    ) -> None:
        self._store = store
        self._settings = settings
        self._telemetry = telemetry
        self._clock = clock
        self.spares = spares

    async def is_over(
        self,
        ip: str,
        applies: Applies,
        *,
        messages: Sequence[Variable] = (),
        recipients: Sequence[Variable] = (),
        span: int | None = None,
    ) -> bool:
        """Count what ``ip`` sends, if no limit says that it has to wait. Raises Unavailable."""
        limits = self._settings.all(MtaInboundThrottle)
        if not limits or self.spares(ip):
            return False
        found: dict[str, MtaInboundThrottle] = {}
        counts: Counter[str] = Counter()
        for id, limit in limits:
            subjects = recipients if _counts_recipients(limit) else messages
            for variable in subjects if limit.enable else ():
                if await applies(limit.match, variable):
                    key = _bucket(id, _parts(limit, variable))
                    found[key] = limit
                    counts[key] += 1
        if not counts:
            return False
        now = int(self._clock.seconds())
        over = await self._store.write(lambda tx: _counted(tx, found, counts, now))
        if over is not None:
            self._telemetry.emit(
                SMTP_RATE_LIMIT, spanId=span, remoteIp=ip, details=over.description, limit=over.rate.count
            )
        return over is not None


def _counted(
    tx: Transaction, limits: dict[str, MtaInboundThrottle], counts: Counter[str], now: int
) -> MtaInboundThrottle | None:
    """Count everything, or nothing and say which limit it is over."""
    for key, limit in limits.items():
        if tx.counters.value(key, now) + counts[key] > limit.rate.count:
            return limit
    for key, limit in limits.items():
        tx.counters.increment(key, now + max(limit.rate.period // 1000, 1), counts[key], now=now)
    return None


def _parts(limit: MtaInboundThrottle, variable: Variable) -> Iterator[str]:
    return (str(variable(_VARIABLES[each])).lower() for each in sorted(limit.key))


def _bucket(id: int, values: Iterator[str]) -> str:
    digest = blake2b("\0".join(values).encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
    return f"inbound:{id}:{digest}"


def _counts_recipients(limit: MtaInboundThrottle) -> bool:
    compiled = limit.match.compiled
    named = {_VARIABLES[each] for each in limit.key} | (compiled.variables if compiled is not None else set())
    return not _OF_RECIPIENTS.isdisjoint(named)
