"""Handlers: the steps that a type can override, and what all types have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.ids import decode_id
from stalwart.config import registry
from stalwart.config.identity.roles import Role
from stalwart.config.network.http import Http
from stalwart.errors import Forbidden, Invalid
from stalwart.jmap.call import Request
from stalwart.jmap.engine import Engine
from stalwart.jmap.registry.family import type_methods
from stalwart.jmap.registry.handler import Asking, Change, Handler, handles
from stalwart.store import Transaction
from tests.jmap.registry.world import ROOT, RegistryWorld


@handles("Role")
class Noisy(Handler):
    """Overrides every step."""

    def extras(self, tx: Transaction, asking: Asking, found: list[tuple[int, dict[str, Any]]]) -> None:
        for id, members in found:
            if asking.wants("always"):
                members["always"] = id
            if asking.wants("costly", by_name=True):
                members["costly"] = "much"

    def names(self) -> frozenset[str]:
        return super().names() | {"always", "costly"}

    async def prepare(self, asking: Asking, changes: Sequence[Change]) -> None:
        for change in changes:
            change.prepared = "prepared"
            if change.data.get("description") == "early":
                change.refused = Forbidden("too early")

    def create(self, tx: Transaction, asking: Asking, change: Change) -> tuple[int, dict[str, Any]]:
        id, members = super().create(tx, asking, change)
        return id, {**members, "secret": change.prepared}

    def update(self, tx: Transaction, asking: Asking, change: Change) -> dict[str, Any] | None:
        super().update(tx, asking, change)
        return {"generated": change.prepared}

    def written(
        self, tx: Transaction, asking: Asking, change: Change, former: registry.Entry | None, entry: registry.Entry
    ) -> None:
        if entry.value.description == "bad":
            raise Invalid("This is bad.", ("description",))

    async def committed(self, asking: Asking, done: Sequence[Change]) -> list[str]:
        return [*await super().committed(asking, done), *(f"{change.kind} {change.id}" for change in done)]


class HandlerTests(RegistryWorld):
    def setUp(self) -> None:
        super().setUp()
        methods = type_methods(Role, Noisy)
        self.engine = Engine(methods, self.services, telemetry=self.telemetry, clock=self.clock)

    def test_computed_members_come_unless_they_are_costly(self) -> None:
        found = self.get("Role", "b")
        self.assertEqual((found["always"], "costly" in found, list(found)[-1]), (1, False, "id"))

    def test_costly_member_comes_when_it_is_named(self) -> None:
        self.assertEqual(self.get("Role", "b", properties=["costly"]), {"costly": "much", "id": "b"})

    def test_created_and_updated_tell_what_the_handler_says(self) -> None:
        arguments = {"create": {"r": {"description": "x"}}, "update": {"b": {"description": "y"}}}
        answer = self.ask("x:Role/set", arguments)
        self.assertEqual(answer["created"]["r"]["secret"], "prepared")
        self.assertEqual(answer["updated"], {"b": {"generated": "prepared"}})

    def test_what_follows_from_a_write_can_refuse_it(self) -> None:
        error = {"type": "invalidProperties", "description": "This is bad.", "properties": ["description"]}
        self.assertEqual(self.not_created("Role", description="bad"), error)
        self.assertEqual(self.not_updated("Role", "b", description="bad"), error)
        self.assertEqual(self.ids("Role"), ["e", "d", "c", "b"])
        self.assertEqual(self.get("Role", "b")["description"], "User")

    def test_preparation_can_refuse_a_change(self) -> None:
        error = {"type": "forbidden", "description": "too early"}
        self.assertEqual(self.not_created("Role", description="early"), error)

    def test_committed_gets_what_was_done(self) -> None:
        arguments = {"create": {"a": {"description": "bad"}, "b": {"description": "x"}}, "destroy": ["zz"]}
        answer = self.ask("x:Role/set", arguments)
        id = decode_id(answer["created"]["b"]["id"])
        self.assertEqual(answer["notices"], [f"create {id}"])


class AskingTests(SynchronousTestCase):
    def test_everything_is_wanted_unless_properties_are_named(self) -> None:
        asking = Asking(ROOT, 1, 0.0, "", Request(ROOT))
        self.assertTrue(asking.wants("x"))
        self.assertFalse(asking.wants("x", by_name=True))
        self.assertEqual(Handler(Http, settings=None).names(), frozenset(Http.properties))  # type: ignore[arg-type]
