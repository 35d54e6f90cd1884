"""Rules carried out: the examples of RFC 5545 3.8.5.3, what another implementation says, and what must end."""

from __future__ import annotations

import datetime as datetime_module
from datetime import datetime, timedelta
from itertools import islice
from types import SimpleNamespace
from typing import Any

from dateutil import rrule as rrule_module
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.icalendar.recurring import Budget, occurrences, picked, week_of
from stalwart.codec.icalendar.rules import rule
from stalwart.codec.icalendar.values import DAY, EPOCH, LAST, moment

_EPOCH = datetime(1970, 1, 1)

# RFC 5545 3.8.5.3: rule, start, and what it makes, as "year month: days" or full dates; "..." goes on.
EXAMPLES = (
    ("FREQ=DAILY;COUNT=10", "19970902T090000", "1997 9: 2-11"),
    (
        "FREQ=DAILY;UNTIL=19971224T000000",
        "19970902T090000",
        "1997 9: 2-30; 1997 10: 1-31; 1997 11: 1-30; 1997 12: 1-23",
    ),
    (
        "FREQ=DAILY;INTERVAL=2",
        "19970902T090000",
        "1997 9: 2 4 6 8 10 12 14 16 18 20 22 24 26 28 30; 1997 10: 2 4 6 ...",
    ),
    ("FREQ=DAILY;INTERVAL=10;COUNT=5", "19970902T090000", "1997 9: 2 12 22; 1997 10: 2 12"),
    (
        "FREQ=YEARLY;UNTIL=20000131T140000;BYMONTH=1;BYDAY=SU,MO,TU,WE,TH,FR,SA",
        "19980101T090000",
        "1998 1: 1-31; 1999 1: 1-31; 2000 1: 1-31",
    ),
    ("FREQ=DAILY;UNTIL=20000131T140000;BYMONTH=1", "19980101T090000", "1998 1: 1-31; 1999 1: 1-31; 2000 1: 1-31"),
    ("FREQ=WEEKLY;COUNT=10", "19970902T090000", "1997 9: 2 9 16 23 30; 1997 10: 7 14 21 28; 1997 11: 4"),
    (
        "FREQ=WEEKLY;UNTIL=19971224T000000",
        "19970902T090000",
        "1997 9: 2 9 16 23 30; 1997 10: 7 14 21 28; 1997 11: 4 11 18 25; 1997 12: 2 9 16 23",
    ),
    (
        "FREQ=WEEKLY;INTERVAL=2;WKST=SU",
        "19970902T090000",
        "1997 9: 2 16 30; 1997 10: 14 28; 1997 11: 11 25; 1997 12: 9 23; 1998 1: 6 20; 1998 2: 3 17 ...",
    ),
    (
        "FREQ=WEEKLY;UNTIL=19971007T000000;WKST=SU;BYDAY=TU,TH",
        "19970902T090000",
        "1997 9: 2 4 9 11 16 18 23 25 30; 1997 10: 2",
    ),
    ("FREQ=WEEKLY;COUNT=10;WKST=SU;BYDAY=TU,TH", "19970902T090000", "1997 9: 2 4 9 11 16 18 23 25 30; 1997 10: 2"),
    (
        "FREQ=WEEKLY;INTERVAL=2;UNTIL=19971224T000000;WKST=SU;BYDAY=MO,WE,FR",
        "19970901T090000",
        "1997 9: 1 3 5 15 17 19 29; 1997 10: 1 3 13 15 17 27 29 31; 1997 11: 10 12 14 24 26 28; 1997 12: 8 10 12 22",
    ),
    ("FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH", "19970902T090000", "1997 9: 2 4 16 18 30; 1997 10: 2 14 16"),
    (
        "FREQ=MONTHLY;COUNT=10;BYDAY=1FR",
        "19970905T090000",
        "1997 9: 5; 1997 10: 3; 1997 11: 7; 1997 12: 5; 1998 1: 2; 1998 2: 6; 1998 3: 6; 1998 4: 3; 1998 5: 1; "
        "1998 6: 5",
    ),
    (
        "FREQ=MONTHLY;UNTIL=19971224T000000;BYDAY=1FR",
        "19970905T090000",
        "1997 9: 5; 1997 10: 3; 1997 11: 7; 1997 12: 5",
    ),
    (
        "FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU",
        "19970907T090000",
        "1997 9: 7 28; 1997 11: 2 30; 1998 1: 4 25; 1998 3: 1 29; 1998 5: 3 31",
    ),
    (
        "FREQ=MONTHLY;COUNT=6;BYDAY=-2MO",
        "19970922T090000",
        "1997 9: 22; 1997 10: 20; 1997 11: 17; 1997 12: 22; 1998 1: 19; 1998 2: 16",
    ),
    (
        "FREQ=MONTHLY;BYMONTHDAY=-3",
        "19970928T090000",
        "1997 9: 28; 1997 10: 29; 1997 11: 28; 1997 12: 29; 1998 1: 29; 1998 2: 26 ...",
    ),
    (
        "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=2,15",
        "19970902T090000",
        "1997 9: 2 15; 1997 10: 2 15; 1997 11: 2 15; 1997 12: 2 15; 1998 1: 2 15",
    ),
    (
        "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1",
        "19970930T090000",
        "1997 9: 30; 1997 10: 1 31; 1997 11: 1 30; 1997 12: 1 31; 1998 1: 1 31; 1998 2: 1",
    ),
    (
        "FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15",
        "19970910T090000",
        "1997 9: 10-15; 1999 3: 10-13",
    ),
    (
        "FREQ=MONTHLY;INTERVAL=2;BYDAY=TU",
        "19970902T090000",
        "1997 9: 2 9 16 23 30; 1997 11: 4 11 18 25; 1998 1: 6 13 20 27; 1998 3: 3 10 17 24 31 ...",
    ),
    (
        "FREQ=YEARLY;COUNT=10;BYMONTH=6,7",
        "19970610T090000",
        "1997 6: 10; 1997 7: 10; 1998 6: 10; 1998 7: 10; 1999 6: 10; 1999 7: 10; 2000 6: 10; 2000 7: 10; "
        "2001 6: 10; 2001 7: 10",
    ),
    (
        "FREQ=YEARLY;INTERVAL=2;COUNT=10;BYMONTH=1,2,3",
        "19970310T090000",
        "1997 3: 10; 1999 1: 10; 1999 2: 10; 1999 3: 10; 2001 1: 10; 2001 2: 10; 2001 3: 10; 2003 1: 10; "
        "2003 2: 10; 2003 3: 10",
    ),
    (
        "FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200",
        "19970101T090000",
        "1997 1: 1; 1997 4: 10; 1997 7: 19; 2000 1: 1; 2000 4: 9; 2000 7: 18; 2003 1: 1; 2003 4: 10; 2003 7: 19; "
        "2006 1: 1",
    ),
    ("FREQ=YEARLY;BYDAY=20MO", "19970519T090000", "1997 5: 19; 1998 5: 18; 1999 5: 17 ..."),
    ("FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", "19970512T090000", "1997 5: 12; 1998 5: 11; 1999 5: 17 ..."),
    (
        "FREQ=YEARLY;BYMONTH=3;BYDAY=TH",
        "19970313T090000",
        "1997 3: 13 20 27; 1998 3: 5 12 19 26; 1999 3: 4 11 18 25 ...",
    ),
    (
        "FREQ=YEARLY;BYDAY=TH;BYMONTH=6,7,8",
        "19970605T090000",
        "1997 6: 5 12 19 26; 1997 7: 3 10 17 24 31; 1997 8: 7 14 21 28; 1998 6: 4 11 18 25; 1998 7: 2 9 16 23 30 ...",
    ),
    (
        "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",
        "19980213T090000",
        "1998 2: 13; 1998 3: 13; 1998 11: 13; 1999 8: 13; 2000 10: 13 ...",
    ),
    (
        "FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13",
        "19970913T090000",
        "1997 9: 13; 1997 10: 11; 1997 11: 8; 1997 12: 13; 1998 1: 10; 1998 2: 7; 1998 3: 7; 1998 4: 11; 1998 5: 9; "
        "1998 6: 13 ...",
    ),
    (
        "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8",
        "19961105T090000",
        "1996 11: 5; 2000 11: 7; 2004 11: 2 ...",
    ),
    ("FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", "19970904T090000", "1997 9: 4; 1997 10: 7; 1997 11: 6"),
    (
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2",
        "19970929T090000",
        "1997 9: 29; 1997 10: 30; 1997 11: 27; 1997 12: 30; 1998 1: 29; 1998 2: 26; 1998 3: 30 ...",
    ),
    ("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO", "19970805T090000", "1997 8: 5 10 19 24"),
    ("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU", "19970805T090000", "1997 8: 5 17 19 31"),
    ("FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5", "20070115T090000", "2007 1: 15 30; 2007 2: 15; 2007 3: 15 30"),
)

