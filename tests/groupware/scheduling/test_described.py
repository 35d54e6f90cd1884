"""Events in words."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.icalendar.rules import rule
from stalwart.groupware.scheduling.described import (
    MOST_GUESTS,
    Described,
    clock_in_words,
    described_object,
    main_component,
    rule_in_words,
)
from stalwart.groupware.scheduling.wording import LANGUAGES, wording
from tests.groupware.scheduling.events import INVITED, calendar

EN, DE = wording("en"), wording("de")
WHEN = {
    ("DTSTART;TZID=Europe/Berlin:20260105T090000", ""): "Mon Jan 5, 2026 9:00am (Europe/Berlin)",
    ("DTSTART:20260105T120000Z", "DTEND:20260105T133000Z"): "Mon Jan 5, 2026 12:00pm – 1:30pm (UTC)",
    ("DTSTART:20260105T120000", "DURATION:PT1H"): "Mon Jan 5, 2026 12:00pm – 1:00pm",
    ("DTSTART;VALUE=DATE:20260105", ""): "Mon Jan 5, 2026",
    ("DTSTART;VALUE=DATE:20260105", "DTEND;VALUE=DATE:20260106"): "Mon Jan 5, 2026",
    ("DTSTART;VALUE=DATE:20260105", "DTEND;VALUE=DATE:20260108"): "Mon Jan 5, 2026 – Wed Jan 7, 2026",
    (
        "DTSTART:20260105T230000Z",
        "DTEND:20260106T010000Z",
    ): "Mon Jan 5, 2026 11:00pm (UTC) – Tue Jan 6, 2026 1:00am (UTC)",
    ("DTSTART:20260105T120000Z", "DTEND;TZID=Europe/Berlin:20260105T140000"): (
        "Mon Jan 5, 2026 12:00pm (UTC) – Mon Jan 5, 2026 2:00pm (Europe/Berlin)"
    ),
    ("DTSTART:nonsense", ""): "",
    ("", "SUMMARY:x"): "",
}
RULES = {
    "FREQ=DAILY": ("every day", "jeden Tag"),
    "FREQ=DAILY;INTERVAL=3;COUNT=5": ("every 3 days, 5 times", "alle 3 Tage, 5 Mal"),
    "FREQ=WEEKLY;BYDAY=MO,FR": ("every week on Monday, Friday", "jede Woche am Montag, Freitag"),
    "FREQ=MONTHLY;BYMONTHDAY=15": ("every month on day 15", "jeden Monat am 15."),
    "FREQ=MONTHLY;BYDAY=-1FR": ("every month on the last Friday", "jeden Monat am letzten Freitag"),
    "FREQ=MONTHLY;BYDAY=TU;BYSETPOS=2": ("every month on the second Tuesday", "jeden Monat am zweiten Dienstag"),
    "FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=2": ("every month", "jeden Monat"),
    "FREQ=YEARLY;UNTIL=20270101": ("every year, until Fri Jan 1, 2027", "jedes Jahr, bis Fr, 1. Jan. 2027"),
    "FREQ=HOURLY": ("several times", "mehrmals"),
    "FREQ=WEEKLY;BYHOUR=3": ("several times", "mehrmals"),
}


class TimeTests(SynchronousTestCase):
    def test_when(self) -> None:
        for (start, more), expected in WHEN.items():
            self.assertEqual(described_object(calendar(*filter(None, (more,)), start=start), EN).when, expected, start)

    def test_hours(self) -> None:
        for hour, twelve in ((0, "12:05am"), (9, "9:05am"), (12, "12:05pm"), (23, "11:05pm")):
            self.assertEqual(clock_in_words(hour * 3600 + 300, EN), twelve)
            self.assertEqual(clock_in_words(hour * 3600 + 300, DE), f"{hour:02}:05")

    def test_rules(self) -> None:
        for text, expected in RULES.items():
            self.assertEqual((rule_in_words(rule(text), EN), rule_in_words(rule(text), DE)), expected, text)

    def test_the_end_of_a_series_is_told_on_its_clock(self) -> None:
        event = calendar("RRULE:FREQ=DAILY;UNTIL=20260131T233000Z")
        self.assertEqual(described_object(event, EN).recurrence, "every day, until Sun Feb 1, 2026")

    def test_what_is_no_rule_is_several_times(self) -> None:
        self.assertEqual(described_object(calendar("RRULE:FREQ=NEVER"), EN).recurrence, "several times")


class PeopleTests(SynchronousTestCase):
    def test_guests_with_the_organizer_among_them(self) -> None:
        event = described_object(calendar(INVITED), EN)
        self.assertEqual(event.organizer, "Alice (alice@example.test)")
        people = ("Alice (alice@example.test) – organizer", "Bob (bob@example.test)", "guest@elsewhere.test")
        self.assertEqual(event.guests, people)

    def test_many_guests_are_counted(self) -> None:
        event = described_object(calendar(*(f"ATTENDEE:mailto:g{n}@x.test" for n in range(MOST_GUESTS + 7))), EN)
        self.assertEqual((len(event.guests), event.more_guests), (MOST_GUESTS, 7))

    def test_nothing_turns_the_writing_around(self) -> None:
        event = described_object(calendar("SUMMARY:a\u202eb\\nc", "ATTENDEE;CN=\u202ex:mailto:a@x.test"), EN)
        self.assertEqual((event.summary, event.guests[0]), ("ab c", "x (a@x.test)"))


class ObjectTests(SynchronousTestCase):
    def test_the_series_describes_an_object(self) -> None:
        event = calendar("SUMMARY:series")
        other = calendar("SUMMARY:one", "RECURRENCE-ID:20260105T110000Z").components[0]
        event.components.insert(0, other)
        self.assertEqual(described_object(event, EN).summary, "series")
        event.components.pop()
        self.assertIs(main_component(event), other)

    def test_nothing_is_described_as_nothing(self) -> None:
        event = calendar()
        event.components.clear()
        self.assertEqual(described_object(event, EN), Described())

    def test_one_time_of_it(self) -> None:
        event = described_object(calendar("RRULE:FREQ=DAILY"), EN).of_instance("now")
        self.assertEqual((event.when, event.recurrence), ("now", ""))

    @given(st.text(max_size=60), st.text(max_size=60), st.sampled_from(LANGUAGES))
    def test_any_values_are_told(self, start: str, rule_: str, language: str) -> None:
        event = calendar("RRULE:FREQ=DAILY")
        event.components[0].set("DTSTART", start)
        event.components[0].set("RRULE", rule_)
        event.components[0].set("SUMMARY", start)
        told = described_object(event, wording(language))
        self.assertNotIn("\n", told.when + told.recurrence + told.summary)
