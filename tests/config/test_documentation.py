"""The documents made from the declarations say what the declarations say."""

import json

from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.catalogue import declarations
from stalwart.config.documentation import sample_config, settings_markdown
from stalwart.schema import Union


class MarkdownTests(SynchronousTestCase):
    text = settings_markdown()

    def test_every_object_has_a_section(self) -> None:
        missing = [name for name in declarations() if f"\n### {name} (" not in self.text]
        self.assertEqual(missing, [])

    def test_every_property_has_a_row(self) -> None:
        kinds = [
            kind
            for made in declarations().values()
            for kind in (made.variants.values() if isinstance(made, Union) else (made,))
        ]
        missing = [name for kind in kinds for name in kind.properties if f"\n| `{name}` | " not in self.text]
        self.assertEqual(missing, [])

    def test_row_has_type_default_and_meaning(self) -> None:
        self.assertIn("| `enableHsts` | boolean | `false` |  | Send Strict-Transport-Security. |", self.text)

    def test_bounds_are_stated(self) -> None:
        self.assertIn("| `passwordMaxLength` | unsignedInteger 1-1000 | `128` |", self.text)

    def test_default_with_a_bar_stays_in_its_cell(self) -> None:
        self.assertIn('`"(\\|(&(objectClass=inetOrgPerson)', self.text)

    def test_view_says_that_it_is_not_stored(self) -> None:
        self.assertIn("### AppPassword (collection, not stored)\n", self.text)

    def test_object_inside_another_is_explained_once(self) -> None:
        titles = [line.split()[1] for line in self.text.splitlines() if line.startswith("### ")]
        self.assertEqual(sorted(set(titles)), sorted(titles))

    def test_row_says_who_may_write(self) -> None:
        self.assertIn("| `address` | ipNetwork |  | create | Address or network. |", self.text)

    def test_blocks_and_enumerations_are_explained(self) -> None:
        for title in ("### Rate\n", "### Expression\n", "### SecretTextOptional\n", "### PasswordStrength\n"):
            self.assertIn(title, self.text)

    def test_list_that_depends_on_the_computer_is_left_out(self) -> None:
        self.assertNotIn("`Europe/Vienna`, ", self.text)

    def test_it_is_the_same_every_time(self) -> None:
        self.assertEqual(settings_markdown(), self.text)

    def test_every_table_row_has_five_cells(self) -> None:
        rows = [line for line in self.text.splitlines() if line.startswith("| `")]
        self.assertEqual([row for row in rows if row.replace("\\|", "").count("|") != 6], [])


class SampleTests(SynchronousTestCase):
    def test_sample_is_valid(self) -> None:
        for name, members in json.loads(sample_config()).items():
            with_secrets = declarations()[name].from_wire(members)
            self.assertEqual(with_secrets.to_wire(), members)

    def test_sample_has_every_singleton_that_is_stored(self) -> None:
        wanted = [name for name, made in declarations().items() if made.is_singleton and made.stored]
        self.assertEqual(list(json.loads(sample_config())), wanted)
