"""What is answered before a method is asked, below ``/dav/``.

Tests ``stalwart.dav.endpoint``, ``stalwart.dav.asking`` and ``stalwart.dav.declaring``.
"""

from __future__ import annotations

from stalwart.dav.declaring import On, methods, prop, properties, reports
from tests.dav.world import ALICE, BOB, DavWorld


class EndpointTests(DavWorld):
    def test_options_are_for_everybody_and_everything(self) -> None:
        for path in (f"/dav/cal/{ALICE}/", "/dav/file", "/dav/pal/none/x/y", "/dav/itip/"):
            answer = self.expect(200, "OPTIONS", path, user=None)
            self.assertIn("calendar-access", answer.headers["dav"])
            self.assertIn("extended-mkcol", answer.headers["dav"])
            for method in ("PROPFIND", "LOCK", "MKCALENDAR", "REPORT", "ACL"):
                self.assertIn(method, answer.headers["allow"])
            self.assertEqual(answer.body, b"")

    def test_what_is_no_service_is_not_there(self) -> None:
        for path in ("/dav/", "/dav/none", "/dav/calendar/x"):
            for method in ("OPTIONS", "PROPFIND", "GET"):
                self.expect(404, method, path)

    def test_several_slashes_are_one(self) -> None:
        self.expect(201, "PUT", f"/dav//file///{ALICE}//a.txt", b"x")
        for path in (f"/dav//file/{ALICE}/a.txt", f"/dav/file//{ALICE}//a.txt", f"/dav/file/{ALICE}/a.txt"):
            self.assertEqual(self.expect(200, "GET", path).body, b"x")
            self.expect(401, "GET", path, user=None)
            self.expect(403, "GET", path, user="bob")
        self.assertEqual(list(self.properties("/dav//cal", "D:displayname", depth="0")), ["/dav/cal/"])
        self.expect(200, "OPTIONS", "/dav//cal", user=None)
        for path in ("/dav//", f"//dav/file/{ALICE}/a.txt", "/dav//none/x"):
            self.expect(404, "GET", path)

    def test_credentials_are_asked_for(self) -> None:
        answer = self.expect(401, "PROPFIND", f"/dav/cal/{ALICE}/", user=None)
        self.assertEqual(answer.headers["content-type"], "application/problem+json")

    def test_unknown_methods_have_no_body(self) -> None:
        answer = self.expect(405, "BREW", f"/dav/cal/{ALICE}/")
        self.assertEqual(answer.body, b"")

    def test_impossible_paths(self) -> None:
        for path in ("a%2Fb", "..", ".", "%00", "%FF", "x" * 300, "/".join("a" * 200)):
            self.expect(400, "PROPFIND", f"/dav/file/{ALICE}/{path}")

    def test_a_body_that_is_no_xml(self) -> None:
        for said, status in (("application/xml", 400), ("text/xml; charset=utf-8", 400), ("text/plain", 415)):
            for body in (b"<x", b"nothing", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', b"<D:x xmlns:D='DAV:'/>"):
                answer = self.expect(status, "PROPFIND", f"/dav/file/{ALICE}/", body, content_type=said)
                self.assertEqual(answer.body, b"")

    def test_homes_of_others_are_closed_and_unknown_ones_are_not_there(self) -> None:
        self.expect(403, "PROPFIND", f"/dav/cal/{BOB}/")
        self.expect(404, "PROPFIND", "/dav/cal/nobody%40example.test/")

    def test_each_method_needs_its_permission(self) -> None:
        self.patch_account(self.alice, {"permissions": {"@type": "Merge", "disabledPermissions": {"davFileGet": True}}})
        self.expect(403, "GET", f"/dav/file/{ALICE}/x")
        self.expect(404, "GET", f"/dav/cal/{ALICE}/x")

    def test_the_first_who_looks_finds_a_calendar(self) -> None:
        found = self.properties(f"/dav/cal/{ALICE}/", "D:displayname", depth="1")
        self.assertIn(f"/dav/cal/{ALICE}/default/", found)
        again = self.properties(f"/dav/cal/{ALICE}/", "D:displayname", depth="1")
        self.assertEqual(found.keys(), again.keys())


class DeclaringTests(DavWorld):
    def test_folders_are_registries(self) -> None:
        self.assertIn("PROPFIND", methods())
        self.assertLessEqual({"D:getetag", "D:displayname"}, {str(called) for called in properties()})
        self.assertIsInstance(reports(), dict)

    def test_a_property_says_where_it_is(self) -> None:
        made = prop("D:x", on=On.FILE | On.CARD, spec="none")(lambda shown: None)
        self.assertEqual((str(made.name), made.all_on, made.data_on), ("D:x", On(0), On(0)))
        self.assertIn(On.FILE, made.on)
        self.assertNotIn(On.EVENT, made.on)
