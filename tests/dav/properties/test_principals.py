"""Properties of principals, homes and what is in them, as spec/dav.md 6.1 to 6.3 has them."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from stalwart.config.collaboration.webdav import WebDav
from stalwart.dav.properties import caldav, carddav, principals, reporting, syncing
from tests.dav.world import ALICE, BOB, STAFF, DavWorld, short, statuses

TOPICS = (caldav, carddav, principals, reporting, syncing)


def hrefs(element: Any) -> list[str]:
    """The URLs in a property."""
    return [each.text for each in element.iter("{DAV:}href")]


def inside(element: ElementTree.Element) -> list[str]:
    """The names of the elements in a property."""
    return [short(each.tag) for each in element]


class PropertyTests(DavWorld):
    """Without a difference to what clients know."""

    def one(self, path: str, *names: str, **given: str) -> dict[str, Any]:
        """The properties of one resource."""
        (told,) = self.properties(path, *names, **given).values()
        return told

    def test_principal(self) -> None:
        told = self.one(
            f"/dav/pal/{ALICE}",
            *("D:displayname", "D:resourcetype", "A:calendar-home-set", "B:addressbook-home-set", "D:owner"),
            *("A:calendar-user-address-set", "A:schedule-inbox-URL", "A:schedule-outbox-URL", "A:calendar-user-type"),
            *("D:principal-URL", "D:alternate-URI-set", "D:group-membership", "D:group-member-set", "D:sync-token"),
            *("B:principal-address", "D:principal-collection-set", "D:current-user-principal", "D:getetag"),
        )
        self.assertEqual(told["D:displayname"].text, "alice@example.test")
        self.assertEqual(inside(told["D:resourcetype"]), ["D:principal", "D:collection"])
        self.assertEqual(hrefs(told["A:calendar-home-set"]), [f"/dav/cal/{ALICE}/"])
        self.assertEqual(hrefs(told["B:addressbook-home-set"]), [f"/dav/card/{ALICE}/"])
        self.assertEqual(hrefs(told["A:calendar-user-address-set"]), ["mailto:alice@example.test"])
        self.assertEqual(hrefs(told["A:schedule-inbox-URL"]), [f"/dav/itip/{ALICE}/inbox/"])
        self.assertEqual(hrefs(told["A:schedule-outbox-URL"]), [f"/dav/itip/{ALICE}/outbox/"])
        self.assertEqual(told["A:calendar-user-type"].text, "INDIVIDUAL")
        self.assertEqual(hrefs(told["D:principal-URL"]), [f"/dav/pal/{ALICE}/"])
        self.assertEqual(hrefs(told["D:principal-collection-set"]), ["/dav/pal/"])
        for name in ("D:alternate-URI-set", "D:group-membership", "D:group-member-set"):
            self.assertEqual(len(told[name]), 0)
        for name in ("D:sync-token", "B:principal-address", "D:getetag"):
            self.assertNotIn(name, told)

    def test_groups(self) -> None:
        told = self.one(f"/dav/pal/{STAFF}", "D:group-member-set", "A:calendar-user-type", user="bob")
        self.assertEqual(hrefs(told["D:group-member-set"]), [f"/dav/pal/{BOB}/"])
        self.assertEqual(told["A:calendar-user-type"].text, "GROUP")
        told = self.one(f"/dav/pal/{BOB}", "D:group-membership", user="bob")
        self.assertEqual(hrefs(told["D:group-membership"]), [f"/dav/pal/{STAFF}/"])

    def test_addresses_are_all_told(self) -> None:
        alias = {"name": "al", "domainId": "b", "enabled": True}
        self.patch_account(self.alice, {"aliases": {"0": alias}, "description": "Alice Example"})
        told = self.one(f"/dav/pal/{ALICE}", "A:calendar-user-address-set", "D:displayname")
        addresses = told["A:calendar-user-address-set"]
        self.assertEqual(hrefs(addresses), ["mailto:alice@example.test", "mailto:al@example.test"])
        self.assertEqual([each.get("preferred") for each in addresses], ["1", None])
        self.assertEqual(told["D:displayname"].text, "Alice Example")

    def test_home_sets_name_all_homes_where_nothing_else_does(self) -> None:
        self.assertEqual(
            hrefs(self.one(f"/dav/pal/{BOB}", "A:calendar-home-set", user="bob")["A:calendar-home-set"]),
            [f"/dav/cal/{BOB}/"],
        )
        self.settle(self.settings.change(WebDav, {"enableAssistedDiscovery": False}))
        for path in (f"/dav/pal/{BOB}", "/dav/cal"):
            told = self.one(path, "A:calendar-home-set", user="bob")
            self.assertEqual(hrefs(told["A:calendar-home-set"]), [f"/dav/cal/{BOB}/", f"/dav/cal/{STAFF}/"])

    def test_services(self) -> None:
        answer = statuses(
            self.expect(
                *(207, "PROPFIND", "/dav/card"),
                "<D:propfind><D:prop><D:resourcetype/><D:current-user-principal/><D:supported-report-set/>"
                "<A:calendar-home-set/><B:addressbook-home-set/><D:principal-URL/><D:owner/><D:displayname/>"
                "<D:getetag/><D:sync-token/></D:prop></D:propfind>",
                depth="0",
            )
        )["/dav/card/"]
        missing = [name for name, status in answer.items() if status == 404]
        self.assertEqual(missing, ["D:principal-URL", "D:owner", "D:displayname", "D:getetag", "D:sync-token"])

    def test_reports(self) -> None:
        expected = {
            f"/dav/cal/{ALICE}/default": 7,
            f"/dav/card/{ALICE}/default": 6,
            f"/dav/file/{ALICE}": 3,
            f"/dav/itip/{ALICE}/inbox": 3,
            f"/dav/pal/{ALICE}": 3,
        }
        for path, count in expected.items():
            told = self.one(path, "D:supported-report-set")["D:supported-report-set"]
            self.assertEqual(len(told), count, path)
        self.assertIn("calendar-query", str(self.expect(207, "PROPFIND", f"/dav/cal/{ALICE}", b"", depth="0").body))

    def test_all_properties_of_homes_and_principals(self) -> None:
        (home,) = statuses(self.expect(207, "PROPFIND", f"/dav/cal/{ALICE}", b"", depth="0")).values()
        self.assertEqual(
            set(home),
            {
                *("D:displayname", "D:resourcetype", "D:supported-report-set", "D:current-user-principal"),
                *("D:sync-token", "D:owner", "D:principal-collection-set"),
            },
        )
        (principal,) = statuses(self.expect(207, "PROPFIND", f"/dav/pal/{ALICE}", b"", depth="0")).values()
        self.assertEqual(
            set(principal),
            {
                *("D:displayname", "D:resourcetype", "D:supported-report-set", "D:current-user-principal", "D:owner"),
                *("D:principal-collection-set", "D:alternate-URI-set", "D:principal-URL", "D:group-member-set"),
                "D:group-membership",
            },
        )

    def test_calendars_and_address_books(self) -> None:
        told = self.one(
            f"/dav/cal/{ALICE}/default",
            *("A:supported-calendar-data", "A:max-resource-size", "A:min-date-time", "A:max-date-time"),
            *("A:max-instances", "A:max-attendees-per-instance", "A:supported-collation-set", "A:schedule-tag"),
        )
        self.assertEqual([each.get("version") for each in told["A:supported-calendar-data"]], ["2.0", "1.0"])
        numbers = ("A:max-resource-size", "A:max-instances", "A:max-attendees-per-instance")
        self.assertEqual([told[name].text for name in numbers], ["524288", "3000", "20"])
        self.assertEqual(told["A:max-date-time"].text, "9999-12-31T23:59:59Z")
        self.assertNotIn("A:schedule-tag", told)
        told = self.one(f"/dav/card/{ALICE}/default", "B:supported-address-data", "B:max-resource-size")
        self.assertEqual([each.get("version") for each in told["B:supported-address-data"]], ["4.0", "3.0", "2.1"])
        self.assertEqual(told["B:max-resource-size"].text, "524288")
        told = self.one(f"/dav/itip/{ALICE}/inbox", "A:schedule-default-calendar-URL", "C:getctag", "D:creationdate")
        self.assertEqual(hrefs(told["A:schedule-default-calendar-URL"]), [f"/dav/cal/{ALICE}/default/"])
        self.assertEqual((told["C:getctag"].text, told["D:creationdate"].text), ('"0"', "2021-10-18T00:00:00Z"))

    def test_tags_change_with_what_is_in_collections(self) -> None:
        def states(path: str) -> tuple[str, str]:
            told = self.one(path, "C:getctag", "D:sync-token")
            return told["C:getctag"].text, told["D:sync-token"].text

        home, folder, other = f"/dav/file/{ALICE}", f"/dav/file/{ALICE}/a", f"/dav/file/{ALICE}/b"
        for path in (folder, other):
            self.expect(201, "MKCOL", path)
        before = [states(path) for path in (home, folder, other)]
        self.expect(201, "PUT", f"{folder}/x", b"x")
        after = [states(path) for path in (home, folder, other)]
        self.assertEqual([old == new for old, new in zip(before, after, strict=True)], [False, False, True])
        told = self.one(f"{folder}/x", "C:getctag", "D:sync-token", "D:owner")
        self.assertEqual(told["D:sync-token"].text, after[0][1])
        self.assertNotIn("C:getctag", told)
        self.assertEqual(hrefs(told["D:owner"]), [f"/dav/pal/{ALICE}/"])
