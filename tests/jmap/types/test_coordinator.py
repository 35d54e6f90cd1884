"""``x:Coordinator``: addresses that can be none."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.storage.coordinator import Coordinator
from stalwart.jmap.registry.family import type_methods
from stalwart.jmap.types.coordinator import CoordinatorHandler
from tests.jmap.desk import Desk, access


class FakeSettings:
    """Has nothing to read again."""

    async def reload(self, types: Any) -> bool:
        return False


class CoordinatorTests(SynchronousTestCase):
    def call(self, members: dict[str, Any]) -> Any:
        below = Desk()
        services = {"settings": FakeSettings(), "store": below.store, "clock": below.clock}
        who = access(permissions=frozenset(("authenticate", "sysCoordinatorGet", "sysCoordinatorUpdate")))
        desk = Desk(*type_methods(Coordinator, CoordinatorHandler), services=services, who=who)
        ((_, found, _),) = desk.responses(["x:Coordinator/set", {"update": {"singleton": members}}, "0"])
        return found

    def test_what_can_be_none_is_refused(self) -> None:
        for members, property in (
            ({"@type": "Nats", "addresses": {"nonsense": True}}, "addresses"),
            ({"@type": "Nats", "addresses": {"http://x": True}}, "addresses"),
            ({"@type": "Nats", "addresses": {"bus.test:0": True}}, "addresses"),
            ({"@type": "Redis", "url": "http://x"}, "url"),
            ({"@type": "RedisCluster", "urls": {"redis://": True}}, "urls"),
            ({"@type": "RedisSentinel", "urls": {"redis://one.test": True, "http://x": True}}, "urls"),
        ):
            refused = self.call(members)["notUpdated"]["singleton"]
            self.assertEqual((refused["type"], refused["properties"]), ("invalidProperties", [property]), members)

    def test_what_can_be_one_is_taken(self) -> None:
        for members in (
            {"@type": "Default"},
            {"@type": "Nats", "addresses": {"bus.test:4222": True, "[2001:db8::1]:4222": True}},
            {"@type": "Redis", "url": "rediss://user:secret@redis.test:6380/1"},
            {"@type": "RedisCluster", "urls": {"redis://one.test": True}},
        ):
            self.assertEqual(self.call(members)["updated"], {"singleton": None}, members)
