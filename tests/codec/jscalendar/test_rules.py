"""RecurrenceRule and RRULE."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.icalendar.values import MalformedValue, Moment
from stalwart.codec.jscalendar.rules import rule_of, rule_problem, rule_text, until_local
from tests.codec.jscalendar.generated import RULES, VALUES


def read(text: str) -> dict[str, Any]:
    return rule_of(text, lambda given: given.local)


class RuleTests(SynchronousTestCase):
    @given(RULES)
    def test_rules_come_back(self, rule: dict[str, Any]) -> None:
        self.assertIsNone(rule_problem(rule))
        again = read(rule_text(rule, Moment))
        self.assertEqual(again, read(rule_text(again, Moment)))
        self.assertEqual(again["frequency"], rule["frequency"])
        self.assertEqual(again.get("byMonth"), rule.get("byMonth"))

    @given(VALUES | st.dictionaries(st.sampled_from(["frequency", "byDay", "count", "until", "byMonth"]), VALUES))
    def test_anything_is_judged(self, value: Any) -> None:
        if rule_problem(value) is None:
            read(rule_text(value, Moment))

    def test_each_part(self) -> None:
        text = "FREQ=MONTHLY;INTERVAL=2;BYDAY=-1FR,MO;BYMONTH=3,1;BYSETPOS=-1;WKST=SU;UNTIL=20260101T000000"
        made = read(text)
        self.assertEqual(
            made,
            {
                "@type": "RecurrenceRule",
                "frequency": "monthly",
                "interval": 2,
                "byDay": [{"@type": "NDay", "day": "fr", "nthOfPeriod": -1}, {"@type": "NDay", "day": "mo"}],
                "byMonth": ["3", "1"],
                "bySetPosition": [-1],
                "firstDayOfWeek": "su",
                "until": "2026-01-01T00:00:00",
            },
        )
        self.assertEqual(set(rule_text(made, Moment).split(";")), set(text.split(";")))

    def test_other_calendars_are_kept(self) -> None:
        made = read("RSCALE=HEBREW;FREQ=YEARLY;BYMONTH=5L;SKIP=FORWARD")
        self.assertEqual((made["rscale"], made["byMonth"], made["skip"]), ("hebrew", ["5L"], "forward"))
        self.assertEqual(rule_text(made, Moment), "RSCALE=HEBREW;FREQ=YEARLY;BYMONTH=5L;SKIP=FORWARD")

    def test_parts_of_vendors_make_it_no_other_rule(self) -> None:
        self.assertEqual(read("FREQ=DAILY;X-Y=1;COUNT=2"), read("FREQ=DAILY;COUNT=2"))

    def test_what_is_no_rule(self) -> None:
        for text in ("", "FREQ=DAILY;COUNT=0", "INTERVAL=2", "FREQ=SOMETIMES"):
            self.assertRaises(MalformedValue, read, text)
        for rule, member in (
            ({}, "frequency"),
            ({"frequency": "Daily"}, "frequency"),
            ({"frequency": "daily", "count": 1, "until": "2026-01-01T00:00:00"}, "until"),
            ({"frequency": "daily", "interval": True}, "interval"),
            ({"frequency": "daily", "byDay": [{"day": "xx"}]}, "byDay"),
            ({"frequency": "daily", "byDay": [{"day": "mo", "nthOfPeriod": 2}]}, "byDay"),
            ({"frequency": "daily", "byMonth": [1]}, "byMonth"),
            ({"frequency": "daily", "byHour": []}, "byHour"),
            ({"frequency": "daily", "rscale": "mayan"}, "rscale"),
            ([], ""),
        ):
            problem = rule_problem(rule)
            self.assertEqual(problem and problem[0], member, rule)

    def test_the_end_is_on_the_clock_of_the_series(self) -> None:
        hour = 3600
        self.assertEqual(until_local(Moment(0, is_utc=True), is_date=False, local=lambda utc: utc + hour), hour)
        self.assertEqual(until_local(Moment(0, is_date=True), is_date=False, local=lambda utc: utc), 86_399)
        self.assertEqual(until_local(Moment(5), is_date=True, local=lambda utc: utc), 0)