# The same where times of day are made.
TIMES = (
    ("FREQ=HOURLY;INTERVAL=3;UNTIL=19970902T170000", "09:00 12:00 15:00"),
    ("FREQ=MINUTELY;INTERVAL=15;COUNT=6", "09:00 09:15 09:30 09:45 10:00 10:15"),
    ("FREQ=MINUTELY;INTERVAL=90;COUNT=4", "09:00 10:30 12:00 13:30"),
    ("FREQ=DAILY;BYHOUR=9,10,11,12,13,14,15,16;BYMINUTE=0,20,40;COUNT=5", "09:00 09:20 09:40 10:00 10:20"),
    ("FREQ=MINUTELY;INTERVAL=20;BYHOUR=9,10,11,12,13,14,15,16;COUNT=5", "09:00 09:20 09:40 10:00 10:20"),
    ("FREQ=HOURLY;BYMINUTE=0,10,50;BYSETPOS=-1;COUNT=3", "09:00 09:50 10:50"),
)


def _days(text: str) -> list[str]:
    days = []
    for part in text.removesuffix(" ...").split("; "):
        month, _, listed = part.partition(": ")
        year, number = month.split()
        for each in listed.split():
            first, _, last = each.partition("-")
            days += [f"{year}-{int(number):02}-{day:02}" for day in range(int(first), int(last or first) + 1)]
    return days


