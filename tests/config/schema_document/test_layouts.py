"""The menu: everything has one place."""

from __future__ import annotations

from collections import Counter
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.schema_document.layouts import area, area_title, layout_entries
from stalwart.config.schema_document.shapes import shapes
from tests.config.schema_document.documents import document, found


def links(layout: dict[str, Any]) -> list[str]:
    """The views that a layout leads to."""
    folders = [made.get("container", {"items": [made.get("link")]}) for made in layout["items"]]
    return [link["viewName"] for folder in folders for link in folder["items"]]


class LayoutTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.management, self.settings, self.account = document()["layouts"]

    def test_names_and_icons(self) -> None:
        called = [(made["name"], made["icon"]) for made in document()["layouts"]]
        self.assertEqual(
            called, [("Management", "layout-dashboard"), ("Settings", "settings"), ("Account", "circle-user")]
        )

    def test_every_object_has_one_place(self) -> None:
        placed = Counter(name for layout in document()["layouts"] for name in links(layout))
        self.assertEqual({name for name, count in placed.items() if count > 1}, set())
        reached = {name.partition("/")[0].removeprefix("x:") for name in placed}
        self.assertEqual(found().objects.keys() - reached, {"Bootstrap", "Metric"})

    def test_people_manage_users_and_groups_apart(self) -> None:
        self.assertLess(
            {"x:Account/User", "x:Account/Group", "x:Domain", "x:QueuedMessage"}, set(links(self.management))
        )

    def test_account_is_what_people_have_themselves(self) -> None:
        own = "AccountSettings AccountPassword AppPassword ApiKey Passkey RecoveryCodes Session PublicKey MaskedEmail"
        own += " ArchivedItem"
        self.assertEqual(links(self.account), [f"x:{name}" for name in own.split()])

    def test_settings_have_a_folder_for_each_area(self) -> None:
        areas = {area(found().objects[name.removeprefix("x:")]) for name in links(self.settings)}
        folders = [made["container"]["name"] for made in self.settings["items"]]
        self.assertEqual(sorted(folders), sorted(map(area_title, areas)))
        self.assertNotIn("folder", [made["container"]["icon"] for made in self.settings["items"]])

    def test_area_is_called_what_its_package_says(self) -> None:
        self.assertEqual(area_title("tls"), "Certificates")

    def test_what_is_not_declared_has_no_link(self) -> None:
        few = shapes({name: found().objects[name] for name in ("Http", "Role")})
        placed = [name for layout in layout_entries(few) for name in links(layout)]
        self.assertEqual(placed, ["x:Role", "CustomComponent/LiveDelivery", "x:Http"])
