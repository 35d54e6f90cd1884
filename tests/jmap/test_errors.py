"""The error family in JMAP's words."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.ids import SINGLETON
from stalwart.config.settings import SettingsBroken
from stalwart.errors import (
    Conflict,
    DanglingReference,
    Forbidden,
    Invalid,
    Linked,
    NotFound,
    OverQuota,
    StalwartError,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unavailable,
    family,
)
from stalwart.jmap.errors import MethodError, SetRefused, method_error, object_id, set_error
from stalwart.schema import ValidationFailed
from stalwart.schema.violations import Violation

FAMILY = {name: kind for name, kind in family().items() if kind.__module__ == "stalwart.errors"}
SAMPLES: dict[str, StalwartError] = {
    "Linked": Linked([("Account", 1)]),
    "DanglingReference": DanglingReference(("Domain", 1)),
    "MethodNotAllowed": family()["MethodNotAllowed"](["GET"]),
    "LimitExceeded": family()["LimitExceeded"]("maxSizeRequest"),
}


class MethodErrorTests(SynchronousTestCase):
    """Errors of calls (RFC 8620 3.6.2)."""

    def test_its_members_are_the_arguments_of_the_response(self) -> None:
        problem = MethodError("requestTooLarge", "Too many.", limit=5)
        self.assertEqual(problem.wire(), {"type": "requestTooLarge", "description": "Too many.", "limit": 5})
        self.assertEqual(MethodError("anchorNotFound").wire(), {"type": "anchorNotFound"})

    def test_every_error_of_the_family_has_a_type_and_keeps_its_detail(self) -> None:
        for name, kind in FAMILY.items():
            problem = SAMPLES.get(name) or kind()
            self.assertEqual(method_error(problem).description, problem.detail)

    def test_what_each_becomes(self) -> None:
        for problem, type in (
            (Invalid("x"), "invalidArguments"),
            (Forbidden(), "forbidden"),
            (Unauthenticated(), "forbidden"),
            (TooLarge(), "requestTooLarge"),
            (Conflict(), "serverUnavailable"),
            (Unavailable(), "serverUnavailable"),
            (TooMany(), "serverUnavailable"),
            (StalwartError(), "serverFail"),
        ):
            self.assertEqual(method_error(problem).type, type)


class SetErrorTests(SynchronousTestCase):
    """Errors of single objects (RFC 8620 5.3, settings A.8)."""

    def test_every_error_of_the_family_has_a_type(self) -> None:
        for name, kind in FAMILY.items():
            self.assertIn("type", set_error(SAMPLES.get(name) or kind()))

    def test_the_handlers_own(self) -> None:
        problem = SetRefused("blobNotFound", "Gone.", ["blobId"], notFound=["x"])
        expected = {"type": "blobNotFound", "description": "Gone.", "properties": ["blobId"], "notFound": ["x"]}
        self.assertEqual(set_error(problem), expected)
        self.assertEqual(set_error(SetRefused("cannotUnsend")), {"type": "cannotUnsend"})

    def test_what_cannot_be_read(self) -> None:
        problem = ValidationFailed(
            [
                Violation("validation", "name", fault="Required"),
                Violation("invalidPatch", "nope", "Invalid property"),
                Violation("invalidPatch", "a/b", "Invalid property"),
                Violation("invalidPatch", "c", "Invalid path"),
            ]
        )
        expected = {"type": "invalidPatch", "description": "Invalid property", "properties": ["nope", "a/b"]}
        self.assertEqual(set_error(problem), expected)

    def test_what_is_out_of_bounds_names_the_leaf(self) -> None:
        problem = ValidationFailed([Violation("validation", "rateLimitAnonymous/count", fault="MinValue", required=1)])
        entry = {"type": "MinValue", "property": "count", "required": 1}
        self.assertEqual(set_error(problem), {"type": "validationFailed", "validationErrors": [entry]})

    def test_an_expression_names_its_property_besides(self) -> None:
        problem = ValidationFailed([Violation("validation", "allowedEndpoints", fault="Invalid", value="Error")])
        entry = {"type": "Invalid", "property": "allowedEndpoints", "value": "Error"}
        expected = {"type": "validationFailed", "properties": ["allowedEndpoints"], "validationErrors": [entry]}
        self.assertEqual(set_error(problem), expected)

    def test_what_means_nothing(self) -> None:
        problem = ValidationFailed([Violation("invalidProperties", "secret", "Too weak")])
        expected = {"type": "invalidProperties", "description": "Too weak", "properties": ["secret"]}
        self.assertEqual(set_error(problem), expected)

    def test_a_taken_value_names_its_holder(self) -> None:
        problem = Conflict("Taken.", "name", ("Domain", 1))
        held = {"object": "Domain", "id": "b"}
        expected = {"type": "primaryKeyViolation", "properties": ["name"], "objectId": held}
        self.assertEqual(set_error(problem), expected)

    def test_a_missing_target_is_named(self) -> None:
        problem = DanglingReference(("Domain", 1), "domainId")
        target = {"object": "Domain", "id": "b"}
        expected = {"type": "invalidForeignKey", "properties": ["domainId"], "objectId": target}
        self.assertEqual(set_error(problem), expected)

    def test_those_that_refer_to_an_object_are_listed(self) -> None:
        shown = set_error(Linked([("SystemSettings", SINGLETON)]), ("Domain", 1))
        self.assertEqual(shown["objectId"], {"object": "Domain", "id": "b"})
        self.assertEqual(shown["linkedObjects"], [{"object": "SystemSettings", "id": "singleton"}])
        self.assertNotIn("objectId", set_error(Linked([("Role", 1)])))

    def test_settings_that_do_not_build_name_the_object(self) -> None:
        shown = set_error(SettingsBroken(("Http", SINGLETON), "bad"))
        self.assertEqual((shown["type"], shown["objectId"]["object"]), ("validationFailed", "Http"))

    def test_plain_ones(self) -> None:
        self.assertEqual(set_error(NotFound()), {"type": "notFound"})
        self.assertEqual(set_error(NotFound("No.")), {"type": "notFound", "description": "No."})
        self.assertEqual(set_error(OverQuota())["type"], "overQuota")
        self.assertEqual(set_error(TooLarge())["type"], "tooLarge")
        self.assertEqual(set_error(TooMany())["type"], "rateLimit")
        refused = set_error(Invalid("Bad.", ["secret"]))
        self.assertEqual(refused, {"type": "invalidProperties", "description": "Bad.", "properties": ["secret"]})

    def test_ids_are_shown_with_the_type(self) -> None:
        self.assertEqual(object_id(("Role", 31)), {"object": "Role", "id": "3"})
