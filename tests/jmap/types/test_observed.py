"""Objects that only the server makes."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.storage.cluster import ClusterNode
from stalwart.jmap.registry.family import type_methods
from stalwart.jmap.types.observed import Nodes
from tests.jmap.desk import Desk, access

PERMISSIONS = frozenset(f"sysClusterNode{verb}" for verb in ("Get", "Query", "Create", "Update", "Destroy"))


class ObservedTests(SynchronousTestCase):
    """One node."""

    def setUp(self) -> None:
        plain = Desk()
        services = {"settings": plain.settings, "store": plain.store, "clock": plain.clock, "hostname": "one.test"}
        self.desk = Desk(
            *type_methods(ClusterNode, Nodes), services=services, who=access(permissions=PERMISSIONS | {"authenticate"})
        )

    def call(self, name: str, arguments: dict[str, Any]) -> Any:
        """The arguments of the answer."""
        ((_, found, _),) = self.desk.responses([name, arguments, "0"])
        return found

    def test_this_node_is_there(self) -> None:
        self.assertEqual(self.call("x:ClusterNode/query", {})["ids"], ["a"])
        (node,) = self.call("x:ClusterNode/get", {"ids": ["a"]})["list"]
        self.assertEqual((node["hostname"], node["nodeId"], node["status"]), ("one.test", 1, "active"))

    def test_unknown_conditions_are_refused(self) -> None:
        self.assertEqual(self.call("x:ClusterNode/query", {"filter": {"nothing": 1}})["type"], "unsupportedFilter")

    def test_nobody_makes_or_changes_them(self) -> None:
        answer = self.call("x:ClusterNode/set", {"create": {"n": {}}, "update": {"a": {}, "c": {}}, "destroy": ["b"]})
        self.assertEqual(answer["notCreated"]["n"]["type"], "forbidden")
        self.assertEqual(answer["notUpdated"]["a"]["type"], "forbidden")
        self.assertEqual(answer["notUpdated"]["c"]["type"], "notFound")
        self.assertEqual(answer["notDestroyed"]["b"]["type"], "notFound")
