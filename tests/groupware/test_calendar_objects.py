"""Calendar objects are examined before they are written, and written with what they are found by."""

from __future__ import annotations

from typing import Any

from stalwart.groupware import calendar_objects as module
from stalwart.groupware.calendar_objects import CalendarObjects, Examined, Writing, is_small
from stalwart.groupware.kinds import CALENDARS
from stalwart.groupware.resources import Resource, locate
from stalwart.groupware.traits import SCHEDULE_TAG
from stalwart.groupware.viewers import Viewer
from stalwart.groupware.violations import Rule, Violation
from stalwart.mail.messages.quota import Quotas
from stalwart.store import Transaction
from stalwart.store.collection_rows import Member
from tests.codec.caldav.appendix_b import OBJECTS, event
from tests.dav.world import ALICE, DavWorld

NOW = 1_136_073_600  # 2006-01-01
INVITING = ("ORGANIZER:mailto:alice@example.test", "ATTENDEE:mailto:bob@example.test", "SUMMARY:Über uns")


class _Scheduler:
    """Counts what it is asked, and answers with another text."""

    def __init__(self, objects: CalendarObjects) -> None:
        self.objects = objects
        self.seen: list[Writing] = []

    def writing(self, tx: Transaction, writing: Writing) -> Examined:
        self.seen.append(writing)
        writing.data[SCHEDULE_TAG] = len(self.seen)
        calendar = writing.after.calendar.copy()
        calendar.components[0].set("SEQUENCE", str(len(self.seen)))
        return self.objects.examined_anew(calendar, writing.now)

    def removing(
        self, tx: Transaction, found: Resource, member: Member, user_id: int, now: int, *, sends_reply: bool
    ) -> None:
        """Not asked here."""

    def leaving(
        self, tx: Transaction, found: Resource, member: Member, to: int, user_id: int, now: int, *, sends_reply: bool
    ) -> None:
        """Not asked here."""


class CalendarObjectsTests(DavWorld):
    def setUp(self) -> None:
        super().setUp()
        self.objects = CalendarObjects(self.settings, Quotas(self.settings, self.clock))
        self.expect(207, "PROPFIND", f"/dav/cal/{ALICE}/", depth="0")

    def put(self, octets: bytes, name: str = "a.ics") -> Any:
        given = self.objects.examine(octets, NOW)

        def work(tx: Transaction) -> Any:
            home = self.tools.homes.get(tx, self.alice)
            assert home is not None
            found: Resource = locate(tx, Viewer(self.alice), CALENDARS, home, ("default", name))
            return self.objects.put(tx, found, given, user_id=self.alice, now=NOW)

        return self.successResultOf(self.store.write(work))

    def read(self, work: Any) -> Any:
        return self.successResultOf(self.store.read(work))

    def test_what_is_small(self) -> None:
        one = OBJECTS["abcd1.ics"]
        self.assertTrue(is_small(one))
        self.assertTrue(is_small(event("a", "SUMMARY:x")))
        self.assertFalse(is_small(OBJECTS["abcd2.ics"]))
        self.assertFalse(is_small(one.replace(b"TZID:US/Eastern", b"TZID:Nowhere")))
        self.assertFalse(is_small(one.replace(b"TZID:US", b"X-TZID:US")))
        self.assertFalse(is_small(b"x" * (module.SMALL + 1)))

    def test_text_that_is_no_text_is_mended(self) -> None:
        folded = event("a", "SUMMARY:ä").replace("ä".encode(), b"\xc3\r\n \xa4")
        given = self.objects.examine(folded, NOW)
        self.assertEqual(given.octets, event("a", "SUMMARY:ä"))
        self.assertEqual(given.facts.summary, "ä")
        controls = self.objects.examine(event("a", "SUMMARY:a\x07b"), NOW)
        self.assertEqual(controls.octets, event("a", "SUMMARY:ab"))

    def test_what_is_refused_has_a_rule(self) -> None:
        for octets, rule in (
            (b"x" * 600_000, Rule.TOO_LARGE),
            (b"words", Rule.UNREADABLE),
            (event("", "SUMMARY:x"), Rule.WRONG_OBJECT),
        ):
            error = self.assertRaises(Violation, self.objects.examine, octets, NOW)
            self.assertIs(error.rule, rule)
            self.assertTrue(error.detail)

    def test_the_next_alarm_is_known(self) -> None:
        self.put(OBJECTS["abcd5.ics"])
        self.assertEqual(self.read(lambda tx: tx.collections.next_alarm()), 1_136_566_200)

    def test_found_by_texts_and_people(self) -> None:
        item = self.put(event("a", *INVITING)).member
        for name, condition in (
            ("summary", ("*", "ber uns")),
            ("organizer", ("=", "alice@example.test")),
            ("attendee", ("^", "bob@")),
        ):
            found = self.read(
                lambda tx, name=name, condition=condition: tx.collections.matching(
                    self.alice, item.collection_id, name, [condition], every=True
                )
            )
            self.assertEqual(found, {item.item_id}, name)

    def test_who_looks_after_invitations_is_asked(self) -> None:
        scheduler = self.objects.scheduler = _Scheduler(self.objects)
        self.assertIsNone(self.put(event("b", "SUMMARY:alone"), "b.ics").schedule_tag)
        self.assertEqual(scheduler.seen, [])
        kept = self.put(event("a", *INVITING))
        self.assertEqual((kept.is_new, kept.schedule_tag), (True, 1))
        self.assertIn(b"SEQUENCE:1\r\n", kept.octets)
        octets = self.read(lambda tx: tx.collections.octets(self.alice, kept.member.item_id))
        self.assertEqual(octets, kept.octets)
        # Nobody is invited any more: it hears of that too.
        again = self.put(event("a", "SUMMARY:alone"))
        self.assertEqual((again.is_new, again.schedule_tag), (False, 2))
        self.assertEqual(scheduler.seen[1].before, kept.octets)
        same = self.put(again.octets)
        self.assertEqual((same.member.etag, same.schedule_tag), (again.member.etag, 2))
        self.assertEqual(len(scheduler.seen), 2)
