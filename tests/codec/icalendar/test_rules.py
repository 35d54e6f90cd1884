"""Rules are read strictly, kept whatever they are, and written in one form."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.icalendar.rules import rule
from stalwart.codec.icalendar.values import MalformedValue, moment


class RuleTests(SynchronousTestCase):
    def test_a_rule_has_one_form(self) -> None:
        for text, expected in (
            ("freq=weekly;byday=we,mo,MO", "FREQ=WEEKLY;BYDAY=MO,WE"),
            ("INTERVAL=1;FREQ=DAILY;COUNT=10", "FREQ=DAILY;COUNT=10"),
            ("FREQ=YEARLY;UNTIL=20261231;BYMONTH=12,1;", "FREQ=YEARLY;UNTIL=20261231;BYMONTH=1,12"),
            ("BYDAY=+1MO,-1FR,20SU;FREQ=YEARLY;INTERVAL=2", "FREQ=YEARLY;INTERVAL=2;BYDAY=1MO,-1FR,20SU"),
            (
                "FREQ=MONTHLY;BYSETPOS=-1,1;BYHOUR=9;BYMINUTE=0;BYSECOND=0;WKST=SU;BYMONTHDAY=-1",
                "FREQ=MONTHLY;BYSECOND=0;BYMINUTE=0;BYHOUR=9;BYMONTHDAY=-1;BYSETPOS=-1,1;WKST=SU",
            ),
            ("FREQ=YEARLY;BYWEEKNO=20;BYYEARDAY=-1;WKST=MO", "FREQ=YEARLY;BYYEARDAY=-1;BYWEEKNO=20"),
            ("RSCALE=GREGORIAN;FREQ=YEARLY;SKIP=OMIT", "FREQ=YEARLY"),
            ("FREQ=DAILY;UNTIL=19971224T000000Z", "FREQ=DAILY;UNTIL=19971224T000000Z"),
        ):
            self.assertEqual(rule(text).text(), expected)
            self.assertEqual(rule(expected).text(), expected)
            self.assertFalse(rule(text).is_foreign)

    def test_what_is_no_rule_is_refused(self) -> None:
        for text in (
            "",
            "FREQ",
            "FREQ=",
            "COUNT=3",
            "FREQ=OFTEN",
            "FREQ=DAILY;FREQ=DAILY",
            "FREQ=DAILY;INTERVAL=0",
            "FREQ=DAILY;INTERVAL=-1",
            "FREQ=DAILY;COUNT=0",
            "FREQ=DAILY;COUNT=1_0",
            "FREQ=DAILY;COUNT=99999999999",
            "FREQ=DAILY;UNTIL=soon",
            "FREQ=DAILY;BYHOUR=24",
            "FREQ=DAILY;BYMINUTE=60",
            "FREQ=DAILY;BYSECOND=61",
            "FREQ=DAILY;BYMONTH=0",
            "FREQ=DAILY;BYMONTH=-1",
            "FREQ=DAILY;BYMONTHDAY=0",
            "FREQ=DAILY;BYMONTHDAY=32",
            "FREQ=DAILY;BYYEARDAY=367",
            "FREQ=DAILY;BYWEEKNO=54",
            "FREQ=DAILY;BYDAY=XX",
            "FREQ=DAILY;BYDAY=0MO",
            "FREQ=DAILY;BYDAY=54MO",
            "FREQ=DAILY;BYSETPOS=0",
            "FREQ=DAILY;WKST=1",
            "FREQ=DAILY;BYDAY=MO,",
            "X" * 5000,
        ):
            self.assertRaises(MalformedValue, rule, text)

    def test_what_nobody_here_can_count_is_foreign(self) -> None:
        for text in (
            "RSCALE=CHINESE;FREQ=YEARLY",
            "RSCALE=HEBREW;FREQ=YEARLY;BYMONTH=5L;SKIP=FORWARD",
            "FREQ=YEARLY;SKIP=BACKWARD",
            "FREQ=YEARLY;BYEASTER=0",
        ):
            self.assertTrue(rule(text).is_foreign, text)

    def test_a_rule_without_its_end(self) -> None:
        self.assertEqual(rule("FREQ=DAILY;COUNT=3").without_end().text(), "FREQ=DAILY")
        self.assertEqual(rule("FREQ=DAILY;UNTIL=20260101").until, moment("20260101"))
