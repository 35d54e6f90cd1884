"""PROPFIND: depths, sorts of resources, what is missing, what is kept."""

from __future__ import annotations

from stalwart.config.collaboration.webdav import WebDav
from stalwart.dav.methods import propfind
from tests.dav.world import ALICE, BOB, STAFF, DavWorld, conditions, found, statuses

ASKED = "<D:propfind><D:prop><D:getetag/><D:resourcetype/></D:prop></D:propfind>"


class PropfindTests(DavWorld):
    """A folder with two files and a folder."""

    def setUp(self) -> None:
        super().setUp()
        self.assertEqual(propfind.propfind.names, ("PROPFIND",))
        self.at = f"/dav/file/{ALICE}/docs"
        self.expect(201, "MKCOL", self.at)
        self.expect(201, "MKCOL", f"{self.at}/sub")
        for name in ("a.txt", "b%20b.txt"):
            self.expect(201, "PUT", f"{self.at}/{name}", b"text", content_type="text/plain")

    def listed(self, path: str, depth: str, body: str = ASKED, **given: str) -> list[str]:
        """The paths that are answered."""
        return list(found(self.expect(207, "PROPFIND", path, body, depth=depth, **given)))

    def test_depths(self) -> None:
        members = [f"{self.at}/", f"{self.at}/a.txt", f"{self.at}/b%20b.txt", f"{self.at}/sub/"]
        self.assertEqual(self.listed(self.at, "0"), members[:1])
        self.assertEqual(self.listed(self.at, "1"), members)
        self.assertEqual(self.listed(f"{self.at}/", "7"), members)
        self.assertEqual(self.listed(f"{self.at}/a.txt", "1"), members[1:2])
        answer = self.expect(403, "PROPFIND", self.at, ASKED, depth="infinity")
        self.assertEqual(conditions(answer), ["D:propfind-finite-depth"])

    def test_infinity_is_taken_inside_of_calendars(self) -> None:
        self.assertEqual(self.listed(f"/dav/cal/{ALICE}/default", "infinity"), [f"/dav/cal/{ALICE}/default/"])
        for path in ("/dav/cal", "/dav/card", "/dav/file", f"/dav/cal/{ALICE}", f"/dav/card/{ALICE}"):
            self.expect(403, "PROPFIND", path, ASKED, depth="infinity")
        self.assertEqual(self.listed(f"/dav/pal/{ALICE}", "infinity"), [f"/dav/pal/{ALICE}/"])

    def test_the_resource_itself_is_left_out_if_wanted(self) -> None:
        wanted = {"prefer": "depth-noroot"}
        self.assertEqual(self.listed(self.at, "1", **wanted)[0], f"{self.at}/a.txt")
        self.assertEqual(self.listed(f"{self.at}/sub", "1", **wanted), [])
        self.assertEqual(self.listed("/dav/file", "1", **wanted), [f"/dav/file/{ALICE}/"])

    def test_what_is_missing(self) -> None:
        body = "<D:propfind><D:prop><D:nope/><D:getetag/><I:odd%/></D:prop></D:propfind>".replace("%", "")
        for path in (self.at, f"{self.at}/a.txt"):
            (told,) = statuses(self.expect(207, "PROPFIND", path, body, depth="0")).values()
            self.assertEqual(told, {"D:getetag": 200, "D:nope": 404, "I:odd": 404})
        told = statuses(self.expect(207, "PROPFIND", self.at, body, depth="1"))
        self.assertEqual(told[f"{self.at}/a.txt"], {"D:getetag": 200, "D:nope": 404, "I:odd": 404})
        told = statuses(self.expect(207, "PROPFIND", self.at, body, depth="1", prefer="return=minimal"))
        self.assertEqual(set(map(str, told.values())), {"{'D:getetag': 200}"})

    def test_members_have_what_they_have_alone(self) -> None:
        names = (
            *("D:displayname", "D:getcontentlength", "D:getlastmodified", "D:getetag", "D:resourcetype"),
            *("D:getcontenttype", "D:creationdate", "D:owner", "D:sync-token", "D:lockdiscovery", "I:thing"),
        )
        update = "<D:propertyupdate><D:set><D:prop><I:thing><D:x/></I:thing><D:displayname>A &amp; 100%</D:displayname>"
        self.expect(207, "PROPPATCH", f"{self.at}/a.txt", f"{update}</D:prop></D:set></D:propertyupdate>")
        body = f"<D:propfind><D:prop>{''.join(f'<{name}/>' for name in names)}</D:prop></D:propfind>"
        whole = self.expect(207, "PROPFIND", self.at, body, depth="1").body
        for name in ("a.txt", "b%20b.txt", "sub/"):
            alone = self.expect(207, "PROPFIND", f"{self.at}/{name}", body, depth="0").body
            start, end = alone.index(b"<D:response>"), alone.index(b"</D:multistatus>")
            self.assertIn(alone[start:end], whole)

    def test_all_properties_and_names(self) -> None:
        for body in ("", "<D:propfind><D:allprop/></D:propfind>"):
            told = statuses(self.expect(207, "PROPFIND", f"{self.at}/a.txt", body, depth="0"))
            self.assertEqual(set(told[f"{self.at}/a.txt"].values()), {200})
            self.assertIn("D:getcontentlength", told[f"{self.at}/a.txt"])
            self.assertNotIn("D:owner", told[f"{self.at}/a.txt"])
        body = "<D:propfind><D:allprop/><D:include><D:owner/><D:nope/></D:include></D:propfind>"
        (told_here,) = statuses(self.expect(207, "PROPFIND", self.at, body, depth="0")).values()
        self.assertEqual((told_here["D:owner"], told_here["D:nope"]), (200, 404))
        body = "<D:propfind><D:propname/></D:propfind>"
        (named,) = found(self.expect(207, "PROPFIND", f"{self.at}/a.txt", body, depth="0")).values()
        self.assertEqual(named["D:getetag"].text, None)
        self.assertIn("D:sync-token", named)

    def test_services_have_homes_in_them(self) -> None:
        self.assertEqual(self.listed("/dav/cal", "0"), ["/dav/cal/"])
        self.assertEqual(self.listed("/dav/cal", "1"), ["/dav/cal/", f"/dav/cal/{ALICE}/"])
        self.assertEqual(
            self.listed("/dav/card/", "1", user="bob"), ["/dav/card/", f"/dav/card/{BOB}/", f"/dav/card/{STAFF}/"]
        )
        self.expect(404, "PROPFIND", "/dav/unknown", ASKED)
        self.expect(404, "PROPFIND", f"{self.at}/nothing", ASKED)
        self.expect(404, "PROPFIND", "/dav/cal/nobody%40example.test", ASKED)
        self.expect(403, "PROPFIND", f"/dav/cal/{BOB}", ASKED)

    def test_own_homes_show_what_others_share(self) -> None:
        own, group = f"/dav/cal/{BOB}", f"/dav/cal/{STAFF}"
        self.listed(group, "1", user="bob")
        shown = [f"{own}/", f"{own}/default/", f"{group}/default/"]
        self.assertEqual(self.listed(own, "1", user="bob"), shown)
        self.assertEqual(self.listed(own, "0", user="bob"), shown[:1])
        self.settle(self.settings.change(WebDav, {"enableAssistedDiscovery": False}))
        self.assertEqual(self.listed(own, "1", user="bob"), shown[:2])

    def test_no_more_than_allowed(self) -> None:
        self.settle(self.settings.change(WebDav, {"maxResults": 2}))
        answer = self.expect(207, "PROPFIND", self.at, ASKED, depth="1")
        self.assertEqual(statuses(answer)[f"{self.at}/a.txt"], {"D:getetag": 200, "D:resourcetype": 200})
        self.assertEqual(answer.body.count(b"<D:response>"), 3)
        self.assertIn(b"507 Insufficient Storage", answer.body)
        self.settle(self.settings.change(WebDav, {"maxResults": 4}))
        self.assertNotIn(b"507", self.expect(207, "PROPFIND", self.at, ASKED, depth="1").body)

    def test_bodies_that_cannot_be_read(self) -> None:
        self.expect(400, "PROPFIND", self.at, b"<D:propfind", content_type="text/xml")
        self.expect(400, "PROPFIND", self.at, b"<D:propfind")
        self.expect(412, "PROPFIND", self.at, ASKED, **{"if": '(["other"])'})

    def test_too_many_properties(self) -> None:
        for count, letters, status in ((250, 1, 207), (300, 1, 400), (10, 10_000, 400)):
            names = "".join(f"<I:{'p' * letters}{number}/>" for number in range(count))
            self.expect(status, "PROPFIND", self.at, f"<D:propfind><D:prop>{names}</D:prop></D:propfind>")

    def test_kept_answers_are_those_of_now(self) -> None:
        first = self.expect(207, "PROPFIND", self.at, ASKED, depth="1").body
        self.assertEqual(self.expect(207, "PROPFIND", self.at, ASKED, depth="1").body, first)
        self.assertEqual(len(self.tools.recent._values), 1)
        self.expect(204, "PUT", f"{self.at}/a.txt", b"other")
        second = self.expect(207, "PROPFIND", self.at, ASKED, depth="1").body
        self.assertNotEqual(second, first)
        self.expect(204, "DELETE", f"{self.at}/a.txt")
        self.assertNotIn(b"a.txt", self.expect(207, "PROPFIND", self.at, ASKED, depth="1").body)
        self.expect(403, "PROPFIND", self.at, ASKED, depth="1", user="carol")
