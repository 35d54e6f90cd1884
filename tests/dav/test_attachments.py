"""Attachments are read by those who may read their events, and by those who are invited."""

from __future__ import annotations

from stalwart.dav import attachments
from tests.codec.caldav.appendix_b import event
from tests.dav.world import ALICE, BOB, DavWorld

PATH = f"/dav/cal/{ALICE}/default/a.ics"
START = "DTSTART:20240101T100000Z"
MEETING = event(
    "a", START, "ORGANIZER:mailto:alice@example.test", "ATTENDEE:mailto:alice@example.test", "ATTENDEE:mailto:{}"
)


class AttachmentTests(DavWorld):
    def attached(self, octets: bytes = event("a", START)) -> str:
        """The path of an attachment of an event."""
        self.expect(201, "PUT", PATH, octets)
        name = 'attachment; filename="Evil.html"'
        query = f"{PATH}?action=attachment-add"
        made = self.expect(201, "POST", query, b"words", content_type="text/html", content_disposition=name)
        return made.headers["location"].removeprefix("https://mail.example.test")

    def test_no_browser_runs_it(self) -> None:
        got = self.expect(200, "GET", self.attached())
        self.assertEqual(got.headers["content-disposition"], 'attachment; filename="Evil.html"')
        self.assertIn("sandbox", got.headers["content-security-policy"])
        self.assertEqual(got.headers["x-content-type-options"], "nosniff")
        self.assertEqual(attachments.attached_file.needs, "davCalGet")

    def test_conditions_and_head(self) -> None:
        path = self.attached()
        etag = self.expect(200, "GET", path).headers["etag"]
        self.expect(304, "GET", path, if_none_match=etag)
        head = self.expect(200, "HEAD", path)
        self.assertEqual((head.headers["content-length"], head.body), ("5", b""))

    def test_strangers_see_nothing(self) -> None:
        path = self.attached()
        self.expect(401, "GET", path, user=None)
        self.expect(404, "GET", path, user="bob")
        for wrong in (path.replace(ALICE, BOB), path.replace(ALICE, "nobody%40example.test")):
            self.expect(404, "GET", wrong, user="bob")
        account, id, _ = path.removeprefix("/dav/attach/").split("/")
        for wrong in (f"{account}/97S/x", f"{account}/{id}x/x", f"{account}/{id[:-1]}/x", f"%2F/{id}/x"):
            self.expect(404, "GET", f"/dav/attach/{wrong}")

    def test_sharees_read_it(self) -> None:
        path = self.attached()
        who = f"<D:principal><D:href>/dav/pal/{BOB}/</D:href></D:principal>"
        grant = "<D:grant><D:privilege><{}/></D:privilege></D:grant>"
        for privilege, status in (("D:read", 200), ("A:read-free-busy", 404)):
            body = f"<D:acl><D:ace>{who}{grant.format(privilege)}</D:ace></D:acl>"
            self.expect(200, "ACL", PATH.removesuffix("a.ics"), body)
            self.expect(status, "GET", path, user="bob")

    def test_attendees_read_it(self) -> None:
        path = self.attached(MEETING.replace(b"{}", b"bob@example.test"))
        self.expect(200, "GET", path, user="bob")
        self.expect(404, "GET", path, user="carol")
        self.expect(204, "PUT", PATH, self.expect(200, "GET", PATH).body.replace(b"bob@", b"carol@"))
        self.expect(404, "GET", path, user="bob")
        self.expect(200, "GET", path, user="carol")

    def test_members_of_invited_groups_read_it(self) -> None:
        path = self.attached(MEETING.replace(b"{}", b"staff@example.test"))
        self.expect(200, "GET", path, user="bob")

    def test_it_is_changed_through_its_event_only(self) -> None:
        path = self.attached()
        for method in ("PUT", "DELETE", "MOVE", "PROPFIND"):
            self.assertIn(self.ask(method, path, b"x", destination=PATH).status, (403, 404, 405), method)
        self.assertEqual(self.expect(200, "GET", path).body, b"words")
