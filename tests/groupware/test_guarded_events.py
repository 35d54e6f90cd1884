"""Private and secret events, and hidden people, in calendars that are shared: over DAV, as over JMAP.

Tests ``stalwart.groupware.guarded_events``.
"""

from __future__ import annotations

from typing import Any

from stalwart.codec.dav.rights import Rights
from stalwart.directory.access import Access
from stalwart.groupware import guarded_events
from stalwart.groupware.guarded_events import GUARDED, Discretion
from stalwart.jmap.blobs.access import find_readable, uploader
from stalwart.jmap.blobs.ids import BlobId
from stalwart.store import Transaction
from tests.directory.world import NOW
from tests.jmap.calendars.event_case import EVENT, HOME, EventCase

TESTED = guarded_events
MULTIGET = "<A:calendar-multiget><D:prop><D:getetag/><A:calendar-data/></D:prop>{}</A:calendar-multiget>"
QUERY = (
    "<A:calendar-query><D:prop>{}</D:prop><A:filter><A:comp-filter name='VCALENDAR'><A:comp-filter name='VEVENT'>{}"
    "</A:comp-filter></A:comp-filter></A:filter></A:calendar-query>"
)
EXPANDED = "<A:calendar-data><A:expand start='20270101T000000Z' end='20270201T000000Z'/></A:calendar-data>"
SYNC = (
    "<D:sync-collection><D:sync-token>{}</D:sync-token><D:sync-level>{}</D:sync-level><D:prop>{}</D:prop>"
    "</D:sync-collection>"
)
SITE = "https://mail.example.test"
TIMES = ("DTSTART:20270104T100000Z", "DURATION:PT1H")
PEOPLE = (
    "ORGANIZER:mailto:alice@example.test",
    *(f"ATTENDEE:mailto:{each}" for each in ("alice@example.test", "bob@example.test", "hidden@x.test")),
)


class GuardedCase(EventCase):
    """Alice's calendar has ``open``, ``private``, ``secret`` and ``people``; bob may read it."""

    def setUp(self) -> None:
        super().setUp()
        self.put("open", *TIMES, "SUMMARY:seen")
        self.put("private", *TIMES, "SUMMARY:hush", "CLASS:PRIVATE")
        self.put("secret", *TIMES, "SUMMARY:hush", "CLASS:CONFIDENTIAL")
        hides = 'JSPROP;JSPTR="hideAttendees":true'
        self.expect(
            201,
            "PUT",
            f"{HOME}people.ics",
            self.lines("people", *TIMES, "SUMMARY:seen", *PEOPLE, hides),
            content_type="text/calendar",
            schedule_reply="F",
        )
        self.share("bob", "mayReadItems")

    def lines(self, name: str, *lines: str) -> bytes:
        head = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", "BEGIN:VEVENT", f"UID:{name}", "DTSTAMP:20270101T000000Z"]
        return "\r\n".join([*head, *lines, "END:VEVENT", "END:VCALENDAR", ""]).encode()

    def report(self, body: str, status: int = 207) -> str:
        answer = self.expect(status, "REPORT", HOME, body, depth="1", user="bob")
        return answer.body.decode()

    def check(self, text: str, *, has_secret_name: bool = False) -> None:
        """That nothing is told that is not for bob, and the rest is."""
        for word in ("hush", "hidden@x.test"):
            self.assertNotIn(word, text)
        if not has_secret_name:
            self.assertNotIn("secret", text)


