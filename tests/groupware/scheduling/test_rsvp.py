"""Answers by links: what a link is good for, and what an answer changes."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

from twisted.internet.defer import Deferred

from stalwart.codec.sealing import Sealer
from stalwart.config.collaboration.scheduling import CalendarScheduling
from stalwart.groupware.calendar_objects import CalendarObjects
from stalwart.groupware.homes import Home
from stalwart.groupware.kinds import CALENDARS
from stalwart.groupware.resources import locate
from stalwart.groupware.scheduling.rsvp import LONGEST_LINK, MAILED, NoAnswer, Problem, Rsvp
from stalwart.groupware.traits import SCHEDULE_TAG
from stalwart.groupware.viewers import Viewer
from stalwart.mail.messages.quota import Quotas
from stalwart.store import Transaction
from stalwart.store.collection_rows import Member
from tests.directory.world import World
from tests.groupware.scheduling.events import INVITED, octets

BOB = "bob@example.test"


class Key:
    """A master key."""

    text = "key of the tests"


class RsvpWorld(World):
    """An account alice with a lunch to which bob is invited."""

    event = octets("SUMMARY:Lunch", INVITED, "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT5M\nEND:VALARM")

    def setUp(self) -> None:
        super().setUp()
        self.alice = self.user("alice")
        self.objects = CalendarObjects(self.settings, Quotas(self.settings, self.clock))
        base = "https://mail.example.test"
        self.rsvp = Rsvp(self.store, self.settings, Sealer(Key()), self.objects, base, self.clock)
        self.item = self.keep(self.event).item_id
        self.token = self.token_of(self.item)

    def keep(self, text: bytes, name: str = "lunch.ics") -> Member:
        """Put an object into a calendar of alice, with a Schedule-Tag."""

        def work(tx: Transaction) -> Member:
            if not tx.collections.named(self.alice, CALENDARS.home, ["work"]):
                tx.collections.create(self.alice, CALENDARS.type, CALENDARS.home, "work", now=1)
            found = locate(tx, Viewer(self.alice), CALENDARS, Home(self.alice, ""), ("work", name))
            examined = self.objects.examine(text, int(self.clock.seconds()))
            kept = self.objects.put(tx, found, examined, user_id=self.alice, now=1)
            data = {SCHEDULE_TAG: 7}
            return tx.collections.update(self.alice, kept.member.item_id, now=1, data=data, mark=kept.member.mark)

        return self.successResultOf(self.store.write(work))

    def token_of(self, event: int | str, attendee: str = BOB) -> str:
        """The ``i`` of a link."""
        links = self.rsvp.links_for(self.alice, event, attendee)
        assert links is not None
        return parse_qs(urlsplit(links["ACCEPTED"]).query)["i"][0]

    def stored(self) -> tuple[Member, str, Any]:
        """The member, its text and its Schedule-Tag."""

        def work(tx: Transaction) -> tuple[Member, str, Any]:
            (member,) = tx.collections.places(self.alice, self.item)
            text = tx.collections.octets(self.alice, self.item) or b""
            row = tx.objects.get(self.alice, self.item)
            return member, text.decode(), (row.data or {}).get(SCHEDULE_TAG) if row is not None else None

        return self.successResultOf(self.store.read(work))

    def scheduling(self, **members: Any) -> None:
        """Other settings."""
        self.settle(self.settings.change(CalendarScheduling, members))

    def problem(self, work: Any) -> Problem:
        """Why something is not answered."""
        none: NoAnswer = self.failureResultOf(Deferred.fromCoroutine(work), NoAnswer).value
        return none.problem


class LinkTests(RsvpWorld):
    def test_links_lead_to_the_page_with_an_answer_each(self) -> None:
        links = self.rsvp.links_for(self.alice, self.item, BOB)
        assert links is not None
        self.assertEqual(tuple(links), MAILED)
        for answer, url in links.items():
            parts = urlsplit(url)
            self.assertEqual((parts.scheme, parts.netloc, parts.path), ("https", "mail.example.test", "/calendar/rsvp"))
            self.assertEqual(parse_qs(parts.query)["m"], [answer])

    def test_another_page_may_be_set_and_none(self) -> None:
        self.scheduling(httpRsvpUrl="https://else.test/x?y=1")
        links = self.rsvp.links_for(self.alice, self.item, BOB) or {}
        self.assertTrue(links["DECLINED"].startswith("https://else.test/x?y=1&i="), links)
        self.scheduling(httpRsvpEnable=False)
        self.assertIsNone(self.rsvp.links_for(self.alice, self.item, BOB))
        self.assertEqual(self.problem(self.rsvp.look(self.token)), Problem.MALFORMED)

    def test_links_end(self) -> None:
        self.scheduling(httpRsvpLinkExpiry=60_000)
        token = self.token_of(self.item)
        self.clock.advance(59)
        self.settle(self.rsvp.look(token))
        self.clock.advance(2)
        self.assertEqual(self.problem(self.rsvp.look(token)), Problem.MALFORMED)
        self.assertEqual(self.problem(self.rsvp.record(token, "ACCEPTED")), Problem.MALFORMED)

    def test_no_link_is_for_ever(self) -> None:
        self.scheduling(httpRsvpLinkExpiry=10**15)
        token = self.token_of(self.item)
        self.clock.advance(LONGEST_LINK - 1)
        self.settle(self.rsvp.look(token))
        self.clock.advance(1)
        self.assertEqual(self.problem(self.rsvp.look(token)), Problem.MALFORMED)

    def test_what_is_no_link_is_refused(self) -> None:
        other = Sealer(Key()).seal("token", b"[1]")
        for token in ("", "xx", self.token[:-2], self.token.swapcase(), other, "a" * 10_000):
            self.assertEqual(self.problem(self.rsvp.look(token)), Problem.MALFORMED, token[:40])

    def test_an_event_that_is_not_written_yet_goes_by_its_uid(self) -> None:
        self.assertEqual(self.settle(self.rsvp.look(self.token_of("lunch-1"))).attendee, BOB)
        self.assertEqual(self.problem(self.rsvp.look(self.token_of("lunch-2"))), Problem.GONE)


class AnswerTests(RsvpWorld):
    def test_an_answer_is_recorded_and_nothing_else_changes(self) -> None:
        before, _, tag = self.stored()
        asked = self.settle(self.rsvp.record(self.token, "accepted"))
        self.assertEqual((asked.answer, asked.attendee), ("ACCEPTED", BOB))
        after, text, tag_after = self.stored()
        self.assertIn(
            "PARTSTAT=ACCEPTED;RSVP=TRUE;X-SCHEDULE-ANSWERED=0-20270115T080000Z:mailto:bob@", text.replace("\r\n ", "")
        )
        self.assertNotEqual(before.etag, after.etag)
        self.assertEqual((tag, tag_after), (7, 7))
        self.assertEqual((after.segment, after.collection_id), (before.segment, before.collection_id))

    def test_the_same_answer_again_changes_nothing_and_another_one_does(self) -> None:
        self.settle(self.rsvp.record(self.token, "DECLINED"))
        first = self.stored()[0]
        self.assertEqual(self.settle(self.rsvp.record(self.token, "DECLINED")).answer, "DECLINED")
        self.assertEqual(self.stored()[0].etag, first.etag)
        self.assertEqual(self.settle(self.rsvp.record(self.token, "TENTATIVE")).answer, "TENTATIVE")

    def test_looking_changes_nothing(self) -> None:
        before = self.stored()[0]
        asked = self.settle(self.rsvp.look(self.token))
        self.assertEqual((asked.answer, asked.kind, asked.answers), ("NEEDS-ACTION", "VEVENT", MAILED))
        self.assertEqual(self.stored()[0], before)

    def test_what_is_no_answer(self) -> None:
        for answer in ("", "PERHAPS", "NEEDS-ACTION", "COMPLETED"):
            self.assertEqual(self.problem(self.rsvp.record(self.token, answer)), Problem.MALFORMED, answer)

    def test_tasks_can_be_done(self) -> None:
        self.item = self.keep(octets(INVITED, kind="VTODO").replace(b"lunch-1", b"task-1"), "task.ics").item_id
        asked = self.settle(self.rsvp.record(self.token_of(self.item), "COMPLETED"))
        self.assertEqual((asked.kind, asked.answer), ("VTODO", "COMPLETED"))

    def test_who_is_invited_no_more(self) -> None:
        stranger = self.token_of(self.item, "eve@example.test")
        self.assertEqual(self.problem(self.rsvp.look(stranger)), Problem.STRANGER)
        self.assertEqual(self.problem(self.rsvp.record(stranger, "ACCEPTED")), Problem.STRANGER)

    def test_an_event_that_is_gone(self) -> None:
        member = self.stored()[0]
        self.successResultOf(
            self.store.write(lambda tx: tx.collections.remove(self.alice, member.collection_id, member.segment, now=2))
        )
        self.assertEqual(self.problem(self.rsvp.look(self.token)), Problem.GONE)
        self.assertEqual(self.problem(self.rsvp.record(self.token, "ACCEPTED")), Problem.GONE)

    def test_a_write_meanwhile_is_not_lost(self) -> None:
        examined_anew = self.objects.examined_anew
        others = [self.event.replace(b"SUMMARY:Lunch", b"SUMMARY:Dinner")]

        def interrupted(calendar: Any, now: int) -> Any:
            if others:
                self.keep(others.pop())
            return examined_anew(calendar, now)

        self.patch(self.objects, "examined_anew", interrupted)
        self.settle(self.rsvp.record(self.token, "ACCEPTED"))
        text = self.stored()[1]
        self.assertIn("SUMMARY:Dinner", text)
        self.assertIn("PARTSTAT=ACCEPTED;RSVP=TRUE", text)


class CopyTests(RsvpWorld):
    def test_guests_get_what_they_are_invited_to(self) -> None:
        board = octets(
            "RECURRENCE-ID;TZID=Europe/Berlin:20260106T120000",
            *("SUMMARY:Board", "ORGANIZER:mailto:alice@example.test", "ATTENDEE:mailto:carol@example.test"),
            start="DTSTART;TZID=Europe/Berlin:20260106T150000",
        )
        part = board[board.index(b"BEGIN:VEVENT") : board.index(b"END:VCALENDAR")]
        series = octets("SUMMARY:Lunch", "RRULE:FREQ=DAILY;COUNT=5", INVITED)
        self.keep(series.replace(b"END:VCALENDAR", part + b"END:VCALENDAR"))
        bobs = self.settle(self.rsvp.look(self.token)).calendar.text()
        self.assertIn("EXDATE;TZID=Europe/Berlin:20260106T120000", bobs)
        for word in ("Board", "carol"):
            self.assertNotIn(word, bobs)
        carols = self.settle(self.rsvp.look(self.token_of(self.item, "carol@example.test")))
        for word in ("Lunch", "COUNT=5", "bob"):
            self.assertNotIn(word, carols.calendar.text())
        self.assertIn("BEGIN:VTIMEZONE", bobs)
        asked = self.settle(self.rsvp.record(self.token_of(self.item, "carol@example.test"), "DECLINED"))
        self.assertEqual((asked.answer, asked.calendar.value("METHOD")), ("DECLINED", None))
