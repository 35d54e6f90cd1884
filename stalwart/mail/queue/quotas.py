"""How much mail may wait at the same time (x:MtaQueueQuota).

A letter names what it is counted by when it comes, and takes that back when it goes; nothing is ever counted anew. A
limit that is made later counts what comes from then on. Mail for people here that is to arrive at once needs no room:
it hardly waits, and must not suffer from what others wait for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NoReturn

from attrs import frozen

from stalwart.codec.expression import ExpressionIO
from stalwart.codec.ids import encode_id
from stalwart.config.mail.queue_quota import MtaQueueQuota
from stalwart.config.settings import Settings
from stalwart.errors import OverQuota
from stalwart.mail.queue.strategies import applies, is_at_home
from stalwart.mail.queue.variables import Subject, domain_of
from stalwart.store import Transaction

FULL = "Too much mail is waiting to be sent; please try again later."


class QueueFull(OverQuota):
    """There is no room for one more letter."""


@frozen
class Reached:
    """What was refused, and by which limit: ``counted`` says how many letters or octets it allows."""

    sender: str
    recipient: str
    limit: str
    counted: str


_PARTS: dict[str, Callable[[Subject], str]] = {
    "sender": lambda subject: subject.sender.lower(),
    "senderDomain": lambda subject: domain_of(subject.sender),
    "rcpt": lambda subject: subject.rcpt.lower(),
    "rcptDomain": lambda subject: domain_of(subject.rcpt),
}
_OF_RECIPIENTS = frozenset(("rcpt", "rcptDomain"))


class QueueQuotas:
    """The limits of the settings in force; may be asked in any thread. ``tell`` hears there of what is refused."""

    def __init__(self, settings: Settings, io: ExpressionIO, tell: Callable[[Reached], object]) -> None:
        self._settings = settings
        self._io = io
        self._tell = tell

    def counted(
        self, tx: Transaction, subjects: tuple[Subject, ...], size: int, now: int, *, waits: bool = False
    ) -> tuple[str, ...]:
        """What a letter of ``size`` octets for ``subjects`` is counted by; ``waits``: it is to wait in any case. Raises
        QueueFull.
        """
        if not waits:
            subjects = tuple(each for each in subjects if not is_at_home(domain_of(each.rcpt), self._io))
        found: dict[str, None] = {}
        for key, quota in self._keys(subjects, now) if subjects else ():
            if key in found:
                continue
            letters, octets = tx.queue.used(key)
            if quota.messages is not None and letters + 1 > quota.messages:
                self._refuse(subjects[0], key, quota, f"{quota.messages} messages")
            if quota.size is not None and octets + size > quota.size:
                self._refuse(subjects[0], key, quota, f"{quota.size} octets")
            found[key] = None
        return tuple(found)

    def _refuse(self, subject: Subject, key: str, quota: MtaQueueQuota, counted: str) -> NoReturn:
        self._tell(Reached(subject.sender, subject.rcpt, quota.description or key.partition(":")[0], counted))
        raise QueueFull(FULL)

    def _keys(self, subjects: tuple[Subject, ...], now: int) -> Iterator[tuple[str, MtaQueueQuota]]:
        for id, quota in self._settings.all(MtaQueueQuota):
            if not quota.enable or (quota.messages is None and quota.size is None):
                continue
            for subject in subjects if quota.key & _OF_RECIPIENTS else subjects[:1]:
                if applies(quota.match, subject.variables(now), self._io):
                    parts = "\x1f".join(_PARTS[part](subject) for part in sorted(quota.key))
                    yield f"{encode_id(id)}:{parts}", quota
