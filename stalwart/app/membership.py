"""Shows that this node is there: its x:ClusterNode, renewed now and then (settings C.11)."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import LoopingCall

from stalwart.config import registry
from stalwart.config.storage.cluster import ClusterNode
from stalwart.directory.account_records import date_text
from stalwart.store import Store, Transaction
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import STORE_ERROR

EVERY = 600.0
"""Seconds between two renewals; a node counts as stale after an hour without."""
FORGOTTEN = 30 * 86_400
"""Seconds after which a node that is gone is forgotten."""


class Membership:
    """Renews the entry of ``hostname`` from ``start`` to ``close``."""

    def __init__(self, store: Store, hostname: str, telemetry: Telemetry, clock: Any) -> None:
        self._store = store
        self._hostname = hostname
        self._telemetry = telemetry
        self._clock = clock
        self._running: Deferred[None] | None = None
        self._loop = LoopingCall(self._renew)
        self._loop.clock = clock

    def start(self) -> None:
        """Renew now, and from now on."""
        self._loop.start(EVERY)

    def close(self) -> None:
        """Renew no more; the entry stays, so that it can be seen when the node was there last."""
        if self._loop.running:
            self._loop.stop()
        if self._running is not None:
            self._running.cancel()

    def _renew(self) -> None:
        """One that takes longer than the pause is not begun a second time."""
        if self._running is None:
            now = self._clock.seconds()
            self._running = self._store.write(lambda tx: renew(tx, self._hostname, now))
            self._running.addErrback(self._failed).addBoth(self._ended)

    def _failed(self, failure: Any) -> None:
        if not failure.check(CancelledError):
            self._telemetry.emit(STORE_ERROR, reason=f"the entry of this node: {failure.getErrorMessage()}")

    def _ended(self, _result: object) -> None:
        self._running = None


def renew(tx: Transaction, hostname: str, now: float) -> None:
    """Note that the node was heard of, and forget those that were not for long."""
    nodes = registry.listed(tx, ClusterNode)
    members: dict[str, Any] = {"lastRenewal": date_text(int(now)), "status": "active"}
    own = next((node for node in nodes if node.value.hostname == hostname), None)
    if own is not None:
        registry.update(tx, ClusterNode, own.id, members, now=now, by_server=True)
    else:
        members |= {"hostname": hostname, "nodeId": max((node.value.node_id for node in nodes), default=0) + 1}
        registry.create(tx, ClusterNode, members, now=now, by_server=True)
    for node in nodes:
        if node is not own and node.value.last_renewal <= now - FORGOTTEN:
            registry.destroy(tx, ClusterNode, node.id)
