"""What settings name is tried before they are written (settings C.11)."""

from __future__ import annotations

from typing import Any, NoReturn, TypeVar

from twisted.internet.defer import Deferred

from stalwart.errors import Unavailable

T = TypeVar("T")

LONGEST = 20.0
"""Seconds that a trial may take."""


async def tried(trying: Deferred[T], clock: Any, what: str) -> T:
    """What comes of a trial of ``what``, as a sentence begins with it. Raises Unavailable where it takes too long."""

    def complain(_: object, seconds: float) -> NoReturn:
        raise Unavailable(f"{what} did not answer within {seconds:.0f} seconds.")

    return await trying.addTimeout(LONGEST, clock, onTimeoutCancel=complain)
