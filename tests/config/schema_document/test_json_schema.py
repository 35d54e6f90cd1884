"""The document as JSON Schema: what it accepts is what the server shows and takes, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.ids import encode_id
from stalwart.config import registry
from stalwart.config.catalogue import declarations
from stalwart.config.schema_document.json_schema import definitions
from stalwart.config.schema_document.shapes import kinds, shapes
from stalwart.schema import (
    MASK,
    REQUIRED,
    Integer,
    Map,
    Object,
    Secret,
    Set,
    Singleton,
    String,
    ValidationFailed,
    prop,
)
from tests.config.schema_document.documents import document, inside, validator
from tests.schema.wire_values import wire_object

# All but the data store, whose file has to name a path.
SINGLETONS = sorted(name for name, made in declarations().items() if made.is_singleton and name != "DataStore")
OBJECTS = st.sampled_from(sorted(declarations())).flatmap(
    lambda name: st.tuples(st.just(name), wire_object(declarations()[name]))
)


def default_wire(name: str) -> dict[str, Any]:
    """A singleton as it is read before anybody has written it."""
    wire: dict[str, Any] = registry.defaults(declarations()[name]).to_wire()
    return {**wire, "id": "singleton"}


class AcceptedTests(SynchronousTestCase):
    """Every object that the server can show is valid."""

    @settings(max_examples=100, suppress_health_check=list(HealthCheck))
    @given(OBJECTS)
    def test_whatever_is_stored_is_shown_in_a_valid_form(self, drawn: tuple[str, dict[str, Any]]) -> None:
        name, data = drawn
        declared: Any = declarations()[name]
        try:
            value = declared.from_wire(data, by_server=True)
        except ValidationFailed:  # what types alone cannot say
            assume(False)
        wire = {**value.to_wire(), "id": "singleton" if declared.is_singleton else encode_id(7)}
        self.assertEqual([error.message for error in validator(f"x:{name}").iter_errors(wire)], [])

    def test_every_stated_default_is_valid(self) -> None:
        wrong = []
        for path, made in inside(document()["$defs"]):
            if "default" in made and path[-2:-1] == ("properties",):
                check = Draft202012Validator({**made, "$defs": document()["$defs"]})
                wrong += [f"{path}: {error.message}" for error in check.iter_errors(made["default"])]
        self.assertEqual(wrong, [])

    def test_creation_references_are_valid(self) -> None:
        user = {"@type": "User", "name": "alice", "domainId": "#d1", "memberGroupIds": {"#g1": True}}
        self.assertTrue(validator("x:Account").is_valid(user))

    def test_objects_of_one_account_need_not_say_whose_they_are(self) -> None:
        wire = {"description": "mine", "key": "-----BEGIN PGP PUBLIC KEY BLOCK-----"}
        self.assertTrue(validator("x:PublicKey").is_valid(wire))


def _defaults_are_valid(name: str) -> Callable[[AcceptedTests], None]:
    def test(self: AcceptedTests) -> None:
        for check in (validator(f"x:{name}"), validator()):
            self.assertEqual([error.message for error in check.iter_errors(default_wire(name))], [])

    return test


class RefusedTests(SynchronousTestCase):
    """A value of the wrong kind is not valid, and the error says where it is."""

    def refused(self, name: str, **members: Any) -> None:
        default = kinds(declarations()[name])[0].name  # of a union the variant says where the error is
        errors = validator(default).iter_errors({**default_wire(name), **members})
        self.assertEqual({str(error.absolute_path[0]) for error in errors if error.absolute_path}, set(members))

    def test_text_for_a_duration(self) -> None:
        self.refused("Http", idleTimeout="60s")

    def test_no_duration(self) -> None:
        self.refused("Http", idleTimeout=0)

    def test_array_for_a_set(self) -> None:
        self.refused("Http", corsAllowedOrigins=["https://app.example.org"])

    def test_set_with_another_mark(self) -> None:
        self.refused("Http", corsAllowedOrigins={"https://app.example.org": "yes"})

    def test_text_for_a_rate(self) -> None:
        self.refused("Http", rateLimitAnonymous="100/1m")

    def test_null_where_none_may_be(self) -> None:
        self.refused("Http", enableHsts=None)

    def test_array_for_a_list(self) -> None:
        self.refused("SystemSettings", mailExchangers=[{"hostname": None, "priority": 10}])

    def test_unknown_name_of_an_enumeration(self) -> None:
        self.refused("Authentication", passwordMinStrength="five")

    def test_more_than_there_may_be(self) -> None:
        self.refused("Authentication", passwordMinLength=101)

    def test_text_that_is_no_id(self) -> None:
        self.refused("Authentication", directoryId="Not an id")

    def test_unknown_member(self) -> None:
        self.assertFalse(validator("x:Http").is_valid({**default_wire("Http"), "nope": 1}))
        self.assertFalse(validator().is_valid({**default_wire("Http"), "nope": 1}))

    def test_missing_member_that_must_be_given(self) -> None:
        self.assertFalse(validator("x:Role").is_valid({"enabledPermissions": {}}))

    def test_missing_or_unknown_variant(self) -> None:
        user = {"name": "alice", "domainId": "b"}
        self.assertFalse(validator("x:Account").is_valid(user))
        self.assertFalse(validator("x:Account").is_valid({**user, "@type": "Robot"}))
        self.assertTrue(validator("x:Account").is_valid({**user, "@type": "User"}))

    def test_member_of_another_variant(self) -> None:
        group = {"@type": "Group", "name": "team", "domainId": "b", "credentials": {}}
        self.assertFalse(validator("x:Account").is_valid(group))


def _every_wrong_kind_is_refused(name: str) -> Callable[[RefusedTests], None]:
    def test(self: RefusedTests) -> None:
        for member in default_wire(name):
            self.refused(name, **{member: ["neither", 1]})

    return test


for _name in SINGLETONS:
    setattr(AcceptedTests, f"test_defaults_of_{_name}_are_valid", _defaults_are_valid(_name))
    setattr(RefusedTests, f"test_an_array_is_no_member_of_{_name}", _every_wrong_kind_is_refused(_name))


class Sample(Object, enforced=False):
    """A sample."""

    pin: str = prop(Secret(min_length=8), REQUIRED, "A secret.")
    name: str = prop(String(max_length=5), REQUIRED, "A name.", update="immutable")
    scores: dict[int, int] = prop(Map(Integer(), Integer(min=-3)), {}, "Numbers by number.")
    made: str | None = prop(String(), None, "Made by the server.", update="serverSet")
    tags: frozenset[str] = prop(Set(String(), min_items=1, max_items=2), {}, "Tags.")


class One(Singleton):
    """One of them."""

    note: str = prop(String(may_be_empty=True), "", "A note.")


class WordingTests(SynchronousTestCase):
    """What stands in the schema of a declaration."""

    def setUp(self) -> None:
        made = definitions(shapes({"Sample": Sample, "One": One}))
        self.sample, self.one = made["x:Sample"], made["x:One"]

    def test_what_must_be_given(self) -> None:
        self.assertEqual(self.sample["required"], ["pin", "name"])

    def test_object_that_nothing_obeys_yet(self) -> None:
        self.assertEqual((self.sample["x-enforced"], "x-enforced" in self.one), (False, False))

    def test_mask_passes_for_a_secret_that_must_be_longer(self) -> None:
        self.assertTrue(Draft202012Validator(self.sample["properties"]["pin"]).is_valid(MASK))

    def test_who_may_write(self) -> None:
        members = self.sample["properties"]
        self.assertEqual((members["made"]["readOnly"], members["name"]["x-immutable"]), (True, True))
        self.assertNotIn("readOnly", members["name"])

    def test_what_the_server_fills_in_may_be_null(self) -> None:
        self.assertEqual(self.sample["properties"]["made"]["type"], ["string", "null"])

    def test_keys_that_are_numbers_are_written_in_digits(self) -> None:
        check = Draft202012Validator(self.sample["properties"]["scores"])
        self.assertEqual([check.is_valid(value) for value in ({"1": -3}, {"x": 1}, {"1": -4})], [True, False, False])

    def test_number_of_members(self) -> None:
        check = Draft202012Validator(self.sample["properties"]["tags"])
        counts = [check.is_valid(dict.fromkeys("abc"[:count], True)) for count in range(4)]
        self.assertEqual(counts, [False, True, True, False])

    def test_default_that_is_too_small_to_be_given_is_not_stated(self) -> None:
        self.assertNotIn("default", self.sample["properties"]["tags"])

    def test_text_that_may_be_empty(self) -> None:
        self.assertTrue(Draft202012Validator(self.one["properties"]["note"]).is_valid(""))
        self.assertFalse(Draft202012Validator(self.sample["properties"]["name"]).is_valid(""))

    def test_variables_of_an_expression_are_told(self) -> None:
        rule = document()["$defs"]["x:Http"]["properties"]["allowedEndpoints"]
        self.assertIn("remote_ip", rule["x-variables"])
