"""How much is sent in some time (x:MtaOutboundThrottle), counted in memory by the one process that sends.

Time runs in windows of the length of the period. What is over the rate waits for the next one. ``localIp`` is the
address that the connection strategy has chosen; all connections for which the system chooses one are counted together,
since it does so when it connects.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, Final

from attrs import define, field, frozen

from stalwart.codec.expression import ExpressionIO
from stalwart.config.mail.throttle import MtaOutboundThrottle
from stalwart.config.settings import Settings
from stalwart.mail.delivery.shipment import Held
from stalwart.mail.queue.strategies import says_yes
from stalwart.mail.queue.variables import Subject, domain_of

MOST_WINDOWS: Final = 50_000
_OF_LETTERS: Final = frozenset(("sender", "senderDomain"))

_PARTS: dict[str, Callable[[Subject, str, str, str], str]] = {
    "mx": lambda subject, host, ip, local: host.lower(),
    "remoteIp": lambda subject, host, ip, local: ip,
    "localIp": lambda subject, host, ip, local: local,
    "sender": lambda subject, host, ip, local: subject.sender.lower(),
    "senderDomain": lambda subject, host, ip, local: domain_of(subject.sender),
    "rcptDomain": lambda subject, host, ip, local: domain_of(subject.rcpt),
}


@define
class _Window:
    ends: float
    count: int = 0


@define
class Admission:
    """What one shipment was admitted by, and what has held it up: each window counts it once, however many hosts are
    tried. ``until`` is when there is room again; ``is_general``: for others to the same destination too.
    """

    _throttles: Throttles
    subject: Subject
    io: ExpressionIO
    until: float | None = None
    is_general: bool = False
    _counted: set[tuple[int, str]] = field(factory=set)

    async def admit(self, host: str, ip: str, local_ip: str) -> Held | None:
        """See ``shipment.Shipment``."""
        held = await self._throttles.over(self, host, ip, local_ip)
        if held is None:
            return None
        self.until = max(self.until or 0, held.ends)
        self.is_general = self.is_general or held.is_general
        return Held("rateLimited", f"At most {held.limit} in some time are sent; it goes on later.")


@frozen
class _Over:
    ends: float
    limit: int
    is_general: bool


class Throttles:
    """The rates of the settings in force; ``clock`` tells the time."""

    def __init__(self, settings: Settings, io: ExpressionIO, clock: Any) -> None:
        self._settings = settings
        self._io = io
        self._clock = clock
        self._windows: OrderedDict[tuple[int, str], _Window] = OrderedDict()

    def admission(self, subject: Subject, io: ExpressionIO | None = None) -> Admission:
        """For one shipment, whose first recipient is ``subject``; ``io`` is what rules ask."""
        return Admission(self, subject, io or self._io)

    async def over(self, admission: Admission, host: str, ip: str, local_ip: str) -> _Over | None:
        """Count the shipment everywhere, or nowhere and say which rate it is over."""
        now = self._clock.seconds()
        variables = admission.subject.variables(int(now), mx=host, remote_ip=ip, local_ip=local_ip)
        applying = [
            (id, throttle)
            for id, throttle in self._settings.all(MtaOutboundThrottle)
            if throttle.enable and await says_yes(throttle.match, variables, admission.io)
        ]
        return self._counted(admission, applying, host, ip, local_ip)

    def _counted(
        self,
        admission: Admission,
        applying: Sequence[tuple[int, MtaOutboundThrottle]],
        host: str,
        ip: str,
        local_ip: str,
    ) -> _Over | None:
        now = self._clock.seconds()
        wanted: list[tuple[tuple[int, str], _Window]] = []
        for id, throttle in applying:
            parts = "\x1f".join(_PARTS[part](admission.subject, host, ip, local_ip) for part in sorted(throttle.key))
            key = (id, parts)
            if key in admission._counted:
                continue
            window = self._window(key, now, throttle.rate.period / 1000)
            if window.count >= throttle.rate.count:
                return _Over(window.ends, throttle.rate.count, not throttle.key & _OF_LETTERS)
            wanted.append((key, window))
        for key, window in wanted:
            window.count += 1
            admission._counted.add(key)
        return None

    def _window(self, key: tuple[int, str], now: float, period: float) -> _Window:
        window = self._windows.pop(key, None)
        if window is None or window.ends <= now:
            window = _Window(now + period)
        self._windows[key] = window  # the last that was asked for
        if len(self._windows) > MOST_WINDOWS:
            self._windows.popitem(last=False)
        return window
