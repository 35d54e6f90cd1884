"""Who has answered to other times is asked anew (RFC 6638 3.2.8)."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.itip import rescheduling
from stalwart.codec.itip.objects import SchedulingObject, read_object
from stalwart.codec.itip.organizing import organizer_changes
from stalwart.codec.itip.outcomes import Options
from tests.codec.itip.scripts import NOW, calendar

TESTED = rescheduling
OWN = frozenset({"o@example.com"})
PEOPLE = (
    "ORGANIZER:mailto:o@example.com\nATTENDEE;PARTSTAT=ACCEPTED:mailto:o@example.com\n"
    "ATTENDEE;PARTSTAT=ACCEPTED:mailto:a@example.com\nATTENDEE;PARTSTAT=DECLINED:mailto:d@example.com\n"
    "ATTENDEE;PARTSTAT=ACCEPTED;SCHEDULE-AGENT=NONE:mailto:n@example.com\nATTENDEE:mailto:w@example.com\n"
)
START, END = "DTSTART:20270601T150000Z", "DTEND:20270601T160000Z"
WEEKLY = "RRULE:FREQ=WEEKLY;COUNT=5"
ASKED = {"a@example.com": "NEEDS-ACTION", "d@example.com": "NEEDS-ACTION"}
ALL = {"o@example.com": "ACCEPTED", "n@example.com": "ACCEPTED", "w@example.com": "", **ASKED}


def event(*lines: str, override: tuple[str, ...] = ()) -> SchedulingObject:
    text = ""
    for each in (lines, override):
        if each:
            inner = "\n".join(each)
            text += f"BEGIN:VEVENT\nUID:u\n{inner}\n{PEOPLE}END:VEVENT\n"
    return read_object(calendar(text))


def answers(given: SchedulingObject, number: int = 0) -> dict[str, str]:
    part = given.calendar.components[number]
    people = part.all("ATTENDEE")
    return {each.value.removeprefix("mailto:"): each.parameter("PARTSTAT") or "" for each in people}


class ReschedulingTests(SynchronousTestCase):
    def is_asked(self, old: SchedulingObject, new: SchedulingObject) -> bool:
        return rescheduling.asked_anew(old, new, OWN) is not None

    def test_all_are_asked_but_the_organizer_and_whom_nobody_writes_to(self) -> None:
        old, new = event(START, END), event(START.replace("T15", "T14"), END)
        made = rescheduling.asked_anew(old, new, OWN)
        assert made is not None
        self.assertEqual(answers(made), ALL)
        self.assertEqual(answers(new)["a@example.com"], "ACCEPTED")  # what was given stays as it is

    def test_what_moves_it(self) -> None:
        single, series, endless = (START, END), (START, END, WEEKLY), (START, END, "RRULE:FREQ=DAILY")
        for old, new, is_asked in (
            (single, (START, END.replace("T16", "T17")), True),
            (single, (START, "DURATION:PT1H"), False),
            (single, (START, "DURATION:PT2H"), True),
            (single, (START, END, "LOCATION:x", "SUMMARY:y"), False),
            (single, ("DTSTART;VALUE=DATE:20270601", "DURATION:P1D"), True),
            (single, series, True),
            (series, single, False),
            (series, (START, END, WEEKLY.replace("5", "4")), False),
            (series, (START, END, WEEKLY.replace("5", "6")), True),
            (series, (START, END, "RRULE:COUNT=5;INTERVAL=1;FREQ=WEEKLY"), False),
            (series, (START, END, "RRULE:FREQ=DAILY;COUNT=5"), True),
            (series, (*series, "EXDATE:20270608T150000Z"), False),
            ((*series, "EXDATE:20270608T150000Z"), series, True),
            (series, (*series, "RDATE:20270609T150000Z"), True),
            ((*series, "RDATE:20270609T150000Z"), series, False),
            (endless, (*endless, "EXDATE:20270608T150000Z"), False),
            ((*endless, "EXDATE:20270608T150000Z"), endless, True),
            (endless, (START, END, "RRULE:FREQ=DAILY;COUNT=4000"), False),
        ):
            self.assertEqual(self.is_asked(event(*old), event(*new)), is_asked, (old, new))

    def test_instances(self) -> None:
        series = (START, END, WEEKLY)
        at = "RECURRENCE-ID:20270608T150000Z"
        as_it_was = (at, "DTSTART:20270608T150000Z", "DTEND:20270608T160000Z")
        moved = (at, "DTSTART:20270608T170000Z", "DTEND:20270608T180000Z")
        plain = event(*series)
        self.assertFalse(self.is_asked(plain, event(*series, override=as_it_was)))
        for old in (plain, event(*series, override=as_it_was)):
            made = rescheduling.asked_anew(old, event(*series, override=moved), OWN)
            assert made is not None
            self.assertEqual(answers(made)["a@example.com"], "ACCEPTED")
            self.assertEqual(answers(made, 1), ALL)
        self.assertFalse(self.is_asked(event(*series, override=moved), event(*series, override=moved)))

    def test_it_is_stored_and_told(self) -> None:
        outcome = organizer_changes(event(START, END), event(START.replace("T15", "T14"), END), Options(OWN, NOW))
        assert outcome.calendar is not None
        self.assertEqual(answers(read_object(outcome.calendar)), ALL)
        self.assertEqual(sorted(outcome.recipients), ["a@example.com", "d@example.com", "w@example.com"])
