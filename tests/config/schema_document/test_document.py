"""The document as a whole: both formats that it obeys, names that lead somewhere, the same bytes everywhere."""

from __future__ import annotations

import os
import subprocess
import sys
from hashlib import sha256

from jsonschema import Draft202012Validator
from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.catalogue import declarations
from stalwart.config.schema_document.document import document_bytes, document_hash
from tests.config.schema_document.documents import document, inside
from tests.config.schema_document.reference_format import FORMAT

HASH = """
from stalwart.config.catalogue import declarations
from stalwart.config.schema_document.document import document_bytes, document_hash
print(document_hash(document_bytes(declarations())))
"""


class FormatTests(SynchronousTestCase):
    """settings B; the precedence note of the specifications: one document, two readers."""

    def test_it_is_a_json_schema_of_2020_12(self) -> None:
        Draft202012Validator.check_schema(document())
        self.assertEqual(document()["$schema"], Draft202012Validator.META_SCHEMA["$id"])

    def test_it_has_the_format_of_the_reference(self) -> None:
        problems = [
            f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"
            for error in Draft202012Validator(FORMAT).iter_errors(document())
        ]
        self.assertEqual(problems, [])

    def test_every_declaration_is_an_object(self) -> None:
        self.assertLessEqual({f"x:{name}" for name in declarations()}, document()["objects"].keys())


class NameTests(SynchronousTestCase):
    """What one member names is in another."""

    def _named(self, member: str) -> set[str]:
        """The values of ``member`` in the reference's part of the document."""
        parts = {name: made for name, made in document().items() if name != "$defs"}
        return {str(made[member]) for _, made in inside(parts) if isinstance(made.get(member), str)}

    def test_objects(self) -> None:
        known = {*document()["objects"], *document()["schemas"]}
        self.assertEqual(self._named("objectName") - known, set())

    def test_enumerations(self) -> None:
        self.assertEqual(self._named("enumName") - document()["enums"].keys(), set())

    def test_field_groups(self) -> None:
        self.assertEqual(self._named("schemaName") - document()["fields"].keys(), set())

    def test_views(self) -> None:
        pages = {name for name in self._named("viewName") if name.startswith("CustomComponent/")}
        self.assertEqual(self._named("viewName") - document()["objects"].keys() - pages, set())
        self.assertEqual(pages, {"CustomComponent/LiveDelivery"})

    def test_definitions(self) -> None:
        named = {made["$ref"].removeprefix("#/$defs/") for _, made in inside(document()["$defs"]) if "$ref" in made}
        self.assertEqual(named - document()["$defs"].keys(), set())


class ByteTests(SynchronousTestCase):
    """The hash is an address, so equal declarations have equal bytes."""

    def test_another_process_makes_the_same_bytes(self) -> None:
        environment = {**os.environ, "PYTHONHASHSEED": "1", "LC_ALL": "C"}
        printed = subprocess.run([sys.executable, "-c", HASH], env=environment, capture_output=True, check=True).stdout
        self.assertEqual(printed.decode().strip(), document_hash(document_bytes(declarations())))

    def test_hash_is_the_sha_256_in_lower_case_hex(self) -> None:
        self.assertEqual(document_hash(b"{}"), sha256(b"{}").hexdigest())
