"""x:ClusterNode: the nodes that use this data store, which only they write (settings C.11).

A server alone on an embedded store writes nothing and knows itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stalwart.codec.ids import encode_id
from stalwart.config import registry
from stalwart.config.settings import Settings
from stalwart.config.storage.cluster import ClusterNode
from stalwart.jmap.registry.filters import Condition
from stalwart.jmap.registry.handler import Asking, handles
from stalwart.jmap.registry.read_only import ReadOnlyHandler
from stalwart.jmap.standard.arguments import Comparator
from stalwart.jmap.standard.window import Listed, Results
from stalwart.schema import Declaration
from stalwart.store import Transaction

THIS_NODE = 0
STALE, INACTIVE = 3600, 86_400
"""Seconds since it was heard of after which a node counts as such."""


@handles("ClusterNode")
class ClusterNodeHandler(ReadOnlyHandler):
    """The nodes, or this one."""

    refusal = "Objects of the type ClusterNode are made by the server only."

    def __init__(self, declaration: Declaration, *, settings: Settings, hostname: str) -> None:
        super().__init__(declaration, settings=settings)
        self._hostname = hostname

    def fetch(self, tx: Transaction, asking: Asking, ids: Sequence[int] | None, limit: int) -> list[dict[str, Any]]:
        """Those of ``ids`` that there are."""
        if _are_told(tx):
            return super().fetch(tx, asking, ids, limit)
        if ids is not None and THIS_NODE not in ids:
            return []
        now = int(asking.now)
        node = ClusterNode(node_id=1, hostname=self._hostname, leads=True, last_renewal=now, status="active")
        return [{**node.to_wire(), "id": encode_id(THIS_NODE)}]

    def extras(self, tx: Transaction, asking: Asking, found: list[tuple[int, dict[str, Any]]]) -> None:
        """How long ago they were heard of."""
        for id, members in found:
            entry = registry.get(tx, ClusterNode, id)
            if entry is not None:
                members["status"] = _status(asking.now - entry.value.last_renewal)

    def matching(
        self, tx: Transaction, asking: Asking, conditions: Sequence[Condition], comparator: Comparator | None
    ) -> Results:
        """See ``Handler.matching``."""
        found = super().matching(tx, asking, conditions, comparator)
        return found if _are_told(tx) else Listed([THIS_NODE])

    def is_there(self, tx: Transaction, id: int) -> bool:
        """A server alone knows itself."""
        return registry.get(tx, ClusterNode, id) is not None if _are_told(tx) else id == THIS_NODE


def _are_told(tx: Transaction) -> bool:
    """Whether nodes say that they are there."""
    return tx.registry.count("ClusterNode") > 0


def _status(age: float) -> str:
    return "inactive" if age > INACTIVE else "stale" if age > STALE else "active"
