"""The wire form made of a row is that of the instance; no secret gets out (settings A.6, A.7)."""

import json
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from twisted.trial.unittest import SynchronousTestCase

from stalwart.config import registry
from stalwart.config.catalogue import declarations
from stalwart.config.domains.domain import Domain
from stalwart.config.identity.account import Account
from stalwart.config.wire_form import wire
from stalwart.schema import (
    MASK,
    REQUIRED,
    Map,
    Nested,
    Object,
    ObjectList,
    Property,
    Secret,
    SecretKeyOptional,
    Set,
    String,
    Unsigned,
    Value,
    prop,
)
from tests.schema.samples import Thing
from tests.schema.wire_values import wire_object


class Inner(Value):
    """A block with secrets."""

    password: str | None = prop(Secret(nullable=True), None, "Password.")
    key: Any = prop(Nested(SecretKeyOptional), {"@type": "None"}, "Key.")
    level: int = prop(Unsigned(), 3, "Level.")


class Safe(Object):
    """Secrets at every depth."""

    name: str = prop(String(), REQUIRED, "Name.")
    by_name: Any = prop(Map(String(), Nested(Inner)), {}, "Blocks.")
    secrets: Any = prop(Map(String(), Secret()), {}, "Secrets.")
    inners: Any = prop(ObjectList(Inner), {}, "List.")
    tags: Any = prop(Set(String()), {"new": True}, "Tags.")
    shown: int | None = prop(Unsigned(), 7, "Computed, with a default.", update="serverSet", stored=False)


PLAIN = {"name": "x", "byName": {}, "secrets": {}, "inners": {}, "tags": {"new": True}}


class WireTests(SynchronousTestCase):
    def test_secrets_are_masked_at_any_depth(self) -> None:
        block = {"password": "hush", "key": {"secret": "hush", "@type": "Value"}, "level": 1}
        row = {**PLAIN, "byName": {"a": block}, "secrets": {"b": "hush"}, "inners": {"0": block, "1": block}}
        found = wire(Safe, row)
        self.assertNotIn("hush", json.dumps(found))
        masked = {"password": MASK, "key": {"secret": MASK, "@type": "Value"}, "level": 1}
        self.assertEqual((found["byName"], found["secrets"]), ({"a": masked}, {"b": MASK}))
        self.assertEqual(found["inners"], {"0": masked, "1": masked})
        self.assertEqual(row["secrets"], {"b": "hush"}, "the row itself is left alone")

    def test_secret_that_is_not_set_is_null(self) -> None:
        self.assertIsNone(wire(Safe, {**PLAIN, "inners": {"0": {"password": None}}})["inners"]["0"]["password"])

    def test_missing_members_have_their_defaults_at_any_depth(self) -> None:
        found = wire(Safe, {"name": "x", "inners": {"0": {}}})
        inner = {"password": None, "key": {"@type": "None"}, "level": 3}
        self.assertEqual(found, {**PLAIN, "inners": {"0": inner}, "shown": 7})

    def test_unknown_members_and_types_are_dropped(self) -> None:
        row = {**PLAIN, "old": "hush", "inners": {"0": {"older": "hush", "key": {"@type": "Oldest", "secret": "hush"}}}}
        self.assertNotIn("hush", json.dumps(wire(Safe, row)))

    def test_required_member_that_is_missing_is_null(self) -> None:
        self.assertIsNone(wire(Safe, {})["name"])

    def test_container_that_is_null_is_empty(self) -> None:
        self.assertEqual(wire(Safe, {**PLAIN, "inners": None, "tags": None})["inners"], {})

    def test_defaults_are_not_shared(self) -> None:
        wire(Safe, {"name": "x"})["tags"]["spoiled"] = True
        self.assertEqual(wire(Safe, {"name": "x"})["tags"], {"new": True})

    def test_result_can_be_added_to(self) -> None:
        row = registry.Entry(1, 1, Domain.from_wire({"name": "a.test"})).value.to_stored()
        wire(Domain, row)["id"] = "b"
        self.assertNotIn("id", row)

    def test_members_are_in_the_order_of_the_declaration_with_the_type_after_them(self) -> None:
        row = Account.from_wire({"@type": "User", "name": "a", "domainId": "b"}).to_stored()
        shuffled = dict(sorted(row.items()))
        self.assertEqual(list(wire(Account, shuffled)), [*wire(Account, row)])
        self.assertEqual(list(wire(Account, row))[-1], "@type")


class EqualTests(SynchronousTestCase):
    """One method a declaration: what instances write is what rows give."""


def _is_equal(declared: Any) -> Callable[[EqualTests], None]:
    @settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow])
    @given(wire_object(declared))
    def test(self: EqualTests, data: dict[str, Any]) -> None:
        value = declared.from_stored(data)
        row = value.to_stored()
        found = wire(declared, row)
        self.assertEqual(found, value.to_wire())
        self.assertEqual(_order(found), _order(value.to_wire()))

        optional = [made.name for made in type(value).properties.values() if _may_be_missing(made)]
        older = {name: member for name, member in row.items() if name not in optional[::2]} | {"unknown": 1}
        self.assertEqual(wire(declared, older), declared.from_stored(older).to_wire())

    return test


def _may_be_missing(made: Property) -> bool:
    return not made.is_required and not getattr(made.type, "min_items", None)


def _order(value: Any) -> Any:
    return [(name, _order(member)) for name, member in value.items()] if isinstance(value, dict) else value


for _declared in (*declarations().values(), Thing):
    setattr(EqualTests, f"test_{_declared.type_name}", _is_equal(_declared))
