"""What a first start inserts for sending mail: parts of the queue with their schedules, routes, and strategies
(settings A.9). Only types without any object get theirs; the limits on what waits come with the first of them and never
later, so that nobody who had none is surprised by them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from stalwart.codec.ids import encode_id
from stalwart.config import registry
from stalwart.config.mail.connection_strategy import MtaConnectionStrategy
from stalwart.config.mail.queue_quota import MtaQueueQuota
from stalwart.config.mail.route import MtaRoute
from stalwart.config.mail.schedule import MtaDeliverySchedule
from stalwart.config.mail.tls_strategy import MtaTlsStrategy
from stalwart.config.mail.virtual_queue import MtaVirtualQueue
from stalwart.schema import Declaration
from stalwart.store import Transaction

_MINUTE = 60_000
_HOUR = 60 * _MINUTE

QUEUES = {"local": 25, "remote": 50, "dsn": 5, "report": 5}
"""Parts of the queue, and how many deliveries each has at the same time."""


def _steps(*durations: int) -> dict[str, Any]:
    return {"@type": "Custom", "intervals": {str(n): {"duration": each} for n, each in enumerate(durations)}}


_SCHEDULES: Mapping[str, Mapping[str, Any]] = {
    "local": {},
    "remote": {},
    "dsn": {
        "retry": _steps(15 * _MINUTE, 30 * _MINUTE, _HOUR, 2 * _HOUR),
        "expiry": {"@type": "Attempts", "maxAttempts": 10},
    },
    "report": {
        "retry": _steps(30 * _MINUTE, _HOUR, 2 * _HOUR),
        "expiry": {"@type": "Attempts", "maxAttempts": 8},
    },
}


_QUOTAS: tuple[Mapping[str, Any], ...] = (
    {"description": "All that waits", "messages": 1_000_000, "size": 10 << 30},
    {"description": "What waits of one sender", "key": {"sender": True}, "messages": 500_000, "size": 5 << 30},
)
_ALL = (MtaVirtualQueue, MtaDeliverySchedule, MtaConnectionStrategy, MtaTlsStrategy, MtaRoute, MtaQueueQuota)


def insert_for_sending(tx: Transaction, now: float) -> None:
    """Insert what is missing."""
    if not any(tx.registry.count(each.type_name) for each in _ALL):
        for quota in _QUOTAS:
            registry.create(tx, MtaQueueQuota, quota, now=now)
    if not tx.registry.count(MtaVirtualQueue.type_name) and not tx.registry.count(MtaDeliverySchedule.type_name):
        for name, threads in QUEUES.items():
            queue = registry.create(tx, MtaVirtualQueue, {"name": name, "threadsPerNode": threads}, now=now)
            schedule = {"name": name, "queueId": encode_id(queue.id), **_SCHEDULES[name]}
            registry.create(tx, MtaDeliverySchedule, schedule, now=now)
    _insert(tx, MtaConnectionStrategy, ({"name": "default"},), now)
    _insert(tx, MtaTlsStrategy, ({"name": "default"}, {"name": "invalid-tls", "allowInvalidCerts": True}), now)
    routes = ({"@type": "Mx", "name": "mx", "maxMxHosts": 2}, {"@type": "Local", "name": "local"})
    _insert(tx, MtaRoute, routes, now)


def _insert(tx: Transaction, declaration: Declaration, objects: Iterable[Mapping[str, Any]], now: float) -> None:
    if not tx.registry.count(declaration.type_name):
        for members in objects:
            registry.create(tx, declaration, members, now=now)