def _dates(rule_text: str, start: str, **more: Any) -> list[datetime]:
    read = rule(rule_text)
    until = read.until.local if read.until is not None else None
    found = occurrences(read, moment(start).local, until=until, **more)
    return [_EPOCH + timedelta(seconds=each) for each in found]


class ExampleTests(SynchronousTestCase):
    """RFC 5545 3.8.5.3."""

    def test_times_of_the_rfc(self) -> None:
        for text, expected in TIMES:
            found = _dates(text, "19970902T090000")
            self.assertEqual(" ".join(each.strftime("%H:%M") for each in found), expected, text)
            self.assertEqual({each.date().isoformat() for each in found}, {"1997-09-02"})


def _example(text: str, start: str, expected: str) -> Any:
    def test(self: ExampleTests) -> None:
        days = _days(expected)
        limit = len(days) if expected.endswith("...") else 3000
        found = _dates(text, start, limit=limit)
        self.assertEqual([each.date().isoformat() for each in found], days)
        self.assertEqual({each.strftime("%H:%M:%S") for each in found}, {"09:00:00"})

    return test


for _index, _row in enumerate(EXAMPLES):
    setattr(ExampleTests, f"test_example_{_index:02}", _example(*_row))


class PartTests(SynchronousTestCase):
    def days(self, text: str, start: str, **more: Any) -> list[str]:
        return [each.date().isoformat() for each in _dates(text, start, **more)]

    def test_a_day_that_is_not_there_is_left_out(self) -> None:
        self.assertEqual(
            self.days("FREQ=YEARLY;COUNT=3", "20240229T100000"), ["2024-02-29", "2028-02-29", "2032-02-29"]
        )
        self.assertEqual(
            self.days("FREQ=MONTHLY;COUNT=3", "20260131T100000"), ["2026-01-31", "2026-03-31", "2026-05-31"]
        )

    def test_the_start_counts_even_where_the_rule_would_not_make_it(self) -> None:
        self.assertEqual(self.days("FREQ=WEEKLY;BYDAY=FR;COUNT=2", "20260101T100000"), ["2026-01-01", "2026-01-02"])
        self.assertEqual(
            self.days("FREQ=WEEKLY;BYDAY=FR;COUNT=2", "20260101T100000", has_start=False), ["2026-01-02", "2026-01-09"]
        )

    def test_a_week_number_alone_keeps_the_day_of_the_week(self) -> None:
        self.assertEqual(
            self.days("FREQ=YEARLY;BYWEEKNO=1,-1;COUNT=4", "20251231T100000"),
            ["2025-12-31", "2026-12-30", "2027-01-06", "2027-12-29"],
        )

    def test_days_with_and_without_ordinals_add_up(self) -> None:
        self.assertEqual(
            self.days("FREQ=MONTHLY;BYDAY=1MO,SU;COUNT=5", "20260104T100000"),
            ["2026-01-04", "2026-01-05", "2026-01-11", "2026-01-18", "2026-01-25"],
        )

    def test_a_position_counts_in_the_whole_first_week(self) -> None:
        self.assertEqual(
            self.days("FREQ=WEEKLY;BYDAY=MO,SU;BYSETPOS=1;COUNT=2", "20260104T100000"), ["2026-01-04", "2026-01-05"]
        )

    def test_a_series_of_days_knows_no_times(self) -> None:
        self.assertEqual(occurrences(rule("FREQ=DAILY;BYHOUR=3,4;COUNT=2"), 0, is_date=True), [0, DAY])
        self.assertEqual(occurrences(rule("FREQ=HOURLY"), 0, is_date=True), [0])

    def test_only_what_is_asked_for_is_kept(self) -> None:
        later = occurrences(rule("FREQ=DAILY;COUNT=5000"), 0, since=4998 * DAY, limit=10)
        self.assertEqual(later, [4998 * DAY, 4999 * DAY])
        self.assertEqual(occurrences(rule("FREQ=DAILY"), 0, horizon=2 * DAY), [0, DAY, 2 * DAY])

    def test_an_end_before_the_start_leaves_the_start(self) -> None:
        for text in ("FREQ=DAILY", "FREQ=DAILY;BYHOUR=0", "FREQ=YEARLY"):
            self.assertEqual(occurrences(rule(text), 9 * DAY, until=5 * DAY), [9 * DAY])
            self.assertEqual(occurrences(rule(text), 9 * DAY, until=5 * DAY, has_start=False), [])

    def test_even_steps_are_those_of_any_rule(self) -> None:
        start = moment("20260101T101112").local
        for text, other in (
            ("FREQ=DAILY;INTERVAL=3", "BYHOUR=10"),
            ("FREQ=WEEKLY;INTERVAL=2", "BYMINUTE=11"),
            ("FREQ=WEEKLY;BYDAY=TH", "BYSECOND=12"),
            ("FREQ=HOURLY;INTERVAL=5", "BYMINUTE=11"),
            ("FREQ=MINUTELY;INTERVAL=7", "BYSECOND=12"),
        ):
            for end in ("", ";COUNT=7"):
                for more in ({}, {"since": start + 1}, {"since": start + 5 * DAY}, {"limit": 3}, {"has_start": False}):
                    even = occurrences(rule(text + end), start, horizon=start + 90 * DAY, **more)
                    self.assertEqual(
                        even, occurrences(rule(f"{text}{end};{other}"), start, horizon=start + 90 * DAY, **more), text
                    )

    def test_a_leap_second_is_the_second_before(self) -> None:
        self.assertEqual(occurrences(rule("FREQ=MINUTELY;BYSECOND=60;COUNT=2"), 59), [59, 119])

    def test_a_foreign_rule_has_its_start_only(self) -> None:
        self.assertEqual(occurrences(rule("RSCALE=CHINESE;FREQ=YEARLY"), 5), [5])
        self.assertEqual(occurrences(rule("RSCALE=CHINESE;FREQ=YEARLY"), 5, has_start=False), [])

    def test_positions(self) -> None:
        self.assertEqual(picked("abcde", (-1, 1, 9, -9)), ["a", "e"])

    def test_weeks_belong_to_the_year_with_most_of_their_days(self) -> None:
        for day, expected in (
            ("20260101", (1, -53)),
            ("20251229", (1, -53)),
            ("20270101", (53, -1)),
            ("20270104", (1, -52)),
        ):
            self.assertEqual(week_of(EPOCH + moment(day).local // DAY, 0), expected, day)


class BoundTests(SynchronousTestCase):
    """Rules that make too much, or nothing, end."""

    def test_work_is_limited(self) -> None:
        hours, sixty = ",".join(map(str, range(24))), ",".join(map(str, range(60)))
        parts = f";BYMINUTE={sixty};BYSECOND={sixty}"
        for text in (
            "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
            "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30",
            "FREQ=DAILY;BYMONTHDAY=31;BYMONTH=2",
            "FREQ=SECONDLY;BYSECOND=1;INTERVAL=60",
            "FREQ=MINUTELY;BYSETPOS=2",
            "FREQ=SECONDLY;INTERVAL=2147483648",
            "FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS=366;BYHOUR=" + hours + parts,
            "FREQ=MONTHLY;BYSETPOS=31;BYMONTHDAY=1",
            "FREQ=HOURLY;BYSETPOS=366" + parts,
            "FREQ=YEARLY;BYWEEKNO=53;BYYEARDAY=100",
        ):
            budget = Budget(2000)
            found = occurrences(rule(text), moment("20260101T000000").local, limit=3000, budget=budget)
            self.assertGreater(budget.steps, -5000, text)
            self.assertLessEqual(len(found), 3000)

    def test_the_calendar_ends_in_the_year_9999(self) -> None:
        for frequency in ("SECONDLY", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"):
            found = occurrences(rule(f"FREQ={frequency};INTERVAL=3"), LAST - 5 * 3600)
            self.assertTrue(all(each <= LAST for each in found), frequency)

    def test_a_spent_budget_says_so(self) -> None:
        budget = Budget(10)
        self.assertLess(len(occurrences(rule("FREQ=DAILY;BYHOUR=0"), 0, budget=budget)), 20)
        self.assertTrue(budget.is_spent)


def _numbers(low: int, high: int, *, has_negative: bool = False) -> st.SearchStrategy[str]:
    number = st.integers(low, high)
    if has_negative:
        number = st.one_of(number, number.map(lambda each: -each))
    return st.lists(number, min_size=1, max_size=3, unique=True).map(lambda each: ",".join(map(str, each)))


@st.composite
def _rules(draw: st.DrawFn) -> str:
    frequency = draw(st.sampled_from(("YEARLY", "YEARLY", "MONTHLY", "MONTHLY", "WEEKLY", "DAILY")))
    parts = [f"FREQ={frequency}", f"INTERVAL={draw(st.sampled_from((1, 1, 2, 3, 7)))}"]

    def maybe(name: str, numbers: st.SearchStrategy[str], odds: int = 3) -> bool:
        is_there = draw(st.integers(1, odds)) == 1
        if is_there:
            parts.append(f"{name}={draw(numbers)}")
        return is_there

    maybe("BYMONTH", _numbers(1, 12))
    # The first week of the next year is its week 1 for dateutil, and never its week -52.
    has_weeks = frequency == "YEARLY" and maybe("BYWEEKNO", st.one_of(_numbers(1, 53), _numbers(-50, -1)), 4)
    if frequency in ("YEARLY",):
        maybe("BYYEARDAY", _numbers(1, 366, has_negative=True), 5)
    if frequency != "WEEKLY":
        maybe("BYMONTHDAY", _numbers(1, 31, has_negative=True))
    if has_weeks or draw(st.booleans()):
        days = draw(
            st.lists(st.sampled_from(("MO", "TU", "WE", "TH", "FR", "SA", "SU")), min_size=1, max_size=3, unique=True)
        )
        # dateutil takes days with and without ordinals in one rule for both at once.
        if (frequency == "MONTHLY" or (frequency == "YEARLY" and not has_weeks)) and draw(st.booleans()):
            days = [f"{draw(st.sampled_from((1, 2, 5, -1, -2, -5)))}{day}" for day in days]
        parts.append(f"BYDAY={','.join(days)}")
    maybe("BYHOUR", _numbers(0, 23), 6)
    maybe("BYMINUTE", _numbers(0, 59), 6)
    if frequency != "WEEKLY" and len(parts) > 2:
        # dateutil begins the first week with the series.
        maybe("BYSETPOS", _numbers(1, 6, has_negative=True), 5)
    maybe("WKST", st.sampled_from(("MO", "SU", "WE")), 3)
    return ";".join(parts)


class ComparisonTests(SynchronousTestCase):
    """dateutil, which was written by others from the same text."""

    def theirs(self, text: str, start: datetime, last_year: int) -> list[datetime]:
        """What dateutil makes of a rule. It would go on to the year 9999 where there is nothing to find."""
        bounded = SimpleNamespace(**{**vars(datetime_module), "MAXYEAR": last_year})
        self.patch(rrule_module, "datetime", bounded)
        return list(islice(rrule_module.rrulestr(text, dtstart=start), 30))

    @settings(max_examples=80)
    @given(_rules(), st.integers(9000, 22000), st.integers(0, DAY - 1))
    def test_another_implementation_says_the_same(self, text: str, day: int, time: int) -> None:
        start = _EPOCH + timedelta(days=day, seconds=time)
        last_year = start.year + 3
        end = datetime(last_year, 12, 31, 23, 59, 59)
        try:
            theirs = self.theirs(text, start, last_year)
        except (IndexError, ValueError):
            # It has a fault with fifty-third weekdays, and refuses what makes nothing.
            assume(False)
        ours = occurrences(
            rule(text),
            day * DAY + time,
            horizon=int((end - _EPOCH).total_seconds()),
            limit=30,
            has_start=False,
            budget=Budget(10**7),
        )
        self.assertEqual([_EPOCH + timedelta(seconds=each) for each in ours], [each for each in theirs if each <= end])
