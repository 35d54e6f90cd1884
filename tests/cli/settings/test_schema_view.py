"""Questions to a schema document."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.cli.settings.problems import Problem
from stalwart.cli.settings.schema_view import TypeView
from tests.cli.settings.small_schema import view


class SchemaViewTests(SynchronousTestCase):
    """Names in any case, variants, pointers."""

    def test_names_are_found_in_any_case_with_or_without_prefix(self) -> None:
        for text in ("domain", "x:Domain", "DOMAIN"):
            self.assertEqual(view().find(text), TypeView("Domain"))
        self.assertEqual(view().find("account/user"), TypeView("Account", "User"))

    def test_unknown_names_suggest_the_nearest(self) -> None:
        self.assertIn("did you mean Domain?", str(self.assertRaises(Problem, view().find, "Domian")))
        self.assertIn("variant", str(self.assertRaises(Problem, view().find, "Account/Robot")))

    def test_views_are_not_types(self) -> None:
        self.assertEqual(view().types(), ["Account", "Domain", "Http", "Role", "Trunk"])

    def test_pointers_lead_into_blocks_lists_sets_and_maps(self) -> None:
        schema = view()
        for path, kind in (
            ("rate/count", "number"),
            ("responseHeaders/X-A~1b", "string"),
        ):
            found = schema.type_of("x:Http", None, path)
            assert found is not None
            self.assertEqual(found["type"], kind)
        secret = schema.type_of("x:Account", "User", "credentials/0/secret")
        assert secret is not None
        self.assertEqual(secret["format"], "secret")
        self.assertEqual(schema.type_of("x:Account", "User", "memberGroupIds/c"), {"type": "boolean"})

    def test_pointers_that_lead_nowhere(self) -> None:
        for path in ("nothing", "rate/nothing", "enableHsts/x", "defaultDomainId/x"):
            self.assertIsNone(view().type_of("x:Http", None, path))

    def test_columns_fall_back_to_the_first_properties(self) -> None:
        self.assertEqual(view().columns("Role"), ["description", "roleIds"])

    def test_enumerations_and_defaults(self) -> None:
        found = view().enum("mode")
        assert found is not None
        self.assertEqual([member["name"] for member in found[1]], ["on", "off"])
        self.assertIsNone(view().enum("none"))
        self.assertEqual(view().defaults("x:Http")["idleTimeout"], 60000)

    def test_rules_say_what_a_value_can_be(self) -> None:
        schema = view()
        self.assertEqual(schema.rule("Http", None, "mode"), "one of on, off")
        self.assertEqual(schema.rule("Account", None, "@type"), "one of User, Group")
        self.assertEqual(schema.rule("Domain", None, "aliases"), 'an object such as {"value": true}')
        self.assertIsNone(schema.rule("Domain", None, "name"))
        self.assertIsNone(schema.rule("Domain", None, "nothing"))
