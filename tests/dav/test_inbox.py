"""The scheduling inbox over DAV (spec/dav.md 8.7)."""

from __future__ import annotations

from stalwart.dav import inbox
from tests.dav.world import found, statuses
from tests.groupware.scheduling.world import SchedulingWorld, meeting

BOX = "/dav/itip/bob%40example.test/inbox/"
QUERY = (
    '<A:calendar-query><D:prop><D:getetag/><A:calendar-data/></D:prop><A:filter><A:comp-filter name="VCALENDAR">'
    '<A:comp-filter name="{}"/></A:comp-filter></A:filter></A:calendar-query>'
)
GUEST = ";PARTSTAT=NEEDS-ACTION;RSVP=TRUE:bob@example.test"


class InboxTests(SchedulingWorld):
    def setUp(self) -> None:
        super().setUp()
        self.put("alice", meeting(GUEST))
        ((self.path, self.etag),) = self.there()

    def there(self) -> list[tuple[str, str]]:
        listed = self.properties(BOX, "D:getetag", depth="1", user="bob")
        return [(path, each["D:getetag"].text) for path, each in listed.items() if path != BOX]

    def test_a_message_is_read_and_removed(self) -> None:
        self.assertRegex(self.path, rf"^{BOX}[0-9]+\.ics$")
        read = self.expect(200, "GET", self.path, user="bob")
        self.assertIn(b"METHOD:REQUEST", read.body)
        self.assertEqual(read.headers["content-type"], "text/calendar; charset=utf-8")
        self.assertEqual(read.headers["etag"], self.etag)
        self.expect(304, "GET", self.path, user="bob", if_none_match=self.etag)
        self.expect(412, "DELETE", self.path, user="bob", if_match='"1-1"')
        self.expect(412, "DELETE", self.path, user="bob", **{"if": '(["1-1"])'})
        self.expect(204, "DELETE", self.path, user="bob", if_match=self.etag)
        self.expect(404, "DELETE", self.path, user="bob")
        self.assertEqual((self.there(), len(self.names("bob"))), ([], 1))

    def test_it_is_nobody_elses(self) -> None:
        for method in ("GET", "DELETE"):
            self.expect(403, method, self.path, user="alice")
            self.expect(404, method, f"{BOX}999.ics", user="bob")
            self.expect(404, method, self.path.replace("/inbox/", "/outbox/"), user="bob")
        self.expect(405, "GET", BOX, user="bob")
        self.expect(403, "PUT", f"{BOX}x.ics", meeting(GUEST), user="bob")

    def test_messages_are_found_by_what_they_are(self) -> None:
        body = self.expect(207, "REPORT", BOX, QUERY.format("VEVENT"), user="bob")
        ((path, shown),) = found(body).items()
        self.assertEqual(path, self.path)
        self.assertIn("METHOD:REQUEST", shown["A:calendar-data"].text)
        self.assertEqual(found(self.expect(207, "REPORT", BOX, QUERY.format("VTODO"), user="bob")), {})
        self.expect(403, "REPORT", BOX, QUERY.format("VEVENT"), user="alice")
        self.expect(405, "REPORT", BOX.replace("inbox", "outbox"), QUERY.format("VEVENT"), user="bob")

    def test_messages_are_fetched_by_their_urls(self) -> None:
        hrefs = "".join(
            f"<D:href>{each}</D:href>"
            for each in (self.path, self.path.replace("%40", "@"), f"{BOX}999.ics", "/dav/cal/x", "%zz")
        )
        body = f"<A:calendar-multiget><D:prop><A:calendar-data/></D:prop>{hrefs}</A:calendar-multiget>"
        answer = self.expect(207, "REPORT", BOX, body, user="bob")
        self.assertEqual(next(iter(found(answer))), self.path)
        told = statuses(answer)
        self.assertEqual([told[each][""] for each in (f"{BOX}999.ics", "/dav/cal/x", "%zz")], [404] * 3)
        self.assertEqual(answer.body.count(b"METHOD:REQUEST"), 1)

    def test_its_changes_are_told(self) -> None:
        body = "<D:sync-collection><D:sync-token>{}</D:sync-token><D:prop><D:getetag/></D:prop></D:sync-collection>"
        first = self.expect(207, "REPORT", BOX, body.format(""), user="bob")
        self.assertIn(self.path, statuses(first))
        token = first.body.decode().partition("<D:sync-token>")[2].partition("<")[0]
        self.expect(204, "DELETE", self.path, user="bob")
        self.assertEqual(statuses(self.expect(207, "REPORT", BOX, body.format(token), user="bob"))[self.path][""], 404)

    def test_it_is_called_as_everywhere(self) -> None:
        self.assertEqual(inbox.INBOX, "inbox")
