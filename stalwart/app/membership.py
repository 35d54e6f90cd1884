"""Shows that this node is there, and whether it leads: its x:ClusterNode, renewed now and then (settings C.11).

Nodes behind one name share ``STALWART_HOSTNAME``; what tells them apart is the computer, and where their settings are.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import LoopingCall

from stalwart.config import registry
from stalwart.config.storage.cluster import ClusterNode
from stalwart.directory.account_records import date_text
from stalwart.store import Store, Transaction
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import STORE_ERROR

EVERY = 60.0
"""Seconds between two renewals; a node counts as stale after an hour without."""
APART = (
    "x:BlobStore is Default, which is a folder of each node, and there are other nodes ({others}): what one of them "
    "keeps of 64 KiB and more is missing on the others. Choose a bucket, or a folder that all share, and copy there "
    "what is in the folders"
)
FORGOTTEN = 30 * 86_400
"""Seconds after which a node that is gone is forgotten."""


class Membership:
    """Renews the entry of the node on ``machine`` (see ``machine_of``), which is called ``hostname``, from ``start`` to
    ``close``. ``shares`` tells whether large values are where all nodes find them; if not, and there are others, that
    is told, once.
    """

    def __init__(
        self,
        store: Store,
        hostname: str,
        machine: str,
        telemetry: Telemetry,
        clock: Any,
        shares: Callable[[], bool] = lambda: True,
    ) -> None:
        self._store = store
        self._shares = shares
        self._is_told = False
        self._hostname = hostname
        self._machine = machine
        self._leads = self._is_due = False
        self._telemetry = telemetry
        self._clock = clock
        self._running: Deferred[Any] | None = None
        self._loop = LoopingCall(self._renew)
        self._loop.clock = clock

    def start(self) -> None:
        """Renew now, and from now on."""
        self._loop.start(EVERY)

    def lead(self) -> None:
        """Show that this node leads, and no other one."""
        self._leads = self._is_due = True
        self._renew()

    def close(self) -> None:
        """Renew no more; the entry stays, so that it can be seen when the node was there last."""
        if self._loop.running:
            self._loop.stop()
        if self._running is not None:
            self._running.cancel()

    def _renew(self) -> None:
        """One that takes longer than the pause is not begun a second time."""
        if self._running is None:
            now, leads, self._is_due = self._clock.seconds(), self._leads, False
            writing = self._store.write(lambda tx: renew(tx, self._hostname, self._machine, now, leads))
            self._running = writing.addCallback(self._look_at)
            self._running.addErrback(self._failed).addBoth(self._ended)

    def _look_at(self, others: list[str]) -> None:
        """Tell that ``others`` do not find what this node keeps."""
        if others and not self._is_told and not self._shares():
            self._is_told = True
            self._telemetry.emit(STORE_ERROR, reason=APART.format(others=", ".join(others)))

    def _failed(self, failure: Any) -> None:
        if not failure.check(CancelledError):
            self._telemetry.emit(STORE_ERROR, reason=f"the entry of this node: {failure.getErrorMessage()}")

    def _ended(self, _result: object) -> None:
        self._running = None
        if self._is_due and self._loop.running:
            self._renew()


def machine_of(config_path: Path) -> str:
    """What tells a node from others of its name."""
    return f"{socket.gethostname()}:{config_path.absolute()}"


def renew(tx: Transaction, hostname: str, machine: str, now: float, leads: bool = False) -> list[str]:
    """Note that the node was heard of, and forget those that were not for long. If it leads, no other one does. Answers
    the machines of the others that were heard of lately.
    """
    nodes = registry.listed(tx, ClusterNode)
    members: dict[str, Any] = {"lastRenewal": date_text(int(now)), "status": "active", "leads": leads}
    members |= {"hostname": hostname, "machine": machine}
    own = next((node for node in nodes if node.value.machine == machine), None)
    if own is None:  # one of a version that wrote the name only
        own = next((node for node in nodes if (node.value.machine, node.value.hostname) == (None, hostname)), None)
    if own is not None:
        registry.update(tx, ClusterNode, own.id, members, now=now, by_server=True)
    else:
        members["nodeId"] = max((node.value.node_id for node in nodes), default=0) + 1
        registry.create(tx, ClusterNode, members, now=now, by_server=True)
    for node in nodes:
        if node is not own and node.value.last_renewal <= now - FORGOTTEN:
            registry.destroy(tx, ClusterNode, node.id)
        elif node is not own and leads and node.value.leads:
            registry.update(tx, ClusterNode, node.id, {"leads": False}, now=now, by_server=True)
    lately = [node.value for node in nodes if node is not own and node.value.last_renewal > now - 2 * EVERY]
    return [each.machine or each.hostname for each in lately]
