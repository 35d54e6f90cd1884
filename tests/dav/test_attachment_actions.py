"""Attachments are put to events, replaced and removed by POST (RFC 8607 3)."""

from __future__ import annotations

import hashlib
from typing import Any

from stalwart.codec.icalendar.components import read_calendar
from stalwart.codec.icalendar.lines import Property
from stalwart.config.collaboration.file_storage import FileStorage
from stalwart.dav import attachment_actions
from stalwart.groupware import attaching
from stalwart.store import Transaction
from tests.codec.caldav.appendix_b import event
from tests.dav.limits import limit
from tests.dav.world import ALICE, BOB, DavWorld, conditions
from tests.web.client import Response

CALENDAR = f"/dav/cal/{ALICE}/default/"
PATH = f"{CALENDAR}a.ics"
SERIES = event("a", "DTSTART:20240101T100000Z", "RRULE:FREQ=DAILY;COUNT=5")
NAMED = 'attachment; filename="agenda.html"'


def path_of(url: str) -> str:
    """The path of an attachment."""
    return url.removeprefix("https://mail.example.test")


class AttachmentActionTests(DavWorld):
    def setUp(self) -> None:
        super().setUp()
        self.expect(201, "PUT", PATH, SERIES)

    def post(self, status: int, query: str, body: bytes = b"", path: str = PATH, **fields: Any) -> Response:
        return self.expect(status, "POST", f"{path}?action={query}", body, **fields)

    def add(self, body: bytes = b"<p>Agenda</p>", query: str = "attachment-add", **fields: Any) -> Response:
        fields = {"content_type": "text/html; charset=utf-8", "content_disposition": NAMED, **fields}
        return self.post(201, query, body, **fields)

    def lines(self, path: str = PATH) -> list[Property]:
        calendar = read_calendar(self.expect(200, "GET", path).body)
        return [item for part in calendar.components for item in part.all("ATTACH")]

    def links(self, content: bytes) -> int:
        def work(tx: Transaction) -> int:
            return len(tx.blobs.links(hashlib.sha256(content).digest(), self.alice, int(self.clock.seconds())))

        return self.successResultOf(self.store.read(work))

    def used(self) -> int:
        return int(self.text(CALENDAR, "D:quota-used-bytes") or "")

    def test_what_is_added_is_told_and_read(self) -> None:
        made = self.add()
        id = made.headers["cal-managed-id"]
        (line,) = self.lines()
        self.assertEqual((line.value, line.parameter("MANAGED-ID")), (made.headers["location"], id))
        told = (line.parameter("FMTTYPE"), line.parameter("SIZE"), line.parameter("FILENAME"))
        self.assertEqual(told, ("text/html", "13", "agenda.html"))
        self.assertEqual(made.headers["etag"], self.text(PATH, "D:getetag"))
        got = self.expect(200, "GET", path_of(line.value))
        self.assertEqual((got.body, got.headers["content-type"]), (b"<p>Agenda</p>", "text/html"))
        self.assertEqual(attachment_actions.ADD, "attachment-add")

    def test_what_was_kept_is_given_where_it_is_preferred(self) -> None:
        made = self.add(prefer="return=representation")
        self.assertEqual(made.body, self.expect(200, "GET", PATH).body)
        self.assertEqual(made.headers["content-location"], PATH)
        id = made.headers["cal-managed-id"]
        query = f"attachment-remove&managed-id={id}"
        removed = self.post(200, query, prefer="return=representation")
        self.assertEqual(removed.body, SERIES)
        self.assertNotIn("cal-managed-id", removed.headers)

    def test_names_and_types_that_are_odd(self) -> None:
        for disposition, expected in (
            ("attachment; filename*=UTF-8''W%C3%B6rter.txt", "Wörter.txt"),
            ('attachment; filename="C:\\\\x\\\\..\\\\a.txt"', "a.txt"),
            ('attachment; filename="../.."', None),
            ("inline", None),
            ("", None),
        ):
            made = self.add(content_type="no type", content_disposition=disposition)
            line = self.lines()[-1]
            self.assertEqual((line.parameter("FILENAME"), line.parameter("FMTTYPE")), (expected, None))
            self.expect(200, "GET", path_of(made.headers["location"]))

    def test_updating(self) -> None:
        first = self.add().headers["cal-managed-id"]
        updated = self.post(204, f"attachment-update&managed-id={first}", b"new", content_type="text/plain")
        second = updated.headers["cal-managed-id"]
        (line,) = self.lines()
        self.assertNotEqual(first, second)
        self.assertEqual((line.parameter("MANAGED-ID"), line.parameter("SIZE")), (second, "3"))
        self.assertEqual((line.parameter("FILENAME"), line.value.rpartition("/")[2]), ("agenda.html", "agenda.html"))
        self.assertEqual((self.links(b"<p>Agenda</p>"), self.links(b"new")), (0, 1))
        self.assertEqual(self.expect(200, "GET", path_of(line.value)).body, b"new")
        gone = self.post(403, f"attachment-update&managed-id={first}", b"new")
        self.assertEqual(conditions(gone), ["A:valid-managed-id-parameter"])
        query = f"attachment-update&managed-id={second}"
        self.post(204, query, b"newer", content_disposition="attachment; filename=minutes.txt")
        self.assertEqual([each.parameter("FILENAME") for each in self.lines()], ["minutes.txt"])

    def test_instances(self) -> None:
        id = self.add(query="attachment-add&rid=20240102T100000Z").headers["cal-managed-id"]
        calendar = read_calendar(self.expect(200, "GET", PATH).body)
        self.assertEqual([part.has("ATTACH") for part in calendar.components], [False, True])
        self.assertEqual(calendar.components[1].value("RECURRENCE-ID"), "20240102T100000Z")
        for wrong in ("20250102T100000Z", "x", "M,,"):
            refused = self.post(403, f"attachment-add&rid={wrong}", b"x")
            self.assertEqual(conditions(refused), ["A:valid-rid-parameter"])
        refused = self.post(403, f"attachment-update&managed-id={id}&rid=M", b"x")
        self.assertEqual(conditions(refused), ["A:valid-rid-parameter"])
        self.post(204, f"attachment-remove&managed-id={id}&rid=20240102T100000Z")
        self.assertEqual((self.lines(), self.links(b"<p>Agenda</p>")), ([], 0))

    def test_parameters(self) -> None:
        id = self.add().headers["cal-managed-id"]
        for query, expected in (
            ("attachment-move", "A:valid-action-parameter"),
            (f"attachment-add&managed-id={id}", "A:valid-managed-id-parameter"),
            ("attachment-update", "A:valid-managed-id-parameter"),
            ("attachment-remove", "A:valid-managed-id-parameter"),
            ("attachment-remove&managed-id=97S", "A:valid-managed-id-parameter"),
        ):
            self.assertEqual(conditions(self.post(403, query, b"x")), [expected], query)
        self.post(404, "attachment-add", b"x", f"{CALENDAR}none.ics")

    def test_conditions_and_rights(self) -> None:
        etag = self.text(PATH, "D:getetag") or ""
        self.post(412, "attachment-add", b"x", if_match='"other"')
        self.post(412, "attachment-add", b"x", if_schedule_tag_match='"1"')
        self.add(if_match=etag)
        self.post(403, "attachment-add", b"x", user="bob")
        self.post(404, "attachment-add", b"x", f"/dav/cal/{BOB}/default/a.ics", user="bob")
        self.grant_bob("<D:privilege><D:write-content/></D:privilege>")
        added = self.add(user="bob", prefer="return=representation")
        self.assertEqual((added.body, added.headers.get("preference-applied")), (b"", None))

    def test_limits(self) -> None:
        limit(self, FileStorage, maxSize=5)
        self.add(b"12345")
        for fields in ({}, {"transfer_encoding": "chunked"}):
            body = b"6\r\n123456\r\n0\r\n\r\n" if fields else b"123456"
            refused = self.post(403, "attachment-add", body, **fields)
            self.assertEqual(conditions(refused), ["A:max-attachment-size"])
        self.patch(attaching, "MOST", 1)
        self.assertEqual(conditions(self.post(403, "attachment-add", b"x")), ["A:max-attachments-per-resource"])

    def test_they_count_for_the_quota(self) -> None:
        before = self.used()
        size = len(SERIES)
        self.add(b"x" * 500)
        event_size = len(self.expect(200, "GET", PATH).body)
        self.assertEqual(self.used(), before - size + event_size + 500)
        self.patch_account(self.alice, {"quotas": {"maxDiskQuota": self.used() + 100}})
        refused = self.post(412, "attachment-add", b"y" * 200)
        self.assertEqual(conditions(refused), ["D:quota-not-exceeded"])
        self.assertEqual((len(self.lines()), self.links(b"y" * 200)), (1, 0))
        self.expect(204, "DELETE", PATH)
        self.assertEqual(self.used(), before - size)

    def test_large_ones_go_through_files(self) -> None:
        content = bytes(range(256)) * 1024
        made = self.add(content)
        got = self.expect(206, "GET", path_of(made.headers["location"]), Range="bytes=255-257")
        self.assertEqual(got.body, b"\xff\x00\x01")
        self.assertEqual(self.expect(200, "GET", path_of(made.headers["location"])).body, content)

    def test_put_releases_keeps_and_takes_over(self) -> None:
        made = self.add()
        line = self.lines()[0].raw.replace("\n", "\r\n").encode()
        body = self.expect(200, "GET", PATH).body
        self.expect(204, "PUT", PATH, body.replace(b"COUNT=5", b"COUNT=6"))
        self.assertEqual(self.links(b"<p>Agenda</p>"), 1)
        other = event("b", "DTSTART:20240101T100000Z").replace(b"END:VEVENT", line + b"\r\nEND:VEVENT")
        self.expect(201, "PUT", f"{CALENDAR}b.ics", other)
        self.assertEqual(self.links(b"<p>Agenda</p>"), 2)
        self.expect(204, "PUT", PATH, SERIES)
        self.assertEqual(self.links(b"<p>Agenda</p>"), 1)
        self.expect(200, "GET", path_of(made.headers["location"]))
        self.expect(204, "DELETE", f"{CALENDAR}b.ics")
        self.expect(404, "GET", path_of(made.headers["location"]))

    def test_put_with_names_that_mean_nothing_here(self) -> None:
        unknown = "ATTACH;MANAGED-ID=97S:https://elsewhere.test/97S"
        octets = event("c", "DTSTART:20240101T100000Z", unknown)
        self.expect(201, "PUT", f"{CALENDAR}c.ics", octets)
        self.assertEqual(self.expect(200, "GET", f"{CALENDAR}c.ics").body, octets)
        self.post(403, "attachment-remove&managed-id=97S", b"", f"{CALENDAR}c.ics")
        # What others have attached cannot be had by naming it.
        made = self.add()
        line = self.lines()[0].raw.replace("\n", "\r\n").encode()
        theirs = event("d", "DTSTART:20240101T100000Z").replace(b"END:VEVENT", line + b"\r\nEND:VEVENT")
        self.expect(201, "PUT", f"/dav/cal/{BOB}/default/d.ics", theirs, user="bob")
        self.expect(404, "GET", path_of(made.headers["location"]), user="bob")

    def test_copies_and_moves(self) -> None:
        made = self.add()
        path = path_of(made.headers["location"])
        self.expect(201, "MKCALENDAR", f"/dav/cal/{ALICE}/other/")
        self.expect(201, "COPY", PATH, destination=f"/dav/cal/{ALICE}/other/a.ics")
        self.expect(204, "DELETE", PATH)
        self.expect(200, "GET", path)
        self.expect(201, "MOVE", f"/dav/cal/{ALICE}/other/a.ics", destination=PATH)
        self.expect(200, "GET", path)
        # Another account has it for itself.
        staff = "/dav/cal/staff%40example.test/default/"
        self.expect(404, "GET", path, user="bob")
        self.expect(207, "PROPFIND", staff, "<D:propfind><D:allprop/></D:propfind>", user="bob", depth="0")
        self.grant_bob()
        self.expect(201, "COPY", PATH, destination=f"{staff}a.ics", user="bob")
        self.grant_bob("")
        self.expect(200, "GET", path, user="bob")
        self.expect(204, "DELETE", PATH)
        self.expect(200, "GET", path, user="bob")
        self.expect(404, "GET", path)

    def test_copies_count_for_the_quota_with_what_is_attached(self) -> None:
        self.add(b"x" * 5000)
        self.grant_bob()
        bobs = f"/dav/cal/{BOB}/default/"
        self.properties(bobs, "D:getetag", user="bob")
        self.patch_account(self.bob, {"quotas": {"maxDiskQuota": 5000}})
        refused = self.expect(412, "COPY", PATH, destination=f"{bobs}a.ics", user="bob")
        self.assertEqual(conditions(refused), ["D:quota-not-exceeded"])
        self.patch_account(self.bob, {"quotas": {"maxDiskQuota": 6000}})
        self.expect(201, "COPY", PATH, destination=f"{bobs}a.ics", user="bob")

    def grant_bob(self, privilege: str = "<D:privilege><D:read/></D:privilege>") -> None:
        """Give bob a right on the calendar, or take it."""
        who = f"<D:principal><D:href>/dav/pal/{BOB}/</D:href></D:principal>"
        ace = f"<D:ace>{who}<D:grant>{privilege}</D:grant></D:ace>" if privilege else ""
        self.expect(200, "ACL", CALENDAR, f"<D:acl>{ace}</D:acl>")
