"""Objects that show how the server is doing and are never written by a client: nodes.

A server of one node knows itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stalwart.codec.ids import encode_id
from stalwart.config.settings import Settings
from stalwart.config.storage.cluster import ClusterNode
from stalwart.jmap.errors import SetRefused
from stalwart.jmap.registry.filters import Condition, search_terms, sort_property
from stalwart.jmap.registry.handler import Asking, Change, Handler, handles
from stalwart.jmap.standard.arguments import Comparator
from stalwart.jmap.standard.window import Listed, Results
from stalwart.schema import Declaration
from stalwart.store import Transaction

THIS_NODE = 0


class Observed(Handler):
    """Objects by number, as ``present`` makes them."""

    def present(self, asking: Asking) -> dict[int, dict[str, Any]]:
        """What there is now, in wire form without ids."""
        return {}

    def fetch(self, tx: Transaction, asking: Asking, ids: Sequence[int] | None, limit: int) -> list[dict[str, Any]]:
        """Those of ``ids`` that there are."""
        found = self.present(asking)
        wanted = list(found)[:limit] if ids is None else [id for id in ids if id in found]
        return [{**found[id], "id": encode_id(id)} for id in wanted]

    def matching(
        self, tx: Transaction, asking: Asking, conditions: Sequence[Condition], comparator: Comparator | None
    ) -> Results:
        """All that there is: a condition is checked for its form, and nothing here could differ in it."""
        search_terms(self.declaration, conditions)
        sort_property(self.declaration, comparator)
        return Listed(list(self.present(asking)))

    def create(self, tx: Transaction, asking: Asking, change: Change) -> tuple[int, dict[str, Any]]:
        """Refused."""
        raise self._refusal()

    def update(self, tx: Transaction, asking: Asking, change: Change) -> dict[str, Any] | None:
        """Refused for what there is."""
        self._check_present(asking, change)
        raise self._refusal()

    def destroy(self, tx: Transaction, asking: Asking, change: Change) -> None:
        """Refused for what there is."""
        self._check_present(asking, change)
        raise self._refusal()

    async def committed(self, asking: Asking, done: Sequence[Change]) -> list[str]:
        """Nothing is ever done."""
        return []

    def _check_present(self, asking: Asking, change: Change) -> None:
        if change.id not in self.present(asking):
            raise SetRefused("notFound")

    def _refusal(self) -> SetRefused:
        return SetRefused("forbidden", f"Objects of the type {self.type} are made by the server only.")


@handles("ClusterNode")
class Nodes(Observed):
    """The one node that there is."""

    def __init__(self, declaration: Declaration, *, settings: Settings, hostname: str) -> None:
        super().__init__(declaration, settings=settings)
        self._hostname = hostname

    def present(self, asking: Asking) -> dict[int, dict[str, Any]]:
        """This node, which is there because it answers."""
        node = ClusterNode(node_id=1, hostname=self._hostname, last_renewal=int(asking.now), status="active")
        return {THIS_NODE: node.to_wire()}
