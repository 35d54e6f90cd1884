"""Sentences for SetErrors: the field and the rule are named."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.cli.settings.problems import REFUSED, CallFailed, refusal


class RefusalTests(SynchronousTestCase):
    """Each SetError of settings A.8."""

    def test_validation_names_every_field_and_rule(self) -> None:
        error = {
            "type": "validationFailed",
            "validationErrors": [
                {"type": "Required", "property": "name"},
                {"type": "MinValue", "property": "count", "required": 1},
                {"type": "Invalid", "property": "allowedEndpoints", "value": "unknown variable"},
            ],
        }
        self.assertEqual(
            refusal(error),
            "validationFailed: name must be given; count must be at least 1; "
            "allowedEndpoints is not valid: unknown variable",
        )

    def test_invalid_patch_names_the_path(self) -> None:
        error = {"type": "invalidPatch", "properties": ["retry/intervals"], "description": "Invalid property"}
        self.assertEqual(refusal(error), "invalidPatch: retry/intervals: Invalid property")

    def test_taken_value_names_its_holder(self) -> None:
        error = {"type": "primaryKeyViolation", "properties": ["name"], "objectId": {"object": "Domain", "id": "b"}}
        self.assertEqual(refusal(error), "primaryKeyViolation: name is already used by Domain b")

    def test_missing_target_is_named(self) -> None:
        error = {"type": "invalidForeignKey", "objectId": {"object": "Domain", "id": "zz"}}
        self.assertEqual(refusal(error), "invalidForeignKey: Domain zz does not exist or is of the wrong kind")

    def test_users_of_a_linked_object_are_named(self) -> None:
        error = {"type": "objectIsLinked", "linkedObjects": [{"object": "Account", "id": "c"}]}
        self.assertEqual(refusal(error), "objectIsLinked: it is still used by Account c")

    def test_plain_kinds_have_a_sentence(self) -> None:
        self.assertEqual(refusal({"type": "notFound"}), "notFound: does not exist")
        self.assertEqual(refusal({"type": "forbidden", "description": "No."}), "forbidden: No.")

    def test_failed_call_says_method_and_reason(self) -> None:
        failure = CallFailed("x:Domain/set", {"type": "forbidden", "description": "You may not."})
        self.assertEqual((str(failure), failure.code), ("Domain/set: forbidden: You may not.", REFUSED))

    def test_what_would_be_allowed_is_told(self) -> None:
        rules = {"level": "one of info, warn", "": None}
        error = {"type": "invalidProperties", "properties": ["level"], "description": "Invalid value for enum property"}
        self.assertEqual(
            refusal(error, rules.get),
            "invalidProperties: level: Invalid value for enum property (it is one of info, warn)",
        )
        entry = {"type": "validationFailed", "validationErrors": [{"type": "Required", "property": "level"}]}
        self.assertEqual(refusal(entry, rules.get), "validationFailed: level must be given (it is one of info, warn)")

    def test_advice_to_confirm_names_the_option(self) -> None:
        error = {"type": "invalidProperties", "properties": ["address"], "description": "This would block you."}
        self.assertNotIn("--confirm", refusal(error))
        told = refusal(error | {"canConfirm": True})
        self.assertTrue(told.endswith("This would block you. To do it all the same, add --confirm."), told)
