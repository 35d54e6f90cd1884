"""Objects and views."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.permissions import PERMISSIONS
from stalwart.config.schema_document.objects import object_entries, views
from tests.config.schema_document.documents import document, found
from tests.config.schema_document.samples import RAILWAY


class ObjectTests(SynchronousTestCase):
    def test_collections_and_singletons(self) -> None:
        entries = object_entries(RAILWAY)
        wanted = {"type": "object", "description": "What runs.", "permissionPrefix": "sysTrain"}
        self.assertEqual((entries["x:Train"], entries["x:Track"]["type"]), (wanted, "singleton"))

    def test_variants_that_are_referred_to_by_name_have_views(self) -> None:
        found = [name for name, made in object_entries(RAILWAY).items() if made["type"] == "view"]
        self.assertEqual(found, ["x:Engine/Diesel", "x:Engine/Rusty", "x:Engine/Steam"])

    def test_views_of_the_product(self) -> None:
        self.assertEqual([view.name for view in views(found())], ["x:Account/User", "x:Account/Group", FAILED])
        self.assertEqual(document()["objects"][FAILED], {"type": "view", "objectName": "x:Task"})

    def test_prefixes_begin_the_names_of_permissions(self) -> None:
        prefixes = [made["permissionPrefix"] for made in document()["objects"].values() if made["type"] != "view"]
        self.assertEqual([prefix for prefix in prefixes if f"{prefix}Get" not in PERMISSIONS], [])

    def test_objects_that_nothing_obeys_yet_say_so(self) -> None:
        silent = [
            name
            for name, made in found().objects.items()
            if made.enforced is document()["objects"][f"x:{name}"]["description"].endswith("Stored, not enforced yet.")
        ]
        self.assertEqual(silent, [])


FAILED = "x:Task/TaskFailed"