class ReadingTests(GuardedCase):
    def test_one_by_one(self) -> None:
        self.expect(404, "GET", f"{HOME}secret.ics", user="bob")
        self.expect(404, "PROPFIND", f"{HOME}secret.ics", depth="0", user="bob")
        for name in ("private", "people"):
            text = self.expect(200, "GET", f"{HOME}{name}.ics", user="bob").body.decode()
            self.check(text)
            self.assertIn("DTSTART:20270104T100000Z", text)
            (found,) = self.properties(f"{HOME}{name}.ics", "A:calendar-data", user="bob").values()
            self.check(found["A:calendar-data"].text or "hush")
        self.assertIn("bob@example.test", text)
        self.assertIn(b"hush", self.expect(200, "GET", f"{HOME}private.ics").body)

    def test_all_at_once(self) -> None:
        listed = self.properties(HOME, "D:getetag", depth="1", user="bob")
        self.assertEqual(set(listed), {HOME, *(f"{HOME}{each}.ics" for each in ("open", "private", "people"))})
        seen = self.properties(HOME, "D:getcontentlength", depth="1", user="bob")
        for name in ("open", "private", "people"):
            size = len(self.expect(200, "GET", f"{HOME}{name}.ics", user="bob").body)
            self.assertEqual(seen[f"{HOME}{name}.ics"]["D:getcontentlength"].text, str(size))
            (alone,) = self.properties(f"{HOME}{name}.ics", "D:getcontentlength", user="bob").values()
            self.assertEqual(alone["D:getcontentlength"].text, str(size))
        hrefs = "".join(f"<D:href>{HOME}{each}.ics</D:href>" for each in ("private", "people", "secret"))
        told = self.report(MULTIGET.format(hrefs))
        self.check(told, has_secret_name=True)
        self.assertIn("404", told)
        self.check(self.report(QUERY.format("<D:getetag/>", "")))
        self.check(self.report(QUERY.format("<A:calendar-data/>", "")))
        self.check(self.report(QUERY.format(EXPANDED, "")))

    def test_what_is_not_seen_is_not_found(self) -> None:
        match = "<A:prop-filter name='{}'><A:text-match>{}</A:text-match></A:prop-filter>"
        for name, text in (("SUMMARY", "hush"), ("ATTENDEE", "hidden")):
            self.assertNotIn(".ics", self.report(QUERY.format("<D:getetag/>", match.format(name, text))))
            self.assertEqual(self.found("bob", self.alice, filter={"text": text}), [])
        self.assertEqual(self.found("bob", self.alice, filter={"attendee": "hidden"}), [])
        self.assertEqual(len(self.found("bob", self.alice, filter={"attendee": "bob@"})), 1)
        self.assertEqual(len(self.found(filter={"attendee": "hidden"})), 1)

    def test_synchronising(self) -> None:
        for level in ("1", "infinite"):
            for wanted in ("<D:getetag/>", "<A:calendar-data/>"):
                first = self.expect(207, "REPORT", HOME, SYNC.format("", level, wanted), user="bob").body.decode()
                self.check(first)
                self.assertIn("private.ics", first)
                token = first.partition("<D:sync-token>")[2].partition("<")[0]
        self.put("open", *TIMES, "SUMMARY:hush", "CLASS:CONFIDENTIAL", status=204)
        self.put("secret2", *TIMES, "SUMMARY:hush", "CLASS:CONFIDENTIAL")
        self.put("secret", *TIMES, "SUMMARY:hush again", "CLASS:CONFIDENTIAL", status=204)
        told = self.expect(207, "REPORT", HOME, SYNC.format(token, "1", wanted), user="bob").body.decode()
        self.check(told, has_secret_name=True)
        self.assertIn("open.ics", told)
        self.assertNotIn("secret2", told)

    def test_jmap_tells_the_same(self) -> None:
        state = self.jmap("CalendarEvent/get", "bob", self.alice, ids=[])["state"]
        ids = {each["uid"]: each["id"] for each in self.jmap("CalendarEvent/get")["list"]}
        self.assertEqual(len(self.jmap("CalendarEvent/get", "bob", self.alice)["list"]), 3)
        self.put("secret", *TIMES, "SUMMARY:other", "CLASS:CONFIDENTIAL", status=204)
        self.put("open", *TIMES, "CLASS:CONFIDENTIAL", status=204)
        self.put("secret2", *TIMES, "CLASS:CONFIDENTIAL")
        changes = self.jmap("CalendarEvent/changes", "bob", self.alice, sinceState=state)
        self.assertEqual((changes["created"], changes["updated"]), ([], []))
        self.assertIn(ids["open"], changes["destroyed"])

    def test_one_instance_may_be_private(self) -> None:
        instance = ("END:VEVENT", "BEGIN:VEVENT", "UID:series", "RECURRENCE-ID:20270105T100000Z", *TIMES[1:])
        private = ("DTSTART:20270105T110000Z", "SUMMARY:hush", "CLASS:PRIVATE")
        self.put("series", *TIMES, "RRULE:FREQ=DAILY;COUNT=3", "SUMMARY:hush", *instance, *private)
        (id,) = self.found("bob", self.alice, filter={"uid": "series"})
        self.check(str(self.shown(id, "bob", self.alice)))
        self.check(self.expect(200, "GET", f"{HOME}series.ics", user="bob").body.decode())

    def test_what_an_older_version_has_indexed_is_read(self) -> None:
        def forget(tx: Transaction) -> None:
            index = tx.collections.index
            for id in index.ids(self.alice, GUARDED):
                index.replace(self.alice, id, [(GUARDED, "unsure")])

        found = self.successResultOf(self.store.read(lambda tx: Discretion.of(tx, self.alice)))
        self.successResultOf(self.store.write(forget))
        again = self.successResultOf(self.store.read(lambda tx: Discretion.of(tx, self.alice)))
        self.assertEqual((again, len(found.guards)), (found, 3))


