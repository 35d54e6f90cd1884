"""When a certificate is due: by a share of its lifetime, or when its authority says so (acme-tls A3, RFC 9773).

Pure: times are seconds since the epoch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0

SHARES = {"R12": 1 / 2, "R23": 2 / 3, "R34": 3 / 4, "R45": 4 / 5}
"""Shares of the lifetime by `renewBefore` of x:AcmeProvider."""

_JITTER = 0.02
"""Share of the lifetime over which renewals of many certificates are spread."""


class Window(Protocol):
    """What an authority suggests; see ``net.acme.RenewalInfo``."""

    @property
    def start(self) -> float: ...
    @property
    def end(self) -> float: ...


def renewal_moment(not_before: float, not_after: float, share: str, random: Callable[[], float]) -> float:
    """When a new certificate is to be renewed; a little before its share, so that not all are due at once."""
    lifetime = max(not_after - not_before, 0.0)
    return not_before + lifetime * (SHARES[share] - _JITTER * random())


def suggested_moment(planned: float, window: Window, random: Callable[[], float]) -> float:
    """The moment in the window of the authority: the planned one, if it lies there, else any (RFC 9773 4.2)."""
    if window.start <= planned <= window.end:
        return planned
    return window.start + max(window.end - window.start, 0.0) * random()


def pause_after(attempts: int, remaining: float | None, random: Callable[[], float]) -> float:
    """Seconds until the next attempt after ``attempts`` failed ones: a minute, doubling up to a day.

    ``remaining`` seconds of a certificate that is in use shorten it, so that some attempts are left before its end.
    After that it is an hour at most, as often as authorities let a name fail.
    """
    pause = min(MINUTE * 2.0 ** max(min(attempts, 16) - 1, 0), DAY)
    if remaining is not None:
        pause = min(pause, max(remaining / 8, MINUTE) if remaining > 0 else HOUR)
    return pause * (1 + random()) / 2 if attempts > 1 else pause
