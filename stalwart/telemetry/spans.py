"""Spans: what belongs together, such as everything on a connection or in a delivery. Events in one share ``spanId``.

A span is a number that grows with time: 41 bits of milliseconds since 2020 and 22 bits that differ between processes
and within a millisecond. Coroutines inherit the span in which they were begun (contextvars).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import count
from os import urandom

_EPOCH = 1_577_836_800_000  # 2020-01-01
_WITHIN = (1 << 22) - 1

CURRENT: ContextVar[int] = ContextVar("span", default=0)
"""The span of whatever runs now, 0 for none."""

_next = count(int.from_bytes(urandom(4), "big")).__next__


def new_span(now: float | None = None) -> int:
    """A number that no other span has; ``now`` in seconds since 1970."""
    moment = int((time.time() if now is None else now) * 1000) - _EPOCH
    return max(moment, 0) << 22 | (_next() & _WITHIN)


def moment_of(span: int) -> float:
    """When ``span`` began, in seconds since 1970."""
    return ((span >> 22) + _EPOCH) / 1000


def current() -> int | None:
    """The span of whatever runs now."""
    return CURRENT.get() or None


@contextmanager
def inside(span: int) -> Iterator[None]:
    """What happens, and what is begun, belongs to ``span``."""
    before = CURRENT.set(span)
    try:
        yield
    finally:
        CURRENT.reset(before)


def trace_id(span: int) -> str:
    """As tracing systems write it (W3C Trace Context 3.2.2.3)."""
    return f"{span:032x}"
