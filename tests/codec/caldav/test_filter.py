"""Filters mean what RFC 4791 9.7 says; what of them the index answers is told."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.caldav.conditions import CompFilter, ParamFilter, PropFilter, TextMatch, TimeRange
from stalwart.codec.caldav.filter import Filter, compiled
from stalwart.codec.dav.data_requests import moment
from stalwart.codec.icalendar.components import read_calendar
from stalwart.codec.icalendar.timezones import iana_zone
from tests.codec.caldav.appendix_b import OBJECTS, event


def within(start: str | None, end: str | None = None) -> TimeRange:
    return TimeRange(*(None if side is None else moment(side) for side in (start, end)))


def of(*comps: CompFilter, **given: Any) -> Filter:
    return compiled(CompFilter("VCALENDAR", comps=comps, **given))


def vevent(*props: PropFilter, **given: Any) -> Filter:
    return of(CompFilter("VEVENT", props=props, **given))


class FilterTests(SynchronousTestCase):
    def of_appendix(self, asked: Filter) -> list[str]:
        return [name[4] for name, octets in OBJECTS.items() if asked.matches(read_calendar(octets))]

    def matches(self, asked: Filter, octets: bytes, **given: Any) -> bool:
        return asked.matches(read_calendar(octets), **given)

    def test_examples_by_time(self) -> None:
        day = within("20060104T000000Z", "20060105T000000Z")
        self.assertEqual(self.of_appendix(vevent(time_range=day)), ["2", "3"])
        alarm = CompFilter("VALARM", time_range=within("20060106T100000Z", "20060107T100000Z"))
        self.assertEqual(self.of_appendix(of(CompFilter("VTODO", comps=(alarm,)))), ["5"])
        busy = CompFilter("VFREEBUSY", time_range=within("20060102T000000Z", "20060103T000000Z"))
        self.assertEqual(self.of_appendix(of(busy)), ["8"])

    def test_examples_by_properties(self) -> None:
        uid = PropFilter("UID", text_match=TextMatch("DC6C50A017428C5216A2F1CD@example.com", "i;octet"))
        self.assertEqual(self.of_appendix(vevent(uid)), ["3"])
        partstat = ParamFilter("PARTSTAT", text_match=TextMatch("NEEDS-ACTION"))
        lisa = PropFilter("ATTENDEE", text_match=TextMatch("mailto:lisa@example.com"), params=(partstat,))
        self.assertEqual(self.of_appendix(vevent(lisa)), ["3"])
        cyrus = PropFilter("ATTENDEE", text_match=TextMatch("mailto:cyrus@example.com"), params=(partstat,))
        self.assertEqual(self.of_appendix(vevent(cyrus)), [])
        self.assertEqual(self.of_appendix(vevent()), ["1", "2", "3"])
        pending = (
            PropFilter("COMPLETED", absent=True),
            PropFilter("STATUS", text_match=TextMatch("CANCELLED", negate=True)),
        )
        self.assertEqual(self.of_appendix(of(CompFilter("VTODO", props=pending))), ["4", "5"])
        self.assertEqual(self.of_appendix(vevent(PropFilter("X-ABC-GUID", text_match=TextMatch("ABC")))), [])
        self.assertEqual(self.of_appendix(vevent(PropFilter("X-ABC-GUID"))), ["3"])

    def test_a_property_filter_without_conditions_wants_the_property(self) -> None:
        self.assertFalse(self.matches(vevent(PropFilter("LOCATION")), event("a", "SUMMARY:x")))
        self.assertTrue(self.matches(vevent(PropFilter("SUMMARY")), event("a", "SUMMARY:x")))
        # What is not there does not match because it is not like something.
        unlike = PropFilter("LOCATION", text_match=TextMatch("x", negate=True))
        self.assertFalse(self.matches(vevent(unlike), event("a", "SUMMARY:x")))

    def test_texts_are_compared_as_they_are_meant(self) -> None:
        octets = event("a", "SUMMARY:One\\, two\\nthree")
        for text, collation, kind, expected in (
            ("one, TWO", "i;ascii-casemap", "contains", True),
            ("one, TWO", "i;octet", "contains", False),
            ("One, two\nthree", "i;octet", "equals", True),
            ("one", "i;unicode-casemap", "starts-with", True),
            ("THREE", "i;unicode-casemap", "ends-with", True),
            ("two", "i;unicode-casemap", "ends-with", False),
        ):
            match = TextMatch(text, collation, kind)  # type: ignore[arg-type]
            asked = vevent(PropFilter("SUMMARY", text_match=match))
            self.assertEqual(self.matches(asked, octets), expected, (text, collation, kind))

    def test_one_component_meets_everything(self) -> None:
        octets = OBJECTS["abcd2.ics"]
        third = within("20060104T185900Z", "20060104T190100Z")
        for text, expected in (("Event #2 bis", True), ("bis bis", False), ("Event #2", True)):
            asked = vevent(PropFilter("SUMMARY", text_match=TextMatch(text)), time_range=third)
            self.assertEqual(self.matches(asked, octets), expected, text)
        # The master is not there at the time at which it was replaced.
        master = PropFilter("RRULE")
        self.assertFalse(
            self.matches(vevent(master, time_range=within("20060104T170000Z", "20060104T180000Z")), octets)
        )

    def test_dates_of_properties_and_parameters(self) -> None:
        octets = event("a", "DTSTART:20260301T100000Z", "ATTENDEE;CN=Bob:mailto:bob@example.com")
        stamp = PropFilter("DTSTAMP", time_range=within("20260101T000000Z", "20260102T000000Z"))
        self.assertTrue(self.matches(vevent(stamp), octets))
        later = PropFilter("DTSTAMP", time_range=within("20260101T000001Z"))
        self.assertFalse(self.matches(vevent(later), octets))
        for param, expected in (
            (ParamFilter("CN"), True),
            (ParamFilter("CN", absent=True), False),
            (ParamFilter("ROLE"), False),
            (ParamFilter("ROLE", absent=True), True),
            (ParamFilter("ROLE", text_match=TextMatch("x", negate=True)), False),
            (ParamFilter("CN", text_match=TextMatch("bob")), True),
        ):
            self.assertEqual(self.matches(vevent(PropFilter("ATTENDEE", params=(param,))), octets), expected, param)

    def test_any_or_all(self) -> None:
        octets = event("a", "SUMMARY:x")
        both = PropFilter("SUMMARY"), PropFilter("LOCATION")
        self.assertTrue(self.matches(vevent(*both, test="anyof"), octets))
        self.assertFalse(self.matches(vevent(*both), octets))
        kinds = CompFilter("VTODO"), CompFilter("VEVENT")
        asked = of(*kinds, test="anyof")
        self.assertTrue(self.matches(asked, octets))
        self.assertFalse(asked.is_hint_all)
        self.assertEqual(of(*kinds).hint.kinds, frozenset())
        params = (ParamFilter("X-ONE"), ParamFilter("X-TWO"))
        one = event("a", "SUMMARY;X-TWO=1:x")
        self.assertTrue(self.matches(vevent(PropFilter("SUMMARY", params=params, test="anyof")), one))
        self.assertFalse(self.matches(vevent(PropFilter("SUMMARY", params=params)), one))

    def test_what_the_index_answers(self) -> None:
        day = within("20060104T000000Z", "20060105T000000Z")
        asked = vevent(time_range=day)
        self.assertTrue(asked.is_hint_all)
        self.assertEqual((asked.hint.kinds, asked.hint.start), (frozenset({"VEVENT"}), moment("20060104T000000Z")))
        self.assertTrue(of().is_hint_all)
        self.assertNotIn("VTODO", of(CompFilter("VTODO", absent=True)).hint.kinds)
        for unsure in (
            vevent(PropFilter("SUMMARY"), time_range=day),
            of(CompFilter("VEVENT", comps=(CompFilter("VALARM"),))),
            of(CompFilter("VTIMEZONE")),
            of(props=(PropFilter("METHOD"),)),
            compiled(CompFilter("VCALENDAR", absent=True)),
        ):
            self.assertFalse(unsure.is_hint_all)
        self.assertEqual(vevent(PropFilter("SUMMARY"), time_range=day).hint, asked.hint)

    def test_an_instant_at_the_start_and_floating_times(self) -> None:
        instant = event("a", "DTSTART:20260301T100000Z")
        self.assertTrue(self.matches(vevent(time_range=within("20260301T100000Z", "20260301T110000Z")), instant))
        self.assertFalse(self.matches(vevent(time_range=within("20260301T090000Z", "20260301T100000Z")), instant))
        floating = event("a", "DTSTART:20260301T100000", "DURATION:PT1H")
        berlin = iana_zone("Europe/Berlin")
        assert berlin is not None
        nine = vevent(time_range=within("20260301T090000Z", "20260301T093000Z"))
        self.assertTrue(self.matches(nine, floating, zone=berlin))
        self.assertFalse(self.matches(nine, floating))

    def test_series_longer_than_the_limit_are_found_late(self) -> None:
        daily = event("a", "DTSTART:20000101T100000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY", "SUMMARY:x")
        late = vevent(PropFilter("SUMMARY"), time_range=within("20300101T100000Z", "20300101T110000Z"))
        self.assertTrue(self.matches(late, daily, limit=100))
        self.assertFalse(
            self.matches(vevent(time_range=within("20300101T110000Z", "20300102T100000Z")), daily, limit=100)
        )

    def test_what_the_index_has_told_is_not_reckoned_again(self) -> None:
        octets = event("a", "DTSTART:20260301T100000Z", "SUMMARY:x")
        asked = vevent(PropFilter("SUMMARY"), time_range=within("20270301T100000Z"))
        self.assertFalse(self.matches(asked, octets))
        self.assertTrue(self.matches(asked, octets, is_in_range=True))
        two = OBJECTS["abcd2.ics"]
        self.assertFalse(self.matches(asked, two, is_in_range=True))
