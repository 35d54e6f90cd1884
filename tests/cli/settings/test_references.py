"""References inside objects of a plan."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.cli.settings.references import reference_targets, resolved, with_references
from tests.cli.settings.small_schema import view

USER = {
    "@type": "User",
    "name": "b",
    "domainId": "b",
    "memberGroupIds": {"c": True},
    "quotas": {"b": 1},
    "credentials": {"0": {"@type": "Password", "secret": "b"}},
}


class ReferenceTests(SynchronousTestCase):
    """Only what the schema calls a reference is one."""

    def test_values_and_keys_are_found(self) -> None:
        found = list(reference_targets(view(), "x:Account", None, USER))
        self.assertEqual(found, [("Domain", "b"), ("Account", "c")])

    def test_only_references_are_renamed(self) -> None:
        renamed = with_references(view(), "x:Account", None, USER, lambda type, id: f"#{type}-{id}")
        self.assertEqual(renamed["domainId"], "#Domain-b")
        self.assertEqual(renamed["memberGroupIds"], {"#Account-c": True})
        self.assertEqual((renamed["name"], renamed["quotas"]), ("b", {"b": 1}))

    def test_known_names_are_resolved_everywhere(self) -> None:
        value = {"a": "#x", "#x": True, "b": [{"c": "#y"}], "d": "x"}
        self.assertEqual(resolved(value, {"x": "1"}), {"a": "1", "1": True, "b": [{"c": "#y"}], "d": "x"})
