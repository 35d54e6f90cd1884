"""What an attendee writes that is not his to say."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.itip.objects import SchedulingObject, read_object
from stalwart.codec.itip.organized import TIMES, as_organized
from stalwart.codec.itip.participants import attendees
from tests.codec.itip.scripts import calendar

MINE = frozenset({"a@example.com"})
HEAD = "UID:u\nORGANIZER:mailto:o@example.com\n"
ME, OTHER = "ATTENDEE;PARTSTAT={}:mailto:a@example.com\n", "ATTENDEE;PARTSTAT={}:mailto:b@example.com\n"
PEOPLE = ME.format("NEEDS-ACTION") + OTHER.format("DECLINED")
SERIES = "DTSTART;TZID=Europe/Berlin:20270601T150000\nDTEND;TZID=Europe/Berlin:20270601T160000\nRRULE:FREQ=DAILY\n"
SECOND = "RECURRENCE-ID;TZID=Europe/Berlin:20270602T150000\n"
AT = "DTSTART;TZID=Europe/Berlin:202706{}0000\nDTEND;TZID=Europe/Berlin:202706{}0000\n"
OWN_ZONE = """BEGIN:VTIMEZONE
TZID:Here
BEGIN:STANDARD
DTSTART:19700101T000000
TZOFFSETFROM:+0100
TZOFFSETTO:+0100
END:STANDARD
END:VTIMEZONE
"""


def event(*parts: str, more: str = "", kind: str = "VEVENT") -> SchedulingObject:
    """What o organizes."""
    return read_object(calendar(more + "".join(f"BEGIN:{kind}\n{HEAD}{each}\nEND:{kind}\n" for each in parts)))


def lines(kept: SchedulingObject | None, part: int = 0) -> list[str]:
    """The lines of a component of what is kept."""
    assert kept is not None
    return list(kept.parts.values())[part].lines()


class OrganizedTests(SynchronousTestCase):
    def kept(self, old: SchedulingObject, new: SchedulingObject) -> SchedulingObject | None:
        return as_organized(old, new, MINE)

    def test_what_is_his_stands(self) -> None:
        old = event(SERIES + PEOPLE)
        for new in (
            SERIES + ME.format("ACCEPTED") + OTHER.format("DECLINED"),
            SERIES + PEOPLE + "COMMENT:x\nSUMMARY:y\nLOCATION:z\nTRANSP:TRANSPARENT\nEXDATE:20270605T130000Z\n",
            SERIES.replace("DAILY", "DAILY;INTERVAL=1") + PEOPLE,
            "DTSTART:20270601T130000Z\nDTEND:20270601T140000Z\nRRULE:FREQ=DAILY\n" + PEOPLE,
            SERIES + PEOPLE.replace("mailto:b", "MAILTO:B").replace("PARTSTAT=DECLINED", "CN=B;PARTSTAT=declined"),
        ):
            self.assertIsNone(self.kept(old, event(new)), new)

    def test_times_are_the_organizers(self) -> None:
        old = event(SERIES + PEOPLE)
        for wrong in (SERIES.replace("T16", "T17"), SERIES.replace("T15", "T14"), SERIES.replace("DAILY", "WEEKLY")):
            found = lines(self.kept(old, event(wrong + ME.format("ACCEPTED"))))
            for line in SERIES.splitlines():
                self.assertIn(line, found)
            self.assertIn("ATTENDEE;PARTSTAT=ACCEPTED:mailto:a@example.com", found)

    def test_the_revision_does_not_go_back(self) -> None:
        old = event(f"SEQUENCE:2\n{SERIES}{PEOPLE}")
        for written in ("", "SEQUENCE:1\n"):
            self.assertIn("SEQUENCE:2", lines(self.kept(old, event(written + SERIES + ME.format("ACCEPTED")))))
        for written in ("SEQUENCE:2\n", "SEQUENCE:3\n"):
            self.assertIsNone(self.kept(old, event(written + SERIES + PEOPLE)))
        alone = f"{SECOND}{AT.format('02T15', '02T16')}{PEOPLE}"
        self.assertIsNone(self.kept(old, event(f"SEQUENCE:2\n{SERIES}{PEOPLE}", alone)))

    def test_answers_of_others_are_theirs(self) -> None:
        old = event(SERIES + PEOPLE.replace("PARTSTAT=DECLINED", "SCHEDULE-STATUS=2.0;PARTSTAT=DECLINED"))
        new = event(SERIES + ME.format("TENTATIVE") + OTHER.format("ACCEPTED"))
        kept = self.kept(old, new)
        assert kept is not None
        (part,) = kept.parts.values()
        people = attendees(part)
        self.assertEqual([each.participation for each in people.values()], ["TENTATIVE", "DECLINED"])
        self.assertEqual(people["b@example.com"].item.parameter("SCHEDULE-STATUS"), "2.0")
        self.assertEqual(attendees(new.parts[None])["b@example.com"].participation, "ACCEPTED")

    def test_whom_he_sends_instead_he_may_name(self) -> None:
        old = event(SERIES + PEOPLE)
        sent = 'ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO="mailto:b@example.com":mailto:a@example.com\n'
        came = 'ATTENDEE;DELEGATED-FROM="mailto:a@example.com":mailto:b@example.com\n'
        self.assertIsNone(self.kept(old, event(SERIES + sent + came)))

    def test_instances_are_where_the_series_has_them(self) -> None:
        old = event(SERIES + PEOPLE)
        answered = ME.format("DECLINED")
        self.assertIsNone(self.kept(old, event(SERIES + PEOPLE, SECOND + AT.format("02T15", "02T16") + answered)))
        kept = self.kept(old, event(SERIES + PEOPLE, SECOND + AT.format("02T18", "02T19") + answered))
        for line in AT.format("02T15", "02T16").splitlines():
            self.assertIn(line, lines(kept, 1))
        self.assertIn("ATTENDEE;PARTSTAT=DECLINED:mailto:a@example.com", lines(kept, 1))
        other = SECOND + AT.format("02T15", "02T16") + OTHER.format("ACCEPTED")
        self.assertIn(OTHER.format("DECLINED").strip(), lines(self.kept(old, event(SERIES + PEOPLE, other)), 1))
        moved = event(SERIES + PEOPLE, SECOND + AT.format("02T18", "02T19") + PEOPLE)
        back = self.kept(moved, event(SERIES + PEOPLE, SECOND + AT.format("02T15", "02T16") + PEOPLE))
        self.assertIn(AT.format("02T18", "02T19").splitlines()[0], lines(back, 1))

    def test_what_is_no_instance_of_it_stands(self) -> None:
        elsewhere = "RECURRENCE-ID:20270602T170000Z\nDTSTART:20270602T180000Z\n"
        self.assertIsNone(self.kept(event(SERIES + PEOPLE), event(SERIES + PEOPLE, elsewhere)))

    def test_a_newer_revision_stands(self) -> None:
        old = event(SERIES + PEOPLE + "SEQUENCE:1\n")
        new = SERIES.replace("T15", "T14") + ME.format("ACCEPTED") + OTHER.format("ACCEPTED")
        self.assertIsNone(self.kept(old, event(new + "SEQUENCE:2\n")))
        self.assertIsNotNone(self.kept(old, event(new + "SEQUENCE:1\n")))

    def test_an_end_is_written_in_one_way_only(self) -> None:
        old = event(SERIES + PEOPLE)
        given = SECOND + AT.format("02T15", "02T16").replace(
            "DTEND;TZID=Europe/Berlin:20270602T160000", "DURATION:PT9H"
        )
        found = lines(self.kept(old, event(SERIES + PEOPLE, given)), 1)
        self.assertEqual(
            [line for line in found if line.startswith(("DTEND", "DURATION"))],
            [AT.format(*["02T16"] * 2).splitlines()[1]],
        )

    def test_the_zone_comes_with_the_time(self) -> None:
        old = event("DTSTART;TZID=Here:20270601T150000\n" + PEOPLE, more=OWN_ZONE)
        kept = self.kept(old, event("DTSTART:20270601T100000Z\n" + PEOPLE))
        assert kept is not None
        self.assertEqual([each.name for each in kept.calendar.components], ["VTIMEZONE", "VEVENT"])
        self.assertIsNone(self.kept(old, kept))

    def test_tasks_too(self) -> None:
        old = event("DUE:20270601T150000Z\n" + PEOPLE, kind="VTODO")
        new = event("DUE:20270701T150000Z\nPERCENT-COMPLETE:50\n" + PEOPLE, kind="VTODO")
        self.assertLess({"DUE:20270601T150000Z", "PERCENT-COMPLETE:50"}, set(lines(self.kept(old, new))))

    @given(
        some.lists(some.sampled_from([*sorted(TIMES), "SEQUENCE", "ATTENDEE", "X"]), max_size=5),
        some.text("0123456789T:Z;=\\,", max_size=12),
    )
    @settings(max_examples=100)
    def test_whatever_is_written_it_ends_there(self, names: list[str], value: str) -> None:
        old = event(SERIES + PEOPLE, SECOND + AT.format("02T18", "02T19") + PEOPLE)
        odd = "".join(f"{name}:{value}\n" for name in names)
        new = event(SERIES + PEOPLE + odd, SECOND + odd + PEOPLE, SECOND.replace("02T", "03T") + odd)
        kept = self.kept(old, new)
        if kept is not None:
            self.assertIsNone(self.kept(old, kept))
