"""stalwart.jmap.registry.read_only: what only the server writes."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.storage.cluster import ClusterNode
from stalwart.jmap.registry.family import type_methods
from stalwart.jmap.registry.read_only import ReadOnlyHandler
from stalwart.store import Transaction
from tests.jmap.desk import Desk, access

THERE = 1
PERMISSIONS = frozenset({"authenticate", *(f"sysClusterNode{verb}" for verb in ("Create", "Update", "Destroy"))})


class _Handler(ReadOnlyHandler):
    refusal = "It is made by the server only."

    def is_there(self, tx: Transaction, id: int) -> bool:
        return id == THERE


class ReadOnlyTests(SynchronousTestCase):
    """Every change is refused."""

    def test_changes_are_refused(self) -> None:
        """What is there by its reason, what is not as unknown."""
        plain = Desk()
        services = {"settings": plain.settings, "store": plain.store, "clock": plain.clock}
        desk = Desk(*type_methods(ClusterNode, _Handler), services=services, who=access(permissions=PERMISSIONS))
        asked = {"create": {"n": {}}, "update": {"b": {}, "c": {}, "!": {}}}
        ((_, answer, _),) = desk.responses(["x:ClusterNode/set", asked, "0"])
        ((_, destroyed, _),) = desk.responses(["x:ClusterNode/set", {"destroy": ["b", "c"]}, "0"])
        forbidden: dict[str, Any] = {"type": "forbidden", "description": "It is made by the server only."}
        self.assertEqual(answer["notCreated"]["n"], forbidden)
        self.assertEqual(answer["notUpdated"]["b"], forbidden)
        self.assertEqual(answer["notUpdated"]["c"]["type"], "notFound")
        self.assertEqual(answer["notUpdated"]["!"]["type"], "notFound")
        self.assertEqual(destroyed["notDestroyed"]["b"], forbidden)
        self.assertEqual(destroyed["notDestroyed"]["c"]["type"], "notFound")
