"""How far an attempt to send has come, for whoever may have to end it before its time.

An attempt that still asks hosts can be ended at once: nobody has the message. One that has given all of it to a host
and waits for the answer should be left to that, for the host may have it, and would get it again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from attrs import define

from stalwart.net.smtp_message import Transmission


@define(eq=False)
class Progress:
    """Of one who tries letters. ``asks_hosts``: he is at the hosts of a destination; ``sent`` is what was given to the
    present one, while that is going on.
    """

    asks_hosts: bool = False
    sent: Transmission | None = None

    @property
    def waits_for_answer(self) -> bool:
        """Whether a host has all of a message, and has not answered."""
        return self.sent is not None and self.sent.is_pending

    @property
    def can_be_ended(self) -> bool:
        """Whether nothing is lost by ending it."""
        return self.asks_hosts and not self.waits_for_answer


PROGRESS: ContextVar[Progress | None] = ContextVar("PROGRESS", default=None)
"""Whose progress what runs now is; None if nobody wants to know."""


@contextmanager
def asking_hosts() -> Iterator[None]:
    """While hosts are asked."""
    progress = PROGRESS.get() or Progress()
    progress.asks_hosts = True
    try:
        yield
    finally:
        progress.asks_hosts = False


@contextmanager
def giving(sent: Transmission) -> Iterator[None]:
    """While a host is given a message."""
    progress = PROGRESS.get() or Progress()
    progress.sent = sent
    try:
        yield
    finally:
        progress.sent = None
