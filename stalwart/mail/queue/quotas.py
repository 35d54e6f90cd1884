"""How much mail may wait at the same time (x:MtaQueueQuota).

A letter names what it is counted by when it comes, and takes that back when it goes; nothing is ever counted anew. A
limit that is made later counts what comes from then on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from stalwart.codec.expression import ExpressionIO
from stalwart.codec.ids import encode_id
from stalwart.config.mail.queue_quota import MtaQueueQuota
from stalwart.config.settings import Settings
from stalwart.errors import OverQuota
from stalwart.mail.queue.strategies import applies
from stalwart.mail.queue.variables import Subject, domain_of
from stalwart.store import Transaction

FULL = "Too much mail is waiting to be sent; please try again later."

_PARTS: dict[str, Callable[[Subject], str]] = {
    "sender": lambda subject: subject.sender.lower(),
    "senderDomain": lambda subject: domain_of(subject.sender),
    "rcpt": lambda subject: subject.rcpt.lower(),
    "rcptDomain": lambda subject: domain_of(subject.rcpt),
}
_OF_RECIPIENTS = frozenset(("rcpt", "rcptDomain"))


class QueueQuotas:
    """The limits of the settings in force; may be asked in any thread."""

    def __init__(self, settings: Settings, io: ExpressionIO) -> None:
        self._settings = settings
        self._io = io

    def counted(self, tx: Transaction, subjects: tuple[Subject, ...], size: int, now: int) -> tuple[str, ...]:
        """What a letter of ``size`` octets for ``subjects`` is counted by. Raises OverQuota."""
        found: dict[str, None] = {}
        for key, quota in self._keys(subjects, now):
            if key in found:
                continue
            letters, octets = tx.queue.used(key)
            if quota.messages is not None and letters + 1 > quota.messages:
                raise OverQuota(FULL)
            if quota.size is not None and octets + size > quota.size:
                raise OverQuota(FULL)
            found[key] = None
        return tuple(found)

    def _keys(self, subjects: tuple[Subject, ...], now: int) -> Iterator[tuple[str, MtaQueueQuota]]:
        for id, quota in self._settings.all(MtaQueueQuota):
            if not quota.enable or (quota.messages is None and quota.size is None):
                continue
            for subject in subjects if quota.key & _OF_RECIPIENTS else subjects[:1]:
                if applies(quota.match, subject.variables(now), self._io):
                    parts = "\x1f".join(_PARTS[part](subject) for part in sorted(quota.key))
                    yield f"{encode_id(id)}:{parts}", quota
