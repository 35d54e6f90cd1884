"""REPLY at the organizer; more of it is in ``cases``."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.icalendar.components import Component
from stalwart.codec.itip.answering import reply
from stalwart.codec.itip.objects import read_object
from stalwart.codec.itip.outcomes import Applied, Ignored, Options, Reason, TooLarge
from stalwart.codec.itip.participants import ANSWERED
from tests.codec.itip.scripts import NOW, calendar, valid

OPTIONS = Options(frozenset({"o@example.com"}), NOW)
HEAD = "UID:u\nORGANIZER:mailto:o@example.com\n"
SERIES = "DTSTART:20270601T150000Z\nRRULE:FREQ=DAILY\nSEQUENCE:4\n"
INVITED = "ATTENDEE;RSVP=TRUE;CN=A:mailto:a@example.com\nATTENDEE:mailto:b@example.com\n"


def objects(*parts: str, kind: str = "VEVENT") -> Component:
    """A calendar object of o's."""
    return calendar("".join(f"BEGIN:{kind}\n{HEAD}{each}\nEND:{kind}\n" for each in parts))


def answered(stored: Component, *parts: str, kind: str = "VEVENT", options: Options = OPTIONS) -> Applied | Ignored:
    """What a's REPLY comes to."""
    present = read_object(stored)
    return reply(read_object(objects(*parts, kind=kind), present), present, "a@example.com", options)


def attendees_of(applied: Applied | Ignored) -> list[str]:
    """The attendees of the first component."""
    assert isinstance(applied, Applied) and applied.calendar is not None
    found = valid(applied.calendar).components[0].all("ATTENDEE")
    return [each.without_parameters(ANSWERED).line for each in found]


def delegation(*names: str) -> str:
    """What a says who sends others."""
    to = ",".join(f'"mailto:{name}@example.com"' for name in names)
    return f"ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO={to}:mailto:a@example.com"


