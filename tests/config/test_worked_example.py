"""The promise of docs/map.md: one line makes a setting that can be validated, stored, described and documented."""

from __future__ import annotations

from typing import Any

import jsonschema
from twisted.trial.unittest import SynchronousTestCase

from stalwart.config import registry
from stalwart.config.documentation import settings_markdown
from stalwart.config.schema_document.document import schema_document
from stalwart.schema import Set, Singleton, String, ValidationFailed, prop
from stalwart.store import MemoryStore


class Downloads(Singleton):
    """How downloads are offered."""

    inline_types: frozenset[str] = prop(Set(String()), {}, "Types of downloads that browsers may show at once.")


Downloads.__module__ = "stalwart.config.collaboration.downloads"  # where it would stand; the area follows from it


class OneLineTests(SynchronousTestCase):
    """Everything that follows from the line above."""

    def setUp(self) -> None:
        self.store = MemoryStore()
        self.successResultOf(self.store.start())
        self.addCleanup(self.store.close)

    def write(self, patch: dict[str, Any]) -> Any:
        """The object after a patch."""

        def work(tx: Any) -> Any:
            existing = registry.get(tx, Downloads)
            assert existing is not None
            return registry.update(tx, Downloads, existing.id, patch, now=0.0).value

        return self.successResultOf(self.store.write(work))

    def test_it_is_stored_patched_and_read(self) -> None:
        self.assertEqual(Downloads().to_wire(), {"inlineTypes": {}})
        self.write({"inlineTypes": {"image/gif": True}})
        value = self.write({"inlineTypes/image~1png": True})
        self.assertEqual(value.inline_types, frozenset(("image/gif", "image/png")))
        self.assertEqual(value.to_wire(), {"inlineTypes": {"image/gif": True, "image/png": True}})

    def test_wrong_values_are_named(self) -> None:
        failed = self.assertRaises(ValidationFailed, Downloads.from_wire, {"inlineTypes": ["image/png"]})
        self.assertEqual(failed.violations[0].path, "inlineTypes")

    def test_the_schema_document_describes_it(self) -> None:
        document = schema_document({"Downloads": Downloads})
        made = document["fields"]["x:Downloads"]["properties"]["inlineTypes"]
        self.assertEqual(made["type"]["type"], "set")
        validator = jsonschema.Draft202012Validator(document)
        self.assertTrue(validator.is_valid({"inlineTypes": {"image/png": True}}))
        self.assertFalse(validator.is_valid({"inlineTypes": ["image/png"]}))

    def test_every_real_setting_is_documented(self) -> None:
        text = settings_markdown()
        self.assertIn("| `enableHsts` |", text)
        self.assertIn("Send Strict-Transport-Security.", text)
