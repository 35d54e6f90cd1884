"""POST finds a name for what is added."""

from __future__ import annotations

from stalwart.dav.methods import post
from tests.dav.world import ALICE, DavWorld

CALENDAR = f"/dav/cal/{ALICE}/default/"
EVENT = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\nBEGIN:VEVENT\r\nUID:%b\r\nDTSTAMP:20240101T000000Z\r\n"
    b"DTSTART:20240101T100000Z\r\nDTEND:20240101T110000Z\r\nSUMMARY:x\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


class PostTests(DavWorld):
    def test_events_get_names(self) -> None:
        self.assertEqual(post.post.names, ("POST",))
        made = self.expect(201, "POST", CALENDAR, EVENT % b"u1", content_type="text/calendar")
        self.assertRegex(made.headers["location"], rf"^{CALENDAR}[0-9a-f]{{24}}\.ics$")
        self.assertIn("etag", made.headers)
        self.assertEqual(self.expect(200, "GET", made.headers["location"]).body, EVENT % b"u1")
        self.assertEqual(self.expect(412, "POST", CALENDAR, EVENT % b"u1").headers.get("location"), None)
        self.expect(412, "POST", CALENDAR, b"words")

    def test_elsewhere_it_is_a_put_or_nothing(self) -> None:
        self.expect(405, "POST", f"/dav/cal/{ALICE}/", EVENT % b"u1")
        self.expect(405, "POST", f"/dav/file/{ALICE}/", b"x")
        self.expect(405, "POST", f"/dav/pal/{ALICE}/", b"x")
        self.expect(404, "POST", f"/dav/cal/{ALICE}/none/", EVENT % b"u1")
        self.expect(403, "POST", CALENDAR, EVENT % b"u1", user="bob")
        self.expect(201, "POST", f"/dav/file/{ALICE}/note", b"x")
        self.expect(201, "MKCOL", f"/dav/file/{ALICE}/a")
        self.expect(405, "POST", f"/dav/file/{ALICE}/a/", b"x")