class ReplyTests(SynchronousTestCase):
    def test_what_is_taken_over(self) -> None:
        for said, expected in (
            (";PARTSTAT=ACCEPTED", ";CN=A;PARTSTAT=ACCEPTED;SCHEDULE-STATUS=2.0"),
            (";PARTSTAT=ACCEPTED;RSVP=TRUE", ";CN=A;RSVP=TRUE;PARTSTAT=ACCEPTED;SCHEDULE-STATUS=2.0"),
            (";PARTSTAT=x-maybe;X-A=b;ROLE=CHAIR;CN=Z", ";CN=A;PARTSTAT=X-MAYBE;SCHEDULE-STATUS=2.0"),
            ("", ";CN=A;PARTSTAT=NEEDS-ACTION;SCHEDULE-STATUS=2.0"),
        ):
            applied = answered(objects(SERIES + INVITED), f"ATTENDEE{said}:mailto:A@example.com")
            self.assertEqual(attendees_of(applied)[0], f"ATTENDEE{expected}:mailto:a@example.com")

    def test_statuses(self) -> None:
        for lines, expected in (
            (
                "REQUEST-STATUS:3.7;Invalid\nREQUEST-STATUS:2.8.1;x\nREQUEST-STATUS:9.9;x\nREQUEST-STATUS:oh",
                '"3.7,2.8.1"',
            ),
            ("REQUEST-STATUS:2.0", "2.0"),
        ):
            applied = answered(objects(SERIES + INVITED), f"{lines}\nATTENDEE;PARTSTAT=DECLINED:mailto:a@example.com")
            self.assertIn(f"SCHEDULE-STATUS={expected}:", attendees_of(applied)[0])

    def test_delegates_are_added_once_and_few(self) -> None:
        named = ",".join(f'"mailto:{"b" if not number else f"d{number}"}@example.com"' for number in range(15))
        mine = f"ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO={named}:mailto:a@example.com\n"
        other = "ATTENDEE;SCHEDULE-AGENT=NONE;CN=D:mailto:d1@example.com"
        found = attendees_of(answered(objects(SERIES + INVITED), mine + other))
        self.assertEqual(len(found), 2 + 9)
        asked = 'ATTENDEE;DELEGATED-FROM="mailto:a@example.com";PARTSTAT=NEEDS-ACTION;RSVP=TRUE'
        self.assertEqual(found[2], f"{asked};CN=D:mailto:d1@example.com")
        self.assertEqual(found[3], f"{asked}:mailto:d2@example.com")

    def test_other_delegates_take_the_place_of_the_first(self) -> None:
        stored = objects(SERIES + INVITED)
        for turn in range(3):
            for count in (1, 10):
                applied = answered(stored, delegation(*(f"d{turn}-{number}" for number in range(count))))
                assert isinstance(applied, Applied) and applied.calendar is not None
                stored = applied.calendar
                found = attendees_of(applied)
                self.assertEqual((len(found), found[2].rpartition(":")[2]), (2 + count, f"d{turn}-0@example.com"))
        self.assertEqual(answered(stored, delegation(*(f"d2-{number}" for number in range(10)))).__class__, Ignored)
        # Who was invited by somebody else stays.
        self.assertEqual(len(attendees_of(answered(stored, delegation("b")))), 2)

    def test_delegates_of_all_instances_are_few(self) -> None:
        days = [f"RECURRENCE-ID:202706{day:02}T150000Z\n" for day in range(2, 12)]
        each = [day + delegation(*(f"{index}-{n}" for n in range(4))) for index, day in enumerate(days)]
        stored = objects(SERIES + INVITED)
        for parts in (each, each[5:], [each[9].replace("9-", "x-")], [delegation("y")]):
            applied = answered(stored, *parts)
            if isinstance(applied, Applied):
                assert applied.calendar is not None
                stored = applied.calendar
        people = read_object(valid(stored)).invited()
        self.assertEqual(len(people), 2 + 10)

    def test_delegates_leave_room_for_the_organizer(self) -> None:
        guests = "".join(f"ATTENDEE:mailto:g{number}@example.com\n" for number in range(5))
        said = delegation(*(f"d{number}" for number in range(9)))
        options = Options(OPTIONS.addresses, NOW, max_recipients=10)
        self.assertEqual(len(attendees_of(answered(objects(SERIES + INVITED + guests), said, options=options))), 9)
        sent = "".join(f'ATTENDEE;DELEGATED-FROM="mailto:b@example.com":mailto:g{n}@example.com\n' for n in range(47))
        self.assertEqual(len(attendees_of(answered(objects(SERIES + INVITED + sent), said))), 2 + 50)

    def test_answers_that_come_late_do_not_count(self) -> None:
        stored = objects(SERIES + INVITED)
        here = "DTSTART;TZID=Europe/Berlin:20270601T170000\n"
        for sequence, stamp, rest, expected, order in (
            (3, "20260901T000000Z", "DTSTART:20270531T150000Z\n", None, ""),
            (3, "20260901T000000Z", "", None, ""),
            ("x", "20260901T000000Z", "DTSTART:20270531T150000Z\n", None, ""),
            # An older revision of the same time.
            (3, "20260901T000000Z", here, "DECLINED", "3-20260901T000000Z"),
            (4, "20260902T100000Z", "", "ACCEPTED", "4-20260902T100000Z"),
            (4, "20260902T090000Z", "", None, ""),
            (3, "20260903T000000Z", here, None, ""),
            (4, "20260902T100000Z", "", "TENTATIVE", "4-20260902T100000Z"),
            # Clocks that are fast, and revisions that there are not.
            (999, "20990101T000000Z", "", "DECLINED", "4-20260921T141320Z"),
            (4, "oh", "", "ACCEPTED", "4-20260921T141320Z"),
            (4, "20260902T100000Z", "", None, ""),
        ):
            said = f"SEQUENCE:{sequence}\nDTSTAMP:{stamp}\n{rest}"
            said += f"ATTENDEE;PARTSTAT={expected or 'X-LATE'}:mailto:a@example.com"
            applied = answered(stored, said)
            if expected is None:
                self.assertEqual(applied, Ignored(Reason.OUT_OF_SEQUENCE), said)
                continue
            assert isinstance(applied, Applied) and applied.calendar is not None, (said, applied)
            stored = applied.calendar
            item = stored.components[0].all("ATTENDEE")[0]
            self.assertEqual((item.parameter("PARTSTAT"), item.parameter(ANSWERED)), (expected, order), said)

    def test_each_instance_has_an_order_of_its_own(self) -> None:
        line = "SEQUENCE:4\nDTSTAMP:202609{:02}T000000Z\nATTENDEE;PARTSTAT={}:mailto:a@example.com"
        second = "RECURRENCE-ID:20270602T150000Z\n"
        stored = objects(SERIES + INVITED)
        for said in (line.format(5, "ACCEPTED"), second + line.format(4, "DECLINED")):
            applied = answered(stored, said)
            assert isinstance(applied, Applied) and applied.calendar is not None
            stored = applied.calendar
        late = second + line.format(3, "ACCEPTED")
        self.assertEqual(answered(stored, late), Ignored(Reason.OUT_OF_SEQUENCE))
        both = answered(stored, late, line.format(6, "TENTATIVE"))
        assert isinstance(both, Applied) and both.calendar is not None
        found = [each.all("ATTENDEE")[0].parameter("PARTSTAT") for each in valid(both.calendar).components]
        self.assertEqual(found, ["TENTATIVE", "DECLINED"])

    def test_who_is_not_invited_has_no_answer(self) -> None:
        alone = objects(SERIES + INVITED, "RECURRENCE-ID:20270602T150000Z\nATTENDEE:mailto:b@example.com")
        said = "ATTENDEE;PARTSTAT=ACCEPTED:mailto:a@example.com"
        for parts in (
            ["ATTENDEE;PARTSTAT=ACCEPTED:mailto:b@example.com"],
            ["RECURRENCE-ID:20270602T150000Z\n" + said],
            ["RECURRENCE-ID:20270602T160000Z\n" + said],
            ["RECURRENCE-ID:x\n" + said],
            ["SUMMARY:x"],
        ):
            self.assertEqual(answered(alone, *parts), Ignored(Reason.SENDER_NOT_INVITED), parts)

    def test_instances_without_a_component_get_one(self) -> None:
        said = "RECURRENCE-ID:202706{:02}T150000Z\nATTENDEE;PARTSTAT=ACCEPTED:mailto:a@example.com\nCOMMENT:Late"
        applied = answered(objects(SERIES + "SUMMARY:x\n" + INVITED), *(said.format(day) for day in range(2, 30)))
        assert isinstance(applied, Applied) and applied.calendar is not None
        made = valid(applied.calendar).components
        self.assertEqual(len(made), 29)
        self.assertEqual([each.value("SUMMARY") for each in made[:3]], ["x"] * 3)
        self.assertEqual([each.value("SEQUENCE") for each in made[:3]], ["4"] * 3)
        self.assertEqual((applied.facts.comment, applied.facts.summary, applied.facts.instances), ("Late", "x", 28))

    def test_they_cannot_be_too_many_nor_too_large(self) -> None:
        said = [
            f"RECURRENCE-ID:2027{7 + day // 28:02}{day % 28 + 1:02}T150000Z\n"
            "ATTENDEE;PARTSTAT=ACCEPTED:mailto:a@example.com"
            for day in range(120)
        ]
        applied = answered(objects(SERIES + INVITED), *said)
        assert isinstance(applied, Applied) and applied.calendar is not None
        self.assertEqual(len(applied.calendar.components), 101)
        many = objects(SERIES + INVITED, *(f"RECURRENCE-ID:20270601T{n // 60:02}{n % 60:02}01Z" for n in range(349)))
        applied = answered(many, *said)
        assert isinstance(applied, Applied) and applied.calendar is not None
        self.assertEqual(len(applied.calendar.components), 400)
        small = Options(OPTIONS.addresses, NOW, max_octets=1000)
        self.assertRaises(TooLarge, answered, objects(SERIES + INVITED), *said, options=small)

    def test_tasks(self) -> None:
        said = "ATTENDEE;PARTSTAT=IN-PROCESS:mailto:a@example.com\nPERCENT-COMPLETE:40\nSTATUS:in-process"
        applied = answered(objects("DUE:20270601T150000Z\n" + INVITED, kind="VTODO"), said, kind="VTODO")
        assert isinstance(applied, Applied) and applied.calendar is not None
        task = applied.calendar.components[0]
        self.assertEqual((task.value("PERCENT-COMPLETE"), task.value("STATUS")), ("40", "in-process"))
        event = answered(objects(SERIES + INVITED), said)
        assert isinstance(event, Applied) and event.calendar is not None
        self.assertFalse(event.calendar.components[0].has("PERCENT-COMPLETE"))
        for wrong in (
            "PERCENT-COMPLETE:101",
            "PERCENT-COMPLETE:-1",
            "PERCENT-COMPLETE:",
            "COMPLETED:x",
            "STATUS:CANCELLED",
        ):
            found = answered(
                objects("DUE:20270601T150000Z\n" + INVITED, kind="VTODO"),
                f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:a@example.com\n{wrong}",
                kind="VTODO",
            )
            assert isinstance(found, Applied) and found.calendar is not None
            self.assertFalse(found.calendar.components[0].has(wrong.partition(":")[0]), wrong)
