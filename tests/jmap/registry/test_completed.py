"""Members that the server writes with those of the client."""

from __future__ import annotations

from typing import Any, ClassVar

from stalwart.config.network.security import BlockedIp
from stalwart.errors import Invalid
from stalwart.jmap.engine import Engine
from stalwart.jmap.registry.completed import CompletedHandler
from stalwart.jmap.registry.family import type_methods
from tests.jmap.registry.world import RegistryWorld


class Noting(CompletedHandler):
    """Writes the address into the reason; what happened before is told."""

    told: ClassVar[tuple[str, ...]] = ("reason",)

    def supplied(self, tx: Any, asking: Any, change: Any, former: Any, value: Any) -> dict[str, Any]:
        if value.address == "192.0.2.99":
            raise Invalid("Not this one.", ("address",))
        return {"reason": "manual"} if former is None else {}


class CompletedTests(RegistryWorld):
    def setUp(self) -> None:
        super().setUp()
        self.engine = Engine(type_methods(BlockedIp, Noting), self.services, telemetry=self.telemetry, clock=self.clock)

    def test_supplied_members_are_written_and_told(self) -> None:
        told = self.ask("x:BlockedIp/set", {"create": {"a": {"address": "192.0.2.1"}}})["created"]["a"]
        self.assertEqual(told["reason"], "manual")
        self.assertEqual(self.get("BlockedIp", told["id"])["reason"], "manual")

    def test_supplied_member_counts_more_than_a_given_one(self) -> None:
        id = self.create("BlockedIp", address="192.0.2.1", reason="rcptToFailure")
        self.assertEqual(self.get("BlockedIp", id)["reason"], "manual")

    def test_what_supplying_refuses_is_not_written(self) -> None:
        error = self.not_created("BlockedIp", address="192.0.2.99")
        self.assertEqual((error["type"], error["properties"]), ("invalidProperties", ["address"]))
        self.assertEqual(self.ids("BlockedIp"), [])

    def test_update_tells_nothing_that_is_as_before(self) -> None:
        id = self.create("BlockedIp", address="192.0.2.1")
        answer = self.ask("x:BlockedIp/set", {"update": {id: {"expiresAt": "2030-01-01T00:00:00Z"}}})
        self.assertEqual(answer["updated"], {id: None})

    def test_client_may_not_write_what_the_server_sets(self) -> None:
        id = self.create("BlockedIp", address="192.0.2.1")
        date = "2020-01-01T00:00:00Z"
        self.assertEqual(self.not_created("BlockedIp", address="192.0.2.2", createdAt=date)["type"], "invalidPatch")
        self.assertEqual(self.not_updated("BlockedIp", id, createdAt=date)["type"], "invalidPatch")

    def test_object_that_is_not_there(self) -> None:
        self.assertEqual(self.not_updated("BlockedIp", "zz", address="192.0.2.2")["type"], "notFound")
