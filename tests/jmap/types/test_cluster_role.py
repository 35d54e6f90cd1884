"""``x:ClusterRole``: work that cannot be shared out."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.storage.cluster import ClusterRole
from stalwart.jmap.registry.family import type_methods
from stalwart.jmap.types.cluster_role import PARTLY, ClusterRoleHandler
from tests.jmap.desk import Desk, access
from tests.jmap.types.test_coordinator import FakeSettings


class ClusterRoleTests(SynchronousTestCase):
    def call(self, tasks: dict[str, Any]) -> Any:
        below = Desk()
        services = {"settings": FakeSettings(), "store": below.store, "clock": below.clock}
        who = access(permissions=frozenset(("authenticate", "sysClusterRoleCreate")))
        desk = Desk(*type_methods(ClusterRole, ClusterRoleHandler), services=services, who=who)
        ((_, found, _),) = desk.responses(["x:ClusterRole/set", {"create": {"a": {"name": "x", "tasks": tasks}}}, "0"])
        return found

    def test_all_of_the_work_or_none_of_it(self) -> None:
        queue = {"taskTypes": {"outboundMta": True}}
        for kind in ("EnableSome", "DisableSome"):
            refused = self.call({"@type": kind, **queue})["notCreated"]["a"]
            self.assertEqual((refused["description"], refused["properties"]), (PARTLY, ["tasks"]))
        for kind in ("EnableAll", "DisableAll"):
            found = self.call({"@type": kind})
            self.assertEqual(list(found["created"]), ["a"])
            self.assertEqual(found["notices"], ["tasks takes effect when the server is restarted."])
