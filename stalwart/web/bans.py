"""Who is kept out: block and allow lists, and the bans that failed sign-ins and scans earn (http-service 6.3 to 6.5).

The lists come from the settings; a new ban counts at once in this process and is written through the injected ``ban``.
Allow-listed addresses (this host and the trusted proxies always are) are never banned. The question of every request,
``blocked``, is a dictionary look-up and, where networks are listed, one look at the set. Failed sign-ins are counted in
the store, so that neither a restart nor another process forgets them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from hashlib import blake2b
from ipaddress import ip_address, ip_network
from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from stalwart.codec.ip_networks import LOOPBACK, NetworkSet
from stalwart.config.network.security import AllowedIp, BlockedIp, Security
from stalwart.config.network.system import SystemSettings
from stalwart.errors import StalwartError
from stalwart.store import Store, Transaction
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import (
    SECURITY_AUTHENTICATION_BAN,
    SECURITY_SCAN_BAN,
    STORE_ERROR,
    Event,
)
from stalwart.web.clock import Clock
from stalwart.web.limits import Counters, MemoryCounters, Rate, charge

AUTH_FAILURE = "authFailure"
PORT_SCANNING = "portScanning"
_ANSWERS_KEPT = 8192
_LONGEST_LOGIN = 512
_ADDRESS, _FORGIVEN, _SCANS = "auth-ip", "auth-forgiven", "scan"

Ban = Callable[[str, str, int | None], Coroutine[Any, Any, None]]


class Failures(Protocol):
    """Where failed sign-ins are counted so that they outlive the process; see ``stored_failures``."""

    def __call__(self, *buckets: tuple[str, str], period: int) -> Awaitable[Sequence[int]]:
        """Count one for each (kind, what); the new counts within ``period`` seconds from the first."""


def stored_failures(store: Store, clock: Clock) -> Failures:
    """``Failures`` in the store: shared by all processes, there after a restart. Names are kept as digests. Whoever was
    forgiven is judged by the own count only.
    """

    async def count(*buckets: tuple[str, str], period: int) -> Sequence[int]:
        now = int(clock.seconds())
        forgiven = [_key(_FORGIVEN, name) for kind, name in buckets if kind == _ADDRESS]

        def work(tx: Transaction) -> Sequence[int]:
            counts = [(kind, tx.counters.increment(_key(kind, name), now + period, now=now)) for kind, name in buckets]
            by_itself = any(tx.counters.value(key, now) for key in forgiven)
            return [count for kind, count in counts if kind == _ADDRESS or not by_itself]

        return await store.write(work)

    return count


def forgive(tx: Transaction, address: str, rate: Rate | None, now: int) -> None:
    """Whoever lifts the ban of ``address`` wants it to begin anew: neither what it has failed counts any more, nor, for
    the time of ``rate``, what others have failed at the login that it tries.
    """
    name = _neighbourhood(address)
    own = _key(_ADDRESS, name)
    tx.counters.increment(own, now, by=-tx.counters.value(own, now), now=now)
    if rate is not None:
        tx.counters.increment(_key(_FORGIVEN, name), now + max(rate.period // 1000, 1), now=now)


def _key(kind: str, name: str) -> str:
    return f"{kind}:{_digest(name)}"


def _neighbourhood(ip: str) -> str:
    """What one person is taken to have: an IPv4 address, or a /64 of IPv6 (RFC 6177)."""
    try:
        address = ip_address(ip)
    except ValueError:
        return ip
    return ip if address.version == 4 else str(ip_network((address, 64), strict=False))


def _digest(name: str) -> str:
    return blake2b(name.encode("utf-8", "replace"), digest_size=16).hexdigest()


class Bans:
    """Both lists and the counters that lead to bans. ``any`` is False while nobody at all is blocked."""

    def __init__(
        self,
        settings: Any,
        telemetry: Telemetry,
        clock: Clock,
        ban: Ban,
        *,
        active: bool = True,
        counters: Counters | None = None,
        failures: Failures | None = None,
    ) -> None:
        self._settings = settings
        self._telemetry = telemetry
        self._clock = clock
        self._ban = ban
        self._active = active
        self._failures = failures
        self._counters = counters if counters is not None else MemoryCounters()
        self._fresh: dict[str, int | None] = {}
        self._listed: dict[str, int | None] = {}
        self._forgiven_scans: dict[str, tuple[int, int]] = {}
        self._writing: set[Deferred[None]] = set()
        self.any = False
        self.reload()

    def reload(self) -> None:
        """Read the lists again: settings changed, or an entry ran out."""
        now = self._clock.seconds()
        settings = self._settings
        allowed = self._current(settings.all(AllowedIp), now)
        proxies = [str(network) for network in settings.of(SystemSettings).proxy_trusted_networks]
        self._allowed = NetworkSet([*allowed, *proxies]) | LOOPBACK
        blocked = self._current(settings.all(BlockedIp), now) if self._active else {}
        self._blocked = NetworkSet(blocked)
        lifted = [ip for ip, end in self._listed.items() if ip not in blocked and (end is None or end > now)]
        self._listed = blocked
        self._forgive_scans(lifted)
        ends = [end for end in (*allowed.values(), *blocked.values(), *self._fresh.values()) if end is not None]
        self._next_end = min(ends, default=float("inf"))
        self._answers: dict[str, bool] = {}
        self._allow_answers: dict[str, bool] = {}
        self.any = bool(blocked or self._fresh)

    def blocked(self, ip: str) -> bool:
        """Whether ``ip`` (canonical text) is kept out now; the allow list wins."""
        if not self.any:
            return False
        self._expire()
        answer = self._answers.get(ip)
        if answer is None:
            answer = (ip in self._fresh or ip in self._blocked) and not self.allowed(ip)
            if len(self._answers) < _ANSWERS_KEPT:
                self._answers[ip] = answer
        return answer

    def allowed(self, ip: str) -> bool:
        """Whether ``ip`` is on the allow list: never banned, not rate limited."""
        answer = self._allow_answers.get(ip)
        if answer is None:
            answer = ip in self._allowed
            if len(self._allow_answers) < _ANSWERS_KEPT:
                self._allow_answers[ip] = answer
        return answer

    def failed_login(self, ip: str, login: str) -> bool | Awaitable[bool]:
        """Count a failed sign-in against the address and against the login; overflow of either bans the address.

        True: the address is banned now, so the attempt is one too many.
        """
        rate = self._settings.of(Security).auth_ban_rate
        if rate is None or not self._active or self.allowed(ip):
            return False
        buckets = [(_ADDRESS, _neighbourhood(ip))]
        if login:  # what names nobody (a code, a key) counts against nobody else
            buckets.append(("auth-login", login[:_LONGEST_LOGIN]))
        if self._failures is not None:
            return self._judged_later(self._failures, ip, buckets, rate)
        over = [self._count(kind, name, rate) for kind, name in buckets]
        return self._judged(ip, any(over))

    async def _judged_later(self, failures: Failures, ip: str, buckets: Sequence[tuple[str, str]], rate: Rate) -> bool:
        """As everybody counts who shares the store; a store that cannot count now bans nobody."""
        try:
            counts = await failures(*buckets, period=max(rate.period // 1000, 1))
        except StalwartError as problem:
            self._telemetry.emit(STORE_ERROR, remoteIp=ip, reason=problem.detail)
            return False
        return self._judged(ip, max(counts) > rate.count)

    def _judged(self, ip: str, is_over: bool) -> bool:
        if is_over:
            period = self._settings.of(Security).auth_ban_period
            self._keep_out(ip, AUTH_FAILURE, period, SECURITY_AUTHENTICATION_BAN)
        return is_over

    def parse_error(self, ip: str) -> None:
        """Count something on a connection that was not HTTP."""
        security = self._settings.of(Security)
        rate = security.scan_ban_rate
        if rate is None or not self._active or self.allowed(ip):
            return
        window = self._window(rate)
        forgiven = self._forgiven_scans.get(ip, (window, 0))
        count = self._counters.increment(_SCANS, ip, window)
        if count - (forgiven[1] if forgiven[0] == window else 0) > rate.count:
            self._keep_out(ip, PORT_SCANNING, security.scan_ban_period, SECURITY_SCAN_BAN)

    def _forgive_scans(self, lifted: Sequence[str]) -> None:
        """Whose ban was lifted begins anew: what is counted up to now, here and by others, is taken off from now on."""
        rate = self._settings.of(Security).scan_ban_rate
        if rate is None or not lifted:
            return
        window = self._window(rate)
        self._forgiven_scans = {ip: each for ip, each in self._forgiven_scans.items() if each[0] == window}
        for ip in lifted:
            self._forgiven_scans[ip] = window, self._counters.increment(_SCANS, ip, window, 0)

    def _window(self, rate: Rate) -> int:
        return int(self._clock.seconds()) // max(rate.period // 1000, 1)

    def scanned(self, ip: str, path: str) -> None:
        """Ban at once: the path is one that only scanners ask for."""
        if self._active and not self.allowed(ip):
            period = self._settings.of(Security).scan_ban_period
            self._keep_out(ip, PORT_SCANNING, period, SECURITY_SCAN_BAN, path=path)

    def _current(self, listed: Any, now: float) -> dict[str, int | None]:
        entries: dict[str, int | None] = {}
        for _, entry in listed:
            if entry.expires_at is None or entry.expires_at > now:
                entries[str(entry.address)] = entry.expires_at
        return entries

    def _expire(self) -> None:
        now = self._clock.seconds()
        if now >= self._next_end:
            self._fresh = {ip: end for ip, end in self._fresh.items() if end is None or end > now}
            self.reload()

    def _count(self, space: str, key: str, rate: Rate) -> bool:
        return charge(self._counters, space, key, rate, self._clock.seconds()) is not None

    def _keep_out(self, ip: str, reason: str, period: int | None, event: Event, **keys: str) -> None:
        if ip in self._fresh or self.blocked(ip):
            return
        ends = None if period is None else int(self._clock.seconds()) + max(period // 1000, 1)
        self._fresh[ip] = ends
        self.any = True
        self._answers = {}
        if ends is not None:
            self._next_end = min(self._next_end, ends)
        self._telemetry.emit(event, remoteIp=ip, reason=reason, **keys)
        writing = Deferred.fromCoroutine(self._ban(ip, reason, ends))
        self._writing.add(writing)
        writing.addErrback(self._not_written, ip)
        writing.addCallback(self._written, ip, writing)

    def _not_written(self, failure: Failure, ip: str) -> None:
        """The ban still counts here until the process ends."""
        self._telemetry.emit(STORE_ERROR, remoteIp=ip, reason=failure.getErrorMessage())

    def _written(self, _: None, ip: str, writing: Deferred[None]) -> None:
        """From now on the settings say it, so that removing the entry there lifts the ban."""
        self._writing.discard(writing)
        self.reload()
        if ip in self._blocked:
            self._fresh.pop(ip, None)
