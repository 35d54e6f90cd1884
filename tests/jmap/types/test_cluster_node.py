"""Nodes: one alone, and several that have said that they are there."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.app.membership import FORGOTTEN, renew
from stalwart.config.storage.cluster import ClusterNode
from stalwart.jmap.registry.family import type_methods
from stalwart.jmap.types.cluster_node import INACTIVE, STALE, ClusterNodeHandler
from tests.jmap.desk import Desk, access

PERMISSIONS = frozenset(f"sysClusterNode{verb}" for verb in ("Get", "Query", "Create", "Update", "Destroy"))


class ClusterNodeTests(SynchronousTestCase):
    """A store, and a clock."""

    def setUp(self) -> None:
        self.plain = plain = Desk()
        services = {"settings": plain.settings, "store": plain.store, "clock": plain.clock, "hostname": "one.test"}
        self.desk = Desk(
            *type_methods(ClusterNode, ClusterNodeHandler),
            services=services,
            who=access(permissions=PERMISSIONS | {"authenticate"}),
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

    def renew(self, hostname: str, ago: float = 0, machine: str | None = None, leads: bool = False) -> None:
        """A node is heard of."""
        now = self.plain.clock.seconds() - ago
        self.successResultOf(self.plain.store.write(lambda tx: renew(tx, hostname, machine or hostname, now, leads)))

    def test_nodes_of_one_name_are_told_apart_and_who_leads_last_leads(self) -> None:
        self.renew("mail.test", machine="one:/a/config.json", leads=True)
        self.renew("mail.test", machine="two:/a/config.json")
        self.renew("mail.test", machine="one:/b/config.json")
        shown = self.call("x:ClusterNode/get", {"ids": None, "properties": ["machine", "leads", "nodeId"]})["list"]
        found = [(node["nodeId"], node["machine"], node["leads"]) for node in shown]
        wanted = [(1, "one:/a/config.json", True), (2, "two:/a/config.json", False), (3, "one:/b/config.json", False)]
        self.assertEqual(found, wanted)
        self.renew("mail.test", machine="two:/a/config.json", leads=True)
        shown = self.call("x:ClusterNode/get", {"ids": None})["list"]
        self.assertEqual([node["leads"] for node in shown], [False, True, False])

    def test_nodes_are_what_they_have_said(self) -> None:
        for hostname, ago in (("one.test", INACTIVE + 1), ("two.test", STALE + 1), ("three.test", STALE - 1)):
            self.renew(hostname, ago)
        nodes = self.call("x:ClusterNode/get", {"ids": None})["list"]
        found = [(node["id"], node["hostname"], node["nodeId"], node["status"]) for node in nodes]
        wanted = [("a", "one.test", 1, "inactive"), ("b", "two.test", 2, "stale"), ("c", "three.test", 3, "active")]
        self.assertEqual(found, wanted)
        sort = [{"property": "nodeId", "isAscending": False}]
        self.assertEqual(self.call("x:ClusterNode/query", {"sort": sort})["ids"], ["c", "b", "a"])
        self.renew("one.test")
        (node,) = self.call("x:ClusterNode/get", {"ids": ["a"]})["list"]
        self.assertEqual((node["nodeId"], node["status"]), (1, "active"))

    def test_who_is_gone_for_long_is_forgotten(self) -> None:
        self.renew("one.test", FORGOTTEN)
        self.renew("two.test")
        (node,) = self.call("x:ClusterNode/get", {"ids": None})["list"]
        self.assertEqual((node["hostname"], node["nodeId"]), ("two.test", 2))

    def test_nobody_changes_nodes_that_have_said_that_they_are_there(self) -> None:
        self.renew("one.test")
        answer = self.call("x:ClusterNode/set", {"update": {"a": {"hostname": "x.test"}}})
        self.assertEqual(answer["notUpdated"]["a"]["type"], "forbidden")
        answer = self.call("x:ClusterNode/set", {"destroy": ["a", "b"]})
        found = {id: error["type"] for id, error in answer["notDestroyed"].items()}
        self.assertEqual(found, {"a": "forbidden", "b": "notFound"})
