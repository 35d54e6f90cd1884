"""Attachments and people: the bin gives them back, and who is invited reads what the organizer has attached.

Tests ``stalwart.groupware.attaching`` and ``stalwart.groupware.attachments``.
"""

from __future__ import annotations

import hashlib

from stalwart.codec.icalendar.components import read_calendar
from stalwart.groupware import attaching, attachments
from stalwart.groupware.contacts import Contacts
from stalwart.groupware.restoring import Restoring
from stalwart.mail.messages.quota import Quotas
from stalwart.store import Transaction
from tests.codec.caldav.appendix_b import event
from tests.dav.world import ALICE, DavWorld
from tests.groupware.scheduling.world import SchedulingWorld

PATH = f"/dav/cal/{ALICE}/default/a.ics"
START = "DTSTART:20240101T100000Z"


def attach(world: DavWorld, content: bytes = b"words", path: str = PATH, status: int = 201, user: str = "alice") -> str:
    """Attach something to an event; the path of it."""
    made = world.expect(status, "POST", f"{path}?action=attachment-add", content, user=user)
    return made.headers.get("location", "").removeprefix("https://mail.example.test")


class BinTests(DavWorld):
    def test_what_is_restored_has_its_attachments(self) -> None:
        self.expect(201, "PUT", PATH, event("a", START))
        path = attach(self)
        used = self.text(PATH.removesuffix("a.ics"), "D:quota-used-bytes")
        body = self.expect(200, "GET", PATH).body
        self.expect(204, "DELETE", PATH)
        self.expect(404, "GET", path)
        now = int(self.clock.seconds())
        quotas = Quotas(self.settings, self.clock)
        restoring = Restoring(self.store, self.tools.events, Contacts(self.settings, quotas), quotas)
        (kept,) = self.successResultOf(self.store.read(lambda tx: tx.archive.kept(self.alice)))
        what = self.settle(restoring.prepare(self.alice, kept.id, now))
        self.successResultOf(self.store.write(lambda tx: restoring.restore(tx, self.alice, what, self.alice, now)))
        self.assertEqual(self.expect(200, "GET", PATH).body, body)
        self.assertEqual(self.expect(200, "GET", path).body, b"words")
        self.assertEqual(self.text(PATH.removesuffix("a.ics"), "D:quota-used-bytes"), used)

    def test_blobs_are_kept_while_an_event_holds_them(self) -> None:
        self.expect(201, "PUT", PATH, event("a", START))
        path, large = attach(self), attach(self, b"x" * 100_000)

        def sweep(tx: Transaction) -> int:
            return tx.blobs.sweep(int(self.clock.seconds()) + 10**6).blobs

        self.assertEqual(self.successResultOf(self.store.write(sweep)), 0)
        self.expect(200, "GET", path)
        self.expect(200, "GET", large)
        self.expect(204, "PUT", PATH, event("a", START))
        self.assertEqual(self.successResultOf(self.store.write(sweep)), 2)

    def test_records_are_read_as_they_are_written(self) -> None:
        held = {"x": attachments.Attachment(b"\1\2", 3, "text/plain", None)}
        self.assertEqual(attachments.held_in({"attachments": attachments.written(held)}), held)
        self.assertEqual(attachments.blobs_of({**held, "y": held["x"]}), {b"\1\2": 3})
        self.assertIsNone(attachments.written({}))
        self.assertEqual(attachments.held_in(None), {})
        self.assertGreater(attaching.MOST, 1)


class InvitedTests(SchedulingWorld):
    def test_attendees_have_what_the_organizer_attaches(self) -> None:
        people = ("ORGANIZER:mailto:alice@example.test", "ATTENDEE:mailto:alice@example.test")
        # within this century, whatever the clock of the test says
        meeting = event("a", "DTSTART:20900101T100000Z", *people, "ATTENDEE:mailto:carol@example.test")
        before = self.expect(201, "PUT", PATH, meeting).headers["schedule-tag"]
        made = self.expect(201, "POST", f"{PATH}?action=attachment-add", b"words", if_schedule_tag_match=before)
        path = made.headers["location"].removeprefix("https://mail.example.test")
        self.assertEqual(made.headers["schedule-tag"], self.text(PATH, "A:schedule-tag"))
        body = self.expect(200, "GET", PATH).body
        self.expect(204, "PUT", PATH, body.replace(b"ORGANIZER", b"ATTENDEE:mailto:bob@example.test\r\nORGANIZER", 1))
        (theirs,) = self.names("bob")
        octets = self.expect(200, "GET", theirs, user="bob").body
        (line,) = read_calendar(octets).components[-1].all("ATTACH")
        self.assertEqual(line.value, made.headers["location"])
        self.assertEqual(self.expect(200, "GET", path, user="bob").body, b"words")
        # Bob holds nothing of it, and cannot take it away.
        digest = hashlib.sha256(b"words").digest()
        self.assertEqual(self.successResultOf(self.store.read(lambda tx: tx.blobs.links(digest, self.bob, 0))), [])
        id = made.headers["cal-managed-id"]
        self.expect(403, "POST", f"{theirs}?action=attachment-remove&managed-id={id}", user="bob")
        self.expect(204, "POST", f"{PATH}?action=attachment-remove&managed-id={id}")
        self.expect(404, "GET", path, user="bob")