class WritingTests(GuardedCase):
    def test_nobody_else_changes_what_is_private(self) -> None:
        self.share("bob", "mayReadItems", "mayWriteAll")
        path = f"{HOME}private.ics"
        seen = self.expect(200, "GET", path, user="bob").body
        self.expect(403, "PUT", path, seen, user="bob", content_type="text/calendar")
        self.expect(403, "DELETE", path, user="bob")
        self.expect(403, "MOVE", path, user="bob", Destination=f"{SITE}{HOME}x.ics")
        for verb in ("DELETE", "COPY", "MOVE"):
            self.expect(404, verb, f"{HOME}secret.ics", user="bob", Destination=f"{SITE}{HOME}x.ics")
        taken = self.lines("new", *TIMES)
        self.expect(403, "PUT", f"{HOME}secret.ics", taken, user="bob", content_type="text/calendar")
        target = f"{SITE}{HOME}secret.ics"
        self.expect(403, "COPY", f"{HOME}open.ics", user="bob", Destination=target)
        refused = self.expect(
            412, "PUT", f"{HOME}n.ics", self.lines("secret", *TIMES), user="bob", content_type="text/calendar"
        )
        self.assertNotIn(b"secret.ics", refused.body)
        self.assertIn(b"hush", self.expect(200, "GET", f"{HOME}secret.ics").body)

    def test_who_sees_not_all_people_keeps_them(self) -> None:
        self.share("bob", "mayReadItems", "mayWriteAll")
        path = f"{HOME}people.ics"
        seen = self.expect(200, "GET", path, user="bob").body.replace(b"SUMMARY:seen", b"SUMMARY:by bob")
        given = {"user": "bob", "content_type": "text/calendar", "prefer": "return=representation"}
        answer = self.expect(200, "PUT", path, seen, **given)
        self.check(answer.body.decode())
        self.expect(201, "MOVE", path, user="bob", Destination=f"{SITE}{HOME}moved.ics")
        text = self.expect(200, "GET", f"{HOME}moved.ics").body.decode()
        self.assertEqual([each in text for each in ("by bob", "hidden@x.test", "hideAttendees")], [True] * 3)

    def test_copies_are_of_what_is_seen(self) -> None:
        self.expect(207, "PROPFIND", "/dav/cal/bob%40example.test/", depth="0", user="bob")
        mine = "/dav/cal/bob%40example.test/"
        for name in ("private", "people"):
            self.expect(
                201,
                "COPY",
                f"{HOME}{name}.ics",
                user="bob",
                Destination=f"{SITE}{mine}default/{name}.ics",
            )
            self.check(self.expect(200, "GET", f"{mine}default/{name}.ics", user="bob").body.decode())
        self.expect(201, "COPY", HOME, user="bob", Destination=f"{SITE}{mine}all/", depth="infinity")
        names = self.properties(f"{mine}all/", "D:getetag", depth="1", user="bob")
        self.assertEqual(len(names), 4)
        for each in names:
            if each.endswith(".ics"):
                self.check(self.expect(200, "GET", each, user="bob").body.decode())
        self.expect(404, "GET", f"{mine}all/secret.ics", user="bob")
        self.share("bob", "mayReadItems", "mayWriteAll", "mayDelete")
        self.expect(403, "MOVE", HOME, user="bob", Destination=f"{SITE}{mine}taken/")

    def test_rights_are_told_as_they_are(self) -> None:
        held = Rights.READ | Rights.READ_ITEMS | Rights.MODIFY_ITEMS
        self.assertEqual(Discretion({1: "private"}).rights(1, held), Rights.READ | Rights.READ_ITEMS)
        self.assertEqual(Discretion({1: "hidden"}).rights(1, held), held)

    def test_files_of_private_events_are_nobodys(self) -> None:
        def put(content: bytes) -> Any:
            def work(tx: Transaction) -> str:
                blob = tx.blobs.put(content, NOW)
                tx.blobs.link(blob.hash, self.alice, uploader(self.alice), expires_at=NOW + 3600)
                return str(BlobId(blob.hash))

            return self.successResultOf(self.store.write(work))

        for privacy, status in (("private", 404), ("public", 200)):
            link = {"blobId": put(privacy.encode()), "title": "a.txt"}
            id = self.event(**EVENT, privacy=privacy, links={"a": link})
            (made,) = self.shown(id)["links"].values()
            self.expect(status, "GET", made["href"].removeprefix(SITE), user="bob")
            self.assertEqual(self.reads(link["blobId"]), status == 200)

    def reads(self, blob_id: str) -> bool:
        """Whether bob may read a blob of alice's account."""
        bob = Access(self.bob, "bob@example.test", None, frozenset())
        found = self.store.read(lambda tx: find_readable(tx, bob, self.alice, [blob_id], NOW))
        return bool(self.successResultOf(found))
